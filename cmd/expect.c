#include "cmd/expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone.h"

#define AT(member)     offsetof(struct expect_conf, member)
#define ALL_DAYS       0x7fu
#define HOLIDAYS_MAX   1000 /* in all lists and files of a feed */
#define WHY_SIZE       336  /* a path, a line and what is wrong */
#define WORDS_EXAMPLE  "such as Mon-Fri 06:00, Sat 09:00"
#define NUMBER_EXAMPLE "such as 200, or Mon-Fri 200, Sat 20"

const struct conf_option expect_options[] = {
    {.name = "days",
	.type = CONF_STRING,
	.offset = AT(days),
	.help = "days on which files are due, such as Mon-Fri; without it those in `by`, "
		"or every day"},
    {.name = "by",
	.type = CONF_STRING,
	.offset = AT(by),
	.help = "when a file must have come: 06:00, or by day: Mon-Fri 06:00, Sat 09:00; "
		"two times are two files"},
    {.name = "grace",
	.type = CONF_DURATION,
	.offset = AT(grace),
	.dflt = "30m",
	.max = 86400000,
	.help = "how much later it may come before it is late"},
    {.name = "timezone",
	.type = CONF_STRING,
	.offset = AT(timezone),
	.help = "zone of `by`; without it the feed's"},
    {.name = "holidays",
	.type = CONF_LIST,
	.offset = AT(holidays),
	.help = "dates on which nothing is due, 2026-12-25; or files with a date a line"},
    {.name = "min_rows",
	.type = CONF_STRING,
	.offset = AT(min_rows),
	.help = "a file with fewer rows is strange: 200, or by day: Mon-Fri 200, Sat 20"},
    {.name = "max_rows",
	.type = CONF_STRING,
	.offset = AT(max_rows),
	.help = "one with more is strange, too; by day as well"},
    {.name = NULL},
};

static const char *const day_names[7] = {
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
static const char *const day_words[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* The section that is being understood. */
struct bind {
	struct conf *conf;
	struct conf_section *s;
	struct expectation *out;
};

static void
fault(const struct bind *b, const char *key, const char *why)
{
	conf_error_at(b->conf->errors, b->s, conf_get(b->s, key), "%s", why);
}

static void
fault_word(const struct bind *b, const char *key, struct span word, const char *why)
{
	char text[200];

	snprintf(text, sizeof(text), "'%.*s' %s", (int)(word.n < 40 ? word.n : 40),
	    word.p, why);
	fault(b, key, text);
}

/* 0 to 6, or -1. */
static int
day_of(struct span word)
{
	for (int d = 0; d < 7; d++)
		if (span_eq_nocase(word, span_of(day_words[d])) ||
		    span_eq_nocase(word, span_of(day_names[d])))
			return d;
	return -1;
}

/* "Mon" or "Mon-Fri", also round the week's end; 0: it is neither. */
static unsigned
days_of(struct span word)
{
	const char *dash = memchr(word.p, '-', word.n);
	size_t n = dash == NULL ? word.n : (size_t)(dash - word.p);
	int from = day_of((struct span){word.p, n}), to = from;
	unsigned days;

	if (dash != NULL)
		to = day_of((struct span){dash + 1, word.n - n - 1});
	if (from < 0 || to < 0)
		return 0;
	for (days = 1u << from; from != to; days |= 1u << from)
		from = (from + 1) % 7;
	return days;
}

/* Cuts the next word off; false: there is none. A comma is a word of its own. */
static bool
next_word(struct span *s, struct span *word)
{
	size_t n = 0;

	*s = span_trim(*s);
	if (s->n == 0)
		return false;
	if (s->p[0] != ',')
		while (n < s->n && s->p[n] != ',' && s->p[n] != ' ' && s->p[n] != '\t')
			n++;
	n += n == 0;
	*word = (struct span){s->p, n};
	*s = (struct span){s->p + n, s->n - n};
	return true;
}

/*
 * "DAYS VALUE, DAYS VALUE": `value` is given each value with the days before it, 0 if
 * there are none. Days with nothing but a comma behind them go on: Mon, Wed 06:00.
 */
struct by_day {
	const char *key, *example;
	int (*value)(void *arg, unsigned days, struct span word);
	void *arg;
};

static void
read_by_day(const struct bind *b, const char *text, const struct by_day *how)
{
	struct span rest = span_of(text), word = {text, 0};
	unsigned days = 0, these;
	bool valued = false;
	char why[100];

	while (next_word(&rest, &word)) {
		if (word.p[0] == ',') {
			days = valued ? 0 : days;
			valued = false;
			continue;
		}
		if ((these = days_of(word)) != 0) {
			days = valued ? these : days | these;
			valued = false;
		} else if (how->value(how->arg, days, word) == 0) {
			valued = true;
		} else {
			snprintf(why, sizeof(why), "is not understood: write it %s",
			    how->example);
			fault_word(b, how->key, word, why);
			return;
		}
	}
	if (!valued && (days != 0 || word.n == 0)) {
		snprintf(
		    why, sizeof(why), "ends without a value: write it %s", how->example);
		fault(b, how->key, why);
	}
}

/* Times by day, and those of days that no other names. */
struct times {
	unsigned named;
	unsigned short other[EXPECT_TIMES_MAX];
	unsigned nother;
	struct expectation *out;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 06:00 or 6:00, or -1. */
static int
minute_of(struct span word)
{
	int minute = 0;

	if (word.n < 4 || word.n > 5 || word.p[word.n - 3] != ':')
		return -1;
	for (size_t i = 0; i < word.n; i++) {
		if (i == word.n - 3)
			continue;
		if (!is_digit(word.p[i]))
			return -1;
		minute = minute * 10 + (word.p[i] - '0');
	}
	/* hhmm */
	return minute / 100 < 24 && minute % 100 < 60 ? minute / 100 * 60 + minute % 100
						      : -1;
}

static int
add_minute(unsigned short *v, unsigned *n, int minute)
{
	unsigned i;

	if (*n == EXPECT_TIMES_MAX)
		return -1;
	for (i = (*n)++; i > 0 && v[i - 1] > minute; i--)
		v[i] = v[i - 1];
	v[i] = (unsigned short)minute;
	return 0;
}

static int
take_time(void *arg, unsigned days, struct span word)
{
	struct times *t = arg;
	int minute = minute_of(word);

	if (minute < 0)
		return -1;
	t->named |= days;
	if (days == 0)
		return add_minute(t->other, &t->nother, minute);
	for (unsigned d = 0; d < 7; d++)
		if ((days >> d & 1) != 0 &&
		    add_minute(t->out->by[d].minute, &t->out->by[d].n, minute) != 0)
			return -1;
	return 0;
}

static void
fault_days(const struct bind *b, const char *key, unsigned days, const char *why)
{
	char text[160] = "";
	size_t n = 0;

	for (unsigned d = 0; d < 7; d++)
		if ((days >> d & 1) != 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
			    n > 0 ? ", " : "", day_words[d]);
	snprintf(text + n, sizeof(text) - n, " %s", why);
	if (days != 0)
		fault(b, key, text);
}

static unsigned
read_days(const struct bind *b, const char *text)
{
	struct span rest = span_of(text), word;
	unsigned days = 0, these;

	while (next_word(&rest, &word)) {
		if (word.p[0] == ',')
			continue;
		if ((these = days_of(word)) == 0)
			fault_word(
			    b, "days", word, "is no day: write Mon-Fri or Mon, Thu");
		days |= these;
	}
	return days;
}

static void
read_times(const struct bind *b, const struct expect_conf *xc)
{
	struct times t = {.out = b->out};
	const struct by_day how = {"by", WORDS_EXAMPLE, take_time, &t};
	unsigned days;

	read_by_day(b, xc->by, &how);
	days = xc->days != NULL ? read_days(b, xc->days)
	       : t.nother > 0   ? ALL_DAYS
				: t.named;
	for (unsigned d = 0; d < 7; d++)
		if ((days & ~t.named) >> d & 1) {
			memcpy(b->out->by[d].minute, t.other, sizeof(t.other));
			b->out->by[d].n = t.nother;
		}
	if (t.nother == 0)
		fault_days(
		    b, "by", days & ~t.named, "has no time here, but stands in days");
	fault_days(
	    b, "by", t.named & ~days, "has a time here, but does not stand in days");
	b->out->days = days;
}

struct numbers {
	uint64_t *out;
	unsigned named;
};

static int
take_number(void *arg, unsigned days, struct span word)
{
	struct numbers *n = arg;
	uint64_t v = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (!is_digit(word.p[i]) || v > UINT32_MAX)
			return -1;
		v = v * 10 + (uint64_t)(word.p[i] - '0');
	}
	for (unsigned d = 0; d < 7; d++)
		if (days == 0 ? (n->named >> d & 1) == 0 : (days >> d & 1) != 0)
			n->out[d] = v;
	n->named |= days;
	return 0;
}

static void
read_numbers(const struct bind *b, const char *key, const char *text, uint64_t *out)
{
	struct numbers n = {out, 0};
	const struct by_day how = {key, NUMBER_EXAMPLE, take_number, &n};

	if (text != NULL)
		read_by_day(b, text, &how);
}

static int
add_holiday(const struct bind *b, struct span word)
{
	struct expectation *x = b->out;
	struct civil c;
	int64_t day;
	size_t i;

	if (!civil_parse(word, "%Y-%m-%d", 0, &c))
		return -1;
	day = civil_days(c.year, c.month, c.day);
	for (i = x->nholidays; i > 0 && x->holidays[i - 1] > day; i--)
		x->holidays[i] = x->holidays[i - 1];
	x->holidays[i] = day;
	x->nholidays++;
	return 0;
}

/* What stands behind the date, blank lines and # comments are for people. NULL, or a fault. */
static const char *
take_line(const struct bind *b, struct span line)
{
	struct span word;

	if (!next_word(&line, &word) || word.p[0] == '#')
		return NULL;
	if (b->out->nholidays >= HOLIDAYS_MAX)
		return "there are more than 1000 dates";
	return add_holiday(b, word) == 0 ? NULL : "no date such as 2026-12-25";
}

static void
read_holidays(const struct bind *b, const char *path)
{
	FILE *f = fopen(path, "re");
	const char *wrong = NULL;
	char *line = NULL, why[WHY_SIZE] = "";
	size_t cap = 0;
	unsigned n = 0;
	ssize_t len;

	for (; f != NULL && wrong == NULL && (len = getline(&line, &cap, f)) > 0; n++)
		wrong = take_line(b, (struct span){line, (size_t)len});
	if (wrong != NULL)
		snprintf(why, sizeof(why), "%.200s, line %u: %s", path, n, wrong);
	else if (f == NULL || !feof(f))
		snprintf(why, sizeof(why), "%.200s: %s", path, strerror(errno));
	if (why[0] != '\0')
		fault(b, "holidays", why);
	if (f != NULL)
		fclose(f);
	free(line);
}

static void
read_free_days(const struct bind *b, const struct conf_list *list)
{
	struct expectation *x = b->out;

	x->holidays = arena_alloc(
	    &b->conf->arena, (HOLIDAYS_MAX + list->n) * sizeof(*x->holidays));
	if (x->holidays == NULL) {
		fault(b, "holidays", "there is no memory for this");
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		const char *word = list->v[i];

		if (word[0] == '/')
			read_holidays(b, word);
		else if (add_holiday(b, span_of(word)) != 0)
			fault_word(b, "holidays", span_of(word),
			    "is no date such as 2026-12-25, and no absolute path of a file");
	}
}

static void
check_zone(const struct bind *b, const char *own)
{
	const char *name = b->out->timezone;
	struct zone *z;
	struct err e;

	if (name == NULL) {
		fault(b, "by", "needs a zone: set timezone here, or in [feed]");
		return;
	}
	if (own == NULL)
		return; /* the feed's is told where it stands */
	if ((z = zone_load(name, &e)) == NULL)
		fault(b, "timezone", e.msg);
	zone_free(z);
}

static void
check_bounds(const struct bind *b)
{
	const struct expectation *x = b->out;

	for (unsigned d = 0; d < 7; d++)
		if (x->max_rows[d] != 0 && x->max_rows[d] < x->min_rows[d]) {
			fault_days(b, "max_rows", 1u << d, "has less than in min_rows");
			return;
		}
}

/* Without a time nothing is asked for. As a default of all feeds it is for those with one. */
static void
check_alone(const struct bind *b)
{
	static const char *const keys[] = {"days", "min_rows", "max_rows"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct conf_entry *n = conf_get(b->s, keys[i]);

		if (n != NULL && strcmp(n->file, b->conf->path) == 0)
			fault(b, keys[i], "needs a time of day: by = 06:00");
	}
}

void
expect_bind(
    struct conf *c, struct conf_section *s, const char *timezone, struct expectation *out)
{
	struct bind b = {c, s, out};
	struct expect_conf xc;
	int faults;

	*out = (struct expectation){.days = 0};
	faults = conf_bind(c, s, expect_options, &xc);
	if (s == NULL || faults > 0)
		return;
	out->grace = xc.grace;
	out->timezone = xc.timezone != NULL ? xc.timezone : timezone;
	if (xc.holidays.n > 0)
		read_free_days(&b, &xc.holidays);
	read_numbers(&b, "min_rows", xc.min_rows, out->min_rows);
	read_numbers(&b, "max_rows", xc.max_rows, out->max_rows);
	check_bounds(&b);
	if (xc.by != NULL) {
		read_times(&b, &xc);
		check_zone(&b, xc.timezone);
	} else {
		check_alone(&b);
	}
}

struct digest
expect_digest(const struct expectation *x, const struct site_keys *k)
{
	const char *zone = x->timezone == NULL ? "" : x->timezone;
	const struct span parts[] = {{(const char *)&x->days, sizeof(x->days)},
	    {(const char *)x->by, sizeof(x->by)},
	    {(const char *)&x->grace, sizeof(x->grace)}, span_of(zone)};

	return digest_parts(k, KEY_NAME, parts, 4);
}
