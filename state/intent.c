#include "state/intent.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "state/pass_impl.h"

/* A value: how many entries, the offset of each, the entries. */
#define COUNT_SIZE  4
#define OFFSET_SIZE 4

#define CACHE_LINE 64 /* bytes; an entry begins in one and ends in the next */

void
intent_init(struct intent *in)
{
	*in = (struct intent){.n = 0};
	buf_init(&in->value, VALUE_MAX);
}

void
intent_release(struct intent *in)
{
	buf_release(&in->value);
}

void
intent_start(struct intent *in, uint64_t batch, size_t n)
{
	in->batch = batch;
	in->n = n;
	in->added = 0;
	buf_clear(&in->value);
	put_u32(&in->value, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		put_u32(&in->value, 0); /* until it is known */
}

/* An entry: type, key, content, at, window, removed, sealed id. */
static void
put_entry(struct buf *b, const struct site_keys *k, const struct entry *en)
{
	unsigned char sealed[RECORD_ID_MAX + SEAL_EXTRA];
	size_t n = en->id.n > RECORD_ID_MAX ? RECORD_ID_MAX : en->id.n;

	seal(k, &en->key.digest, en->id.p, n, sealed);
	put_u8(b, en->key.type);
	buf_add(b, en->key.digest.b, DIGEST_SIZE);
	buf_add(b, en->content.b, DIGEST_SIZE);
	put_i64(b, en->at);
	put_i64(b, en->window);
	put_u8(b, en->removed);
	put_text(b, (struct span){(char *)sealed, n + SEAL_EXTRA});
}

void
intent_add(struct intent *in, const struct site_keys *k, const struct entry *en)
{
	uint32_t at = htole32((uint32_t)in->value.n);

	assert(in->added < in->n);
	if (!in->value.failed)
		memcpy(
		    in->value.p + COUNT_SIZE + in->added * OFFSET_SIZE, &at, OFFSET_SIZE);
	in->added++;
	put_entry(&in->value, k, en);
}

int
intent_end(struct intent *in, const struct site_keys *k, uint32_t scope, struct err *e)
{
	struct key key;

	assert(in->added == in->n);
	batch_key(&key, scope, in->batch);
	value_check(k, key_span(&key), &in->value);
	return buf_check(&in->value, "an intent", e);
}

/* Where entry `index` begins, as its intent says: 0 if that can't be. */
static size_t
entry_at(struct span intent, uint32_t index)
{
	struct reader at = {.in = intent};
	uint32_t n = get_u32(&at), offset;

	if (index >= n || at.in.n < OFFSET_SIZE * (size_t)n)
		return 0;
	at.in.p += OFFSET_SIZE * (size_t)index;
	offset = get_u32(&at);
	return offset <= intent.n ? offset : 0;
}

void
intent_expect_place(struct span intent, uint32_t index)
{
	__builtin_prefetch(intent.p + COUNT_SIZE + OFFSET_SIZE * (size_t)index);
}

void
intent_expect(struct span intent, uint32_t index)
{
	const char *at = intent.p + entry_at(intent, index);

	__builtin_prefetch(at);
	__builtin_prefetch(at + CACHE_LINE);
}

int
intent_entry(struct span intent, uint32_t index, struct stored *out)
{
	size_t at = entry_at(intent, index);
	struct reader r = {.in = {intent.p + at, intent.n - at}};

	if (at == 0)
		return -1;
	out->key.type = (enum record_type)get_u8(&r);
	get_bytes(&r, out->key.digest.b, DIGEST_SIZE);
	out->known = (struct known){.found = true};
	get_bytes(&r, out->known.content.b, DIGEST_SIZE);
	out->known.at = get_i64(&r);
	out->known.window = get_i64(&r);
	out->removed = get_u8(&r) != 0;
	out->sealed = get_text(&r);
	return r.bad ? -1 : 0;
}
