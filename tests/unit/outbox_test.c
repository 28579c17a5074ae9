#include "outbound/outbox.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

#define MEMORY   (1u << 20)
#define SECRET   "Doe^Jane^MRN-000-55-1234"
#define FRAME    30000
#define FRAMES   200 /* 6 MB: some are in the file, whatever its chunks */
#define PATH_LEN 300

static char dir[32];
static struct err e;
static struct outbox *o;
static struct buf out;

static void
setup(void)
{
	cr_assert_eq(crypto_init(&e), 0);
	snprintf(dir, sizeof(dir), "/tmp/outbox_test_XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	o = outbox_new(dir, MEMORY, &e);
	cr_assert_not_null(o);
	buf_init(&out, OUTBOX_FRAME_MAX);
}

static void
teardown(void)
{
	outbox_free(o);
	buf_release(&out);
	cr_expect_eq(rmdir(dir), 0, "something was left in %s", dir);
}

TestSuite(outbox, .init = setup, .fini = teardown);

/* The descriptor of a file that lay in our folder, or -1; its name as the kernel has it. */
static int
spilled(char name[PATH_LEN])
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;
	char link[PATH_LEN];
	int fd = -1;

	cr_assert_not_null(d);
	while ((entry = readdir(d)) != NULL && fd < 0) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%s", entry->d_name);
		n = readlink(link, name, PATH_LEN - 1);
		name[n < 0 ? 0 : n] = '\0';
		if (strncmp(name, dir, strlen(dir)) == 0)
			fd = (int)strtol(entry->d_name, NULL, 10);
	}
	closedir(d);
	return fd;
}

static bool
folder_is_empty(void)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int n = 0;

	cr_assert_not_null(d);
	while ((entry = readdir(d)) != NULL)
		n++;
	closedir(d);
	return n == 2;
}

/* Frame `i`: its number, a secret, and bytes that only it has; i % 3 is odd to pack. */
static struct span
frame_of(size_t i, size_t n)
{
	static char text[FRAME];
	uint64_t x = i + 1;

	cr_assert_leq(n, sizeof(text));
	for (size_t k = 0; k < n; k++) {
		x = x * UINT64_C(6364136223846793005) + 1;
		text[k] = i % 3 == 0 ? (char)(x >> 56) : (char)('a' + (i + k) % 23);
	}
	if (n >= 64)
		snprintf(text, 64, "%zu " SECRET, i);
	return (struct span){text, n};
}

static void
put_frames(size_t n, size_t size)
{
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(outbox_put(o, frame_of(i, size), &e), 0, "%s", e.msg);
}

static void
expect_frames(size_t n, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(outbox_next(o, &out, &e), 1, "frame %zu: %s", i, e.msg);
		cr_assert(span_eq(buf_span(&out), frame_of(i, size)), "frame %zu", i);
	}
	cr_expect_eq(outbox_next(o, &out, &e), 0);
	cr_expect_eq(out.n, 0);
	cr_expect_eq(outbox_next(o, &out, &e), 0, "the end stays the end");
}

Test(outbox, small_stays_in_memory)
{
	char name[PATH_LEN];

	put_frames(30, FRAME);
	cr_expect_eq(outbox_seal(o, &e), 0);
	cr_expect_eq(spilled(name), -1, "%s", name);
	cr_expect(folder_is_empty());
	expect_frames(30, FRAME);
}

/* In memory or in the file, from the middle or from the end. */
Test(outbox, is_read_again_from_its_beginning)
{
	static const size_t frames[] = {5, FRAMES};

	for (size_t k = 0; k < 2; k++) {
		outbox_free(o);
		o = outbox_new(dir, MEMORY, &e);
		put_frames(frames[k], FRAME);
		cr_expect_eq(outbox_rewind(o, &e), -1, "not while it is being filled");
		cr_expect_eq(outbox_seal(o, &e), 0);
		for (size_t i = 0; i < frames[k] / 2; i++)
			cr_assert_eq(outbox_next(o, &out, &e), 1);
		for (int again = 0; again < 3; again++) {
			cr_assert_eq(outbox_rewind(o, &e), 0, "%s", e.msg);
			expect_frames(frames[k], FRAME);
		}
	}
}

Test(outbox, nothing_at_all)
{
	cr_expect_eq(outbox_next(o, &out, &e), -1, "not while it is being filled");
	cr_expect_eq(e.code, ERR_INTERNAL);
	cr_expect_eq(outbox_seal(o, &e), 0);
	expect_frames(0, 0);
	outbox_free(NULL);
}

Test(outbox, empty_and_odd_frames)
{
	put_frames(1, 0);
	put_frames(1, 1);
	put_frames(1, 0);
	cr_expect_eq(outbox_seal(o, &e), 0);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(outbox_next(o, &out, &e), 1);
		cr_expect_eq(out.n, i == 1);
	}
	cr_expect_eq(outbox_next(o, &out, &e), 0);
}

/* P1: a file without a name, and nothing in it that could be read without the key. */
Test(outbox, large_goes_to_a_file_that_nobody_can_find_or_read)
{
	char name[PATH_LEN], *bytes;
	struct stat st;
	int fd;

	put_frames(FRAMES, FRAME);
	cr_expect_eq(outbox_seal(o, &e), 0);
	fd = spilled(name);
	cr_assert_geq(fd, 0, "it is not in a file");
	cr_expect_not_null(strstr(name, " (deleted)"), "%s", name);
	cr_expect(folder_is_empty());
	cr_assert_eq(fstat(fd, &st), 0);
	cr_expect_eq(st.st_nlink, 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_assert_gt(st.st_size, 1000000);
	bytes = malloc((size_t)st.st_size);
	cr_assert_eq(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
	cr_expect_null(memmem(bytes, (size_t)st.st_size, "MRN-000", 7));
	cr_expect_null(memmem(bytes, (size_t)st.st_size, "Jane", 4));
	cr_expect_null(memmem(bytes, (size_t)st.st_size, "defghijk", 8));
	free(bytes);
	expect_frames(FRAMES, FRAME);
	cr_expect(folder_is_empty());
}

Test(outbox, frames_larger_than_its_memory)
{
	static char large[3 * MEMORY];

	memset(large, 'L', sizeof(large));
	for (size_t i = 0; i < 3; i++) {
		put_frames(1, 100);
		cr_assert_eq(
		    outbox_put(o, (struct span){large, sizeof(large) - i}, &e), 0);
	}
	cr_assert_eq(outbox_seal(o, &e), 0);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(outbox_next(o, &out, &e), 1);
		cr_expect(span_eq(buf_span(&out), frame_of(0, 100)));
		cr_assert_eq(outbox_next(o, &out, &e), 1);
		cr_expect(
		    span_eq(buf_span(&out), (struct span){large, sizeof(large) - i}));
	}
	cr_expect_eq(outbox_next(o, &out, &e), 0);
}

Test(outbox, caps_are_told)
{
	static char byte;
	struct buf small;

	cr_expect_eq(outbox_put(o, (struct span){&byte, OUTBOX_FRAME_MAX + 1}, &e), -1);
	cr_expect_eq(e.code, ERR_INTERNAL);
	put_frames(1, 1000);
	cr_assert_eq(outbox_seal(o, &e), 0);
	buf_init(&small, 100);
	e.code = ERR_NONE;
	cr_expect_eq(outbox_next(o, &small, &e), -1);
	cr_expect_neq(e.code, ERR_NONE);
	buf_release(&small);
}

Test(outbox, a_folder_that_takes_no_file_is_told)
{
	struct outbox *bad = outbox_new("/proc/self", MEMORY, &e);
	int r = 0;

	cr_assert_not_null(bad);
	for (size_t i = 0; i < FRAMES && r == 0; i++)
		r = outbox_put(bad, frame_of(i, FRAME), &e);
	if (r == 0)
		r = outbox_seal(bad, &e);
	cr_expect_eq(r, -1);
	cr_expect_eq(e.code, ERR_IO);
	cr_expect_not_null(strstr(e.msg, "/proc/self"), "%s", e.msg);
	cr_expect_null(strstr(e.msg, "Jane"));
	outbox_free(bad);
}

/* Reads all; how often it gave a frame that is not what was put there. -1: an error. */
static int
read_changed(void)
{
	size_t i = 0;
	int r, wrong = 0;

	while ((r = outbox_next(o, &out, &e)) == 1) {
		wrong += !span_eq(buf_span(&out), frame_of(i, FRAME));
		i++;
	}
	return r < 0 ? -1 : wrong + (i != FRAMES);
}

static void
tamper(off_t at, off_t cut)
{
	char name[PATH_LEN], byte;
	int fd;

	put_frames(FRAMES, FRAME);
	cr_assert_eq(outbox_seal(o, &e), 0);
	fd = spilled(name);
	cr_assert_geq(fd, 0);
	if (cut >= 0) {
		cr_assert_eq(ftruncate(fd, cut), 0);
	} else {
		cr_assert_eq(pread(fd, &byte, 1, at), 1);
		byte ^= 1;
		cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
	}
	e.code = ERR_NONE;
	cr_expect_eq(
	    read_changed(), -1, "at %lld cut %lld", (long long)at, (long long)cut);
	cr_expect(e.code == ERR_IO || e.code == ERR_INTERNAL, "%s", e.msg);
	cr_expect_null(strstr(e.msg, "Jane"), "%s", e.msg);
	outbox_free(o);
	o = outbox_new(dir, MEMORY, &e);
}

/* Each field of a chunk's head, its text, another chunk; and cuts. */
Test(outbox, what_was_changed_is_not_delivered)
{
	static const off_t bytes[] = {0, 1, 3, 7, 8, 10, 15, 16, 17, 1000, 1500000};
	static const off_t cuts[] = {0, 5, 16, 1000, 1500000};

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
		tamper(bytes[i], -1);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
		tamper(0, cuts[i]);
}

Test(outbox, nothing_is_put_once_it_is_sealed)
{
	put_frames(1, 100);
	cr_assert_eq(outbox_seal(o, &e), 0);
	cr_expect_eq(outbox_put(o, frame_of(1, 100), &e), -1);
	cr_expect_eq(e.code, ERR_INTERNAL);
}

/* A limit on files stands for a disk that is full. */
Test(outbox, no_room)
{
	const struct rlimit limit = {3u << 20, 3u << 20};
	char frame[FRAME];
	int rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (size_t i = 0; i < FRAMES && rc == 0; i++) {
		random_bytes(frame, sizeof(frame));
		rc = outbox_put(o, (struct span){frame, sizeof(frame)}, &e);
	}
	cr_expect_eq(rc, -1);
	cr_expect_eq(e.code, ERR_IO);
	cr_expect_not_null(strstr(e.msg, ": File too large: "), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "need 4 MiB there at least"), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "free again"), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "[run] outbox_memory"), "%s", e.msg);
}
