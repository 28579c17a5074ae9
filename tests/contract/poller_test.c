/*
 * What every poller promises: one table of scenarios, run against a local folder, an
 * OpenSSH server and a ProFTPD server.
 */
#include <sys/time.h>

#include "tests/lib/drop.h"

static void
touch(struct drop *d, const char *name, time_t mtime)
{
	const struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
	char path[512];

	drop_put(d, name, 3);
	cr_assert_eq(utimensat(AT_FDCWD, drop_at(d, name, path), times, 0), 0);
}

static void
expect_list(struct drop *d, const char *const *want, size_t skipped)
{
	struct poller *p = drop_open(d);
	struct drop_list l;
	struct err e = {0};
	size_t n = 0;

	cr_assert_eq(poller_list(p, &l, &e), 0, "%s", e.msg);
	for (; want[n] && n < l.n; n++)
		cr_expect_str_eq(l.v[n].name, want[n], "%s: place %zu", d->url, n);
	cr_expect_null(want[n], "%s: %s is missing", d->url, want[n]);
	cr_expect_eq(l.n, n, "%s: %s is too much", d->url, l.n > n ? l.v[n].name : "");
	cr_expect_eq(l.skipped, skipped, "%s: %zu skipped", d->url, l.skipped);
	drop_list_release(&l);
	poller_close(p);
}

static void
filters(struct drop *d)
{
	static const char *const put[] = {"Appt Report 2.csv", "Appt Report 1.csv",
	    "appts_1.csv", "APPTS_2.csv", "appts_3.csv.tmp", "appts_4.csv.filepart",
	    ".appts_5.csv", "notes.txt", NULL};
	static const char *const want[] = {
	    "Appt Report 1.csv", "Appt Report 2.csv", "appts_1.csv", NULL};
	char path[512];

	for (size_t i = 0; put[i]; i++)
		drop_put(d, put[i], 10);
	cr_assert_eq(mkdir(drop_at(d, "appts_folder.csv", path), 0700), 0);
	cr_assert_eq(mkfifo(drop_at(d, "appts_fifo.csv", path), 0600), 0);
	cr_assert_eq(symlink("appts_1.csv", drop_at(d, "appts_link.csv", path)), 0);
	d->patterns[0] = "Appt Report *.csv";
	d->patterns[1] = "appts_*";
	d->sc.pattern.n = 2;
	expect_list(d, want, 0);
}

static void
orders(struct drop *d)
{
	static const char *const by_name[] = {"a_02012026", "b_01012026", "c", NULL};
	static const char *const by_time[] = {"b_01012026", "c", "a_02012026", NULL};
	static const char *const by_date[] = {"c", "b_01012026", "a_02012026", NULL};

	touch(d, "c", 1000000100);
	touch(d, "a_02012026", 1000000200);
	touch(d, "b_01012026", 1000000100);
	expect_list(d, by_name, 0);
	d->sc.order = "mtime";
	expect_list(d, by_time, 0);
	d->sc.order = "name:%m%d%Y";
	expect_list(d, by_date, 0);
}

static void
markers(struct drop *d)
{
	struct poller *p;
	struct drop_list l;
	struct err e = {0};

	drop_put(d, "a.csv", 10);
	drop_put(d, "b.csv", 10);
	touch(d, "b.csv.done", 1234567890);
	drop_put(d, "lost.csv.done", 0);
	d->sc.marker = ".done";
	p = drop_open(d);
	cr_assert_eq(poller_list(p, &l, &e), 0, "%s", e.msg);
	cr_assert_eq(l.n, 2);
	cr_expect_eq(l.v[0].marked, false);
	cr_expect_eq(l.v[1].marked, true);
	cr_expect_eq(l.v[1].marked_at, 1234567890, "%s: to the second", d->url);
	drop_list_release(&l);
	poller_close(p);
}

static void
many_names(struct drop *d)
{
	struct poller *p;
	struct drop_list l;
	struct err e = {0};
	char name[32];

	for (int i = 0; i < 1234; i++) {
		snprintf(name, sizeof(name), "f%04d.csv", i);
		drop_put(d, name, 1);
	}
	p = drop_open(d);
	cr_assert_eq(poller_list(p, &l, &e), 0, "%s", e.msg);
	cr_assert_eq(l.n, 1234);
	cr_expect_str_eq(l.v[0].name, "f0000.csv");
	cr_expect_str_eq(l.v[1233].name, "f1233.csv");
	cr_expect_eq(l.v[7].size, 1);
	drop_list_release(&l);
	poller_close(p);
}

static void
reading(struct drop *d)
{
	static const size_t sizes[] = {
	    0, 1, 8191, 8192, 29999, 30000, 30001, 1000003, 20 << 20};
	struct poller *p = drop_open(d);
	struct err e = {0};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t offset = 0;
		struct drop_file f;

		drop_put(d, "x.csv", sizes[i]);
		f = drop_stat(d, p, "x.csv");
		cr_expect_eq(f.size, sizes[i]);
		cr_assert_eq(
		    poller_read_open(p, poller_path(p, f.name), &f, &e), 0, "%s", e.msg);
		cr_expect_eq(drop_read_all(p, &offset, &e), 0, "%s", e.msg);
		cr_expect_eq(offset, sizes[i]);
		poller_read_close(p);
	}
	poller_close(p);
}

/* Closed after the first piece, and opened again; then the poller goes, half-way. */
static void
half_read(struct drop *d)
{
	struct poller *p;
	struct err e = {0};

	drop_put(d, "x.csv", 20 << 20);
	p = drop_open(d);
	for (int i = 0; i < 2; i++) {
		struct drop_file f = drop_stat(d, p, "x.csv");
		uint64_t offset = 0;

		cr_assert_eq(
		    poller_read_open(p, poller_path(p, f.name), &f, &e), 0, "%s", e.msg);
		cr_expect_eq(drop_read(p, &offset, &e), 1, "%s", e.msg);
		if (i == 0)
			poller_read_close(p);
	}
	poller_close(p);
}

/* The file is cut, or grows, after its first piece was read. */
static void
changed(struct drop *d)
{
	static const off_t sizes[] = {1 << 20, 20 << 20 | 1};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct poller *p = drop_open(d);
		struct err e = {0};
		struct drop_file f;
		uint64_t offset = 0;
		char path[512];
		int rc;

		drop_put(d, "x.csv", 20 << 20);
		f = drop_stat(d, p, "x.csv");
		cr_assert_eq(
		    poller_read_open(p, poller_path(p, f.name), &f, &e), 0, "%s", e.msg);
		cr_expect_eq(drop_read(p, &offset, &e), 1);
		cr_assert_eq(truncate(drop_at(d, "x.csv", path), sizes[i]), 0);
		for (rc = 1; rc == 1;) {
			struct span s;

			rc = poller_read(p, &s, &e);
		}
		cr_expect_eq(rc, -1, "%s", d->url);
		cr_expect_eq(e.code, ERR_CHANGED, "%s: %s", d->url, e.msg);
		poller_close(p);
	}
}

/* What can't be opened or read is the file's own trouble; the next one is read. */
static void
denied(struct drop *d)
{
	struct poller *p;
	struct drop_file f;
	struct err e = {0};
	uint64_t offset = 0;
	char path[512];
	int rc;

	drop_put(d, "x.csv", 3000);
	drop_put(d, "y.csv", 3000);
	p = drop_open(d);
	f = drop_stat(d, p, "x.csv");
	cr_assert_eq(unlink(drop_at(d, "x.csv", path)), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	rc = poller_read_open(p, poller_path(p, "x.csv"), &f, &e);
	if (rc == 0)
		rc = drop_read_all(p, &offset, &e);
	cr_expect_eq(rc, -1, "%s", d->url);
	cr_expect(poller_read_denied(p), "%s: %s", d->url, e.msg);
	f = drop_stat(d, p, "y.csv");
	cr_expect_eq(
	    poller_read_open(p, poller_path(p, "y.csv"), &f, &e), 0, "%s", e.msg);
	cr_expect_not(poller_read_denied(p));
	poller_close(p);
}

static void
looking_up(struct drop *d)
{
	struct poller *p;
	struct drop_file f;
	struct err e = {0};
	char path[512];

	touch(d, "a.csv", 1234567890);
	cr_assert_eq(mkdir(drop_at(d, "folder", path), 0700), 0);
	cr_assert_eq(symlink("a.csv", drop_at(d, "link", path)), 0);
	p = drop_open(d);
	f = drop_stat(d, p, "a.csv");
	cr_expect_str_eq(f.name, "a.csv");
	cr_expect_eq(f.size, 3);
	cr_expect_eq(f.mtime, 1234567890);
	cr_expect_eq(poller_stat(p, poller_path(p, "b.csv"), &f, &e), 0);
	cr_expect_eq(poller_stat(p, poller_path(p, "no/b.csv"), &f, &e), 0);
	cr_expect_eq(poller_stat(p, poller_path(p, "folder"), &f, &e), -1);
	cr_expect_eq(e.code, ERR_IO);
	/* Links are no files; but ProFTPD looks through them, and does not tell. */
	if (strncmp(d->url, "sftp://drop@", 12) != 0)
		cr_expect_eq(poller_stat(p, poller_path(p, "link"), &f, &e), -1);
	poller_close(p);
}

/* The archive is the drop by another name: what was put away would be found again. */
static void
renaming_into_itself(struct drop *d)
{
	struct poller *p = drop_open(d);
	struct err e = {0};
	char to[512];

	cr_assert_eq(symlink(".", drop_at(d, "self", to)), 0);
	cr_expect_eq(poller_rename(p, "b.csv", drop_at(d, "self/c.csv", to), &e), -1);
	if (strncmp(d->url, "file:", 5) != 0) {
		cr_expect_eq(e.code, ERR_CONFIG, "%s: %s", d->url, e.msg);
		cr_expect(strstr(e.msg, "is the drop itself"), "%s", e.msg);
	}
	cr_expect(drop_has(d, "b.csv") && !drop_has(d, "c.csv"), "%s", d->url);
	poller_close(p);
}

static void
renaming(struct drop *d)
{
	struct poller *p = drop_open(d);
	struct err e = {0};
	char to[512], path[512];

	drop_put(d, "a.csv", 3);
	drop_at(d, "done/2026/a.csv", to);
	cr_expect_eq(poller_rename(p, "a.csv", to, &e), 0, "%s: %s", d->url, e.msg);
	cr_expect(drop_has(d, "done/2026/a.csv") && !drop_has(d, "a.csv"));

	/* never over another, be it the same folder or not */
	drop_put(d, "a.csv", 5);
	drop_put(d, "b.csv", 7);
	cr_expect_eq(poller_rename(p, "a.csv", to, &e), -1);
	cr_expect_eq(e.code, ERR_IO);
	cr_expect(strstr(e.msg, "already"), "%s", e.msg);
	drop_at(d, "b.csv", path);
	cr_expect_eq(poller_rename(p, "a.csv", path, &e), -1);
	cr_expect_eq(e.code, ERR_IO);
	cr_expect_eq(drop_stat(d, p, "a.csv").size, 5);
	cr_expect_eq(drop_stat(d, p, "b.csv").size, 7);
	cr_expect_eq(drop_stat(d, p, "done/2026/a.csv").size, 3);

	cr_expect_eq(
	    poller_rename(p, "gone.csv", drop_at(d, "done/2026/g.csv", path), &e), -1);
	cr_expect_eq(e.code, ERR_GONE, "%s: %s", d->url, e.msg);
	cr_expect_eq(poller_rename(p, "a.csv", drop_at(d, "done/2026/b.csv", path), &e),
	    0, "%s", e.msg);
	drop_put(d, "a.csv", 3);
	cr_expect_eq(poller_rename(p, "b.csv", drop_at(d, "a.csv/x/b.csv", path), &e), -1,
	    "%s: no folder can be made there", d->url);
	cr_expect(drop_has(d, "b.csv"));
	poller_close(p);
	renaming_into_itself(d);
}

static void
removing(struct drop *d)
{
	struct poller *p = drop_open(d);
	struct err e = {0};
	char path[512];

	drop_put(d, "a.csv", 3);
	cr_expect_eq(poller_remove(p, drop_at(d, "a.csv", path), &e), 0, "%s", e.msg);
	cr_expect(!drop_has(d, "a.csv"));
	cr_expect_eq(
	    poller_remove(p, path, &e), 0, "not there counts as removed: %s", e.msg);
	cr_assert_eq(mkdir(drop_at(d, "folder", path), 0700), 0);
	cr_expect_eq(poller_remove(p, path, &e), -1, "a folder is no file");
	poller_close(p);
}

/* Names that are legal and awkward are taken; those with control bytes are not. */
/* Three pieces, each longer than any buffer on the way. */
static int
write_pieces(struct poller *p, const char *path, char byte, struct err *e)
{
	static char piece[300000];

	memset(piece, byte, sizeof(piece));
	if (poller_put_begin(p, path, e) != 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (poller_put(p, (struct span){piece, sizeof(piece)}, e) != 0)
			return -1;
	return poller_put_end(p, e);
}

static void
writing(struct drop *d)
{
	struct poller *p = drop_open(d);
	struct drop_file f;
	struct drop_list l;
	struct err e = {0};
	char path[512];

	drop_at(d, "told/2026/a.csv", path);
	cr_expect_eq(write_pieces(p, path, 'x', &e), 0, "%s: %s", d->url, e.msg);
	cr_expect_eq(poller_stat(p, path, &f, &e), 1);
	cr_expect_eq(f.size, 900000);
	shell_must(
	    &d->shell, "test -z \"$(tr -d x <\"$1/drop/told/2026/a.csv\")\"", NULL);
	cr_expect_not(drop_has(d, "told/2026/.a.csv.part"));

	/* Never over what is there; the next try is as good as the first. */
	cr_expect_eq(write_pieces(p, path, 'y', &e), -1);
	cr_expect_eq(e.code, ERR_IO, "%s", e.msg);
	shell_must(
	    &d->shell, "test -z \"$(tr -d x <\"$1/drop/told/2026/a.csv\")\"", NULL);
	cr_expect_eq(poller_remove(p, path, &e), 0);
	cr_expect_eq(
	    write_pieces(p, path, 'z', &e), 0, "over what the last try left: %s", e.msg);

	/* What is being written is in no listing. */
	drop_at(d, "b.csv", path);
	cr_expect_eq(poller_put_begin(p, path, &e), 0, "%s", e.msg);
	cr_expect_eq(poller_put(p, SPAN_LIT("half"), &e), 0, "%s", e.msg);
	cr_assert_eq(poller_list(p, &l, &e), 0, "%s", e.msg);
	cr_expect_eq(l.n, 0);
	drop_list_release(&l);
	cr_expect_eq(poller_put_begin(p, path, &e), 0, "begun anew: %s", e.msg);
	cr_expect_eq(poller_put(p, SPAN_LIT("whole"), &e), 0, "%s", e.msg);
	cr_expect_eq(poller_put_end(p, &e), 0, "%s", e.msg);
	cr_expect_eq(poller_stat(p, path, &f, &e), 1);
	cr_expect_eq(f.size, 5);
	poller_close(p);
}

static void
odd_names(struct drop *d)
{
	static const char *const good[] = {" lead and trail ", "$(reboot).csv", "-rf.csv",
	    "100%.csv", "It's \"quoted\".csv", "a;b&c|d.csv", "back\\slash.csv",
	    "l\xc3\xa9"
	    "a.csv",
	    NULL};
	static const char *const bad[] = {
	    "bell\a.csv", "new\nline.csv", "tab\there.csv", NULL};
	const char *want[16];
	char long_name[DROP_NAME_MAX + 1];
	struct poller *p;
	struct err e = {0};
	size_t n;

	for (n = 0; good[n]; n++)
		drop_put(d, want[n] = good[n], 40);
	memset(long_name, 'z', DROP_NAME_MAX);
	long_name[DROP_NAME_MAX] = '\0';
	drop_put(d, want[n++] = long_name, 40);
	want[n] = NULL;
	for (size_t i = 0; bad[i]; i++)
		drop_put(d, bad[i], 40);
	expect_list(d, want, 3);

	p = drop_open(d);
	for (size_t i = 0; i < n; i++) {
		struct drop_file f = drop_stat(d, p, want[i]);
		uint64_t offset = 0;
		char to[512], name[32];

		cr_assert_eq(poller_read_open(p, poller_path(p, f.name), &f, &e), 0,
		    "%s: %s", want[i], e.msg);
		cr_expect_eq(drop_read_all(p, &offset, &e), 0, "%s: %s", want[i], e.msg);
		cr_expect_eq(offset, 40);
		poller_read_close(p);
		snprintf(name, sizeof(name), "done/%zu", i);
		cr_expect_eq(poller_rename(p, want[i], drop_at(d, name, to), &e), 0,
		    "%s: %s", want[i], e.msg);
	}
	poller_close(p);
}

static void
no_folder(struct drop *d)
{
	size_t n = strlen(d->url);
	struct err e;

	snprintf(d->url + n, sizeof(d->url) - n, "/missing");
	e = drop_refused(d);
	cr_expect_eq(e.code, ERR_IO);
	cr_expect(strstr(e.msg, "no such folder") && strstr(e.msg, "/drop/missing"), "%s",
	    e.msg);

	snprintf(d->url + n, sizeof(d->url) - n, "/a.csv");
	drop_put(d, "a.csv", 3);
	e = drop_refused(d);
	cr_expect_eq(e.code, ERR_IO, "%s", e.msg);
	d->url[n] = '\0';
}

/* The drop's folder goes while we look. */
static void
folder_gone(struct drop *d)
{
	struct poller *p = drop_open(d);
	struct drop_list l;
	struct err e = {0};

	shell_must(&d->shell, "mv \"$1/drop\" \"$1/moved\"", NULL);
	cr_expect_eq(poller_list(p, &l, &e), -1);
	cr_expect_eq(e.code, ERR_GONE, "%s", e.msg);
	shell_must(&d->shell, "mv \"$1/moved\" \"$1/drop\"", NULL);
	cr_expect_eq(poller_list(p, &l, &e), 0, "and it comes back: %s", e.msg);
	drop_list_release(&l);
	poller_close(p);
}

static const struct {
	const char *name;
	void (*run)(struct drop *d);
} scenarios[] = {{"filters", filters}, {"orders", orders}, {"markers", markers},
    {"many names", many_names}, {"reading", reading}, {"half read", half_read},
    {"changed", changed}, {"denied", denied}, {"looking up", looking_up},
    {"renaming", renaming}, {"removing", removing}, {"writing", writing},
    {"odd names", odd_names}, {"no folder", no_folder}, {"folder gone", folder_gone}};

static void
run_all(struct drop *d)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		cr_log_info("%s: %s", d->url, scenarios[i].name);
		drop_source(d);
		scenarios[i].run(d);
		shell_must(&d->shell, "find \"$1/drop\" -mindepth 1 -delete", NULL);
	}
	drop_end(d);
}

Test(poller_file, contract)
{
	struct drop d;

	drop_start_file(&d);
	run_all(&d);
}

Test(poller_openssh, contract)
{
	struct drop d;

	drop_start_sshd(&d, "SSHD_SUBSYSTEM=internal-sftp;");
	run_all(&d);
}

Test(poller_proftpd, contract)
{
	struct drop d;

	drop_start_proftpd(&d, "");
	run_all(&d);
}

/* Whoever fills a local drop must not be able to lead us out of it by a link. */
Test(poller_file, links)
{
	struct drop d;
	struct poller *p;
	struct drop_file f;
	struct err e = {0};
	char path[512];

	drop_start_file(&d);
	drop_put(&d, "a.csv", 3);
	drop_put(&d, "../secret", 3);
	p = drop_open(&d);
	f = drop_stat(&d, p, "a.csv");
	shell_must(
	    &d.shell, "cd \"$1/drop\" && ln -sf ../secret a.csv && ln -s .. out", NULL);
	cr_expect_eq(poller_read_open(p, poller_path(p, f.name), &f, &e), -1,
	    "a link put where the file was");
	cr_expect_eq(poller_stat(p, drop_at(&d, "out/secret", path), &f, &e), -1);
	cr_expect_eq(poller_remove(p, path, &e), -1);
	drop_put(&d, "b.csv", 3);
	cr_expect_eq(poller_rename(p, "b.csv", drop_at(&d, "out/b.csv", path), &e), -1);
	cr_expect(drop_has(&d, "b.csv") && drop_has(&d, "../secret"));
	shell_must(&d.shell, "cd \"$1/drop\" && rm a.csv && mkfifo a.csv", NULL);
	cr_expect_eq(poller_read_open(p, poller_path(p, f.name), &f, &e), -1,
	    "a FIFO is no file, and holds nobody");
	shell_must(&d.shell,
	    "cd \"$1/drop\" && ln ../secret .r.part && ln -s ../secret .s.part", NULL);
	cr_expect_eq(write_pieces(p, drop_at(&d, "r", path), 'x', &e), 0, "%s", e.msg);
	cr_expect_eq(write_pieces(p, drop_at(&d, "s", path), 'x', &e), 0, "%s", e.msg);
	shell_must(&d.shell, "[ $(stat -c %s \"$1/secret\") = 3 ]", NULL);
	poller_close(p);
	drop_end(&d);
}
