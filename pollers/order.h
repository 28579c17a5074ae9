/*
 * Which names of a drop are files to take, and in what order.
 */
#ifndef POLLERS_ORDER_H
#define POLLERS_ORDER_H

#include "pollers/poller.h"

enum name_kind {
	NAME_BAD,    /* empty, too long, ".", "..", or it holds "/" or a control byte */
	NAME_OTHER,  /* in progress, or fits no pattern */
	NAME_MARKER, /* fits the feed's marker suffix */
	NAME_FILE
};

enum name_kind order_judge(const struct source_conf *sc, struct span name);

/*
 * Is a bad name surely meant for a file, or its marker? Without its folders and control
 * bytes, or with them, it fits a pattern. The Finder's "Icon\r" is nobody's mistake.
 */
bool order_resembles(const struct source_conf *sc, struct span name);

/*
 * Sorts by sc->order; equal keys by name, byte by byte. `now` (ms since 1970) settles
 * the century of two-digit years: never later than next year. -1: no memory.
 */
int order_sort(
    const struct source_conf *sc, struct drop_list *l, int64_t now, struct err *e);

/* Sorts by name alone, and finds in a list so sorted. */
void order_by_name(struct drop_list *l);
const struct drop_file *order_find(const struct drop_list *l, const char *name);

/*
 * The date that order = name:FORMAT finds in a name, ms since 1970 as if it were UTC: 1,
 * or 0 if the name holds none; -1: the order is another.
 */
int order_date(const struct source_conf *sc, const char *name, int64_t now, int64_t *out);

#endif
