/*
 * The header of a file beside that of the last good one: what a run keeps of it, and how
 * it is shown.
 */
#ifndef CMD_DRIFT_H
#define CMD_DRIFT_H

#include "base/json.h"
#include "cmd/job_impl.h"

/* What the feed's last good file had, for the reading of the next one. */
int drift_expect(struct job *j, struct intake *in, struct err *e);

/* After the reading: in->header and in->drifts. */
int drift_note(struct intake *in, struct err *e);

/* Of a file whose pass was merged by an earlier run: what that one kept of it. */
int drift_recall(struct job *j, struct intake *in, struct err *e);

/* For the commit that concludes the file: NULL if there is nothing to keep. */
const struct file_header *drift_of_file(const struct intake *in);
const struct header_mark *drift_of_feed(const struct intake *in);

/*
 * The columns that are not the same, a line each with the old title and the new one side
 * by side; nothing if there are none.
 */
int drift_text(const struct file_header *h, struct buf *out, struct err *e);

/* The same as a member of an object: "columns", with "change", "before" and "now". */
int drift_json(const struct file_header *h, struct json *j, struct err *e);

#endif
