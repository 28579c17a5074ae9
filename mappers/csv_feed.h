/* A feed of CSV files, compiled; for format_csv.c and csv_guide.c alone. */
#ifndef MAPPERS_CSV_FEED_H
#define MAPPERS_CSV_FEED_H

#include "mappers/csv_layout.h"
#include "mappers/format_ops.h"
#include "mappers/map.h"

struct csv_feed {
	struct layout layout;
	struct map *map;
};

extern const struct format_guide csv_guide;

#endif
