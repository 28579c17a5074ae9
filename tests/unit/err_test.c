#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct {
	enum err_code code;
	const char *name;
	enum err_fate fate;
	int exit;
} codes[] = {
    {ERR_NONE, "none", FATE_FATAL, 0},
    {ERR_USAGE, "usage", FATE_FATAL, 64},
    {ERR_CONFIG, "config", FATE_FATAL, 78},
    {ERR_NOMEM, "memory", FATE_FATAL, 74},
    {ERR_INTERNAL, "internal", FATE_FATAL, 70},
    {ERR_IO, "io", FATE_RETRY, 74},
    {ERR_LEDGER, "state", FATE_FATAL, 74},
    {ERR_BUSY, "busy", FATE_RETRY, 75},
    {ERR_PEER, "peer", FATE_FATAL, 76},
    {ERR_PERM, "permission", FATE_FATAL, 77},
    {ERR_LOGIN, "login", FATE_FATAL, 77},
    {ERR_GONE, "gone", FATE_RETRY, 74},
    {ERR_CHANGED, "changed", FATE_RETRY, 0},
    {ERR_REFUSED, "refused", FATE_REJECT, 65},
    {ERR_HELD, "held", FATE_HOLD, 4},
    {ERR_API, "api", FATE_RETRY, 69},
    {ERR_DEADLINE, "deadline", FATE_RETRY, 69},
};

Test(err, each_code_has_its_name_fate_and_exit)
{
	cr_assert_eq(sizeof(codes) / sizeof(codes[0]), ERR_CODE_COUNT);
	for (size_t i = 0; i < ERR_CODE_COUNT; i++) {
		struct err e = {.sys = 99};

		cr_expect_eq(codes[i].code, i);
		cr_expect_eq(err_set(&e, codes[i].code, "row %d", 7), -1);
		cr_expect_eq(e.code, codes[i].code);
		cr_expect_eq(e.fate, codes[i].fate, "%s", codes[i].name);
		cr_expect_eq(e.sys, 0);
		cr_expect_str_eq(e.msg, "row 7");
		cr_expect_str_eq(err_name(codes[i].code), codes[i].name);
		cr_expect_eq(err_exit(codes[i].code), codes[i].exit, "%s", codes[i].name);
	}
}

Test(err, keeps_errno_and_says_it)
{
	struct err e;

	cr_expect_eq(err_sys(&e, ERR_IO, ENOSPC, "outbox in %s", "/var/x"), -1);
	cr_expect_eq(e.sys, ENOSPC);
	cr_expect_eq(e.code, ERR_IO);
	cr_expect_str_eq(e.msg, "outbox in /var/x: No space left on device");
	cr_expect_eq(err_nomem(&e), -1);
	cr_expect_eq(e.code, ERR_NOMEM);
	cr_expect_eq(e.sys, 0);
	cr_expect_str_eq(e.msg, "out of memory");
}

Test(err, prefix_stands_before_and_keeps_the_rest)
{
	struct err e;

	err_sys(&e, ERR_PEER, EIO, "wrong host key");
	cr_expect_eq(err_prefix(&e, "feed %s", "north"), -1);
	cr_expect_str_eq(e.msg, "feed north: wrong host key: Input/output error");
	cr_expect_eq(e.code, ERR_PEER);
	cr_expect_eq(e.sys, EIO);
}

Test(err, what_others_say_drives_no_terminal)
{
	struct err e;

	err_set(&e, ERR_IO, "the server offers %s",
	    "a,\x1b[31m\n\x7f\xc2\x9b"
	    "1m\xc3\xa9\xc2");
	cr_expect_str_eq(e.msg, "the server offers a,?[31m????1m\xc3\xa9\xc2");
	err_prefix(&e, "%s", "\x07/drop");
	cr_expect_eq(strncmp(e.msg, "?/drop: the server", 18), 0, "%s", e.msg);
}

Test(err, long_messages_are_cut_not_overrun)
{
	char longer[2 * ERR_MSG_SIZE];
	struct err e;

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&e, ERR_IO, "%s", longer);
	cr_expect_eq(strlen(e.msg), ERR_MSG_SIZE - 1);
	err_sys(&e, ERR_IO, EIO, "%s", longer);
	cr_expect_eq(strlen(e.msg), ERR_MSG_SIZE - 1);
	err_set(&e, ERR_IO, "short");
	err_prefix(&e, "%s", longer);
	cr_expect_eq(strlen(e.msg), ERR_MSG_SIZE - 1);
}

Test(err, nobody_need_listen)
{
	cr_expect_eq(err_set(NULL, ERR_IO, "x"), -1);
	cr_expect_eq(err_sys(NULL, ERR_IO, EIO, "x"), -1);
	cr_expect_eq(err_prefix(NULL, "x"), -1);
	cr_expect_eq(err_nomem(NULL), -1);
}
