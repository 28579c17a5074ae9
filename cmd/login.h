/*
 * A login that the drop refused once is not tried again with the same credentials:
 * servers lock accounts that fail too often, and a job that runs every five minutes
 * fails often. It goes on when the credentials are others, when `check --connect` has
 * got in, or when somebody says so with `resume`.
 */
#ifndef CMD_LOGIN_H
#define CMD_LOGIN_H

#include "cmd/feed.h"

struct ledger;

/*
 * ERR_LOGIN if these credentials were refused before, by whichever feed; the ledger says
 * so of this one too from now on, if `note`. 0, -1.
 */
int login_may(struct ledger *l, const struct feed *f, bool note, struct err *e);

/* What came of it: `refused`, or they are good. 0, -1. */
int login_note(
    struct ledger *l, const struct feed *f, bool refused, int64_t now, struct err *e);

#endif
