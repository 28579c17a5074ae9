#include "cmd/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "outbound/outbox.h"

#define RECORDS_FIRST 64

void
frame_init(struct frame *f)
{
	*f = (struct frame){.number = 0};
	buf_init(&f->json, OUTBOX_FRAME_MAX / 2);
	buf_init(&f->ids, OUTBOX_FRAME_MAX / 4);
}

void
frame_release(struct frame *f)
{
	free(f->records);
	buf_release(&f->json);
	buf_release(&f->ids);
	frame_init(f);
}

void
frame_clear(struct frame *f)
{
	f->n = f->size = 0;
	f->after = 0;
	buf_clear(&f->json);
	buf_clear(&f->ids);
}

static int
room(struct frame *f, size_t n)
{
	size_t cap = f->cap == 0 ? RECORDS_FIRST : f->cap;
	struct frame_record *r;

	if (n <= f->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	if ((r = reallocarray(f->records, cap, sizeof(*r))) == NULL)
		return -1;
	f->records = r;
	f->cap = cap;
	return 0;
}

const char *
frame_type_name(enum record_type type)
{
	return schema_by_type(type == RECORD_RETIRED ? RECORD_PATIENT : type)->name;
}

/* The object as far as its version: what is known of a record without its values. */
static void
write_head(const struct frame_record *r, const char *source, struct json *j)
{
	static const struct jw_ready n = JW_READY("n"), op = JW_READY("op"),
				     type = JW_READY("type"), from = JW_READY("source"),
				     id = JW_READY("id"), version = JW_READY("version");
	char hex[2 * DIGEST_SIZE + 1];

	digest_hex(&r->entry.content, hex);
	jw_object(j);
	jw_put_ready_uint(j, &n, r->n);
	jw_put_ready(j, &op, span_of(record_op_name(r->op)));
	jw_put_ready(j, &type, span_of(frame_type_name(r->entry.key.type)));
	jw_put_ready(j, &from, span_of(source));
	jw_put_ready(j, &id, r->name);
	jw_put_ready(j, &version, (struct span){hex, 2 * DIGEST_SIZE});
}

#define HEAD_KEYS "{\"n\":,\"op\":,\"type\":,\"source\":,\"id\":,\"version\":"

static size_t
digits(uint64_t v)
{
	size_t n = 1;

	for (; v > 9; v /= 10)
		n++;
	return n;
}

size_t
frame_size(const struct outgoing *o, const char *source)
{
	return sizeof(HEAD_KEYS) - 1 + digits(o->n) +
	       jw_string_size(span_of(record_op_name(o->op))) +
	       jw_string_size(span_of(frame_type_name(o->entry.key.type))) +
	       jw_string_size(span_of(source)) + jw_string_size(o->name) +
	       2 * DIGEST_SIZE + 2 + o->rest.n;
}

int
frame_add(struct frame *f, const struct outgoing *o)
{
	bool named = !span_eq(o->name, o->entry.id);

	if (room(f, f->n + 1) != 0)
		return -1;
	f->records[f->n] = (struct frame_record){.n = o->n,
	    .row = o->row,
	    .length = (uint32_t)o->rest.n,
	    .op = o->op,
	    .refers = o->refers,
	    .entry = o->entry};
	buf_add_span(&f->json, o->rest);
	buf_add_span(&f->ids, o->entry.id);
	if (named) {
		f->records[f->n].name.n = o->name.n;
		buf_add_span(&f->ids, o->name);
	}
	if (f->json.failed || f->ids.failed)
		return -1;
	f->size += o->size + (f->size > 0 && o->size > 0);
	f->n++;
	return 0;
}

/* The outbox never leaves this process, so the structs go in as they lie. */
struct head {
	uint64_t lane, number, after, n, size, json, ids;
};

/* A record as it is encoded. */
struct packed {
	struct digest key, content;
	int64_t at, window;
	uint64_t n, row;
	uint32_t rest;     /* bytes of the JSON, behind those of the records before it */
	uint32_t id, name; /* bytes of the ids; no name: it is the id */
	uint8_t type, op, removed, refers;
};

static struct packed
pack(const struct frame_record *r)
{
	return (struct packed){.key = r->entry.key.digest,
	    .content = r->entry.content,
	    .at = r->entry.at,
	    .window = r->entry.window,
	    .n = r->n,
	    .row = r->row,
	    .rest = r->length,
	    .id = (uint32_t)r->entry.id.n,
	    .name = (uint32_t)r->name.n,
	    .type = (uint8_t)r->entry.key.type,
	    .op = (uint8_t)r->op,
	    .removed = r->entry.removed,
	    .refers = r->refers};
}

void
frame_encode(const struct frame *f, struct buf *out)
{
	struct head h = {
	    f->lane, f->number, f->after, f->n, f->size, f->json.n, f->ids.n};

	buf_add(out, &h, sizeof(h));
	for (size_t i = 0; i < f->n; i++) {
		struct packed p = pack(&f->records[i]);

		buf_add(out, &p, sizeof(p));
	}
	buf_add(out, f->json.p, f->json.n);
	buf_add(out, f->ids.p, f->ids.n);
}

uint64_t
frame_lane(struct span bytes)
{
	struct head h = {.lane = 0};

	if (bytes.n >= sizeof(h))
		memcpy(&h, bytes.p, sizeof(h));
	return h.lane;
}

/* The next `n` bytes. */
static struct span
take(struct span *from, size_t n)
{
	struct span out = {from->p, n};

	from->p += n;
	from->n -= n;
	return out;
}

static struct frame_record
unpack(const struct packed *p, struct span *ids)
{
	struct frame_record r = {.n = p->n,
	    .row = p->row,
	    .op = (enum record_op)p->op,
	    .refers = p->refers != 0,
	    .entry = {.key = {(enum record_type)p->type, p->key},
		.content = p->content,
		.at = p->at,
		.window = p->window,
		.removed = p->removed != 0,
		.id = take(ids, p->id)}};

	r.name = p->name > 0 ? take(ids, p->name) : r.entry.id;
	return r;
}

static void
write_object(
    struct frame *f, struct frame_record *r, struct span rest, const char *source)
{
	struct json j;

	if (rest.n == 0)
		return;
	if (f->json.n > 0)
		buf_add_char(&f->json, ',');
	r->at = (uint32_t)f->json.n;
	jw_init(&j, &f->json);
	write_head(r, source, &j);
	buf_add_span(&f->json, rest);
	r->length = (uint32_t)(f->json.n - r->at);
}

static void
unpack_all(struct frame *f, struct span packed, struct span rests, const char *source)
{
	struct span ids = buf_span(&f->ids);
	struct packed p;

	for (size_t i = 0; i < f->n; i++) {
		memcpy(&p, take(&packed, sizeof(p)).p, sizeof(p));
		f->records[i] = unpack(&p, &ids);
		write_object(f, &f->records[i], take(&rests, p.rest), source);
	}
}

int
frame_decode(struct frame *f, struct span bytes, const char *source, struct err *e)
{
	struct span packed, rests;
	struct head h;

	frame_clear(f);
	if (bytes.n < sizeof(h))
		return err_set(e, ERR_INTERNAL, "the outbox gave a short frame");
	memcpy(&h, take(&bytes, sizeof(h)).p, sizeof(h));
	if (bytes.n != h.n * sizeof(struct packed) + h.json + h.ids)
		return err_set(
		    e, ERR_INTERNAL, "the outbox gave a frame of another length");
	if (room(f, h.n) != 0)
		return err_nomem(e);
	f->lane = h.lane;
	f->number = h.number;
	f->after = h.after;
	f->n = h.n;
	f->size = h.size;
	packed = take(&bytes, h.n * sizeof(struct packed));
	rests = take(&bytes, h.json);
	buf_add_span(&f->ids, bytes);
	if (!f->ids.failed && buf_reserve(&f->json, h.size) != NULL)
		unpack_all(f, packed, rests, source);
	if (f->json.failed || f->ids.failed) {
		frame_clear(f);
		return err_nomem(e);
	}
	return 0;
}
