/* Formats in plain words, and samples that are what the formats say. */
#include <criterion/criterion.h>

#include "mappers/guide_date.h"

static const struct {
	const char *format;
	enum guide_moment moment;
	const char *first, *second, *words;
} cases[] = {
    {"%m/%d/%Y", GUIDE_START, "03/18/2025", "03/19/2025",
	"date as month/day/year, such as 03/18/2025"},
    {"%d.%m.%y", GUIDE_BIRTH, "17.05.80", "23.11.75",
	"date as day.month.two-digit year, such as 17.05.80"},
    {"%I:%M %p", GUIDE_START, "09:30 AM", "02:15 PM",
	"time as hour (01 to 12):minute AM or PM, such as 09:30 AM"},
    {"%Y-%m-%dT%H:%M:%S", GUIDE_END, "2025-03-18T10:00:00", "2025-03-19T14:45:00",
	"date and time as year-month-dayThour (00 to 23):minute:second, such as "
	"2025-03-18T10:00:00"},
    {"%a %d %b %Y", GUIDE_START, "Tue 18 Mar 2025", "Wed 19 Mar 2025",
	"date as weekday (Tue) day month (Mar) year, such as Tue 18 Mar 2025"},
    {"%A, %B %d", GUIDE_START, "Tuesday, March 18", "Wednesday, March 19",
	"date as weekday (Tuesday), month (March) day, such as Tuesday, March 18"},
    {"%j/%Y", GUIDE_START, "077/2025", "078/2025",
	"date as day of the year/year, such as 077/2025"},
    {"%s", GUIDE_START, "1742290200", "1742393700",
	"time as seconds since 1970, such as 1742290200"},
};

Test(guide_date, samples_and_words)
{
	struct arena a;

	arena_init(&a, 65536);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span format = span_of(cases[i].format), first, second, words;

		cr_assert_eq(
		    guide_date_sample(&a, format, cases[i].moment, 0, &first), 0);
		cr_assert_eq(
		    guide_date_sample(&a, format, cases[i].moment, 1, &second), 0);
		cr_assert_eq(guide_date_words(&a, format, first, &words), 0);
		cr_expect_str_eq(first.p, cases[i].first);
		cr_expect_str_eq(second.p, cases[i].second);
		cr_expect_str_eq(words.p, cases[i].words);
	}
	arena_release(&a);
}
