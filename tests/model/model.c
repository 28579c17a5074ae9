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
		m->api[r].put = m->api[r].patched = CONTENT_NONE;
	}
}

int
model_content(const struct row *r, unsigned version)
{
	return r->kind == ROW_DELETE
		   ? CONTENT_DELETE
		   : (int)(content_of(r, version) + CONTENTS * r->patient);
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
	struct earlier earlier[RECORDS];
	unsigned first, last; /* start of appointments */
};

enum word { W_CHANGED, W_UNCHANGED, W_DUPLICATE, W_STALE, W_REFUSED };

/* A map without event times: the file's own time is the row's, if the file may be old. */
static unsigned
judged_by(const struct read *x, const struct row *r)
{
	if (x->m->h->timed[x->in->file->feed])
		return r->at;
	return x->in->mode == MODE_RUN ? 0 : x->in->file->at;
}

/* In the ledger it stands in whenever the map has no event times. */
static unsigned
kept_at(const struct read *x, const struct row *r)
{
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

	*e = (struct event){.record = r->record,
	    .row = number + 2,
	    .content = model_content(r, x->in->version),
	    .at = kept_at(x, r),
	    .window = r->window,
	    .patient = is_appointment(r->record) && r->kind == ROW_WHOLE ? r->patient
									 : -1};
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
judge_retry(enum word w)
{
	return w == W_REFUSED ? W_CHANGED : w == W_CHANGED ? W_STALE : w;
}

static void
read_change(struct read *x, unsigned number)
{
	const struct row *r = &x->in->file->rows[number];
	const struct fact *f = &x->m->facts[x->out->side][r->record];
	struct earlier *o = &x->earlier[r->record];
	int content = model_content(r, x->in->version);
	unsigned at = judged_by(x, r), own = kept_at(x, r) == r->at ? r->at : 0;
	enum word w;

	if ((f->known && older(at, f->at)) || (o->changed && older(at, o->at)))
		w = W_STALE;
	else if (o->changed)
		w = o->content == content ? W_DUPLICATE : W_CHANGED;
	else
		w = judge_known(f, content, at);
	if (x->in->mode == MODE_RETRY)
		w = judge_retry(w);
	count(x->out, w);
	if (w == W_STALE || w == W_REFUSED)
		return;
	if (w != W_CHANGED && !newer(own, o->changed ? o->at : f->at))
		return;
	add_event(x, r, number)->touch = w != W_CHANGED;
	if (!o->changed || newer(own, o->at))
		o->at = own;
	o->changed = true;
	o->content = content;
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
	unsigned own = kept_at(x, r) == r->at ? r->at : 0;

	count(x->out, w);
	if (w == W_STALE)
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
	unsigned at = judged_by(x, r), own = kept_at(x, r) == r->at ? r->at : 0;

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

	if (!f->known || !lives || x->earlier[record].there)
		return;
	if (x->m->h->window && is_appointment(record) &&
	    (f->window == 0 || f->window < x->first || f->window > x->last))
		return;
	x->out->removals++;
	if (f->refused == CONTENT_DELETE) {
		x->out->refused++;
		return;
	}
	x->out->changed++;
	x->out->events[x->out->n++] = (struct event){.record = record,
	    .content = CONTENT_DELETE,
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
	return first->record == later->record || (int)first->record == later->patient;
}

bool
model_together(const struct event *first, const struct event *later)
{
	return first->record != later->record;
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
	if (side == PATCHES) {
		held->there = true;
		held->patched = content;
		return;
	}
	held->there = content != CONTENT_DELETE;
	held->put = held->there ? content : CONTENT_NONE;
	held->patched = CONTENT_NONE;
}

static void
learn(struct fact *f, const struct event *e)
{
	if (e->end == EVENT_UNSENT)
		return;
	f->known = true;
	if (e->touch && e->end == EVENT_TAKEN) {
		if (f->taken && f->content == e->content && newer(e->at, f->at))
			f->at = e->at;
		return;
	}
	switch (e->end) {
	case EVENT_TAKEN:
		f->taken = true;
		f->content = e->content;
		f->doubtful = false;
		f->refused = CONTENT_NONE;
		f->window = e->window;
		if (newer(e->at, f->at))
			f->at = e->at;
		break;
	case EVENT_REFUSED:
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

		learn(&m->facts[o->side][e->record], e);
		if (e->applied)
			held_apply(&m->api[e->record], o->side, e->content);
	}
}
