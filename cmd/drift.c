#include "cmd/drift.h"

#include "cmd/text.h"
#include "mappers/drift.h"
#include "mappers/reading_header.h"

#define ENOUGH 20 /* cells that say what a column holds */
#define WIDTH  28 /* of the old titles, where they stand in front of the new ones */

int
drift_expect(struct job *j, struct intake *in, struct err *e)
{
	if (j->ledger == NULL)
		return 0;
	return ledger_header_get(j->ledger, j->feed->feed.name, &in->header.before, e) < 0
		   ? -1
		   : 0;
}

/* A file of few rows says little: what is known of its columns stays. */
static void
inherit(struct file_header *h, const struct drift *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct drift_pair *p = &d->v[i];
		struct column_profile *now;

		if (p->kind != DRIFT_SAME)
			continue;
		now = &h->now.v[p->now].profile;
		if (now->cells - now->empty < ENOUGH)
			*now = h->before.v[p->before].profile;
	}
}

int
drift_note(struct intake *in, struct err *e)
{
	struct file_header *h = &in->header;
	struct drift d;

	h->lacks = reading_header(in->reading)->lacks;
	if (header_mark_copy(&h->now, &reading_header(in->reading)->now, e) != 0 ||
	    drift_compare(&d, &h->before, &h->now, e) != 0)
		return -1;
	in->drifts = h->now.n > 0 && (d.differs || d.reordered);
	inherit(h, &d);
	drift_release(&d);
	return 0;
}

int
drift_recall(struct job *j, struct intake *in, struct err *e)
{
	file_header_release(&in->header);
	return ledger_file_header_get(j->ledger, &in->entry.id, &in->header, e) < 0 ? -1
										    : 0;
}

/* A retry tells no news of the file. */
const struct file_header *
drift_of_file(const struct intake *in)
{
	return in->drifts && in->mode != PASS_RETRY ? &in->header : NULL;
}

const struct header_mark *
drift_of_feed(const struct intake *in)
{
	return in->header.now.n > 0 && in->entry.verdict == VERDICT_DELIVER &&
		       !in->entry.came_back
		   ? &in->header.now
		   : NULL;
}

static const char *
change(const struct drift *d, const struct drift_pair *p)
{
	static const char *const names[] = {[DRIFT_RENAMED] = "renamed",
	    [DRIFT_MISSING] = "missing",
	    [DRIFT_ADDED] = "added"};

	if (p->kind != DRIFT_SAME)
		return names[p->kind];
	return d->reordered && p->before != p->now ? "moved" : NULL;
}

static void
add_title(struct buf *out, const struct header_mark *h, size_t column)
{
	if (column == DRIFT_NONE) {
		buf_add_char(out, '-');
		return;
	}
	buf_addf(out, "#%zu ", column + 1);
	text_quote(out, h->v[column].title);
}

static void
add_line(struct buf *out, const struct file_header *h, const struct drift_pair *p,
    const char *what)
{
	size_t from;

	buf_addf(out, "      %-8s ", what);
	from = out->n;
	add_title(out, &h->before, p->before);
	do
		buf_add_char(out, ' ');
	while (out->n < from + WIDTH && !out->failed);
	add_title(out, &h->now, p->now);
	buf_add_char(out, '\n');
}

int
drift_text(const struct file_header *h, struct buf *out, struct err *e)
{
	struct drift d;
	bool any = false;

	if (h->before.n == 0)
		return 0;
	if (drift_compare(&d, &h->before, &h->now, e) != 0)
		return -1;
	for (size_t i = 0; i < d.n; i++) {
		const char *what = change(&d, &d.v[i]);

		if (what == NULL)
			continue;
		if (!any)
			buf_addf(out, "      %-8s %-*s%s\n", "columns", WIDTH,
			    "in the last good file", "in this one");
		any = true;
		add_line(out, h, &d.v[i], what);
	}
	drift_release(&d);
	return 0;
}

static void
put_title(struct json *j, const char *name, const struct header_mark *h, size_t column)
{
	if (column == DRIFT_NONE)
		return;
	jw_key(j, span_of(name));
	jw_object(j);
	jw_put_uint(j, "column", column + 1);
	jw_put_string(j, "title", h->v[column].title);
	jw_object_end(j);
}

int
drift_json(const struct file_header *h, struct json *j, struct err *e)
{
	struct drift d;

	if (h->before.n == 0)
		return 0;
	if (drift_compare(&d, &h->before, &h->now, e) != 0)
		return -1;
	jw_key(j, SPAN_LIT("columns"));
	jw_array(j);
	for (size_t i = 0; i < d.n; i++) {
		const char *what = change(&d, &d.v[i]);

		if (what == NULL)
			continue;
		jw_object(j);
		jw_put_cstr(j, "change", what);
		put_title(j, "before", &h->before, d.v[i].before);
		put_title(j, "now", &h->now, d.v[i].now);
		jw_object_end(j);
	}
	jw_array_end(j);
	drift_release(&d);
	return 0;
}
