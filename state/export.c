/*
 * The ledger as JSON lines: one a value, by its layout. What is sealed is left out, so
 * that nothing of a patient's is in it.
 */
#include <stdlib.h>

#include "base/civil.h"
#include "base/json.h"
#include "state/layout.h"
#include "state/pass.h"
#include "state/upkeep.h"

#define SECOND         1000       /* ms */
#define HEX_MAX        64         /* bytes: a sweep's place is the longest */
#define LINE_MAX_BYTES (1u << 30) /* an intent's, which is bounded itself */

struct export
{
	struct act act;
	const struct line_visitor *visitor;
	enum table table;
	struct row row, entry;
	struct buf line;
	struct json json;
};

/* What no calendar has stands as it is, in ms. */
static void
put_iso(struct json *j, int64_t ms)
{
	char text[CIVIL_TEXT_SIZE];

	if (ms == TIME_NONE)
		jw_null(j);
	else if (civil_format_ms(ms, text) > 0)
		jw_cstr(j, text);
	else
		jw_int(j, ms);
}

static void
put_hex(struct json *j, const void *p, size_t n)
{
	char hex[2 * HEX_MAX + 1];

	hex_encode(p, n < HEX_MAX ? n : HEX_MAX, hex);
	jw_cstr(j, hex);
}

static void
put_counts(struct json *j, const struct cell *c)
{
	struct reader r = {.in = c->bytes};

	jw_array(j);
	while (r.in.n > 0)
		jw_uint(j, get_u32(&r));
	jw_array_end(j);
}

static void
put_flags(struct json *j, const struct cell *c)
{
	jw_array(j);
	for (size_t i = 0; c->column->words[i] != NULL; i++)
		if (c->number >> i & 1)
			jw_cstr(j, c->column->words[i]);
	jw_array_end(j);
}

/* A number says how often the batch was halved around the record. */
static void
put_outcomes(struct json *j, const struct cell *c)
{
	jw_array(j);
	for (size_t i = 0; i < c->bytes.n; i++) {
		unsigned char outcome = (unsigned char)c->bytes.p[i];

		if (outcome < OUTCOME_HALVED)
			jw_cstr(j, c->column->words[outcome]);
		else
			jw_uint(j, outcome / OUTCOME_HALVED);
	}
	jw_array_end(j);
}

/* Of a retired id it is a message's number. */
static void
put_window(struct json *j, const struct cell *c, const struct row *row)
{
	int64_t window = (int64_t)c->number;

	if (row_cell(row, "type")->number == RECORD_RETIRED && window != TIME_NONE)
		jw_int(j, window);
	else
		put_iso(j, window);
}

static void
put_number(struct json *j, const struct cell *c)
{
	switch (c->column->kind) {
	case COLUMN_BOOL:
		jw_bool(j, c->number != 0);
		break;
	case COLUMN_WORD:
		jw_cstr(j, cell_word(c));
		break;
	case COLUMN_SECONDS:
		put_iso(j, (int64_t)c->number * SECOND);
		break;
	case COLUMN_TIME:
		put_iso(j, c->number == 0 ? TIME_NONE : (int64_t)c->number);
		break;
	case COLUMN_EVENT:
		put_iso(j, (int64_t)c->number);
		break;
	case COLUMN_MARK:
		put_hex(j, &c->number, sizeof(c->number));
		break;
	default:
		jw_uint(j, c->number);
	}
}

static void
put_cell(struct json *j, const struct cell *c, const struct row *row)
{
	enum column_kind kind = c->column->kind;

	if (kind == COLUMN_SEALED || kind == COLUMN_NAMED || kind == COLUMN_TITLES)
		return;
	jw_key(j, span_of(c->column->name));
	switch (kind) {
	case COLUMN_TEXT:
	case COLUMN_FEED:
	case COLUMN_ULID:
		jw_string(j, c->bytes);
		break;
	case COLUMN_DIGEST:
	case COLUMN_FILE:
	case COLUMN_FILE_MAYBE:
		put_hex(j, c->digest.b, DIGEST_SIZE);
		break;
	case COLUMN_BYTES:
	case COLUMN_SHA:
		put_hex(j, c->bytes.p, c->bytes.n);
		break;
	case COLUMN_JSON:
		jw_raw(j, c->bytes);
		break;
	case COLUMN_COUNTS:
	case COLUMN_PROFILES:
		put_counts(j, c);
		break;
	case COLUMN_FLAGS:
		put_flags(j, c);
		break;
	case COLUMN_OUTCOMES:
		put_outcomes(j, c);
		break;
	case COLUMN_WINDOW:
		put_window(j, c, row);
		break;
	default:
		put_number(j, c);
	}
}

static void
put_cells(struct json *j, const struct row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (row->v[i].column->kind != COLUMN_ENTRIES)
			put_cell(j, &row->v[i], row);
}

static int
put_entries(struct export *x, const struct cell *c)
{
	struct json *j = &x->json;

	jw_key(j, span_of(c->column->name));
	jw_array(j);
	for (uint64_t i = 0; i < c->number; i++) {
		if (row_decode_entry(&x->entry, c, i) != 0)
			return ledger_damaged(x->act.e, x->table);
		jw_object(j);
		put_cells(j, &x->entry);
		jw_object_end(j);
	}
	jw_array_end(j);
	return 0;
}

static int
put_row(struct export *x, const struct layout *layout)
{
	const struct row *row = &x->row;

	jw_object(&x->json);
	jw_put_cstr(&x->json, "table", table_name(x->table));
	if (layout->what != NULL)
		jw_put_cstr(&x->json, "what", layout->what);
	put_cells(&x->json, row);
	for (size_t i = 0; i < row->n; i++)
		if (row->v[i].column->kind == COLUMN_ENTRIES &&
		    put_entries(x, &row->v[i]) != 0)
			return -1;
	jw_object_end(&x->json);
	buf_add_char(&x->line, '\n');
	return buf_check(&x->line, "a line of the export", x->act.e);
}

static int
export_value(void *arg, struct span key, struct span value)
{
	struct export *x = arg;
	const struct layout *layout = layout_find(x->table, key);

	if (layout == NULL ||
	    (!layout->unchecked && !value_checked(&x->act.ledger->keys, key, &value)) ||
	    row_decode(&x->row, layout, key, value) != 0)
		return ledger_damaged(x->act.e, x->table);
	buf_clear(&x->line);
	jw_init(&x->json, &x->line);
	if (put_row(x, layout) != 0)
		return -1;
	return x->visitor->fn(x->visitor->arg, buf_span(&x->line));
}

static int
export_all(struct export *x)
{
	const struct visitor each = {export_value, x};
	const struct span all = {NULL, 0};

	for (int i = 0; i < TABLE_COUNT; i++) {
		x->table = (enum table)i;
		if (x->act.ledger->ops->each(
			x->act.txn, x->table, all, &each, x->act.e) != 0)
			return -1;
	}
	return 0;
}

int
ledger_export(struct ledger *l, const struct line_visitor *visitor, struct err *e)
{
	struct export *x = calloc(1, sizeof(*x));
	int rc;

	if (x == NULL)
		return err_nomem(e);
	x->visitor = visitor;
	buf_init(&x->line, LINE_MAX_BYTES);
	rc = act_begin(&x->act, l, false, e);
	if (rc == 0) {
		rc = export_all(x);
		act_abort(&x->act);
	}
	buf_release(&x->line);
	free(x);
	return rc;
}
