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
line_of(const char *before, const char *secret)
{
	size_t n = strlen(before) + strlen(secret) + 1;
	char *line = sodium_malloc(n);

	if (line != NULL)
		(void)snprintf(line, n, "%s%s", before, secret);
	return line;
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

/* `option` names it in messages. */
static char *
read_one(const struct conf_secret *place, const char *option, struct err *e)
{
	char *secret = secret_read(place, e);

	if (secret == NULL) {
		err_prefix(e, "[target] %s", option);
		return NULL;
	}
	if (secret[0] != '\0' && !has_control(secret))
		return secret;
	secret_free(secret);
	err_set(e, ERR_CONFIG,
	    "[target] %s: empty, or more than one line of text: it must hold the secret "
	    "alone",
	    option);
	return NULL;
}

static int
add_line(struct auth *a, char *line, char *secret, struct err *e)
{
	secret_free(secret);
	if (line == NULL)
		return err_nomem(e);
	a->lines[a->n++] = line;
	return 0;
}

static int
add_authorization(struct auth *a, struct err *e)
{
	const struct target_conf *tc = a->tc;
	bool basic = tc->user != NULL;
	const struct conf_secret *place = basic ? &tc->password_file : &tc->token_file;
	char *secret;

	if (place->where == NULL)
		return 0;
	secret = read_one(place, basic ? "password_file" : "token_file", e);
	if (secret == NULL)
		return -1;
	return add_line(a,
	    basic ? basic_header(tc->user, secret)
		  : line_of("Authorization: Bearer ", secret),
	    secret, e);
}

static int
add_own(struct auth *a, const struct target_header *h, struct err *e)
{
	char text[TARGET_HEADER_NAME + 8], *secret;

	(void)snprintf(text, sizeof(text), "header.%s", h->name);
	if ((secret = read_one(&h->value, text, e)) == NULL)
		return -1;
	(void)snprintf(text, sizeof(text), "%s: ", h->name);
	return add_line(a, line_of(text, secret), secret, e);
}

int
auth_init(struct auth *a, const struct target_conf *tc, struct err *e)
{
	int rc;

	*a = (struct auth){.tc = tc};
	rc = add_authorization(a, e);
	for (size_t i = 0; i < tc->nheaders && rc == 0; i++)
		rc = add_own(a, &tc->headers[i], e);
	return rc;
}

void
auth_release(struct auth *a)
{
	while (a->n > 0)
		sodium_free(a->lines[--a->n]); /* which wipes it */
}

static bool
is_same(const struct auth *a, const struct auth *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n && strcmp(a->lines[i], b->lines[i]) == 0; i++)
		;
	return i == a->n && i == b->n;
}

int
auth_refresh(struct auth *a, struct err *e)
{
	struct auth fresh;

	if (auth_init(&fresh, a->tc, e) < 0) {
		auth_release(&fresh);
		return -1;
	}
	if (is_same(a, &fresh)) {
		auth_release(&fresh);
		return 0;
	}
	fresh.generation = a->generation + 1;
	auth_release(a);
	*a = fresh;
	return 1;
}

const char *
auth_place(const struct auth *a, char *out, size_t size)
{
	const struct target_conf *tc = a->tc;

	if (tc->token_file.where != NULL)
		snprintf(out, size, "[target] token_file, %s", tc->token_file.where);
	else if (tc->password_file.where != NULL)
		snprintf(
		    out, size, "[target] password_file, %s", tc->password_file.where);
	else
		snprintf(out, size, "[target] header.%s", tc->headers[0].name);
	return out;
}
