/*
 * What is watched of a feed stands beside what people decided of it: in `controls`.
 */
#ifndef STATE_WATCH_IMPL_H
#define STATE_WATCH_IMPL_H

#include "state/ledger_impl.h"
#include "state/watch.h"

/* Keys of `controls` begin with it. */
enum control_kind {
	CONTROL_FILE = 1,
	CONTROL_PAUSE,
	CONTROL_SETTINGS,
	CONTROL_ARRIVALS,
	CONTROL_TROUBLES,
	CONTROL_FIGURES,
	CONTROL_LOGIN
};

/* The key of a feed's value. */
void control_key(
    struct key *k, const struct ledger *l, enum control_kind kind, const char *feed);

/* One more of the feed. */
int arrival_write(const struct act *a, const char *feed, const struct arrival_new *v);
/* What runs add to the figures of a feed, of which some may not be written yet. */
void figures_add(struct figures *to, const struct figures *run);
int figures_write(const struct act *a, const char *feed, const struct figures *run);

#endif
