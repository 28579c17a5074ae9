#include "cmd/stuck.h"

#include <stdlib.h>

#include "cmd/drift.h"
#include "cmd/pick.h"
#include "cmd/text.h"

static bool
waits(const struct file_entry *f)
{
	return f->verdict == VERDICT_HOLD || f->verdict == VERDICT_REFUSE;
}

int
stuck_is(struct ledger *l, const struct file_entry *f, struct err *e)
{
	struct name_entry n;
	int r = waits(f) ? pick_in_drop(l, f, &n, e) : 0;

	return r == 1 ? n.state == NAME_HELD || n.state == NAME_REFUSED : r;
}

int
stuck_decided(
    struct ledger *l, const struct file_entry *f, enum decision *out, struct err *e)
{
	int r = ledger_decision_get(l, f->feed, f->sha256, out, e);
	bool mend;

	if (r == 1 && *out == DECISION_AGAIN)
		r = 0;
	else if (r == 1 && *out == DECISION_APPROVE)
		r = stuck_approvable(l, f, &mend, e);
	if (r == 0)
		*out = DECISION_NONE;
	return r;
}

struct collecting {
	struct stuck *to;
	struct err *e;
};

/* They are few, and drops are small: files there are for years. */
static int
collect(void *arg, const struct name_entry *n)
{
	const struct collecting *c = arg;
	struct stuck *st = c->to;
	size_t more = st->cap * 2 + 8;
	struct file_entry *v;

	if (st->n == st->cap) {
		if ((v = reallocarray(st->v, more, sizeof(*v))) == NULL)
			return err_nomem(c->e);
		st->v = v;
		st->cap = more;
	}
	st->v[st->n++].id = n->file;
	return 0;
}

/* Its entry: 1, or 0 if that does not say that it stands aside; -1. */
static int
fill(struct ledger *l, struct file_entry *f, struct err *e)
{
	const struct digest id = f->id;
	int r = ledger_file_get(l, &id, f, e);

	return r == 1 ? stuck_is(l, f, e) : r;
}

int
stuck_find(struct ledger *l, struct stuck *out, struct err *e)
{
	struct collecting c = {out, e};
	size_t left = 0;
	int r;

	*out = (struct stuck){.n = 0};
	if (ledger_aside_each(l, collect, &c, e) != 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		if ((r = fill(l, &out->v[i], e)) < 0)
			return -1;
		if (r == 1)
			out->v[left++] = out->v[i];
	}
	out->n = left;
	return 0;
}

void
stuck_release(struct stuck *s)
{
	free(s->v);
	*s = (struct stuck){.n = 0};
}

struct problem_list {
	struct buf *out;
	size_t n, max;
	bool told[PROBLEM_CODE_COUNT]; /* what helps */
};

static int
show_problem(void *arg, const struct problem *p)
{
	struct problem_list *to = arg;

	if (to->n++ == to->max) {
		buf_add_str(to->out, "      ...\n");
		return 1;
	}
	buf_addf(to->out, "      row %llu", (unsigned long long)p->row);
	if (p->column.n > 0) {
		buf_add_str(to->out, ", column ");
		text_quote(to->out, p->column);
	}
	buf_addf(to->out, ": %s%s%s\n", problem_text(p->code),
	    to->told[p->code] ? "" : " ",
	    to->told[p->code] ? "" : problem_remedy(p->code));
	to->told[p->code] = true;
	return 0;
}

static int
problem_json(void *arg, const struct problem *p)
{
	struct json *j = arg;

	jw_object(j);
	jw_put_uint(j, "row", p->row);
	jw_put_string(j, "column", p->column);
	jw_put_cstr(j, "code", problem_name(p->code));
	jw_object_end(j);
	return 0;
}

static const char *
decision_name(enum decision d)
{
	static const char *const names[] = {NULL, "approved", "discarded"};

	return names[d];
}

static int
header_text(struct ledger *l, const struct file_entry *f, struct buf *out, struct err *e)
{
	struct file_header h;
	int r = ledger_file_header_get(l, &f->id, &h, e);

	if (r == 1)
		r = drift_text(&h, out, e);
	file_header_release(&h);
	return r < 0 ? -1 : 0;
}

static int
header_json(struct ledger *l, const struct file_entry *f, struct json *j, struct err *e)
{
	struct file_header h;
	int r = ledger_file_header_get(l, &f->id, &h, e);

	if (r == 1)
		r = drift_json(&h, j, e);
	file_header_release(&h);
	return r < 0 ? -1 : 0;
}

int
stuck_approvable(struct ledger *l, const struct file_entry *f, bool *mend, struct err *e)
{
	struct file_header h;
	int r = ledger_file_header_get(l, &f->id, &h, e);

	*mend = r == 1 && h.lacks && f->verdict == VERDICT_HOLD;
	file_header_release(&h);
	return r < 0 ? -1 : f->verdict == VERDICT_HOLD && !*mend;
}

/* What a person may do about it, and what waits meanwhile. */
static int
show_choice(struct ledger *l, const struct file_entry *f, struct buf *out, struct err *e)
{
	char id[FILE_ID_HEX_SIZE];
	struct name_entry n;
	int r = pick_in_drop(l, f, &n, e), approvable;
	bool mend;

	if (r < 0 || (approvable = stuck_approvable(l, f, &mend, e)) < 0)
		return -1;
	digest_hex(&f->id, id);
	if (r == 1 && n.state == NAME_HELD && n.blocks)
		buf_add_str(out, "      later files of the feed wait behind it\n");
	if (approvable)
		buf_addf(out,
		    "      emrdrop hold approve %.8s or emrdrop hold discard %.8s, or mend the "
		    "feed file, and the next run reads it again\n",
		    id, id);
	else
		buf_addf(out, "      %s, or: emrdrop hold discard %.8s\n",
		    mend ? STUCK_MEND : "mend the file or the map", id);
	return 0;
}

int
stuck_text(struct ledger *l, const struct file_entry *f, size_t max, struct buf *out,
    struct err *e)
{
	struct problem_list problems = {.out = out, .max = max};
	char id[FILE_ID_HEX_SIZE];
	enum decision d;
	int rc;

	if (stuck_decided(l, f, &d, e) < 0)
		return -1;
	digest_hex(&f->id, id);
	buf_addf(out, "  %s  file %.8s ",
	    f->verdict == VERDICT_HOLD ? "HELD   " : "REFUSED", id);
	text_quote(out, span_of(f->name));
	buf_add_str(out, ", read ");
	text_time(out, f->read_at);
	buf_addf(out, "\n      %s\n", f->reason);
	if (d != DECISION_NONE)
		buf_addf(
		    out, "      %s: the next run carries it out\n", decision_name(d));
	else if (show_choice(l, f, out, e) != 0)
		return -1;
	if (header_text(l, f, out, e) != 0)
		return -1;
	rc = ledger_problem_each(l, &f->id, show_problem, &problems, e);
	if (problems.n == FILE_PROBLEMS_MAX)
		buf_addf(
		    out, "      no more than %d problems are kept\n", FILE_PROBLEMS_MAX);
	return rc;
}

int
stuck_json(struct ledger *l, const struct file_entry *f, struct json *j, struct err *e)
{
	char id[FILE_ID_HEX_SIZE];
	enum decision d;
	int rc;

	if (stuck_decided(l, f, &d, e) < 0)
		return -1;
	digest_hex(&f->id, id);
	jw_object(j);
	jw_put_cstr(j, "file", id);
	jw_put_cstr(j, "feed", f->feed);
	jw_put_cstr(j, "verdict", verdict_name(f->verdict));
	jw_put_cstr(j, "reason", f->reason);
	if (d != DECISION_NONE)
		jw_put_cstr(j, "decision", decision_name(d));
	jw_put_int(j, "read_ms", f->read_at);
	jw_put_uint(j, "rows", f->rows);
	jw_put_uint(j, "rejected", f->rejected);
	jw_put_uint(j, "removals", f->removals);
	if (header_json(l, f, j, e) != 0)
		return -1;
	jw_key(j, SPAN_LIT("problems"));
	jw_array(j);
	rc = ledger_problem_each(l, &f->id, problem_json, j, e);
	jw_array_end(j);
	jw_object_end(j);
	return rc;
}
