#include "cmd/sandbox/auth.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/span.h"
#include "cmd/sandbox/file.h"

#define SECRET_MAX 65536 /* bytes of a token or a password */

/* The header's credentials, if it is of this scheme; case does not matter (RFC 9110 11.1). */
static const char *
of_scheme(const char *header, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncasecmp(header, scheme, n) != 0 || header[n] != ' ')
		return NULL;
	header += n;
	return header + strspn(header, " ");
}

static int
read_secret(const char *path, struct buf *out, struct err *e)
{
	if (file_read(path, out, e) < 0)
		return -1;
	while (out->n > 0 && strchr("\r\n", out->p[out->n - 1]))
		out->n--;
	return 0;
}

static bool
same(const char *given, struct span wanted)
{
	return strlen(given) == wanted.n && sodium_memcmp(given, wanted.p, wanted.n) == 0;
}

static int
check_bearer(const char *path, const char *given, struct err *e)
{
	struct buf token;
	int rc;

	buf_init(&token, SECRET_MAX);
	rc = read_secret(path, &token, e);
	if (rc == 0)
		rc = token.n > 0 && same(given, buf_span(&token));
	buf_release(&token);
	return rc;
}

static int
check_basic(const struct options *o, const char *given, struct err *e)
{
	struct buf pair, text;
	size_t size;
	char *p;
	int rc = -1;

	buf_init(&pair, SECRET_MAX);
	buf_init(
	    &text, sodium_base64_ENCODED_LEN(SECRET_MAX, sodium_base64_VARIANT_ORIGINAL));
	buf_add_str(&pair, o->user);
	buf_add_char(&pair, ':');
	if (read_secret(o->password_file, &pair, e) < 0)
		goto out;
	size = sodium_base64_ENCODED_LEN(pair.n, sodium_base64_VARIANT_ORIGINAL);
	p = buf_reserve(&text, size);
	if (!p) {
		err_nomem(e);
		goto out;
	}
	sodium_bin2base64(p, size, (const unsigned char *)pair.p, pair.n,
	    sodium_base64_VARIANT_ORIGINAL);
	rc = same(given, (struct span){p, size - 1});
out:
	buf_release(&pair);
	buf_release(&text);
	return rc;
}

int
auth_check(const struct options *o, const char *header, struct err *e)
{
	const char *given;

	if (!o->token_file && !o->user)
		return 1;
	if (!header)
		return 0;
	if (o->token_file && (given = of_scheme(header, "Bearer")))
		return check_bearer(o->token_file, given, e);
	if (o->user && (given = of_scheme(header, "Basic")))
		return check_basic(o, given, e);
	return 0;
}
