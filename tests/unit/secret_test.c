/* Secrets that belong to somebody else; conf_test.c has what they may be and where. */
#include <criterion/criterion.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

#define NOBODY 65534
#define ROOTS  "/etc/shadow" /* what root has, and nobody else may read */

/* As root a file of root's own is read as nobody; whoever else it is reads ROOTS. */
static void
take_part(char *path, size_t size)
{
	int fd;

	if (geteuid() != 0) {
		snprintf(path, size, "%s", ROOTS);
		return;
	}
	cr_assert_geq(fd = mkstemp(path), 0);
	close(fd);
	cr_assert_eq(seteuid(NOBODY), 0);
}

/* A person has put it there as another user: who may not read it is told, and what helps. */
Test(secret, of_another_user)
{
	char path[] = "/tmp/secret_test_XXXXXX", want[128];
	const struct conf_secret s = {.where = path};
	const struct passwd *us;
	struct err e;

	take_part(path, sizeof(path));
	cr_expect_null(secret_read(&s, &e));
	us = getpwuid(geteuid());
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
	cr_assert_not_null(us);
	cr_expect_eq(e.code, ERR_PERM, "%s", e.msg);
	snprintf(want, sizeof(want), "user %s may not read", us->pw_name);
	cr_expect_not_null(strstr(e.msg, want), "%s", e.msg);
	snprintf(want, sizeof(want), "chown %s %s", us->pw_name, path);
	cr_expect_not_null(strstr(e.msg, want), "%s", e.msg);
	if (strcmp(path, ROOTS) != 0)
		unlink(path);
}
