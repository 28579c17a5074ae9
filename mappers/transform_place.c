#include <string.h>

#include "mappers/ascii.h"
#include "mappers/tables.h"
#include "mappers/transform_list.h"

#define ZIP         5
#define ZIP_PLUS    4
#define REGION_SIZE 3  /* of UN M.49, in digits */
#define SCRIPT_SIZE 4  /* ISO 15924 */
#define NAME_MAX_N  64 /* no state or country has a longer name */

static const struct code_row states[] = {{"AL", {"Alabama"}}, {"AK", {"Alaska"}},
    {"AZ", {"Arizona"}}, {"AR", {"Arkansas"}}, {"CA", {"California"}},
    {"CO", {"Colorado"}}, {"CT", {"Connecticut"}}, {"DE", {"Delaware"}},
    {"DC", {"District of Columbia", "Washington DC", "Washington, DC"}},
    {"FL", {"Florida"}}, {"GA", {"Georgia"}}, {"HI", {"Hawaii"}}, {"ID", {"Idaho"}},
    {"IL", {"Illinois"}}, {"IN", {"Indiana"}}, {"IA", {"Iowa"}}, {"KS", {"Kansas"}},
    {"KY", {"Kentucky"}}, {"LA", {"Louisiana"}}, {"ME", {"Maine"}}, {"MD", {"Maryland"}},
    {"MA", {"Massachusetts"}}, {"MI", {"Michigan"}}, {"MN", {"Minnesota"}},
    {"MS", {"Mississippi"}}, {"MO", {"Missouri"}}, {"MT", {"Montana"}},
    {"NE", {"Nebraska"}}, {"NV", {"Nevada"}}, {"NH", {"New Hampshire"}},
    {"NJ", {"New Jersey"}}, {"NM", {"New Mexico"}}, {"NY", {"New York"}},
    {"NC", {"North Carolina"}}, {"ND", {"North Dakota"}}, {"OH", {"Ohio"}},
    {"OK", {"Oklahoma"}}, {"OR", {"Oregon"}}, {"PA", {"Pennsylvania"}},
    {"RI", {"Rhode Island"}}, {"SC", {"South Carolina"}}, {"SD", {"South Dakota"}},
    {"TN", {"Tennessee"}}, {"TX", {"Texas"}}, {"UT", {"Utah"}}, {"VT", {"Vermont"}},
    {"VA", {"Virginia"}}, {"WA", {"Washington"}}, {"WV", {"West Virginia"}},
    {"WI", {"Wisconsin"}}, {"WY", {"Wyoming"}}, {"AS", {"American Samoa"}},
    {"GU", {"Guam"}}, {"MP", {"Northern Mariana Islands"}}, {"PR", {"Puerto Rico"}},
    {"VI", {"Virgin Islands", "US Virgin Islands"}},
    {"FM", {"Federated States of Micronesia", "Micronesia"}},
    {"MH", {"Marshall Islands"}}, {"PW", {"Palau"}}, {"AA", {"Armed Forces Americas"}},
    {"AE", {"Armed Forces Europe"}}, {"AP", {"Armed Forces Pacific"}}};

static int
compile_rows(
    struct kit *k, struct step *st, const struct code_row *rows, size_t n, struct err *e)
{
	st->data = kit_rows(k, rows, n, e);
	return st->data == NULL ? -1 : 0;
}

int
state_compile(struct kit *k, struct step *st, struct err *e)
{
	return compile_rows(k, st, states, sizeof(states) / sizeof(states[0]), e);
}

int
country_compile(struct kit *k, struct step *st, struct err *e)
{
	return compile_rows(k, st, country_rows, country_rows_n, e);
}

int
language_compile(struct kit *k, struct step *st, struct err *e)
{
	return compile_rows(k, st, language_rows, language_rows_n, e);
}

/* Looks it up as it is written but for full stops: "U.S.A.", "St. Lucia". */
static bool
find_place(const struct code_table *table, struct text *t)
{
	char name[NAME_MAX_N];
	struct span ours;
	size_t n = 0;

	for (size_t i = 0; i < t->s.n && n < sizeof(name); i++)
		if (t->s.p[i] != '.')
			name[n++] = t->s.p[i];
	if (n == 0 || n == sizeof(name) ||
	    !codes_find(table, span_trim((struct span){name, n}), &ours))
		return false;
	*t = (struct text){.s = ours};
	return true;
}

enum problem_code
state_apply(const void *data, struct run *r, struct text *t)
{
	(void)r;
	return find_place(data, t) ? PROBLEM_NONE : PROBLEM_NOT_STATE;
}

enum problem_code
country_apply(const void *data, struct run *r, struct text *t)
{
	(void)r;
	return find_place(data, t) ? PROBLEM_NONE : PROBLEM_NOT_COUNTRY;
}

/*
 * A ZIP code with one digit too few has lost a zero, as one of New England or New
 * Jersey does in a spreadsheet; two are lost in Puerto Rico. Which ones were lost is
 * not for us to say.
 */
static enum problem_code
zip_problem(size_t n, size_t plus, bool hyphen)
{
	bool lost = plus == 0 ? n == ZIP - 1 || n == ZIP - 2 ||
				    (!hyphen && (n == ZIP + ZIP_PLUS - 1 ||
						    n == ZIP + ZIP_PLUS - 2))
			      : plus == ZIP_PLUS && (n == ZIP - 1 || n == ZIP - 2);

	return lost ? PROBLEM_LOST_ZERO : PROBLEM_NOT_ZIP;
}

static enum problem_code
write_zip(struct run *r, const char *zip, const char *plus, struct text *t)
{
	char *to = run_bytes(r, ZIP + 1 + ZIP_PLUS);

	if (to == NULL)
		return PROBLEM_LIMIT;
	memcpy(to, zip, ZIP);
	to[ZIP] = '-';
	memcpy(to + ZIP + 1, plus, ZIP_PLUS);
	*t = (struct text){.s = {to, ZIP + 1 + ZIP_PLUS}};
	return PROBLEM_NONE;
}

enum problem_code
zip_apply(const void *data, struct run *r, struct text *t)
{
	size_t n = ascii_digits(t->s);
	struct span plus = span_trim((struct span){t->s.p + n, t->s.n - n});
	bool hyphen = plus.n > 0 && plus.p[0] == '-';

	(void)data;
	if (hyphen)
		plus = span_trim((struct span){plus.p + 1, plus.n - 1});
	if (plus.n > 0 && (!hyphen || ascii_digits(plus) != plus.n))
		return PROBLEM_NOT_ZIP;
	if (plus.n == 0 && n == ZIP) {
		*t = (struct text){.s = {t->s.p, ZIP}};
		return PROBLEM_NONE;
	}
	if (plus.n == 0 && !hyphen && n == ZIP + ZIP_PLUS)
		return write_zip(r, t->s.p, t->s.p + ZIP, t);
	if (plus.n == ZIP_PLUS && n == ZIP)
		return write_zip(r, t->s.p, plus.p, t);
	return zip_problem(n, plus.n, hyphen);
}

/* A subtag in its usual case: Hant, US, 419. False: it is none of these. */
static bool
put_subtag(struct span s, bool script, char *to)
{
	size_t letters = 0, digits = ascii_digits(s);

	for (size_t i = 0; i < s.n; i++)
		letters += ascii_letter(s.p[i]);
	if (script ? s.n != SCRIPT_SIZE || letters != s.n
		   : (s.n != 2 || letters != 2) &&
			 (s.n != REGION_SIZE || digits != REGION_SIZE))
		return false;
	for (size_t i = 0; i < s.n; i++)
		to[i] = (char)(digits > 0        ? s.p[i]
			       : script && i > 0 ? s.p[i] | 0x20
						 : s.p[i] & ~0x20);
	return true;
}

/* RFC 5646's langtag as far as language, script and region: "ZH-hant_tw" -> "zh-Hant-TW". */
static enum problem_code
write_tag(struct run *r, struct span lang, struct span rest, struct text *t)
{
	char *to = run_bytes(r, lang.n + rest.n + 1);
	size_t n = lang.n;
	bool script = true;

	if (to == NULL)
		return PROBLEM_LIMIT;
	memcpy(to, lang.p, lang.n);
	while (rest.n > 0) {
		struct span part = {rest.p + 1, 0};

		while (
		    part.n + 1 < rest.n && part.p[part.n] != '-' && part.p[part.n] != '_')
			part.n++;
		to[n++] = '-';
		if (script && put_subtag(part, true, to + n))
			script = false;
		else if (put_subtag(part, false, to + n) && part.n + 1 == rest.n)
			script = false;
		else
			return PROBLEM_NOT_LANGUAGE;
		n += part.n;
		rest = (struct span){part.p + part.n, rest.n - part.n - 1};
	}
	*t = (struct text){.s = {to, n}};
	return PROBLEM_NONE;
}

enum problem_code
language_apply(const void *data, struct run *r, struct text *t)
{
	struct span lang = {t->s.p, 0}, ours;

	if (codes_find(data, t->s, &ours)) {
		*t = (struct text){.s = ours};
		return PROBLEM_NONE;
	}
	while (lang.n < t->s.n && ascii_letter(lang.p[lang.n]))
		lang.n++;
	if (lang.n < 2 || lang.n > 3 || lang.n == t->s.n ||
	    (lang.p[lang.n] != '-' && lang.p[lang.n] != '_') ||
	    !codes_find(data, lang, &ours))
		return PROBLEM_NOT_LANGUAGE;
	return write_tag(r, ours, (struct span){lang.p + lang.n, t->s.n - lang.n}, t);
}
