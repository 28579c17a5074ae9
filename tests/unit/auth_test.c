#include "outbound/auth.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/auth_test.XXXXXX";
static char path[64];

static void
put(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
start(void)
{
	struct err e;

	cr_assert_eq(crypto_init(&e), 0);
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/secret", dir);
}

static void
end(void)
{
	(void)unlink(path);
	cr_expect_eq(rmdir(dir), 0);
}

Test(auth, headers, .init = start, .fini = end)
{
	/* RFC 7617 2 and RFC 6750 2.1 have the examples. */
	static const struct {
		const char *user, *secret, *want; /* NULL: refused */
	} rows[] = {
	    {"Aladdin", "open sesame\n",
		"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
	    {NULL, "mF_9.B5f-4.1JqM\n", "Authorization: Bearer mF_9.B5f-4.1JqM"},
	    {NULL, "mF_9.B5f-4.1JqM", "Authorization: Bearer mF_9.B5f-4.1JqM"},
	    {NULL, "", NULL},
	    {NULL, "\n", NULL},
	    {NULL, "canary\nX-Other: header\n", NULL},
	    {NULL, "canary\r\nX-Other: header", NULL},
	    {NULL, "canary\x7f", NULL},
	    {"u", "", NULL},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct target_conf tc = {.user = rows[i].user};
		struct err e = {.code = ERR_NONE};
		struct auth a;

		*(rows[i].user != NULL
			? &tc.password_file
			: &tc.token_file) = (struct conf_secret){.where = path};
		put(rows[i].secret);
		cr_expect_eq(
		    auth_init(&a, &tc, &e), rows[i].want != NULL ? 0 : -1, "row %zu", i);
		if (rows[i].want != NULL)
			cr_expect_str_eq(a.lines[0], rows[i].want);
		else
			cr_expect_not_null(strstr(e.msg, "[target]"), "%s", e.msg);
		cr_expect_null(strstr(e.msg, "canary"), "%s", e.msg);
		auth_release(&a);
	}
}

Test(auth, refresh, .init = start, .fini = end)
{
	struct target_conf tc = {.token_file = {.where = path}};
	struct err e;
	struct auth a;

	put("one\n");
	cr_assert_eq(auth_init(&a, &tc, &e), 0);
	cr_expect_eq(auth_refresh(&a, &e), 0);
	cr_expect_eq(a.generation, 0);
	put("two\n");
	cr_expect_eq(auth_refresh(&a, &e), 1);
	cr_expect_eq(a.generation, 1);
	cr_expect_str_eq(a.lines[0], "Authorization: Bearer two");
	cr_expect_eq(auth_refresh(&a, &e), 0);
	(void)unlink(path);
	cr_expect_eq(auth_refresh(&a, &e), -1);
	/* What was read stays good. */
	cr_expect_str_eq(a.lines[0], "Authorization: Bearer two");
	auth_release(&a);
	tc = (struct target_conf){.url = ""};
	cr_assert_eq(auth_init(&a, &tc, &e), 0);
	cr_expect_eq(a.n, 0);
	cr_expect_eq(auth_refresh(&a, &e), 0);
	auth_release(&a);
}

/* Another secret each; the Authorization header comes first. */
Test(auth, own_headers, .init = start, .fini = end)
{
	static const struct target_header headers[] = {
	    {"X-Api-Key", {"env:AUTH_TEST_KEY"}}, {"X-Tenant", {path}}};
	struct target_conf tc = {
	    .token_file = {.where = path}, .headers = headers, .nheaders = 2};
	struct err e;
	struct auth a;

	put("one\n");
	setenv("AUTH_TEST_KEY", "k-1", 1);
	cr_assert_eq(auth_init(&a, &tc, &e), 0);
	cr_assert_eq(a.n, 3);
	cr_expect_str_eq(a.lines[0], "Authorization: Bearer one");
	cr_expect_str_eq(a.lines[1], "X-Api-Key: k-1");
	cr_expect_str_eq(a.lines[2], "X-Tenant: one");
	cr_expect_eq(auth_refresh(&a, &e), 0);
	setenv("AUTH_TEST_KEY", "k-2", 1);
	cr_expect_eq(auth_refresh(&a, &e), 1);
	cr_expect_str_eq(a.lines[1], "X-Api-Key: k-2");
	setenv("AUTH_TEST_KEY", "canary\r\nX-Other: 1", 1);
	cr_expect_eq(auth_refresh(&a, &e), -1);
	cr_expect_not_null(strstr(e.msg, "[target] header.X-Api-Key: empty, or"));
	cr_expect_null(strstr(e.msg, "canary"), "%s", e.msg);
	cr_expect_str_eq(a.lines[1], "X-Api-Key: k-2");
	auth_release(&a);
}
