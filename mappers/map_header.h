/*
 * A header beside the map and the last good one. For map_bind.c, map_drift.c, map_lost.c
 * and map_needs.c alone.
 */
#ifndef MAPPERS_MAP_HEADER_H
#define MAPPERS_MAP_HEADER_H

#include "mappers/map_eval.h"

/*
 * Must every file have the column of this slot: does it decide what rows give, identify
 * a record, or cost the row if it is empty? (map_needs.c)
 */
bool map_needs(const struct map *m, unsigned slot);

/* Remembers the first n of b->titles; those behind the file's own are gone (map_bind.c). */
int header_watch_set(struct header_watch *w, struct binding *b, size_t n, struct err *e);

/* Of columns that are not in the header: 0 if the map can do without (map_lost.c). */
int binding_lost(struct binding *b, struct header_watch *w, struct err *e);
/* -1 with ERR_HELD if a column that the map names by its number stands elsewhere now. */
int binding_moved(const struct binding *b, struct header_watch *w, struct err *e);

/* A rule of a record that is put whole, and reads it; NULL: none does. */
const struct rule *map_erases(const struct map *m, unsigned slot);

/* A rule that reads it, and its section; NULL: none does. */
const struct rule *map_reader(
    const struct map *m, unsigned slot, const struct section **section);

#endif
