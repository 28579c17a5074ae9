#include "outbound/auth.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#define BASIC "Authorization: Basic "

/* A line break in a secret would end the header and start another. */
static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static char *
bearer_header(const char *token)
{
	static const char prefix[] = "Authorization: Bearer ";
	size_t n = sizeof(prefix) + strlen(token);
	char *header = sodium_malloc(n);

	if (header != NULL)
		(void)snprintf(header, n, "%s%s", prefix, token);
	return header;
}

static char *
basic_header(const char *user, const char *password)
{
	size_t pair_n = strlen(user) + strlen(password) + 2;
	size_t n = sodium_base64_ENCODED_LEN(pair_n - 1, sodium_base64_VARIANT_ORIGINAL);
	char *pair = sodium_malloc(pair_n);
	char *header = sodium_malloc(sizeof(BASIC) - 1 + n);

	if (pair == NULL || header == NULL) {
		sodium_free(header);
		header = NULL;
		goto out;
	}
	(void)snprintf(pair, pair_n, "%s:%s", user, password);
	memcpy(header, BASIC, sizeof(BASIC) - 1);
	sodium_bin2base64(header + sizeof(BASIC) - 1, n, (const unsigned char *)pair,
	    pair_n - 1, sodium_base64_VARIANT_ORIGINAL);
out:
	sodium_free(pair);
	return header;
}

/* *out is NULL if the target asks for no credentials. */
static int
build(const struct target_conf *tc, char **out, struct err *e)
{
	bool basic = tc->user != NULL;
	const char *name = basic ? "password_file" : "token_file";
	const struct conf_secret *place = basic ? &tc->password_file : &tc->token_file;
	char *secret;

	*out = NULL;
	if (place->where == NULL)
		return 0;
	secret = secret_read(place, e);
	if (secret == NULL)
		return err_prefix(e, "[target] %s", name);
	if (secret[0] == '\0' || has_control(secret)) {
		secret_free(secret);
		return err_set(e, ERR_CONFIG,
		    "[target] %s: empty, or more than one line of text: it must hold the "
		    "secret alone",
		    name);
	}
	*out = basic ? basic_header(tc->user, secret) : bearer_header(secret);
	secret_free(secret);
	return *out == NULL ? err_nomem(e) : 0;
}

int
auth_init(struct auth *a, const struct target_conf *tc, struct err *e)
{
	*a = (struct auth){.tc = tc};
	return build(tc, &a->header, e);
}

void
auth_release(struct auth *a)
{
	sodium_free(a->header); /* which wipes it */
	a->header = NULL;
}

int
auth_refresh(struct auth *a, struct err *e)
{
	char *fresh;

	if (build(a->tc, &fresh, e) < 0)
		return -1;
	if (fresh == NULL || (a->header != NULL && strcmp(fresh, a->header) == 0)) {
		sodium_free(fresh);
		return 0;
	}
	sodium_free(a->header);
	a->header = fresh;
	a->generation++;
	return 1;
}
