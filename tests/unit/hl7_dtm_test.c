#include "mappers/hl7_dtm.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* v2.9.1 2.A.22; minutes east of UTC, or none. */
#define NONE 9999

static const struct {
	const char *text;
	const char *want; /* year-month-dayThour:minute:second.milli */
	enum precision precision;
	int offset;
} good[] = {
    {"2026", "2026-01-01T00:00:00.000", PRECISION_YEAR, NONE},
    {"202603", "2026-03-01T00:00:00.000", PRECISION_MONTH, NONE},
    {"20260308", "2026-03-08T00:00:00.000", PRECISION_DAY, NONE},
    {"2026030801", "2026-03-08T01:00:00.000", PRECISION_HOUR, NONE},
    {"202603080130", "2026-03-08T01:30:00.000", PRECISION_MINUTE, NONE},
    {"20260308013045", "2026-03-08T01:30:45.000", PRECISION_SECOND, NONE},
    {"20260308013045.1", "2026-03-08T01:30:45.100", PRECISION_MILLI, NONE},
    {"20260308013045.12", "2026-03-08T01:30:45.120", PRECISION_MILLI, NONE},
    {"20260308013045.123", "2026-03-08T01:30:45.123", PRECISION_MILLI, NONE},
    {"20260308013045.1239", "2026-03-08T01:30:45.123", PRECISION_MILLI, NONE},
    {"20260308013045.0000", "2026-03-08T01:30:45.000", PRECISION_MILLI, NONE},
    {"2026-0500", "2026-01-01T00:00:00.000", PRECISION_YEAR, -300},
    {"202603+0100", "2026-03-01T00:00:00.000", PRECISION_MONTH, 60},
    {"20260308-0500", "2026-03-08T00:00:00.000", PRECISION_DAY, -300},
    {"2026030801-0500", "2026-03-08T01:00:00.000", PRECISION_HOUR, -300},
    {"202603080130+0000", "2026-03-08T01:30:00.000", PRECISION_MINUTE, 0},
    {"202603080130-0000", "2026-03-08T01:30:00.000", PRECISION_MINUTE, 0},
    {"20210924093000+0215", "2021-09-24T09:30:00.000", PRECISION_SECOND, 135},
    {"20260308013045.1234-0330", "2026-03-08T01:30:45.123", PRECISION_MILLI, -210},
    {"20260308013045+1400", "2026-03-08T01:30:45.000", PRECISION_SECOND, 840},
    {"20260308013045-1200", "2026-03-08T01:30:45.000", PRECISION_SECOND, -720},
    /* Midnight, the last minute, the calendar's edges. */
    {"202603080000", "2026-03-08T00:00:00.000", PRECISION_MINUTE, NONE},
    {"20260308235959", "2026-03-08T23:59:59.000", PRECISION_SECOND, NONE},
    {"00010101", "0001-01-01T00:00:00.000", PRECISION_DAY, NONE},
    {"99991231", "9999-12-31T00:00:00.000", PRECISION_DAY, NONE},
    {"20240229", "2024-02-29T00:00:00.000", PRECISION_DAY, NONE},
    {"20000229", "2000-02-29T00:00:00.000", PRECISION_DAY, NONE},
};

Test(hl7_dtm_forms, accepted)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct civil c;
		char got[64];

		cr_expect(hl7_dtm_parse(span_of(good[i].text), &c), "%s", good[i].text);
		snprintf(got, sizeof(got), "%04d-%02d-%02dT%02d:%02d:%02d.%03d", c.year,
		    c.month, c.day, c.hour, c.minute, c.second, c.milli);
		cr_expect_str_eq(got, good[i].want, "%s: %s", good[i].text, got);
		cr_expect_eq(c.precision, good[i].precision, "%s", good[i].text);
		cr_expect_eq(c.has_offset, good[i].offset != NONE, "%s", good[i].text);
		if (good[i].offset != NONE)
			cr_expect_eq(c.offset, good[i].offset * 60, "%s: %d",
			    good[i].text, c.offset);
	}
}

static const char *const refused[] = {
    "",
    /* A number of digits that the form does not have. */
    "2",
    "202",
    "20263",
    "2026030",
    "196203520",
    "20260308013",
    "2026030801304",
    "202603080130451",
    "20110613122406637",
    /* Years, months, days and times that are none. */
    "0000",
    "00000101",
    "20260001",
    "20261301",
    "20260100",
    "20260132",
    "20260230",
    "20260431",
    "20250229",
    "19000229",
    "2026030824",
    "202603080160",
    "20260308013061",
    /* Fractions: one to four digits, behind seconds. */
    "20260308013045.",
    "20260308013045.12345",
    "20260308013045,5",
    "202603080130.5",
    "20260308.5",
    "2026.5",
    /* Offsets: a sign and four digits. */
    "20260308013045+",
    "20260308013045+05",
    "20260308013045+050",
    "20260308013045+05000",
    "20260308013045+05:00",
    "20260308013045+0560",
    "20260308013045+2500",
    "20260308013045Z",
    "20260308013045*0500",
    "20260308013045 -0500",
    "+0100",
    /* Other forms, and what stands around. */
    "2026-03-08",
    "2026-03",
    "03/08/2026",
    "20260308T0130",
    "20260308 0130",
    "2026030801:30",
    "Aug 15, 1942",
    " 2026",
    "2026 ",
    "2026\n",
    "-2026",
    "\"\"",
};

Test(hl7_dtm_forms, refused)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct civil c;

		cr_expect_not(hl7_dtm_parse(span_of(refused[i]), &c), "%s", refused[i]);
	}
}
