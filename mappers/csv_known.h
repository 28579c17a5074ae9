/*
 * Rows of a CSV file that are known by their bytes (known.h): what a row's digest is made
 * of, and when one may be passed over.
 */
#ifndef MAPPERS_CSV_KNOWN_H
#define MAPPERS_CSV_KNOWN_H

#include "mappers/csv_header.h"
#include "mappers/format_ops.h"

/* A file's; zeroed is none. */
struct csv_known {
	const struct mapper_known *to; /* NULL: nobody asks */
	const struct format_run *run;
	const struct reader *reader;
	struct digest base; /* of all but the character set that shapes records */
	struct digest key;  /* of that too */
	const char *charset;
	struct known_row row; /* the coming one, */
	bool coming;          /* which is parsed for its column's profiles alone */
};

/* Once the header is there: rows are digested under what says what they mean. Borrows. */
void csv_known_start(struct csv_known *k, const struct format_run *run, uint64_t settings,
    const struct header *h, const struct reader *r);

/*
 * As reader_sink.known; a row that is passed over is counted. One that is looked at for
 * the profiles of its columns (csv_marks.h) is parsed, though it is known.
 */
int csv_known_skip(struct csv_known *k, struct span ahead, size_t *n, struct err *e);

/* Is the row at hand such a one? Then it is counted, and not to be mapped. */
bool csv_known_came(struct csv_known *k);

/* A row that is mapped, and was. */
int csv_known_begin(struct csv_known *k, struct err *e);
int csv_known_end(struct csv_known *k, const struct row_result *result, struct err *e);

#endif
