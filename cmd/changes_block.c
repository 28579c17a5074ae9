#include "cmd/changes_block.h"

#include <stdlib.h>

#define DETAILS_MAX (BLOCK_RECORDS * 128u) /* bytes: one of each record */

void
block_init(struct block *b)
{
	b->n = b->judged = b->nrefs = b->refs_cap = 0;
	b->refs = NULL;
	buf_init(&b->text, BLOCK_BYTES + DATA_MAX);
	buf_init(&b->details, DETAILS_MAX);
}

void
block_release(struct block *b)
{
	free(b->refs);
	buf_release(&b->text);
	buf_release(&b->details);
}

void
block_clear(struct block *b)
{
	b->n = b->judged = b->nrefs = 0;
	buf_clear(&b->text);
	buf_clear(&b->details);
}

bool
block_is_full(const struct block *b)
{
	return b->n == BLOCK_RECORDS || b->text.n >= BLOCK_BYTES;
}

struct span
block_text(const struct block *b, struct place p)
{
	return (struct span){b->text.p + p.at, p.n};
}

static struct place
keep(struct block *b, struct span s)
{
	struct place p = {(uint32_t)b->text.n, (uint32_t)s.n};

	buf_add_span(&b->text, s);
	return p;
}

/* What is compared: operation and data, as they will be sent. */
static void
keep_data(struct block *b, struct candidate *k, const struct record *r)
{
	struct json j;

	k->content = keep(b, span_of(record_op_name(r->op)));
	k->data.at = (uint32_t)b->text.n;
	jw_init(&j, &b->text);
	record_write_data(r, &j);
	k->data.n = (uint32_t)b->text.n - k->data.at;
	k->content.n = (uint32_t)b->text.n - k->content.at;
}

static struct span
retired_of(const struct record *r)
{
	int at = schema_field(r->schema, SPAN_LIT("retired_id"));

	for (size_t i = 0; i < r->nvalues; i++)
		if (r->values[i].field == at)
			return r->values[i].text;
	return (struct span){NULL, 0};
}

/* A merge is about the retired id, and has no time of its own: it is never stale. */
static void
keep_merge(struct block *b, struct candidate *k, const struct record *r)
{
	k->at = k->latest = TIME_NONE;
	k->window = (int64_t)r->row;
	k->of = keep(b, retired_of(r));
}

/* It stands in where the map has no event time; nothing is judged by it as files come. */
static void
take_file_time(const struct changes_conf *conf, struct candidate *k)
{
	k->file_at = conf->file_at;
	if (conf->old)
		k->latest = conf->file_at;
}

static void
add_ref(void *arg, enum record_type type, struct span id)
{
	struct block *b = arg;
	size_t cap = b->refs_cap * 2 + 64;
	struct ref *more;

	if (b->nrefs == b->refs_cap) {
		if ((more = reallocarray(b->refs, cap, sizeof(*more))) == NULL) {
			buf_no_memory(&b->text);
			return;
		}
		b->refs = more;
		b->refs_cap = cap;
	}
	b->refs[b->nrefs++] = (struct ref){type, keep(b, id)};
	b->records[b->n].nrefs++;
}

static int
added(struct block *b, struct err *e)
{
	if (buf_check(&b->text, "a record", e) != 0)
		return -1;
	b->n++;
	return 0;
}

int
block_add(struct block *b, const struct changes_conf *conf, const struct record *r,
    uint64_t of_row, struct err *e)
{
	struct candidate *k = &b->records[b->n];

	*k = (struct candidate){.schema = r->schema,
	    .op = r->op,
	    .patched = r->patched,
	    .unmerge = r->unmerge,
	    .at = r->event_at,
	    .latest = r->event_latest,
	    .window = r->window,
	    .file_at = TIME_NONE,
	    .row = r->row,
	    .refs = (uint32_t)b->nrefs,
	    .outcome = {.of_row = of_row}};
	k->id = k->of = keep(b, r->id);
	k->event = keep(b, r->event_at_text);
	k->trigger = keep(b, r->event);
	k->control = keep(b, r->control);
	keep_data(b, k, r);
	if (r->op == OP_MERGE)
		keep_merge(b, k, r);
	else if (!r->timed)
		take_file_time(conf, k);
	record_each_ref(r, add_ref, b);
	return added(b, e);
}

int
block_add_present(struct block *b, const struct record *r, struct err *e)
{
	struct candidate *k = &b->records[b->n];

	*k = (struct candidate){
	    .schema = r->schema, .patched = r->patched, .present = true};
	k->id = keep(b, r->id);
	return added(b, e);
}

static void
tell_late(
    const struct block *b, const struct candidate *k, const struct changes_conf *conf)
{
	struct problem p = {.code = k->late,
	    .weight = k->late == PROBLEM_SUPERSEDED ? WEIGHT_WARNING : WEIGHT_REJECT,
	    .row = k->row,
	    .type = k->schema->name,
	    .detail = {b->details.p + k->detail.at, k->detail.n}};

	if (k->late == PROBLEM_RETIRED_ID)
		p.field = k->schema->type == RECORD_PATIENT ? "id" : "patient_id";
	conf->problem(conf->arg, &p);
}

void
block_tell(const struct block *b, const struct changes_conf *conf)
{
	for (size_t i = 0; i < b->judged; i++) {
		const struct candidate *k = &b->records[i];

		if (conf->judged != NULL)
			conf->judged(conf->arg, &k->outcome);
		if (conf->problem != NULL && k->late != PROBLEM_NONE)
			tell_late(b, k, conf);
	}
}
