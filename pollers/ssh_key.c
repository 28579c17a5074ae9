#include "pollers/ssh_key.h"

#include <string.h>

#include <sodium.h>

#define HEAD_CHARS 240 /* base64 of a key's head: ciphers, salt, type of key */
#define HEAD_BYTES (HEAD_CHARS / 4 * 3)

static bool
holds(struct span text, const char *what)
{
	return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

/* The first bytes of what stands between the BEGIN and END lines. */
static size_t
decode_head(struct span text, unsigned char out[HEAD_BYTES])
{
	char chars[HEAD_CHARS];
	const char *p = memchr(text.p, '\n', text.n);
	const char *end = text.p + text.n;
	size_t n = 0, len = 0;

	for (; p && p < end && *p != '-' && n < sizeof(chars); p++)
		if (*p != '\n' && *p != '\r')
			chars[n++] = *p;
	n -= n % 4;
	if (sodium_base642bin(out, HEAD_BYTES, chars, n, NULL, &len, NULL,
		sodium_base64_VARIANT_ORIGINAL))
		len = 0;
	sodium_memzero(chars, sizeof(chars));
	return len;
}

/* A string of the SSH wire format (RFC 4251 5); takes it off *rest. */
static bool
wire_string(struct span *rest, struct span *out)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t n;

	if (rest->n < 4)
		return false;
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (n > rest->n - 4) {
		/* The last one may be cut: its beginning is what we want. */
		n = rest->n - 4;
	}
	*out = (struct span){rest->p + 4, n};
	rest->p += 4 + n;
	rest->n -= 4 + n;
	return true;
}

/* OpenSSH's own form: PROTOCOL.key in its sources. */
static int
inspect_openssh(struct span text, struct key_info *out, struct err *e)
{
	static const char magic[] = "openssh-key-v1";
	unsigned char head[HEAD_BYTES];
	struct span rest = {(const char *)head, decode_head(text, head)};
	struct span cipher, kdf, options, key, type;
	int rc = 0;

	if (rest.n < sizeof(magic) || memcmp(head, magic, sizeof(magic)) != 0)
		goto out;
	rest.p += sizeof(magic);
	rest.n -= sizeof(magic);
	if (!wire_string(&rest, &cipher) || !wire_string(&rest, &kdf) ||
	    !wire_string(&rest, &options) || rest.n < 4)
		goto out;
	rest.p += 4; /* the number of keys, which is one */
	rest.n -= 4;
	if (wire_string(&rest, &key) && wire_string(&key, &type))
		out->rsa = span_eq(type, SPAN_LIT("ssh-rsa"));
	out->encrypted = !span_eq(cipher, SPAN_LIT("none"));
	if (out->encrypted && (holds(cipher, "gcm") || holds(cipher, "chacha20")))
		rc = err_set(e, ERR_CONFIG,
		    "key_file: encrypted with %.*s, which libssh2 cannot read; encrypt it anew: "
		    "ssh-keygen -p -Z aes256-ctr -f KEY",
		    (int)cipher.n, cipher.p);
out:
	sodium_memzero(head, sizeof(head));
	return rc;
}

int
ssh_key_inspect(struct span text, bool passphrase, struct key_info *out, struct err *e)
{
	*out = (struct key_info){0};
	if (holds(text, "PuTTY-User-Key-File"))
		return err_set(e, ERR_CONFIG,
		    "key_file: this is a PuTTY key; convert it: puttygen KEY.ppk -O "
		    "private-openssh -o KEY");
	if (!holds(text, "PRIVATE KEY-----"))
		return err_set(e, ERR_CONFIG,
		    "key_file: this is not a private key in OpenSSH or PEM form");
	out->rsa = holds(text, "BEGIN RSA PRIVATE KEY");
	out->encrypted = holds(text, "BEGIN ENCRYPTED PRIVATE KEY") ||
			 holds(text, "Proc-Type: 4,ENCRYPTED");
	if (holds(text, "BEGIN OPENSSH PRIVATE KEY") && inspect_openssh(text, out, e))
		return -1;
	if (out->encrypted && !passphrase)
		return err_set(e, ERR_CONFIG,
		    "key_file: the key is encrypted; set key_passphrase_file");
	return 0;
}
