#include "mappers/column.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mappers/ascii.h"
#include "mappers/transform.h"

#define CHECKS_ARENA (1 << 20)
#define SLOTS        2048 /* of the table of different values: at most half are taken */
#define CODE_TIMES   3    /* a code's values stand there so often, on average */
#define PHONES_SURE  20   /* so many numbers without a mark are no accident */

struct checks {
	struct kit kit;
	struct run run;
	struct step step[CHECK_COUNT];
	struct arg region, order[2];
};

struct checks *
checks_new(struct err *e)
{
	static const char *const names[CHECK_COUNT] = {[CHECK_INTEGER] = "integer",
	    [CHECK_NUMBER] = "number",
	    [CHECK_BOOL] = "bool",
	    [CHECK_PHONE] = "phone",
	    [CHECK_EMAIL] = "email",
	    [CHECK_NPI] = "npi",
	    [CHECK_ZIP] = "zip",
	    [CHECK_STATE] = "state",
	    [CHECK_PERSON] = "person"};
	struct checks *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return err_nomem(e), NULL;
	arena_init(&k->kit.arena, CHECKS_ARENA);
	arena_init(&k->run.arena, CHECKS_ARENA);
	k->region.text = SPAN_LIT("US");
	k->step[CHECK_PHONE].args = &k->region;
	k->step[CHECK_PHONE].nargs = 1;
	k->order[0] = (struct arg){
	    .text = SPAN_LIT("last, first middle"), .next = &k->order[1]};
	k->order[1].text = SPAN_LIT("first middle last");
	k->step[CHECK_PERSON].args = k->order;
	k->step[CHECK_PERSON].nargs = 2;
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		k->step[i].name = span_of(names[i]);
		if (transform_compile(&k->kit, &k->step[i], e) != 0) {
			checks_free(k);
			return NULL;
		}
	}
	return k;
}

void
checks_free(struct checks *k)
{
	if (k == NULL)
		return;
	kit_release(&k->kit);
	arena_release(&k->run.arena);
	free(k);
}

unsigned
checks_take(struct checks *k, struct span value)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		const struct step *st = &k->step[i];
		struct text t = {.s = value};

		if (st->transform->apply(st->data, &k->run, &t) == PROBLEM_NONE)
			bits |= 1u << i;
	}
	arena_clear(&k->run.arena);
	return bits;
}

int
column_init(struct column *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->distinct = calloc(SLOTS, sizeof(*c->distinct));
	c->words = calloc(COLUMN_WORDS_MAX, sizeof(*c->words));
	if (c->distinct == NULL || c->words == NULL)
		return err_nomem(e);
	return 0;
}

void
column_release(struct column *c)
{
	free(c->distinct);
	free(c->words);
}

static uint64_t
hash(struct span s)
{
	uint64_t h = span_fnv(SPAN_FNV_NONE, s);

	h ^= h >> 32;
	return h == 0 ? 1 : h; /* 0 is a free slot */
}

static void
take_distinct(struct column *c, struct span value)
{
	uint64_t h = hash(value);
	size_t i = h % SLOTS;

	if (c->ndistinct > COLUMN_DISTINCT_MAX)
		return;
	while (c->distinct[i] != 0 && c->distinct[i] != h)
		i = (i + 1) % SLOTS;
	c->ndistinct += c->distinct[i] == 0;
	c->distinct[i] = h;
}

static void
take_word(struct column *c, struct span value)
{
	if (c->nwords > COLUMN_WORDS_MAX)
		return;
	for (unsigned i = 0; i < c->nwords; i++) {
		if (!span_eq(span_of(c->words[i].text), value))
			continue;
		c->words[i].times++;
		return;
	}
	if (value.n > COLUMN_WORD_MAX || c->nwords == COLUMN_WORDS_MAX) {
		c->nwords = COLUMN_WORDS_MAX + 1;
		return;
	}
	memcpy(c->words[c->nwords].text, value.p, value.n);
	c->words[c->nwords++].times = 1;
}

static void
keep(char *to, struct span s)
{
	size_t n = s.n < COLUMN_SAMPLE_MAX ? s.n : COLUMN_SAMPLE_MAX;

	memcpy(to, s.p, n);
	to[n] = '\0';
}

static void
take_length(struct column *c, struct span value)
{
	size_t n = utf8_count(value);

	if (c->filled == 1 || n < c->shortest) {
		c->shortest = n;
		keep(c->low, value);
	}
	if (c->filled == 1 || n > c->longest) {
		c->longest = n;
		keep(c->high, value);
	}
	c->characters += n;
	for (size_t i = 0; i < value.n; i++)
		c->digits += ascii_digit(value.p[i]);
}

void
column_take(struct column *c, struct checks *k, struct span cell)
{
	struct span value = span_trim(cell);
	unsigned bits;

	c->rows++;
	if (value.n == 0)
		return;
	c->filled++;
	bits = checks_take(k, value);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		c->fits[i] += bits >> i & 1;
	if ((bits >> CHECK_PHONE & 1) && ascii_digits(value) < value.n)
		c->spaced_phones++;
	c->zeros += value.n > 1 && value.p[0] == '0' && ascii_digits(value) == value.n;
	c->dated += dates_take(&c->dates, value);
	take_distinct(c, value);
	take_word(c, value);
	take_length(c, value);
}

bool
column_is_code(const struct column *c)
{
	return c->nwords > 0 && c->nwords <= COLUMN_WORDS_MAX &&
	       (uint64_t)c->nwords * CODE_TIMES <= c->filled;
}

/* Nine in ten. */
static bool
most(const struct column *c, uint64_t n)
{
	return n > 0 && n * 10 >= c->filled * 9;
}

static enum content
dated_content(const struct column *c)
{
	struct dates_found found;

	dates_find(&c->dates, &found);
	if (!found.format[0].day)
		return CONTENT_TIME;
	return found.format[0].clock ? CONTENT_DATETIME : CONTENT_DATE;
}

enum content
column_content(const struct column *c)
{
	if (c->filled == 0)
		return CONTENT_EMPTY;
	if (c->ndistinct == 2 && c->fits[CHECK_BOOL] == c->filled)
		return CONTENT_BOOLEAN;
	if (most(c, c->fits[CHECK_EMAIL]))
		return CONTENT_EMAIL;
	if (most(c, c->dated))
		return dated_content(c);
	if (most(c, c->fits[CHECK_PHONE]) &&
	    (c->spaced_phones * 2 >= c->filled || c->filled >= PHONES_SURE))
		return CONTENT_PHONE;
	if (most(c, c->fits[CHECK_INTEGER]))
		return c->zeros > 0 ? CONTENT_DIGITS : CONTENT_INTEGER;
	if (most(c, c->fits[CHECK_NUMBER]))
		return CONTENT_DECIMAL;
	return column_is_code(c) ? CONTENT_CODE : CONTENT_TEXT;
}

const char *
content_name(enum content content)
{
	static const char *const names[] = {[CONTENT_EMPTY] = "empty",
	    [CONTENT_TEXT] = "text",
	    [CONTENT_CODE] = "code",
	    [CONTENT_DIGITS] = "digits",
	    [CONTENT_INTEGER] = "integer",
	    [CONTENT_DECIMAL] = "decimal",
	    [CONTENT_DATE] = "date",
	    [CONTENT_TIME] = "time",
	    [CONTENT_DATETIME] = "datetime",
	    [CONTENT_BOOLEAN] = "boolean",
	    [CONTENT_PHONE] = "phone",
	    [CONTENT_EMAIL] = "email"};

	return names[content];
}
