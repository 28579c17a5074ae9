#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "mappers/hl7_dtm.h"
#include "mappers/hl7_index.h"
#include "mappers/map_eval.h"

#define AHEAD_DAYS  (5 * 366) /* nobody books later visits: the year may be a slip */
#define BEHIND_DAYS (30 * 366)
#define YEAR_DAYS   366
#define STEPS_MAX   1000000000 /* segments looked at for one message: a second or two */

static bool
control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
	       c == 0x7f;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at a time: most cells have no byte under 0x20, nor 0x7f, at all. */
static bool
has_control(struct span s)
{
	size_t i = 0;
	uint64_t x, d;

	for (; i + sizeof(x) <= s.n; i += sizeof(x)) {
		memcpy(&x, s.p + i, sizeof(x));
		d = x ^ EACH(0x7f);
		if ((((x - EACH(0x20)) & ~x) | ((d - EACH(1)) & ~d)) & EACH(0x80))
			break;
	}
	while (i < s.n && !control(s.p[i]))
		i++;
	return i < s.n;
}

static void
check_controls(struct binding *b)
{
	for (size_t i = 0; i < b->nused; i++) {
		unsigned at = b->used[i];

		if (at >= b->row->n || !has_control(b->row->cells[at]))
			continue;
		eval_tell(b, &(struct problem){
				 .code = PROBLEM_CONTROL,
				 .weight = WEIGHT_WARNING,
				 .row = b->row->number,
				 .column = b->titles[at],
			     });
	}
}

/* Segment by segment: their ends are control characters, too. */
static void
check_message_controls(struct binding *b)
{
	const struct hl7_message *m = b->row->message;

	for (size_t i = 0; i < m->n; i++) {
		if (!m->segments[i].is_odd || !has_control(m->segments[i].text))
			continue;
		eval_tell(b, &(struct problem){
				 .code = PROBLEM_CONTROL,
				 .weight = WEIGHT_WARNING,
				 .row = b->row->number,
				 .column = {m->segments[i].text.p, 3},
			     });
	}
}

static void
set_now(struct run *r, int64_t now)
{
	int month, day;

	if (r->now == now)
		return;
	r->now = now;
	r->today = civil_day_of(now);
	civil_from_days(r->today + 1, &r->year, &month, &day);
	snprintf(r->tomorrow, sizeof(r->tomorrow), "%04d-%02d-%02d", r->year, month, day);
	civil_from_days(r->today, &r->year, &month, &day);
}

/* Both are ISO 8601, so that the earlier one comes first; a month may be all there is. */
bool
eval_lies_ahead(const struct binding *b, struct span date)
{
	size_t n = strlen(b->run.tomorrow);

	return memcmp(date.p, b->run.tomorrow, date.n < n ? date.n : n) > 0;
}

bool
eval_lies_far(struct binding *b, int64_t instant)
{
	int64_t days = instant / DAY_MS - b->run.today;

	/* What is known of a row is known for the year (csv_known.c). */
	b->run.fleeting |= days < YEAR_DAYS - BEHIND_DAYS;
	return days > AHEAD_DAYS || days < -BEHIND_DAYS;
}

static bool
lists_event(const struct item *it, struct span event)
{
	while (it != NULL && !span_eq_nocase(it->text, event))
		it = it->next;
	return it != NULL;
}

/* Room for one more record; NULL: it is too much, and told by check_limits. */
static struct record *
next_record(struct binding *b, unsigned n)
{
	size_t cap = 2 * b->records_cap;
	struct record *r;

	if (n < b->records_cap)
		return &b->records[n];
	if (n >= MAP_RECORDS_MAX) {
		b->run.full = true;
		return NULL;
	}
	if ((r = reallocarray(b->records, cap, sizeof(*r))) == NULL) {
		b->run.nomem = true;
		return NULL;
	}
	b->records = r;
	b->records_cap = cap;
	return &r[n];
}

/* The section's room for values is needed again: the record that has it gets its own. */
static void
keep_values(struct binding *b, struct record *r)
{
	struct value *own = arena_alloc(&b->run.arena, r->nvalues * sizeof(*own));

	if (own == NULL) {
		b->run.full = true;
		return;
	}
	if (r->nvalues > 0)
		memcpy(own, r->values, r->nvalues * sizeof(*own));
	r->values = own;
}

static void
check_first(struct binding *b, unsigned n)
{
	if (n > 0)
		return;
	if (b->row->message == NULL)
		check_controls(b);
	else
		check_message_controls(b);
}

static bool
same_data(const struct record *a, const struct record *b)
{
	for (size_t i = 0; i < a->nvalues && i < b->nvalues; i++)
		if (a->values[i].field != b->values[i].field ||
		    a->values[i].kind != b->values[i].kind ||
		    !span_eq(a->values[i].text, b->values[i].text))
			return false;
	return a->nvalues == b->nvalues;
}

/* Two of one message and one id would overwrite each other, and one be lost. */
static void
check_twins(struct binding *b, const struct section *sec, unsigned from, unsigned n)
{
	const struct record *r = &b->records[n];

	if (sec->op == OP_MERGE)
		return;
	for (unsigned i = from; i < n; i++) {
		if (!span_eq(b->records[i].id, r->id) || same_data(&b->records[i], r))
			continue;
		eval_tell(b, &(struct problem){.code = PROBLEM_SAME_ID,
				 .weight = WEIGHT_REJECT,
				 .row = b->row->number,
				 .type = sec->schema->name,
				 .field = "id"});
		return;
	}
}

/* A record for each segment that `each` names, in its group. */
static unsigned
eval_groups(struct binding *b, const struct section *sec, unsigned n)
{
	struct hl7_message *m = b->row->message;
	unsigned from = n;

	for (size_t at = hl7_path_next(&sec->each, &b->place, 0); at < m->n;
	    at = hl7_path_next(&sec->each, &b->place, at + 1)) {
		struct record *r;

		if (m->steps > STEPS_MAX) {
			b->run.limit = true;
			break;
		}
		hl7_place_group(&b->place, m, at);
		if (sec->when != NULL && !eval_condition(b, sec->when))
			continue;
		check_first(b, n);
		if (n > from)
			keep_values(b, &b->records[n - 1]);
		if ((r = next_record(b, n)) == NULL)
			break;
		eval_section(b, sec, r);
		check_twins(b, sec, from, n++);
	}
	hl7_place_init(&b->place, m);
	return n;
}

static unsigned
eval_one(struct binding *b, const struct section *sec, unsigned n)
{
	struct record *r;

	if (sec->group != NULL && columns_are_empty(b, sec->group))
		return n;
	if (sec->when != NULL && !eval_condition(b, sec->when))
		return n;
	check_first(b, n);
	if ((r = next_record(b, n)) == NULL)
		return n;
	eval_section(b, sec, r);
	return n + 1;
}

/* What sections without events made of the message is all that comes of it. */
static void
tell_event(struct binding *b)
{
	eval_tell(b, &(struct problem){.code = PROBLEM_HL7_EVENT,
			 .weight = WEIGHT_WARNING,
			 .row = b->row->number,
			 .column = SPAN_LIT("MSH-9.2")});
}

static unsigned
eval_sections(struct binding *b)
{
	bool events = false, listed = false;
	unsigned n = 0;

	for (size_t i = 0; i < b->map->nsections; i++) {
		const struct section *sec = &b->map->sections[i];

		events |= sec->events != NULL;
		if (sec->events != NULL && !lists_event(sec->events, b->event))
			continue;
		listed |= sec->events != NULL;
		b->whole = sec->op == OP_PUT || lists_event(sec->creates, b->event);
		n = sec->each.name != 0 ? eval_groups(b, sec, n) : eval_one(b, sec, n);
	}
	if (events && !listed)
		tell_event(b);
	return n;
}

/* The row is too much for us, or, which is not its fault, there is no memory at all. */
static int
check_limits(struct binding *b, unsigned n, struct err *e)
{
	int large = 0;

	for (unsigned i = 0; i < n && large == 0 && !b->rejected; i++)
		if ((large = record_is_large(&b->records[i], e)) < 0)
			return -1;
	b->run.limit |= large == 1;
	if (b->run.nomem || b->run.arena.nomem ||
	    (b->row->message != NULL && b->row->message->nomem))
		return err_nomem(e);
	if (b->run.full || b->run.limit)
		eval_tell(b, &(struct problem){
				 .code = PROBLEM_LIMIT,
				 .weight = WEIGHT_REJECT,
				 .row = b->row->number,
			     });
	return 0;
}

/* MSH-7's offset stands in for a zone that nothing else gives. */
static void
begin_message(struct binding *b, struct hl7_message *m)
{
	static const struct hl7_ref event = {.event = true};
	struct civil sent;
	struct hl7_hit hit;

	b->run.message = m;
	b->place.charsets = b->run.charsets;
	b->place.arena = &b->run.arena;
	hl7_index(m);
	hl7_place_init(&b->place, m);
	b->place.event = (struct span){NULL, 0};
	hl7_ref_find(&event, &b->place, &hit, 1);
	b->place.event = hit.raw;
	b->event = span_trim(hit.raw);
	/* As it was sent; an id that can't be read is left out. */
	if (run_decode(&b->run, hl7_field(m, 0, 10), &b->control) != PROBLEM_NONE)
		b->control = (struct span){NULL, 0};
	b->run.has_offset = hl7_dtm_parse(
				span_trim(hl7_leaf(&m->d, hl7_field(m, 0, 7))), &sent) &&
			    sent.has_offset;
	b->run.offset = b->run.has_offset ? sent.offset : 0;
}

static void
begin(struct binding *b, const struct row *r)
{
	arena_clear(&b->run.arena);
	b->run.full = b->run.nomem = b->run.limit = b->run.fleeting = false;
	b->run.ndtms = 0;
	b->row = r;
	b->rejected = false;
	b->ntold = 0;
	if (r->message != NULL)
		begin_message(b, r->message);
}

void
binding_start(struct binding *b, const struct mapper_sink *sink, int64_t now)
{
	set_now(&b->run, now);
	b->sink = sink;
	b->run.keys = sink->keys;
}

int
map_row(struct binding *b, const struct row *r, struct row_result *out, struct err *e)
{
	unsigned n = 0;

	begin(b, r);
	eval_made(b);
	*out = (struct row_result){.fate = ROW_REJECTED};
	if (b->map->when == NULL || eval_condition(b, b->map->when))
		n = eval_sections(b);
	if (check_limits(b, n, e) != 0 || eval_present(b, n, e) != 0)
		return -1;
	out->fleeting = b->run.fleeting;
	if (b->rejected)
		return 0;
	out->fate = n == 0 ? ROW_FILTERED : ROW_MAPPED;
	for (; out->records < n; out->records++)
		if (b->sink->record(b->sink->arg, &b->records[out->records], e) != 0)
			return -1;
	return 0;
}
