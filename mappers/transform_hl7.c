#include <string.h>

#include "mappers/transform_list.h"

#define DIGITS_MAX  9  /* of a duration, before and behind its point */
#define OUT_SIZE    20 /* digits of any minutes */
#define MS_A_MINUTE 60000

/* UCUM's signs, and the words that are met (HL7 v2.9.1 10.6.1.10 says UCUM). */
struct unit {
	struct span name;
	int64_t ms;
};

#define UNIT(name, ms) {{"" name, sizeof(name) - 1}, ms}

static const struct unit units[] = {UNIT("s", 1000), UNIT("sec", 1000),
    UNIT("secs", 1000), UNIT("second", 1000), UNIT("seconds", 1000), UNIT("min", 60000),
    UNIT("mins", 60000), UNIT("minute", 60000), UNIT("minutes", 60000),
    UNIT("h", 3600000), UNIT("hr", 3600000), UNIT("hrs", 3600000), UNIT("hour", 3600000),
    UNIT("hours", 3600000), UNIT("d", 86400000), UNIT("day", 86400000),
    UNIT("days", 86400000)};

struct minutes {
	int64_t unit; /* ms, of a bare number; 0: none */
	struct dtm_how how;
};

static int64_t
unit_of(struct span name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (span_eq_nocase(name, units[i].name))
			return units[i].ms;
	return 0;
}

bool
minutes_unit(struct span name)
{
	return unit_of(name) != 0;
}

int
minutes_compile(struct kit *k, struct step *st, struct err *e)
{
	struct minutes *d = arena_alloc(&k->arena, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	d->unit = unit_of(k->duration_unit);
	d->how = (struct dtm_how){k->zone, k->dst, true};
	st->data = d;
	return 0;
}

static enum problem_code
write_minutes(struct run *r, int64_t ms, struct text *t)
{
	char *to = run_bytes(r, OUT_SIZE);
	int64_t minutes = (ms + MS_A_MINUTE / 2) / MS_A_MINUTE;
	size_t i = OUT_SIZE;

	if (to == NULL)
		return PROBLEM_LIMIT;
	/* It ends before it starts. */
	if (ms < 0)
		return PROBLEM_CONFLICT;
	do {
		to[--i] = (char)('0' + minutes % 10);
		minutes /= 10;
	} while (minutes > 0);
	*t = (struct text){.s = {to + i, OUT_SIZE - i}};
	return PROBLEM_NONE;
}

/* START/END, as ISO 8601 writes an interval; both are DTM. */
static enum problem_code
between(const struct minutes *d, struct run *r, size_t slash, struct text *t)
{
	struct text from = {.s = {t->s.p, slash}};
	struct text to = {.s = {t->s.p + slash + 1, t->s.n - slash - 1}};
	enum problem_code code = date_from_dtm(r, &d->how, &from);

	if (code == PROBLEM_NONE)
		code = date_from_dtm(r, &d->how, &to);
	if (code != PROBLEM_NONE)
		return code;
	if (from.kind != TEXT_DATETIME || to.kind != TEXT_DATETIME)
		return PROBLEM_NOT_DATETIME;
	return write_minutes(r, to.instant - from.instant, t);
}

/* A number with at most three digits that count behind its point, in thousandths. */
static bool
take_number(struct span *s, int64_t *thousandths)
{
	int64_t scale = 1000;
	size_t n = 0, behind = 0;

	*thousandths = 0;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++)
		*thousandths = n < DIGITS_MAX ? *thousandths * 10 + (s->p[n] - '0') : 0;
	if (n == 0 || n > DIGITS_MAX)
		return false;
	*thousandths *= 1000;
	*s = (struct span){s->p + n, s->n - n};
	if (s->n == 0 || s->p[0] != '.')
		return true;
	*s = (struct span){s->p + 1, s->n - 1};
	for (; behind < s->n && s->p[behind] >= '0' && s->p[behind] <= '9'; behind++)
		*thousandths += (s->p[behind] - '0') * (scale /= 10);
	*s = (struct span){s->p + behind, s->n - behind};
	return behind > 0 && behind <= DIGITS_MAX;
}

enum problem_code
minutes_apply(const void *data, struct run *r, struct text *t)
{
	const struct minutes *d = data;
	const char *slash = memchr(t->s.p, '/', t->s.n);
	struct span s = t->s;
	int64_t thousandths, unit;

	if (slash != NULL)
		return between(d, r, (size_t)(slash - t->s.p), t);
	if (!take_number(&s, &thousandths))
		return PROBLEM_NOT_NUMBER;
	s = span_trim(s);
	unit = s.n == 0 ? d->unit : unit_of(s);
	if (unit == 0)
		return PROBLEM_UNKNOWN_UNIT;
	return write_minutes(r, thousandths * (unit / 1000), t);
}

int
tx_compile(struct kit *k, struct step *st, struct err *e)
{
	(void)st;
	return k->hl7 ? 0 : err_set(e, ERR_CONFIG, "takes a field of an HL7 message");
}

/*
 * Text (TX, FT, ST) has no parts: what would separate them was not escaped, and is text.
 * What was not used behind it is none.
 */
enum problem_code
tx_apply(const void *data, struct run *r, struct text *t)
{
	const struct hl7_delimiters *d = &r->message->d;
	struct span s = span_trim(t->s);

	(void)data;
	t->null = hl7_is_null(hl7_leaf(d, s));
	while (
	    s.n > 0 && (s.p[s.n - 1] == d->component || s.p[s.n - 1] == d->subcomponent))
		s.n--;
	*t = (struct text){.null = t->null};
	return t->null ? PROBLEM_NONE : run_decode(r, s, &t->s);
}
