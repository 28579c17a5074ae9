#include "base/crypto.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/whole.h"

#define KDF_CONTEXT   "emrdrop1"
#define KDF_ID_SEAL   100 /* digests use 1 + enum key_use */
#define KEY_FILE_SIZE (2 * SITE_KEY_SIZE)

int
crypto_init(struct err *e)
{
	if (sodium_init() < 0)
		return err_set(
		    e, ERR_INTERNAL, "libsodium cannot start: no source of randomness");
	return 0;
}

static void
derive(struct site_keys *k, const unsigned char master[SITE_KEY_SIZE])
{
	for (unsigned i = 0; i < KEY_USES; i++)
		crypto_kdf_derive_from_key(
		    k->digest[i], sizeof(k->digest[i]), i + 1, KDF_CONTEXT, master);
	crypto_kdf_derive_from_key(
	    k->seal, sizeof(k->seal), KDF_ID_SEAL, KDF_CONTEXT, master);
}

/* A new key is written under another name and renamed, so that it is whole or absent. */
static int
key_create(const char *path, struct err *e)
{
	unsigned char key[SITE_KEY_SIZE];
	char hex[KEY_FILE_SIZE + 2], temp[4096];
	int fd, rc = -1;

	snprintf(temp, sizeof(temp), "%s.new", path);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, ERR_LEDGER, errno, "cannot make the site key %s", path);
	randombytes_buf(key, sizeof(key));
	hex_encode(key, sizeof(key), hex);
	hex[KEY_FILE_SIZE] = '\n';
	if (write_whole(fd, (struct span){hex, KEY_FILE_SIZE + 1}) != 0 || fsync(fd) != 0)
		err_sys(e, ERR_LEDGER, errno, "cannot write the site key %s", path);
	else if (rename(temp, path) != 0 || sync_folder_of(path) != 0)
		err_sys(e, ERR_LEDGER, errno, "cannot make the site key %s", path);
	else
		rc = 0;
	close(fd);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(hex, sizeof(hex));
	return rc;
}

static int
key_parse(struct site_keys *k, struct span hex, const char *path, struct err *e)
{
	unsigned char key[SITE_KEY_SIZE];

	if (hex_decode(hex, key, sizeof(key)) != 0)
		return err_set(e, ERR_CONFIG,
		    "site key %s: expected %d hexadecimal digits", path, KEY_FILE_SIZE);
	derive(k, key);
	sodium_memzero(key, sizeof(key));
	return 0;
}

int
site_keys_load(struct site_keys *k, const char *path, bool create, struct err *e)
{
	const struct conf_secret place = {path};
	char *hex;
	int rc;

	if (create && access(path, F_OK) != 0 && errno == ENOENT &&
	    key_create(path, e) != 0)
		return -1;
	if ((hex = secret_read(&place, e)) == NULL) {
		if (e != NULL && e->sys == ENOENT)
			e->code = ERR_LEDGER;
		return err_prefix(
		    e, "the ledger cannot be read without its site key: restore it");
	}
	rc = key_parse(k, span_of(hex), path, e);
	secret_free(hex);
	return rc;
}

void
site_keys_wipe(struct site_keys *k)
{
	sodium_memzero(k, sizeof(*k));
}

struct digest
digest_bytes(const struct site_keys *k, enum key_use use, const void *p, size_t n)
{
	struct digest d;

	crypto_shorthash_siphashx24(d.b, p, n, k->digest[use]);
	return d;
}

struct digest
digest_under(const struct digest *key, const void *p, size_t n)
{
	struct digest d;

	crypto_shorthash_siphashx24(d.b, p, n, key->b);
	return d;
}

#define PART_MAX  256 /* a longer part stands for itself by its own digest */
#define PARTS_MAX 8

struct digest
digest_parts(
    const struct site_keys *k, enum key_use use, const struct span *parts, size_t n)
{
	unsigned char all[PARTS_MAX * (8 + PART_MAX)];
	struct digest longer;
	size_t at = 0;

	assert(n <= PARTS_MAX);
	for (size_t i = 0; i < n; i++) {
		const void *p = parts[i].p;
		size_t len = parts[i].n;

		memcpy(all + at, &(uint64_t){htole64(len)}, 8);
		at += 8;
		if (len > PART_MAX) {
			longer = digest_bytes(k, use, p, len);
			p = longer.b;
			len = DIGEST_SIZE;
		}
		if (len > 0)
			memcpy(all + at, p, len);
		at += len;
	}
	return digest_bytes(k, use, all, at);
}

bool
digest_eq(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, DIGEST_SIZE) == 0;
}

void
digest_hex(const struct digest *d, char out[2 * DIGEST_SIZE + 1])
{
	hex_encode(d->b, DIGEST_SIZE, out);
}

static void
nonce_of(const struct digest *d, unsigned char nonce[crypto_secretbox_NONCEBYTES])
{
	memset(nonce, 0, crypto_secretbox_NONCEBYTES);
	memcpy(nonce, d->b, DIGEST_SIZE);
}

void
seal(const struct site_keys *k, const struct digest *id, const void *p, size_t n,
    unsigned char *out)
{
	unsigned char nonce[crypto_secretbox_NONCEBYTES];

	nonce_of(id, nonce);
	crypto_secretbox_easy(out, p, n, nonce, k->seal);
}

int
unseal(const struct site_keys *k, const struct digest *id, const void *p, size_t n,
    char *out)
{
	unsigned char nonce[crypto_secretbox_NONCEBYTES];

	nonce_of(id, nonce);
	return crypto_secretbox_open_easy((unsigned char *)out, p, n, nonce, k->seal);
}

void
hex_encode(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *u = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[u[i] >> 4];
		out[2 * i + 1] = digits[u[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
hex_decode(struct span hex, void *out, size_t n)
{
	unsigned char *u = out;

	if (hex.n != 2 * n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(hex.p[2 * i]), lo = hex_digit(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -1;
		u[i] = (unsigned char)(hi << 4 | lo);
	}
	return 0;
}

void
ulid_make(int64_t wall_ms, char out[ULID_SIZE])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	unsigned char r[16];
	uint64_t ms = (uint64_t)wall_ms;

	for (int i = 9; i >= 0; i--, ms >>= 5)
		out[i] = digits[ms & 31];
	randombytes_buf(r, sizeof(r));
	for (size_t i = 0; i < 16; i++)
		out[10 + i] = digits[r[i] & 31];
	out[26] = '\0';
}

void
random_bytes(void *p, size_t n)
{
	randombytes_buf(p, n);
}
