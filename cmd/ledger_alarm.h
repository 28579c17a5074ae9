/*
 * A ledger that can't be opened, or read, is a problem like others, but can't remember
 * that it was told: a file beside it does, DIR/ledger.alarm, as long as the problem
 * lasts. Where that can't be made it is told each time. Of commands that somebody looks
 * at (app->watched is false) nothing is told.
 */
#ifndef CMD_LEDGER_ALARM_H
#define CMD_LEDGER_ALARM_H

#include "cmd/app.h"

/*
 * What became of opening the ledger, or of using it (`opened`): told if it can't be opened,
 * is damaged, or can't be written. That it is busy, or that there is no memory, is not its fault.
 */
void ledger_alarm_begin(struct app *app, const struct err *e, bool opened);

/*
 * The command comes to its end. If nothing of the ledger failed in it, what was told is
 * over; of damage only the other one can say that: the ledger was verified.
 */
void ledger_alarm_end(struct app *app);
void ledger_alarm_verified(struct app *app);

/* ERR_LEDGER if that was told, and is not over. */
int ledger_alarm_lasts(const struct app *app, struct err *e);

#endif
