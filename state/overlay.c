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

/* 64 bits of a keyed digest: two records alike cost one needless delivery, no more. */
struct slot {
	uint64_t key;
	uint64_t content;
	uint32_t at;    /* seconds since 1970, 0: none */
	uint32_t batch; /* 0: an empty slot */
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

static uint64_t
slot_key(const struct record_key *k)
{
	uint64_t v;

	memcpy(&v, k->digest.b, sizeof(v));
	return v ^ (uint64_t)k->type << 56;
}

static struct slot *
find(const struct segment *s, uint64_t key)
{
	size_t i = (size_t)(key >> 8) % s->cap;

	while (s->slots[i].batch != 0 && s->slots[i].key != key)
		if (++i == s->cap)
			i = 0;
	return &s->slots[i];
}

int
overlay_get(const struct overlay *o, const struct record_key *k, struct changed *out)
{
	uint64_t key = slot_key(k);
	const struct segment *s = &o->segment[key % SEGMENTS];
	const struct slot *found;

	if (s->cap == 0)
		return 0;
	found = find(s, key);
	*out = (struct changed){.content = found->content,
	    .at = found->at == 0 ? TIME_NONE : (int64_t)found->at * 1000,
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

/* Times outside 1970 to 2106 count as none: a change is then judged by content alone. */
static uint32_t
seconds(int64_t at)
{
	return at == TIME_NONE || at < 0 || at / 1000 > UINT32_MAX
		   ? 0
		   : (uint32_t)(at / 1000);
}

int
overlay_put(
    struct overlay *o, const struct record_key *k, const struct changed *c, struct err *e)
{
	uint64_t key = slot_key(k);
	struct segment *s = &o->segment[key % SEGMENTS];
	struct slot *slot;

	if ((s->used + 1) * LOAD_DEN > s->cap * LOAD_NUM && grow(s, e) != 0)
		return -1;
	slot = find(s, key);
	s->used += slot->batch == 0;
	*slot = (struct slot){key, c->content, seconds(c->at), c->batch};
	return 0;
}
