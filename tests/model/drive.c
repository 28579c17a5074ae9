/*
 * Plays the job on the program's own ledger, changes and sender: what cmd/intake.c,
 * cmd/job.c, cmd/resume.c and cmd/conclude.c do with files, done with rows of a history.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "state/conclude.h"
#include "tests/model/world.h"

#define EPOCH         INT64_C(1700000000000)
#define TICK          1000
#define RUNS_MAX      60 /* of one day: nothing takes so many */
#define OUTBOX_MEMORY (1u << 20)
#define SCOPE         1
#define SOURCE        "s"

/* How a run ends. ANEW: the open pass is over, and the file may be read anew. */
enum { OVER, AGAIN, ANEW };

int
world_fail(struct world *w, const char *fmt, ...)
{
	char said[WHY_SIZE - 50];
	va_list ap;

	if (w->failed)
		return -1;
	w->failed = true;
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
	snprintf(w->why, sizeof(w->why), "day %u: %s", w->day, said);
	return -1;
}

int
life_point(struct life *l)
{
	if (!l->dead && l->left > 0 && --l->left == 0)
		l->dead = true;
	return l->dead ? -1 : 0;
}

static int64_t
moment(unsigned at)
{
	return at == 0 ? TIME_NONE : EPOCH + (int64_t)at * TICK;
}

static const char *
feed_name(const struct file *f)
{
	return f->feed == 0 ? "f0" : "f1";
}

static const struct file *
todays_file(const struct world *w)
{
	return &w->h->files[w->today->file];
}

/* A call of the program failed: it was killed, or the API did not answer; else a bug. */
static int
failed(struct world *w, const struct err *e)
{
	if (w->failed)
		return -1;
	if (w->life.dead || e->code == ERR_API)
		return AGAIN;
	return world_fail(w, "error: %s", e->msg);
}

/* ---- reading ---- */

static bool
is_snapshot(const struct world *w)
{
	return w->h->snapshot && todays_file(w)->feed == 0;
}

static void
make_conf(struct world *w, enum mode mode)
{
	const struct file *f = todays_file(w);
	struct intake *in = w->intake;

	in->conf = (struct changes_conf){.ledger = &w->ledger,
	    .keys = &w->ledger.keys,
	    .scope = SCOPE,
	    .source = SOURCE,
	    .feed = feed_name(f),
	    .batch_records = w->today->batch_records,
	    .batch_bytes = 1u << 20,
	    .outbox_dir = "/tmp",
	    .outbox_memory = OUTBOX_MEMORY,
	    .file_at = moment(f->at),
	    .old = mode != MODE_RUN,
	    .refused_only = mode >= MODE_RETRY};
	if (is_snapshot(w) && mode != MODE_RETRY)
		in->conf.missing = w->missing;
}

struct texts {
	char id[3], patient[3], content[3], event[3];
};

static size_t
fill_values(const struct world *w, const struct row *row, const struct schema *s,
    struct texts *t, struct value v[2])
{
	bool appointment = is_appointment(row->record);
	size_t n = 0;

	if (row->kind == ROW_MERGE) {
		record_id(row->patient, t->patient);
		v[0] = (struct value){
		    .field = (unsigned short)schema_field(s, SPAN_LIT("retired_id")),
		    .text = span_of(t->patient)};
		return 1;
	}
	if (row->kind != ROW_WHOLE && row->kind != ROW_UNMERGE)
		return 0;
	t->content[0] = 'c';
	t->content[1] = (char)('0' + content_of(row, w->version));
	t->content[2] = '\0';
	record_id(row->patient, t->patient);
	if (appointment)
		v[n++] = (struct value){
		    .field = (unsigned short)schema_field(s, SPAN_LIT("patient_id")),
		    .text = span_of(t->patient)};
	v[n++] = (struct value){
	    .field = (unsigned short)schema_field(
		s, appointment ? SPAN_LIT("comment") : SPAN_LIT("preferred_name")),
	    .text = span_of(t->content)};
	return n;
}

static enum record_op
op_of(const struct file *f, const struct row *row)
{
	if (row->kind == ROW_MERGE)
		return OP_MERGE;
	if (f->feed == 1)
		return OP_PATCH;
	return row->kind == ROW_DELETE ? OP_DELETE : OP_PUT;
}

static int
add_row(struct world *w, unsigned number, struct err *e)
{
	const struct file *f = todays_file(w);
	const struct row *row = &f->rows[number];
	const struct schema *s = schema_by_type(
	    is_appointment(row->record) ? RECORD_APPOINTMENT : RECORD_PATIENT);
	struct texts t = {.event = {'t', (char)('0' + row->at), '\0'}};
	struct value values[2];
	bool snapshot = w->intake->conf.missing != NULL;
	struct record r = {.schema = s,
	    .op = op_of(f, row),
	    .unmerge = row->kind == ROW_UNMERGE,
	    .patched = op_of(f, row) == OP_PATCH,
	    .values = values,
	    .nvalues = fill_values(w, row, s, &t, values),
	    .event_at = moment(row->at),
	    .event_latest = moment(row->at),
	    .window = moment(row->window),
	    .timed = w->h->timed[f->feed],
	    .row = number + 2};

	record_id(row->record, t.id);
	r.id = span_of(t.id);
	if (row->at > 0)
		r.event_at_text = span_of(t.event);
	/* It matters where something may be missing, and nowhere else. */
	if (row->kind == ROW_PRESENT)
		return !snapshot ? 0 : changes_present(w->intake->changes, &r, e);
	return changes_add(w->intake->changes, &r, e);
}

static int
read_line(struct world *w, unsigned number, struct err *e)
{
	const struct file *f = todays_file(w);
	unsigned left = f->nrows - number;
	const struct line l = {&f->rows[number], left < w->h->line ? left : w->h->line};
	int rc = line_begin(w, &l, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	for (unsigned i = 0; i < l.n; i++)
		if (add_row(w, number + i, e) != 0)
			return -1;
	return line_end(w, &l, e);
}

static int
read_rows(struct world *w, enum mode mode, struct err *e)
{
	struct intake *in = w->intake;

	changes_free(in->changes);
	make_conf(w, mode);
	if ((in->changes = changes_new(&in->conf, e)) == NULL)
		return -1;
	lines_open(w, mode);
	for (unsigned i = 0; i < todays_file(w)->nrows; i += w->h->line)
		if (read_line(w, i, e) != 0)
			return -1;
	if (in->conf.missing != NULL && changes_missing(in->changes, e) != 0)
		return -1;
	return changes_end(in->changes, in->list, e);
}

static int
check_counts(struct world *w, const struct outlook *o)
{
	const struct changes_counts *n = changes_counts(w->intake->changes);

	if (n->records + n->removals !=
	    n->changed + n->unchanged + n->duplicate + n->stale + n->refused)
		return world_fail(w, "the books do not balance");
	if (n->changed != o->changed || n->unchanged != o->unchanged ||
	    n->duplicate != o->duplicate || n->stale != o->stale ||
	    n->refused != o->refused || n->removals != o->removals)
		return world_fail(w,
		    "changed %u unchanged %u duplicate %u stale %u refused %u removals %u "
		    "expected, and %llu %llu %llu %llu %llu %llu found",
		    o->changed, o->unchanged, o->duplicate, o->stale, o->refused,
		    o->removals, (unsigned long long)n->changed,
		    (unsigned long long)n->unchanged, (unsigned long long)n->duplicate,
		    (unsigned long long)n->stale, (unsigned long long)n->refused,
		    (unsigned long long)n->removals);
	return 0;
}

/* The program's reading, and the model's, which must come to the same. */
static int
read_file(struct world *w, enum mode mode, struct outlook *o)
{
	const struct reading r = {todays_file(w), mode, w->version};
	struct err e = {.code = ERR_NONE};

	if (read_rows(w, mode, &e) != 0)
		return failed(w, &e);
	model_read(&w->model, &r, o);
	return check_counts(w, o);
}

/* ---- delivering ---- */

static int
check_sum(struct world *w, const struct merged *sum)
{
	unsigned n[EVENT_UNSENT + 1] = {0};

	for (unsigned i = 0; i < w->pass.n; i++) {
		const struct event *ev = &w->pass.events[i];

		n[ev->end] += !ev->touch || ev->end == EVENT_DOUBTFUL;
	}
	if (sum->taken != n[EVENT_TAKEN] || sum->refused != n[EVENT_REFUSED] ||
	    sum->doubtful != n[EVENT_DOUBTFUL])
		return world_fail(w,
		    "%u taken, %u refused, %u doubtful expected; %llu, %llu, %llu in the ledger",
		    n[EVENT_TAKEN], n[EVENT_REFUSED], n[EVENT_DOUBTFUL],
		    (unsigned long long)sum->taken, (unsigned long long)sum->refused,
		    (unsigned long long)sum->doubtful);
	return 0;
}

/* Merged and concluded. */
static int
close_pass(struct world *w, struct pass *p)
{
	const struct conclusion c = {.pass = p};
	struct err e = {.code = ERR_NONE};
	struct merged sum;

	if (pass_merge(&w->ledger, p, &sum, &e) != 0)
		return failed(w, &e);
	if (check_sum(w, &sum) != 0)
		return -1;
	if (ledger_conclude(&w->ledger, &c, &e) != 0)
		return failed(w, &e);
	model_close(&w->model, &w->pass);
	w->open = false;
	return OVER;
}

static int
all_answered(struct world *w)
{
	for (unsigned i = 0; i < w->pass.n; i++)
		if (w->pass.events[i].end != EVENT_TAKEN &&
		    w->pass.events[i].end != EVENT_REFUSED)
			return world_fail(w, "row %u is lost", w->pass.events[i].row);
	return 0;
}

static int
finish(struct world *w, struct pass *p)
{
	int rc;

	if (api_ends(w) != 0)
		return failed(w, &(struct err){.code = ERR_NONE});
	if (all_answered(w) != 0)
		return -1;
	if ((rc = close_pass(w, p)) == OVER)
		lines_keep(w);
	return rc;
}

static int
send_all(struct world *w, struct pass *p)
{
	struct err e = {.code = ERR_NONE};
	int rc;

	w->feed.target.in_flight = w->today->in_flight;
	problems_init(&w->intake->problems);
	rc = send_changes(&w->job, p, w->intake, &e);
	problems_release(&w->intake->problems);
	return rc != 0 ? failed(w, &e) : finish(w, p);
}

static struct pass
new_pass(const struct world *w, enum mode mode)
{
	static const enum pass_mode modes[] = {
	    PASS_RUN, PASS_BACKFILL, PASS_RETRY, PASS_RETRY};
	const struct file *f = todays_file(w);
	struct pass p = {.scope = SCOPE,
	    .size = 1,
	    .clock = EPOCH,
	    .mode = modes[mode],
	    .file_at = moment(f->at),
	    .batches = changes_counts(w->intake->changes)->batches};

	memcpy(p.feed, feed_name(f), 3);
	memset(p.sha256, w->today->file, sizeof(p.sha256));
	memset(p.file.b, w->today->file, sizeof(p.file.b));
	memcpy(p.changes, w->intake->list, SHA256_SIZE);
	return p;
}

static int
deliver(struct world *w)
{
	enum mode mode = (enum mode)w->today->mode;
	struct err e = {.code = ERR_NONE};
	struct outlook o;
	struct pass p;
	int rc = read_file(w, mode, &o);

	if (rc != 0)
		return rc;
	p = new_pass(w, mode);
	if (p.batches == 0 && o.n > 0)
		return world_fail(w, "%u changes give no batch", o.n);
	if (p.batches == 0) {
		lines_keep(w);
		return OVER;
	}
	if (pass_open(&w->ledger, &p, &e) != 0)
		return failed(w, &e);
	w->open = true;
	w->pass = o;
	memset(w->told, 0, sizeof(w->told));
	return send_all(w, &p);
}

/* ---- making up for a run that was killed ---- */

static int
abandon(struct world *w, struct pass *p)
{
	if (api_ends(w) != 0)
		return failed(w, &(struct err){.code = ERR_NONE});
	return close_pass(w, p);
}

static bool
same_list(const struct world *w, const struct pass *p)
{
	return p->batches == changes_counts(w->intake->changes)->batches &&
	       memcmp(p->changes, w->intake->list, SHA256_SIZE) == 0;
}

static bool
same_outlook(const struct outlook *a, const struct outlook *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->events[i].row != b->events[i].row ||
		    a->events[i].record != b->events[i].record ||
		    a->events[i].at != b->events[i].at ||
		    a->events[i].content != b->events[i].content)
			return false;
	return true;
}

/* Of a snapshot rows that another took the place of are in the list as well. */
static int
check_same(struct world *w, bool same, const struct outlook *o)
{
	bool really = same_outlook(&w->pass, o);

	if (same && !really)
		return world_fail(w, "other changes pass for those of the open pass");
	if (!same && really && !is_snapshot(w))
		return world_fail(w, "the same changes do not pass for the open pass's");
	return 0;
}

static int
resume_pass(struct world *w, struct pass *p)
{
	struct outlook o;
	bool same;
	int rc;

	if (p->closing)
		return close_pass(w, p);
	if (w->gone)
		return abandon(w, p);
	if ((rc = read_file(w, (enum mode)w->today->mode, &o)) != 0)
		return rc;
	same = same_list(w, p);
	if (check_same(w, same, &o) != 0)
		return -1;
	if (same)
		return send_all(w, p);
	rc = abandon(w, p);
	return rc == OVER ? ANEW : rc;
}

static int
run_once(struct world *w)
{
	struct err e = {.code = ERR_NONE};
	struct pass p;
	int r = pass_get(&w->ledger, SCOPE, &p, &e), rc;

	if (r < 0)
		return failed(w, &e);
	if (r != w->open)
		return world_fail(
		    w, w->open ? "the open pass is lost" : "a pass is open");
	if (r == 1 && (rc = resume_pass(w, &p)) != ANEW)
		return rc;
	return w->gone ? OVER : deliver(w);
}

/* The next run finds what the last one left. */
static void
rise(struct world *w, unsigned run)
{
	const struct step *s = w->today;
	bool killed = w->life.dead;

	api_forgotten(w);
	lines_forget(w);
	w->life = (struct life){
	    .left = run + 1 < KILLS_MAX ? s->kills[run + 1].after : 0};
	if (!killed || run >= KILLS_MAX)
		return;
	w->version += s->kills[run].found == FOUND_OTHER_MAP;
	w->gone |= s->kills[run].found == FOUND_GONE;
}

/* ---- what must be true at the end of a day ---- */

static struct digest
content_digest(const struct world *w, unsigned side, unsigned record, int content)
{
	char text[100], one[3], other[3];

	if (side == MERGES && content == CONTENT_UNMERGED)
		return (struct digest){.b = {0}};
	if (side == MERGES) {
		record_id((unsigned)(content - CONTENT_MERGE) / IDS % IDS, one);
		record_id((unsigned)(content - CONTENT_MERGE) % IDS, other);
		return digest_parts(&w->ledger.keys, KEY_CONTENT,
		    (const struct span[]){
			SPAN_LIT("merge"), span_of(one), span_of(other)},
		    3);
	}

	if (content == CONTENT_DELETE)
		snprintf(text, sizeof(text), "delete{}");
	else if (is_appointment(record))
		snprintf(text, sizeof(text),
		    "%s{\"patient_id\":\"P%d\",\"comment\":\"c%d\"}",
		    side == PATCHES ? "patch" : "put", content / CONTENTS,
		    content % CONTENTS);
	else
		snprintf(text, sizeof(text), "%s{\"preferred_name\":\"c%d\"}",
		    side == PATCHES ? "patch" : "put", content);
	return digest_bytes(&w->ledger.keys, KEY_CONTENT, text, strlen(text));
}

static bool
same_fact(struct world *w, unsigned side, unsigned record, const struct known *k)
{
	const struct fact *f = &w->model.facts[side][record];
	struct digest taken = content_digest(w, side, record, f->content);
	struct digest refused = content_digest(w, side, record, f->refused);
	bool removed = f->taken &&
		       (f->content == CONTENT_DELETE || f->content == CONTENT_UNMERGED);
	int64_t window = side != MERGES   ? moment(f->window)
			 : f->window == 0 ? TIME_NONE
					  : (int64_t)f->window;

	if (!k->found || !f->known)
		return k->found == f->known;
	return ((k->flags & KNOWN_EMPTY) == 0) == f->taken &&
	       ((k->flags & KNOWN_DOUBT) != 0) == f->doubtful &&
	       ((k->flags & KNOWN_TOMBSTONE) != 0) == removed &&
	       ((k->flags & KNOWN_REFUSED) != 0) == (f->refused != CONTENT_NONE) &&
	       k->at == moment(f->at) && k->window == window &&
	       (!f->taken || digest_eq(&k->content, &taken)) &&
	       (f->refused == CONTENT_NONE || digest_eq(&k->refused, &refused));
}

static int
check_record(struct world *w, unsigned record)
{
	const struct held *a = &w->api[record], *m = &w->model.api[record];
	static const char *const sides[] = {"whole", "patches", "merges"};
	const struct digest section = patch_section(&w->ledger.keys, "f1");
	struct lookup it[SIDES];
	struct err e = {.code = ERR_NONE};
	char id[3];

	record_id(record, id);
	it[WHOLE].key = record_key(&w->ledger.keys, SOURCE,
	    is_appointment(record) ? RECORD_APPOINTMENT : RECORD_PATIENT, span_of(id));
	it[PATCHES].key = record_key_patch(&it[WHOLE].key, &section);
	it[MERGES].key = record_key(&w->ledger.keys, SOURCE, RECORD_RETIRED, span_of(id));
	if (ledger_known(&w->ledger, SCOPE, it, SIDES, &e) != 0)
		return failed(w, &e);
	for (unsigned s = 0; s < SIDES; s++)
		if (!same_fact(w, s, record, &it[s].known))
			return world_fail(
			    w, "of %s the ledger knows otherwise (%s)", id, sides[s]);
	if (a->there != m->there || a->put != m->put || a->patched != m->patched ||
	    a->merged != m->merged)
		return world_fail(w,
		    "the API has of %s: there %d put %d patched %d; expected %d %d %d",
		    id, a->there, a->put, a->patched, m->there, m->put, m->patched);
	return 0;
}

static int
play_day(struct world *w)
{
	int rc = AGAIN;

	w->gone = false;
	w->life = (struct life){.left = w->today->kills[0].after};
	w->dice.state = w->today->seed;
	for (unsigned run = 0; rc == AGAIN; run++) {
		if (run == RUNS_MAX)
			return world_fail(w, "it does not end");
		rc = run_once(w);
		if (w->failed)
			return -1;
		rise(w, run);
	}
	w->life = (struct life){.left = 0};
	for (unsigned r = 0; r < RECORDS && rc == 0; r++)
		rc = check_record(w, r);
	return rc;
}

/* ---- a quiet end ---- */

/* The last row of a record in a file; NULL: there is none. */
static const struct row *
last_row(const struct file *f, unsigned record)
{
	for (unsigned i = f->nrows; i-- > 0;)
		if (f->rows[i].record == record)
			return &f->rows[i];
	return NULL;
}

/*
 * What it is all about, in words of its own: after an undisturbed day the API has what the
 * rows of a file without event times say, and of a snapshot nothing else. What it refused
 * stays refused until the row changes.
 */
static int
check_truth(struct world *w, unsigned record)
{
	const struct row *r = last_row(todays_file(w), record);
	int refused = w->model.facts[WHOLE][record].refused;
	int has = w->api[record].put, want = CONTENT_DELETE;

	if (r == NULL && (!w->h->snapshot || (w->h->window && is_appointment(record))))
		return 0;
	if (r != NULL && r->kind == ROW_PRESENT)
		return 0;
	if (r != NULL)
		want = model_content(r, w->version);
	if (w->h->merges || want == refused ||
	    has == (want == CONTENT_DELETE ? CONTENT_NONE : want))
		return 0;
	return world_fail(w, "the API has content %d of record %u, and the last row %d",
	    has, record, want);
}

/* Two contents of a record in one file are two changes, each time that it comes. */
static bool
says_one_thing(const struct world *w)
{
	const struct file *f = todays_file(w);

	for (unsigned i = 0; i < f->nrows; i++)
		if (f->rows[i].kind >= ROW_MERGE ||
		    model_content(&f->rows[i], 0) !=
			model_content(last_row(f, f->rows[i].record), 0))
			return false;
	return true;
}

/* A day on which nothing goes wrong, and the same again, when nothing is left to be sent. */
static int
play_quiet(struct world *w, const struct history *h)
{
	const struct step quiet = {.file = h->steps[h->nsteps - 1].file,
	    .mode = MODE_RUN,
	    .batch_records = 3,
	    .in_flight = 2};
	int rc;

	w->day = UINT8_MAX;
	w->today = &quiet;
	rc = play_day(w);
	for (unsigned r = 0; r < RECORDS && rc == 0; r++)
		if (todays_file(w)->feed == 0 && !h->timed[0])
			rc = check_truth(w, r);
	if (rc != 0 || play_day(w) != 0)
		return -1;
	return !says_one_thing(w) || changes_counts(w->intake->changes)->changed == 0
		   ? 0
		   : world_fail(w, "the same file again gives changes");
}

/* ---- a history ---- */

static int64_t
wall(void *self)
{
	(void)self;
	return EPOCH;
}

static int
before_commit(void *arg)
{
	return life_point(&((struct world *)arg)->life);
}

static void
after_commit(void *arg)
{
	api_kept(arg);
}

static bool
is_dead(void *arg)
{
	return ((struct world *)arg)->life.dead;
}

static int
set_up(struct world *w, const struct history *h)
{
	struct err e;

	w->h = h;
	model_init(&w->model, h);
	for (unsigned r = 0; r < RECORDS; r++)
		w->api[r] = w->model.api[r];
	w->clock = (struct clock){.wall = wall, .mono = wall, .self = w};
	w->app.clock = &w->clock;
	w->job = (struct job){.app = &w->app,
	    .share = &w->share,
	    .feed = &w->feed,
	    .out = &w->report,
	    .ledger = &w->ledger,
	    .scope = SCOPE,
	    .progress = {.clock = &w->clock}};
	w->missing[RECORD_PATIENT] = (struct missing){
	    .how = MISSING_DELETE, .op = OP_PUT, .timed = h->timed[0]};
	w->missing[RECORD_APPOINTMENT] = w->missing[RECORD_PATIENT];
	w->missing[RECORD_APPOINTMENT].window = h->window;
	w->ledger.ops = &store_memory;
	w->ledger.format = LEDGER_FORMAT;
	memset(&w->ledger.keys, 7, sizeof(w->ledger.keys));
	memset(w->ledger.id, 9, sizeof(w->ledger.id));
	if ((w->ledger.store = store_memory.open("", true, &e)) == NULL)
		return -1;
	store_memory_watch(w->ledger.store,
	    &(struct store_watch){before_commit, after_commit, is_dead, w});
	return 0;
}

static void
tear_down(struct world *w)
{
	changes_free(w->intake->changes);
	w->intake->changes = NULL;
	lines_forget(w);
	lines_remove(w);
	store_memory.close(w->ledger.store);
	for (size_t i = 0; i < w->nrequests; i++)
		free(w->requests[i].body);
	free(w->requests);
}

int
world_play(struct world *w, const struct history *h)
{
	int rc = set_up(w, h);

	for (; w->day < h->nsteps && rc == 0; w->day++) {
		w->today = &h->steps[w->day];
		if ((rc = play_day(w)) != 0)
			break;
	}
	if (rc == 0)
		rc = play_quiet(w, h);
	tear_down(w);
	return rc;
}
