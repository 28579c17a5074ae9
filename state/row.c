/*
 * Keys and values taken apart by their layout. Nothing is trusted: what does not fit is
 * told with the column's name.
 */
#include <endian.h>
#include <string.h>

#include "state/layout.h"
#include "state/pass.h"

#define ULID_TEXT (ULID_SIZE - 1)

struct decoder {
	struct row *row;
	struct reader in;
	bool key; /* integers are big-endian, and a text is the rest */
	unsigned flags;
};

static int
fault(struct row *row, const struct column *at, const char *what)
{
	row->fault = what;
	row->at = at;
	return -1;
}

static uint64_t
get_big(struct reader *r, size_t size)
{
	uint64_t v = 0;

	while (size-- > 0)
		v = v << 8 | get_u8(r);
	return v;
}

static uint64_t
get_uint(struct decoder *d, size_t size)
{
	if (d->key)
		return get_big(&d->in, size);
	switch (size) {
	case 1:
		return get_u8(&d->in);
	case 2:
		return get_u16(&d->in);
	case 4:
		return get_u32(&d->in);
	default:
		return get_u64(&d->in);
	}
}

static struct span
get_rest(struct reader *r)
{
	return get_span(r, r->in.n);
}

/* Each entry begins where the one before it ends, and the last ends with the value. */
static int
get_entries(struct decoder *d, struct cell *c)
{
	struct reader at = d->in;
	uint32_t n = get_u32(&at), before = 0, offset;
	size_t first = 4 + 4 * (size_t)n;

	c->number = n;
	c->bytes = d->in.in;
	if (at.bad || at.in.n < 4 * (size_t)n)
		return fault(d->row, c->column, "ends too early");
	for (uint32_t i = 0; i < n; i++, before = offset) {
		offset = get_u32(&at);
		if (i == 0 ? offset != first : offset <= before || offset >= c->bytes.n)
			return fault(d->row, c->column, "has a wrong offset");
	}
	get_rest(&d->in);
	return 0;
}

static int
count_words(const char *const *words)
{
	int n = 0;

	while (words[n] != NULL)
		n++;
	return n;
}

static bool
word_ok(const struct column *column, uint64_t number)
{
	return number < (uint64_t)count_words(column->words) &&
	       column->words[number][0] != '\0';
}

/* A record of a batch in halves is not answered yet. */
static bool
outcome_ok(const struct column *column, unsigned char outcome)
{
	return outcome < OUTCOME_HALVED ? word_ok(column, outcome)
					: outcome % OUTCOME_HALVED == OUTCOME_NONE;
}

static int
get_outcomes(struct decoder *d, struct cell *c)
{
	c->number = get_u32(&d->in);
	c->bytes = get_span(&d->in, c->number);
	for (size_t i = 0; i < c->bytes.n; i++)
		if (!outcome_ok(c->column, (unsigned char)c->bytes.p[i]))
			return fault(d->row, c->column, "is out of range");
	return 0;
}

static int
get_number(struct decoder *d, struct cell *c)
{
	const struct column *column = c->column;
	bool ok = true;

	switch (column->kind) {
	case COLUMN_BOOL:
		c->number = get_u8(&d->in);
		ok = c->number <= 1;
		break;
	case COLUMN_WORD:
		c->number = get_u8(&d->in);
		ok = word_ok(column, c->number);
		break;
	case COLUMN_FLAGS:
		c->number = d->flags = get_u8(&d->in);
		ok = c->number >> count_words(column->words) == 0;
		break;
	case COLUMN_SCOPE:
	case COLUMN_SCOPE_MAYBE:
		c->number = get_uint(d, 4);
		break;
	case COLUMN_TIME:
		c->number = get_u64(&d->in);
		ok = (int64_t)c->number >= 0;
		break;
	case COLUMN_UINT:
		c->number = get_uint(d, column->size);
		break;
	default: /* MARK, SECONDS, EVENT, WINDOW: whatever 64 bits say */
		c->number = get_u64(&d->in);
	}
	return ok || d->in.bad ? 0 : fault(d->row, column, "is out of range");
}

/* A run's ULID, and the blank behind it. */
static int
get_ulid(struct decoder *d, struct cell *c)
{
	c->bytes = get_span(&d->in, ULID_TEXT);
	if (get_u8(&d->in) != ' ' && !d->in.bad)
		return fault(d->row, c->column, "is no ULID");
	return 0;
}

static int
get_cell(struct decoder *d, struct cell *c)
{
	switch (c->column->kind) {
	case COLUMN_TEXT:
	case COLUMN_FEED:
		c->bytes = d->key ? get_rest(&d->in) : get_text(&d->in);
		return 0;
	case COLUMN_BYTES:
	case COLUMN_SEALED:
		c->bytes = get_text(&d->in);
		return 0;
	case COLUMN_NAMED:
	case COLUMN_TITLES:
		get_bytes(&d->in, c->digest.b, DIGEST_SIZE);
		c->bytes = get_text(&d->in);
		return 0;
	case COLUMN_DIGEST:
	case COLUMN_FILE:
	case COLUMN_FILE_MAYBE:
		get_bytes(&d->in, c->digest.b, DIGEST_SIZE);
		return 0;
	case COLUMN_SHA:
		c->bytes = get_span(&d->in, SHA256_SIZE);
		return 0;
	case COLUMN_ULID:
		return get_ulid(d, c);
	case COLUMN_JSON:
		c->bytes = get_span(&d->in,
		    d->in.in.n > c->column->size ? d->in.in.n - c->column->size : 0);
		return 0;
	case COLUMN_PROFILES:
		c->bytes = get_span(&d->in, get_u32(&d->in) * sizeof(uint32_t));
		return 0;
	case COLUMN_COUNTS:
		c->bytes = get_span(&d->in, c->column->size * sizeof(uint32_t));
		return 0;
	case COLUMN_ENTRIES:
		return get_entries(d, c);
	case COLUMN_OUTCOMES:
		return get_outcomes(d, c);
	default:
		return get_number(d, c);
	}
}

static int
get_cells(struct decoder *d, const struct column *columns)
{
	for (; columns->name != NULL; columns++) {
		struct cell *c = &d->row->v[d->row->n];

		if (columns->flag != 0 && (columns->flag & d->flags) == 0)
			continue;
		if (columns->late && d->in.in.n == 0)
			return 0;
		*c = (struct cell){.column = columns};
		d->row->n++;
		if (get_cell(d, c) != 0)
			return -1;
		if (d->in.bad)
			return fault(d->row, columns, "ends too early");
	}
	return d->in.in.n == 0 ? 0 : fault(d->row, NULL, "has bytes left over");
}

int
row_decode(
    struct row *row, const struct layout *layout, struct span key, struct span value)
{
	struct decoder d = {.row = row, .in.in = key, .key = true};

	row->n = row->nkey = 0;
	if (layout->word != NULL)
		get_span(&d.in, strlen(layout->word));
	if (get_cells(&d, layout->key) != 0)
		return -1;
	row->nkey = row->n;
	d = (struct decoder){.row = row, .in.in = value};
	return get_cells(&d, layout->value);
}

int
row_decode_entry(struct row *row, const struct cell *entries, uint64_t index)
{
	struct reader at = {.in = entries->bytes};
	struct decoder d = {.row = row, .in.in = entries->bytes};
	uint32_t begin, end;

	get_span(&at, 4 + 4 * (size_t)index);
	begin = get_u32(&at);
	end = index + 1 < entries->number ? get_u32(&at) : (uint32_t)entries->bytes.n;
	row->n = row->nkey = 0;
	get_span(&d.in, begin);
	d.in.in.n = end - begin;
	return get_cells(&d, entry_columns);
}

const struct cell *
row_cell(const struct row *row, const char *name)
{
	const struct cell *c = row->v;

	while (strcmp(c->column->name, name) != 0)
		c++;
	return c;
}

const char *
cell_word(const struct cell *c)
{
	return c->column->words[c->number];
}
