#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct sha256 {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

struct sha256 *
sha256_new(struct err *e)
{
	struct sha256 *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e), NULL;
	/* Where there was no memory for its own start, OpenSSL crashes when it is used. */
	if (OSSL_LIB_CTX_get0_global_default() != NULL) {
		s->md = EVP_MD_fetch(NULL, "SHA256", NULL);
		s->ctx = EVP_MD_CTX_new();
	}
	if (s->md == NULL || s->ctx == NULL ||
	    EVP_DigestInit_ex2(s->ctx, s->md, NULL) != 1) {
		sha256_free(s);
		err_set(e, ERR_NOMEM,
		    "OpenSSL gives no SHA-256: there is not enough memory, or its "
		    "configuration forbids it");
		return NULL;
	}
	return s;
}

void
sha256_add(struct sha256 *s, const void *p, size_t n)
{
	EVP_DigestUpdate(s->ctx, p, n);
}

void
sha256_end(struct sha256 *s, unsigned char out[SHA256_SIZE])
{
	EVP_DigestFinal_ex(s->ctx, out, NULL);
}

void
sha256_free(struct sha256 *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->ctx);
	EVP_MD_free(s->md);
	free(s);
}
