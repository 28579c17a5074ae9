#include "base/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* 2026-11-20T19:30:02.007Z */
static int64_t
fixed_wall(void *self)
{
	(void)self;
	return INT64_C(1795203002007);
}

static const struct clock fixed = {.wall = fixed_wall};
static int ends[2];
static char line[20000];

static void
setup(void)
{
	cr_assert_eq(pipe(ends), 0);
}

TestSuite(log, .init = setup);

static struct log
log_of(enum log_format format, const char *run)
{
	return (struct log){.fd = ends[1],
	    .format = format,
	    .level = LOG_INFO,
	    .clock = &fixed,
	    .run = run};
}

static const char *
written(void)
{
	ssize_t n;

	close(ends[1]);
	n = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	cr_assert_geq(n, 0);
	line[n] = '\0';
	return line;
}

static void
log_all(const struct log *l)
{
	struct err e;

	err_set(&e, ERR_PEER, "host key of \"x\" changed, run: check");
	log_event(l, LOG_WARN, "file-held",
	    LOG_FIELDS(LOG_NAME("feed", "north"), LOG_UINT("rows", UINT64_MAX),
		LOG_TITLE("column", SPAN_LIT("Appt\x1b[2J\r\n=")), LOG_NAME("none", NULL),
		LOG_ERR(&e)));
}

Test(log, text_line)
{
	struct log l = log_of(LOG_TEXT, "01ABC");

	log_all(&l);
	cr_expect_str_eq(written(),
	    "2026-11-20T19:30:02.007Z warn  file-held feed=north rows=18446744073709551615 "
	    "column=\"Appt\\u001b[2J\\r\\n=\" none=\"\" error=peer "
	    "message=\"host key of \\\"x\\\" changed, run: check\" run=01ABC\n");
}

Test(log, json_line)
{
	struct log l = log_of(LOG_JSON, NULL);

	log_all(&l);
	cr_expect_str_eq(written(),
	    "{\"time\":\"2026-11-20T19:30:02.007Z\",\"level\":\"warn\",\"event\":\"file-held\","
	    "\"feed\":\"north\",\"rows\":18446744073709551615,"
	    "\"column\":\"Appt\\u001b[2J\\r\\n=\",\"none\":\"\",\"error\":\"peer\","
	    "\"message\":\"host key of \\\"x\\\" changed, run: check\"}\n");
}

Test(log, what_is_below_the_level_is_not_written)
{
	struct log l = log_of(LOG_TEXT, NULL);

	l.level = LOG_WARN;
	log_event(&l, LOG_DEBUG, "a", LOG_FIELDS(LOG_UINT("n", 1)));
	log_event(&l, LOG_INFO, "b", LOG_FIELDS(LOG_UINT("n", 1)));
	log_event(&l, LOG_ERROR, "c", LOG_FIELDS(LOG_UINT("n", 1)));
	cr_expect_str_eq(written(), "2026-11-20T19:30:02.007Z error c n=1\n");
}

Test(log, values_that_need_quotes_get_them)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
	    {"a-b_c.9/", "a-b_c.9/"},
	    {"", "\"\""},
	    {"a b", "\"a b\""},
	    {"a=b", "\"a=b\""},
	    {"a\"b", "\"a\\\"b\""},
	    {"a\\b", "\"a\\\\b\""},
	    {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
	    {"\xff", "\"\xef\xbf\xbd\""},
	    {"\x7f", "\"\\u007f\""},
	    {"x\nlevel=error", "\"x\\nlevel=error\""},
	};
	struct log l = log_of(LOG_TEXT, NULL);
	char want[2000], *at = want;

	for (size_t i = 0; i < COUNT(cases); i++) {
		log_event(&l, LOG_INFO, "e", LOG_FIELDS(LOG_NAME("v", cases[i].value)));
		at += snprintf(at, sizeof(want) - (size_t)(at - want),
		    "2026-11-20T19:30:02.007Z info  e v=%s\n", cases[i].written);
	}
	cr_expect_str_eq(written(), want);
}

Test(log, problem_has_place_code_words_and_remedy)
{
	const struct problem problems[] = {
	    {PROBLEM_NOT_DATE, WEIGHT_WARNING, 812, SPAN_LIT("DOB"), "patient",
		"birth_date", {NULL, 0}},
	    {PROBLEM_CSV_QUOTE, WEIGHT_REJECT, 3, {NULL, 0}, NULL, NULL, {NULL, 0}},
	};
	struct log l = log_of(LOG_TEXT, NULL);

	log_problem(&l, "north", "ab12", &problems[0], 40);
	log_problem(&l, "north", "ab12", &problems[1], 0);
	cr_expect_str_eq(written(),
	    "2026-11-20T19:30:02.007Z warn  column-warning feed=north file=ab12 row=812 "
	    "column=DOB times=40 code=not_date "
	    "reason=\"The value is not a date in the agreed format.\" "
	    "remedy=\"Write the date as in the other rows; check that the day exists.\"\n"
	    "2026-11-20T19:30:02.007Z warn  row-rejected feed=north file=ab12 row=3 "
	    "column=\"\" times=1 code=csv_quote "
	    "reason=\"A quotation mark is not closed, or stands inside a cell.\" "
	    "remedy=\"In a spreadsheet: take the mark out, and move cells that slipped "
	    "back under their titles. In a text editor: put the whole cell in quotation "
	    "marks and write each one inside it twice.\"\n");
}

Test(log, a_title_of_any_length_costs_no_event)
{
	struct log l = log_of(LOG_TEXT, NULL);
	static char title[70000]; /* more than a line has room for */
	char want[400];

	memset(title, 't', sizeof(title));
	memcpy(title + 199, "\xc3\xa9", 2); /* is not cut in two */
	log_event(&l, LOG_WARN, "row-rejected",
	    LOG_FIELDS(LOG_UINT("row", 7),
		LOG_TITLE("column", ((struct span){title, sizeof(title)}))));
	snprintf(want, sizeof(want),
	    "2026-11-20T19:30:02.007Z warn  row-rejected row=7 column=%.199s\n", title);
	cr_expect_str_eq(written(), want);
}

/* As it is when there is no memory for it. */
Test(log, a_line_that_has_no_room_is_told_without_the_rest)
{
	static const char *const want[] = {
	    "2026-11-20T19:30:02.007Z error feed-failed message=\"no memory, or no room, for what else there is to say\"\n",
	    "{\"time\":\"2026-11-20T19:30:02.007Z\",\"level\":\"error\",\"event\":\"feed-failed\",\"message\":\"no memory, or no room, for what else there is to say\"}\n"};
	static const enum log_format formats[] = {LOG_TEXT, LOG_JSON};
	static char long_name[70000];

	memset(long_name, 'x', sizeof(long_name) - 1);
	for (size_t i = 0; i < COUNT(want); i++) {
		struct log l = log_of(formats[i], "R1");

		log_event(&l, LOG_ERROR, "feed-failed",
		    LOG_FIELDS(LOG_NAME("feed", long_name)));
		cr_expect_str_eq(written(), want[i]);
		setup();
	}
}

Test(log, a_closed_descriptor_is_no_crash)
{
	struct log l = log_of(LOG_TEXT, NULL);

	l.fd = -1;
	log_event(&l, LOG_INFO, "e", LOG_FIELDS(LOG_UINT("n", 1)));
	cr_expect_str_eq(written(), "");
}
