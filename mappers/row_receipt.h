/* The answer to one row or message of a file. */
#ifndef MAPPERS_ROW_RECEIPT_H
#define MAPPERS_ROW_RECEIPT_H

#include <stdint.h>

#include "base/span.h"

/*
 * What answers one row or message, in the file's own format: a text with a place for
 * the outcome, since the API may still refuse what was mapped.
 */
enum receipt_code { RECEIPT_TAKEN, RECEIPT_REJECTED, RECEIPT_UNREADABLE };

struct receipt {
	uint64_t row;
	enum receipt_code code;
	struct span before, behind; /* the outcome's own text stands between them */
};

#endif
