#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

struct err_class {
	const char *name;
	enum err_fate fate;
	int exit;
};

/* The one place where codes become fates and exit statuses. */
static const struct err_class classes[ERR_CODE_COUNT] = {
    [ERR_NONE] = {"none", FATE_FATAL, 0},
    [ERR_USAGE] = {"usage", FATE_FATAL, 64},
    [ERR_CONFIG] = {"config", FATE_FATAL, 78},
    [ERR_NOMEM] = {"memory", FATE_FATAL, 74},
    [ERR_INTERNAL] = {"internal", FATE_FATAL, 70},
    [ERR_IO] = {"io", FATE_RETRY, 74},
    [ERR_LEDGER] = {"state", FATE_FATAL, 74},
    [ERR_BUSY] = {"busy", FATE_RETRY, 75},
    [ERR_PEER] = {"peer", FATE_FATAL, 76},
    [ERR_PERM] = {"permission", FATE_FATAL, 77},
    [ERR_LOGIN] = {"login", FATE_FATAL, 77},
    [ERR_GONE] = {"gone", FATE_RETRY, 74},
    [ERR_CHANGED] = {"changed", FATE_RETRY, 0},
    [ERR_REFUSED] = {"refused", FATE_REJECT, 65},
    [ERR_HELD] = {"held", FATE_HOLD, 4},
    [ERR_API] = {"api", FATE_RETRY, 69},
    [ERR_DEADLINE] = {"deadline", FATE_RETRY, 69},
};

static int __attribute__((format(printf, 4, 0)))
set(struct err *e, enum err_code code, int sys, const char *fmt, va_list ap)
{
	if (e == NULL)
		return -1;
	e->code = code;
	e->fate = classes[code].fate;
	e->sys = sys;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	/* What a server or a file says may stand in it. */
	utf8_tame(e->msg, strlen(e->msg));
	return -1;
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, code, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, enum err_code code, int sys, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	set(e, code, sys, fmt, ap);
	va_end(ap);
	if (e != NULL) {
		n = strlen(e->msg);
		snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(sys));
	}
	return -1;
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char old[ERR_MSG_SIZE];
	va_list ap;
	size_t n;

	if (e == NULL)
		return -1;
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	utf8_tame(e->msg, n);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", old);
	return -1;
}

int
err_nomem(struct err *e)
{
	return err_set(e, ERR_NOMEM, "out of memory");
}

const char *
err_name(enum err_code code)
{
	return classes[code].name;
}

int
err_exit(enum err_code code)
{
	return classes[code].exit;
}
