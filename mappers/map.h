/*
 * The map: the value language of emrdrop.conf(5), compiled once a feed, bound to the
 * titles of each file, or to its messages, evaluated once a row or message.
 *
 * A map must outlive its bindings. A binding owns the arena in which a row's
 * records stand; they die with the next map_row.
 */
#ifndef MAPPERS_MAP_H
#define MAPPERS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "mappers/reading_header.h"

struct hl7_charsets;
struct hl7_message;
struct map;     /* a feed's compiled map */
struct binding; /* a map with the column numbers of one file */

/* Cells are valid UTF-8, borrowed for the call. A message has none. */
struct row {
	const struct span *cells;
	size_t n;
	uint64_t number; /* as a spreadsheet shows it: the header is row 1 */
	struct hl7_message *message;
};

enum row_fate {
	ROW_MAPPED,   /* gave one record or more */
	ROW_FILTERED, /* a `when` left it out */
	ROW_REJECTED  /* none of its records goes out */
};

/*
 * Compiles [columns] or [fields], [rows], [code ...] and the sections of the record
 * types; marks
 * what it understood as used. Every mistake goes to c->errors; NULL if there were
 * any (ERR_CONFIG), or memory ran out. The map keeps nothing of the conf.
 */
struct map *map_new(struct conf *c, const struct mapper_conf *mc, struct err *e);
void map_free(struct map *m);

/* A digest of all that shapes records: rules, code tables, zones. */
uint64_t map_fingerprint(const struct map *m);

/* Has every section a rule for updated_at? */
bool map_event_times(const struct map *m);

/* Does [rows] have snapshot_at? */
bool map_made(const struct map *m);

/* Does the map name some column by its title? */
bool map_has_titles(const struct map *m);

/* What becomes of missing records, by type (RECORD_TYPE_MAX + 1 of them). */
const struct missing *map_missing(const struct map *m);

/*
 * Finds the columns. The titles are copied. ERR_REFUSED names every missing title
 * with the nearest one present; a title of the file is printed only if it is close
 * to a missing one, as a file without header has patients' values there. If the last
 * good file had them all, cells of those that are missing are empty; where rows can't be
 * mapped without them it is ERR_HELD, with w->lacks. `w` may be NULL.
 */
struct binding *map_bind(const struct map *m, const struct span *titles, size_t n,
    struct header_watch *w, struct err *e);
void binding_free(struct binding *b);

/*
 * After the last row, with profiles in w->now: tells the sink how the header, in row
 * `row`, differs. -1 with ERR_HELD if two columns that the map reads look swapped.
 */
int binding_drift(
    struct binding *b, const struct header_watch *w, uint64_t row, struct err *e);

/* To messages instead of columns; `charsets`, borrowed, decodes the one at hand. */
struct binding *map_bind_messages(
    const struct map *m, struct hl7_charsets *charsets, struct err *e);

/* Where the rows' results go from now on; `now` (ms) judges event times. */
void binding_start(struct binding *b, const struct mapper_sink *sink, int64_t now);

struct row_result {
	enum row_fate fate;
	unsigned records; /* how many went to the sink */
	bool fleeting;    /* another day the same row may give something else */
};

/*
 * Evaluates one row. Problems go to the sink as they are found, records only if the
 * whole row is good. -1 only if the sink ended the reading, or memory ran out.
 */
int map_row(
    struct binding *b, const struct row *r, struct row_result *out, struct err *e);

/* Of the rows so far; NULL: the map does not ask. Valid until free. */
const struct made *binding_made(const struct binding *b);

/* From now on, what reading_explain promises; NULL turns it off. */
void binding_explain(struct binding *b, struct json *explain);

#endif
