#include "state/overlay.h"

#include <stdlib.h>
#include <string.h>

/*
 * Open addressing in many small tables, each grown by a third on its own, so that
 * growing never needs the whole twice. Entries are never removed. Within a table they are
 * in the order of their keys, with gaps: a search ends at the first greater one, which in
 * a table as full as this is much nearer than the next gap.
 */
#define SEGMENTS    256
#define SEGMENT_MIN 64
#define TAIL        32 /* slots behind the last home; the last one is always empty */
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
	struct slot *slots; /* cap + TAIL of them, none if cap is 0 */
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
	return (size_t)((key >> 32) * s->cap >> 32);
}

/* Where it is, or would be. */
static struct slot *
find(const struct segment *s, uint64_t key)
{
	struct slot *at = &s->slots[home(s, key)];

	while (at->batch != 0 && at->key < key)
		at++;
	return at;
}

static bool
holds(const struct slot *at, uint64_t key)
{
	return at->batch != 0 && at->key == key;
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
	if (!holds(found, key))
		return 0;
	at = (int64_t)((uint64_t)found->at_high << 32 | found->at_low);
	*out = (struct changed){.content = found->content,
	    .at = at == 0 ? TIME_NONE : at,
	    .batch = found->batch};
	return 1;
}

/*
 * All of `from`, in its order. They fit: the larger the table the farther from its end is
 * each home, and none comes to stand nearer to it than it stood.
 */
static void
fill(struct segment *s, const struct segment *from)
{
	const struct slot *old = from->slots, *end = old + from->cap + TAIL;
	struct slot *next = s->slots, *at;

	for (; from->cap > 0 && old < end; old++) {
		if (old->batch == 0)
			continue;
		at = s->slots + home(s, old->key);
		if (at < next)
			at = next;
		*at = *old;
		next = at + 1;
	}
}

static int
grow(struct segment *s, struct err *e)
{
	struct segment bigger = {.used = s->used};

	bigger.cap = s->cap == 0 ? SEGMENT_MIN : s->cap + s->cap / 3;
	bigger.slots = calloc(bigger.cap + TAIL, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return err_nomem(e);
	fill(&bigger, s);
	free(s->slots);
	*s = bigger;
	return 0;
}

/* Its slot, a new one if there is none yet. NULL: the table must grow. */
static struct slot *
take(struct segment *s, uint64_t key)
{
	struct slot *at = find(s, key), *gap = at;

	if (holds(at, key))
		return at;
	while (gap->batch != 0)
		gap++;
	if (gap == s->slots + s->cap + TAIL - 1)
		return NULL;
	memmove(at + 1, at, (size_t)(gap - at) * sizeof(*at));
	s->used++;
	return at;
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
	while ((slot = take(s, key)) == NULL)
		if (grow(s, e) != 0)
			return -1;
	*slot = (struct slot){.key = key,
	    .content = c->content & CONTENT_MASK,
	    .at_high = at >> 32 & 0xffff,
	    .at_low = (uint32_t)at,
	    .batch = c->batch};
	return 0;
}
