#include "mappers/transform.h"

#include <string.h>

#include "base/near.h"
#include "mappers/transform_list.h"

static int
default_compile(struct kit *k, struct step *st, struct err *e)
{
	(void)k;
	if (st->args->text.n == 0)
		return err_set(e, ERR_CONFIG, "a default that is empty changes nothing");
	st->data = &st->args->text;
	return 0;
}

static enum problem_code
default_apply(const void *data, struct run *r, struct text *t)
{
	(void)r;
	if (t->s.n == 0)
		*t = (struct text){.s = *(const struct span *)data};
	return PROBLEM_NONE;
}

static enum problem_code
required_apply(const void *data, struct run *r, struct text *t)
{
	(void)data;
	(void)r;
	return t->s.n == 0 ? PROBLEM_MISSING_VALUE : PROBLEM_NONE;
}

int
arg_lines(struct kit *k, struct arg *a, struct err *e)
{
	struct span s = a->text;
	char *to = arena_bytes(&k->arena, s.n + 1);
	size_t n = 0;

	if (to == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < s.n; i++) {
		bool line = s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n';

		to[n++] = line ? '\n' : s.p[i];
		i += line;
	}
	a->text = (struct span){to, n};
	return 0;
}

static int
join_compile(struct kit *k, struct step *st, struct err *e)
{
	return arg_lines(k, st->args, e);
}

bool
step_is_whole(const struct step *st)
{
	return st->transform->apply == NULL ||
	       (transform_is(st, "split") && st->nargs == 1);
}

static const struct transform registry[] = {
    {.name = "required", .on_empty = true, .apply = required_apply},
    {.name = "default",
	.min = 1,
	.max = 1,
	.on_empty = true,
	.compile = default_compile,
	.apply = default_apply},
    {.name = "join", .min = 1, .max = 1, .compile = join_compile},
    {.name = "agree", .max = 1, .compile = agree_compile},
    {.name = "cx", .compile = composite_compile, .apply = composite_apply},
    {.name = "ei", .compile = composite_compile, .apply = composite_apply},
    {.name = "xpn", .compile = composite_compile, .apply = composite_apply},
    {.name = "xad", .compile = composite_compile, .apply = composite_apply},
    {.name = "xtn", .compile = composite_compile, .apply = composite_apply},
    {.name = "xcn", .compile = composite_compile, .apply = composite_apply},
    {.name = "pl", .compile = composite_compile, .apply = composite_apply},
    {.name = "cwe", .compile = composite_compile, .apply = composite_apply},
    {.name = "tx", .compile = tx_compile, .apply = tx_apply},
    {.name = "minutes", .compile = minutes_compile, .apply = minutes_apply},
    {.name = "upper", .apply = upper_apply},
    {.name = "lower", .apply = lower_apply},
    {.name = "title", .apply = title_apply},
    {.name = "replace",
	.min = 2,
	.max = 2,
	.takes_regexp = true,
	.compile = replace_compile,
	.apply = replace_apply},
    {.name = "pad", .min = 1, .max = 2, .compile = pad_compile, .apply = pad_apply},
    {.name = "strip_leading", .max = 1, .compile = strip_compile, .apply = strip_apply},
    {.name = "integer", .apply = integer_apply},
    {.name = "date",
	.max = VALUE_ARGS_MAX,
	.compile = times_compile_date,
	.apply = times_apply},
    {.name = "datetime",
	.max = VALUE_ARGS_MAX,
	.compile = times_compile_datetime,
	.apply = times_apply},
    {.name = "code", .min = 1, .max = 1, .compile = code_compile, .apply = code_apply},
    {.name = "lookup",
	.min = 1,
	.max = 1,
	.compile = lookup_compile,
	.apply = lookup_apply},
    {.name = "bool", .max = 2, .compile = bool_compile, .apply = bool_apply},
    {.name = "phone", .max = 1, .compile = phone_compile, .apply = phone_apply},
    {.name = "email", .apply = email_apply},
    {.name = "npi", .apply = npi_apply},
    {.name = "not_scientific", .apply = not_scientific_apply},
    {.name = "max_length",
	.min = 1,
	.max = 1,
	.compile = length_compile,
	.apply = length_apply},
    {.name = "split", .min = 1, .max = 2, .compile = split_compile, .apply = split_apply},
    {.name = "substr",
	.min = 1,
	.max = 2,
	.compile = substr_compile,
	.apply = substr_apply},
    {.name = "regex",
	.min = 2,
	.max = 2,
	.takes_regexp = true,
	.compile = regex_compile,
	.apply = replace_apply},
    {.name = "extract",
	.min = 1,
	.max = 1,
	.takes_regexp = true,
	.compile = extract_compile,
	.apply = extract_apply},
    {.name = "number", .max = 2, .compile = number_compile, .apply = number_apply},
    {.name = "money", .min = 1, .max = 3, .compile = money_compile, .apply = money_apply},
    {.name = "unit", .min = 2, .max = 3, .compile = unit_compile, .apply = unit_apply},
    {.name = "state", .compile = state_compile, .apply = state_apply},
    {.name = "zip", .apply = zip_apply},
    {.name = "country", .compile = country_compile, .apply = country_apply},
    {.name = "language", .compile = language_compile, .apply = language_apply},
    {.name = "icd10", .apply = icd10_apply},
    {.name = "loinc", .apply = loinc_apply},
    {.name = "snomed", .apply = snomed_apply},
    {.name = "person",
	.min = 1,
	.max = 4,
	.compile = person_compile,
	.apply = person_apply},
    {.name = "hash", .compile = hash_compile, .apply = hash_apply},
    {.name = "epoch", .min = 1, .max = 1, .compile = epoch_compile, .apply = epoch_apply},
};

#define REGISTRY_SIZE (sizeof(registry) / sizeof(registry[0]))

static const struct transform *
find(struct span name)
{
	for (size_t i = 0; i < REGISTRY_SIZE; i++)
		if (span_eq(name, span_of(registry[i].name)))
			return &registry[i];
	return NULL;
}

static int
unknown(struct span name, struct err *e)
{
	struct near near;

	near_start(&near, name);
	for (size_t i = 0; i < REGISTRY_SIZE; i++)
		near_try(&near, span_of(registry[i].name));
	return err_set(e, ERR_CONFIG, "no such transform%s%.*s%s",
	    near.found.n > 0 ? " (did you mean " : "", (int)near.found.n, near.found.p,
	    near.found.n > 0 ? "?)" : "");
}

static int
check_args(const struct transform *t, const struct step *st, struct err *e)
{
	if (st->nargs < t->min || st->nargs > t->max) {
		if (t->max == 0)
			return err_set(e, ERR_CONFIG, "takes no argument");
		if (t->min == t->max)
			return err_set(e, ERR_CONFIG, "takes %u argument%s, not %zu",
			    t->min, t->min == 1 ? "" : "s", st->nargs);
		return err_set(e, ERR_CONFIG, "takes %u to %u arguments, not %zu", t->min,
		    t->max, st->nargs);
	}
	for (const struct arg *a = st->args; a != NULL; a = a->next)
		if (a->kind == ARG_REGEX && !(t->takes_regexp && a == st->args))
			return err_set(e, ERR_CONFIG,
			    "a regular expression cannot stand here (quote text that begins "
			    "with /)");
	return 0;
}

int
transform_compile(struct kit *k, struct step *st, struct err *e)
{
	const struct transform *t = find(st->name);
	int ret = t == NULL ? unknown(st->name, e) : check_args(t, st, e);

	if (ret == 0 && t != NULL && t->compile != NULL)
		ret = t->compile(k, st, e);
	if (ret != 0)
		return err_prefix(
		    e, "character %zu: %.*s", st->at, (int)st->name.n, st->name.p);
	st->transform = t;
	return 0;
}

bool
transform_is(const struct step *st, const char *name)
{
	return span_eq(st->name, span_of(name));
}

int
arg_number(struct span text, long min, long max, long *out, struct err *e)
{
	long n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || n > max)
			n = max + 1;
		else
			n = n * 10 + (text.p[i] - '0');
	}
	if (text.n == 0 || n < min || n > max)
		return err_set(e, ERR_CONFIG, "\"%.*s\" is no number from %ld to %ld",
		    (int)text.n, text.p, min, max);
	*out = n;
	return 0;
}

enum problem_code
run_decode_escapes(struct run *r, struct span raw, struct span *out)
{
	switch (hl7_decode(r->charsets, &r->message->d, &r->arena, raw, out)) {
	case HL7_DECODED:
		break;
	case HL7_UNKNOWN:
		r->escape = true;
		break;
	case HL7_BAD_ENCODING:
		return PROBLEM_ENCODING;
	case HL7_NO_ROOM:
		r->full = true;
		return PROBLEM_LIMIT;
	}
	*out = span_trim(*out);
	return PROBLEM_NONE;
}

char *
run_bytes(struct run *r, size_t n)
{
	char *p = arena_bytes(&r->arena, n);

	r->full |= p == NULL;
	return p;
}
