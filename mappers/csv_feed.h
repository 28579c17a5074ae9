/*
 * A feed of CSV files, compiled; for format_csv.c and csv_guide.c alone; format_ops.h says
 * what each call does.
 */
#ifndef MAPPERS_CSV_FEED_H
#define MAPPERS_CSV_FEED_H

#include "mappers/csv_layout.h"
#include "mappers/format_ops.h"
#include "mappers/map.h"

struct csv_feed {
	struct layout layout;
	struct map *map;
};

int csv_feed_compile(
    void **self, struct conf *c, const struct mapper_conf *mc, struct err *e);
void csv_feed_discard(void *self);
uint64_t csv_feed_fingerprint(const void *self);
const struct map *csv_feed_map(const void *self);
const struct missing *csv_feed_missing(const void *self);
bool csv_feed_made(const void *self);
bool csv_feed_rejects(const void *self);

extern const struct format_guide csv_guide;

#endif
