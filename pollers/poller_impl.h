/*
 * Inside of the facade: what its two files share, poller_connect.c that has and mends
 * the connection and poller.c that works with it.
 */
#ifndef POLLERS_POLLER_IMPL_H
#define POLLERS_POLLER_IMPL_H

#include "pollers/expected.h"
#include "pollers/url.h"

struct poller {
	const struct poller_ops *ops;
	void *self; /* NULL between two connections */
	const struct source_conf *sc;
	const struct poller_env *env;
	struct drop_url url;
	int tries;             /* connections lost since the last thing that worked */
	struct drop_file file; /* being read, if `reading` */
	uint64_t offset;
	bool reading, open;
	bool denied; /* it could not be opened or read, by a connection that works */
	struct expected expected;
	const struct fetched *fetched; /* being read, out of memory; or NULL */
	bool checked; /* what was read lay there as listed, after its last byte */
	bool alone;   /* fetching files together broke a connection: not again */
	char path[URL_PATH_MAX + 1 + DROP_NAME_MAX + 1];
	char read[URL_PATH_MAX + 1 + DROP_NAME_MAX + 1]; /* where `file` is */
	char made[URL_PATH_MAX + 1]; /* archive folder that is known to be there */
	bool apart; /* the archive folder is known to be another than the drop */
	char part[URL_PATH_MAX + 1 + DROP_NAME_MAX + 1];  /* being written, */
	char whole[URL_PATH_MAX + 1 + DROP_NAME_MAX + 1]; /* and its name at the end */
};

/* Does the connection that it has work no more? */
bool poller_lost(const struct poller *p);

/* 0 and a connection to work on, made anew if the last one was given up; -1. */
int poller_ensure(struct poller *p, struct err *e);

/*
 * After an operation said -1: 0 if the connection was lost and there is a new one, so
 * that the operation may be tried again. Else -1 and *e tells the last error.
 */
int poller_recover(struct poller *p, struct err *e);

#endif
