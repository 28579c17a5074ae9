/*
 * Is the ledger sound? Each value is taken apart by its layout; what a column may hold is
 * told by its kind, and what is true of one table alone by verify_rows.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/answers.h"
#include "state/verify_impl.h"

#define TOLD_BYTES 48   /* of a key that can't be taken apart */
#define WHERE_MAX  1024 /* LMDB's keys have 511 bytes at most */

static void
add_hex(struct buf *out, struct span bytes)
{
	char hex[2 * TOLD_BYTES + 1];

	if (bytes.n > TOLD_BYTES)
		bytes.n = TOLD_BYTES;
	hex_encode(bytes.p, bytes.n, hex);
	buf_add_str(out, hex);
}

/* Names as they are, but a damaged one is nothing that a terminal should see. */
static void
add_name(struct buf *out, struct span name)
{
	size_t n = 0;

	while (n < name.n && name.p[n] > ' ' && name.p[n] <= '~')
		n++;
	if (n == name.n)
		buf_add_span(out, name);
	else
		add_hex(out, name);
}

static void
cell_where(const struct cell *c, struct buf *out)
{
	buf_addf(out, "%s%s ", out->n > 0 ? ", " : "", c->column->name);
	switch (c->column->kind) {
	case COLUMN_WORD:
		buf_add_str(out, cell_word(c));
		break;
	case COLUMN_TEXT:
	case COLUMN_FEED:
	case COLUMN_ULID:
		add_name(out, c->bytes);
		break;
	case COLUMN_DIGEST:
	case COLUMN_FILE:
		add_hex(out, (struct span){(const char *)c->digest.b, DIGEST_SIZE});
		break;
	default:
		buf_add_u64(out, c->number);
	}
}

/* The key in words: digests stand in it where ids and names would. */
static const char *
where(struct verify *v)
{
	buf_clear(&v->where);
	if (v->layout != NULL && v->layout->what != NULL)
		buf_add_str(&v->where, v->layout->what);
	for (size_t i = 0; i < v->row.nkey; i++)
		cell_where(&v->row.v[i], &v->where);
	if (v->where.n == 0 && v->key.n == 0)
		buf_add_str(&v->where, "an empty key");
	else if (v->where.n == 0)
		add_hex(&v->where, v->key);
	buf_add_char(&v->where, '\0');
	return v->where.failed ? "" : v->where.p;
}

int
verify_tell(struct verify *v, const char *fmt, ...)
{
	char what[ERR_MSG_SIZE + 64];
	struct mismatch m = {table_name(v->table), where(v), what};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	v->out->mismatches++;
	return v->visitor->fn(v->visitor->arg, &m);
}

const char *
verify_named(const struct verify *v, const struct cell *c, char out[FILE_PATH_MAX + 1])
{
	const struct site_keys *keys = &v->act.ledger->keys;
	size_t n = c->bytes.n - SEAL_EXTRA;
	struct digest want;

	if (c->bytes.n < SEAL_EXTRA || n > FILE_PATH_MAX)
		return "has a wrong length";
	if (unseal(keys, &c->digest, c->bytes.p, c->bytes.n, out) != 0)
		return "does not open with the site key";
	out[n] = '\0';
	want = digest_bytes(keys, KEY_NAME, out, n);
	return digest_eq(&want, &c->digest) ? NULL : "is not that of its digest";
}

static int
cell_named(struct verify *v, const struct cell *c)
{
	char name[FILE_PATH_MAX + 1];
	const char *wrong = verify_named(v, c, name);

	return wrong == NULL ? 0 : verify_tell(v, "%s %s", c->column->name, wrong);
}

static int
cell_file(struct verify *v, const struct cell *c)
{
	static const struct digest none;
	char id[FILE_ID_HEX_SIZE];
	int r;

	if (c->column->kind == COLUMN_FILE_MAYBE && digest_eq(&c->digest, &none))
		return 0;
	if ((r = verify_file(v, &c->digest)) != 0)
		return r < 0 ? -1 : 0;
	digest_hex(&c->digest, id);
	return verify_tell(v, "%s %s is not in files", c->column->name, id);
}

static int
cell_feed(struct verify *v, const struct cell *c)
{
	char name[LEDGER_NAME_MAX + 1];

	if (c->bytes.n <= LEDGER_NAME_MAX) {
		snprintf(name, sizeof(name), "%.*s", (int)c->bytes.n, c->bytes.p);
		if (ledger_name_ok(name) && verify_feed(v, c->bytes) != NULL)
			return 0;
	}
	return verify_tell(v, "%s is not in feeds", c->column->name);
}

/* Is it one object to its very end? Its check has said already that nobody changed it. */
static bool
is_object(struct span s)
{
	bool text = false;
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (text && c == '\\')
			i++;
		else if (c == '"')
			text = !text;
		else if (!text && (c == '{' || c == '['))
			depth++;
		else if (!text && (c == '}' || c == ']') && depth-- == 0)
			return false;
		if (depth == 0)
			return c == '}' && i + 1 == s.n;
	}
	return false;
}

static int
cell_scope(struct verify *v, const struct cell *c)
{
	if (verify_scope(v, c->number) != NULL ||
	    (c->column->kind == COLUMN_SCOPE_MAYBE && c->number == 0))
		return 0;
	return verify_tell(v, "%s is not in scopes", c->column->name);
}

/* What a column may hold, whatever its table. */
static int
verify_cell(struct verify *v, const struct cell *c)
{
	switch (c->column->kind) {
	case COLUMN_SCOPE:
	case COLUMN_SCOPE_MAYBE:
		return cell_scope(v, c);
	case COLUMN_FEED:
		return cell_feed(v, c);
	case COLUMN_FILE:
	case COLUMN_FILE_MAYBE:
		return cell_file(v, c);
	case COLUMN_NAMED:
		return cell_named(v, c);
	case COLUMN_JSON:
		if (is_object(c->bytes))
			return 0;
		return verify_tell(v, "%s is no JSON object", c->column->name);
	default:
		return 0;
	}
}

static int
verify_cells(struct verify *v)
{
	for (size_t i = 0; i < v->row.n; i++)
		if (verify_cell(v, &v->row.v[i]) != 0)
			return -1;
	return verify_row(v);
}

static int
verify_value(void *arg, struct span key, struct span value)
{
	struct verify *v = arg;
	bool sound = true;
	int r;

	v->out->values++;
	v->key = key;
	v->row.nkey = 0;
	if ((v->layout = layout_find(v->table, key)) == NULL)
		return verify_tell(v, "there is no such key");
	if (!v->layout->unchecked)
		sound = value_checked(&v->act.ledger->keys, key, &value);
	r = row_decode(&v->row, v->layout, key, value);
	if (!sound)
		return verify_tell(v, "the check at the value's end is wrong");
	if (r == 0)
		return verify_cells(v);
	return verify_tell(v, "%s %s",
	    v->row.at == NULL ? (v->row.nkey == 0 ? "the key" : "the value")
			      : v->row.at->name,
	    v->row.fault);
}

/* What LMDB can't read is told, and the other tables are looked at all the same. */
static int
verify_table(struct verify *v, enum table table)
{
	const struct visitor each = {verify_value, v};
	const struct span all = {NULL, 0};

	v->table = table;
	v->act.e->code = ERR_NONE;
	if (v->act.ledger->ops->each(v->act.txn, table, all, &each, v->act.e) == 0)
		return 0;
	if (v->act.e->code == ERR_NONE)
		return -1;
	return verify_tell(v, "can't be read any further: %s", v->act.e->msg);
}

/* An answer bears its file's id for a name, and perhaps ".KIND". */
static int
verify_answer(void *arg, const char *feed, const char *name)
{
	const struct span hex = {name, strcspn(name, ".")};
	struct verify *v = arg;
	struct mismatch m = {"answers", NULL, "its file is not in files"};
	struct digest id;
	int r;

	v->out->values++;
	if (verify_feed(v, span_of(feed)) == NULL)
		m.what = "the folder's name is that of no feed";
	else if (hex_decode(hex, id.b, DIGEST_SIZE) != 0)
		m.what = "the name is no file id";
	else if ((r = verify_file(v, &id)) != 0)
		return r < 0 ? -1 : 0;
	buf_clear(&v->where);
	add_name(&v->where, span_of(feed));
	buf_add_char(&v->where, '/');
	add_name(&v->where, span_of(name));
	buf_add_char(&v->where, '\0');
	m.where = v->where.failed ? "" : v->where.p;
	v->out->mismatches++;
	return v->visitor->fn(v->visitor->arg, &m);
}

static int
verify_all(struct verify *v, struct err *e)
{
	if (verify_index(v) != 0)
		return -1;
	for (int i = 0; i < TABLE_COUNT; i++)
		if (verify_table(v, (enum table)i) != 0)
			return -1;
	e->code = ERR_NONE;
	return answers_names(v->act.ledger->dir, NULL, verify_answer, v, e);
}

int
ledger_verify(struct ledger *l, const struct mismatch_visitor *visitor,
    struct verified *out, struct err *e)
{
	struct verify *v = calloc(1, sizeof(*v));
	int rc;

	*out = (struct verified){.values = 0};
	if (v == NULL)
		return err_nomem(e);
	v->visitor = visitor;
	v->out = out;
	buf_init(&v->where, WHERE_MAX);
	rc = act_begin(&v->act, l, false, e);
	if (rc == 0) {
		rc = verify_all(v, e);
		act_abort(&v->act);
	}
	verify_index_release(v);
	buf_release(&v->where);
	free(v);
	return rc;
}
