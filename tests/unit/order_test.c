#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "pollers/order.h"

#define NOW 1800000000000LL /* 15 January 2027 */

static const char *patterns[] = {
    "Appt Report *.csv", "appts_*.csv.gz", "[ab]?.hl7", "a\\*b"};

static const struct {
	const char *name;
	size_t n; /* 0: strlen */
	enum name_kind want;
} names[] = {
    {"Appt Report 1.csv", 0, NAME_FILE},
    {"appt report 1.csv", 0, NAME_OTHER},
    {"Appt Report 1.CSV", 0, NAME_OTHER},
    {"appts_.csv.gz", 0, NAME_FILE},
    {"a1.hl7", 0, NAME_FILE},
    {"c1.hl7", 0, NAME_OTHER},
    {"a\\xb", 0, NAME_FILE},
    {"a*b", 0, NAME_OTHER},
    {"notes.txt", 0, NAME_OTHER},
    {"Appt Report 1.csv.tmp", 0, NAME_OTHER},
    {"Appt Report 1.csv.done", 0, NAME_MARKER},
    {".done", 0, NAME_OTHER},
    {".", 0, NAME_OTHER},
    {"..", 0, NAME_OTHER},
    {"", 0, NAME_BAD},
    {"Appt Report ../x.csv", 0, NAME_BAD},
    {"Appt Report \n.csv", 0, NAME_BAD},
    {"Appt Report \x7f.csv", 0, NAME_BAD},
    {"Appt Report \0.csv", 17, NAME_BAD},
    {"Appt Report \xc3\xa9.csv", 0, NAME_FILE},
    {"Appt Report \xe9.csv", 0, NAME_FILE},
};

Test(order, judge)
{
	const struct source_conf sc = {.pattern = {patterns, 4}, .marker = ".done"};
	char name[DROP_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span s = {
		    names[i].name, names[i].n ? names[i].n : strlen(names[i].name)};

		cr_expect_eq(
		    order_judge(&sc, s), names[i].want, "%zu: %s", i, names[i].name);
	}
	memset(name, 'x', sizeof(name));
	cr_expect_eq(order_judge(&sc, (struct span){name, DROP_NAME_MAX}), NAME_OTHER);
	cr_expect_eq(order_judge(&sc, (struct span){name, DROP_NAME_MAX + 1}), NAME_BAD);
}

Test(order, in_progress)
{
	static const char *const unfinished[] = {"a.tmp", "a.TMP", "a.part", "a.filepart",
	    "a.csv.FilePart", "a.writing", "a.crdownload", ".hidden", ".tmp"};
	const char *all[] = {"*"};
	const struct source_conf sc = {.pattern = {all, 1}};

	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++)
		cr_expect_eq(order_judge(&sc, span_of(unfinished[i])), NAME_OTHER, "%s",
		    unfinished[i]);
	cr_expect_eq(order_judge(&sc, SPAN_LIT("tmp")), NAME_FILE);
	cr_expect_eq(order_judge(&sc, SPAN_LIT("a.temp")), NAME_FILE);
	cr_expect_eq(
	    order_judge(&sc, SPAN_LIT("a.done")), NAME_FILE, "no marker is asked for");
}

static const struct {
	const char *name;
	size_t n; /* 0: up to the NUL */
	bool want;
} bad_names[] = {
    {"Appt Report 1.csv\r", 0, true},
    {"Appt \tReport 1.csv", 0, true},
    {"Appt Report 1.csv.done\r", 0, true},
    {"Appt Report 1.csv\r.done", 0, true},
    {"Appt Report \0.csv", 17, true},
    {"../Appt Report 1.csv", 0, true},
    {"z1\x7f", 0, true},
    {"Icon\r", 0, false},
    {"notes.txt\r", 0, false},
    {"Appt Report 1.csv.tmp\r", 0, false},
    {".Appt Report 1.csv\r", 0, false},
    {".done\r", 0, false},
    {"\r", 0, false},
    {"Appt Report 1.csv/", 0, false},
    {"", 0, false},
};

/* What is never taken is told only if it was surely meant to be. */
Test(order, resembles)
{
	const char *with_z[] = {"Appt Report *.csv", "z?\x7f"};
	const struct source_conf sc = {.pattern = {with_z, 2}, .marker = ".done"};
	char name[DROP_NAME_MAX + 100];

	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		struct span s = {bad_names[i].name,
		    bad_names[i].n ? bad_names[i].n : strlen(bad_names[i].name)};

		cr_expect_eq(order_resembles(&sc, s), bad_names[i].want, "%zu: %s", i,
		    bad_names[i].name);
	}
	memset(name, 'x', sizeof(name));
	memcpy(name, "Appt Report ", 12);
	memcpy(name + sizeof(name) - 4, ".csv", 4);
	cr_expect(order_resembles(&sc, (struct span){name, sizeof(name)}), "too long");
}

struct sort_case {
	const char *order;
	struct drop_file in[5];
	const char *want[5];
};

static const struct sort_case sorts[] = {
    {"name", {{"b", 0, 1, 0, 0}, {"a", 0, 2, 0, 0}, {"B", 0, 3, 0, 0}}, {"B", "a", "b"}},
    {"mtime",
	{{"b", 0, 1, 0, 0}, {"c", 0, 0, 0, 0}, {"a", 0, 1, 0, 0}, {"d", 0, -5, 0, 0}},
	{"d", "c", "a", "b"}},
    {"name:%m%d%Y",
	{{"Appt Report 01022027.csv", 0, 0, 0, 0},
	    {"Appt Report 12312026.csv", 0, 0, 0, 0},
	    {"Appt Report latest.csv", 0, 0, 0, 0},
	    {"Appt Report 13012026.csv", 0, 0, 0, 0}},
	{"Appt Report 13012026.csv", "Appt Report latest.csv", "Appt Report 12312026.csv",
	    "Appt Report 01022027.csv"}},
    {"name:%Y%m%d",
	{{"x_20260301_2.csv", 0, 0, 0, 0}, {"x_20260301_1.csv", 0, 0, 0, 0},
	    {"y_20251231.csv", 0, 0, 0, 0}},
	{"y_20251231.csv", "x_20260301_1.csv", "x_20260301_2.csv"}},
    /* a number before the date holds digits that would be one */
    {"name:%m%d%Y",
	{{"9901012020_03042026.csv", 0, 0, 0, 0}, {"1_03032026.csv", 0, 0, 0, 0}},
	{"1_03032026.csv", "9901012020_03042026.csv"}},
    /* but a longer number may well begin with the date */
    {"name:%Y%m%d",
	{{"20260302101500.csv", 0, 0, 0, 0}, {"20260301235959.csv", 0, 0, 0, 0}},
	{"20260301235959.csv", "20260302101500.csv"}},
    {"name:%Y-%m-%d_%H%M",
	{{"e_2026-03-01_0900.csv", 0, 0, 0, 0}, {"e_2026-03-01_0830.csv", 0, 0, 0, 0}},
	{"e_2026-03-01_0830.csv", "e_2026-03-01_0900.csv"}},
    {"name:%d-%b-%Y", {{"01-Mar-2026.csv", 0, 0, 0, 0}, {"28-Feb-2026.csv", 0, 0, 0, 0}},
	{"28-Feb-2026.csv", "01-Mar-2026.csv"}},
    /* two-digit years: never later than next year, so 99 is 1999 and 28 is 2028 */
    {"name:%m%d%y",
	{{"a010199.csv", 0, 0, 0, 0}, {"a010128.csv", 0, 0, 0, 0},
	    {"a010129.csv", 0, 0, 0, 0}},
	{"a010129.csv", "a010199.csv", "a010128.csv"}},
};

Test(order, sort)
{
	for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++) {
		const struct source_conf sc = {.order = sorts[i].order};
		struct drop_file files[5];
		struct drop_list l = {.v = files};
		struct err e = {0};

		while (l.n < 5 && sorts[i].in[l.n].name != NULL) {
			files[l.n] = sorts[i].in[l.n];
			l.n++;
		}
		cr_assert_eq(order_sort(&sc, &l, NOW, &e), 0, "%s", e.msg);
		for (size_t j = 0; j < l.n; j++)
			cr_expect_str_eq(
			    files[j].name, sorts[i].want[j], "case %zu, place %zu", i, j);
	}
}

/* 2026-03-04 is day 20516 of 1970. */
Test(order, date_of_a_name)
{
	static const struct {
		const char *order, *name;
		int r;
		int64_t at;
	} cases[] = {
	    {"name:%Y%m%d", "appts_20260304.csv", 1, 20516 * 86400000LL},
	    {"name:%m%d%Y", "Appt Report 03042026.csv", 1, 20516 * 86400000LL},
	    {"name:%Y-%m-%d_%H%M", "e_2026-03-04_0830.csv", 1,
		20516 * 86400000LL + 510 * 60000},
	    {"name:%Y%m%d", "appts_latest.csv", 0, 0},
	    {"name:%Y%m%d", "appts_20261304.csv", 0, 0},
	    {"name", "appts_20260304.csv", -1, 0},
	    {"mtime", "appts_20260304.csv", -1, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct source_conf sc = {.order = cases[i].order};
		int64_t at = 0;

		cr_expect_eq(order_date(&sc, cases[i].name, NOW, &at), cases[i].r, "%s",
		    cases[i].name);
		cr_expect_eq(at, cases[i].at, "%s", cases[i].name);
	}
}

Test(order, find)
{
	struct drop_file files[] = {
	    {"c", 3, 0, 0, 0}, {"a", 1, 0, 0, 0}, {"b", 2, 0, 0, 0}};
	struct drop_list l = {.v = files, .n = 3}, none = {0};

	order_by_name(&l);
	cr_expect_eq(order_find(&l, "b")->size, 2);
	cr_expect_null(order_find(&l, "d"));
	order_by_name(&none);
	cr_expect_null(order_find(&none, "a"));
}
