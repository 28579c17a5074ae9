/*
 * Any bytes through the CSV mapper, whole and in pieces: both must give the same
 * records, problems, counts and verdict.
 *
 * An input begins with HEAD bytes: one of the feeds (a to h), how it is cut (0 to 4, or
 * another byte), how often its last line stands there (1 to 9, and x: often, for the
 * second feed alone), and one for the eye.
 */
#include <string.h>

#include "tests/fuzz/work.h"

#define HEAD       4
#define LOG_MAX    (256 << 20)
#define FEED_SMALL 1
#define FILLS \
	(80 << 10) /* of FEED_SMALL: the reader looks at less before the first row */

#define BY_TITLE                                                                     \
	"[patient]\nop = patch\nid = {MRN} | not_scientific\nname.family = {Last}\n" \
	"birth_date = {DOB} | date \"%m/%d/%Y\" \"%Y-%m-%d\"\n"                      \
	"address.postal_code = {ZIP}\naddress.state = {State}\n"                     \
	"[appointment]\non_missing = cancel\nid = {Appt}\npatient_id = {MRN}\n"      \
	"when = {Appt} present\nstart = {Start} | datetime \"%m/%d/%Y %H:%M\"\n"     \
	"status = {Status} | code s\n[code s]\nbooked = Scheduled, Buk\xc3\xa9\n"    \
	"[columns]\nZIP = \"ZIP\", \"Postal Code\"\n"
#define BY_NUMBER                                                                   \
	"[patient]\nop = patch\nid = {#1}\nname.family = {#3}\nbirth_date = {#2}\n" \
	"[location]\nop = patch\non_missing = delete\nid = {#2 | not_scientific}\n"
#define SMALL "max_line = 1K\nmax_columns = 12\nmax_span = 4\n"

static const char *const texts[] = {
    "[csv]\nmax_line = 64K\n" BY_TITLE,
    "[csv]\n" SMALL "header_match = auto\nfooter = \"Total: {count}*\"\n"
    "on_count_mismatch = deliver\n" BY_TITLE,
    "[csv]\n" SMALL "delimiter = ||\nskip_top = 2\nfooter = 2\n" BY_TITLE,
    "[csv]\n" SMALL "widths = 4 6 8 2\nheader = no\ncharset = windows-1252\n"
    "footer = \"*\" \"END {count}\"\n" BY_NUMBER,
    "[csv]\n" SMALL "header_match = \"MRN\", Appt\ncharset = utf-16le\n"
    "footer = \"TRL*{count}\"\non_count_mismatch = refuse\n" BY_TITLE,
    "[csv]\n" SMALL "header = no\n" BY_NUMBER,
    "[csv]\n" SMALL "widths = 4 10 6 16 4 10\nheader_match = auto\n"
    "[patient]\nop = patch\nid = {MRN}\nname.family = {Last}\n",
    "[csv]\n" SMALL "delimiter = ;\ncharset = utf-8\n"
    "[rows]\nwhen = {Status} not in HOLD\n" BY_TITLE,
};

#define FEEDS (sizeof(texts) / sizeof(texts[0]))

/* What makes a verdict's text. */
static const char *const sources[] = {"csv_footer.c", "csv_header.c", "map_bind.c",
    "map_lost.c", "charset.c", "format_csv.c", "../base/problem.c", NULL};

struct run {
	struct buf log;
	uint64_t row; /* the last that was told */
	uint64_t records, warnings, rejects;
	struct mapper_counts counts;
	struct err err;
};

static struct mapper *
feed(size_t at)
{
	static struct fuzz_feed feeds[FEEDS];

	if (feeds[at].mapper == NULL)
		fuzz_feed_load(&feeds[at], texts[at], "csv", "America/Chicago");
	return feeds[at].mapper;
}

/* Rows are told in their order, the first is 1; what is about the file has none. */
static void
check_row(struct run *run, uint64_t row)
{
	FUZZ_CHECK(row >= run->row && row > 0, "row %llu is told behind row %llu",
	    (unsigned long long)row, (unsigned long long)run->row);
	run->row = row;
}

static int
on_record(void *arg, const struct record *r, struct err *e)
{
	struct run *run = arg;

	(void)e;
	fuzz_record(&run->log, r);
	check_row(run, r->row);
	run->records++;
	return 0;
}

static void
on_problem(void *arg, const struct problem *p)
{
	struct run *run = arg;

	fuzz_problem(&run->log, p);
	check_row(run, p->row);
	run->warnings += p->weight == WEIGHT_WARNING;
	run->rejects += p->weight == WEIGHT_REJECT;
}

static int
on_present(void *arg, const struct record *r, struct err *e)
{
	struct run *run = arg;

	(void)e;
	check_row(run, r->row);
	buf_addf(&run->log, "%llu there %s ", (unsigned long long)r->row,
	    r->schema == NULL ? "?" : r->schema->name);
	buf_add_span(&run->log, r->id);
	buf_add_char(&run->log, '\n');
	return 0;
}

static void
check_books(const struct run *run, int rc)
{
	const struct mapper_counts *n = &run->counts;

	FUZZ_CHECK(n->rows == n->mapped + n->filtered + n->rejected,
	    "rows are not rows mapped, filtered and rejected");
	FUZZ_CHECK(n->records == run->records && n->warnings == run->warnings,
	    "records or warnings are not what came");
	FUZZ_CHECK(n->records >= n->mapped, "a row mapped to nothing");
	FUZZ_CHECK(run->rejects >= n->rejected, "a rejection that nothing tells");
	FUZZ_CHECK((rc == 0) == (run->err.code == ERR_NONE), "a failure without error");
	FUZZ_CHECK(rc == 0 || run->err.code == ERR_REFUSED || run->err.code == ERR_HELD,
	    "the verdict is %s: %s", err_name(run->err.code), run->err.msg);
	/* Rows without header may be rejected before one says how many columns there are. */
	FUZZ_CHECK(run->err.code != ERR_REFUSED || n->mapped + n->filtered == 0 ||
		       strstr(run->err.msg, "footer") != NULL,
	    "refused behind the header: %s", run->err.msg);
	fuzz_check_said(&run->err, sources);
}

static void
run_once(struct mapper *m, struct span bytes, char how, struct run *run)
{
	struct mapper_sink sink = {.record = on_record,
	    .problem = on_problem,
	    .present = on_present,
	    .arg = run};
	struct reading *r;
	int rc;

	*run = (struct run){.row = 0};
	buf_init(&run->log, LOG_MAX);
	r = mapper_open(m, &sink, FUZZ_NOW, &run->err);
	FUZZ_CHECK(r != NULL, "not opened: %s", run->err.msg);
	rc = fuzz_feed_all(r, bytes, how, &run->err);
	run->counts = *reading_counts(r);
	buf_addf(&run->log, "%s %s: %s\n", err_name(run->err.code), run->err.msg,
	    reading_found(r, FOUND_KEYS));
	reading_free(r);
	FUZZ_CHECK(!run->log.failed, "too much came of it");
	check_books(run, rc);
}

/* Its last line again, 1 to 8 times, or until the reader moves what is in its window. */
static struct span
repeated(struct span bytes, size_t feed, char how, struct buf *out)
{
	size_t from = fuzz_last_line(bytes), times = 0, max = SIZE_MAX;

	if (how == 'x' && feed == FEED_SMALL)
		max = FILLS;
	else if (how >= '2' && how <= '9')
		times = (size_t)(how - '1');
	if (bytes.n == 0 || (times == 0 && max == SIZE_MAX))
		return bytes;
	buf_add_span(out, bytes);
	while (max < SIZE_MAX ? out->n < max : times-- > 0)
		buf_add(out, bytes.p + from, bytes.n - from);
	return buf_span(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole, pieces;
	struct mapper *m;
	struct span bytes;
	struct buf room;
	size_t which;

	if (size < HEAD)
		return 0;
	which = (unsigned)(data[0] - 'a') % FEEDS;
	m = feed(which);
	buf_init(&room, LOG_MAX);
	bytes = repeated((struct span){(const char *)data + HEAD, size - HEAD}, which,
	    (char)data[2], &room);
	run_once(m, bytes, '0', &whole);
	run_once(m, bytes, (char)data[1], &pieces);
	fuzz_compare(buf_span(&whole.log), buf_span(&pieces.log));
	FUZZ_CHECK(memcmp(&whole.counts, &pieces.counts, sizeof(whole.counts)) == 0,
	    "other counts in pieces");
	buf_release(&whole.log);
	buf_release(&pieces.log);
	buf_release(&room);
	return 0;
}
