#include "tests/fuzz/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MAX   (64 << 20)
#define PATH_SIZE 4096
#define SHOWN     1000

/* The size of the next piece. */
static size_t
piece(char how, uint64_t *seed)
{
	size_t n;

	switch (how) {
	case '0':
		return SIZE_MAX;
	case '1':
		return 1;
	case '2':
		return fuzz_any(seed) % 16;
	case '3':
		return fuzz_any(seed) * 16;
	case '4':
		n = fuzz_any(seed);
		return n << (fuzz_any(seed) % 10);
	default:
		return 3 + fuzz_any(seed) % 3 * (unsigned char)how;
	}
}

int
fuzz_feed_all(struct reading *r, struct span bytes, char how, struct err *e)
{
	uint64_t seed = (unsigned char)how;

	while (bytes.n > 0) {
		size_t n = piece(how, &seed);

		if (n > bytes.n)
			n = bytes.n;
		if (reading_feed(r, (struct span){bytes.p, n}, e) != 0)
			return -1;
		bytes = (struct span){bytes.p + n, bytes.n - n};
	}
	return reading_end(r, e);
}

/* Shows both from the first line that differs. */
void
fuzz_compare(struct span x, struct span y)
{
	size_t at = 0, from;

	while (at < x.n && at < y.n && x.p[at] == y.p[at])
		at++;
	if (at == x.n && at == y.n)
		return;
	for (from = at; from > 0 && x.p[from - 1] != '\n';)
		from--;
	x = (struct span){x.p + from, x.n - from};
	y = (struct span){y.p + from, y.n - from};
	fuzz_fail("in pieces it is not the same:\n%.*s\n---\n%.*s",
	    x.n < SHOWN ? (int)x.n : SHOWN, x.p, y.n < SHOWN ? (int)y.n : SHOWN, y.p);
}

size_t
fuzz_last_line(struct span s)
{
	size_t at = s.n;

	if (at > 0)
		at--;
	while (at > 0 && s.p[at - 1] != '\r' && s.p[at - 1] != '\n')
		at--;
	return at;
}

static bool
letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (unsigned char)c >= 0x80;
}

/* The sources that make a verdict's text. Read once. */
static struct span
read_sources(const char *const *sources)
{
	static struct buf all;
	char path[PATH_SIZE], text[4096];
	size_t n;
	FILE *f;

	if (all.n > 0)
		return buf_span(&all);
	buf_init(&all, LOG_MAX);
	for (; *sources != NULL; sources++) {
		snprintf(path, sizeof(path), "%s/%s", FUZZ_MAPPERS_DIR, *sources);
		f = fopen(path, "re");
		FUZZ_CHECK(f != NULL, "%s: cannot be read", path);
		while ((n = fread(text, 1, sizeof(text), f)) > 0)
			buf_add(&all, text, n);
		fclose(f);
	}
	return buf_span(&all);
}

void
fuzz_check_said(const struct err *e, const char *const *sources)
{
	struct span ours = read_sources(sources);
	bool quoted = false;
	size_t n;

	for (const char *p = e->msg; *p != '\0'; p += n > 0 ? n : 1) {
		quoted ^= *p == '"';
		for (n = 0; letter(p[n]);)
			n++;
		FUZZ_CHECK(quoted || n == 0 || memmem(ours.p, ours.n, p, n) != NULL,
		    "an error with unknown words: %s", e->msg);
	}
}

static int
on_record(void *arg, const struct record *r, struct err *e)
{
	(void)e;
	fuzz_record(arg, r);
	return 0;
}

static void
on_problem(void *arg, const struct problem *p)
{
	fuzz_problem(arg, p);
}

static int
on_receipt(void *arg, const struct receipt *r, struct err *e)
{
	(void)arg;
	(void)r;
	(void)e;
	return 0;
}

static void
work(struct mapper *m, struct span bytes)
{
	struct buf log;
	struct mapper_sink sink = {.record = on_record,
	    .problem = on_problem,
	    .receipt = on_receipt,
	    .arg = &log};
	struct err e = {.code = ERR_NONE};
	struct reading *r;

	buf_init(&log, LOG_MAX);
	r = mapper_open(m, &sink, FUZZ_NOW, &e);
	FUZZ_CHECK(r != NULL, "not opened: %s", e.msg);
	if (reading_feed(r, bytes, &e) == 0)
		(void)reading_end(r, &e);
	FUZZ_CHECK(e.code == ERR_NONE || e.code == ERR_REFUSED || e.code == ERR_HELD,
	    "the verdict is %s: %s", err_name(e.code), e.msg);
	reading_free(r);
	buf_release(&log);
}

void
fuzz_compile(struct span text, const char *format, struct span bytes)
{
	const char *zone = "America/Chicago";
	struct fuzz_feed a, b;

	fuzz_feed_read(&a, text, format, zone);
	fuzz_feed_read(&b, text, format, zone);
	FUZZ_CHECK((a.mapper == NULL) == (b.mapper == NULL) && a.errors.n == b.errors.n,
	    "the same text is judged in two ways");
	if (a.mapper != NULL) {
		FUZZ_CHECK(mapper_fingerprint(a.mapper) == mapper_fingerprint(b.mapper),
		    "the same text has two fingerprints");
		work(a.mapper, bytes);
	}
	fuzz_feed_release(&a);
	fuzz_feed_release(&b);
}
