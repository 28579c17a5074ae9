#include <string.h>

#include "mappers/ascii.h"
#include "mappers/map_eval.h"
#include "mappers/spreadsheet.h"

static enum problem_code
boolean(struct text *t)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false},
	    {"y", true}, {"n", false}, {"1", true}, {"0", false}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!span_eq_nocase(t->s, span_of(words[i].text)))
			continue;
		*t = (struct text){
		    .s = words[i].value ? SPAN_LIT("true") : SPAN_LIT("false")};
		return PROBLEM_NONE;
	}
	return PROBLEM_NOT_ALLOWED;
}

/* Digits with at most one point among them, at least one ahead of it. */
static bool
plain_number(struct span s, size_t *whole)
{
	size_t i = 0;

	while (i < s.n && ascii_digit(s.p[i]))
		i++;
	*whole = i;
	if (i == s.n)
		return i > 0;
	if (i == 0 || s.p[i] != '.' || i + 1 == s.n)
		return false;
	while (++i < s.n)
		if (!ascii_digit(s.p[i]))
			return false;
	return true;
}

/* JSON's form of a number without exponent: no sign +, no zeros ahead. */
static enum problem_code
decimal(struct run *r, struct text *t)
{
	struct span s = t->s;
	bool minus = s.n > 0 && s.p[0] == '-';
	size_t whole;
	char *to;

	if (minus || (s.n > 0 && s.p[0] == '+'))
		s = (struct span){s.p + 1, s.n - 1};
	if (!plain_number(s, &whole))
		return PROBLEM_NOT_NUMBER;
	for (; whole > 1 && s.p[0] == '0'; whole--)
		s = (struct span){s.p + 1, s.n - 1};
	if (minus) {
		to = run_bytes(r, s.n + 1);
		if (to == NULL)
			return PROBLEM_LIMIT;
		to[0] = '-';
		memcpy(to + 1, s.p, s.n);
		s = (struct span){to, s.n + 1};
	}
	*t = (struct text){.s = s};
	return PROBLEM_NONE;
}

/* Minutes, places, ranks: none is below zero. */
static enum problem_code
count(struct run *r, struct text *t)
{
	enum problem_code code = integer_apply(NULL, r, t);

	return code == PROBLEM_NONE && t->s.n > 0 && t->s.p[0] == '-' ? PROBLEM_NEGATIVE
								      : code;
}

/*
 * What is written for nothing is nobody's id: all rows with it would be one record. So are
 * `.` and `..`, which in a URL are a folder, and the one above, for whatever reads its path.
 */
static bool
is_nothing(struct span s)
{
	if (span_eq_nocase(s, SPAN_LIT("NULL")) || span_eq_nocase(s, SPAN_LIT("N/A")))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		/* U+2000 to U+203F: word processors make long dashes of short ones. */
		if (s.n - i > 2 && memcmp(s.p + i, "\xe2\x80", 2) == 0)
			i += 2;
		else if (ascii_digit(s.p[i]) || ascii_letter(s.p[i]) ||
			 (unsigned char)s.p[i] >= 0x80)
			return false;
	}
	return true;
}

static enum problem_code
identifier(const struct rule *ru, struct text *t)
{
	if (t->s.n == 0 || !is_nothing(t->s))
		return t->s.n > RECORD_ID_MAX ? PROBLEM_TOO_LONG : PROBLEM_NONE;
	t->s.n = 0;
	return ru->rejects ? PROBLEM_MISSING_VALUE : PROBLEM_NONE;
}

enum problem_code
kind_enforce(
    const struct rule *ru, const struct zone *zone, struct run *r, struct text *t)
{
	switch (ru->kind) {
	case FIELD_CODE:
		if (ru->codes_known || schema_code_allowed(ru->field, t->s))
			return PROBLEM_NONE;
		return PROBLEM_NOT_ALLOWED;
	case FIELD_DATE:
		if (ru->dtm && t->kind == TEXT_PLAIN)
			return date_from_dtm(
			    r, &(struct dtm_how){zone, ru->dst, false}, t);
		if (t->kind == TEXT_DATE || date_is_iso(t->s))
			return PROBLEM_NONE;
		return spreadsheet_is_serial(t->s) ? PROBLEM_SERIAL_DATE
						   : PROBLEM_NOT_DATE;
	case FIELD_DATETIME:
		if (t->kind != TEXT_PLAIN)
			return PROBLEM_NONE;
		if (ru->dtm)
			return date_from_dtm(
			    r, &(struct dtm_how){zone, ru->dst, true}, t);
		return datetime_from_iso(r, zone, ru->dst, t);
	case FIELD_INTEGER:
		return count(r, t);
	case FIELD_DECIMAL:
		return decimal(r, t);
	case FIELD_BOOLEAN:
		return boolean(t);
	case FIELD_ID:
		return identifier(ru, t);
	case FIELD_STRING:
		break;
	}
	return PROBLEM_NONE;
}
