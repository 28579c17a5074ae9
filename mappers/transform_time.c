#include <string.h>

#include "base/civil.h"
#include "mappers/hl7_dtm.h"
#include "mappers/iso_time.h"
#include "mappers/spreadsheet.h"
#include "mappers/transform_list.h"

#define PIVOT_MIN 1900
#define PIVOT_MAX 2200

struct format {
	const char *text;
	bool short_year; /* has %y */
};

struct times {
	struct format *formats; /* none: ISO 8601 */
	size_t n;
	int pivot;  /* latest year of %y; 0: none given */
	bool past;  /* %y is the latest year that makes a day not after today */
	bool clock; /* datetime, not date */
	bool dtm;   /* no format: HL7's own */
	const struct zone *zone;
	enum dst_policy dst;
};

static int
set_dst(struct times *d, struct span v, struct err *e)
{
	static const char *const names[] = {"reject", "earlier", "later"};
	static const enum dst_policy policies[] = {DST_REJECT, DST_EARLIER, DST_LATER};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!span_eq(v, span_of(names[i])))
			continue;
		d->dst = policies[i];
		return 0;
	}
	return err_set(e, ERR_CONFIG, "dst is reject, earlier or later");
}

static int
set_option(struct kit *k, struct times *d, struct span name, struct span v, struct err *e)
{
	long year;

	if (span_eq(name, SPAN_LIT("pivot"))) {
		if (arg_number(v, PIVOT_MIN, PIVOT_MAX, &year, e) != 0)
			return err_prefix(e, "pivot");
		d->pivot = (int)year;
		return 0;
	}
	if (!d->clock)
		return err_set(e, ERR_CONFIG, "a date has no %.*s; datetime has",
		    (int)name.n, name.p);
	if (span_eq(name, SPAN_LIT("dst")))
		return set_dst(d, v, e);
	d->zone = kit_zone(k, v, e);
	return d->zone != NULL ? 0 : -1;
}

static int
check_format(const struct times *d, const char *f, bool zoned, struct err *e)
{
	const char *bad = NULL;
	bool clock = civil_format_has(f, 'H') || civil_format_has(f, 'I');

	if (!civil_format_ok(f, &bad))
		return err_set(e, ERR_CONFIG, "\"%s\": cannot read %.2s", f,
		    bad != NULL ? bad : "it");
	if (civil_format_has(f, 'y') && d->pivot == 0 && !d->past)
		return err_set(e, ERR_CONFIG,
		    "\"%s\": %%y needs past (birth dates) or "
		    "pivot=YYYY, the latest year it may mean",
		    f);
	if (d->clock && clock && !zoned && !civil_format_has(f, 'z'))
		return err_set(e, ERR_CONFIG,
		    "\"%s\" has no zone: set timezone in [feed], or "
		    "write zone=NAME here",
		    f);
	return 0;
}

static int
add_format(struct kit *k, struct times *d, struct span text, struct err *e)
{
	struct span copy = arena_span(&k->arena, text);

	if (copy.p == NULL)
		return err_nomem(e);
	if (memchr(text.p, '%', text.n) == NULL)
		return err_set(e, ERR_CONFIG,
		    "\"%s\" is neither a format, such as "
		    "\"%%m/%%d/%%Y\", nor an option",
		    copy.p);
	d->formats[d->n++] = (struct format){copy.p, civil_format_has(copy.p, 'y')};
	return 0;
}

/* "past", "zone=NAME", "zone NAME" or a format. *a moves on to the last one used. */
static int
take_arg(struct kit *k, struct times *d, const struct arg **a, struct err *e)
{
	static const char *const names[] = {"zone", "dst", "pivot"};
	struct span s = (*a)->text, name;

	if ((*a)->kind == ARG_QUOTED)
		return add_format(k, d, s, e);
	if (span_eq(s, SPAN_LIT("past"))) {
		d->past = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		name = span_of(names[i]);
		if (s.n < name.n || memcmp(s.p, name.p, name.n) != 0)
			continue;
		if (s.n > name.n && s.p[name.n] == '=')
			return set_option(k, d, name,
			    (struct span){s.p + name.n + 1, s.n - name.n - 1}, e);
		if (s.n > name.n)
			continue;
		if ((*a = (*a)->next) == NULL)
			return err_set(e, ERR_CONFIG, "%s needs a value: %s=...",
			    names[i], names[i]);
		return set_option(k, d, name, (*a)->text, e);
	}
	return add_format(k, d, s, e);
}

static int
compile(struct kit *k, struct step *st, bool clock, struct err *e)
{
	struct times *d = arena_alloc(&k->arena, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	*d = (struct times){.clock = clock, .zone = k->zone, .dst = k->dst};
	d->formats = arena_alloc(&k->arena, (st->nargs + 1) * sizeof(*d->formats));
	if (d->formats == NULL)
		return err_nomem(e);
	for (const struct arg *a = st->args; a != NULL; a = a->next)
		if (take_arg(k, d, &a, e) != 0)
			return -1;
	for (size_t i = 0; i < d->n; i++)
		if (check_format(d, d->formats[i].text, d->zone != NULL || k->hl7, e) !=
		    0)
			return -1;
	d->dtm = k->hl7 && d->n == 0;
	st->data = d;
	return 0;
}

int
times_compile_date(struct kit *k, struct step *st, struct err *e)
{
	return compile(k, st, false, e);
}

int
times_compile_datetime(struct kit *k, struct step *st, struct err *e)
{
	return compile(k, st, true, e);
}

bool
date_is_iso(struct span s)
{
	struct civil c;

	return s.n == ISO_DAY && iso_day(s, &c);
}

static enum problem_code
write_fhir(struct run *r, const struct civil *c, struct text *t)
{
	char *to = run_bytes(r, CIVIL_TEXT_SIZE);

	if (to == NULL)
		return PROBLEM_LIMIT;
	t->s = (struct span){to, civil_format_fhir(c, to, CIVIL_TEXT_SIZE)};
	return t->s.n > 0 ? PROBLEM_NONE : PROBLEM_NOT_DATETIME;
}

/* A day's instant is its first moment where the zone or an offset is known, else in UTC. */
static int64_t
day_instant(const struct run *r, int64_t local, const struct zone *zone)
{
	int offset = r->has_offset ? r->offset : 0;

	if (zone != NULL)
		(void)zone_offset(zone, local, DST_EARLIER, &offset);
	return (local - offset) * 1000;
}

/* Days from this one to the next of its kind: a day, a month or a year. */
static int64_t
days_of(const struct civil *c)
{
	int64_t from;

	if (c->precision >= PRECISION_DAY)
		return 1;
	from = civil_days(c->year, c->month, c->day);
	if (c->precision == PRECISION_YEAR)
		return civil_days(c->year + 1, 1, 1) - from;
	return civil_days(c->year + c->month / 12, c->month % 12 + 1, 1) - from;
}

/* How much later the moment may be than what was written down, in ms. */
static int64_t
slack(const struct civil *c)
{
	switch (c->precision) {
	case PRECISION_YEAR:
	case PRECISION_MONTH:
	case PRECISION_DAY:
		break;
	case PRECISION_HOUR:
		return 3600000 - 1;
	case PRECISION_MINUTE:
		return 60000 - 1;
	case PRECISION_SECOND:
		return 1000 - 1;
	case PRECISION_MILLI:
		return 0;
	}
	return days_of(c) * DAY_MS - 1;
}

/* The offset of a local time; *late is the one it has if it happens twice. */
static enum problem_code
find_offset(const struct run *r, const struct dtm_how *how, int64_t local,
    struct civil *c, int *late)
{
	enum zone_fit fit;

	if (how->zone == NULL && !r->has_offset)
		return PROBLEM_NO_ZONE;
	c->has_offset = true;
	c->offset = *late = r->offset;
	if (how->zone == NULL)
		return PROBLEM_NONE;
	fit = zone_offset(how->zone, local, how->dst, &c->offset);
	*late = c->offset;
	if (fit == ZONE_ONE)
		return PROBLEM_NONE;
	if (how->dst == DST_REJECT)
		return fit == ZONE_GAP ? PROBLEM_TIME_MISSING : PROBLEM_TIME_TWICE;
	if (fit == ZONE_FOLD)
		(void)zone_offset(how->zone, local, DST_LATER, late);
	return PROBLEM_NONE;
}

/* `how` says which zone a local time is in. */
static enum problem_code
finish(struct run *r, const struct dtm_how *how, struct civil *c, struct text *t)
{
	int64_t local = civil_seconds(c);
	enum problem_code code;
	int late = c->offset;

	if (c->precision <= PRECISION_DAY) {
		c->has_offset = false;
		*t = (struct text){
		    .kind = TEXT_DATE, .instant = day_instant(r, local, how->zone)};
		t->latest = t->instant + slack(c);
		return write_fhir(r, c, t);
	}
	code = c->has_offset ? PROBLEM_NONE : find_offset(r, how, local, c, &late);
	if (code != PROBLEM_NONE)
		return code;
	*t = (struct text){
	    .kind = TEXT_DATETIME, .instant = (local - c->offset) * 1000 + c->milli};
	t->latest = t->instant + (c->offset - late) * INT64_C(1000) + slack(c);
	return write_fhir(r, c, t);
}

/* t->at is where it is wrong. Either half may be a spreadsheet's number. */
static enum problem_code
no_time(struct text *t, bool clock)
{
	const char *serial = spreadsheet_find_serial(t->s);

	if (serial == NULL)
		return clock ? PROBLEM_NOT_DATETIME : PROBLEM_NOT_DATE;
	t->at = serial;
	return PROBLEM_SERIAL_DATE;
}

enum problem_code
datetime_from_iso(
    struct run *r, const struct zone *zone, enum dst_policy dst, struct text *t)
{
	struct civil c;

	if (iso_parse(t->s, &c))
		return finish(r, &(struct dtm_how){zone, dst, true}, &c, t);
	t->at = iso_wrong(t->s);
	return no_time(t, true);
}

struct parsed {
	struct civil c;
	struct civil_places at;
};

static bool
parse_one(const struct times *d, const struct format *f, struct run *r, struct span s,
    struct parsed *out)
{
	int pivot = d->past ? r->year : d->pivot;
	struct civil *c = &out->c;

	if (!civil_parse_places(s, f->text, pivot, c, &out->at))
		return false;
	if (!f->short_year || !d->past ||
	    civil_days(c->year, c->month, c->day) <= r->today)
		return true;
	r->fleeting = true;
	return civil_parse(s, f->text, pivot - 1, c);
}

static bool
parse_iso(const struct times *d, struct text *t, struct civil *c)
{
	t->at = iso_wrong(t->s);
	return d->clock ? iso_parse(t->s, c) : t->s.n == ISO_DAY && iso_day(t->s, c);
}

/*
 * t->at: the clock time, or where it is wrong. That is what the format says which was
 * meant: the first that fits but for the calendar, else the one that goes furthest.
 */
static bool
parse(const struct times *d, struct run *r, struct text *t, struct civil *c)
{
	struct parsed p;
	bool fits = false;

	if (d->n == 0)
		return parse_iso(d, t, c);
	t->at = NULL;
	for (size_t i = 0; i < d->n; i++) {
		if (parse_one(d, &d->formats[i], r, t->s, &p)) {
			*c = p.c;
			t->at = p.at.clock;
			return true;
		}
		if (!fits && (p.at.fits || t->at == NULL || p.at.wrong > t->at))
			t->at = p.at.wrong;
		fits |= p.at.fits;
	}
	return false;
}

/* A calendar day is never shifted: what came with it is left out. */
static void
cut_clock(struct civil *c)
{
	if (c->precision > PRECISION_DAY)
		*c = (struct civil){
		    c->year, c->month, c->day, .precision = PRECISION_DAY};
}

static bool
same_how(const struct dtm_how *a, const struct dtm_how *b)
{
	return a->zone == b->zone && a->dst == b->dst && a->clock == b->clock;
}

enum problem_code
date_from_dtm(struct run *r, const struct dtm_how *how, struct text *t)
{
	struct span dtm = t->s;
	enum problem_code code;
	struct civil c;

	for (size_t i = 0; i < DTM_KEPT && i < r->ndtms; i++) {
		if (!span_eq(r->dtms[i].dtm, dtm) || !same_how(&r->dtms[i].how, how))
			continue;
		*t = r->dtms[i].text;
		return PROBLEM_NONE;
	}
	if (!hl7_dtm_parse(t->s, &c))
		return how->clock ? PROBLEM_NOT_DATETIME : PROBLEM_NOT_DATE;
	if (!how->clock)
		cut_clock(&c);
	if ((code = finish(r, how, &c, t)) == PROBLEM_NONE)
		r->dtms[r->ndtms++ % DTM_KEPT] = (struct dtm_kept){dtm, *how, *t};
	return code;
}

/* Somewhere it is tomorrow already. */
static bool
lies_ahead(const struct run *r, const struct civil *c)
{
	return c->precision >= PRECISION_DAY
		   ? civil_days(c->year, c->month, c->day) > r->today + 1
		   : c->year > r->year;
}

enum problem_code
times_apply(const void *data, struct run *r, struct text *t)
{
	const struct times *d = data;
	const struct dtm_how how = {d->zone, d->dst, d->clock};
	struct civil c = {0};

	if (d->dtm)
		return date_from_dtm(r, &how, t);
	if (!parse(d, r, t, &c))
		return no_time(t, d->clock);
	if (d->past && lies_ahead(r, &c)) {
		r->fleeting = true;
		t->at = NULL;
		return PROBLEM_TIME_FUTURE;
	}
	if (!d->clock)
		cut_clock(&c);
	return finish(r, &how, &c, t);
}
