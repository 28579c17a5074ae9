#include "tests/model/model.h"

#include <string.h>

void
model_init(struct model *m, const struct history *h)
{
	memset(m, 0, sizeof(*m));
	m->h = h;
	for (unsigned r = 0; r < RECORDS; r++) {
		for (unsigned s = 0; s < SIDES; s++)
			m->facts[s][r].refused = CONTENT_NONE;
		m->api[r].put = m->api[r].patched = m->api[r].merged = CONTENT_NONE;
	}
}

int
model_content(const struct row *r, unsigned version)
{
	if (r->kind == ROW_DELETE)
		return CONTENT_DELETE;
	if (r->kind == ROW_MERGE)
		return CONTENT_MERGE + IDS * r->record + r->patient;
	return (int)content_of(r, version) +
	       (is_appointment(r->record) ? CONTENTS * r->patient : 0);
}

/* What earlier rows of the file have made of a record. */
struct earlier {
	bool changed; /* one of them was sent, or moved its time on */
	int content;
	unsigned at;

	/* Of a snapshot. */
	bool there;
	enum {
		LAST_NONE,
		LAST_SENT,
		LAST_UNCHANGED,
		LAST_OTHER
	} last; /* how it counts */
	struct event *event;
};

struct read {
	const struct model *m;
	const struct reading *in;
	struct outlook *out;
	struct earlier earlier[RECORDS], merged[IDS];
	unsigned first, last; /* start of appointments */
};

enum word { W_CHANGED, W_UNCHANGED, W_DUPLICATE, W_STALE, W_REFUSED };

/* A map without event times: the file's own time is the row's, if the file may be old. */
static unsigned
judged_by(const struct read *x, const struct row *r)
{
	if (r->kind == ROW_MERGE)
		return 0; /* merges are never late */
	if (x->m->h->timed[x->in->file->feed])
		return r->at;
	return x->in->mode == MODE_RUN ? 0 : x->in->file->at;
}

/* Its own time; merges have none. */
static unsigned
own_at(const struct row *r)
{
	return r->kind == ROW_MERGE ? 0 : r->at;
}

/* What an old file only repeats is as new as the file, where rows have no time. */
static unsigned
news_at(const struct read *x, const struct row *r)
{
	return x->in->mode == MODE_BACKFILL ? judged_by(x, r) : own_at(r);
}

/* In the ledger it stands in whenever the map has no event times. */
static unsigned
kept_at(const struct read *x, const struct row *r)
{
	if (r->kind == ROW_MERGE)
		return 0;
	return x->m->h->timed[x->in->file->feed] ? r->at : x->in->file->at;
}

static bool
older(unsigned at, unsigned than)
{
	return at != 0 && than != 0 && at < than;
}

static bool
newer(unsigned at, unsigned than)
{
	return at != 0 && at > than;
}

/* By what is known from before the file. */
static enum word
judge_known(const struct fact *f, int content, unsigned at)
{
	if (!f->known)
		return W_CHANGED;
	if (older(at, f->at))
		return W_STALE;
	if (f->refused == content)
		return W_REFUSED;
	if (f->taken && !f->doubtful && f->content == content)
		return W_UNCHANGED;
	return W_CHANGED;
}

static struct event *
add_event(struct read *x, const struct row *r, unsigned number)
{
	struct outlook *o = x->out;
	struct event *e = &o->events[o->n++];

	*e = (struct event){.side = r->kind == ROW_MERGE ? MERGES : o->side,
	    .record = r->kind == ROW_MERGE ? r->patient : r->record,
	    .row = number + 2,
	    .content = model_content(r, x->in->version),
	    .at = kept_at(x, r),
	    .window = r->kind == ROW_MERGE ? number + 2 : r->window,
	    .patient = -1};
	if (r->kind == ROW_MERGE)
		e->patient = r->record;
	else if (is_appointment(r->record) && r->kind == ROW_WHOLE)
		e->patient = r->patient;
	return e;
}

static void
count(struct outlook *o, enum word w)
{
	o->changed += w == W_CHANGED;
	o->unchanged += w == W_UNCHANGED;
	o->duplicate += w == W_DUPLICATE;
	o->stale += w == W_STALE;
	o->refused += w == W_REFUSED;
}

/* A retry sends what was refused, and nothing that is known otherwise by now. */
static enum word
judge_retry(const struct read *x, enum word w)
{
	if (x->in->mode < MODE_RETRY)
		return w;
	return w == W_REFUSED ? W_CHANGED : w == W_CHANGED ? W_STALE : w;
}

/* Into which patient is it merged, as merges are numbered? CONTENT_NONE: into none. */
static int
merge_of(const struct read *x, unsigned patient)
{
	const struct fact *f = &x->m->facts[MERGES][patient];
	int content = CONTENT_NONE;

	if (x->merged[patient].changed)
		content = x->merged[patient].content;
	else if (f->known && f->taken)
		content = f->content;
	return content == CONTENT_UNMERGED ? CONTENT_NONE : content;
}

/*
 * An id that was retired may not be used; nor merged once more, but for the same merge
 * again, or turned round.
 */
static bool
is_forbidden(const struct read *x, const struct row *r)
{
	int one, other;

	if (r->kind == ROW_MERGE) {
		one = merge_of(x, r->record);
		other = merge_of(x, r->patient);
		return (one != CONTENT_NONE &&
			   one != CONTENT_MERGE + IDS * r->patient + r->record) ||
		       (other != CONTENT_NONE &&
			   other != CONTENT_MERGE + IDS * r->record + r->patient);
	}
	if (!is_appointment(r->record))
		return merge_of(x, r->record) != CONTENT_NONE;
	return r->kind == ROW_WHOLE && merge_of(x, r->patient) != CONTENT_NONE;
}

/* What merges make of a word; `moves`: a time would move on. */
static enum word
judge_merged(const struct read *x, const struct row *r, enum word w, bool moves)
{
	bool sent = w == W_CHANGED || (moves && w != W_STALE && w != W_REFUSED);

	if (r->kind == ROW_UNMERGE && merge_of(x, r->record) != CONTENT_NONE)
		return W_CHANGED;
	return sent && is_forbidden(x, r) ? W_REFUSED : w;
}

/* A merge turned round, or undone, brings its survivor back: nobody is told. */
static void
bring_back(struct read *x, const struct row *r, unsigned number)
{
	struct event *e;

	if ((r->kind != ROW_MERGE && r->kind != ROW_UNMERGE) ||
	    merge_of(x, r->record) == CONTENT_NONE)
		return;
	e = &x->out->events[x->out->n++];
	*e = (struct event){.side = MERGES,
	    .record = r->record,
	    .row = number + 2,
	    .content = CONTENT_UNMERGED,
	    .patient = -1,
	    .touch = true};
	x->merged[r->record].changed = true;
	x->merged[r->record].content = CONTENT_UNMERGED;
}

static void
read_change(struct read *x, unsigned number)
{
	const struct row *r = &x->in->file->rows[number];
	bool merge = r->kind == ROW_MERGE;
	const struct fact *f = merge ? &x->m->facts[MERGES][r->patient]
				     : &x->m->facts[x->out->side][r->record];
	struct earlier *o = merge ? &x->merged[r->patient] : &x->earlier[r->record];
	int content = model_content(r, x->in->version);
	unsigned at = judged_by(x, r), own = own_at(r);
	enum word w;

	if ((f->known && older(at, f->at)) || (o->changed && older(at, o->at)))
		w = W_STALE;
	else if (o->changed)
		w = o->content == content ? W_DUPLICATE : W_CHANGED;
	else
		w = judge_known(f, content, at);
	w = judge_retry(x, w);
	w = judge_merged(x, r, w, newer(own, o->changed ? o->at : f->at));
	count(x->out, w);
	if (w == W_STALE || w == W_REFUSED)
		return;
	if (w != W_CHANGED &&
	    !newer(w == W_UNCHANGED ? news_at(x, r) : own, o->changed ? o->at : f->at))
		return;
	add_event(x, r, number)->touch = w != W_CHANGED;
	if (!o->changed || newer(own, o->at))
		o->at = own;
	o->changed = true;
	o->content = content;
	if (w == W_CHANGED)
		bring_back(x, r, number);
}

/* The row before counted as something; now it is a duplicate of this one. */
static void
replace(struct read *x, struct earlier *o)
{
	x->out->changed -= o->last == LAST_SENT;
	x->out->unchanged -= o->last == LAST_UNCHANGED;
	x->out->duplicate += o->last == LAST_SENT || o->last == LAST_UNCHANGED;
	if (o->event != NULL)
		o->event->gone = true;
	o->event = NULL;
}

/* The last row of a record is compared with what was known before the file. */
static void
read_last(struct read *x, unsigned number, unsigned at, struct earlier *o)
{
	const struct row *r = &x->in->file->rows[number];
	const struct fact *f = &x->m->facts[x->out->side][r->record];
	int content = model_content(r, x->in->version);
	enum word w = judge_known(f, content, at);
	unsigned own = own_at(r);
	bool old = w == W_STALE;

	w = judge_merged(x, r, judge_retry(x, w), newer(own, f->at));
	count(x->out, w);
	if (old)
		return;
	replace(x, o);
	o->last = w == W_CHANGED     ? LAST_SENT
		  : w == W_UNCHANGED ? LAST_UNCHANGED
				     : LAST_OTHER;
	if (w == W_CHANGED || (w == W_UNCHANGED && newer(own, f->at))) {
		o->event = add_event(x, r, number);
		o->event->touch = w != W_CHANGED;
	}
	if (o->event == NULL && !o->changed)
		return;
	if (!o->changed || newer(own, o->at))
		o->at = own;
	o->changed = true;
	o->content = content;
}

static void
read_snapshot(struct read *x, unsigned number)
{
	const struct row *r = &x->in->file->rows[number];
	struct earlier *o = &x->earlier[r->record];
	unsigned at = judged_by(x, r), own = own_at(r);

	o->there = true;
	if (r->kind == ROW_PRESENT)
		return;
	if (r->window != 0 && (x->first == 0 || r->window < x->first))
		x->first = r->window;
	if (r->window > x->last)
		x->last = r->window;
	if (o->changed && older(at, o->at))
		count(x->out, W_STALE);
	else if (o->changed && o->content == model_content(r, x->in->version) &&
		 !newer(own, o->at))
		count(x->out, W_DUPLICATE);
	else
		read_last(x, number, at, o);
}

/* Known, living, inside the window, and not in the file. */
static void
remove_missing(struct read *x, unsigned record)
{
	const struct fact *f = &x->m->facts[WHOLE][record];
	bool lives = f->doubtful || (f->taken && f->content != CONTENT_DELETE);

	/* What was refused is gone as well: nobody is told. */
	bool comes = !lives && f->refused != CONTENT_NONE && x->in->mode < MODE_RETRY;

	if (!f->known || (!lives && !comes) || x->earlier[record].there)
		return;
	if (x->m->h->window && is_appointment(record) &&
	    (f->window == 0 || f->window < x->first || f->window > x->last))
		return;
	if (!is_appointment(record) && merge_of(x, record) != CONTENT_NONE)
		return;
	/* Of a retry what was refused is sent, and that alone. */
	if (x->in->mode >= MODE_RETRY && f->refused != CONTENT_DELETE)
		return;
	x->out->removals += lives;
	if (lives && x->in->mode < MODE_RETRY && f->refused == CONTENT_DELETE) {
		x->out->refused++;
		return;
	}
	x->out->changed += lives;
	x->out->events[x->out->n++] = (struct event){.side = WHOLE,
	    .record = record,
	    .touch = comes,
	    .content = CONTENT_DELETE,
	    .at = x->m->h->timed[0] ? 0 : x->in->file->at,
	    .window = f->window,
	    .patient = -1};
}

/* Patients, appointments, and then what is removed: appointments first. */
static unsigned
rank(const struct event *e)
{
	bool removal = e->row == 0;

	return removal ? 3 - is_appointment(e->record) : is_appointment(e->record);
}

static void
put_in_order(struct outlook *o)
{
	struct outlook was = *o;

	o->n = 0;
	for (unsigned k = 0; k <= 3; k++)
		for (unsigned i = 0; i < was.n; i++)
			if (rank(&was.events[i]) == k && !was.events[i].gone)
				o->events[o->n++] = was.events[i];
}

void
model_read(const struct model *m, const struct reading *r, struct outlook *out)
{
	struct read x = {.m = m, .in = r, .out = out};
	bool snapshot;

	memset(out, 0, sizeof(*out));
	out->side = r->file->feed == 0 ? WHOLE : PATCHES;
	snapshot = out->snapshot = m->h->snapshot && r->file->feed == 0 &&
				   r->mode != MODE_RETRY;
	for (unsigned i = 0; i < r->file->nrows; i++) {
		if (snapshot)
			read_snapshot(&x, i);
		else if (r->file->rows[i].kind != ROW_PRESENT)
			read_change(&x, i);
	}
	for (unsigned i = 0; snapshot && i < RECORDS; i++)
		remove_missing(&x, i);
	if (snapshot)
		put_in_order(out);
}

bool
model_waits(const struct outlook *o, const struct event *first, const struct event *later)
{
	if (o->snapshot && rank(first) != rank(later))
		return true;
	if (first->side == MERGES)
		return true;
	return first->record == later->record || (int)first->record == later->patient;
}

bool
model_together(const struct event *first, const struct event *later)
{
	if (first->side == later->side && first->record == later->record)
		return false;
	return later->side != MERGES || first->side == MERGES ||
	       (int)first->record != later->patient;
}

bool
model_refused(const struct model *m, const struct event *e, unsigned day)
{
	if (e->content == CONTENT_DELETE)
		return day < m->h->deletes_until;
	return day < m->h->refused_until[e->content % CONTENTS];
}

void
held_apply(struct held *held, unsigned side, int content)
{
	if (side == MERGES) {
		held->merged = content;
		return;
	}
	if (side == PATCHES) {
		held->there = true;
		held->patched = content;
		return;
	}
	held->there = content != CONTENT_DELETE;
	held->put = held->there ? content : CONTENT_NONE;
	held->patched = CONTENT_NONE;
}

static bool
is_nowhere(const struct fact *f)
{
	return !f->doubtful && (!f->taken || f->content == CONTENT_DELETE);
}

/* `before` is the event before it, which brought the patient back. */
static void
learn(struct fact *f, const struct event *e, const struct event *before)
{
	bool back = e->content == CONTENT_UNMERGED;

	if (e->end == EVENT_UNSENT ||
	    (back && e->end == EVENT_TAKEN && before->end != EVENT_TAKEN))
		return;
	f->known = true;
	if (back && e->end == EVENT_TAKEN) {
		f->taken = true;
		f->content = CONTENT_UNMERGED;
		f->doubtful = false;
		f->refused = CONTENT_NONE;
		return;
	}
	if (e->touch && e->end == EVENT_TAKEN) {
		bool gone = e->content == CONTENT_DELETE && is_nowhere(f) &&
			    f->refused != CONTENT_DELETE;

		if (gone)
			f->refused = CONTENT_NONE;
		if ((gone || (f->taken && f->content == e->content)) &&
		    newer(e->at, f->at))
			f->at = e->at;
		return;
	}
	if (newer(e->at, f->at))
		f->at = e->at;
	switch (e->end) {
	case EVENT_TAKEN:
		f->taken = true;
		f->content = e->content;
		f->doubtful = false;
		f->refused = CONTENT_NONE;
		f->window = e->window;
		break;
	case EVENT_REFUSED:
		if (is_nowhere(f) && e->side != MERGES)
			f->window = e->window;
		f->refused = e->content;
		break;
	default:
		f->doubtful = true;
		break;
	}
}

void
model_close(struct model *m, const struct outlook *o)
{
	for (unsigned i = 0; i < o->n; i++) {
		const struct event *e = &o->events[i];

		learn(&m->facts[e->side][e->record], e, e - 1);
		if (e->applied)
			held_apply(&m->api[e->record], e->side, e->content);
	}
}
