#include "outbound/target.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bound {
	struct conf conf;
	struct conf_errors errors;
	struct target_conf tc;
};

static void
bind_text(const char *text, struct bound *b)
{
	char path[] = "/tmp/target_conf_test.XXXXXX";
	int fd = mkstemp(path);
	struct conf_section *s;
	struct err e;

	cr_assert_eq(dprintf(fd, "[target]\n%s", text), (int)strlen(text) + 9);
	close(fd);
	memset(b, 0, sizeof(*b));
	conf_errors_init(&b->errors);
	cr_assert_eq(conf_load(&b->conf, path, NULL, &b->errors, &e), 0, "%s", e.msg);
	unlink(path);
	s = conf_find(&b->conf, "target", NULL);
	cr_assert_not_null(s);
	target_bind(&b->conf, s, &b->tc);
	target_check(&b->tc, s, &b->errors);
}

static void
release(struct bound *b)
{
	conf_release(&b->conf);
	conf_errors_release(&b->errors);
}

Test(target_conf, defaults)
{
	struct bound b;

	bind_text("url = https://api.example/v1/batches\n", &b);
	cr_expect_eq(b.errors.n, 0);
	cr_expect_eq(b.tc.mode, TARGET_BATCH);
	cr_expect_eq(b.tc.in_flight, 8);
	cr_expect_eq(b.tc.batch_records, 500);
	cr_expect_eq(b.tc.batch_bytes, 1048576);
	cr_expect_eq(b.tc.timeout, 120000);
	cr_expect_eq(b.tc.connect_timeout, 10000);
	cr_expect_eq(b.tc.attempts, 6);
	cr_expect_eq(b.tc.rate, 0);
	cr_expect_null(b.tc.ca_file);
	release(&b);
}

Test(target_conf, mistakes)
{
	static const struct {
		const char *text, *want; /* NULL: none */
	} rows[] = {
	    {"url = https://api.example:8443/v1/batches?tenant=3\n", NULL},
	    {"url = http://127.0.0.1:8080/v1/batches\n", NULL},
	    {"url = http://127.1.2.3/\n", NULL},
	    {"url = http://localhost/\n", NULL},
	    {"url = http://[::1]:80/\n", NULL},
	    {"url = https://a.example/\nmode = record\nin_flight = 64\n", NULL},
	    {"url = https://a.example/\nuser = u\npassword_file = /p\n", NULL},
	    {"mode = batch\n", "url"},
	    {"url = http://api.example/\n", "must be https"},
	    {"url = http://127.0.0.1.example/\n", "must be https"},
	    {"url = http://1270.0.0.1/\n", "must be https"},
	    {"url = ftp://api.example/\n", "must be https"},
	    {"url = file:///etc/passwd\n", "not a URL"},
	    {"url = api example\n", "not a URL"},
	    {"url = https://u:hunter2@api.example/\n", "holds credentials"},
	    {"url = https://u@api.example/\n", "holds credentials"},
	    {"url = https://api.example/#x\n", "#fragment"},
	    {"url = https://api.example/?x=1\nmode = record\n", "?query"},
	    {"url = https://a.example/\nuser = u\n", "go together"},
	    {"url = https://a.example/\npassword_file = /p\n", "go together"},
	    {"url = https://a.example/\nuser = a:b\npassword_file = /p\n", "colon"},
	    {"url = https://a.example/\nuser = u\npassword_file = /p\ntoken_file = /t\n",
		"not both"},
	    {"url = https://a.example/\nmode = stream\n", "mode"},
	    {"url = https://a.example/\nin_flight = 0\n", "in_flight"},
	    {"url = https://a.example/\nin_flight = 65\n", "in_flight"},
	    {"url = https://a.example/\nattempts = 0\n", "attempts"},
	    {"url = https://a.example/\nrate = 10\n", NULL},
	    {"url = https://a.example/\nrate = -1\n", "rate"},
	    {"url = https://a.example/\nrate = 1001\n", "rate"},
	    {"url = https://a.example/\nheader.X-Api-Key = env:KEY\nheader.y = /p\n",
		NULL},
	    {"url = https://a.example/\nheader.X-Api-Key =\n", NULL},
	    {"url = https://a.example/\nheader.X-Api-Key = hunter2\n",
		"names no place of a secret"},
	    {"url = https://a.example/\nheader. = env:KEY\n", "no header's name"},
	    {"url = https://a.example/\nheader.X Y = env:KEY\n", "no header's name"},
	    {"url = https://a.example/\nheader.X\x01 = env:KEY\n", "a control character"},
	    {"url = https://a.example/\nheader.X\xc3\xa4 = env:KEY\n",
		"no header's name"},
	    {"url = https://a.example/\nheader.authorization = env:KEY\n",
		"made of token_file"},
	    {"url = https://a.example/\nheader.Content-Type = env:KEY\n",
		"by emrdrop itself"},
	    {"url = https://a.example/\nheader.IDEMPOTENCY-KEY = env:KEY\n",
		"by emrdrop itself"},
	    {"url = https://a.example/\nheader.host = env:KEY\n", "by emrdrop itself"},
	    {"url = https://a.example/\nheader.X-A = env:KEY\nheader.x-a = env:B\n",
		"there already"},
	    {"url = https://a.example/\ntoken = x\n", "[target] token"},
	};
	struct bound b;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bind_text(rows[i].text, &b);
		cr_expect_eq(b.errors.n, rows[i].want != NULL, "%s: %zu", rows[i].text,
		    b.errors.n);
		if (b.errors.n > 0 && rows[i].want != NULL)
			cr_expect_not_null(strstr(b.errors.text[0], rows[i].want), "%s",
			    b.errors.text[0]);
		if (b.errors.n > 0)
			cr_expect_null(
			    strstr(b.errors.text[0], "hunter2"), "a password is told");
		release(&b);
	}
}

Test(target_conf, headers)
{
	char text[2048] = "url = https://a.example/\n";
	struct bound b;
	size_t i;

	bind_text("url = https://a.example/\nheader.X-Api-Key = env:KEY\n"
		  "rate = 2\nheader.X-Tenant = /etc/tenant\n",
	    &b);
	cr_expect_eq(b.errors.n, 0);
	cr_expect_eq(b.tc.rate, 2);
	cr_assert_eq(b.tc.nheaders, 2);
	cr_expect_str_eq(b.tc.headers[0].name, "X-Api-Key");
	cr_expect_str_eq(b.tc.headers[0].value.where, "env:KEY");
	cr_expect_str_eq(b.tc.headers[1].name, "X-Tenant");
	cr_expect_str_eq(b.tc.headers[1].value.where, "/etc/tenant");
	release(&b);
	for (i = 0; i <= TARGET_HEADERS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "header.X-%zu = env:KEY\n", i);
	bind_text(text, &b);
	cr_assert_eq(b.errors.n, 1);
	cr_expect_not_null(
	    strstr(b.errors.text[0], "header.X-16: is one header too many"), "%s",
	    b.errors.text[0]);
	release(&b);
}
