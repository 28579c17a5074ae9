#include "cmd/parcel.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbound/outbox.h"

void
parcel_init(struct parcel *p)
{
	*p = (struct parcel){.state = PARCEL_FREE};
	frame_init(&p->frame);
	intent_init(&p->intent);
	buf_init(&p->body, OUTBOX_FRAME_MAX);
}

void
parcel_release(struct parcel *p)
{
	frame_release(&p->frame);
	intent_release(&p->intent);
	parts_release(&p->parts);
	buf_release(&p->body);
	free(p->records);
	free(p->place);
}

void
parcel_swap(struct parcel *a, struct parcel *b)
{
	struct parcel was = *a;

	*a = *b;
	*b = was;
	a->batch.tag = a;
	b->batch.tag = b;
}

static int
room(struct parcel *p, size_t n)
{
	void *r, *pl;

	if (n <= p->cap)
		return 0;
	r = reallocarray(p->records, n, sizeof(*p->records));
	p->records = r != NULL ? r : p->records;
	pl = reallocarray(p->place, n, sizeof(*p->place));
	p->place = pl != NULL ? pl : p->place;
	if (r == NULL || pl == NULL)
		return -1;
	p->cap = n;
	return 0;
}

int
parcel_fill(struct parcel *p, struct frame *f, struct err *e)
{
	struct frame swap = p->frame;

	p->frame = *f;
	*f = swap;
	if (room(p, p->frame.n) != 0 || parts_start(&p->parts, &p->frame) != 0)
		return err_nomem(e);
	return 0;
}

int
parcel_intend(struct parcel *p, const struct site_keys *k, uint32_t scope, struct err *e)
{
	intent_start(&p->intent, p->frame.number, p->frame.n);
	for (size_t i = 0; i < p->frame.n; i++)
		intent_add(&p->intent, k, &p->frame.records[i].entry);
	return intent_end(&p->intent, k, scope, e);
}

enum parcel_state
parcel_next(const struct parcel *p)
{
	struct part part;

	if (parts_next(&p->parts, &part))
		return PARCEL_DUE;
	return p->parts.ndoubts > 0 ? PARCEL_IN_DOUBT : PARCEL_DONE;
}

static void
write_head(const struct parcel *p, const struct pass *pass, struct json *j)
{
	char hex[2 * SHA256_SIZE + 1];

	jw_object(j);
	jw_put_cstr(j, "schema", "emrdrop/1");
	jw_put_cstr(j, "feed", pass->feed);
	jw_key(j, SPAN_LIT("file"));
	jw_object(j);
	digest_hex(&pass->file, hex);
	jw_put_cstr(j, "id", hex);
	hex_encode(pass->sha256, SHA256_SIZE, hex);
	jw_put_cstr(j, "sha256", hex);
	jw_object_end(j);
	jw_put_uint(j, "pass", pass->number);
	jw_put_cstr(j, "batch", p->batch.path);
	jw_key(j, SPAN_LIT("records"));
	jw_array(j);
}

/* The record's object within the body; its place is fixed up once the body is whole. */
static void
note_record(struct parcel *p, size_t from)
{
	const struct frame_record *fr = &p->frame.records[from];
	struct batch_record *r = &p->records[p->batch.n];

	*r = (struct batch_record){.n = fr->n,
	    .json = {NULL, fr->length},
	    .type = frame_type_name(fr->entry.key.type),
	    .id = fr->name,
	    .remove = fr->op == OP_DELETE,
	    .refers = fr->refers};
	p->place[p->batch.n++] = from;
}

static struct digest
batch_key(const struct parcel *p, struct ledger *l, const struct pass *pass)
{
	char number[24];
	const struct span parts[] = {{(const char *)ledger_id(l), LEDGER_ID_SIZE},
	    span_of(pass->feed),
	    {number, (size_t)snprintf(number, sizeof(number), "%llu",
			 (unsigned long long)pass->number)},
	    span_of(p->batch.path), buf_span(&p->body)};

	return digest_parts(ledger_keys(l), KEY_BATCH, parts, 5);
}

static int
write_body(struct parcel *p, const struct pass *pass, struct err *e)
{
	size_t *starts = calloc(p->frame.n + 1, sizeof(*starts));
	struct json j;

	if (starts == NULL)
		return err_nomem(e);
	buf_clear(&p->body);
	jw_init(&j, &p->body);
	write_head(p, pass, &j);
	for (size_t at = p->part.lo; at < p->part.hi; at++) {
		const struct frame_record *fr = &p->frame.records[p->parts.sent[at]];
		bool due = parts_hold(&p->parts, &p->part, at);

		if (!due && !p->singly)
			continue;
		jw_raw(&j, (struct span){p->frame.json.p + fr->at, fr->length});
		starts[p->batch.n] = p->body.n - fr->length;
		if (due)
			note_record(p, p->parts.sent[at]);
	}
	jw_array_end(&j);
	jw_object_end(&j);
	for (size_t i = 0; i < p->batch.n; i++)
		p->records[i].json.p = p->body.p + starts[i];
	free(starts);
	return buf_check(&p->body, "a batch", e);
}

int
parcel_pack(struct parcel *p, struct ledger *l, const struct pass *pass, struct err *e)
{
	struct digest key;

	if (!parts_next(&p->parts, &p->part))
		return err_set(e, ERR_INTERNAL, "nothing of a batch is to be sent");
	p->batch = (struct batch){
	    .number = p->frame.number, .records = p->records, .tag = p};
	parts_path(&p->parts, p->frame.number, &p->part, p->batch.path);
	if (write_body(p, pass, e) != 0)
		return -1;
	key = batch_key(p, l, pass);
	digest_hex(&key, p->batch.key);
	p->batch.body = buf_span(&p->body);
	return 0;
}
