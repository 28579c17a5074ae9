/*
 * Telling people: each change of a feed's troubles once, to the log, to a command and
 * to a webhook; and to a dead-man's switch that a run began and how it ended. None of
 * it changes what a run does, or how it ends.
 */
#ifndef CMD_ALARMS_H
#define CMD_ALARMS_H

#include "cmd/app.h"
#include "cmd/troubles.h"

/* Whose troubles, and by what they were judged. */
struct alarms_of {
	struct ledger *ledger;
	const struct feed *feed;
	const struct troubles_when *when;
};

/*
 * Tells what began and what ended since it was told last, and remembers it. Where that is
 * something, *now is judged anew when no other process tells of the feed. What could not
 * be told is logged, and told by whoever looks next.
 */
void alarms_tell(struct app *app, const struct alarms_of *of, struct feed_troubles *now);

/*
 * The ledger itself, of which it can remember nothing: `t` NULL if that is over.
 * True if it was told, or if nobody wants to know.
 */
bool alarms_tell_ledger(struct app *app, const struct trouble_now *t, int64_t since);

/*
 * `feed` NULL: of the run as a whole. Each goes to the ping URL or not, by whether there
 * is {feed} in it. `exit` is the run's, or PING_START.
 */
#define PING_START (-1)
void alarms_ping(struct app *app, const char *feed, int exit);

/*
 * Are the secrets of [alarms] there, the URLs usable, and the program one? ERR_CONFIG
 * tells the first that is not; nothing is sent.
 */
int alarms_check(const struct app *app, struct err *e);

#endif
