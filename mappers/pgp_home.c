#include "mappers/pgp_home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUARD_TIME 10000 /* ms until a guard that does not end is ended */

static const char gpg_conf[] = "no-greeting\n"
			       "trust-model always\n"
			       "no-auto-check-trustdb\n"
			       "no-auto-key-retrieve\n"
			       "no-auto-key-locate\n"
			       "disable-dirmngr\n"
			       "lock-never\n"
			       "no-random-seed-file\n"
			       "exit-on-status-write-error\n";
static const char agent_conf[] = "allow-loopback-pinentry\n"
				 "disable-scdaemon\n"
				 "default-cache-ttl 0\n"
				 "max-cache-ttl 0\n";

/* It waits until nobody holds the other end of its standard input. */
static const char guard_script[] = "while read -r _; do :; done\n"
				   "gpgconf --homedir \"$1\" --kill gpg-agent\n"
				   "gpgconf --homedir \"$1\" --remove-socketdir\n"
				   "rm -rf -- \"$1\"\n";

/* What gpg takes from a home; the public keys are in one of two formats. */
static const char *const keys[] = {"pubring.kbx", "pubring.gpg", "private-keys-v1.d"};

static int
write_file(const struct pgp_home *h, const char *name, const char *text, struct err *e)
{
	char path[PGP_HOME_MAX + 32];
	size_t n = strlen(text);
	int fd, rc = 0;

	snprintf(path, sizeof(path), "%s/%s", h->path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		rc = err_sys(e, ERR_IO, errno, "%s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* 1: it is there and can be read; 0: there is none; -1. */
static int
link_key(const struct pgp_home *h, const char *keyring, const char *name, struct err *e)
{
	char from[PATH_MAX], to[PGP_HOME_MAX + 32];

	if (snprintf(from, sizeof(from), "%s/%s", keyring, name) >= (int)sizeof(from))
		return err_set(e, ERR_CONFIG, "[unpack] keyring: the path is too long");
	if (access(from, R_OK) != 0)
		return errno == ENOENT ? 0
				       : err_sys(e, ERR_PERM, errno,
					     "%s: the keys cannot be read", from);
	snprintf(to, sizeof(to), "%s/%s", h->path, name);
	if (symlink(from, to) != 0)
		return err_sys(e, ERR_IO, errno, "%s", to);
	return 1;
}

static int
furnish(const struct pgp_home *h, const char *keyring, struct err *e)
{
	bool any = false;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int r = link_key(h, keyring, keys[i], e);

		if (r < 0)
			return -1;
		any |= r == 1 && strncmp(keys[i], "pubring", 7) == 0;
	}
	if (!any)
		return err_set(e, ERR_CONFIG,
		    "%.256s: is no keyring, there is no pubring.kbx in it; import the "
		    "keys: gpg --homedir %.256s --import FILE",
		    keyring, keyring);
	if (write_file(h, "gpg.conf", gpg_conf, e) != 0)
		return -1;
	return write_file(h, "gpg-agent.conf", agent_conf, e);
}

/* Nothing of ours is left open in it but the line; a terminal's ^C passes it by. */
static int
spawn_guard(struct pgp_home *h, int line)
{
	char sh[] = "sh", option[] = "-c", name[] = "emrdrop-guard";
	char script[sizeof(guard_script)];
	char *const argv[] = {sh, option, script, name, h->path, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc;

	memcpy(script, guard_script, sizeof(script));
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	if ((rc = posix_spawn_file_actions_adddup2(&files, line, 0)) == 0 &&
	    (rc = posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_RDWR, 0)) ==
		0 &&
	    (rc = posix_spawn_file_actions_adddup2(&files, 1, 2)) == 0 &&
	    (rc = posix_spawn_file_actions_addclosefrom_np(&files, 3)) == 0 &&
	    (rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID)) == 0)
		rc = posix_spawn(&h->guard, "/bin/sh", &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static int
post_guard(struct pgp_home *h, struct err *e)
{
	int ends[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(e, ERR_IO, errno, "cannot make a socket");
	rc = spawn_guard(h, ends[1]);
	close(ends[1]);
	h->line = ends[0];
	if (rc == 0)
		return 0;
	close(h->line);
	return err_sys(e, ERR_IO, rc, "cannot start /bin/sh");
}

static const char *
temporary(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && dir[0] == '/' && strlen(dir) < PGP_HOME_MAX / 2 ? dir
									      : "/tmp";
}

int
pgp_home_open(struct pgp_home *h, const char *keyring, struct err *e)
{
	snprintf(h->path, sizeof(h->path), "%s/emrdrop-pgp.XXXXXX", temporary());
	if (mkdtemp(h->path) == NULL)
		return err_sys(e, ERR_IO, errno, "%s", h->path);
	if (post_guard(h, e) != 0) {
		rmdir(h->path);
		return -1;
	}
	if (furnish(h, keyring, e) == 0)
		return 0;
	pgp_home_close(h);
	return -1;
}

void
pgp_home_close(struct pgp_home *h)
{
	struct pollfd p = {.fd = h->line, .events = POLLIN};
	int r;

	shutdown(h->line, SHUT_WR);
	while ((r = poll(&p, 1, GUARD_TIME)) < 0 && errno == EINTR)
		;
	if (r <= 0)
		kill(h->guard, SIGKILL);
	while (waitpid(h->guard, NULL, 0) < 0 && errno == EINTR)
		;
	close(h->line);
}
