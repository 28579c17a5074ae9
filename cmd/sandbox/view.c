#include "cmd/sandbox/view.h"

#include <jansson.h>
#include <string.h>

#include "cmd/sandbox/dump.h"

#define TABLE_ID      28 /* bytes of an id that the table shows */
#define TABLE_VERSION 8  /* digits of a version */

struct totals {
	json_t *types;
	int64_t records, changes;
};

static void
add_count(void *arg, const struct count_row *row)
{
	struct totals *t = arg;

	t->records += row->live + row->deleted + row->retired;
	t->changes += row->changes;
	json_object_set_new(t->types, row->type,
	    json_pack("{s:I, s:I, s:I, s:I}", "live", (json_int_t)row->live, "deleted",
		(json_int_t)row->deleted, "retired", (json_int_t)row->retired, "changes",
		(json_int_t)row->changes));
}

static int
take_counts(struct store *s, struct totals *t, struct err *e)
{
	*t = (struct totals){.types = json_pack("{}")};
	if (!t->types)
		return err_nomem(e);
	return store_each_count(s, add_count, t, e);
}

/* "changes":N,"types":{...} without the braces around. Takes the totals over. */
static void
add_totals(struct buf *out, struct totals *t)
{
	buf_addf(out, "\"changes\":%lld,\"types\":", (long long)t->changes);
	dump_json(out, t->types);
}

struct lines {
	struct buf *out;
	bool more;
};

static struct buf *
next_line(struct lines *l)
{
	buf_add_str(l->out, l->more ? ",\n" : "\n");
	l->more = true;
	return l->out;
}

static void
add_record(void *arg, const struct record_row *row)
{
	struct buf *out = next_line(arg);

	dump_json(out, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s*, s:s*}", "source",
			   row->source, "type", row->type, "id", row->id, "op", row->op,
			   "changes", (json_int_t)row->changes, "event_at", row->event_at,
			   "retired_by", row->retired_by));
	if (out->failed)
		return;
	out->n--; /* the data, which is text already, goes before the brace */
	buf_addf(out, ",\"data\":%s}", row->data ? row->data : "null");
}

static void
add_batch(void *arg, const struct batch_row *row)
{
	dump_json(next_line(arg),
	    json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "key", row->key, "method",
		row->method, "path", row->path, "sha256", row->sha256, "received",
		(json_int_t)row->received, "dropped", (json_int_t)row->dropped, "status",
		(json_int_t)row->status));
}

/* Control characters would reach the terminal. */
static void
add_cell(struct buf *out, const char *text, size_t width)
{
	size_t n = text ? strlen(text) : 0;

	for (size_t i = 0; i < width; i++) {
		char c = i < n ? text[i] : ' ';
		buf_add_char(out, (unsigned char)c < 0x20 || c == 0x7f ? '?' : c);
	}
	buf_add_str(out, "  ");
}

static void
add_row(void *arg, const struct record_row *row)
{
	struct buf *out = arg;

	add_cell(out, row->type, 12);
	add_cell(out, row->id, TABLE_ID);
	add_cell(out, row->retired_by ? "retired" : row->op, 7);
	add_cell(out, row->version, TABLE_VERSION);
	buf_addf(out, "%7lld\n", (long long)row->changes);
}

static int
put_counts(struct store *s, struct buf *out, struct err *e)
{
	struct totals t;
	int rc = take_counts(s, &t, e);

	buf_add_char(out, '{');
	add_totals(out, &t);
	return rc;
}

static int
put_state(struct store *s, struct buf *out, struct err *e)
{
	struct lines l = {.out = out};

	if (put_counts(s, out, e) < 0)
		return -1;
	buf_add_str(out, ",\"records\":[");
	if (store_each_record(s, add_record, &l, e) < 0)
		return -1;
	buf_add_str(out, "\n]}\n");
	return buf_check(out, "the state", e);
}

static int
put_batches(struct store *s, struct buf *out, struct err *e)
{
	struct lines l = {.out = out};

	buf_add_char(out, '[');
	if (store_each_batch(s, add_batch, &l, e) < 0)
		return -1;
	buf_add_str(out, "\n]\n");
	return buf_check(out, "the log", e);
}

static int
put_table(struct store *s, int64_t limit, struct buf *out, struct err *e)
{
	struct totals t;
	int rc = take_counts(s, &t, e);

	json_decref(t.types);
	if (rc < 0)
		return -1;
	add_cell(out, "TYPE", 12);
	add_cell(out, "ID", TABLE_ID);
	add_cell(out, "OP", 7);
	add_cell(out, "VERSION", TABLE_VERSION);
	buf_add_str(out, "CHANGES\n");
	if (store_each_latest(s, limit, add_row, out, e) < 0)
		return -1;
	if (limit >= 0 && t.records > limit)
		buf_addf(out, "... and %lld more\n", (long long)(t.records - limit));
	buf_addf(out, "%lld records, %lld changes applied\n", (long long)t.records,
	    (long long)t.changes);
	return buf_check(out, "the table", e);
}

int
view_state(struct store *s, struct buf *out, struct err *e)
{
	int rc;

	if (store_begin(s, e) < 0)
		return -1;
	rc = put_state(s, out, e);
	store_end(s, false, NULL);
	return rc;
}

int
view_counts(struct store *s, struct buf *out, struct err *e)
{
	int rc;

	if (store_begin(s, e) < 0)
		return -1;
	rc = put_counts(s, out, e);
	buf_add_str(out, "}\n");
	store_end(s, false, NULL);
	return rc;
}

int
view_batches(struct store *s, struct buf *out, struct err *e)
{
	int rc;

	if (store_begin(s, e) < 0)
		return -1;
	rc = put_batches(s, out, e);
	store_end(s, false, NULL);
	return rc;
}

int
view_table(struct store *s, int64_t limit, struct buf *out, struct err *e)
{
	int rc;

	if (store_begin(s, e) < 0)
		return -1;
	rc = put_table(s, limit, out, e);
	store_end(s, false, NULL);
	return rc;
}
