/*
 * Rows such as "Total appointments: 60", which stand behind the data of many exports: the
 * pattern that `footer` of a feed would know them by. Nothing but words that are no
 * patient's stands in one, so that it may be shown.
 */
#ifndef MAPPERS_TOTAL_H
#define MAPPERS_TOTAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define TOTAL_SIZE 120 /* of a pattern, with its NUL */

/*
 * Is it a row of one number and of words that totals have, and of nothing else? `pattern`
 * is as emrdrop.conf(5) has it, with {count} for the number and a star for each delimiter;
 * *count is the number. False leaves `pattern` empty.
 */
bool total_pattern(
    const struct span *cells, size_t n, char pattern[TOTAL_SIZE], uint64_t *count);

#endif
