#include "pollers/ssh.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FREE_TRIES 64 /* calls to make until libssh2 has given everything back */

void
ssh_init(struct ssh *s, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env)
{
	*s = (struct ssh){.sc = sc, .url = url, .env = env, .fd = -1};
	snprintf(s->where, sizeof(s->where), strchr(url->host, ':') ? "[%s]:%d" : "%s:%d",
	    url->host, url->port ? url->port : SSH_PORT);
}

void
ssh_begin(struct ssh *s)
{
	s->step_end = clock_mono(s->env->clock) + s->sc->timeout;
}

bool
ssh_modern(void)
{
	return libssh2_version(0x010b00) != NULL;
}

bool
ssh_service_gone(struct ssh *s)
{
	return s->asked && libssh2_channel_eof(libssh2_sftp_get_channel(s->asked)) == 1;
}

/* Is there no point in waiting for the server, at `now`? Then -1 with *e. */
static int
check_over(struct ssh *s, int64_t now, int64_t end, struct err *e)
{
	if (ssh_service_gone(s))
		return err_set(
		    e, ERR_IO, "%s: the server ended the SFTP service", s->where);
	if (now >= s->env->deadline)
		return err_set(e, ERR_DEADLINE, "%s: the run's time is over", s->where);
	if (now >= end)
		return err_set(e, ERR_IO, "%s: no answer within %g s", s->where,
		    (double)s->sc->timeout / 1000);
	return 0;
}

/*
 * Waits for the socket until `end`, the step's end or the deadline: 0, or -1 with *e.
 */
static int
wait_for(struct ssh *s, short events, int64_t end, struct err *e)
{
	struct pollfd pfd = {.fd = s->fd, .events = events};

	for (;;) {
		int64_t now = clock_mono(s->env->clock);
		int64_t left = (end < s->env->deadline ? end : s->env->deadline) - now;
		int n;

		if (check_over(s, now, end, e))
			return -1;
		n = poll(&pfd, 1, left < 60000 ? (int)left : 60000);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, ERR_IO, errno, "%s: poll", s->where);
	}
}

/*
 * What libssh2 reads the socket with. Up to 1.11.1 it goes round without an end, within
 * one call, when the channel ends in the middle of an SFTP packet, or when the service
 * does not come up: an error from here is the only way out.
 */
static LIBSSH2_RECV_FUNC(receive)
{
	struct ssh *s = *abstract;
	ssize_t n = recv(socket, buffer, length, flags);

	s->cut |= n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	s->received += n > 0 ? (uint64_t)n : 0;
	if (n >= 0)
		return n;
	if (s->cut)
		return -errno;
	if (!s->lost && check_over(s, clock_mono(s->env->clock), s->step_end, NULL))
		s->lost = true;
	return s->lost ? -ECONNABORTED : -EAGAIN;
}

static void
set_receive(struct ssh *s)
{
	LIBSSH2_RECV_FUNC((*fn)) = receive;
#if LIBSSH2_VERSION_NUM >= 0x010b01
	libssh2_session_callback_set2(
	    s->session, LIBSSH2_CALLBACK_RECV, (libssh2_cb_generic *)fn);
#else
	void *p;

	memcpy(&p, &fn, sizeof(p));
	libssh2_session_callback_set(s->session, LIBSSH2_CALLBACK_RECV, p);
#endif
}

bool
ssh_again(struct ssh *s, ssize_t rc, struct err *e)
{
	int directions, one = 1;
	short events = 0;

	if (rc != LIBSSH2_ERROR_EAGAIN)
		return false;
	/*
	 * While logging in, sshd sends small packets in pairs, and holds the second back
	 * until we acknowledge the first: not at once costs 40 ms.
	 */
	if (!s->sftp)
		setsockopt(s->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	directions = libssh2_session_block_directions(s->session);
	if (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		events |= POLLOUT;
	if (directions & LIBSSH2_SESSION_BLOCK_INBOUND || !events)
		events |= POLLIN;
	if (wait_for(s, events, s->step_end, e)) {
		s->lost = true;
		return false;
	}
	return true;
}

int
ssh_fail(struct ssh *s, ssize_t rc, struct err *e, const char *what)
{
	char *text = NULL;

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return -1;
	if (s->lost && check_over(s, clock_mono(s->env->clock), s->step_end, e))
		return -1;
	s->lost = true;
	libssh2_session_last_error(s->session, &text, NULL, 0);
	err_set(e, ERR_IO, "%s: %s: %s (libssh2 error %zd)", s->where, what,
	    text && text[0] ? text : "connection lost", rc);
	if (e)
		e->sys = (int)rc;
	return -1;
}

/* Connects s->fd to one address within `end`. */
static int
connect_one(struct ssh *s, const struct addrinfo *ai, int64_t end, struct err *e)
{
	socklen_t len = sizeof(int);
	int one = 1, cause = 0;

	s->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return err_sys(e, ERR_IO, errno, "%s: socket", s->where);
	/* Small packets go back and forth: this saves 40 ms in the handshake. */
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(s->fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return 0;
	cause = errno;
	if (cause == EINPROGRESS) {
		if (wait_for(s, POLLOUT, end, e))
			goto out;
		if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &cause, &len))
			cause = errno;
		if (cause == 0)
			return 0;
	}
	err_sys(e, ERR_IO, cause, "%s: cannot connect", s->where);
out:
	close(s->fd);
	s->fd = -1;
	return -1;
}

/*
 * Tries each address of the host, and leaves time for those that follow. Looking the
 * name up has the resolver's own limits (resolv.conf).
 */
static int
connect_any(struct ssh *s, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list, *ai;
	char port[8];
	int rc, left = 0;

	snprintf(port, sizeof(port), "%d", s->url->port ? s->url->port : SSH_PORT);
	rc = getaddrinfo(s->url->host, port, &hints, &list);
	if (rc)
		return err_set(e, ERR_IO, "%s: no address for this host: %s", s->where,
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	ssh_begin(s);
	for (ai = list; ai; ai = ai->ai_next)
		left++;
	for (ai = list, rc = -1; ai && rc; ai = ai->ai_next) {
		int64_t now = clock_mono(s->env->clock);

		rc = connect_one(s, ai, now + (s->step_end - now) / left--, e);
	}
	freeaddrinfo(list);
	return rc;
}

/* What can be done where two sides have no algorithm in common. */
static int
no_common_algorithm(struct ssh *s, struct err *e)
{
	if (ssh_modern())
		return err_set(e, ERR_IO,
		    "%s: no algorithms in common with libssh2 %s; ask the server's side to "
		    "allow curve25519-sha256, aes128-ctr and hmac-sha2-256",
		    s->where, libssh2_version(0));
	return err_set(e, ERR_IO,
	    "%s: no algorithms in common: libssh2 %s has no rsa-sha2 keys, etm MACs, AES-GCM, "
	    "chacha20. Use libssh2 1.11 (Debian 13), or have the server allow an ed25519 host "
	    "key, aes128-ctr, hmac-sha2-256",
	    s->where, libssh2_version(0));
}

int
ssh_dial(struct ssh *s, unsigned host_key_types, struct err *e)
{
	int rc;

	s->lost = s->cut = false;
	if (connect_any(s, e))
		return -1;
	s->session = libssh2_session_init_ex(NULL, NULL, NULL, s);
	if (!s->session) {
		err_nomem(e);
		goto out;
	}
	set_receive(s);
	libssh2_session_set_blocking(s->session, 0);
	if (ssh_prefer(s, host_key_types, e))
		goto out;
	ssh_begin(s);
	do
		rc = libssh2_session_handshake(s->session, s->fd);
	while (ssh_again(s, rc, e));
	if (rc == 0)
		return 0;
	if (rc == LIBSSH2_ERROR_KEX_FAILURE) {
		no_common_algorithm(s, e);
		if (e)
			e->sys = rc;
	} else {
		ssh_fail(s, rc, e, "SSH handshake");
	}
out:
	ssh_hang_up(s);
	ssh_close(s);
	return -1;
}

static int
open_sftp(struct ssh *s, struct err *e)
{
	int rc;

	ssh_begin(s);
	do {
		s->sftp = libssh2_sftp_init(s->session);
		rc = s->sftp ? 0 : libssh2_session_last_errno(s->session);
	} while (ssh_again(s, rc, e));
	s->asked = s->sftp;
	return rc ? ssh_fail(s, rc, e, "logged in, but the server opens no SFTP service")
		  : 0;
}

int
ssh_open(struct ssh *s, const struct source_conf *sc, const struct drop_url *url,
    const struct poller_env *env, struct err *e)
{
	ssh_init(s, sc, url, env);
	if (libssh2_init(0))
		return err_set(e, ERR_INTERNAL, "libssh2 does not start");
	if (ssh_trust(s, e) == 0 && ssh_login(s, e) == 0 && open_sftp(s, e) == 0)
		return 0;
	ssh_hang_up(s);
	ssh_close(s);
	libssh2_exit();
	return -1;
}

void
ssh_hang_up(struct ssh *s)
{
	bool told = !s->session || s->lost;

	/* From here on nothing waits, and the feed that is borrowed from may be gone. */
	s->lost = true;
	if (!told)
		libssh2_session_disconnect_ex(
		    s->session, SSH_DISCONNECT_BY_APPLICATION, "", "");
	if (s->fd >= 0)
		shutdown(s->fd, SHUT_RDWR);
}

void
ssh_close(struct ssh *s)
{
	int tries;

	for (tries = 0; s->sftp && tries < FREE_TRIES; tries++)
		if (libssh2_sftp_shutdown(s->sftp) != LIBSSH2_ERROR_EAGAIN)
			break;
	s->sftp = s->asked = NULL;
	for (tries = 0; s->session && tries < FREE_TRIES; tries++)
		if (libssh2_session_free(s->session) != LIBSSH2_ERROR_EAGAIN)
			break;
	s->session = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
