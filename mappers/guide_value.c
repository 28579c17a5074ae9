#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "mappers/guide_date.h"
#include "mappers/guide_impl.h"

/* How surely it is known what a value must look like. */
enum rank { RANK_NONE, RANK_TEXT, RANK_ID, RANK_KIND, RANK_TRANSFORM, RANK_TABLE };

/* What transforms want, whose arguments change nothing of it. */
struct known {
	const char *name, *words;
	const char *sample[GUIDE_ROWS];
};

static const struct known transforms[] = {
    {"phone", "a US phone number, such as (312) 555-0142",
	{"(312) 555-0142", "(312) 555-0143"}},
    {"email", "an e-mail address, such as test@example.org",
	{"test1@example.org", "test2@example.org"}},
    {"npi", "a US National Provider Identifier, 10 digits", {"2000000002", "2000000010"}},
    {"integer", "a whole number, such as 30", {"30", "45"}},
    {"number", "a number, such as 1.5", {"1.5", "2.5"}},
    {"money", "an amount of money, such as 12.50", {"12.50", "20.00"}},
    {"unit", "a measurement, such as 70", {"70", "80"}},
    {"state", "a US state, such as IL", {"IL", "IL"}},
    {"zip", "a US ZIP code, such as 60601", {"60601", "60602"}},
    {"country", "a country, such as US", {"US", "US"}},
    {"language", "a language, such as en", {"en", "es"}},
    {"icd10", "an ICD-10 code, such as Z00.00", {"Z00.00", "Z00.00"}},
    {"loinc", "a LOINC code, such as 8480-6", {"8480-6", "8480-6"}},
    {"snomed", "a SNOMED CT code, such as 38341003", {"38341003", "38341003"}},
    {"minutes", "how long it takes, such as 30 min", {"30 min", "45 min"}},
};

static const struct known kinds[] = {
    [FIELD_ID] = {NULL, "an identifier, as text", {"EXAMPLE-1", "EXAMPLE-2"}},
    [FIELD_CODE] = {NULL, "a code", {"Example", "Example"}},
    [FIELD_DATE] = {NULL, "a date as year-month-day, such as 1980-05-17",
	{"1980-05-17", "1975-11-23"}},
    [FIELD_DATETIME] = {NULL,
	"a date and time with its offset from UTC, such as 2025-03-18T09:30:00-05:00",
	{"2025-03-18T09:30:00-05:00", "2025-03-19T14:15:00-05:00"}},
    [FIELD_INTEGER] = {NULL, "a whole number, such as 30", {"30", "45"}},
    [FIELD_DECIMAL] = {NULL, "a number, such as 1.5", {"1.5", "2.5"}},
    [FIELD_BOOLEAN] = {NULL, "true or false", {"true", "false"}},
};

/* Text that looks like what its column is called, by the end of the field's path. */
static const struct known texts[] = {
    {"family", "a family name", {"Sample", "Sample"}},
    {"given[]", "a given name", {"Test", "Example"}},
    {"name.text", "a name", {"Test Sample", "Example Sample"}},
    {"npi", "a US National Provider Identifier, 10 digits", {"2000000002", "2000000010"}},
    {"email", "an e-mail address", {"test1@example.org", "test2@example.org"}},
    {"phone.mobile", "a phone number", {"312-555-0142", "312-555-0143"}},
    {"phone.home", "a phone number", {"312-555-0142", "312-555-0143"}},
    {"phone.work", "a phone number", {"312-555-0142", "312-555-0143"}},
    {"postal_code", "a postal code", {"60601", "60602"}},
    {"state", "a state", {"IL", "IL"}},
    {"timezone", "a time zone, such as America/Chicago",
	{"America/Chicago", "America/Chicago"}},
    {"", "text", {"Example", "Example"}},
};

static void
take_known(struct guide_value *out, const struct known *k, enum rank rank)
{
	out->rank = rank;
	out->words = span_of(k->words);
	for (size_t i = 0; i < GUIDE_ROWS; i++)
		out->sample[i] = span_of(k->sample[i]);
}

static bool
ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

/* Without a transform that says more: by the field. */
static void
take_field(struct guide_value *out, const struct rule *ru)
{
	const struct known *k = texts;

	if (ru->kind == FIELD_CODE && ru->field != NULL && ru->field->codes != NULL) {
		out->rank = RANK_KIND;
		out->allowed = ru->field->codes;
		return;
	}
	if (ru->kind != FIELD_STRING) {
		take_known(
		    out, &kinds[ru->kind], ru->kind == FIELD_ID ? RANK_ID : RANK_KIND);
		return;
	}
	while (!ends_with(ru->path, k->name))
		k++;
	take_known(out, k, RANK_TEXT);
}

/* The part of the text that the place's reference stands for; .p NULL: there is none. */
static struct span
piece_of(const struct guide_place *place, struct span text)
{
	for (const struct part *p = place->alt->parts; p != NULL; p = p->next) {
		const struct part *glue = p->next;
		struct span piece = text;
		const char *end;

		if (p->refs == NULL) {
			if (text.n < p->text.n ||
			    memcmp(text.p, p->text.p, p->text.n) != 0)
				break;
			text = (struct span){text.p + p->text.n, text.n - p->text.n};
			continue;
		}
		if (glue != NULL && glue->refs == NULL && glue->text.n > 0 &&
		    (end = memmem(text.p, text.n, glue->text.p, glue->text.n)) != NULL)
			piece.n = (size_t)(end - text.p);
		if (p == place->part)
			return piece;
		text = (struct span){text.p + piece.n, text.n - piece.n};
	}
	return (struct span){NULL, 0};
}

/* A value put together of several columns: this one's share of it. */
static int
take_share(struct arena *a, const struct guide_place *place, struct guide_value *out)
{
	char text[256];

	for (size_t i = 0; i < GUIDE_ROWS; i++)
		out->sample[i] = piece_of(place, out->sample[i]);
	if (out->sample[0].n == 0)
		return 0;
	snprintf(text, sizeof(text), "the part %.*s of %.*s", (int)out->sample[0].n,
	    out->sample[0].p, (int)out->words.n, out->words.p);
	out->words = arena_span(a, span_of(text));
	return out->words.p == NULL ? -1 : 0;
}

static int
take_date(struct arena *a, const struct guide_place *place, const struct step *st,
    struct guide_value *out)
{
	const bool birth = strncmp(place->rule->path, "birth", 5) == 0;
	const enum guide_moment moment = birth ? GUIDE_BIRTH
					 : ends_with(place->rule->path, "end")
					     ? GUIDE_END
					     : GUIDE_START;
	struct span format = {NULL, 0};

	for (const struct arg *arg = st->args; arg != NULL && format.p == NULL;
	    arg = arg->next)
		if (memchr(arg->text.p, '%', arg->text.n) != NULL)
			format = arg->text;
	if (format.p == NULL)
		format = transform_is(st, "date") || birth
			     ? SPAN_LIT("%Y-%m-%d")
			     : SPAN_LIT("%Y-%m-%dT%H:%M:%S");
	if (place->part->next != NULL || place->part != place->alt->parts)
		format = piece_of(place, format);
	if (format.p == NULL)
		return 0;
	out->rank = RANK_TRANSFORM;
	out->apart = true;
	for (size_t i = 0; i < GUIDE_ROWS; i++)
		if (guide_date_sample(a, format, moment, i, &out->sample[i]) != 0)
			return -1;
	return guide_date_words(a, format, out->sample[0], &out->words);
}

/* "last, first middle" with names in it. */
static int
take_person(struct arena *a, const struct step *st, struct guide_value *out)
{
	static const char *const names[][2] = {
	    {"last", "Sample"}, {"first", "Test"}, {"middle", "A"}};
	struct span order = st->args->text;
	char text[128], name[64];
	size_t n = 0;

	for (size_t i = 0; i < order.n;) {
		const char *put = NULL;
		size_t len = 1;

		for (size_t k = 0; k < 3; k++) {
			if (order.n - i < strlen(names[k][0]) ||
			    memcmp(order.p + i, names[k][0], strlen(names[k][0])) != 0)
				continue;
			put = names[k][1];
			len = strlen(names[k][0]);
		}
		n += (size_t)snprintf(name + n, sizeof(name) - n, "%.*s",
		    put != NULL ? (int)strlen(put) : 1, put != NULL ? put : order.p + i);
		i += len;
	}
	snprintf(text, sizeof(text), "a name as %.*s, such as %s", (int)order.n, order.p,
	    name);
	out->rank = RANK_TRANSFORM;
	out->words = arena_span(a, span_of(text));
	out->sample[0] = out->sample[1] = arena_span(a, span_of(name));
	return out->words.p != NULL && out->sample[0].p != NULL ? 0 : -1;
}

/* Numbers by their decimal sign, which the feed may set. */
static void
take_decimal(const struct step *st, struct guide_value *out)
{
	static const struct known number = {
	    NULL, "a number, such as 1,5", {"1,5", "2,5"}};
	static const struct known money = {
	    NULL, "an amount of money, such as 12,50", {"12,50", "20,00"}};
	bool is_money = transform_is(st, "money");
	const struct arg *sign = is_money ? st->args->next : st->args;

	if ((is_money || transform_is(st, "number")) && sign != NULL &&
	    span_eq(sign->text, SPAN_LIT(",")))
		take_known(out, is_money ? &money : &number, RANK_TRANSFORM);
}

static void
take_epoch(const struct step *st, struct guide_value *out)
{
	static const struct known seconds = {
	    NULL, "seconds since 1970, such as 1742290200", {"1742290200", "1742393700"}};
	static const struct known millis = {NULL,
	    "milliseconds since 1970, such as 1742290200000",
	    {"1742290200000", "1742393700000"}};

	take_known(out, span_eq(st->args->text, SPAN_LIT("s")) ? &seconds : &millis,
	    RANK_TRANSFORM);
}

/* False: this transform says nothing of what the cell must look like. */
static bool
take_step(struct arena *a, const struct guide_place *place, const struct step *st,
    struct guide_value *out, int *rc)
{
	if (transform_is(st, "code") || transform_is(st, "lookup") ||
	    transform_is(st, "bool")) {
		out->rank = RANK_TABLE;
		out->table = st->data;
	} else if (transform_is(st, "date") || transform_is(st, "datetime")) {
		*rc = take_date(a, place, st, out);
	} else if (transform_is(st, "person")) {
		*rc = take_person(a, st, out);
	} else if (transform_is(st, "epoch")) {
		take_epoch(st, out);
	} else {
		for (size_t i = 0; i < sizeof(transforms) / sizeof(transforms[0]); i++)
			if (transform_is(st, transforms[i].name))
				take_known(out, &transforms[i], RANK_TRANSFORM);
		take_decimal(st, out);
	}
	return out->rank != RANK_NONE;
}

/*
 * What stands behind split "," 2 is the second part of the cell. A table's words are the
 * guide's own affair, and stay as they are.
 */
static int
take_part(struct arena *a, const struct step *split, struct guide_value *out)
{
	struct span glue = split->args->text, number = split->args->next->text;
	const int nth = number.n == 1 ? number.p[0] - '0' : 1; /* more are not made up */
	struct buf text;
	bool good = true;

	buf_init(&text, 1024);
	for (size_t i = 0; i < GUIDE_ROWS && out->table == NULL; i++) {
		buf_clear(&text);
		for (int n = 1; n < nth; n++)
			buf_addf(&text, "Example%.*s", (int)glue.n, glue.p);
		buf_add_span(&text, out->sample[i]);
		out->sample[i] = arena_span(a, buf_span(&text));
		good &= out->sample[i].p != NULL;
	}
	buf_clear(&text);
	buf_addf(&text, "part %.*s, divided by \"%.*s\": %.*s", (int)number.n, number.p,
	    (int)glue.n, glue.p, (int)out->words.n, out->words.n > 0 ? out->words.p : "");
	out->words = arena_span(a, buf_span(&text));
	buf_release(&text);
	return good && out->words.p != NULL ? 0 : -1;
}

static bool
take_steps(struct arena *a, const struct guide_place *place, const struct step *st,
    struct guide_value *out, int *rc)
{
	const struct step *split = NULL;

	for (; st != NULL && *rc == 0; st = st->next) {
		if (transform_is(st, "split") && st->nargs == 2)
			split = st;
		if (!take_step(a, place, st, out, rc))
			continue;
		if (split != NULL && *rc == 0)
			*rc = take_part(a, split, out);
		return true;
	}
	return false;
}

void
guide_shorten(struct span *sample, size_t row, size_t most)
{
	static const char *const ids[GUIDE_ROWS][3] = {
	    {"EX-1", "E1", "1"}, {"EX-2", "E2", "2"}};
	const bool id = span_eq(*sample, span_of(kinds[FIELD_ID].sample[row]));

	for (size_t i = 0; i < 3 && id && sample->n > most; i++)
		*sample = span_of(ids[row][i]);
	sample->n = sample->n > most ? most : sample->n;
}

/* Short enough for max_length. */
static void
cut(const struct step *st, struct guide_value *out)
{
	size_t most;

	for (; st != NULL; st = st->next) {
		if (!transform_is(st, "max_length"))
			continue;
		most = 0;
		for (size_t i = 0; i < st->args->text.n; i++)
			most = most * 10 + (size_t)(st->args->text.p[i] - '0');
		for (size_t i = 0; i < GUIDE_ROWS; i++)
			guide_shorten(&out->sample[i], i, most);
	}
}

int
guide_value_of(struct arena *a, const struct guide_place *place, struct guide_value *out)
{
	bool several = place->alt->parts != NULL && place->alt->parts->next != NULL;
	struct guide_place alone = *place;
	struct alternative own = {.parts = NULL};
	struct part part = *place->part;
	int rc = 0;

	*out = (struct guide_value){.rank = RANK_NONE};
	if (place->rule == NULL)
		return 0;
	/* Transforms within the braces see this column alone. */
	part.next = NULL;
	own.parts = &part;
	alone.alt = &own;
	alone.part = &part;
	if (!take_steps(a, &alone, place->part->pipe.steps, out, &rc) &&
	    take_steps(a, place, place->whole->steps, out, &rc) && several && !out->apart)
		rc = take_share(a, place, out);
	if (rc == 0 && out->rank == RANK_NONE)
		take_field(out, place->rule);
	cut(place->part->pipe.steps, out);
	cut(place->whole->steps, out);
	return rc;
}
