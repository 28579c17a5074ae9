#include "base/conf.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/near.h"

#define SHOWN_MAX   60  /* bytes of a value shown in a mistake */
#define CHOICES_MAX 400 /* bytes of a list of choices shown */
#define NUMBER_SIZE 32  /* a number with its unit */

/* A value on its way into the struct. */
struct bind {
	struct conf *conf;
	const struct conf_section *section;
	const struct conf_entry *entry;
	const struct conf_option *option;
};

struct unit {
	const char *name;
	long long factor;
};

static const struct unit size_units[] = {
    {"K", 1LL << 10}, {"M", 1LL << 20}, {"G", 1LL << 30}, {"", 1}, {NULL, 0}};
static const struct unit duration_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit plain_units[] = {{"", 1}, {NULL, 0}};

static int
shown(struct span value)
{
	return (int)(value.n < SHOWN_MAX ? value.n : SHOWN_MAX);
}

static int
fault(const struct bind *b, struct span value, const char *expected)
{
	conf_error_at(b->conf->errors, b->section, b->entry, "'%.*s' is not %s",
	    shown(value), value.p, expected);
	return -1;
}

static int
fault_nomem(const struct bind *b)
{
	conf_error_at(
	    b->conf->errors, b->section, b->entry, "there is no memory for this");
	return -1;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Decimal digits at the head of *s, which moves behind them; -1: none, or too many. */
static int
digits_take(struct span *s, long long *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < s->n && is_digit(s->p[i]); i++) {
		int digit = s->p[i] - '0';

		if (*out > (LLONG_MAX - digit) / 10)
			return -1;
		*out = *out * 10 + digit;
	}
	*s = (struct span){s->p + i, s->n - i};
	return i > 0 ? 0 : -1;
}

static int
unit_apply(const struct unit *units, struct span name, long long *number)
{
	for (; units->name != NULL; units++) {
		if (!span_eq_nocase(name, span_of(units->name)))
			continue;
		if (*number > LLONG_MAX / units->factor)
			return -1;
		*number *= units->factor;
		return 0;
	}
	return -1;
}

/* In the largest unit that shows it whole. */
static const char *
number_show(char out[NUMBER_SIZE], enum conf_type type, long long v)
{
	const struct unit *u = type == CONF_SIZE       ? size_units
			       : type == CONF_DURATION ? duration_units
						       : plain_units;
	const struct unit *best = NULL;

	if (type == CONF_PERCENT) {
		snprintf(out, NUMBER_SIZE, "%lld.%02lld %%", v / 100, v % 100);
		return out;
	}
	for (; u->name != NULL; u++)
		if (v % u->factor == 0 && (best == NULL || u->factor > best->factor))
			best = u;
	snprintf(out, NUMBER_SIZE, "%lld%s", v / (best ? best->factor : 1),
	    v != 0 && best ? best->name : "");
	return out;
}

static int
bounds_check(const struct bind *b, struct span value, long long v)
{
	const struct conf_option *o = b->option;
	char min[NUMBER_SIZE], max[NUMBER_SIZE];

	if ((o->min == 0 && o->max == 0) || (v >= o->min && v <= o->max))
		return 0;
	conf_error_at(b->conf->errors, b->section, b->entry,
	    "'%.*s' is out of bounds: from %s to %s", shown(value), value.p,
	    number_show(min, o->type, o->min), number_show(max, o->type, o->max));
	return -1;
}

static int
take_int(struct span value, long long *out)
{
	bool minus = value.n > 0 && value.p[0] == '-';
	struct span s = {value.p + minus, value.n - minus};

	if (digits_take(&s, out) != 0 || s.n > 0)
		return -1;
	if (minus)
		*out = -*out;
	return 0;
}

static int
take_units(struct span value, const struct unit *units, long long *out)
{
	if (digits_take(&value, out) != 0)
		return -1;
	if (*out == 0 && value.n == 0)
		return 0;
	return unit_apply(units, span_trim(value), out);
}

/* In 1/100 %, so two places behind the point at most. */
static int
take_percent(struct span value, long long *out)
{
	long long part = 0;
	size_t places;

	if (digits_take(&value, out) != 0 || *out > LLONG_MAX / 100 - 1)
		return -1;
	*out *= 100;
	if (value.n > 0 && value.p[0] == '.') {
		value = (struct span){value.p + 1, value.n - 1};
		places = value.n;
		if (digits_take(&value, &part) != 0 || (places -= value.n) > 2)
			return -1;
		*out += places == 1 ? part * 10 : part;
	}
	return span_eq(span_trim(value), SPAN_LIT("%")) ? 0 : -1;
}

static int
set_number(const struct bind *b, struct span value, long long *out)
{
	static const char *const expected[] = {
	    [CONF_INT] = "a whole number",
	    [CONF_SIZE] = "a size such as 64K, 16M or 1G",
	    [CONF_DURATION] = "a duration such as 500ms, 10s, 5m, 2h or 400d",
	    [CONF_PERCENT] = "a percentage such as 10 % or 2.5%",
	};
	long long v;
	int rc;

	switch (b->option->type) {
	case CONF_SIZE:
		rc = take_units(value, size_units, &v);
		break;
	case CONF_DURATION:
		rc = take_units(value, duration_units, &v);
		break;
	case CONF_PERCENT:
		rc = take_percent(value, &v);
		break;
	default:
		rc = take_int(value, &v);
	}
	if (rc != 0)
		return fault(b, value, expected[b->option->type]);
	if (bounds_check(b, value, v) != 0)
		return -1;
	*out = v;
	return 0;
}

static int
set_string(const struct bind *b, struct span value, const char **out)
{
	struct conf_list words;
	struct err e;

	if (value.n > 0 && value.p[0] == '"') {
		if (conf_words(&b->conf->arena, value, &words, &e) != 0 || words.n != 1)
			return fault(b, value,
			    "one \"quoted text\": a quote within it is written \"\"");
		*out = words.v[0];
		return 0;
	}
	*out = arena_span(&b->conf->arena, value).p;
	return *out != NULL ? 0 : fault_nomem(b);
}

static int
set_list(const struct bind *b, struct span value, struct conf_list *out)
{
	struct conf_list words;
	struct err e;

	if (conf_words(&b->conf->arena, value, &words, &e) != 0) {
		conf_error_at(b->conf->errors, b->section, b->entry, "%s", e.msg);
		return -1;
	}
	*out = words;
	return 0;
}

static int
set_bool(const struct bind *b, struct span value, bool *out)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_eq_nocase(value, span_of(words[i]))) {
			*out = i % 2 != 0;
			return 0;
		}
	return fault(b, value, "yes or no (or true, false, on, off)");
}

static int
set_enum(const struct bind *b, struct span value, int *out)
{
	const char *const *choices = b->option->choices;
	char list[CHOICES_MAX] = "", hint[NEAR_HINT_SIZE];
	size_t n = 0;

	for (int i = 0; choices[i] != NULL; i++) {
		if (span_eq_nocase(value, span_of(choices[i]))) {
			*out = i;
			return 0;
		}
		if (n < sizeof(list))
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
			    i > 0 ? ", " : "", choices[i]);
	}
	conf_error_at(b->conf->errors, b->section, b->entry, "'%.*s' is not one of %s%s",
	    shown(value), value.p, list, near_hint_of(value, choices, hint));
	return -1;
}

/* The value may be the secret itself, set by mistake: it is not shown. */
static int
set_secret(const struct bind *b, struct span value, struct conf_secret *out)
{
	static const char credentials[] = "$CREDENTIALS_DIRECTORY/";
	const size_t n = sizeof(credentials) - 1;
	const char *where = arena_span(&b->conf->arena, value).p;

	if (where == NULL)
		return fault_nomem(b);
	if (where[0] == '/' || (strncmp(where, "env:", 4) == 0 && where[4] != '\0') ||
	    (strncmp(where, credentials, n) == 0 && where[n] != '\0' &&
		strchr(where + n, '/') == NULL)) {
		out->where = where;
		return 0;
	}
	conf_error_at(b->conf->errors, b->section, b->entry,
	    "names no place of a secret: give a file's absolute path, "
	    "$CREDENTIALS_DIRECTORY/NAME or env:NAME, never the secret itself");
	return -1;
}

static int
value_set(const struct bind *b, struct span value, char *out)
{
	void *at = out + b->option->offset;

	switch (b->option->type) {
	case CONF_STRING:
		return set_string(b, value, at);
	case CONF_LIST:
		return set_list(b, value, at);
	case CONF_BOOL:
		return set_bool(b, value, at);
	case CONF_ENUM:
		return set_enum(b, value, at);
	case CONF_SECRET:
		return set_secret(b, value, at);
	default:
		return set_number(b, value, at);
	}
}

static void
value_clear(const struct conf_option *o, char *out)
{
	static const size_t sizes[] = {
	    [CONF_STRING] = sizeof(const char *),
	    [CONF_LIST] = sizeof(struct conf_list),
	    [CONF_BOOL] = sizeof(bool),
	    [CONF_INT] = sizeof(long long),
	    [CONF_SIZE] = sizeof(long long),
	    [CONF_DURATION] = sizeof(long long),
	    [CONF_PERCENT] = sizeof(long long),
	    [CONF_ENUM] = sizeof(int),
	    [CONF_SECRET] = sizeof(struct conf_secret),
	};

	memset(out + o->offset, 0, sizes[o->type]);
}

/*
 * A text is set all the same: that nothing is there would be another mistake wherever it
 * is needed.
 */
static int
still_todo(const struct bind *b, char *out)
{
	const char *help = b->option->help;

	conf_error_at(b->conf->errors, b->section, b->entry, "is still TODO%s%s",
	    help != NULL ? ": " : ": fill it in", help != NULL ? help : "");
	if (b->option->type == CONF_STRING || b->option->type == CONF_LIST)
		(void)value_set(b, b->entry->value, out);
	return 1;
}

static int
option_bind(
    struct conf *c, struct conf_section *s, const struct conf_option *o, char *out)
{
	struct conf_entry *given = conf_get(s, o->name);
	struct conf_entry dflt = {.key = span_of(o->name),
	    .file = s != NULL ? s->file : c->path,
	    .line = s != NULL ? s->line : 0};
	struct bind b = {.conf = c, .section = s, .entry = &dflt, .option = o};
	int faults = 0;

	value_clear(o, out);
	if (o->dflt != NULL && value_set(&b, span_of(o->dflt), out) != 0)
		faults++;
	if (given != NULL && given->value.n > 0) {
		given->used = true;
		b.entry = given;
		if (conf_is_todo(given->value))
			return still_todo(&b, out) + faults;
		return value_set(&b, given->value, out) != 0 ? faults + 1 : faults;
	}
	if (o->required) {
		conf_error_at(c->errors, s, &dflt, "is required: %s",
		    o->help != NULL ? o->help : "it has no default");
		faults++;
	}
	return faults;
}

int
conf_bind_entry(struct conf *c, const struct conf_section *s, struct conf_entry *en,
    enum conf_type type, void *out)
{
	const struct conf_option o = {.type = type};
	const struct bind b = {.conf = c, .section = s, .entry = en, .option = &o};

	en->used = true;
	value_clear(&o, out);
	return value_set(&b, en->value, out);
}

static void
unknown_key(struct conf *c, const struct conf_section *s, const struct conf_entry *en,
    const struct conf_option *table)
{
	char hint[NEAR_HINT_SIZE];
	struct near near;

	near_start(&near, en->key);
	for (; table->name != NULL; table++)
		near_try(&near, span_of(table->name));
	conf_error_at(
	    c->errors, s, en, "there is no such key here%s", near_hint(&near, hint));
}

int
conf_bind(
    struct conf *c, struct conf_section *s, const struct conf_option *table, void *out)
{
	const struct conf_option *o;
	int faults = 0;

	for (o = table; o->name != NULL; o++)
		faults += option_bind(c, s, o, out);
	if (s == NULL)
		return faults;
	s->used = true;
	for (size_t i = 0; i < s->n; i++) {
		if (s->entries[i].used)
			continue;
		unknown_key(c, s, &s->entries[i], table);
		s->entries[i].used = true;
		faults++;
	}
	return faults;
}

static void
unused_section(struct conf *c, const struct conf_section *s, const char *const *known)
{
	char hint[NEAR_HINT_SIZE];

	for (size_t i = 0; known[i] != NULL; i++) {
		if (span_eq(s->name, span_of(known[i]))) {
			conf_error_at(c->errors, s, NULL, "nothing in this feed uses it");
			return;
		}
	}
	conf_error_at(c->errors, s, NULL, "there is no such section%s",
	    near_hint_of(s->name, known, hint));
}

void
conf_check_unused(struct conf *c, const char *const *known_sections)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct conf_section *s = &c->sections[i];

		if (!s->used) {
			unused_section(c, s, known_sections);
			continue;
		}
		for (size_t j = 0; j < s->n; j++)
			if (!s->entries[j].used)
				conf_error_at(c->errors, s, &s->entries[j],
				    "there is no such key here");
	}
}
