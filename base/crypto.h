/*
 * The site's keys and what is done with them: keyed digests, sealed text, the
 * digest of a file's bytes, ids. Built on libsodium and OpenSSL's SHA-256.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define DIGEST_SIZE   16 /* SipHash-128 */
#define SHA256_SIZE   32
#define SEAL_EXTRA    16 /* bytes a sealed text is longer than the text */
#define SITE_KEY_SIZE 32
#define ULID_SIZE     27 /* with NUL */

struct digest {
	unsigned char b[DIGEST_SIZE];
};

/* Uses of a digest: each has a key of its own, derived from the site key. */
enum key_use {
	KEY_RECORD,
	KEY_CONTENT,
	KEY_NAME,
	KEY_BATCH,
	KEY_CHECK,
	KEY_AUDIT,
	KEY_HASH, /* of values, for the API */
	KEY_USES
};

struct site_keys {
	unsigned char digest[KEY_USES][16];
	unsigned char seal[32];
};

/* Once a process, before anything else here. */
int crypto_init(struct err *e);

/*
 * Reads the site key (32 bytes as 64 hex digits) from a place that secret_read knows
 * (base/conf.h), or makes the file (0600, fsynced) if `create` and there is none; then
 * no other process may be making it. What a killed one left as PATH.new is written over.
 * ERR_LEDGER if it is missing, ERR_CONFIG if others can read it or it is no key.
 */
int site_keys_load(struct site_keys *k, const char *path, bool create, struct err *e);
void site_keys_wipe(struct site_keys *k);

/* Keyed digest of at most 8 parts, each length-prefixed, so that no two lists collide. */
struct digest digest_parts(
    const struct site_keys *k, enum key_use use, const struct span *parts, size_t n);

/* Keyed digest of one text: the fast path, no prefix. */
struct digest digest_bytes(
    const struct site_keys *k, enum key_use use, const void *p, size_t n);
/* The same under a key that is itself a digest. */
struct digest digest_under(const struct digest *key, const void *p, size_t n);
bool digest_eq(const struct digest *a, const struct digest *b);
void digest_hex(const struct digest *d, char out[2 * DIGEST_SIZE + 1]);

/*
 * Seals text under a nonce that is a digest of that very text's identity: the same
 * text under the same nonce gives the same bytes. out has n + SEAL_EXTRA bytes.
 */
void seal(const struct site_keys *k, const struct digest *nonce, const void *p, size_t n,
    unsigned char *out);
/* -1 if the bytes were not sealed with this key and nonce. out has n - SEAL_EXTRA bytes. */
int unseal(const struct site_keys *k, const struct digest *nonce, const void *p, size_t n,
    char *out);

/* SHA-256 of a stream of bytes. */
struct sha256;
struct sha256 *sha256_new(struct err *e);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, unsigned char out[SHA256_SIZE]);
void sha256_free(struct sha256 *s);

void hex_encode(const void *p, size_t n, char *out); /* 2n + 1 bytes */
/* Digits in either case; -1 unless there are exactly 2n. */
int hex_decode(struct span hex, void *out, size_t n);

/* A ULID (26 characters and a NUL): time in ms, then randomness. */
void ulid_make(int64_t wall_ms, char out[ULID_SIZE]);

void random_bytes(void *p, size_t n);

#endif
