/* What the fuzz targets share: feeds out of text, a mapper at work, and complaints. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/record.h"
#include "mappers/format.h"

#define FUZZ_NOW INT64_C(1750000000000) /* 2025-06-15, in ms */

/* What a target is: libFuzzer's, or replay.c's, calls it with one input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what is wrong and ends the process, so that a fuzzer keeps the input. */
void fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A condition that always holds, else the target fails with its text. */
#define FUZZ_CHECK(condition, ...)              \
	do {                                    \
		if (!(condition))               \
			fuzz_fail(__VA_ARGS__); \
	} while (0)

/*
 * The next byte of a sequence that `state` stands for. Always the same one, since a
 * finding must come again.
 */
unsigned fuzz_any(uint64_t *state);

/* A feed compiled from text; conf, errors and mapper live until release. */
struct fuzz_feed {
	struct conf conf;
	struct conf_errors errors;
	struct mapper *mapper; /* NULL: the text has mistakes */
	struct err err;
};

/* A text without [feed] extends. Checks that what it complains about says why. */
void fuzz_feed_read(
    struct fuzz_feed *f, struct span text, const char *format, const char *zone);

/* The same with the maps of deploy/maps; fails if there are mistakes. */
void fuzz_feed_load(
    struct fuzz_feed *f, const char *text, const char *format, const char *zone);
void fuzz_feed_release(struct fuzz_feed *f);

/* Is it a sound record, its data JSON with each key once? Appends a line to `log`. */
void fuzz_record(struct buf *log, const struct record *r);

/* Appends a line for a problem. */
void fuzz_problem(struct buf *log, const struct problem *p);

#endif
