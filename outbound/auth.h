/*
 * The credentials of a target as header lines: a bearer token or basic authentication,
 * and the headers that it asks for besides. Read from where secrets are, in locked
 * memory, wiped at the end.
 */
#ifndef OUTBOUND_AUTH_H
#define OUTBOUND_AUTH_H

#include "outbound/target.h"

#define AUTH_LINES_MAX (1 + TARGET_HEADERS_MAX)

struct auth {
	const struct target_conf *tc; /* borrowed */
	char *lines[AUTH_LINES_MAX];  /* "Authorization: ...", "X-Api-Key: ..." */
	size_t n;                     /* 0: none is asked for */
	unsigned generation;          /* counts up whenever a line changes */
};

/* *a is to be released, after -1 too. */
int auth_init(struct auth *a, const struct target_conf *tc, struct err *e);
void auth_release(struct auth *a);

/* Where its secrets are, for whoever has to renew one: "[target] token_file, PATH". */
const char *auth_place(const struct auth *a, char *out, size_t size);

/* Reads the secrets again: 1 if a line changed, 0 if not, -1. */
int auth_refresh(struct auth *a, struct err *e);

#endif
