/*
 * Exit statuses (sysexits(3), and two of our own), and which is the gravest.
 */
#ifndef CMD_STATUS_H
#define CMD_STATUS_H

#include <stdbool.h>

enum status {
	STATUS_OK = 0,
	STATUS_SOME_LOST = 3, /* delivered, but rows were rejected or refused */
	STATUS_HELD = 4,      /* a file waits for a human */
	STATUS_LATE = 5,      /* an expected file has not come, or is strange */
	STATUS_USAGE = 64,
	STATUS_FILE_REFUSED = 65,
	STATUS_API = 69,
	STATUS_BUG = 70,
	STATUS_IO = 74,
	STATUS_BUSY = 75,
	STATUS_PEER = 76,
	STATUS_PERM = 77,
	STATUS_CONFIG = 78
};

/* The one of two that the operator has to know first. */
int status_worse(int a, int b);

/* Nothing is left to do but for a person: what was found stands in the ledger. */
bool status_is_settled(int status);

/* What it means, in a few words. */
const char *status_words(int status);

#endif
