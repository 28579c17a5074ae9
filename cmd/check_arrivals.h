/*
 * `check --arrivals`: what is late, by the ledger alone.
 */
#ifndef CMD_CHECK_ARRIVALS_H
#define CMD_CHECK_ARRIVALS_H

#include "cmd/app.h"

/* The exit status; the answer is printed. */
int check_arrivals(struct app *app, struct err *e);

#endif
