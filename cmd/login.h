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
struct login_pause;

/*
 * ERR_LOGIN if these credentials were refused before, by whichever feed; the ledger says
 * so of this one too from now on, if `note`. 0, -1.
 */
int login_may(struct ledger *l, const struct feed *f, bool note, struct err *e);

/* What came of it at `now`: `refused`, or they are good. 0, -1. */
int login_note(
    struct ledger *l, const struct feed *f, bool refused, int64_t now, struct err *e);

/* The last run of the feed ended with a refused login, and that was mended since. */
bool login_mended(const struct login_pause *p, const struct feed_state *state);

#endif
