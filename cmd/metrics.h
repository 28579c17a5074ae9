/*
 * A feed's figures for Prometheus, as node_exporter's textfile collector takes them.
 */
#ifndef CMD_METRICS_H
#define CMD_METRICS_H

#include "cmd/troubles.h"

/*
 * Writes DIR/emrdrop_FEED.prom whole, or leaves what was there; mode 0644, for
 * node_exporter is another user. `dir` NULL: nothing is written. 0, -1.
 */
int metrics_write(
    const char *dir, const struct feed_troubles *t, int64_t now, struct err *e);

/* Of a feed that is no more: also if there is none. `dir` NULL as above. 0, -1. */
int metrics_remove(const char *dir, const char *feed, struct err *e);

#endif
