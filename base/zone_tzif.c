#include "base/zone_tzif.h"

#include <stdlib.h>
#include <string.h>

#define TZIF_HEADER    44
#define TZIF_TYPES_MAX 256 /* an index into them is one byte */
#define RULE_HOURS_MAX 167 /* RFC 8536 3.3.1 */

/* So the footer is unrolled that far, from a year before the table's last change on. */
#define UNROLL_YEARS (CYCLE_YEARS + 5)

/* The counts in a TZif header, RFC 8536 3.1. */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

/* One change of a POSIX TZ string. */
struct rule {
	char kind; /* M, J, or n for the zero-based day */
	int month, week, day;
	int time; /* seconds after midnight; may be negative or past 24 h */
};

struct footer {
	int std, dst; /* seconds east */
	bool has_dst;
	struct rule start, end;
};

int
zone_period_add(struct zone *z, int64_t at, int off)
{
	struct period *p = z->periods;
	size_t cap = z->cap ? 2 * z->cap : 64;

	if (z->n > 0 && at == p[z->n - 1].at) {
		p[z->n - 1].off = off;
		return 0;
	}
	if (z->n > 0 && off == p[z->n - 1].off)
		return 0;
	if (z->n == z->cap) {
		if ((p = realloc(p, cap * sizeof(*p))) == NULL)
			return -1;
		z->periods = p;
		z->cap = cap;
	}
	p[z->n++] = (struct period){at, off};
	return 0;
}

static uint32_t
be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Two's complement, of 4 or 8 bytes. */
static int64_t
be_time(const unsigned char *p, size_t size)
{
	if (size == 4)
		return (int32_t)be32(p);
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static struct counts
counts_read(const unsigned char *p)
{
	return (struct counts){be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32),
	    be32(p + 36), be32(p + 40)};
}

/* Bytes of a data block whose times have `size` bytes, RFC 8536 3.2. */
static uint64_t
block_size(const struct counts *c, size_t size)
{
	return (uint64_t)c->time * (size + 1) + (uint64_t)c->type * 6 + c->chars +
	       (uint64_t)c->leap * (size + 4) + c->isstd + c->isut;
}

/* A header and the block behind it, *s moved past both; NULL if they are not there. */
static const unsigned char *
block_take(struct span *s, size_t size, struct counts *c)
{
	const unsigned char *p = (const unsigned char *)s->p;
	uint64_t need;

	if (s->n < TZIF_HEADER || memcmp(p, "TZif", 4) != 0)
		return NULL;
	*c = counts_read(p);
	need = block_size(c, size);
	if (need > s->n - TZIF_HEADER)
		return NULL;
	*s = (struct span){s->p + TZIF_HEADER + need, s->n - TZIF_HEADER - (size_t)need};
	return p + TZIF_HEADER;
}

static int
damaged(const struct zone *z, const char *why, struct err *e)
{
	return err_set(e, ERR_CONFIG, "time zone %s: %s; reinstall the package tzdata",
	    z->name, why);
}

/* No leap seconds: POSIX time has none. */
static int
block_load(struct zone *z, const unsigned char *p, const struct counts *c, size_t size,
    struct err *e)
{
	const unsigned char *index = p + (size_t)c->time * size;
	const unsigned char *types = index + c->time;
	int64_t at, off, last = TIME_BEGIN - 1;

	if (c->type == 0 || c->type > TZIF_TYPES_MAX)
		return damaged(z, "it has no types of local time, or too many", e);
	if (c->leap > 0)
		return damaged(z, "it counts leap seconds, as those under right/ do", e);
	for (uint32_t i = 0; i < c->type; i++) {
		off = be_time(types + i * 6, 4);
		if (off < UTOFF_MIN || off > UTOFF_MAX)
			return damaged(z, "an offset is out of bounds", e);
	}
	if (zone_period_add(z, TIME_BEGIN, (int)be_time(types, 4)) != 0)
		return err_nomem(e);
	for (uint32_t i = 0; i < c->time; i++, last = at) {
		at = be_time(p + i * size, size);
		if (at <= last || at > TIME_END || index[i] >= c->type)
			return damaged(z, "its changes are out of order or bounds", e);
		off = be_time(types + index[i] * 6, 4);
		if (zone_period_add(z, at, (int)off) != 0)
			return err_nomem(e);
	}
	return 0;
}

static bool
take_char(struct span *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = (struct span){s->p + 1, s->n - 1};
	return true;
}

static bool
take_int(struct span *s, int min, int max, int *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < s->n && s->p[i] >= '0' && s->p[i] <= '9' && i < 3; i++)
		*out = *out * 10 + (s->p[i] - '0');
	*s = (struct span){s->p + i, s->n - i};
	return i > 0 && *out >= min && *out <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool
take_time(struct span *s, int hours_max, int *out)
{
	bool minus = take_char(s, '-');
	int h, m = 0, sec = 0;

	if (!minus)
		take_char(s, '+');
	if (!take_int(s, 0, hours_max, &h))
		return false;
	if (take_char(s, ':') && !take_int(s, 0, 59, &m))
		return false;
	if (m >= 0 && take_char(s, ':') && !take_int(s, 0, 59, &sec))
		return false;
	*out = h * 3600 + m * 60 + sec;
	if (minus)
		*out = -*out;
	return true;
}

/* A zone's abbreviation: three letters or more, or <anything>. */
static bool
take_abbreviation(struct span *s)
{
	bool bracket = take_char(s, '<');
	size_t i = 0;

	for (; i < s->n; i++) {
		char c = s->p[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!letter &&
		    !(bracket && ((c >= '0' && c <= '9') || c == '+' || c == '-')))
			break;
	}
	*s = (struct span){s->p + i, s->n - i};
	return i >= 3 && (!bracket || take_char(s, '>'));
}

/* ,date[/time]: Mm.w.d, Jn (29 February not counted) or n (from zero). */
static bool
take_rule(struct span *s, struct rule *r)
{
	bool ok;

	*r = (struct rule){.time = 2 * 3600};
	if (!take_char(s, ','))
		return false;
	if (take_char(s, 'M')) {
		r->kind = 'M';
		ok = take_int(s, 1, 12, &r->month) && take_char(s, '.') &&
		     take_int(s, 1, 5, &r->week) && take_char(s, '.') &&
		     take_int(s, 0, 6, &r->day);
	} else {
		r->kind = take_char(s, 'J') ? 'J' : 'n';
		ok = take_int(s, r->kind == 'J', 365, &r->day);
	}
	if (ok && take_char(s, '/'))
		ok = take_time(s, RULE_HOURS_MAX, &r->time);
	return ok;
}

static bool
footer_parse(struct span s, struct footer *f)
{
	*f = (struct footer){0};
	/* POSIX counts offsets west of Greenwich. */
	if (!take_abbreviation(&s) || !take_time(&s, 24, &f->std))
		return false;
	f->std = -f->std;
	if (s.n == 0)
		return true;
	f->has_dst = true;
	f->dst = f->std + 3600;
	if (!take_abbreviation(&s))
		return false;
	if (s.n > 0 && s.p[0] != ',') {
		if (!take_time(&s, 24, &f->dst))
			return false;
		f->dst = -f->dst;
	}
	return take_rule(&s, &f->start) && take_rule(&s, &f->end) && s.n == 0;
}

/* The local midnight of the rule's day, and its time: seconds as if of UTC. */
static int64_t
rule_seconds(const struct rule *r, int year)
{
	int64_t first, days = civil_days(year, 1, 1);
	bool leap = civil_days(year, 3, 1) - days == 60;

	if (r->kind == 'n') {
		days += r->day;
	} else if (r->kind == 'J') {
		days += r->day - 1 + (leap && r->day >= 60);
	} else {
		first = civil_days(year, r->month, 1);
		days = first + (r->day + 7 - (int)civil_weekday(first)) % 7 +
		       (r->week - 1) * 7;
		if (days >= civil_days(year + r->month / 12, r->month % 12 + 1, 1))
			days -= 7;
	}
	return days * DAY_SECONDS + r->time;
}

static int
change_compare(const void *a, const void *b)
{
	const struct period *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return 0;
}

/* As they are where summer lies within a year: then sorting would be most of the work. */
static bool
in_order(const struct period *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i].at < v[i - 1].at)
			return false;
	return true;
}

/* Appends the footer's changes, up to where the calendar repeats itself. -1: no memory. */
static int
footer_unroll(struct zone *z, const struct footer *f, int64_t last)
{
	struct period changes[2 * UNROLL_YEARS];
	const size_t n = 2 * UNROLL_YEARS;
	struct civil c = {.year = 1};

	if (last > YEAR_ONE)
		civil_from_seconds(last, &c);
	for (int i = 0; i < UNROLL_YEARS; i++) {
		int year = c.year - 1 + i;

		changes[2 * i] = (struct period){
		    rule_seconds(&f->start, year) - f->std, f->dst};
		changes[2 * i + 1] = (struct period){
		    rule_seconds(&f->end, year) - f->dst, f->std};
	}
	if (!in_order(changes, n))
		qsort(changes, n, sizeof(changes[0]), change_compare);
	for (size_t i = 0; i < n; i++) {
		/* Summer time all year: it ends when it starts again, and goes on. */
		if (i > 0 && changes[i].at == changes[i - 1].at &&
		    changes[i].off == f->std)
			continue;
		if (changes[i].at > last &&
		    zone_period_add(z, changes[i].at, changes[i].off) != 0)
			return -1;
	}
	z->fold_from = civil_days(c.year + 1 + CYCLE_YEARS, 1, 1) * DAY_SECONDS;
	return 0;
}

/* "\n" TZ "\n", RFC 8536 3.3: what holds after the last change. */
static int
footer_load(struct zone *z, struct span s, int64_t last, struct err *e)
{
	const char *end;
	struct footer f;

	if (!take_char(&s, '\n') || (end = memchr(s.p, '\n', s.n)) == NULL)
		return damaged(z, "its file has no footer", e);
	s.n = (size_t)(end - s.p);
	if (s.n == 0)
		return 0;
	if (!footer_parse(s, &f))
		return damaged(z, "the rule in its footer is not POSIX's", e);
	if (!f.has_dst) {
		if (last == TIME_BEGIN)
			z->n = 0;
		return zone_period_add(z, last + 1, f.std) != 0 ? err_nomem(e) : 0;
	}
	return footer_unroll(z, &f, last) != 0 ? err_nomem(e) : 0;
}

int
zone_tzif_load(struct zone *z, struct span s, struct err *e)
{
	char version = s.n > 4 ? s.p[4] : '\0';
	const unsigned char *p;
	struct counts c;
	int64_t last = TIME_BEGIN;
	size_t size = 4;

	p = block_take(&s, size, &c);
	if (p != NULL && version >= '2') {
		size = 8;
		p = block_take(&s, size, &c);
	}
	if (p == NULL)
		return damaged(z, "its file is no whole TZif file", e);
	if (block_load(z, p, &c, size, e) != 0)
		return -1;
	if (c.time > 0)
		last = be_time(p + (size_t)(c.time - 1) * size, size);
	return size == 8 ? footer_load(z, s, last, e) : 0;
}
