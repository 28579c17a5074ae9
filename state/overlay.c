#include "state/overlay.h"

#include <stdlib.h>
#include <string.h>

/*
 * Open addressing in one table that grows by an eighth where it stands, so that it is
 * nearly full and nothing is ever there twice. Entries are never removed. They are in the
 * order of their keys, with gaps: a search ends at the first greater one, which in a table
 * as full as this is much nearer than the next gap; and those of a larger table are all
 * farther from its beginning, so that it is filled from the end.
 */
#define GROW_DEN 8
#define GROW_MIN 1024 /* slots */
#define TAIL     64   /* slots behind the last home; the last one is always empty */
#define LOAD_NUM 9    /* at most 9/10 full */
#define LOAD_DEN 10
#define PIECE    1024 /* slots that are moved at a time: 24 KB, which a cache holds */

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

struct overlay {
	struct slot *slots; /* cap + TAIL of them, none if cap is 0 */
	size_t cap, used;
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
	free(o->slots);
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
static struct slot *
home(const struct overlay *o, uint64_t key)
{
	return &o->slots[(key >> 32) * o->cap >> 32];
}

/* Where it is, or would be. */
static struct slot *
find(const struct overlay *o, uint64_t key)
{
	struct slot *at = home(o, key);

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
	if (o->cap > 0)
		__builtin_prefetch(home(o, slot_key(k)), 0, 2);
}

int
overlay_get(const struct overlay *o, const struct record_key *k, struct changed *out)
{
	uint64_t key = slot_key(k);
	const struct slot *found;
	int64_t at;

	if (o->cap == 0)
		return 0;
	found = find(o, key);
	if (!holds(found, key))
		return 0;
	at = (int64_t)((uint64_t)found->at_high << 32 | found->at_low);
	*out = (struct changed){.content = found->content,
	    .at = at == 0 ? TIME_NONE : at,
	    .batch = found->batch};
	return 1;
}

/*
 * Those between `from` and `end`, without the gaps, to just before `to`, which is not
 * before `end`. Returns where the first is. A gap is copied too, and then written over: a
 * branch that asks would be guessed wrong once in ten times.
 */
static struct slot *
pack(const struct slot *from, const struct slot *end, struct slot *to)
{
	while (end > from) {
		*--to = *--end;
		to += to->batch == 0;
	}
	return to;
}

/*
 * Those from `from` to `end`, each to its home or behind the one before it. Returns the
 * first one's home. None is moved towards the end: what is packed is as near to it as it
 * can be.
 */
static struct slot *
spread(const struct overlay *o, struct slot *from, const struct slot *end)
{
	struct slot *first, *next, *at;

	if (from == end)
		return from;
	first = next = home(o, from->key);
	memset(first, 0, (size_t)(from - first) * sizeof(*first));
	for (; from < end; from++) {
		const struct slot one = *from;

		from->batch = 0;
		at = home(o, one.key);
		at = at < next ? next : at;
		*at = one;
		next = at + 1;
	}
	return first;
}

/*
 * The first `left` slots are those of the smaller table. They are moved piece by piece, the
 * last one first. A piece begins behind a gap, so the one before it ends at least one
 * place before the first home in it, in the larger table as in the smaller: a later home
 * moves as far as an earlier one, or one place less where both are rounded. And as no
 * entry comes to stand nearer to the end than it stood, all fit.
 */
static void
rearrange(const struct overlay *o, size_t left)
{
	struct slot *to = o->slots + o->cap + TAIL;
	size_t begin;

	for (; left > 0; left = begin) {
		begin = left > PIECE ? left - PIECE : 0;
		while (begin > 0 && o->slots[begin - 1].batch != 0)
			begin--;
		to = spread(o, pack(&o->slots[begin], &o->slots[left], to), to);
	}
	memset(o->slots, 0, (size_t)(to - o->slots) * sizeof(*to));
}

static int
grow(struct overlay *o, struct err *e)
{
	size_t left = o->cap == 0 ? 0 : o->cap + TAIL;
	size_t cap = o->cap + o->cap / GROW_DEN + GROW_MIN;
	struct slot *slots = reallocarray(o->slots, cap + TAIL, sizeof(*slots));

	if (slots == NULL)
		return err_nomem(e);
	o->slots = slots;
	o->cap = cap;
	rearrange(o, left);
	return 0;
}

/* Its slot, a new one if there is none yet. NULL: the table must grow. */
static struct slot *
take(struct overlay *o, uint64_t key)
{
	struct slot *at = find(o, key), *gap = at;

	if (holds(at, key))
		return at;
	while (gap->batch != 0)
		gap++;
	if (gap == o->slots + o->cap + TAIL - 1)
		return NULL;
	memmove(at + 1, at, (size_t)(gap - at) * sizeof(*at));
	o->used++;
	return at;
}

int
overlay_put(
    struct overlay *o, const struct record_key *k, const struct changed *c, struct err *e)
{
	uint64_t key = slot_key(k);
	/* Before 1970, or beyond 8000 years: judged by content alone. */
	uint64_t at = c->at == TIME_NONE || c->at < 0 || c->at > AT_MAX ? 0
									: (uint64_t)c->at;
	struct slot *slot;

	if ((o->used + 1) * LOAD_DEN > o->cap * LOAD_NUM && grow(o, e) != 0)
		return -1;
	while ((slot = take(o, key)) == NULL)
		if (grow(o, e) != 0)
			return -1;
	*slot = (struct slot){.key = key,
	    .content = c->content & CONTENT_MASK,
	    .at_high = at >> 32 & 0xffff,
	    .at_low = (uint32_t)at,
	    .batch = c->batch};
	return 0;
}
