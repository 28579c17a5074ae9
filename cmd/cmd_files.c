#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/drift.h"
#include "cmd/pick.h"
#include "cmd/query.h"
#include "cmd/status.h"
#include "cmd/text.h"
#include "state/files.h"

static const char help[] =
    "emrdrop files FEED\n\n"
    "The files that were read for FEED, in the order in which they were read last: when,\n"
    "their id, the verdict, what became of their rows and records, their name, and where\n"
    "they were put; and columns that were not as in the good file before. Touches no\n"
    "network, and needs no feed file.\n\n"
    "  --json        one JSON object on standard output, without the files' names\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop files northside-appointments\n"
    "  emrdrop files northside-appointments --json\n";

/* One a file: entries themselves are large, and there may be many. */
struct line {
	struct digest id;
	int64_t read_at;
};

struct lines {
	const char *feed;
	struct line *v;
	size_t n, cap;
	struct err *e;
};

static int
collect(void *arg, const struct file_entry *f)
{
	struct lines *all = arg;
	size_t more = all->cap * 2 + 64;
	struct line *v;

	if (strcmp(f->feed, all->feed) != 0)
		return 0;
	if (all->n == all->cap) {
		if ((v = reallocarray(all->v, more, sizeof(*v))) == NULL)
			return err_nomem(all->e);
		all->v = v;
		all->cap = more;
	}
	all->v[all->n++] = (struct line){f->id, f->read_at};
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->read_at != y->read_at)
		return x->read_at < y->read_at ? -1 : 1;
	return memcmp(x->id.b, y->id.b, DIGEST_SIZE);
}

struct count {
	const char *name;
	uint64_t n;
};

#define COUNTS 8

/* What a person wants to know; the rest is in the run's report. */
static void
counts_of(const struct file_entry *f, struct count out[COUNTS])
{
	const struct count all[COUNTS] = {{"rows", f->rows}, {"rejected", f->rejected},
	    {"records", f->records}, {"delivered", f->delivered},
	    {"unchanged", f->unchanged}, {"duplicate", f->duplicate}, {"stale", f->stale},
	    {"refused", f->refused}};

	memcpy(out, all, sizeof(all));
}

/* Held or refused, and taken away or overwritten since: 1, 0, -1. */
static int
has_left(struct query *q, const struct file_entry *f)
{
	struct name_entry name;
	int r;

	if ((f->verdict != VERDICT_HOLD && f->verdict != VERDICT_REFUSE) ||
	    f->path[0] != '\0')
		return 0;
	r = pick_in_drop(q->ledger, f, &name, q->e);
	return r < 0 ? -1 : !r;
}

static int
show_json(struct json *j, const struct file_entry *f, const struct file_header *h,
    bool left, struct err *e)
{
	struct count counts[COUNTS];
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&f->id, id);
	jw_object(j);
	jw_put_cstr(j, "file", id);
	jw_put_int(j, "read_ms", f->read_at);
	jw_put_cstr(j, "verdict", verdict_name(f->verdict));
	jw_put_cstr(j, "reason", f->reason);
	jw_put_bool(j, "closed", f->closed);
	if (left)
		jw_put_bool(j, "left_drop", true);
	jw_put_uint(j, "bytes", f->size);
	jw_put_uint(j, "pass", f->pass);
	counts_of(f, counts);
	for (size_t i = 0; i < COUNTS; i++)
		jw_put_uint(j, counts[i].name, counts[i].n);
	if (drift_json(h, j, e) != 0)
		return -1;
	jw_object_end(j);
	return 0;
}

/* How it stands, where the verdict alone would mislead. */
static void
show_state(struct buf *out, const struct file_entry *f, bool left)
{
	bool aside = f->verdict == VERDICT_HOLD || f->verdict == VERDICT_REFUSE;

	if (left)
		buf_add_str(out, "  left the drop");
	else if (!f->closed && !aside)
		buf_add_str(out, "  unfinished");
	else if (f->verdict == VERDICT_DELIVER && f->reason[0] != '\0')
		buf_addf(out, "  %s", f->reason);
	buf_add_str(out, "  ");
}

static int
show_text(struct buf *out, const struct file_entry *f, const struct file_header *h,
    bool left, struct err *e)
{
	struct count counts[COUNTS];
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&f->id, id);
	text_time(out, f->read_at);
	buf_addf(out, "  %.8s  %-9s", id, verdict_name(f->verdict));
	counts_of(f, counts);
	for (size_t i = 0; i < COUNTS; i++)
		if (counts[i].n > 0 || i == 0)
			buf_addf(out, " %llu %s", (unsigned long long)counts[i].n,
			    counts[i].name);
	show_state(out, f, left);
	text_quote(out, span_of(f->name));
	if (f->path[0] != '\0') {
		buf_add_str(out, " in ");
		text_quote(out, span_of(f->path));
	}
	buf_add_char(out, '\n');
	return drift_text(h, out, e);
}

static int
show(struct query *q, const struct lines *all)
{
	struct file_header h;
	struct file_entry f;
	int rc, left;

	for (size_t i = 0; i < all->n; i++) {
		if (ledger_file_get(q->ledger, &all->v[i].id, &f, q->e) < 0 ||
		    (left = has_left(q, &f)) < 0)
			return -1;
		if (ledger_file_header_get(q->ledger, &f.id, &h, q->e) < 0)
			return -1;
		rc = q->app->json ? show_json(&q->json, &f, &h, left == 1, q->e)
				  : show_text(&q->out, &f, &h, left == 1, q->e);
		file_header_release(&h);
		if (rc != 0)
			return -1;
	}
	if (all->n == 0 && !q->app->json)
		buf_addf(&q->out, "no file was read for %s yet\n", all->feed);
	return 0;
}

/* It need not be right. */
static int
pass(struct app *app, struct feed *f, struct err *e, void *arg)
{
	(void)app;
	(void)f;
	(void)e;
	(void)arg;
	return STATUS_OK;
}

/* A feed that no file is known of has a feed file at least, or had one when it ran. */
static int
check_name(struct query *q)
{
	const char *name = q->app->args[0];
	struct feed_state state = {.scope = 0};

	if (ledger_name_ok(name) && ledger_feed_get(q->ledger, name, &state, q->e) != 0)
		return -1;
	if (state.scope == 0)
		feed_each(
		    q->app, q->app->args, 1, &(struct feed_visitor){pass, NULL}, q->e);
	return q->e->code == ERR_NONE ? 0 : -1;
}

static int
list(struct query *q)
{
	struct lines all = {.feed = q->app->args[0], .e = q->e};
	int rc = ledger_file_each(q->ledger, collect, &all, q->e);

	if (rc == 0 && all.n == 0)
		rc = check_name(q);
	if (all.n > 0)
		qsort(all.v, all.n, sizeof(*all.v), compare);
	if (q->app->json) {
		jw_object(&q->json);
		jw_key(&q->json, SPAN_LIT("files"));
		jw_array(&q->json);
	}
	if (rc == 0)
		rc = show(q, &all);
	if (q->app->json) {
		jw_array_end(&q->json);
		jw_object_end(&q->json);
	}
	free(all.v);
	return rc;
}

static int
files(struct app *app, struct err *e)
{
	return query_run(app, list, e);
}

const struct command command_files = {
    "files", "the files that were read for a feed", help, 0, 1, 1, true, files};
