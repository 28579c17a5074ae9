/*
 * Units of what is measured, by UCUM's names. The factors are exact by definition: the
 * pound is 0.45359237 kg and the inch 2.54 cm (NIST SP 811, appendix B.8). All is
 * reckoned in whole numbers, and rounded once.
 */
#include <string.h>

#include "mappers/ascii.h"
#include "mappers/transform_list.h"

#define DIGITS_MAX       9 /* of a measurement; so no product overflows */
#define VALUE_MAX        INT64_C(999999999)
#define DECIMALS_MAX     6
#define DECIMALS_DEFAULT 2
#define OUT_SIZE         40

enum kind { MASS, LENGTH, TEMPERATURE };

/* A value is (x - zero) * num / den of its kind's base. */
struct unit {
	const char *name;
	enum kind kind;
	int64_t num, den, zero;
};

static const struct unit units[] = {{"kg", MASS, 1000, 1, 0}, {"g", MASS, 1, 1, 0},
    {"mg", MASS, 1, 1000, 0}, {"ug", MASS, 1, 1000000, 0},
    {"[lb_av]", MASS, 45359237, 100000, 0}, {"[oz_av]", MASS, 45359237, 1600000, 0},
    {"m", LENGTH, 1000, 1, 0}, {"cm", LENGTH, 10, 1, 0}, {"mm", LENGTH, 1, 1, 0},
    {"[in_i]", LENGTH, 254, 10, 0}, {"[ft_i]", LENGTH, 3048, 10, 0},
    {"Cel", TEMPERATURE, 1, 1, 0}, {"[degF]", TEMPERATURE, 5, 9, 32}};

static const struct code_row words[] = {
    {"kg", {"kgs", "kilo", "kilos", "kilogram", "kilograms"}},
    {"g", {"gm", "gms", "gram", "grams"}}, {"mg", {"milligram", "milligrams"}},
    {"ug", {"mcg", "\xc2\xb5g", "\xce\xbcg", "microgram", "micrograms"}},
    {"[lb_av]", {"lb", "lbs", "pound", "pounds"}},
    {"[oz_av]", {"oz", "ozs", "ounce", "ounces"}},
    {"m", {"meter", "meters", "metre", "metres"}},
    {"cm", {"cms", "centimeter", "centimeters", "centimetre", "centimetres"}},
    {"mm", {"mms", "millimeter", "millimeters", "millimetre", "millimetres"}},
    {"[in_i]",
	{"in", "ins", "inch", "inches", "\"", "''", "\xe2\x80\xb3", "\xe2\x80\x9d"}},
    {"[ft_i]", {"ft", "foot", "feet", "'", "\xe2\x80\xb2", "\xe2\x80\x99"}},
    {"Cel", {"C",
		"\xc2\xb0"
		"C",
		"celsius"}},
    {"[degF]", {"F",
		   "\xc2\xb0"
		   "F",
		   "fahrenheit"}}};

struct conversion {
	const struct code_table *words;
	const struct unit *from, *to;
	long decimals;
};

/* A measurement in whole numbers: value / scale, in a unit. */
struct measure {
	int64_t value, scale;
	const struct unit *unit;
};

static const struct unit *
find_unit(const struct code_table *t, struct span word)
{
	struct span name;

	if (word.n > 1 && word.p[word.n - 1] == '.')
		word.n--;
	if (!codes_find(t, word, &name))
		return NULL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (span_eq(name, span_of(units[i].name)))
			return &units[i];
	return NULL;
}

static const struct unit *
arg_unit(const struct code_table *t, const struct arg *a, struct err *e)
{
	const struct unit *u = find_unit(t, a->text);

	if (u == NULL)
		err_set(e, ERR_CONFIG,
		    "\"%.*s\" is no known unit; known are kg g mg ug lb oz, m cm mm in ft, "
		    "C F",
		    (int)a->text.n, a->text.p);
	return u;
}

int
unit_compile(struct kit *k, struct step *st, struct err *e)
{
	struct conversion *d = arena_alloc(&k->arena, sizeof(*d));
	const struct arg *to = st->args->next;

	if (d == NULL)
		return err_nomem(e);
	st->data = d;
	d->decimals = DECIMALS_DEFAULT;
	d->words = kit_rows(k, words, sizeof(words) / sizeof(words[0]), e);
	if (d->words == NULL || (d->from = arg_unit(d->words, st->args, e)) == NULL ||
	    (d->to = arg_unit(d->words, to, e)) == NULL)
		return -1;
	if (d->from->kind != d->to->kind)
		return err_set(e, ERR_CONFIG, "%.*s and %.*s measure different things",
		    (int)st->args->text.n, st->args->text.p, (int)to->text.n, to->text.p);
	return to->next == NULL
		   ? 0
		   : arg_number(to->next->text, 0, DECIMALS_MAX, &d->decimals, e);
}

/* Digits with at most one point among them; false: none, or too many. */
static bool
take_number(struct span *s, struct measure *m)
{
	size_t i = 0, digits = 0;
	bool point = false;

	m->value = 0;
	m->scale = 1;
	for (; i < s->n && (ascii_digit(s->p[i]) || (s->p[i] == '.' && !point)); i++) {
		if (s->p[i] == '.') {
			if (digits == 0 || i + 1 == s->n || !ascii_digit(s->p[i + 1]))
				break;
			point = true;
			continue;
		}
		m->value = m->value * 10 + (s->p[i] - '0');
		m->scale *= point ? 10 : 1;
		if (++digits > DIGITS_MAX)
			return false;
	}
	*s = span_trim((struct span){s->p + i, s->n - i});
	return digits > 0;
}

static struct span
take_word(struct span *s)
{
	struct span word = {s->p, 0};

	while (word.n < s->n && !ascii_digit(word.p[word.n]) && word.p[word.n] != ' ')
		word.n++;
	*s = span_trim((struct span){s->p + word.n, s->n - word.n});
	return word;
}

/*
 * "5 ft 11.5 in": what came before in the unit of what comes behind it, if that goes
 * without a remainder. Who rounds writes 5 ft 12 in; nobody means 5 ft 13 in.
 */
static bool
add_up(struct measure *sum, const struct measure *m)
{
	int64_t num, den, before;

	if (sum->unit == NULL) {
		*sum = *m;
		return true;
	}
	if (sum->unit->kind != m->unit->kind || m->unit->kind == TEMPERATURE ||
	    sum->scale != 1)
		return false;
	num = sum->unit->num * m->unit->den;
	den = sum->unit->den * m->unit->num;
	if (num <= den || num % den != 0 || m->value > num / den * m->scale)
		return false;
	before = sum->value * (num / den);
	if (before > VALUE_MAX)
		return false;
	*sum = (struct measure){before * m->scale + m->value, m->scale, m->unit};
	return sum->value <= VALUE_MAX;
}

static enum problem_code
take_measure(const struct conversion *d, struct span s, struct measure *sum)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	struct measure m;

	*sum = (struct measure){.unit = NULL};
	s = (struct span){s.p + minus, s.n - minus};
	do {
		if (!take_number(&s, &m))
			return PROBLEM_NOT_NUMBER;
		m.unit = NULL;
		if (s.n > 0)
			m.unit = find_unit(d->words, take_word(&s));
		else if (sum->unit == NULL)
			m.unit = d->from;
		/* A bare number behind a unit would be a guess. */
		if (m.unit == NULL || m.unit->kind != d->to->kind || !add_up(sum, &m))
			return PROBLEM_NOT_MEASURE;
	} while (s.n > 0);
	sum->value = minus ? -sum->value : sum->value;
	return PROBLEM_NONE;
}

/* num / den, which is positive, to so many decimals, half away from zero, no zeros behind. */
static size_t
write_quotient(int64_t num, int64_t den, long decimals, char *out)
{
	char digits[OUT_SIZE];
	int64_t scale = 1, whole, part = 0, rest;
	size_t n = 0, i = OUT_SIZE;
	bool minus = num < 0;

	num = minus ? -num : num;
	whole = num / den;
	rest = num % den;
	for (long k = 0; k < decimals; k++) {
		scale *= 10;
		part = part * 10 + rest * 10 / den;
		rest = rest * 10 % den;
	}
	part += 2 * rest >= den;
	whole += part / scale;
	part %= scale;
	for (; decimals > 0 && part % 10 == 0; decimals--)
		part /= 10;
	for (long k = 0; k < decimals; k++, part /= 10)
		digits[--i] = (char)('0' + part % 10);
	if (decimals > 0)
		digits[--i] = '.';
	minus &= whole > 0 || decimals > 0;
	do
		digits[--i] = (char)('0' + whole % 10);
	while ((whole /= 10) > 0);
	if (minus)
		out[n++] = '-';
	memcpy(out + n, digits + i, OUT_SIZE - i);
	return n + OUT_SIZE - i;
}

static int64_t
common(int64_t a, int64_t b)
{
	while (b != 0) {
		int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

enum problem_code
unit_apply(const void *data, struct run *r, struct text *t)
{
	const struct conversion *d = data;
	const struct unit *to = d->to;
	struct measure m;
	enum problem_code code = take_measure(d, t->s, &m);
	int64_t num, den, by;
	char *out;

	if (code != PROBLEM_NONE)
		return code;
	if ((out = run_bytes(r, OUT_SIZE)) == NULL)
		return PROBLEM_LIMIT;
	num = m.unit->num * to->den;
	den = m.unit->den * to->num;
	by = common(num, den);
	num /= by;
	den = den / by * m.scale;
	num = (m.value - m.unit->zero * m.scale) * num + to->zero * den;
	by = common(num < 0 ? -num : num, den);
	*t = (struct text){
	    .s = {out, write_quotient(num / by, den / by, d->decimals, out)}};
	return PROBLEM_NONE;
}
