/* A mapper at work: fed in pieces, what comes of it compared, and judged. */
#ifndef TESTS_FUZZ_WORK_H
#define TESTS_FUZZ_WORK_H

#include "tests/fuzz/fuzz.h"

/* All bytes, cut as the byte `how` says ('0': not at all), and the end. As reading_end. */
int fuzz_feed_all(struct reading *r, struct span bytes, char how, struct err *e);

/* Fails, and shows both from the first line that differs, if they are not the same. */
void fuzz_compare(struct span whole, struct span pieces);

/*
 * Fails if the text of a verdict has words that are not in these files of mappers/
 * (ended by NULL; always the same ones in a process): a file's own would not be there.
 * What stands in quotation marks is a title, which may be told.
 */
void fuzz_check_said(const struct err *e, const char *const *sources);

/* Where the last line begins, the blank one behind the last end not counted. */
size_t fuzz_last_line(struct span s);

/* The same text is the same map, or the same mistakes; the map is put to work on `bytes`. */
void fuzz_compile(struct span text, const char *format, struct span bytes);

#endif
