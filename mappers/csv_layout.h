/*
 * The section [csv]: how the files of a feed are laid out. All of it lives as long as
 * the conf that it was read from, but for `widths`.
 */
#ifndef MAPPERS_CSV_LAYOUT_H
#define MAPPERS_CSV_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "mappers/csv_footer.h"
#include "mappers/csv_reader.h"
#include "mappers/map.h"

#define WIDTHS_MAX 1000 /* columns of a fixed width */

struct layout {
	struct reader_conf reader;
	size_t skip_top;        /* rows above the header */
	bool header;            /* there is one */
	bool by_map;            /* it is the first row with all titles of the map */
	struct conf_list match; /* or with these; n = 0: it is the first row */
	struct footer_conf footer;
	uint64_t fingerprint; /* of all that is set */
	size_t widths[WIDTHS_MAX];
};

/* Mistakes go to c->errors. *l must not be moved afterwards. */
void layout_read(struct layout *l, struct conf *c);

/* Do map and layout fit? Mistakes as above. */
void layout_check(const struct layout *l, const struct map *m, struct conf *c);

#endif
