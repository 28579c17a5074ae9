#include "state/overlay.h"

#include <stdlib.h>
#include <string.h>

/*
 * Open addressing in many small tables, each grown by a third on its own, so that
 * growing never needs the whole twice. Entries are never removed.
 */
#define SEGMENTS    256
#define SEGMENT_MIN 64
#define LOAD_NUM    17 /* at most 17/20 full */
#define LOAD_DEN    20

struct slot {
	uint64_t key;
	uint64_t content;
	uint32_t more; /* 32 more bits of the key; 0 and 0: empty */
	uint32_t batch;
};

struct segment {
	struct slot *slots;
	size_t cap, used;
};

struct overlay {
	struct segment segment[SEGMENTS];
};

struct overlay *
overlay_new(struct err *e)
{
	struct overlay *o = calloc(1, sizeof(*o));

	if (o == NULL)
		err_nomem(e);
	return o;
}

void
overlay_free(struct overlay *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < SEGMENTS; i++)
		free(o->segment[i].slots);
	free(o);
}

uint64_t
overlay_content(const struct digest *content)
{
	uint64_t v;

	memcpy(&v, content->b, sizeof(v));
	return v;
}

static void
slot_key(const struct record_key *k, struct slot *out)
{
	memcpy(&out->key, k->digest.b, sizeof(out->key));
	memcpy(&out->more, k->digest.b + sizeof(out->key), sizeof(out->more));
	out->more |= 1; /* never empty */
}

static struct slot *
find(const struct segment *s, const struct slot *want)
{
	size_t i = (size_t)(want->key >> 8) % s->cap;

	while (s->slots[i].more != 0 &&
	       (s->slots[i].key != want->key || s->slots[i].more != want->more))
		if (++i == s->cap)
			i = 0;
	return &s->slots[i];
}

static const struct segment *
segment_of(const struct overlay *o, const struct slot *want)
{
	return &o->segment[want->key % SEGMENTS];
}

int
overlay_get(const struct overlay *o, const struct record_key *k, uint64_t *content,
    uint32_t *batch)
{
	const struct segment *s;
	const struct slot *found;
	struct slot want;

	slot_key(k, &want);
	s = segment_of(o, &want);
	if (s->cap == 0)
		return 0;
	found = find(s, &want);
	*content = found->content;
	*batch = found->batch;
	return found->more != 0;
}

static int
grow(struct segment *s, struct err *e)
{
	struct segment bigger = {.cap = s->cap == 0 ? SEGMENT_MIN : s->cap + s->cap / 3};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].more != 0)
			*find(&bigger, &s->slots[i]) = s->slots[i];
	free(s->slots);
	s->slots = bigger.slots;
	s->cap = bigger.cap;
	return 0;
}

int
overlay_put(struct overlay *o, const struct record_key *k, uint64_t content,
    uint32_t batch, struct err *e)
{
	struct slot want = {.content = content, .batch = batch}, *slot;
	struct segment *s;

	slot_key(k, &want);
	s = &o->segment[want.key % SEGMENTS];
	if ((s->used + 1) * LOAD_DEN > s->cap * LOAD_NUM && grow(s, e) != 0)
		return -1;
	slot = find(s, &want);
	s->used += slot->more == 0;
	*slot = want;
	return 0;
}
