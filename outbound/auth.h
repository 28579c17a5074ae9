/*
 * The credentials of a target as an Authorization header: a bearer token or basic
 * authentication, read from secret files, in locked memory, wiped at the end.
 */
#ifndef OUTBOUND_AUTH_H
#define OUTBOUND_AUTH_H

#include "outbound/target.h"

struct auth {
	const struct target_conf *tc; /* borrowed */
	char *header;                 /* "Authorization: ...", NULL: none asked for */
	unsigned generation;          /* counts up whenever the header changes */
};

int auth_init(struct auth *a, const struct target_conf *tc, struct err *e);
void auth_release(struct auth *a);

/* Reads the files again: 1 if the header changed, 0 if not, -1. */
int auth_refresh(struct auth *a, struct err *e);

#endif
