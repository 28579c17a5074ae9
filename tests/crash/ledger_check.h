/*
 * Opens the ledger in a folder, reads all of it, and says what it holds as one number:
 * equal contents give equal digests.
 */
#ifndef TESTS_CRASH_LEDGER_CHECK_H
#define TESTS_CRASH_LEDGER_CHECK_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/err.h"

struct content {
	unsigned char sha256[SHA256_SIZE];
};

/*
 * 0, or -1 with *e. `create`: as a run opens it, which makes a ledger where none is, and
 * reads that; else as `status` does. It is sound: the first mismatch of ledger_verify is the error.
 */
int ledger_check(const char *dir, bool create, struct content *out, struct err *e);

#endif
