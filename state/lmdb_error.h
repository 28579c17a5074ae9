/*
 * What LMDB says went wrong, in words of ours. ERR_LEDGER with no library's code (err.sys)
 * is damage, as a value is that is not what its check says.
 */
#ifndef STATE_LMDB_ERROR_H
#define STATE_LMDB_ERROR_H

#include "base/err.h"

/* `rc` is a failure of `what` there, not an answer. */
int lmdb_error(struct err *e, int rc, const char *path, const char *what);

#endif
