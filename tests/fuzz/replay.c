/*
 * Stands in for libFuzzer: runs a target over files and folders of inputs, then over
 * inputs made out of them by a few cheap changes. The same arguments do the same.
 *   TARGET [--mutate N] FILE|FOLDER...
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUTS_MAX  4096
#define INPUT_MAX   65536
#define CHANGES_MAX 4 /* in one input */
#define SEED        UINT64_C(20261120)
#define PATH_SIZE   4096

struct input {
	char *name;
	uint8_t *p;
	size_t n;
};

struct inputs {
	struct input v[INPUTS_MAX];
	size_t n;
};

/* Exactly as long as the input, so that the sanitizers see a byte too many. */
static void
run(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	FUZZ_CHECK(copy != NULL, "no memory");
	if (n > 0)
		memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void
add_file(struct inputs *in, const char *path)
{
	struct input *to = &in->v[in->n++];
	FILE *f = fopen(path, "rbe");

	FUZZ_CHECK(in->n < INPUTS_MAX, "too many inputs");
	FUZZ_CHECK(f != NULL, "%s: cannot be read", path);
	to->name = strdup(path);
	to->p = malloc(INPUT_MAX);
	FUZZ_CHECK(to->name != NULL && to->p != NULL, "no memory");
	to->n = fread(to->p, 1, INPUT_MAX, f);
	fclose(f);
}

static int
visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* By name, so that the changes are always the same. */
static void
add(struct inputs *in, const char *path)
{
	struct dirent **list;
	struct stat st;
	char *full;
	int n;

	FUZZ_CHECK(stat(path, &st) == 0, "%s: is not there", path);
	if (!S_ISDIR(st.st_mode)) {
		add_file(in, path);
		return;
	}
	n = scandir(path, &list, visible, alphasort);
	FUZZ_CHECK(n > 0, "%s: is empty", path);
	for (int i = 0; i < n; i++) {
		FUZZ_CHECK(
		    asprintf(&full, "%s/%s", path, list[i]->d_name) > 0, "no memory");
		add_file(in, full);
		free(full);
		free(list[i]);
	}
	free(list);
}

/* A number below `below`, which is not 0. */
static size_t
any(uint64_t *state, size_t below)
{
	size_t n = fuzz_any(state);

	n = n << 8 | fuzz_any(state);
	n = n << 8 | fuzz_any(state);
	return n % below;
}

/* A piece of another input in place of what stands here, or between. */
static size_t
splice(uint8_t *p, size_t n, const struct input *other, uint64_t *state)
{
	size_t at = any(state, n + 1), from, more;

	if (other->n == 0)
		return n;
	from = any(state, other->n);
	more = any(state, other->n - from) + 1;
	if (any(state, 2) == 0 && n + more <= INPUT_MAX) {
		memmove(p + at + more, p + at, n - at);
		n += more;
	} else if (more > n - at) {
		more = n - at;
	}
	memcpy(p + at, other->p + from, more);
	return n;
}

static size_t
change(uint8_t *p, size_t n, const struct inputs *in, uint64_t *state)
{
	static const char bytes[] =
	    "|^~\\&\r\n\"{}[]#*=!?/.-,\0\x0b\x1a\x1c\x80\xc3\xff 019AZaz";
	size_t at = any(state, n), more;

	switch (any(state, 5)) {
	case 0:
		p[at] ^= (uint8_t)(1u << any(state, 8));
		return n;
	case 1:
		p[at] = (uint8_t)bytes[any(state, sizeof(bytes))];
		return n;
	case 2:
		more = any(state, n - at < 16 ? n - at : 16);
		memmove(p + at, p + at + more, n - at - more);
		return n - more;
	case 3:
		if (n == INPUT_MAX)
			return n;
		memmove(p + at + 1, p + at, n - at);
		p[at] = (uint8_t)bytes[any(state, sizeof(bytes))];
		return n + 1;
	default:
		return splice(p, n, &in->v[any(state, in->n)], state);
	}
}

/* A changed input that fails is left in the file `last`. */
static void
keep(const char *last, const uint8_t *p, size_t n)
{
	FILE *f = fopen(last, "wbe");

	FUZZ_CHECK(f != NULL, "%s: cannot be written", last);
	FUZZ_CHECK(fwrite(p, 1, n, f) == n, "%s: cannot be written", last);
	fclose(f);
}

static void
mutate(const struct inputs *in, unsigned long times, const char *last)
{
	static uint8_t room[INPUT_MAX];
	uint64_t state = SEED;

	for (unsigned long i = 0; i < times; i++) {
		const struct input *from = &in->v[any(&state, in->n)];
		size_t n = from->n;

		if (n == 0)
			continue;
		memcpy(room, from->p, n);
		for (size_t k = any(&state, CHANGES_MAX) + 1; k > 0 && n > 0; k--)
			n = change(room, n, in, &state);
		keep(last, room, n);
		run(room, n);
	}
	if (times > 0)
		unlink(last);
}

int
main(int argc, char **argv)
{
	static struct inputs in;
	char last[PATH_SIZE];
	unsigned long times = 0;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "--mutate") == 0) {
		times = strtoul(argv[2], NULL, 10);
		i = 3;
	}
	for (; i < argc; i++)
		add(&in, argv[i]);
	if (in.n == 0) {
		fprintf(stderr, "usage: %s [--mutate N] FILE|FOLDER...\n", argv[0]);
		return 2;
	}
	for (size_t k = 0; k < in.n; k++) {
		fprintf(stderr, "%s\n", in.v[k].name);
		run(in.v[k].p, in.v[k].n);
	}
	snprintf(last, sizeof(last), "%s.input", argv[0]);
	mutate(&in, times, last);
	fprintf(stderr, "%zu inputs, and %lu changed\n", in.n, times);
	for (size_t k = 0; k < in.n; k++) {
		free(in.v[k].name);
		free(in.v[k].p);
	}
	return 0;
}
