/*
 * Civil dates and times: what a calendar and a clock on the wall show, without a
 * zone. Proleptic Gregorian, years 1 to 9999.
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define DAY_SECONDS 86400
#define DAY_MS      INT64_C(86400000)

/* What was given: the rest is zero, or one for month and day. */
enum precision {
	PRECISION_YEAR = 1,
	PRECISION_MONTH,
	PRECISION_DAY,
	PRECISION_HOUR,
	PRECISION_MINUTE,
	PRECISION_SECOND,
	PRECISION_MILLI /* and finer: digits beyond the millisecond are cut */
};

struct civil {
	int year, month, day, hour, minute, second, milli;
	enum precision precision;
	bool has_offset;
	int offset; /* seconds east of UTC, if has_offset */
};

/* Days since 1970-01-01. */
int64_t civil_days(int year, int month, int day);
void civil_from_days(int64_t days, int *year, int *month, int *day);
bool civil_valid(const struct civil *c); /* 31 February is not */

/* Days since 1970-01-01 of an instant in ms, by UTC. */
static inline int64_t
civil_day_of(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

/* The day of the week, 0 is Sunday, of days since 1970-01-01. */
unsigned civil_weekday(int64_t days);

/* Seconds since 1970-01-01T00:00:00 as if the civil time were UTC. */
int64_t civil_seconds(const struct civil *c);
void civil_from_seconds(int64_t s, struct civil *out);

/* Bytes of the blank that a text begins with: ASCII, U+00A0 or U+202F; 0: none. */
size_t civil_blank(struct span s);

/* Where in a text its day and its clock time are; NULL: it has none, or not so far. */
struct civil_places {
	const char *day, *clock;
	const char
	    *wrong; /* of no match: where it ends to fit, or the half that can't be */
	bool fits;  /* but calendar and clock may not have it */
};

/*
 * Parses `s` by a strptime-like format, whole or not at all. Known: %Y %y %m %d %H
 * %I %M %S %f (fraction) %p (AM, a.m.) %b %B (English names) %a %A %j %z (+hhmm,
 * +hh:mm, Z) %s (epoch seconds) %% and literal text; a blank matches one or more blanks.
 * Leading zeros are optional but after a digit field with no separator (%Y%m%d), where
 * the width is fixed. `pivot`: two-digit years are the latest year <= pivot with those
 * digits; 0 forbids %y. A date that no calendar has fails. False: no match.
 * *at is set whatever the result.
 */
bool civil_parse_places(struct span s, const char *format, int pivot, struct civil *out,
    struct civil_places *at);

/* The same, for who needs no places. */
static inline bool
civil_parse(struct span s, const char *format, int pivot, struct civil *out)
{
	struct civil_places at;

	return civil_parse_places(s, format, pivot, out, &at);
}

/* Is `format` one that civil_parse knows? Else *bad points at the directive. */
bool civil_format_ok(const char *format, const char **bad);

/* Does the format have %y, a clock time, a zone? For the map compiler's checks. */
bool civil_format_has(const char *format, char directive);

#define CIVIL_TEXT_SIZE 36 /* with its NUL, and room */

/*
 * FHIR text: "2026", "2026-03", "2026-03-08", or with time and offset
 * "2026-03-08T01:30:00-06:00" (a zero offset is "Z"; milliseconds only if given).
 * A time without offset is not written: returns 0. Else the length, n at least CIVIL_TEXT_SIZE.
 */
size_t civil_format_fhir(const struct civil *c, char *out, size_t n);

/* The same of an instant, in UTC with its milliseconds; 0, and no text, of no such year. */
size_t civil_format_ms(int64_t ms, char out[CIVIL_TEXT_SIZE]);

#endif
