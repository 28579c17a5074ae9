/*
 * An SSH connection with one SFTP channel, over libssh2 in its non-blocking mode.
 * Every wait goes through ssh_again, which knows the step's time-out and the run's
 * deadline; they hold within a call of libssh2 too. The order is fixed: connect, host
 * key, login, SFTP.
 *
 * For poller_sftp.c; ssh.c, ssh_trust.c and ssh_login.c share what stands at the end.
 */
#ifndef POLLERS_SSH_H
#define POLLERS_SSH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <libssh2.h>
#include <libssh2_sftp.h>

#include "base/err.h"
#include "pollers/poller.h"
#include "pollers/url.h"

struct ssh {
	const struct source_conf *sc; /* these three are borrowed, until ssh_hang_up */
	const struct drop_url *url;
	const struct poller_env *env;
	int fd; /* -1: none */
	LIBSSH2_SESSION *session;
	LIBSSH2_SFTP *sftp;
	int64_t step_end;              /* monotonic ms: the step under way must be over */
	LIBSSH2_SFTP *asked;           /* the channel that a call is about */
	uint64_t received;             /* bytes off the line */
	bool lost;                     /* nothing more can be had of this connection */
	bool cut;                      /* its end was seen, or an error in its place */
	const char *answer;            /* to what the server asks, while it does */
	char where[URL_HOST_MAX + 16]; /* "host:port", for messages */
};

/* Up to the SFTP channel. On -1 there is nothing to close. */
int ssh_open(struct ssh *s, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env, struct err *e);

/*
 * Cuts the line: whatever libssh2 is asked afterwards answers at once. Then ssh_close
 * frees everything; neither waits, so that a time-out costs one time-out only.
 */
void ssh_hang_up(struct ssh *s);
void ssh_close(struct ssh *s);

/* A step begins: from now on it has sc->timeout. */
void ssh_begin(struct ssh *s);

/*
 * For `do rc = libssh2_...; while (ssh_again(s, rc, e));`. Waits and says true if rc
 * is EAGAIN. If time is up, or the server's end of the SFTP channel is gone while the
 * connection stands, it says false, and *e and s->lost are set; rc stays EAGAIN. Where
 * that happens within the call, rc is an error, and ssh_fail tells the cause.
 */
bool ssh_again(struct ssh *s, ssize_t rc, struct err *e);

/*
 * After a call ended with rc < 0: -1, with *e saying what was attempted. An EAGAIN
 * leaves *e as ssh_again set it.
 */
int ssh_fail(struct ssh *s, ssize_t rc, struct err *e, const char *what);

/* Has the server ended the SFTP channel `asked`, while the connection stands? */
bool ssh_service_gone(struct ssh *s);

/* Does the libssh2 that runs have what came with 1.11.0: rsa-sha2, etm, GCM? */
bool ssh_modern(void);

/* ---- between the ssh_*.c files ---- */

/* Sets s up, connects and shakes hands, asking for host keys of these types. */
int ssh_dial(struct ssh *s, unsigned host_key_types, struct err *e);

/* Connects to a host whose key is pinned in sc->known_hosts, or does not. */
int ssh_trust(struct ssh *s, struct err *e);

/* Sets the algorithms that we offer. */
int ssh_prefer(struct ssh *s, unsigned host_key_types, struct err *e);

int ssh_login(struct ssh *s, struct err *e);

void ssh_init(struct ssh *s, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env);

#endif
