/* Secrets that belong to somebody else; conf_test.c has what they may be and where. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* The group's bits are an access list's mask, which never lets it write. */
Test(secret, credentials_of_others)
{
	static const struct {
		mode_t mode;
		bool taken;
	} cases[] = {{0400, true}, {0440, true}, {0460, false}, {0420, false},
	    {0444, false}, {0402, false}};
	const struct conf_secret s = {.where = "$CREDENTIALS_DIRECTORY/token"};
	char dir[] = "/tmp/secret_test_XXXXXX", path[64];
	int fd;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/token", dir);
	cr_assert_geq(fd = open(path, O_WRONLY | O_CREAT, 0600), 0);
	cr_assert_eq(write(fd, "hunter2\n", 8), 8);
	close(fd);
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = {.code = ERR_NONE};
		char *secret;

		cr_assert_eq(chmod(path, cases[i].mode), 0);
		secret = secret_read(&s, &e);
		cr_expect_eq(secret != NULL, cases[i].taken, "%o", cases[i].mode);
		if (!cases[i].taken)
			cr_expect_not_null(strstr(e.msg, "chmod 0600"), "%s", e.msg);
		secret_free(secret);
	}
	unlink(path);
	cr_expect_eq(rmdir(dir), 0);
}

/* As `echo` made it for a vault: that is no part of the secret there either. */
Test(secret, environment_ends_in_a_newline)
{
	struct conf_secret s = {.where = "env:SECRET_TEST_LINE"};
	struct err e;
	char *secret;

	setenv("SECRET_TEST_LINE", "hunter2\n", 1);
	setenv("SECRET_TEST_BLANK", "\n", 1);
	secret = secret_read(&s, &e);
	cr_expect(secret != NULL && strcmp(secret, "hunter2") == 0);
	secret_free(secret);
	s.where = "env:SECRET_TEST_BLANK";
	cr_expect_null(secret_read(&s, &e));
	cr_expect_str_eq(e.msg, "env:SECRET_TEST_BLANK: the secret is empty");
}
