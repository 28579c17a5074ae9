/*
 * What people decided, and commands wrote down for the next run: what becomes of a
 * file that is held, and which feeds are paused. Each is audited in its own commit.
 */
#ifndef STATE_CONTROLS_H
#define STATE_CONTROLS_H

#include "state/audit.h"
#include "state/files.h"

enum decision {
	DECISION_NONE,
	DECISION_APPROVE, /* deliver it all the same */
	DECISION_DISCARD, /* put it away undelivered */
	DECISION_AGAIN    /* read it again, though it was delivered */
};

/*
 * A decision is for one content in one feed, whatever its name: another content under
 * that name is held again. It goes when the file is concluded.
 */
int ledger_decision_get(struct ledger *l, const char *feed,
    const unsigned char sha256[SHA256_SIZE], enum decision *out, struct err *e);
int ledger_decide(struct ledger *l, const struct file_entry *f, enum decision d,
    const struct audit_act *act, struct err *e);

/* Since when the feed is paused, in ms; 0 if it is not. */
int ledger_pause_get(struct ledger *l, const char *feed, int64_t *since, struct err *e);
/* `since` 0 ends it. */
int ledger_pause_put(struct ledger *l, const char *feed, int64_t since,
    const struct audit_act *act, struct err *e);

/*
 * The digest of the feed's settings when it last ran. If they are others now, this is
 * audited: 1; else 0; -1.
 */
int ledger_settings_note(struct ledger *l, const char *feed, const struct digest *now,
    const struct audit_act *act, struct err *e);

#endif
