/*
 * Errors: what went wrong, where, and what may be done about it.
 *
 * A struct err belongs to the caller. The layer that knows sets code and fate;
 * the layers above only read them. The message names the place and the remedy,
 * never a value out of a patient's row.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_MSG_SIZE 1024 /* a header may lack many columns, and all are named */

enum err_code {
	ERR_NONE,
	ERR_USAGE,  /* the command line is wrong */
	ERR_CONFIG, /* a feed file or setting is wrong */
	ERR_NOMEM,
	ERR_INTERNAL, /* our bug: an invariant does not hold */
	ERR_IO,       /* local disk, or the drop's connection */
	ERR_LEDGER,   /* the ledger is missing, damaged, foreign or newer */
	ERR_BUSY,     /* another run holds the lock */
	ERR_PEER,     /* host key or certificate is not the expected one */
	ERR_PERM,     /* file permission, or the API's, refused */
	ERR_LOGIN,    /* the drop refused our login */
	ERR_GONE,     /* the file is no longer there */
	ERR_CHANGED,  /* the file changed while it was read */
	ERR_REFUSED,  /* the file cannot be read at all */
	ERR_HELD,     /* the file waits for a human */
	ERR_API,      /* the API is unavailable, or answers no batch */
	ERR_DEADLINE, /* the run's time is over */
	ERR_CODE_COUNT
};

enum err_fate {
	FATE_FATAL,  /* stop the run */
	FATE_RETRY,  /* the same may succeed later */
	FATE_REJECT, /* this item alone is lost */
	FATE_HOLD    /* a human decides */
};

struct err {
	enum err_code code;
	enum err_fate fate;
	int sys; /* errno, or the library's own code; 0 if none */
	char msg[ERR_MSG_SIZE];
};

/*
 * Fill *e with the code, its usual fate and a formatted message (cut at
 * ERR_MSG_SIZE - 1, control characters as ?). Returns -1, so that a caller can return it.
 * e may be NULL.
 */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with the errno value `sys` kept and its text appended. */
int err_sys(struct err *e, enum err_code code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Put "prefix: " before the message, e.g. a file's name. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Out of memory, in one word for the many places where that is all there is to say. */
int err_nomem(struct err *e);

/* Stable lower-case name of a code ("config", "peer"), for logs and JSON. */
const char *err_name(enum err_code code);

/* Exit status for a run that ends with this code (sysexits(3) where one fits). */
int err_exit(enum err_code code);

#endif
