/*
 * One file on its way through a format: its exports one after another, their rows numbered
 * on, and what is thought of them summed up.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mappers/apart.h"
#include "mappers/format_ops.h"
#include "mappers/reading_header.h"

#define PLACE_SIZE 128 /* "export N in the file, row N" and a detail */

struct reading {
	const struct format_ops *ops;
	struct mapper *mapper;
	void *file; /* NULL: the next export could not be opened */
	struct format_run run;
	struct mapper_sink ours; /* counts, and passes on to theirs */
	struct mapper_sink theirs;
	struct mapper_counts counts;
	bool over; /* ended or failed */
	bool whole;
	/* Of the first export, or of the one that is held for its columns. */
	struct header_watch watch;
	struct err stopped; /* what holds this export, of which no more can be read */
	struct err held;    /* why the file is held, and which export of it is */
	unsigned held_export;
	bool cut; /* of an export that is held not all was read, or was there */

	struct made_sum made;
	struct mapper_counts at_start; /* of this export */

	/* Of several exports in one file: this one's number, and the rows before it. */
	unsigned export;
	uint64_t before;
	uint64_t last; /* number of its last row */
	struct apart apart;
	/* Of a second reading: theirs, and whether a row of this export is wanted. */
	struct rejects_sink rejects, our_rejects;
	struct rejects_form form;
	bool wanted;

	struct json *explain;
	uint64_t explain_row;
	const struct mapper_fields *fields; /* theirs */
	struct mapper_fields our_fields;
	uint64_t fields_row;
};

static int
pass_record(void *arg, const struct record *rec, struct err *e)
{
	struct reading *r = arg;
	struct record later;

	r->counts.records++;
	if (r->before > 0) {
		later = *rec;
		later.row += r->before;
		rec = &later;
	}
	return r->theirs.record(r->theirs.arg, rec, e);
}

/* Its row as the export's own spreadsheet shows it goes into the detail. */
static void
pass_later_problem(struct reading *r, struct problem p)
{
	char where[PLACE_SIZE];

	snprintf(where, sizeof(where), "export %u in the file, row %llu%s%.*s", r->export,
	    (unsigned long long)p.row, p.detail.n > 0 ? ", " : "", (int)p.detail.n,
	    p.detail.n > 0 ? p.detail.p : "");
	p.detail = span_of(where);
	if (p.row > 0)
		p.row += r->before;
	r->theirs.problem(r->theirs.arg, &p);
}

static void
pass_problem(void *arg, const struct problem *p)
{
	struct reading *r = arg;

	r->counts.warnings += p->weight == WEIGHT_WARNING;
	if (r->export > 1)
		pass_later_problem(r, *p);
	else
		r->theirs.problem(r->theirs.arg, p);
}

static int
pass_receipt(void *arg, const struct receipt *receipt, struct err *e)
{
	struct reading *r = arg;
	struct receipt later = *receipt;

	later.row += r->before;
	return r->theirs.receipt == NULL ? 0
					 : r->theirs.receipt(r->theirs.arg, &later, e);
}

static int
pass_present(void *arg, const struct record *rec, struct err *e)
{
	struct reading *r = arg;
	struct record later = *rec;

	later.row += r->before;
	return r->theirs.present(r->theirs.arg, &later, e);
}

static void
pass_field(void *arg, uint64_t row, struct span ref, struct span value)
{
	struct reading *r = arg;

	r->fields->fn(r->fields->arg, row + r->before, ref, value);
}

static int
pass_mended(void *arg, bool mended, struct err *e)
{
	struct reading *r = arg;

	return r->theirs.mended == NULL ? 0 : r->theirs.mended(r->theirs.arg, mended, e);
}

static int
open_export(struct reading *r, struct err *e)
{
	void *self = r->mapper->self;

	if (r->rejects.text != NULL)
		return r->ops->open_rejects(&r->file, self, &r->run, &r->our_rejects, e);
	return r->ops->open(&r->file, self, &r->run, e);
}

static struct reading *
reading_new(struct mapper *m, struct err *e)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e), NULL;
	r->ops = m->ops;
	r->mapper = m;
	r->export = 1;
	made_init(&r->made);
	apart_init(&r->apart);
	return r;
}

struct reading *
mapper_open(struct mapper *m, const struct mapper_sink *sink, int64_t now, struct err *e)
{
	struct reading *r = reading_new(m, e);

	if (r == NULL)
		return NULL;
	r->our_fields = (struct mapper_fields){pass_field, r};
	r->theirs = *sink;
	r->ours = (struct mapper_sink){.record = pass_record,
	    .problem = pass_problem,
	    .receipt = pass_receipt,
	    .present = sink->present == NULL ? NULL : pass_present,
	    .mended = pass_mended,
	    .known = sink->known,
	    .arg = r,
	    .keys = sink->keys};
	r->run = (struct format_run){.sink = &r->ours,
	    .counts = &r->counts,
	    .last = &r->last,
	    .now = now,
	    .before = sink->before};
	if (open_export(r, e) != 0) {
		free(r);
		return NULL;
	}
	return r;
}

static int
pass_wanted(void *arg, uint64_t row, struct reject *out, struct err *e)
{
	struct reading *r = arg;
	int wanted = r->rejects.wanted(r->rejects.arg, row + r->before, out, e);

	r->wanted |= wanted == 1;
	return wanted;
}

static int
pass_text(void *arg, struct span bytes, struct err *e)
{
	struct reading *r = arg;

	return r->rejects.text(r->rejects.arg, bytes, e);
}

struct reading *
mapper_open_rejects(struct mapper *m, const struct rejects_sink *sink, struct err *e)
{
	struct reading *r = reading_new(m, e);

	if (r == NULL)
		return NULL;
	r->rejects = *sink;
	r->our_rejects = (struct rejects_sink){pass_wanted, pass_text, r, sink->before};
	r->run = (struct format_run){.counts = &r->counts,
	    .last = &r->last,
	    .before = sink->before,
	    .form = &r->form};
	if (open_export(r, e) != 0) {
		free(r);
		return NULL;
	}
	return r;
}

static int
check_over(const struct reading *r, struct err *e)
{
	if (r->over)
		return err_set(e, ERR_INTERNAL, "a reading that is over was fed");
	return 0;
}

/*
 * An export that is held ends nothing: a human may have the file delivered, and then all of
 * it. The first reason is told, but for one that nobody can decide about.
 */
static void
hold(struct reading *r, const struct err *why, bool lacks)
{
	if (r->held.code != ERR_NONE && (!lacks || r->watch.lacks))
		return;
	r->held = *why;
	r->held_export = r->export;
}

/* `told`: it is its columns that the file is held for. */
static void
keep_watch(struct reading *r, struct header_watch *w, bool told)
{
	bool lacks = r->watch.lacks || w->lacks;

	if (r->watch.now.n == 0 || (told && w->now.n > 0)) {
		header_mark_release(&r->watch.now);
		r->watch = *w;
	} else {
		header_mark_release(&w->now);
	}
	r->watch.lacks = lacks;
}

/* What ended the export is `why`; what is thought of its header holds it at most. */
static int
take_header(struct reading *r, const struct err *why, struct err *e)
{
	struct header_watch w = {.before = NULL};
	struct err columns = {.code = ERR_NONE};
	int rc = r->ops->header == NULL ? 0 : r->ops->header(r->file, &w, &columns);

	if (why->code == ERR_HELD)
		hold(r, why, w.lacks);
	if (columns.code == ERR_HELD)
		hold(r, &columns, false);
	keep_watch(
	    r, &w, r->held_export == r->export && (w.lacks || columns.code == ERR_HELD));
	if (rc == 0 || columns.code == ERR_HELD)
		return 0;
	*e = columns;
	return -1;
}

static int
give_up(struct reading *r, struct err *e)
{
	struct err ignored;

	if (!r->over && r->file != NULL)
		take_header(r, e, &ignored);
	r->over = true;
	return r->export > 1 ? err_prefix(e, "export %u in the file", r->export) : -1;
}

int
reading_feed(struct reading *r, struct span bytes, struct err *e)
{
	struct err why = {.code = ERR_NONE};

	if (check_over(r, e) != 0)
		return -1;
	if (r->stopped.code != ERR_NONE || r->ops->feed(r->file, bytes, &why) == 0)
		return 0;
	if (why.code == ERR_HELD) {
		r->stopped = why;
		return 0;
	}
	*e = why;
	return give_up(r, e);
}

/* Once it has rows. A second reading ends where they don't fit, and was not to be begun. */
static int
compare_titles(struct reading *r, struct err *e)
{
	const struct span *titles;
	size_t n;

	if (r->ops->titles == NULL || (titles = r->ops->titles(r->file, &n)) == NULL)
		return 0;
	if (apart_add(&r->apart, titles, n, e) != 0)
		return -1;
	return r->apart.is && r->rejects.text != NULL
		   ? err_set(e, ERR_CHANGED,
			 "its columns are not those of the others: their rows don't fit "
			 "into one file")
		   : 0;
}

/* A row that was rejected may have told all the same, but nothing of it is as old as that. */
static int
sum_made(struct reading *r, bool taken, struct err *e)
{
	const struct made *told = r->ops->made == NULL ? NULL : r->ops->made(r->file);
	struct made export;

	if (told == NULL)
		return 0;
	export = *told;
	export.export = r->export;
	return made_add(&r->made, &export, taken, e);
}

/* What its rows, and its header, are to the whole file. */
static int
sum_up(struct reading *r, struct err *e)
{
	const struct mapper_counts *n = &r->counts, *before = &r->at_start;
	bool any = n->rows > before->rows || r->wanted; /* rows */
	bool taken = n->rows - n->rejected > before->rows - before->rejected;

	r->at_start = *n;
	r->wanted = false;
	if (any && compare_titles(r, e) != 0)
		return -1;
	return sum_made(r, taken, e);
}

static int
end_export(struct reading *r, struct err *e)
{
	struct err why = r->stopped;

	if (why.code == ERR_NONE && r->ops->end(r->file, &why) != 0 &&
	    why.code != ERR_HELD) {
		*e = why;
		return give_up(r, e);
	}
	r->cut |= why.code == ERR_HELD;
	r->stopped.code = ERR_NONE;
	if (sum_up(r, e) != 0 || take_header(r, &why, e) != 0)
		return give_up(r, e);
	return 0;
}

/* What is to be shown of this export's rows. */
static void
show_export(struct reading *r)
{
	if (r->explain != NULL && r->explain_row > r->before)
		r->ops->explain(r->file, r->explain_row - r->before, r->explain);
	if (r->fields != NULL && r->fields_row == 0)
		r->ops->fields(r->file, 0, &r->our_fields);
	else if (r->fields != NULL && r->fields_row > r->before)
		r->ops->fields(r->file, r->fields_row - r->before, &r->our_fields);
}

int
reading_next(struct reading *r, struct err *e)
{
	if (check_over(r, e) != 0 || end_export(r, e) != 0)
		return -1;
	r->ops->close(r->file);
	r->file = NULL;
	r->before += r->last;
	r->last = 0;
	r->export ++;
	if (open_export(r, e) != 0)
		return give_up(r, e);
	show_export(r);
	return 0;
}

int
reading_end(struct reading *r, struct err *e)
{
	const struct mapper_counts *n = &r->counts;

	if (check_over(r, e) != 0 || end_export(r, e) != 0)
		return -1;
	r->over = true;
	r->whole = !r->cut;
	if (r->export == 1)
		r->made.made.export = 0;
	if (n->rows != n->mapped + n->filtered + n->rejected)
		return err_set(e, ERR_INTERNAL,
		    "rows read are not rows mapped, filtered and rejected");
	if (r->held.code == ERR_NONE)
		return 0;
	*e = r->held;
	return r->export > 1 ? err_prefix(e, "export %u in the file", r->held_export)
			     : -1;
}

const struct header_watch *
reading_header(const struct reading *r)
{
	return &r->watch;
}

bool
reading_apart(const struct reading *r)
{
	return r->apart.is;
}

bool
reading_whole(const struct reading *r)
{
	return r->whole;
}

const struct mapper_counts *
reading_counts(const struct reading *r)
{
	return &r->counts;
}

const struct made *
reading_made(const struct reading *r)
{
	return r->made.any ? &r->made.made : NULL;
}

const char *
reading_found(const struct reading *r, enum found_form form)
{
	return r->file == NULL ? "" : r->ops->found(r->file, form);
}

void
reading_free(struct reading *r)
{
	if (r == NULL)
		return;
	if (r->file != NULL)
		r->ops->close(r->file);
	header_mark_release(&r->watch.now);
	apart_release(&r->apart);
	made_release(&r->made);
	free(r);
}

void
reading_explain(struct reading *r, uint64_t row, struct json *explain)
{
	r->explain = explain;
	r->explain_row = row;
	show_export(r);
}

int
reading_fields(
    struct reading *r, uint64_t row, const struct mapper_fields *to, struct err *e)
{
	if (r->ops->fields == NULL)
		return err_set(e, ERR_USAGE,
		    "--fields is for messages; a %s file has columns", r->ops->name);
	r->fields = to;
	r->fields_row = row;
	show_export(r);
	return 0;
}
