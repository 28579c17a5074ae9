/*
 * What a look at a drop found and left alone, in words: files that are not ready, and what
 * only the clinic can mend, with the remedy. No name of a file stands in them: one may be a
 * patient's, and a bad one drives terminals.
 */
#ifndef CMD_FINDS_H
#define CMD_FINDS_H

#include "base/json.h"
#include "state/ledger.h"

#define FINDS_WORDS 320

/*
 * An upload takes its time, and yesterday's marker may lie beside it. Only what has been
 * as it is for longer than this needs somebody.
 */
#define FINDS_UPLOAD INT64_C(900000) /* ms */

/*
 * "1 file is there since 2026-11-20 14:02:00Z, still changing", "1 file waits: ..."; they
 * return `out`. Of none there are no words.
 */
const char *finds_waiting(const struct look_finds *f, char out[FINDS_WORDS]);
const char *finds_old_markers(const struct look_finds *f, char out[FINDS_WORDS]);
const char *finds_bad_names(const struct look_finds *f, char out[FINDS_WORDS]);

/* What belongs behind "a file has not come", with a blank before it; or empty. */
const char *finds_aside(const struct look_finds *f, char out[FINDS_WORDS]);

/* Each that is there, on a line of its own behind `indent`. */
void finds_text(const struct look_finds *f, const char *indent, struct buf *out);

/*
 * Members of an object: waiting, waiting_since_ms and waits_for (if any), old_markers,
 * old_markers_since_ms (if any), bad_names. `waiting` is more than the look found where a
 * file has changed since, while it was read.
 */
void finds_json(const struct look_finds *f, uint64_t waiting, struct json *j);

#endif
