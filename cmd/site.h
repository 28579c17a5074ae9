/* What `check` finds of the site as a whole. */
#ifndef CMD_SITE_H
#define CMD_SITE_H

#include "cmd/app.h"

/*
 * The ledger, if there is one that we may look at: it can be opened, and was not found
 * damaged since it was verified. One that is busy being compacted is well.
 */
int site_ledger(struct app *app, struct err *e);

/*
 * -1 if there is little room in the state folder, and how little. Nobody knows how much
 * will have to wait to be sent.
 */
int site_room(const struct app *app, struct err *e);

#endif
