/*
 * The header of a file that is read, beside the last good one (mapper_sink.before). What
 * differs is told as problems when the reading ends.
 */
#ifndef MAPPERS_READING_HEADER_H
#define MAPPERS_READING_HEADER_H

#include "mappers/format.h"

struct header_watch {
	const struct header_mark *before; /* of the last good file; NULL: none is known */
	struct header_mark now; /* owned; n is 0: there is none, or it is too wide */
	bool lacks;             /* columns that the map needs: its rows can't be mapped */
};

/*
 * Of the first export, or of the one whose columns the file is held for, with profiles of
 * what was read; `lacks` if any export does. Valid until free.
 */
const struct header_watch *reading_header(const struct reading *r);

/*
 * Do the exports that have rows have other columns than each other? Then their rows don't
 * fit under one header, and there is no reject file. It is the cells that count: quotes,
 * delimiters and line ends may differ. Once it has ended.
 */
bool reading_apart(const struct reading *r);

/* Was all of it read, and does nothing say that it was cut? */
bool reading_whole(const struct reading *r);

#endif
