#include "cmd/frame.h"

#include <stdlib.h>
#include <string.h>

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
	f->n = 0;
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

struct frame_record *
frame_add(struct frame *f, const struct entry *entry, struct span json)
{
	struct frame_record *r;

	if (room(f, f->n + 1) != 0)
		return NULL;
	if (f->json.n > 0 && json.n > 0)
		buf_add_char(&f->json, ',');
	r = &f->records[f->n];
	*r = (struct frame_record){.at = (uint32_t)f->json.n,
	    .length = (uint32_t)json.n,
	    .entry = *entry,
	    .id_at = (uint32_t)f->ids.n,
	    .name = entry->id,
	    .name_at = (uint32_t)f->ids.n};
	buf_add_span(&f->json, json);
	buf_add_span(&f->ids, entry->id);
	if (f->json.failed || f->ids.failed)
		return NULL;
	f->n++;
	return r;
}

int
frame_name(struct frame *f, struct span id)
{
	struct frame_record *r = &f->records[f->n - 1];

	r->name = id;
	r->name_at = (uint32_t)f->ids.n;
	buf_add_span(&f->ids, id);
	return f->ids.failed ? -1 : 0;
}

/* The outbox never leaves this process, so the structs go in as they lie. */
struct head {
	uint64_t lane, number, after, n, json, ids;
};

void
frame_encode(const struct frame *f, struct buf *out)
{
	struct head h = {f->lane, f->number, f->after, f->n, f->json.n, f->ids.n};

	buf_add(out, &h, sizeof(h));
	buf_add(out, f->records, f->n * sizeof(*f->records));
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

int
frame_decode(struct frame *f, struct span bytes, struct err *e)
{
	struct head h;
	const char *p;

	frame_clear(f);
	if (bytes.n < sizeof(h))
		return err_set(e, ERR_INTERNAL, "the outbox gave a short frame");
	memcpy(&h, bytes.p, sizeof(h));
	p = bytes.p + sizeof(h);
	if (bytes.n != sizeof(h) + h.n * sizeof(*f->records) + h.json + h.ids)
		return err_set(
		    e, ERR_INTERNAL, "the outbox gave a frame of another length");
	if (room(f, h.n) != 0)
		return err_nomem(e);
	f->lane = h.lane;
	f->number = h.number;
	f->after = h.after;
	f->n = h.n;
	if (h.n > 0)
		memcpy(f->records, p, h.n * sizeof(*f->records));
	p += h.n * sizeof(*f->records);
	buf_add(&f->json, p, h.json);
	buf_add(&f->ids, p + h.json, h.ids);
	if (f->json.failed || f->ids.failed)
		return err_nomem(e);
	for (size_t i = 0; i < f->n; i++) {
		f->records[i].entry.id.p = f->ids.p + f->records[i].id_at;
		f->records[i].name.p = f->ids.p + f->records[i].name_at;
	}
	return 0;
}
