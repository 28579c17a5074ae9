/*
 * What becomes of records that a snapshot does not have any more: on_missing and
 * missing_window of a record type's sections.
 */
#ifndef MAPPERS_MISSING_H
#define MAPPERS_MISSING_H

#include "base/record.h"

enum on_missing {
	MISSING_IGNORE,
	MISSING_CANCEL, /* its status becomes cancelled */
	MISSING_DELETE
};

/* Of one record type; all of its sections have the same. */
struct missing {
	enum on_missing how;
	bool window;       /* only what starts between the file's first and last start */
	enum record_op op; /* put or patch: each is a history of its own */
	bool timed;        /* the map gives such records event times */
};

#endif
