/*
 * A home for gpg that is ours alone: links to a feed's keys, settings of ours (no
 * network, no trust of its own, no lock and no cache in the keyring's folder, which may
 * be read-only), and the socket of an agent of its own. It holds no key and no data.
 *
 * Whatever ends this process, SIGKILL too, a small guard then ends the agent and removes
 * the folder.
 */
#ifndef MAPPERS_PGP_HOME_H
#define MAPPERS_PGP_HOME_H

#include <sys/types.h>

#include "base/err.h"

#define PGP_HOME_MAX 96 /* a socket's path has 108 bytes at most */

struct pgp_home {
	char path[PGP_HOME_MAX];
	pid_t guard;
	int line; /* to the guard: it acts once this is closed */
};

/* ERR_CONFIG or ERR_PERM if the keyring is none, or can't be read. */
int pgp_home_open(struct pgp_home *h, const char *keyring, struct err *e);
void pgp_home_close(struct pgp_home *h);

#endif
