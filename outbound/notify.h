/*
 * A short message to somebody who watches: a dead-man's switch, a webhook. Its URL is a
 * secret as a whole: no error names more of it than its host.
 */
#ifndef OUTBOUND_NOTIFY_H
#define OUTBOUND_NOTIFY_H

#include "outbound/target.h"

#define NOTIFY_URL_MAX 2000
#define NOTIFY_TRIES   3

struct notice {
	const char *url;  /* https, or http to this machine itself */
	struct span body; /* JSON, which is posted; p NULL: the URL is got */
	int64_t timeout;  /* ms for each try; connecting may take half of it */
	const struct target_env *env;
};

/* 2xx is 0; what may be different soon is tried NOTIFY_TRIES times. */
int notify_send(const struct notice *n, struct err *e);

#endif
