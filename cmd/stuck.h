/*
 * Files that are stuck: held until somebody decides, or refused until they are mended.
 */
#ifndef CMD_STUCK_H
#define CMD_STUCK_H

#include "base/json.h"
#include "state/controls.h"

/* Does it still wait in its drop, as of the last look? 1, 0, -1. */
int stuck_is(struct ledger *l, const struct file_entry *f, struct err *e);

/*
 * Has somebody decided what the next run does with it? 1, 0, -1. One that was forgotten, or
 * approved and can't be, was read since, and stands aside all the same.
 */
int stuck_decided(
    struct ledger *l, const struct file_entry *f, enum decision *out, struct err *e);

struct stuck {
	struct file_entry *v;
	size_t n, cap;
};

/* All that do, of all feeds. *out is to be released whatever the result. */
int stuck_find(struct ledger *l, struct stuck *out, struct err *e);
void stuck_release(struct stuck *s);

/* What frees a held file that lacks columns which every row needs. */
#define STUCK_MEND \
	"add the new titles to [columns] of the feed, and the next run reads it again"

/*
 * Is it held, and can it be delivered as it is? 1, 0, -1. Of a file without a column that
 * the map needs, whoever approves it, nothing can be; *mend is true for such a one.
 */
int stuck_approvable(
    struct ledger *l, const struct file_entry *f, bool *mend, struct err *e);

/* For a person, with at most `max` problems; and as a JSON object, without its name. */
int stuck_text(struct ledger *l, const struct file_entry *f, size_t max, struct buf *out,
    struct err *e);
int stuck_json(
    struct ledger *l, const struct file_entry *f, struct json *j, struct err *e);

#endif
