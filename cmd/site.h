/* What `check` finds of the site as a whole. */
#ifndef CMD_SITE_H
#define CMD_SITE_H

#include "cmd/app.h"

/*
 * The ledger, if there is one that we may look at: it can be opened, and was not found
 * damaged since it was verified. One that is busy being compacted is well.
 */
int site_ledger(struct app *app, struct err *e);

#endif
