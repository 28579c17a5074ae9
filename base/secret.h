/*
 * Secrets: never a value in a configuration, only the place where one is. Read when
 * it is needed, and wiped after use.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

#include "base/err.h"

/* A file, $CREDENTIALS_DIRECTORY/NAME, or env:NAME. */
struct conf_secret {
	const char *where; /* NULL: not given */
};

/*
 * Reads a secret into a NUL-terminated buffer of at most 64 KiB in locked memory,
 * without the newline at its end. Files others can read are refused (ERR_CONFIG).
 * The caller frees it with secret_free, which wipes it.
 */
char *secret_read(const struct conf_secret *s, struct err *e);
void secret_free(char *secret);

/* What was made of a secret, elsewhere. */
void secret_wipe(void *p, size_t n);

#endif
