/*
 * The [unpack] of a feed.
 */
#include <stddef.h>
#include <string.h>

#include "mappers/unpack.h"

#define FINGERPRINT_V4 40 /* hexadecimal digits: RFC 9580 5.5.4 */
#define FINGERPRINT_V5 64

static const char *const pgp_words[] = {[UNPACK_PGP_NO] = "no",
    [UNPACK_PGP_DECRYPT] = "decrypt",
    [UNPACK_PGP_REQUIRE] = "require",
    NULL};

#define AT(member) offsetof(struct unpack_conf, member)

const struct conf_option unpack_options[] = {
    {.name = "pgp",
	.type = CONF_ENUM,
	.offset = AT(pgp),
	.dflt = "no",
	.choices = pgp_words,
	.help =
	    "no: PGP files are refused; decrypt: they are read; require: no others are"},
    {.name = "keyring",
	.type = CONF_STRING,
	.offset = AT(keyring),
	.help = "folder of GnuPG's with the keys: pubring.kbx and private-keys-v1.d"},
    {.name = "passphrase_file",
	.type = CONF_SECRET,
	.offset = AT(passphrase),
	.help = "passphrase of the private key, if it has one"},
    {.name = "signed_by",
	.type = CONF_LIST,
	.offset = AT(signed_by),
	.help =
	    "fingerprints: a file without a good signature by one of these keys is held"},
    {.name = "members",
	.type = CONF_LIST,
	.offset = AT(members),
	.help = "names to read in an archive: words with * ? [a-z]; without it all"},
    {.name = "max_size",
	.type = CONF_SIZE,
	.offset = AT(max_size),
	.dflt = "8G",
	.min = 1,
	.max = 1LL << 44,
	.help = "a file that unpacks to more bytes is refused"},
    {.name = "max_ratio",
	.type = CONF_INT,
	.offset = AT(max_ratio),
	.dflt = "200",
	.min = 2,
	.max = 100000,
	.help = "a file that unpacks to more than so many times its size is refused"},
    {.name = NULL},
};

static bool
is_fingerprint(const char *s)
{
	size_t n = strlen(s);

	return (n == FINGERPRINT_V4 || n == FINGERPRINT_V5) &&
	       strspn(s, "0123456789abcdefABCDEF") == n;
}

void
unpack_check(
    const struct unpack_conf *uc, const struct conf_section *s, struct conf_errors *errs)
{
	if (uc->pgp != UNPACK_PGP_NO && uc->keyring == NULL)
		conf_error_at(errs, s, conf_get(s, "pgp"),
		    "PGP needs keys: keyring = /folder/of/gnupg");
	if (uc->keyring != NULL && uc->keyring[0] != '/')
		conf_error_at(errs, s, conf_get(s, "keyring"),
		    "must be the absolute path of a folder");
	if (uc->pgp == UNPACK_PGP_NO && uc->keyring != NULL)
		conf_error_at(errs, s, conf_get(s, "keyring"),
		    "is for PGP: say pgp = decrypt, or pgp = require");
	if (uc->pgp == UNPACK_PGP_NO && uc->signed_by.n > 0)
		conf_error_at(errs, s, conf_get(s, "signed_by"),
		    "signatures are PGP's: say pgp = decrypt, or pgp = require");
	for (size_t i = 0; i < uc->signed_by.n; i++)
		if (!is_fingerprint(uc->signed_by.v[i]))
			conf_error_at(errs, s, conf_get(s, "signed_by"),
			    "word %zu is no fingerprint of 40 digits 0-9 A-F without "
			    "blanks (gpg --with-colons --fingerprint shows it)",
			    i + 1);
}

/* The NUL goes in: "ab" "c" is not "a" "bc". */
static uint64_t
mix(uint64_t h, const char *s)
{
	return span_fnv(h, (struct span){s, strlen(s) + 1});
}

uint64_t
unpack_fingerprint(const struct unpack_conf *uc)
{
	uint64_t h = SPAN_FNV_NONE;

	for (size_t i = 0; i < uc->members.n; i++)
		h = mix(h, uc->members.v[i]);
	return h;
}

uint64_t
unpack_verdict_fingerprint(const struct unpack_conf *uc)
{
	uint64_t h = SPAN_FNV_NONE ^ (uint64_t)uc->max_size ^
		     (uint64_t)uc->max_ratio << 44;

	h = mix(h, pgp_words[uc->pgp]);
	if (uc->keyring != NULL)
		h = mix(h, uc->keyring);
	for (size_t i = 0; i < uc->signed_by.n; i++)
		h = mix(h, uc->signed_by.v[i]);
	return h;
}
