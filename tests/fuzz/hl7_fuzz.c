/*
 * Any bytes through the HL7 mapper, whole and in pieces: both must give the same
 * records, problems, acknowledgements, counts and verdict.
 *
 * An input begins with HEAD bytes: one of the feeds (a to d), how it is cut (0 to 4, or
 * another byte), what of the rest is repeated (1 to 9, x, y), and one for the eye.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/hl7_message.h"
#include "tests/fuzz/work.h"

#define HEAD         4
#define LOG_MAX      (256 << 20)
#define FEED_SMALL   1
#define REPEATED_MAX (16 << 10)
#define MOVES        (80 << 10)  /* of FEED_SMALL: its reader moves its window, */
#define FILLS        (160 << 10) /* or gives up a message before it is full */
#define ACK_LINES    22          /* MSH, MSA and the errors that are told */

#define MAPS "[feed]\nextends = hl7-siu.ini hl7-adt.ini hl7-oru.ini\n"

static const struct {
	const char *zone, *text;
} texts[] = {
    {"America/Chicago",
	MAPS "[hl7]\nack = batch\nauthority = CLINIC\nmax_message = 32K\n"},
    {NULL, MAPS "[hl7]\nack = batch\nmax_message = 4K\ntrailer = required\n"
		"on_count_mismatch = refuse\nunterminated = deliver\n"
		"duration_unit = min\n"},
    {"Europe/Berlin", MAPS "[hl7]\non_count_mismatch = deliver\ncharset = windows-1252\n"
			   "max_message = 8K\n"},
    {"America/New_York",
	"[hl7]\nack = batch\non_count_mismatch = deliver\nunterminated = deliver\n"
	"max_message = 16K\n"
	"[fields]\nmrn = PID-3[4=A][5!=XX], PID-3[#2], PID-3\n"
	"who = NK1[2.1!=\"\"][*]-2, NK1[*]-2\n"
	"[patient]\nid = {mrn | cx}\nupdated_at = {EVN-2 ?? MSH-7}\n"
	"name = {PID-5 | xpn}\nprevious_name = {PID-5[7=M][*] | xpn}\n"
	"identifier = {PID-3[*] | cx}\ntelecom = {PID-13[*] | xtn}\n"
	"address = {PID-11 | xad}\nbirth_date = {PID-7}\n"
	"contact[*].name = {who | xpn}\ncontact[*].phone = {NK1[*]-5 | xtn}\n"
	"extra.all = {OBR/OBX[*]-5[*]} | join \"; \"\n"
	"extra.msh = {MSH-2}{MSH-1}\nextra.sub = {PID-3.4.2?}-{PID-3[5=PI].4?}\n"
	"[observation]\neach = OBX[2!=ED]\nid = {OBR-3 | ei}/{OBX-1}\n"
	"value = [{OBX-5[*]}, {OBX-5.2}] | join \"|\"\nnote = {OBX/NTE[*]-3[*]}\n"
	"effective_at = {OBX-14} ?? {OBR-7} | agree\ncode = {OBX-3 | cwe | upper}\n"
	"performer_id = {OBX-16 | xcn}\n"
	"[encounter]\neach = PV1\nwhen = {PV1-2} matches /^[EI]/ and {event} not in A99\n"
	"id = {PV1-19 | cx} ?? {PV1-1}\nlocation_id = {PV1-3 | pl}\n"
	"start = {PV1-44} ?? {PV1-45} | agree\n"},
};

/* What makes a verdict's text. */
static const char *const sources[] = {
    "format_hl7.c", "hl7_batch.c", "hl7_reader.c", NULL};

#define FEEDS (sizeof(texts) / sizeof(texts[0]))

/* One reading of an input, and what came of it. */
struct run {
	struct buf log;
	bool acks;
	bool gaps; /* some message may be an acknowledgement itself, which none answers */
	uint64_t row; /* answered so far */
	uint64_t records, warnings, rejects;
	uint64_t of_row, rejects_of_row; /* records and rejections not answered yet */
	struct mapper_counts counts;
	struct err err;
};

/* Made once. */
static struct mapper *
feed(size_t at)
{
	static struct fuzz_feed feeds[FEEDS];

	if (feeds[at].mapper == NULL)
		fuzz_feed_load(&feeds[at], texts[at].text, "hl7", texts[at].zone);
	return feeds[at].mapper;
}

static int
on_record(void *arg, const struct record *r, struct err *e)
{
	struct run *run = arg;

	(void)e;
	fuzz_record(&run->log, r);
	run->records++;
	run->of_row++;
	FUZZ_CHECK(!run->acks || r->row == run->row + 1, "a record of another row");
	return 0;
}

static bool
upper_or_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* "segment 12", "PID", "PID-7" or "MSH-9.2": no other bytes of a message. */
static bool
is_place(struct span s)
{
	struct span word = SPAN_LIT("segment ");
	size_t from = s.n;

	if (s.n > word.n && memcmp(s.p, word.p, word.n) == 0)
		from = word.n;
	else if (s.n >= 3 && upper_or_digit(s.p[0]) && upper_or_digit(s.p[1]) &&
		 upper_or_digit(s.p[2]))
		from = s.n == 3 ? 3 : 4;
	else if (s.n > 0)
		return false;
	if (from == 4 && s.p[3] != '-')
		return false;
	while (from < s.n && ((s.p[from] >= '0' && s.p[from] <= '9') || s.p[from] == '.'))
		from++;
	return from == s.n;
}

static void
on_problem(void *arg, const struct problem *p)
{
	struct run *run = arg;

	FUZZ_CHECK(is_place(p->column), "a problem that names no place: %.*s",
	    (int)p->column.n, p->column.p);
	FUZZ_CHECK(p->code == PROBLEM_UNKNOWN_CODE || p->code == PROBLEM_NOT_ALLOWED ||
		       is_place(p->detail),
	    "a detail that is no place: %.*s", (int)p->detail.n, p->detail.p);
	fuzz_problem(&run->log, p);
	run->warnings += p->weight == WEIGHT_WARNING;
	run->rejects += p->weight == WEIGHT_REJECT;
	run->rejects_of_row += p->weight == WEIGHT_REJECT;
	FUZZ_CHECK(!run->acks || p->weight == WEIGHT_WARNING || p->row == run->row + 1,
	    "a rejection of another row");
}

static size_t
count(struct span s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* Each line of an acknowledgement has its fields, in the message's own delimiters. */
static void
check_ack(const struct buf *ack)
{
	static const char *const names[] = {"MSH", "MSA", "ERR"};
	static const size_t separators[] = {11, 2, 8};
	struct span rest = buf_span(ack), line;
	struct hl7_delimiters d;

	FUZZ_CHECK(
	    rest.n > 0 && rest.p[rest.n - 1] == '\r', "no end of the last segment");
	FUZZ_CHECK(hl7_delimiters(hl7_part(rest, '\r', 1), &d), "no delimiters");
	for (size_t i = 0; rest.n > 0; i++) {
		size_t kind = i > 2 ? 2 : i;

		line = hl7_part(rest, '\r', 1);
		FUZZ_CHECK(i < ACK_LINES, "too many segments in an acknowledgement");
		FUZZ_CHECK(line.n > 3 && memcmp(line.p, names[kind], 3) == 0 &&
			       count(line, d.field) == separators[kind] &&
			       memchr(line.p, '\n', line.n) == NULL,
		    "not a sound %s: %.*s", names[kind], (int)line.n, line.p);
		rest = (struct span){rest.p + line.n + 1, rest.n - line.n - 1};
	}
}

static int
on_receipt(void *arg, const struct receipt *r, struct err *e)
{
	struct run *run = arg;
	struct buf ack;

	(void)e;
	FUZZ_CHECK(r->row > run->row && (run->gaps || r->row == run->row + 1),
	    "row %llu is answered behind %llu", (unsigned long long)r->row,
	    (unsigned long long)run->row);
	run->row = r->row;
	FUZZ_CHECK(run->gaps || (r->code == RECEIPT_TAKEN) == (run->rejects_of_row == 0),
	    "an answer that the problems do not bear out");
	FUZZ_CHECK(run->gaps || r->code == RECEIPT_TAKEN || run->of_row == 0,
	    "records of a row that is rejected");
	run->rejects_of_row = run->of_row = 0;
	buf_init(&ack, LOG_MAX);
	buf_add_span(&ack, r->before);
	buf_add_str(&ack, "AA");
	buf_add_span(&ack, r->behind);
	check_ack(&ack);
	buf_addf(&run->log, "%llu %d ", (unsigned long long)r->row, r->code);
	buf_add_span(&run->log, buf_span(&ack));
	buf_add_char(&run->log, '\n');
	buf_release(&ack);
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
	FUZZ_CHECK(
	    !run->acks || run->gaps || run->row == n->rows, "a row that is not answered");
	FUZZ_CHECK(rc == 0 || run->err.code == ERR_REFUSED || run->err.code == ERR_HELD,
	    "the verdict is %s: %s", err_name(run->err.code), run->err.msg);
	fuzz_check_said(&run->err, sources);
}

static void
run_once(struct mapper *m, struct span bytes, char how, struct run *run)
{
	struct mapper_sink sink = {.record = on_record,
	    .problem = on_problem,
	    .receipt = on_receipt,
	    .arg = run};
	struct reading *r;
	int rc;

	*run = (struct run){.acks = mapper_receipts(m),
	    .gaps = memmem(bytes.p, bytes.n, "ACK", 3) != NULL};
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

/*
 * 2 to 9 repeat all of it, x and y (of the second feed only) all of it or its last line
 * until the reader has to move what is in its window.
 */
static struct span
repeated(struct span bytes, size_t feed, char how, struct buf *out)
{
	size_t from = 0, max = REPEATED_MAX;

	if (bytes.n == 0 || (how != 'x' && how != 'y' && (how < '2' || how > '9')))
		return bytes;
	if (how > '9' && feed == FEED_SMALL)
		max = how == 'x' ? MOVES : FILLS;
	else if (how <= '9' && bytes.n * (size_t)(how - '0') < max)
		max = bytes.n * (size_t)(how - '0');
	if (how == 'y')
		from = fuzz_last_line(bytes);
	buf_add_span(out, bytes);
	while (out->n < max)
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
