/* What spreadsheets make of values, as far as that can be seen afterwards. */
#ifndef MAPPERS_SPREADSHEET_H
#define MAPPERS_SPREADSHEET_H

#include <stdbool.h>

#include "base/record.h"
#include "base/span.h"

/*
 * "2.98725E+13", "1E+05", "2.9e13": what becomes of long numbers. "12E5", without sign
 * and point, may be an id. The text is not empty.
 */
bool spreadsheet_is_scientific(struct span s);

/*
 * Would a spreadsheet that opens a file by a double click save another text, because it
 * takes this one for a number or a day? 00123, 123456789012, 1.50, 12E5, 3-4.
 */
bool spreadsheet_changes(struct span s);

/* "#N/A", "#REF!", "####": what stands in a cell whose formula or width is wrong. */
bool spreadsheet_is_error(struct span s);

/* A day number of the years 1927 to 2064, 10000 to 60000, with or without a time. */
bool spreadsheet_is_serial(struct span s);

/*
 * The first word of a date, or a time, that is such a number, or a part of a day: 0.4375
 * is 10:30. NULL: there is none.
 */
const char *spreadsheet_find_serial(struct span s);

/*
 * Has the record's address.postal_code, field `at` of its schema, 4 digits or 3 where 5
 * are sure: the country is the US, or there is none and the state is one whose ZIP
 * codes begin with 0?
 */
bool spreadsheet_lost_zero(const struct record *r, unsigned short at);

#endif
