#include "state/codec.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define CHECK_SIZE 4

void
key_init(struct key *k)
{
	k->n = 0;
}

void
key_bytes(struct key *k, const void *p, size_t n)
{
	assert(n <= CODEC_KEY_MAX - k->n);
	memcpy(k->b + k->n, p, n);
	k->n += n;
}

void
key_u8(struct key *k, unsigned v)
{
	unsigned char b = (unsigned char)v;

	key_bytes(k, &b, 1);
}

static void
key_big(struct key *k, uint64_t v, unsigned n)
{
	while (n-- > 0)
		key_u8(k, (unsigned)(v >> (8 * n) & 0xff));
}

void
key_u32(struct key *k, uint32_t v)
{
	key_big(k, v, 4);
}

void
key_u64(struct key *k, uint64_t v)
{
	key_big(k, v, 8);
}

uint64_t
key_number(struct span key)
{
	uint64_t v = 0;

	for (size_t i = key.n > 8 ? key.n - 8 : 0; i < key.n; i++)
		v = v << 8 | (unsigned char)key.p[i];
	return v;
}

struct span
key_span(const struct key *k)
{
	return (struct span){(const char *)k->b, k->n};
}

void
put_u8(struct buf *b, unsigned v)
{
	buf_add_char(b, (char)v);
}

void
put_u16(struct buf *b, unsigned v)
{
	uint16_t le = htole16((uint16_t)v);

	buf_add(b, &le, sizeof(le));
}

void
put_u32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	buf_add(b, &v, sizeof(v));
}

void
put_u64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	buf_add(b, &v, sizeof(v));
}

void
put_i64(struct buf *b, int64_t v)
{
	put_u64(b, (uint64_t)v);
}

void
put_text(struct buf *b, struct span s)
{
	if (s.n > UINT16_MAX)
		s.n = UINT16_MAX;
	put_u16(b, (unsigned)s.n);
	buf_add_span(b, s);
}

struct span
get_span(struct reader *r, size_t n)
{
	struct span s = {r->in.p, n};

	if (r->bad || n > r->in.n) {
		r->bad = true;
		return (struct span){NULL, 0};
	}
	r->in.p += n;
	r->in.n -= n;
	return s;
}

unsigned
get_u8(struct reader *r)
{
	struct span s = get_span(r, 1);

	return s.n == 0 ? 0 : (unsigned char)*s.p;
}

unsigned
get_u16(struct reader *r)
{
	uint16_t v;

	get_bytes(r, &v, sizeof(v));
	return le16toh(v);
}

uint32_t
get_u32(struct reader *r)
{
	uint32_t v;

	get_bytes(r, &v, sizeof(v));
	return le32toh(v);
}

uint64_t
get_u64(struct reader *r)
{
	uint64_t v;

	get_bytes(r, &v, sizeof(v));
	return le64toh(v);
}

int64_t
get_i64(struct reader *r)
{
	return (int64_t)get_u64(r);
}

struct span
get_text(struct reader *r)
{
	return get_span(r, get_u16(r));
}

void
get_bytes(struct reader *r, void *out, size_t n)
{
	struct span s = get_span(r, n);

	if (s.n == 0)
		memset(out, 0, n);
	else
		memcpy(out, s.p, n);
}

/* The key's bytes are short: the check of the value is keyed with their digest. */
static struct digest
check_of(const struct site_keys *k, struct span key, struct span value)
{
	struct digest d = digest_bytes(k, KEY_CHECK, value.p, value.n), kd;

	kd = digest_bytes(k, KEY_CHECK, key.p, key.n);
	for (unsigned i = 0; i < DIGEST_SIZE; i++)
		d.b[i] ^= kd.b[(i + 5) % DIGEST_SIZE];
	return d;
}

void
value_check(const struct site_keys *k, struct span key, struct buf *value)
{
	struct digest d = check_of(k, key, buf_span(value));

	buf_add(value, d.b, CHECK_SIZE);
}

bool
value_checked(const struct site_keys *k, struct span key, struct span *value)
{
	struct digest d;

	if (value->n < CHECK_SIZE)
		return false;
	value->n -= CHECK_SIZE;
	d = check_of(k, key, *value);
	return memcmp(d.b, value->p + value->n, CHECK_SIZE) == 0;
}
