/* Secrets that belong to somebody else; conf_test.c has what they may be and where. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

#define NOBODY 65534

/* A person has put it there as another user: who may not read it is told, and what helps. */
Test(secret, of_another_user)
{
	char path[] = "/tmp/secret_test_XXXXXX";
	const struct conf_secret s = {.where = path};
	struct err e;
	int fd;

	if (geteuid() != 0)
		cr_skip_test("nobody else can be played");
	cr_assert_geq(fd = mkstemp(path), 0);
	cr_assert_eq(seteuid(NOBODY), 0);
	cr_expect_null(secret_read(&s, &e));
	cr_assert_eq(seteuid(0), 0);
	cr_expect_eq(e.code, ERR_PERM);
	cr_expect_not_null(strstr(e.msg, "user nobody may not read"), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "chown nobody /tmp/secret_"), "%s", e.msg);
	close(fd);
	unlink(path);
}
