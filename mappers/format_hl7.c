/*
 * HL7 v2 batch files: the reader's messages through the map. A message is a row; it
 * is rejected whole or not at all, and never costs another.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/format_ops.h"
#include "mappers/hl7_ack.h"
#include "mappers/hl7_list.h"
#include "mappers/hl7_reader.h"
#include "mappers/hl7_text.h"
#include "mappers/map.h"
#include "mappers/transform.h"

#define FOUND_MAX   256
#define PLACE_SIZE  32 /* "segment N" */
#define MESSAGE_MIN 4096
#define MESSAGE_MAX (64 << 20)
#define ACK_MAX     (4 << 20) /* of one acknowledgement: it echoes fields of an MSH */
#define ACK_ERRORS  20        /* in one acknowledgement */

static const char *const trailers[] = {"optional", "required", NULL};
enum mismatch { MISMATCH_HOLD, MISMATCH_DELIVER, MISMATCH_REFUSE };
static const char *const mismatches[] = {[MISMATCH_HOLD] = "hold",
    [MISMATCH_DELIVER] = "deliver",
    [MISMATCH_REFUSE] = "refuse",
    NULL};
static const char *const unterminated[] = {"reject", "deliver", NULL};
static const char *const acks[] = {"none", "batch", NULL};

struct settings {
	const char *charset, *authority, *duration_unit;
	long long max_message;
	int trailer, on_count_mismatch, unterminated, ack;
};

#define AT(member) offsetof(struct settings, member)

const struct conf_option hl7_options[] = {
    {.name = "charset",
	.type = CONF_STRING,
	.offset = AT(charset),
	.dflt = "auto",
	.help = "auto: as MSH-18 says; utf-8, windows-1252 or another outweighs it"},
    {.name = "trailer",
	.type = CONF_ENUM,
	.offset = AT(trailer),
	.dflt = "optional",
	.choices = trailers,
	.help = "required: FHS or BHS without FTS or BTS holds the file"},
    {.name = "on_count_mismatch",
	.type = CONF_ENUM,
	.offset = AT(on_count_mismatch),
	.dflt = "hold",
	.choices = mismatches,
	.help = "BTS-1 or FTS-1 is wrong: hold, deliver (with a warning) or refuse"},
    {.name = "unterminated",
	.type = CONF_ENUM,
	.offset = AT(unterminated),
	.dflt = "reject",
	.choices = unterminated,
	.help = "a last message whose last segment has no end: reject or deliver"},
    {.name = "authority",
	.type = CONF_STRING,
	.offset = AT(authority),
	.help = "assigning authority whose ids stand alone; an empty one means it"},
    {.name = "duration_unit",
	.type = CONF_STRING,
	.offset = AT(duration_unit),
	.help = "s, min, h or d: of durations that have no unit"},
    {.name = "ack",
	.type = CONF_ENUM,
	.offset = AT(ack),
	.dflt = "none",
	.choices = acks,
	.help = "batch: a file of acknowledgements goes into [source] feedback"},
    {.name = "max_message",
	.type = CONF_SIZE,
	.offset = AT(max_message),
	.dflt = "1M",
	.min = MESSAGE_MIN,
	.max = MESSAGE_MAX,
	.help = "Longest message in bytes; a longer one is rejected"},
    {.name = NULL},
};

/* A feed's. */
struct hl7_feed {
	struct settings set;
	struct map *map;
};

/* A file's. */
struct hl7_file {
	const struct hl7_feed *feed;
	struct format_run run;
	struct hl7_reader *reader;
	struct hl7_charsets *charsets;
	struct binding *binding;
	struct json *explain;
	const struct mapper_fields *fields;
	uint64_t explain_row, fields_row;
	bool marked;

	/* The acknowledgement of the message at hand. */
	struct mapper_sink sink; /* takes note of problems, and passes them on */
	bool acks, answer;       /* is it an answer itself? */
	struct buf before, behind, errors;
	unsigned nerrors;
	const struct hl7_message *message;
	char found[FOUND_MAX];
};

/* NULL: none. */
static void
mistake(struct conf *c, struct conf_section *s, const char *key, const char *text)
{
	if (text != NULL)
		conf_error_at(c->errors, s, conf_get(s, key), "%s", text);
}

static void
discard(void *self)
{
	struct hl7_feed *f = self;

	map_free(f->map);
	free(f);
}

static int
compile(void **self, struct conf *c, const struct mapper_conf *mc, struct err *e)
{
	struct hl7_feed *f = calloc(1, sizeof(*f));
	struct conf_section *s = conf_find(c, "hl7", "");
	struct mapper_conf ours = *mc;
	size_t before = c->errors->n;

	if (f == NULL)
		return err_nomem(e);
	conf_bind(c, s, hl7_options, &f->set);
	mistake(c, s, "charset", hl7_charset_mistake(f->set.charset));
	if (f->set.duration_unit != NULL && !minutes_unit(span_of(f->set.duration_unit)))
		mistake(c, s, "duration_unit", "is s, min, h or d");
	ours.hl7 = true;
	ours.authority = f->set.authority;
	ours.duration_unit = f->set.duration_unit;
	f->map = map_new(c, &ours, e);
	if (f->map == NULL || c->errors->n != before) {
		if (f->map != NULL)
			err_set(e, ERR_CONFIG, "section [hl7] has mistakes");
		discard(f);
		return -1;
	}
	*self = f;
	return 0;
}

static uint64_t
fingerprint(const void *self)
{
	const struct hl7_feed *f = self;
	const struct settings *s = &f->set;
	const uint64_t numbers[] = {map_fingerprint(f->map), (uint64_t)s->max_message,
	    (uint64_t)s->unterminated, (uint64_t)s->trailer,
	    (uint64_t)s->on_count_mismatch};
	const struct span all = {(const char *)numbers, sizeof(numbers)};

	return span_fnv(span_fnv(SPAN_FNV_NONE, all), span_of(s->charset));
}

static const struct map *
feed_map(const void *self)
{
	const struct hl7_feed *f = self;

	return f->map;
}

static void
tell(struct hl7_file *f, const struct problem *p)
{
	if (f->acks && p->weight == WEIGHT_REJECT && f->nerrors++ < ACK_ERRORS)
		hl7_ack_error(&f->errors, buf_span(&f->before), p,
		    hl7_ack_once(f->message, p->column));
	f->run.sink->problem(f->run.sink->arg, p);
}

static void
on_problem(void *arg, const struct problem *p)
{
	tell(arg, p);
}

static int
on_record(void *arg, const struct record *r, struct err *e)
{
	struct hl7_file *f = arg;

	return f->run.sink->record(f->run.sink->arg, r, e);
}

/* A problem with the structure: told by the number of a segment in the file. */
static void
tell_at(struct hl7_file *f, struct problem *p, uint64_t segment)
{
	char place[PLACE_SIZE];

	snprintf(place, sizeof(place), "segment %llu", (unsigned long long)segment);
	p->column = span_of(place);
	tell(f, p);
}

static void
count_row(struct hl7_file *f, enum row_fate fate)
{
	struct mapper_counts *n = f->run.counts;

	n->rows++;
	n->mapped += fate == ROW_MAPPED;
	n->filtered += fate == ROW_FILTERED;
	n->rejected += fate == ROW_REJECTED;
}

static void
begin_ack(struct hl7_file *f, const struct hl7_found *found)
{
	buf_clear(&f->before);
	buf_clear(&f->behind);
	buf_clear(&f->errors);
	f->nerrors = 0;
	f->message = found->message;
	f->answer = found->message != NULL && hl7_ack_is(found->message);
	if (f->acks && !f->answer)
		hl7_ack_before(
		    &f->before, found->message, f->run.counts->rows + 1, f->run.now);
}

static int
send_ack(struct hl7_file *f, const struct hl7_found *found, enum receipt_code code,
    struct err *e)
{
	struct receipt r = {.row = found->number, .code = code};

	if (!f->acks || f->answer)
		return 0;
	hl7_ack_behind(&f->behind, found->message);
	buf_add_span(&f->behind, buf_span(&f->errors));
	if (buf_check(&f->before, "an acknowledgement", e) != 0 ||
	    buf_check(&f->behind, "an acknowledgement", e) != 0)
		return -1;
	r.before = buf_span(&f->before);
	r.behind = buf_span(&f->behind);
	return f->run.sink->receipt(f->run.sink->arg, &r, e);
}

static int
reject(struct hl7_file *f, const struct hl7_found *found, enum problem_code code,
    struct err *e)
{
	struct problem p = {.code = code, .weight = WEIGHT_REJECT, .row = found->number};

	count_row(f, ROW_REJECTED);
	tell_at(f, &p, found->segment);
	return send_ack(f, found, RECEIPT_UNREADABLE, e);
}

static bool
wants_fields(const struct hl7_file *f, uint64_t row)
{
	return f->fields != NULL && (f->fields_row == 0 || f->fields_row == row);
}

static int
map_message(struct hl7_file *f, const struct hl7_found *found, struct err *e)
{
	struct row row = {.number = found->number, .message = found->message};
	bool explain = f->explain != NULL && found->number == f->explain_row;
	struct row_result result;
	int rc;

	if (wants_fields(f, found->number) && hl7_list_fields(found->message, f->charsets,
						  found->number, f->fields, e) != 0)
		return -1;
	if (explain)
		binding_explain(f->binding, f->explain);
	rc = map_row(f->binding, &row, &result, e);
	if (explain)
		binding_explain(f->binding, NULL);
	if (rc != 0)
		return -1;
	count_row(f, result.fate);
	return send_ack(
	    f, found, result.fate == ROW_REJECTED ? RECEIPT_REJECTED : RECEIPT_TAKEN, e);
}

static int
on_message(void *arg, const struct hl7_found *found, struct err *e)
{
	struct hl7_file *f = arg;
	struct hl7_message *m = found->message;
	bool typed;

	*f->run.last = found->number;
	begin_ack(f, found);
	typed = m != NULL && hl7_leaf(&m->d, hl7_field(m, 0, 9)).n > 0;
	/* What there was no memory to index looks empty, and is not the sender's fault. */
	if (m != NULL && m->nomem)
		return err_nomem(e);
	if (found->code != PROBLEM_NONE)
		return reject(f, found, found->code, e);
	if (found->cut && f->feed->set.unterminated == 0)
		return reject(f, found, PROBLEM_HL7_CUT, e);
	if (!typed)
		return reject(f, found, PROBLEM_HL7_HEADER, e);
	if (!f->marked && hl7_reader_mark(f->reader))
		hl7_charsets_mark(f->charsets);
	f->marked = true;
	if (!hl7_charsets_begin(f->charsets, m, found->bytes))
		tell(f, &(struct problem){.code = PROBLEM_HL7_CHARSET,
			    .weight = WEIGHT_WARNING,
			    .row = found->number,
			    .column = SPAN_LIT("MSH-18")});
	return map_message(f, found, e);
}

static void
on_line(void *arg, uint64_t number, uint64_t segment)
{
	char place[PLACE_SIZE];

	/* As a detail, so that the lines of one message are one warning. */
	snprintf(place, sizeof(place), "segment %llu", (unsigned long long)segment);
	tell(arg, &(struct problem){.code = PROBLEM_HL7_SEGMENT,
		      .weight = WEIGHT_WARNING,
		      .row = number,
		      .detail = span_of(place)});
}

static void
close_file(void *file)
{
	struct hl7_file *f = file;

	hl7_reader_free(f->reader);
	binding_free(f->binding);
	hl7_charsets_free(f->charsets);
	buf_release(&f->before);
	buf_release(&f->behind);
	buf_release(&f->errors);
	free(f);
}

static int
open_file(void **file, void *self, const struct format_run *run, struct err *e)
{
	const struct hl7_feed *feed = self;
	struct hl7_reader_conf conf = {(size_t)feed->set.max_message};
	struct hl7_file *f = calloc(1, sizeof(*f));
	struct hl7_reader_sink sink = {on_message, on_line, f};

	if (f == NULL)
		return err_nomem(e);
	f->feed = feed;
	f->run = *run;
	f->sink = (struct mapper_sink){
	    .record = on_record, .problem = on_problem, .arg = f};
	f->acks = feed->set.ack != 0;
	buf_init(&f->before, ACK_MAX);
	buf_init(&f->behind, ACK_MAX);
	buf_init(&f->errors, ACK_MAX);
	if ((f->reader = hl7_reader_new(&conf, &sink, e)) == NULL ||
	    (f->charsets = hl7_charsets_new(feed->set.charset, conf.max_message, e)) ==
		NULL ||
	    (f->binding = map_bind_messages(feed->map, f->charsets, e)) == NULL) {
		close_file(f);
		return -1;
	}
	binding_start(f->binding, &f->sink, f->run.now);
	*file = f;
	return 0;
}

static int
feed_file(void *file, struct span bytes, struct err *e)
{
	struct hl7_file *f = file;

	return hl7_reader_feed(f->reader, bytes, e);
}

/* Counts that do not fit, and trailers that are not there, are about the whole file. */
static int
judge_batch(struct hl7_file *f, struct err *e)
{
	static const enum err_code codes[] = {
	    [MISMATCH_HOLD] = ERR_HELD, [MISMATCH_REFUSE] = ERR_REFUSED};
	const struct hl7_batch *b = hl7_reader_batch(f->reader);
	const struct settings *set = &f->feed->set;

	if (b->mismatch && set->on_count_mismatch != MISMATCH_DELIVER)
		return err_set(e, codes[set->on_count_mismatch],
		    "%s; have it exported again, or set on_count_mismatch = deliver",
		    b->reason);
	if (b->mismatch)
		tell(f, &(struct problem){
			    .code = PROBLEM_HL7_COUNT, .weight = WEIGHT_WARNING});
	if (!b->untrailed)
		return 0;
	if (set->trailer != 0)
		return err_set(e, ERR_HELD,
		    "the file has FHS or BHS, but not the FTS or BTS that trailer = "
		    "required asks for");
	if (b->open && hl7_reader_unterminated(f->reader))
		return err_set(e, ERR_HELD,
		    "the file may have been cut: its last FHS or BHS has no FTS or BTS, "
		    "and its last segment has no end; have it exported again");
	tell(f, &(struct problem){.code = PROBLEM_HL7_TRAILER, .weight = WEIGHT_WARNING});
	return 0;
}

static int
end_file(void *file, struct err *e)
{
	struct hl7_file *f = file;

	return hl7_reader_end(f->reader, e) != 0 ? -1 : judge_batch(f, e);
}

static const char *
found(void *file, enum found_form form)
{
	bool words = form == FOUND_WORDS;
	struct hl7_file *f = file;
	int n;

	n = snprintf(
	    f->found, sizeof(f->found), "%s", words ? "messages in " : "charset=");
	hl7_charsets_names(
	    f->charsets, words ? ", " : ",", f->found + n, sizeof(f->found) - (size_t)n);
	return f->found;
}

static void
explain_row(void *file, uint64_t row, struct json *explain)
{
	struct hl7_file *f = file;

	f->explain = explain;
	f->explain_row = row;
}

static void
list_fields(void *file, uint64_t row, const struct mapper_fields *to)
{
	struct hl7_file *f = file;

	f->fields = to;
	f->fields_row = row;
}

static bool
acks_wanted(const void *self)
{
	const struct hl7_feed *f = self;

	return f->set.ack != 0;
}

static const struct format_receipts receipts = {
    .wanted = acks_wanted,
    .word = hl7_ack_word,
    .open = hl7_ack_open,
    .problem = hl7_ack_problem,
    .close = hl7_ack_close,
};

const struct format_ops format_hl7 = {
    .name = "hl7",
    .receipts = &receipts,
    .compile = compile,
    .discard = discard,
    .fingerprint = fingerprint,
    .map = feed_map,
    .open = open_file,
    .feed = feed_file,
    .end = end_file,
    .found = found,
    .explain = explain_row,
    .fields = list_fields,
    .close = close_file,
};
