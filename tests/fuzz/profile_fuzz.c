/*
 * Any bytes as a sample of an export: what is found of it is the same in pieces, adds up,
 * and is text.
 *
 * An input begins with HEAD bytes: how it is cut, and one for the eye.
 */
#include <string.h>

#include "base/utf8.h"
#include "mappers/profile.h"
#include "tests/fuzz/work.h"

#define HEAD    2
#define LOG_MAX (16 << 20)

static void
note_column(struct buf *log, const struct profile *p, size_t i)
{
	const struct column *c = profile_column(p, i);
	struct span title = profile_title(p, i);

	FUZZ_CHECK(utf8_valid(title) == title.n, "a title that is not UTF-8");
	FUZZ_CHECK(c->filled <= c->rows, "more cells are filled than there are rows");
	FUZZ_CHECK(
	    c->shortest <= c->longest || c->filled == 0, "shorter than the shortest");
	FUZZ_CHECK(c->ndistinct <= COLUMN_DISTINCT_MAX + 1u &&
		       c->nwords <= COLUMN_WORDS_MAX + 1u,
	    "more is told apart than there is room for");
	for (size_t k = 0; k < CHECK_COUNT; k++)
		FUZZ_CHECK(c->fits[k] <= c->filled, "more cells fit than are filled");
	buf_add_span(log, title);
	buf_addf(log, ": %s %llu of %llu, %llu differ, %zu to %zu, %s\n",
	    content_name(column_content(c)), (unsigned long long)c->filled,
	    (unsigned long long)c->rows, (unsigned long long)c->ndistinct, c->shortest,
	    c->longest, column_is_code(c) ? "code" : "no code");
}

static void
note(struct buf *log, const struct profile *p)
{
	struct profile_file f;

	profile_file(p, &f);
	buf_addf(log, "%s %s header %llu rows %llu thin %llu tail %llu bad %llu %s\n",
	    f.delimiter, f.charset, (unsigned long long)f.header,
	    (unsigned long long)f.rows, (unsigned long long)f.thin,
	    (unsigned long long)f.tail, (unsigned long long)f.bad, f.total);
	FUZZ_CHECK(f.tail <= f.thin, "more thin rows at the end than there are");
	for (size_t i = 0; i < f.columns; i++)
		note_column(log, p, i);
}

static void
run_once(struct span bytes, size_t size, struct buf *log)
{
	struct err e = {.code = ERR_NONE};
	struct profile *p = profile_new(&e);
	int rc = 0;

	FUZZ_CHECK(p != NULL, "not opened: %s", e.msg);
	buf_init(log, LOG_MAX);
	while (bytes.n > 0 && rc == 0) {
		size_t n = bytes.n < size ? bytes.n : size;

		rc = profile_feed(p, (struct span){bytes.p, n}, &e);
		bytes = (struct span){bytes.p + n, bytes.n - n};
	}
	if (rc == 0)
		rc = profile_end(p, &e);
	FUZZ_CHECK(rc == 0 || e.code == ERR_REFUSED, "the verdict is %s: %s",
	    err_name(e.code), e.msg);
	if (rc == 0)
		note(log, p);
	buf_addf(log, "%s\n", e.msg);
	profile_free(p);
	FUZZ_CHECK(!log->failed, "too much came of it");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;
	struct span bytes;

	if (size < HEAD)
		return 0;
	bytes = (struct span){(const char *)data + HEAD, size - HEAD};
	run_once(bytes, SIZE_MAX, &whole);
	run_once(bytes, data[0] % 32 + 1u, &pieces);
	fuzz_compare(buf_span(&whole), buf_span(&pieces));
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
