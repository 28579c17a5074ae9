/*
 * Any two files, one behind the other: the header of the second beside that of the
 * first, as a feed knows it of its last good file. Whole and in pieces it must be the
 * same; and of a file that was good the same file once more tells nothing.
 *
 * An input begins with HEAD bytes: one of the feeds (a to f), how the second file is cut,
 * and one for the eye. The files stand on both sides of the first BETWEEN.
 */
#include <string.h>

#include "mappers/reading_header.h"
#include "tests/fuzz/work.h"

#define HEAD    3
#define BETWEEN '\x1e'
#define LOG_MAX (64 << 20)

#define PATCHED                                                                       \
	"[columns]\nmrn = \"MRN\", \"Chart No\"\n[patient]\nop = patch\nid = {mrn}\n" \
	"name.family = {Last Name}\nname.given = [{First}, {Middle?}]\n"              \
	"birth_date = {DOB} | date \"%m/%d/%Y\"\nphone.home = ({Area}) {Home}\n"      \
	"[appointment]\nop = patch\nwhen = {Room} present\nid = {Appt}\n"             \
	"start = {Appt Date} {Appt Time} | datetime \"%m/%d/%Y %H:%M\"\n"
#define WHOLE                                                                        \
	"[patient]\nid = {MRN}\nname.family = {Last Name}\nname.given = [{First}]\n" \
	"phone.mobile = {Cell} ?? {Home}\naddress.postal_code = {ZIP}\n"

static const char *const texts[] = {
    "[csv]\n" PATCHED,
    "[csv]\nheader_match = auto\n" PATCHED,
    "[csv]\nskip_top = 1\nheader_match = MRN\n" WHOLE,
    "[csv]\n" WHOLE,
    "[csv]\nheader = no\n[patient]\nop = patch\nid = {#1}\nname.family = {#2}\n",
    "[csv]\nfooter = 1\n[patient]\nop = patch\nid = {MRN}\nname.family = {#3}\n",
};

#define FEEDS (sizeof(texts) / sizeof(texts[0]))

/* What makes a verdict's text. */
static const char *const sources[] = {"csv_footer.c", "csv_header.c", "map_bind.c",
    "map_lost.c", "map_drift.c", "charset.c", "format_csv.c", "../base/problem.c",
    "../base/schema.c", NULL};

struct run {
	struct buf log;
	struct header_mark now;
	struct err err;
	bool lacks;
	unsigned drifts; /* problems about columns */
};

static struct mapper *
feed(size_t at)
{
	static struct fuzz_feed feeds[FEEDS];

	if (feeds[at].mapper == NULL)
		fuzz_feed_load(&feeds[at], texts[at], "csv", "America/Chicago");
	return feeds[at].mapper;
}

static int
on_record(void *arg, const struct record *r, struct err *e)
{
	struct run *run = arg;

	(void)e;
	fuzz_record(&run->log, r);
	return 0;
}

static void
on_problem(void *arg, const struct problem *p)
{
	struct run *run = arg;

	fuzz_problem(&run->log, p);
	run->drifts += p->code >= PROBLEM_COLUMN_RENAMED &&
		       p->code <= PROBLEM_COLUMN_ORDER;
}

/* `before` is the header of the last good file, or NULL. */
static void
run_once(struct mapper *m, struct span bytes, char how, const struct header_mark *before,
    struct run *run)
{
	struct mapper_sink sink = {
	    .record = on_record, .problem = on_problem, .arg = run, .before = before};
	struct reading *r;
	int rc;

	*run = (struct run){.drifts = 0};
	buf_init(&run->log, LOG_MAX);
	r = mapper_open(m, &sink, FUZZ_NOW, &run->err);
	FUZZ_CHECK(r != NULL, "not opened: %s", run->err.msg);
	rc = fuzz_feed_all(r, bytes, how, &run->err);
	run->lacks = reading_header(r)->lacks;
	FUZZ_CHECK(header_mark_copy(&run->now, &reading_header(r)->now, &run->err) == 0,
	    "no memory for a header");
	buf_addf(&run->log, "%s %s: %s %zu\n", err_name(run->err.code), run->err.msg,
	    reading_found(r, FOUND_KEYS), run->now.n);
	reading_free(r);
	FUZZ_CHECK(!run->log.failed, "too much came of it");
	FUZZ_CHECK((rc == 0) == (run->err.code == ERR_NONE), "a failure without error");
	FUZZ_CHECK(rc == 0 || run->err.code == ERR_REFUSED || run->err.code == ERR_HELD,
	    "the verdict is %s: %s", err_name(run->err.code), run->err.msg);
	FUZZ_CHECK(!run->lacks || run->err.code == ERR_HELD,
	    "it lacks columns, and is not held: %s", run->err.msg);
	fuzz_check_said(&run->err, sources);
}

static void
run_release(struct run *run)
{
	buf_release(&run->log);
	header_mark_release(&run->now);
}

static bool
is_gone(const struct header_mark *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].gone)
			return true;
	return false;
}

static bool
same_titles(const struct header_mark *a, const struct header_mark *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (!span_eq(a->v[i].title, b->v[i].title))
			return false;
	return a->n == b->n;
}

/*
 * The same file again, beside its own header. A row above that may look like it now, but
 * for some columns: then it is another header.
 */
static void
check_again(struct mapper *m, struct span bytes, const struct run *first)
{
	struct run again;

	if (first->err.code != ERR_NONE || first->now.n == 0 || is_gone(&first->now))
		return;
	run_once(m, bytes, '0', &first->now, &again);
	FUZZ_CHECK(!same_titles(&first->now, &again.now) ||
		       (again.err.code == ERR_NONE && again.drifts == 0),
	    "a header differs from itself: %s\n%.*s", again.err.msg, (int)again.log.n,
	    again.log.p);
	run_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run first, whole, pieces;
	struct span before, now;
	struct mapper *m;
	const char *between;

	if (size < HEAD)
		return 0;
	m = feed((unsigned)(data[0] - 'a') % FEEDS);
	before = now = (struct span){(const char *)data + HEAD, size - HEAD};
	between = now.n == 0 ? NULL : memchr(now.p, BETWEEN, now.n);
	if (between != NULL) {
		before.n = (size_t)(between - before.p);
		now = (struct span){between + 1, now.n - before.n - 1};
	}
	run_once(m, before, '0', NULL, &first);
	check_again(m, before, &first);
	run_once(m, now, '0', &first.now, &whole);
	run_once(m, now, (char)data[1], &first.now, &pieces);
	fuzz_compare(buf_span(&whole.log), buf_span(&pieces.log));
	FUZZ_CHECK(whole.lacks == pieces.lacks, "other columns are lacking in pieces");
	run_release(&first);
	run_release(&whole);
	run_release(&pieces);
	return 0;
}
