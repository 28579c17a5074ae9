/*
 * Keys and values as bytes. Integers in values are little-endian; in keys they are
 * big-endian, so that byte order is number order. Every value ends with a 4-byte
 * check over key and value, since LMDB has no page checksums.
 */
#ifndef STATE_CODEC_H
#define STATE_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/span.h"

#define CODEC_KEY_MAX 96 /* a run's: its ULID, a blank, the feed */

struct key {
	unsigned char b[CODEC_KEY_MAX];
	size_t n;
};

void key_init(struct key *k);
void key_u8(struct key *k, unsigned v);
void key_u32(struct key *k, uint32_t v);
void key_u64(struct key *k, uint64_t v);
void key_bytes(struct key *k, const void *p, size_t n);
struct span key_span(const struct key *k);
/* The u64 that a key ends with. */
uint64_t key_number(struct span key);

void put_u8(struct buf *b, unsigned v);
void put_u16(struct buf *b, unsigned v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_i64(struct buf *b, int64_t v);
/* Length (16 bits) and bytes. */
void put_text(struct buf *b, struct span s);

/* Reads from the front of *in; past the end it gives zeroes and sets *bad. */
struct reader {
	struct span in;
	bool bad;
};

unsigned get_u8(struct reader *r);
unsigned get_u16(struct reader *r);
uint32_t get_u32(struct reader *r);
uint64_t get_u64(struct reader *r);
int64_t get_i64(struct reader *r);
struct span get_text(struct reader *r);
void get_bytes(struct reader *r, void *out, size_t n);
/* The next n bytes, borrowed. */
struct span get_span(struct reader *r, size_t n);

/* Appends the check of what is in `value` under `key`. */
void value_check(const struct site_keys *k, struct span key, struct buf *value);
/* True and *value without its check, or false: the value is damaged. */
bool value_checked(const struct site_keys *k, struct span key, struct span *value);

#endif
