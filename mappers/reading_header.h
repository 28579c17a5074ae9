/*
 * The header of a file that was read, beside the last good one (mapper_sink.before). What
 * differs is told as problems when the reading ends.
 */
#ifndef MAPPERS_READING_HEADER_H
#define MAPPERS_READING_HEADER_H

#include "mappers/format.h"

/*
 * Of the first export, with profiles of what was read; n is 0 if none was found, or the
 * format has none. Valid until free.
 */
const struct header_mark *reading_header(const struct reading *r);

/* Was it held because the map can't do without what the header lacks? */
bool reading_lacks(const struct reading *r);

/* Was all of it read, whatever reading_end thinks of it? */
bool reading_whole(const struct reading *r);

#endif
