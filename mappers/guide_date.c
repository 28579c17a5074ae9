#include "mappers/guide_date.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

#define TEXT_MAX 1024 /* bytes of a sample, or of its words */

struct directive {
	char letter;
	bool clock; /* of a time, not of a day */
	const char *words;
};

static const struct directive directives[] = {
    {'Y', false, "year"},
    {'y', false, "two-digit year"},
    {'m', false, "month"},
    {'d', false, "day"},
    {'b', false, "month (Mar)"},
    {'B', false, "month (March)"},
    {'a', false, "weekday (Tue)"},
    {'A', false, "weekday (Tuesday)"},
    {'j', false, "day of the year"},
    {'H', true, "hour (00 to 23)"},
    {'I', true, "hour (01 to 12)"},
    {'M', true, "minute"},
    {'S', true, "second"},
    {'f', true, "fraction of the second"},
    {'p', true, "AM or PM"},
    {'z', true, "offset from UTC (+hhmm)"},
    {'s', true, "seconds since 1970"},
    {'%', false, "%"},
};

static const time_t moments[][2] = {
    [GUIDE_START] = {1742290200, 1742393700}, /* 2025-03-18 09:30, 2025-03-19 14:15 */
    [GUIDE_END] = {1742292000, 1742395500},   /* 10:00 and 14:45 of these days */
    [GUIDE_BIRTH] = {327369600, 185932800},   /* 1980-05-17, 1975-11-23 */
};

static const char *const months[] = {"January", "February", "March", "April", "May",
    "June", "July", "August", "September", "October", "November", "December"};
static const char *const days[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

#define YEAR_BASE 1900 /* of struct tm */
#define SHORT     3    /* letters of a name that is cut */

static void
add_day(struct buf *out, char letter, const struct tm *tm)
{
	switch (letter) {
	case 'Y':
		buf_addf(out, "%04d", tm->tm_year + YEAR_BASE);
		break;
	case 'y':
		buf_addf(out, "%02d", tm->tm_year % 100);
		break;
	case 'm':
		buf_addf(out, "%02d", tm->tm_mon + 1);
		break;
	case 'd':
		buf_addf(out, "%02d", tm->tm_mday);
		break;
	case 'j':
		buf_addf(out, "%03d", tm->tm_yday + 1);
		break;
	case 'b':
		buf_add(out, months[tm->tm_mon], SHORT);
		break;
	case 'B':
		buf_add_str(out, months[tm->tm_mon]);
		break;
	case 'a':
		buf_add(out, days[tm->tm_wday], SHORT);
		break;
	case 'A':
		buf_add_str(out, days[tm->tm_wday]);
		break;
	default:
		buf_add_char(out, letter);
	}
}

static void
add_clock(struct buf *out, char letter, const struct tm *tm, time_t at)
{
	const int hour = tm->tm_hour % 12 == 0 ? 12 : tm->tm_hour % 12;

	switch (letter) {
	case 'H':
		buf_addf(out, "%02d", tm->tm_hour);
		break;
	case 'I':
		buf_addf(out, "%02d", hour);
		break;
	case 'M':
		buf_addf(out, "%02d", tm->tm_min);
		break;
	case 'p':
		buf_add_str(out, tm->tm_hour < 12 ? "AM" : "PM");
		break;
	case 'z':
		buf_add_str(out, "-0500");
		break;
	case 's':
		buf_addf(out, "%lld", (long long)at);
		break;
	case 'f':
		buf_add_str(out, "000");
		break;
	default:
		buf_add_str(out, "00");
	}
}

static const struct directive *
find(char letter)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (directives[i].letter == letter)
			return &directives[i];
	return NULL;
}

/* The directive at the head of the text; NULL: it is text of its own. */
static const struct directive *
directive_at(struct span s)
{
	return s.n < 2 || s.p[0] != '%' ? NULL : find(s.p[1]);
}

static int
keep(struct arena *a, struct buf *from, struct span *out)
{
	*out = arena_span(a, buf_span(from));
	buf_release(from);
	return out->p == NULL ? -1 : 0;
}

int
guide_date_sample(struct arena *a, struct span format, enum guide_moment moment,
    size_t row, struct span *out)
{
	const time_t at = moments[moment][row % 2];
	const struct directive *d;
	struct buf text;
	struct tm tm;

	gmtime_r(&at, &tm);
	buf_init(&text, TEXT_MAX);
	for (; format.n > 0; format = (struct span){format.p + 1, format.n - 1}) {
		if ((d = directive_at(format)) == NULL) {
			buf_add_char(&text, format.p[0]);
			continue;
		}
		if (d->clock)
			add_clock(&text, d->letter, &tm, at);
		else
			add_day(&text, d->letter, &tm);
		format = (struct span){format.p + 1, format.n - 1};
	}
	return keep(a, &text, out);
}

int
guide_date_words(
    struct arena *a, struct span format, struct span sample, struct span *out)
{
	bool day = false, clock = false;
	const struct directive *d;
	struct buf text, words;

	buf_init(&words, TEXT_MAX);
	for (; format.n > 0; format = (struct span){format.p + 1, format.n - 1}) {
		if ((d = directive_at(format)) == NULL) {
			buf_add_char(&words, format.p[0]);
			continue;
		}
		day |= !d->clock && d->letter != '%';
		clock |= d->clock;
		buf_add_str(&words, d->words);
		format = (struct span){format.p + 1, format.n - 1};
	}
	buf_init(&text, 2 * TEXT_MAX);
	buf_addf(&text, "%s as %.*s, such as %.*s",
	    day && clock ? "date and time"
	    : clock      ? "time"
			 : "date",
	    (int)words.n, words.p != NULL ? words.p : "", (int)sample.n, sample.p);
	buf_release(&words);
	return keep(a, &text, out);
}
