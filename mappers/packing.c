/*
 * What something is packed with, by its first bytes.
 */
#include <gpgme.h>
#include <string.h>

#include "mappers/unpack_impl.h"

#define ZSTD_MAGIC      0xfd2fb528u
#define ZSTD_SKIP_MAGIC 0x184d2a50u /* and the 15 numbers behind it: RFC 8878 3.1.2 */

const char *
packing_name(enum packing p)
{
	static const char *const names[PACKING_COUNT] = {[PACKING_NONE] = "",
	    [PACKING_GZIP] = "gzip",
	    [PACKING_ZSTD] = "zstd",
	    [PACKING_ZIP] = "zip",
	    [PACKING_PGP_ENCRYPTED] = "pgp",
	    [PACKING_PGP_SIGNED] = "pgp-signed",
	    [PACKING_PGP_DETACHED] = "pgp-signature"};

	return names[p];
}

static bool
begins(struct span s, const char *mark, size_t n)
{
	return s.n >= n && memcmp(s.p, mark, n) == 0;
}

static bool
is_zstd(struct span s)
{
	uint32_t magic;

	if (s.n < sizeof(magic))
		return false;
	magic = (uint32_t)(unsigned char)s.p[0] | (uint32_t)(unsigned char)s.p[1] << 8 |
		(uint32_t)(unsigned char)s.p[2] << 16 |
		(uint32_t)(unsigned char)s.p[3] << 24;
	return magic == ZSTD_MAGIC || (magic & 0xfffffff0u) == ZSTD_SKIP_MAGIC;
}

/* How many bytes a packet's length takes: RFC 9580 4.2. */
static size_t
length_bytes(const unsigned char *p)
{
	static const size_t old[] = {1, 2, 4, 0};

	if ((p[0] & 0x40) == 0)
		return old[p[0] & 3];
	if (p[1] < 192 || (p[1] >= 224 && p[1] < 255))
		return 1;
	return p[1] == 255 ? 5 : 2;
}

/*
 * A message's first packet. Each kind has a version or an algorithm behind its length,
 * which is a control character: no text begins so, in whatever character set.
 */
static enum packing
of_packet(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned tag;
	size_t at;

	if (s.n < 8 || (p[0] & 0x80) == 0)
		return PACKING_NONE;
	tag = (p[0] & 0x40) != 0 ? p[0] & 0x3fu : (p[0] >> 2) & 0xfu;
	at = 1 + length_bytes(p);
	switch (tag) {
	case 1: /* a session key, encrypted for somebody */
		return p[at] == 3 || p[at] == 6 ? PACKING_PGP_ENCRYPTED : PACKING_NONE;
	case 3: /* a session key by a passphrase */
		return p[at] >= 4 && p[at] <= 6 ? PACKING_PGP_ENCRYPTED : PACKING_NONE;
	case 2:
		return p[at] >= 3 && p[at] <= 6 ? PACKING_PGP_DETACHED : PACKING_NONE;
	case 4: /* a signature follows what is signed */
		return p[at] == 3 || p[at] == 6 ? PACKING_PGP_SIGNED : PACKING_NONE;
	case 8: /* compressed: what is signed is in it */
		return p[at] <= 3 ? PACKING_PGP_SIGNED : PACKING_NONE;
	default:
		return PACKING_NONE;
	}
}

/* The library looks through the letters of ASCII armour. */
static enum packing
of_armour(struct span head)
{
	gpgme_data_t data;
	gpgme_data_type_t type = GPGME_DATA_TYPE_UNKNOWN;

	gpgme_check_version(NULL);
	if (gpgme_data_new_from_mem(&data, head.p, head.n, 0) != 0)
		return PACKING_PGP_ENCRYPTED;
	type = gpgme_data_identify(data, 0);
	gpgme_data_release(data);
	switch (type) {
	case GPGME_DATA_TYPE_PGP_SIGNED:
	case GPGME_DATA_TYPE_PGP_OTHER: /* compressed: what is signed is in it */
		return PACKING_PGP_SIGNED;
	case GPGME_DATA_TYPE_PGP_SIGNATURE:
		return PACKING_PGP_DETACHED;
	default:
		return PACKING_PGP_ENCRYPTED;
	}
}

enum packing
packing_of(struct span head)
{
	static const char zip[] = "PK\3\4", empty_zip[] = "PK\5\6",
			  split_zip[] = "PK\7\10";
	static const char armour[] = "-----BEGIN PGP ";

	if (begins(head, "\x1f\x8b", 2))
		return PACKING_GZIP;
	if (begins(head, zip, 4) || begins(head, empty_zip, 4) ||
	    begins(head, split_zip, 4))
		return PACKING_ZIP;
	if (is_zstd(head))
		return PACKING_ZSTD;
	if (begins(head, armour, sizeof(armour) - 1))
		return of_armour(head);
	return of_packet(head);
}
