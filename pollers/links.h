/*
 * Connections that one feed has done with, kept for the next feed of the run that logs
 * in to the same server in the same way. One feed at a time has a connection, and only
 * one that works is handed on: what one feed loses is not another's trouble.
 *
 * The same way is: host, port, user, each secret by its place, the agent, and the file
 * of trusted host keys. A feed that differs in any of them logs in for itself, so that
 * nobody gets in by another feed's credentials, or past another feed's trust.
 */
#ifndef POLLERS_LINKS_H
#define POLLERS_LINKS_H

#include "pollers/poller_ops.h"

struct links;

struct links *links_new(struct err *e);

/* Ends what is kept. Takes NULL. */
void links_free(struct links *l);

/* ---- for the facade ---- */

/* Who logs in, where and how. All of it is borrowed for the call. */
struct link_login {
	const struct poller_ops *ops;
	const struct source_conf *sc;
	const struct drop_url *url;
};

/*
 * The connection that was given by a feed of the same login, now the caller's, or NULL.
 * Those that lay idle for so long that they may be dead are ended. `now` is monotonic.
 */
void *links_take(struct links *l, const struct link_login *who, int64_t now);

/* Keeps a connection that works, or ends it. */
void links_give(struct links *l, const struct link_login *who, void *self, int64_t now);

#endif
