#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"

#define SECRET_MAX 65536

static const char credentials[] = "$CREDENTIALS_DIRECTORY/", env[] = "env:";

/* Locked, kept out of core dumps, between guard pages. */
static char *
secret_alloc(size_t n, struct err *e)
{
	char *p = sodium_init() < 0 ? NULL : sodium_malloc(n);

	if (p == NULL)
		err_nomem(e);
	return p;
}

static int
file_check(const struct stat *st, const char *path, mode_t forbidden, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_CONFIG, "%s: is not a file", path);
	if (st->st_mode & forbidden)
		return err_set(e, ERR_CONFIG,
		    "others can read this secret; run: chmod 0600 %s", path);
	if (st->st_size > SECRET_MAX)
		return err_set(e, ERR_CONFIG, "%s: a secret has at most 64 KiB", path);
	return 0;
}

/* Without the newline at its end, which editors and echo put there. */
static int
secret_finish(char *s, size_t n, const char *path, struct err *e)
{
	if (n > 0 && s[n - 1] == '\n')
		n--;
	if (n > 0 && s[n - 1] == '\r')
		n--;
	s[n] = '\0';
	if (n == 0)
		return err_set(e, ERR_CONFIG, "%s: the secret is empty", path);
	if (strlen(s) != n)
		return err_set(e, ERR_CONFIG, "%s: a secret has no NUL bytes", path);
	return 0;
}

/* Who must read it is told, for a person has often put it there as another user. */
static int
unreadable(const char *path, int sys, struct err *e)
{
	const struct passwd *we = sys == EACCES ? getpwuid(geteuid()) : NULL;

	if (we == NULL)
		return err_sys(e, sys == EACCES ? ERR_PERM : ERR_CONFIG, sys,
		    "%s: the secret cannot be read", path);
	return err_set(e, ERR_PERM,
	    "%s: user %s may not read this secret; run emrdrop as the user that it belongs "
	    "to, or: chown %s %s",
	    path, we->pw_name, we->pw_name, path);
}

static char *
file_read(const char *path, mode_t forbidden, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n;
	size_t size;
	char *s = NULL;
	int rc = -1;

	if (fd < 0 || fstat(fd, &st) != 0) {
		unreadable(path, errno, e);
		goto out;
	}
	if (file_check(&st, path, forbidden, e) != 0)
		goto out;
	size = (size_t)st.st_size;
	if ((s = secret_alloc(size + 1, e)) == NULL)
		goto out;
	if ((n = read_whole(fd, s, size)) < 0)
		err_sys(e, ERR_IO, errno, "%s: the secret cannot be read", path);
	else
		rc = secret_finish(s, (size_t)n, path, e);
out:
	if (fd >= 0)
		close(fd);
	if (rc != 0) {
		secret_free(s);
		s = NULL;
	}
	return s;
}

static char *
env_read(const char *where, struct err *e)
{
	const char *name = where + sizeof(env) - 1, *value = getenv(name);
	size_t n;
	char *s;

	if (value == NULL || value[0] == '\0') {
		err_set(e, ERR_CONFIG, "the environment variable %s is not set", name);
		return NULL;
	}
	if ((n = strlen(value)) > SECRET_MAX) {
		err_set(e, ERR_CONFIG, "%s: a secret has at most 64 KiB", where);
		return NULL;
	}
	if ((s = secret_alloc(n + 1, e)) == NULL)
		return NULL;
	memcpy(s, value, n);
	if (secret_finish(s, n, where, e) == 0)
		return s;
	secret_free(s);
	return NULL;
}

/*
 * Where the service manager put it. For a service that is not root's, it gives read
 * permission by an ACL, whose mask shows as group permission.
 */
static char *
credential_read(const char *name, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	if (dir == NULL || dir[0] != '/') {
		err_set(e, ERR_CONFIG,
		    "CREDENTIALS_DIRECTORY is not set: the unit needs LoadCredential=%s:FILE",
		    name);
		return NULL;
	}
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL) {
		err_set(e, ERR_CONFIG, "%s%s: is not the name of a credential",
		    credentials, name);
		return NULL;
	}
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
		err_set(e, ERR_CONFIG, "%s%s: the path is too long", credentials, name);
		return NULL;
	}
	return file_read(path, S_IRWXO | S_IWGRP, e);
}

char *
secret_read(const struct conf_secret *s, struct err *e)
{
	const size_t n = sizeof(credentials) - 1;

	if (s->where == NULL) {
		err_set(e, ERR_CONFIG, "no secret is named");
		return NULL;
	}
	if (strncmp(s->where, env, sizeof(env) - 1) == 0)
		return env_read(s->where, e);
	if (strncmp(s->where, credentials, n) == 0)
		return credential_read(s->where + n, e);
	if (s->where[0] == '/')
		return file_read(s->where, S_IRWXG | S_IRWXO, e);
	/* Not shown: it may be the secret itself. */
	err_set(e, ERR_CONFIG,
	    "a secret is named by a file's absolute path, %sNAME or env:NAME",
	    credentials);
	return NULL;
}

void
secret_free(char *secret)
{
	sodium_free(secret);
}

void
secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
