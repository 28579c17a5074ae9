/*
 * A short message to somebody who watches: a dead-man's switch, a webhook. Its URL is a
 * secret as a whole: no error names more of it than its host.
 */
#ifndef OUTBOUND_NOTIFY_H
#define OUTBOUND_NOTIFY_H

#include "outbound/target.h"

#define NOTIFY_URL_MAX 2000
#define NOTIFY_TRIES   3 /* as many are worth it */

struct notice {
	const char *url;  /* https, or http to this machine itself */
	struct span body; /* JSON, which is posted; p NULL: the URL is got */
	int64_t timeout;  /* ms for each try; connecting may take half of it */
	unsigned tries;   /* for what may be different soon */
	const struct target_env *env;
};

/* 0 if it was taken: answered by 2xx. */
int notify_send(const struct notice *n, struct err *e);

#endif
