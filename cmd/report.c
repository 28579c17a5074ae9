#include "cmd/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd/finds.h"
#include "cmd/text.h"

#define REPORT_ARENA_MAX (64u << 20)

void
problems_init(struct problems *p)
{
	p->n = p->kinds = p->nreasons = 0;
	p->rejected = 0;
	arena_init(&p->arena, REPORT_ARENA_MAX);
}

void
problems_release(struct problems *p)
{
	arena_release(&p->arena);
	p->n = p->kinds = p->nreasons = 0;
}

/* A title may be a megabyte long; nobody reads more than this. */
#define TITLE_MAX 200

/* What a problem points to dies with its file, or with the feed's map. */
static void
copy(struct arena *a, struct problem *p)
{
	if (p->column.n > TITLE_MAX)
		p->column.n = utf8_valid((struct span){p->column.p, TITLE_MAX});
	p->column = arena_span(a, p->column);
	if (p->field != NULL)
		p->field = arena_str(a, p->field);
	if (p->detail.n > 0)
		p->detail = arena_span(a, p->detail);
}

static void
count_kind(struct arena *a, struct warnings *kinds, size_t *n, const struct problem *one)
{
	struct warnings *w = kinds;

	for (size_t i = 0; i < *n; i++, w++) {
		if (w->first.code == one->code && span_eq(w->first.column, one->column)) {
			w->n++;
			return;
		}
	}
	if (*n == WARNING_KINDS_MAX)
		return;
	++*n;
	*w = (struct warnings){.first = *one, .n = 1};
	copy(a, &w->first);
}

void
problems_add(struct problems *p, const struct problem *one)
{
	if (one->weight == WEIGHT_WARNING) {
		count_kind(&p->arena, p->warnings, &p->kinds, one);
		return;
	}
	count_kind(&p->arena, p->reasons, &p->nreasons, one);
	p->rejected++;
	if (p->n == REPORT_PROBLEMS_MAX)
		return;
	p->v[p->n] = *one;
	copy(&p->arena, &p->v[p->n++]);
}

void
report_init(struct report *r, const char *run, const char *trace)
{
	*r = (struct report){.run = run, .trace = trace};
	arena_init(&r->arena, REPORT_ARENA_MAX);
}

void
report_release(struct report *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->feeds[i].files);
	free(r->feeds);
	arena_release(&r->arena);
}

/* Room for one more element: the array, or NULL with the old one and *cap untouched. */
static void *
grow(void *old, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap * 2 + 4;
	void *v;

	if (n < *cap)
		return old;
	if ((v = reallocarray(old, more, size)) != NULL)
		*cap = more;
	return v;
}

struct feed_report *
report_feed(struct report *r, const char *feed)
{
	struct feed_report *v = grow(r->feeds, r->n, &r->cap, sizeof(*v));

	if (v == NULL)
		return NULL;
	r->feeds = v;
	v = &r->feeds[r->n++];
	memset(v, 0, sizeof(*v));
	strncpy(v->feed, feed, sizeof(v->feed) - 1);
	return v;
}

static void
copy_problems(struct arena *a, struct file_report *f, const struct problems *from)
{
	size_t n = from->n < REPORT_SHOWN ? from->n : REPORT_SHOWN;

	f->problems = arena_alloc(a, n * sizeof(*f->problems));
	f->nproblems = f->problems == NULL ? 0 : n;
	for (size_t i = 0; i < f->nproblems; i++) {
		f->problems[i] = from->v[i];
		copy(a, &f->problems[i]);
	}
	f->more = from->rejected - f->nproblems;
}

static void
copy_warnings(struct arena *a, struct file_report *f, const struct problems *from)
{
	f->warnings = arena_alloc(a, from->kinds * sizeof(*f->warnings));
	f->nwarnings = f->warnings == NULL ? 0 : from->kinds;
	for (size_t i = 0; i < f->nwarnings; i++) {
		f->warnings[i] = from->warnings[i];
		copy(a, &f->warnings[i].first);
	}
}

struct file_report *
report_file(struct report *r, struct feed_report *f, const struct file_entry *entry,
    const struct problems *problems)
{
	struct file_report *v = grow(f->files, f->n, &f->cap, sizeof(*v));

	if (v == NULL)
		return NULL;
	f->files = v;
	v = &f->files[f->n++];
	*v = (struct file_report){.entry = *entry};
	copy_problems(&r->arena, v, problems);
	copy_warnings(&r->arena, v, problems);
	return v;
}

void
report_problem_json(struct json *j, const struct problem *p, uint64_t times)
{
	jw_object(j);
	if (times > 0)
		jw_put_uint(j, "times", times);
	jw_put_uint(j, "row", p->row);
	jw_put_string(j, "column", p->column);
	jw_put_cstr(j, "type", p->type);
	jw_put_cstr(j, "field", p->field);
	jw_put_cstr(j, "code", problem_name(p->code));
	jw_put_cstr(j, "message", problem_text(p->code));
	jw_put_cstr(j, "remedy", problem_remedy(p->code));
	if (p->detail.n > 0)
		jw_put_string(j, "detail", p->detail);
	jw_object_end(j);
}

static void
file_json(struct json *j, const struct file_report *f)
{
	const struct file_entry *en = &f->entry;
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&en->id, id);
	jw_object(j);
	jw_put_cstr(j, "file", id);
	jw_put_cstr(j, "verdict", verdict_name(en->verdict));
	if (en->reason[0] != '\0')
		jw_put_cstr(j, "reason", en->reason);
	if (f->found[0] != '\0')
		jw_put_cstr(j, "found", f->found);
	jw_put_bool(j, "closed", en->closed);
	jw_put_uint(j, "bytes", en->size);
	jw_put_uint(j, "rows", en->rows);
	jw_put_uint(j, "mapped", en->mapped);
	jw_put_uint(j, "filtered", en->filtered);
	jw_put_uint(j, "rejected", en->rejected);
	jw_put_uint(j, "warnings", en->warnings);
	jw_put_uint(j, "records", en->records);
	jw_put_uint(j, "removals", en->removals);
	jw_put_uint(j, "delivered", en->delivered);
	jw_put_uint(j, "delivered_before", f->before);
	jw_put_uint(j, "unchanged", en->unchanged);
	jw_put_uint(j, "duplicate", en->duplicate);
	jw_put_uint(j, "stale", en->stale);
	jw_put_uint(j, "refused", en->refused);
	jw_put_uint(j, "pending", f->pending);
	jw_key(j, SPAN_LIT("problems"));
	jw_array(j);
	for (size_t i = 0; i < f->nproblems; i++)
		report_problem_json(j, &f->problems[i], 0);
	jw_array_end(j);
	jw_key(j, SPAN_LIT("column_warnings"));
	jw_array(j);
	for (size_t i = 0; i < f->nwarnings; i++)
		report_problem_json(j, &f->warnings[i].first, f->warnings[i].n);
	jw_array_end(j);
	jw_put_uint(j, "more_problems", f->more);
	jw_object_end(j);
}

/* What `emrdrop audit verify` takes, should the end of the trail be cut off. */
static void
audit_json(struct json *j, const struct audit_head *head)
{
	char text[AUDIT_HEAD_SIZE];

	if (head->number == 0)
		return;
	text_audit_head(head, text);
	jw_put_cstr(j, "audit", text);
}

static void
given_up_json(struct json *j, const struct given_up *g)
{
	char id[FILE_ID_HEX_SIZE];

	if (g->pass == 0)
		return;
	digest_hex(&g->file, id);
	jw_key(j, SPAN_LIT("given_up"));
	jw_object(j);
	jw_put_cstr(j, "file", id);
	jw_put_uint(j, "pass", g->pass);
	jw_put_cstr(j, "reason", g->why);
	jw_put_uint(j, "delivered", g->delivered);
	jw_put_uint(j, "refused", g->refused);
	jw_put_uint(j, "doubtful", g->doubtful);
	jw_put_uint(j, "unsent", g->unsent);
	jw_object_end(j);
}

void
report_feed_json(const struct feed_report *f, struct json *j)
{
	jw_object(j);
	jw_put_cstr(j, "feed", f->feed);
	jw_put_int(j, "exit", f->exit);
	if (f->err.code != ERR_NONE) {
		jw_key(j, SPAN_LIT("error"));
		jw_object(j);
		jw_put_cstr(j, "code", err_name(f->err.code));
		jw_put_cstr(j, "message", f->err.msg);
		jw_object_end(j);
	}
	jw_put_uint(j, "known", f->known);
	jw_put_uint(j, "held", f->held);
	jw_put_uint(j, "refused", f->refused);
	jw_put_uint(j, "unsettled", f->unsettled);
	jw_put_uint(j, "behind", f->behind);
	jw_put_bool(j, "again", f->again);
	finds_json(&f->finds, f->waiting, j);
	given_up_json(j, &f->given_up);
	jw_put_uint(j, "requests", f->requests);
	jw_put_uint(j, "retries", f->retries);
	jw_put_int(j, "took_ms", f->took);
	if (f->api_expires != 0)
		jw_put_int(j, "api_certificate_expires_ms", f->api_expires);
	if (f->paused != 0)
		jw_put_int(j, "paused_ms", f->paused);
	audit_json(j, &f->audit);
	jw_key(j, SPAN_LIT("files"));
	jw_array(j);
	for (size_t i = 0; i < f->n; i++)
		file_json(j, &f->files[i]);
	jw_array_end(j);
	jw_object_end(j);
}

void
report_json(const struct report *r, struct buf *out)
{
	struct json j;

	jw_init(&j, out);
	jw_object(&j);
	jw_put_cstr(&j, "run", r->run);
	jw_put_cstr(&j, "trace", r->trace);
	jw_put_bool(&j, "dry_run", r->dry_run);
	jw_put_int(&j, "started_ms", r->started);
	jw_put_int(&j, "ended_ms", r->ended);
	jw_put_int(&j, "exit", r->exit);
	jw_key(&j, SPAN_LIT("feeds"));
	jw_array(&j);
	for (size_t i = 0; i < r->n; i++)
		report_feed_json(&r->feeds[i], &j);
	jw_array_end(&j);
	jw_object_end(&j);
	buf_add_char(out, '\n');
}

/* What stands in no row is a removal, or about the file itself. */
static void
problem_place(struct buf *out, const struct problem *p)
{
	if (p->row > 0)
		buf_addf(out, "row %llu", (unsigned long long)p->row);
	else if (p->type != NULL)
		buf_addf(out, "removal of %s record", p->type);
	else
		buf_add_str(out, "the file");
}

/* `known`: what helps was told of another row. */
static void
problem_line(struct buf *out, const struct problem *p, bool known)
{
	buf_add_str(out, "    ");
	problem_place(out, p);
	if (p->column.n > 0) {
		buf_add_str(out, ", column ");
		text_quote(out, p->column);
	}
	if (p->type != NULL && p->field != NULL)
		buf_addf(out, " (%s.%s)", p->type, p->field);
	buf_addf(out, " not taken: %s", problem_text(p->code));
	if (!known)
		buf_addf(out, " %s", problem_remedy(p->code));
	if (!known && p->detail.n > 0)
		buf_addf(out, " (%.*s)", (int)p->detail.n, p->detail.p);
	buf_add_char(out, '\n');
}

static void
warnings_line(struct buf *out, const struct warnings *w)
{
	const struct problem *p = &w->first;

	buf_add_str(out, "    warning");
	if (p->row > 0)
		buf_addf(out, ", %llu row%s from row %llu", (unsigned long long)w->n,
		    w->n == 1 ? "" : "s", (unsigned long long)p->row);
	if (p->column.n > 0) {
		buf_add_str(out, ", column ");
		text_quote(out, p->column);
	}
	buf_addf(out, ": %s", problem_text(p->code));
	if (p->row == 0 && p->detail.n > 0)
		buf_addf(out, " (%.*s)", (int)p->detail.n, p->detail.p);
	buf_add_char(out, '\n');
}

struct count {
	uint64_t n;
	const char *unit, *word; /* "row", "rejected"; NULL if there is none */
};

static void
counts_line(const struct report *r, const struct file_report *f, struct buf *out)
{
	const struct file_entry *en = &f->entry;
	const uint64_t would = en->records + en->removals - en->unchanged -
			       en->duplicate - en->stale - en->refused;
	const struct count counts[] = {{r->dry_run ? would : en->delivered, "record",
					   r->dry_run ? "would be sent" : "delivered"},
	    {f->before, NULL, "delivered before"}, {en->removals, "removal", NULL},
	    {en->unchanged, NULL, "unchanged"}, {en->duplicate, NULL, "duplicate"},
	    {en->stale, NULL, "stale"}, {en->refused, NULL, "refused"},
	    {r->dry_run ? 0 : f->pending, NULL, "pending"},
	    {en->filtered, "row", "filtered"}, {en->rejected, "row", "rejected"}};

	text_count(out, en->rows, "row");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (i > 0 && counts[i].n == 0)
			continue;
		buf_add_str(out, i == 0 ? ": " : ", ");
		if (counts[i].unit != NULL)
			text_count(out, counts[i].n, counts[i].unit);
		else
			buf_addf(out, "%llu", (unsigned long long)counts[i].n);
		if (counts[i].word != NULL)
			buf_addf(out, " %s", counts[i].word);
	}
	buf_add_char(out, '\n');
}

static void
file_text(const struct report *r, const struct file_report *f, struct buf *out)
{
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&f->entry.id, id);
	buf_addf(out, "  file %.8s: ", id);
	if (f->entry.verdict == VERDICT_REFUSE || f->entry.verdict == VERDICT_HOLD)
		buf_addf(out, "%s: %s\n",
		    f->entry.verdict == VERDICT_HOLD ? "HELD" : "REFUSED",
		    f->entry.reason);
	else if (f->entry.verdict == VERDICT_EMPTY)
		buf_add_str(out, "empty: no rows\n");
	else if (f->entry.verdict == VERDICT_DISCARD)
		buf_add_str(out, "discarded, as was decided: nothing of it is sent\n");
	else
		counts_line(r, f, out);
	for (size_t i = 0; i < f->nproblems; i++)
		problem_line(out, &f->problems[i], text_told(f->problems, i));
	if (f->more > 0)
		buf_addf(out, "    and %llu more\n", (unsigned long long)f->more);
	for (size_t i = 0; i < f->nwarnings; i++)
		warnings_line(out, &f->warnings[i]);
}

static void
given_up_line(const struct feed_report *f, struct buf *out)
{
	const struct given_up *g = &f->given_up;
	char id[FILE_ID_HEX_SIZE];

	if (g->pass == 0)
		return;
	digest_hex(&g->file, id);
	buf_addf(out,
	    "  delivery %llu of file %.8s given up: %s; %llu delivered, %llu in doubt, "
	    "%llu never sent\n    they go out with the next file that has them, or drop "
	    "the file again\n",
	    (unsigned long long)g->pass, id, g->why, (unsigned long long)g->delivered,
	    (unsigned long long)g->doubtful, (unsigned long long)g->unsent);
}

/* What stands aside, and what waits for it. */
static void
aside_lines(const struct feed_report *f, struct buf *out)
{
	if (f->held > 0)
		buf_addf(out, "  %llu held, %s\n", (unsigned long long)f->held,
		    "waiting for a decision: `emrdrop hold list` tells why");
	if (f->behind > 0)
		buf_addf(out, "  %llu file%s wait%s behind %s\n",
		    (unsigned long long)f->behind, f->behind == 1 ? "" : "s",
		    f->behind == 1 ? "s" : "",
		    f->err.code != ERR_NONE ? "the one that cannot be read"
		    : f->held == 1          ? "it"
					    : "the first of them");
	if (f->refused > 0)
		buf_addf(out, "  %llu refused: `emrdrop status` tells why\n",
		    (unsigned long long)f->refused);
}

static void
feed_text(const struct report *r, const struct feed_report *f, struct buf *out)
{
	buf_addf(out, "%s: ", f->feed);
	if (f->err.code != ERR_NONE) {
		buf_addf(out, "%s\n", f->err.msg);
	} else if (f->paused != 0) {
		buf_add_str(out, "paused since ");
		text_time(out, f->paused);
		buf_addf(out, ": `emrdrop resume %s` ends it\n", f->feed);
	} else if (f->n == 0 && f->waiting == 0 && f->held == 0 && f->refused == 0 &&
		   f->given_up.pass == 0) {
		buf_add_str(out, "nothing new\n");
	} else {
		buf_addf(out, "%zu file%s read\n", f->n, f->n == 1 ? "" : "s");
	}
	given_up_line(f, out);
	for (size_t i = 0; i < f->n; i++)
		file_text(r, &f->files[i], out);
	if (f->waiting > f->finds.waiting)
		buf_addf(out, "  %llu changed while read: the next run looks again\n",
		    (unsigned long long)(f->waiting - f->finds.waiting));
	finds_text(&f->finds, "  ", out);
	if (f->unsettled > 0)
		buf_addf(out, "  %llu not put away or not answered yet: %s\n",
		    (unsigned long long)f->unsettled, f->why);
	else if (f->why[0] != '\0')
		buf_addf(out, "  %s\n", f->why);
	aside_lines(f, out);
}

void
report_text(const struct report *r, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		feed_text(r, &r->feeds[i], out);
}
