#include "mappers/hl7_dtm.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/hl7_rig.h"

#define HEAD(msh7, event) "MSH|^~\\&|S|F|R|RF|" msh7 "||" event "|C1|P|2.5.1\r"
#define ADT               HEAD("20260110093000-0600", "ADT^A08^ADT_A01")
#define SIU               HEAD("20260110093000-0600", "SIU^S12^SIU_S12")

#define PATIENT     "[patient]\nid = {PID-2}\n"
#define APPOINTMENT "[appointment]\nid = {SCH-1.1}\n"

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

/* What maps make of them. */
static const struct mapper_conf chicago = {.timezone = "America/Chicago"};
static const struct mapper_conf nowhere = {.timezone = NULL};

/* CASES 31: SCH-9 and SCH-10, else from start to end, else the feed's unit. */
static const struct {
	const char *unit, *segments, *want;
} durations[] = {
    {"", "SCH|5||||||||60|s\r", "1"},
    {"", "SCH|5||||||||60|Min\r", "60"},
    {"", "SCH|5||||||||45|MINUTES\r", "45"},
    {"", "SCH|5||||||||2|hr\r", "120"},
    {"", "SCH|5||||||||1.5|h\r", "90"},
    {"", "SCH|5||||||||3600.000|s\r", "60"},
    {"", "SCH|5||||||||1|d\r", "1440"},
    {"h", "SCH|5||||||||60|min\r", "60"},
    {"", "SCH|5||||||||60|min\rTQ1|1||||||202607011000|202607011045\r", "60"},
    {"h", "SCH|5||||||||60\rTQ1|1||||||202607011000|202607011045\r", "45"},
    {"", "SCH|5\rTQ1|1||||||202607011000-0500|202607011130-0400\r", "30"},
    {"", "SCH|5\rTQ1|1||||||202611010030|202611010300\r", "210"},
    {"min", "SCH|5||||||||60\r", "60"},
    {"h", "SCH|5||||||||2\r", "120"},
    {"s", "SCH|5||||||||5400\r", "90"},
    {"", "SCH|5||||||||60\r", "unknown_unit SCH-9"},
    {"min", "SCH|5||||||||60|m\r", "unknown_unit SCH-9"},
    {"", "SCH|5||||||||an hour|min\r", "not_number SCH-9"},
    {"", "SCH|5||||||||-5|min\r", "not_number SCH-9"},
    {"", "SCH|5||||||||1.|min\r", "not_number SCH-9"},
    {"", "SCH|5\rTQ1|1||||||202607011045|202607011000\r", "conflict TQ1-7"},
    {"", "SCH|5\rTQ1|1||||||20260701|20260702\r", "not_datetime TQ1-7"},
    {"", "SCH|5\rTQ1|1||||||202607011000|later\r", "not_datetime TQ1-7"},
    {"", "SCH|5\r", ""},
};

Test(hl7_dtm_maps, minutes)
{
	static const char feed[] = APPOINTMENT
	    "duration_minutes = {SCH-9} {SCH-10} ?? {TQ1-7}/{TQ1-8} ?? {SCH-9} "
	    "| minutes";

	for (size_t i = 0; i < COUNT(durations); i++) {
		struct mapper_conf conf = chicago;
		const char *w = durations[i].want;
		char want[160], message[256];

		conf.duration_unit = durations[i].unit;
		snprintf(message, sizeof(message), SIU "%s", durations[i].segments);
		if (*w == '\0')
			snprintf(want, sizeof(want), "patch appointment 5 {}\nmapped 1");
		else if (*w >= '0' && *w <= '9')
			snprintf(want, sizeof(want),
			    "patch appointment 5 {\"duration_minutes\":%s}\nmapped 1", w);
		else
			snprintf(want, sizeof(want),
			    "warn %s duration_minutes\npatch appointment 5 {}\nmapped 1",
			    w);
		rig_check(&(struct rig_case){feed, message, want}, &conf);
	}
}

#define SUMMER "2026-07-01T10:00:00"

/* The value's own offset, else the feed's zone, else MSH-7's; CASES 25 to 29. */
static const struct {
	const char *zone, *msh7, *field, *value, *want;
} times[] = {
    {"America/Chicago", "20260110093000-0800", "start", "202607011000", SUMMER "-05:00"},
    {NULL, "20260110093000-0800", "start", "202607011000", SUMMER "-08:00"},
    {NULL, "2026-0800", "start", "202607011000", SUMMER "-08:00"},
    {"America/Chicago", "2026", "start", "202607011000+0215", SUMMER "+02:15"},
    {NULL, "01/15/2025", "start", "202607011000+0000", SUMMER "Z"},
    {NULL, "01/15/2025", "start", "202607011000", "reject no_zone SCH-2"},
    {NULL, "20260110093000", "start", "202607011000", "reject no_zone SCH-2"},
    {NULL, "20260110093000", "end", "202607011000", "warn no_zone SCH-2"},
    {"America/Chicago", "", "start", "202607010000", "2026-07-01T00:00:00-05:00"},
    {"America/Chicago", "", "start", "2026070110", SUMMER "-05:00"},
    {"America/Chicago", "", "start", "20260701100000.1239", SUMMER ".123-05:00"},
    {"America/Chicago", "", "start", "202611010130", "reject time_twice SCH-2"},
    {"America/Chicago", "", "start", "202611010130-0600", "2026-11-01T01:30:00-06:00"},
    {"America/Chicago", "", "start", "202603080230", "reject time_skipped SCH-2"},
    {NULL, "", "end", "20260701", "2026-07-01"},
    {NULL, "", "end", "202607", "2026-07"},
    {NULL, "", "end", "2026", "2026"},
    {"America/Chicago", "", "start", "20110613122406637", "reject not_datetime SCH-2"},
    {"America/Chicago", "", "end", "2026-07-01 10:00", "warn not_datetime SCH-2"},
    {"America/Chicago", "", "end", "0000", "warn not_datetime SCH-2"},
};

Test(hl7_dtm_maps, times)
{
	for (size_t i = 0; i < COUNT(times); i++) {
		struct mapper_conf conf = {.timezone = times[i].zone};
		const char *w = times[i].want, *field = times[i].field;
		char feed[128], message[256], want[160];

		snprintf(feed, sizeof(feed), APPOINTMENT "%s = {SCH-2}", field);
		snprintf(message, sizeof(message), HEAD("%s", "SIU^S12") "SCH|5|%s\r",
		    times[i].msh7, times[i].value);
		if (*w == 'r')
			snprintf(want, sizeof(want), "%s %s\nrejected 0", w, field);
		else if (*w == 'w')
			snprintf(want, sizeof(want),
			    "%s %s\npatch appointment 5 {}\nmapped 1", w, field);
		else
			snprintf(want, sizeof(want),
			    "patch appointment 5 {\"%s\":\"%s\"}\nmapped 1", field, w);
		rig_check(&(struct rig_case){feed, message, want}, &conf);
	}
}

static const struct rig_case dates[] = {
    /* A birth date is never shifted, and never guessed. */
    {PATIENT "birth_date = {PID-7}", ADT "PID||7|||||19800704233000-0900\r",
	"patch patient 7 {\"birth_date\":\"1980-07-04\"}\nmapped 1"},
    {PATIENT "birth_date = {PID-7} | date", ADT "PID||7|||||198007\r",
	"patch patient 7 {\"birth_date\":\"1980-07\"}\nmapped 1"},
    {PATIENT "birth_date = {PID-7}", ADT "PID||7|||||196203520\r",
	"warn not_date PID-7 birth_date\npatch patient 7 {}\nmapped 1"},
    {PATIENT "birth_date = {PID-7}", ADT "PID||7|||||20260230\r",
	"warn not_date PID-7 birth_date\npatch patient 7 {}\nmapped 1"},
    {PATIENT "birth_date = {PID-7} | date \"%m/%d/%Y\"", ADT "PID||7|||||7/4/1980\r",
	"patch patient 7 {\"birth_date\":\"1980-07-04\"}\nmapped 1"},
    {APPOINTMENT "start = {SCH-2} | datetime zone=America/New_York",
	SIU "SCH|5|202607011000\r",
	"patch appointment 5 {\"start\":\"" SUMMER "-04:00\"}\nmapped 1"},
    {APPOINTMENT "start = {SCH-2} | datetime \"%m/%d/%Y %H:%M\"",
	SIU "SCH|5|07/01/2026 10:00\r",
	"patch appointment 5 {\"start\":\"" SUMMER "-06:00\"}\nmapped 1"},
    /* Texts: escapes, bytes that are none, control characters. */
    {PATIENT "name.family = {PID-5}", ADT "PID||7|||O\\T\\Neil\\.br\\\r",
	"patch patient 7 {\"name\":{\"family\":\"O&Neil\"}}\nmapped 1"},
    {PATIENT "name.family = {PID-5}", ADT "PID||7|||A\\Z9\\\r",
	"warn hl7_escape PID-5 name.family\n"
	"patch patient 7 {\"name\":{\"family\":\"A\\\\Z9\\\\\"}}\nmapped 1"},
    {PATIENT "name.family = {PID-5}", ADT "PID||7|||Lee\x81\r",
	"warn encoding PID-5 name.family\npatch patient 7 {}\nmapped 1"},
    {PATIENT, ADT "PID||7\x81\r", "reject encoding PID-2 id\nrejected 0"},
    {PATIENT "name.family = {PID-5}", ADT "PID||7|||Lee\x06\r",
	"warn control_character PID -\n"
	"patch patient 7 {\"name\":{\"family\":\"Lee\\u0006\"}}\nmapped 1"},
};

Test(hl7_dtm_maps, dates_and_texts)
{
	rig_check_all(dates, COUNT(dates), &nowhere);
	rig_check(&(struct rig_case){PATIENT "updated_at = {EVN-2}",
		      ADT "EVN||202611010130\rPID||7\r",
		      "patch patient 7 @2026-11-01T01:30:00-05:00 {}\nmapped 1"},
	    &chicago);
}
