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

/*
 * 64 bits of the key and 48 of the content, both keyed digests. Among ten million
 * records two have the same key with odds of 1 in 400,000.
 */
struct slot {
	uint64_t key;
	uint64_t content : 48, at_high : 16; /* at: 48 bits of ms since 1970, 0: none */
	uint32_t at_low;
	uint32_t batch; /* 0: an empty slot */
};

#define CONTENT_MASK ((UINT64_C(1) << 48) - 1)
#define AT_MAX       ((INT64_C(1) << 48) - 1)

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
	return v & CONTENT_MASK;
}

static uint64_t
slot_key(const struct record_key *k)
{
	uint64_t v;

	memcpy(&v, k->digest.b, sizeof(v));
	return v ^ (uint64_t)k->type << 56;
}

/* Where a key is looked for first: as a share of all places, which needs no division. */
static size_t
home(const struct segment *s, uint64_t key)
{
	return (size_t)((key >> 8 & UINT32_MAX) * s->cap >> 32);
}

static struct slot *
find(const struct segment *s, uint64_t key)
{
	size_t i = home(s, key);

	while (s->slots[i].batch != 0 && s->slots[i].key != key)
		if (++i == s->cap)
			i = 0;
	return &s->slots[i];
}

void
overlay_expect(const struct overlay *o, const struct record_key *k)
{
	uint64_t key = slot_key(k);
	const struct segment *s = &o->segment[key % SEGMENTS];

	if (s->cap > 0)
		__builtin_prefetch(&s->slots[home(s, key)], 0, 2);
}

int
overlay_get(const struct overlay *o, const struct record_key *k, struct changed *out)
{
	uint64_t key = slot_key(k);
	const struct segment *s = &o->segment[key % SEGMENTS];
	const struct slot *found;
	int64_t at;

	if (s->cap == 0)
		return 0;
	found = find(s, key);
	at = (int64_t)((uint64_t)found->at_high << 32 | found->at_low);
	*out = (struct changed){.content = found->content,
	    .at = at == 0 ? TIME_NONE : at,
	    .batch = found->batch};
	return found->batch != 0;
}

static int
grow(struct segment *s, struct err *e)
{
	struct segment bigger = {.cap = s->cap == 0 ? SEGMENT_MIN : s->cap + s->cap / 3};

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].batch != 0)
			*find(&bigger, s->slots[i].key) = s->slots[i];
	free(s->slots);
	s->slots = bigger.slots;
	s->cap = bigger.cap;
	return 0;
}

int
overlay_put(
    struct overlay *o, const struct record_key *k, const struct changed *c, struct err *e)
{
	uint64_t key = slot_key(k);
	struct segment *s = &o->segment[key % SEGMENTS];
	/* Before 1970, or beyond 8000 years: judged by content alone. */
	uint64_t at = c->at == TIME_NONE || c->at < 0 || c->at > AT_MAX ? 0
									: (uint64_t)c->at;
	struct slot *slot;

	if ((s->used + 1) * LOAD_DEN > s->cap * LOAD_NUM && grow(s, e) != 0)
		return -1;
	slot = find(s, key);
	s->used += slot->batch == 0;
	*slot = (struct slot){.key = key,
	    .content = c->content & CONTENT_MASK,
	    .at_high = at >> 32 & 0xffff,
	    .at_low = (uint32_t)at,
	    .batch = c->batch};
	return 0;
}
