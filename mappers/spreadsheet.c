#include "mappers/spreadsheet.h"

#include <stdint.h>
#include <string.h>

#include "mappers/ascii.h"

#define SERIAL_DIGITS 5
#define ZIP_DIGITS    5
#define HASHES_LEAST  3  /* of a column that is too narrow */
#define ZIP_LEAST     3  /* 00501 is the lowest */
#define SHOWN_DIGITS  11 /* what is longer is shown, and saved, as 1.2E+11 */
#define PART_DIGITS   4  /* of a month, a day or a year */

/* The first from number `i` on that is no digit. */
static size_t
skip_digits(struct span s, size_t i)
{
	return i + ascii_digits((struct span){s.p + i, s.n - i});
}

bool
spreadsheet_is_scientific(struct span s)
{
	size_t i = skip_digits(s, s.p[0] == '-' || s.p[0] == '+'), from;
	bool sure = false;

	if (i == 0 || !ascii_digit(s.p[i - 1]))
		return false;
	if (i < s.n && (s.p[i] == '.' || s.p[i] == ',')) {
		sure = true;
		i = skip_digits(s, i + 1);
	}
	if (i == s.n || (s.p[i] != 'E' && s.p[i] != 'e'))
		return false;
	i++;
	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-')) {
		sure = true;
		i++;
	}
	from = i;
	i = skip_digits(s, i);
	return sure && i > from && i == s.n;
}

/* One group of digits more, behind one of these characters: 12E5, 3-4, 3/4. */
static bool
has_second(struct span s, size_t at, const char *between, size_t most)
{
	size_t end = skip_digits(s, at < s.n ? at + 1 : at);

	return at < s.n && strchr(between, s.p[at]) != NULL && at > 0 && at <= most &&
	       end == s.n && end - at > 1 && end - at - 1 <= most;
}

bool
spreadsheet_changes(struct span s)
{
	size_t whole = skip_digits(s, 0), end = whole;

	if (has_second(s, whole, "Ee", SIZE_MAX) ||
	    has_second(s, whole, "-/", PART_DIGITS))
		return true;
	if (end < s.n && (s.p[end] == '.' || s.p[end] == ','))
		end = skip_digits(s, end + 1);
	if (end == 0 || end < s.n || !(ascii_digit(s.p[0]) || end > 1))
		return false;
	if (s.n > SHOWN_DIGITS || whole == 0 || (whole > 1 && s.p[0] == '0'))
		return true;
	/* 1.50 and 12. are the numbers 1.5 and 12. */
	return whole < s.n && (s.p[s.n - 1] == '0' || end == whole + 1);
}

static bool
is_one_of(struct span s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_eq_nocase(s, span_of(*words)))
			return true;
	return false;
}

bool
spreadsheet_is_error(struct span s)
{
	static const char *const words[] = {"#N/A", "#REF!", "#VALUE!", "#NAME?",
	    "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", NULL};
	size_t n = 0;

	while (n < s.n && s.p[n] == '#')
		n++;
	return n > 0 && ((n == s.n && n >= HASHES_LEAST) || is_one_of(s, words));
}

bool
spreadsheet_is_serial(struct span s)
{
	struct span rest;

	if (ascii_digits(s) != SERIAL_DIGITS || memcmp(s.p, "10000", SERIAL_DIGITS) < 0 ||
	    memcmp(s.p, "60000", SERIAL_DIGITS) > 0)
		return false;
	rest = (struct span){s.p + SERIAL_DIGITS, s.n - SERIAL_DIGITS};
	if (rest.n == 0)
		return true;
	return rest.n > 1 && (rest.p[0] == '.' || rest.p[0] == ',') &&
	       ascii_digits((struct span){rest.p + 1, rest.n - 1}) == rest.n - 1;
}

/* A time of day, as a part of the day: "0.4375". */
static bool
is_part_of_day(struct span s)
{
	return s.n > 2 && s.p[0] == '0' && (s.p[1] == '.' || s.p[1] == ',') &&
	       ascii_digits((struct span){s.p + 2, s.n - 2}) == s.n - 2;
}

const char *
spreadsheet_find_serial(struct span s)
{
	struct span word;

	for (; s.n > 0; s = (struct span){s.p + word.n, s.n - word.n}) {
		word = (struct span){s.p, s.p[0] == ' '};
		while (s.p[0] != ' ' && word.n < s.n && s.p[word.n] != ' ')
			word.n++;
		if (spreadsheet_is_serial(word) || is_part_of_day(word))
			return word.p;
	}
	return NULL;
}

/* The text of a field, or an empty one. */
static struct span
text_of(const struct record *r, const char *path)
{
	for (size_t i = 0; i < r->nvalues; i++) {
		const struct value *v = &r->values[i];

		if (v->field != FIELD_EXTRA && v->kind == VALUE_TEXT &&
		    strcmp(r->schema->fields[v->field].path, path) == 0)
			return v->text;
	}
	return (struct span){NULL, 0};
}

bool
spreadsheet_lost_zero(const struct record *r, unsigned short at)
{
	static const char *const us[] = {
	    "US", "USA", "U.S.", "U.S.A.", "United States", NULL};
	static const char *const states[] = {"CT", "MA", "ME", "NH", "NJ", "PR", "RI",
	    "VI", "VT", "Connecticut", "Massachusetts", "Maine", "New Hampshire",
	    "New Jersey", "Puerto Rico", "Rhode Island", "Virgin Islands", "Vermont",
	    NULL};
	struct span zip = {NULL, 0}, country;

	/* An address stands behind most of a record. */
	for (size_t i = r->nvalues; i > 0 && zip.n == 0; i--)
		if (r->values[i - 1].field == at && r->values[i - 1].kind == VALUE_TEXT)
			zip = r->values[i - 1].text;
	if (zip.n < ZIP_LEAST || zip.n >= ZIP_DIGITS || ascii_digits(zip) != zip.n)
		return false;
	country = text_of(r, "address.country");
	return country.n > 0 ? is_one_of(country, us)
			     : is_one_of(text_of(r, "address.state"), states);
}
