/*
 * The date in the sample's name, as a format for [source] order. Only one that can't be
 * read in another way becomes a line that counts.
 */
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "cmd/draft.h"
#include "mappers/ascii.h"
#include "pollers/order.h"

#define FORMAT_SIZE 40
#define YEAR_FIRST  2000 /* exports are not older, and numbers of 8 digits may be */
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

/* A format that fits at some place of the name. */
struct fit {
	char format[FORMAT_SIZE];
	size_t width;
	bool doubtful; /* another of its width fits, too */
};

/* Bytes of what is written with all its zeros. */
static size_t
width_of(const char *format)
{
	size_t n = 0;

	for (; *format != '\0'; format++, n++)
		if (*format == '%')
			n += *++format == 'Y' ? 3 : *format == 'b' ? 2 : 1;
	return n;
}

/* `clock`: it is a time of day behind a joint, and may be a mere number: 0001. */
static bool
fits(const char *at, const char *format, bool clock, int year_last)
{
	size_t n = width_of(format);
	struct civil c;

	return strlen(at) >= n && !ascii_digit(at[n]) &&
	       civil_parse((struct span){at, n}, format, 0, &c) && c.year >= YEAR_FIRST &&
	       c.year <= year_last && (!clock || c.hour > 0);
}

static void
take(struct fit *best, const char *format)
{
	size_t n = width_of(format);

	if (n == best->width)
		best->doubtful = true;
	if (n <= best->width)
		return;
	best->width = n;
	best->doubtful = false;
	snprintf(best->format, sizeof(best->format), "%s", format);
}

/* With each time of day behind it, and without one. */
static void
try_day(struct fit *best, const char *at, const char *day, int year_last)
{
	static const char *const joints[] = {"", "_", "-", " ", "T"};
	static const char *const clocks[] = {"%H%M%S", "%H-%M-%S", "%H%M"};
	char format[FORMAT_SIZE];

	if (fits(at, day, false, year_last))
		take(best, day);
	for (size_t i = 0; i < COUNT(joints); i++)
		for (size_t k = 0; k < COUNT(clocks); k++) {
			snprintf(
			    format, sizeof(format), "%s%s%s", day, joints[i], clocks[k]);
			if (fits(at, format, joints[i][0] != '\0', year_last))
				take(best, format);
		}
}

/* The first place of the name where a date stands. */
static const char *
find_date(const char *name, int year_last, struct fit *out)
{
	static const char *const days[] = {"%Y%m%d", "%Y-%m-%d", "%Y_%m_%d", "%Y.%m.%d",
	    "%d%b%Y", "%d-%b-%Y", "%d_%b_%Y", "%m%d%Y", "%d%m%Y", "%m-%d-%Y", "%d-%m-%Y",
	    "%m_%d_%Y", "%d_%m_%Y", "%m.%d.%Y", "%d.%m.%Y"};

	*out = (struct fit){.width = 0};
	for (const char *p = name; *p != '\0'; p++) {
		if (!ascii_digit(*p) || (p > name && ascii_digit(p[-1])))
			continue;
		for (size_t i = 0; i < COUNT(days); i++)
			try_day(out, p, days[i], year_last);
		if (out->width > 0)
			return p;
	}
	return NULL;
}

/* Is it that date which a run will find? */
static bool
run_finds(const struct fit *fit, const char *name, const char *at, int64_t now)
{
	char order[FORMAT_SIZE + 8];
	const struct source_conf sc = {.order = order};
	struct civil c;
	int64_t found;

	snprintf(order, sizeof(order), "name:%s", fit->format);
	return order_date(&sc, name, now, &found) == 1 &&
	       civil_parse((struct span){at, fit->width}, fit->format, 0, &c) &&
	       found == civil_seconds(&c) * 1000;
}

void
draft_order(struct buf *out, const struct draft_for *of)
{
	const char *slash = strrchr(of->sample, '/'), *at;
	const char *name = slash == NULL ? of->sample : slash + 1;
	struct fit fit;
	int year, month, day;

	civil_from_days(civil_day_of(of->now), &year, &month, &day);
	if ((at = find_date(name, year + 1, &fit)) == NULL)
		return;
	if (fit.doubtful || !run_finds(&fit, name, at, of->now))
		buf_addf(out,
		    "# not sure: the name seems to have a date; if it is one, and of this format\n"
		    "# (%%m is the month, %%d the day), older files can go first:\n"
		    "# order = name:%s\n",
		    fit.format);
	else
		buf_addf(out,
		    "# sure: the date in the sample's name; older files go first\n"
		    "order = name:%s\n",
		    fit.format);
}
