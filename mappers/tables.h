/*
 * Tables of facts, for codes_of_rows.
 */
#ifndef MAPPERS_TABLES_H
#define MAPPERS_TABLES_H

#include <stddef.h>

#include "mappers/codes.h"

extern const struct code_row country_rows[];
extern const size_t country_rows_n;

extern const struct code_row language_rows[];
extern const size_t language_rows_n;

#endif
