/* ISO 8601 as FHIR has it. */
#ifndef MAPPERS_ISO_TIME_H
#define MAPPERS_ISO_TIME_H

#include <stdbool.h>

#include "base/civil.h"
#include "base/span.h"

#define ISO_DAY 10 /* characters of YYYY-MM-DD */

/* Does it begin with a day that exists, YYYY-MM-DD? */
bool iso_day(struct span s, struct civil *c);

/* A day, or a day and a time with or without an offset, from the first to the last byte. */
bool iso_parse(struct span s, struct civil *c);

/* Where a text that iso_parse can't read is wrong: its day, or what is behind it. */
const char *iso_wrong(struct span s);

#endif
