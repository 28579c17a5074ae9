/*
 * The API, which honours its keys, in place of outbound/target.c: the program's sender is
 * linked with this. What is sent is checked against what the model expects.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/model/world.h"

#define BATCH_MAX (ROWS_MAX + RECORDS)

struct target {
	struct world *w;
	const struct batch *queue[TARGET_IN_FLIGHT_MAX];
	size_t n;
	struct record_result results[TARGET_IN_FLIGHT_MAX][BATCH_MAX];
	uint64_t doubts, believed;
	bool takes;
};

void
record_id(unsigned record, char out[3])
{
	out[0] = is_appointment(record) ? 'A' : 'P';
	out[1] = (char)('0' + record % IDS);
	out[2] = '\0';
}

int
record_number(struct span id)
{
	if (id.n != 2 || id.p[1] < '0' || id.p[1] >= '0' + IDS)
		return -1;
	return id.p[1] - '0' + (id.p[0] == 'A' ? IDS : 0);
}

/* The text behind `name` in a record's object, up to the next quote or brace. */
static struct span
text_of(struct span json, const char *name)
{
	const char *at = memmem(json.p, json.n, name, strlen(name)), *end;
	const char *stop = json.p + json.n;

	if (at == NULL)
		return (struct span){NULL, 0};
	at += strlen(name);
	for (end = at; end < stop && strchr("\",}", *end) == NULL;)
		end++;
	return (struct span){at, (size_t)(end - at)};
}

static int
number_in(struct span s)
{
	int n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			n = n * 10 + s.p[i] - '0';
	return n;
}

/* Which event a record of a batch is: by its row, or of a removal by its id. */
static int
find_event(const struct world *w, const struct batch_record *r)
{
	int row = number_in(text_of(r->json, "\"row\":"));
	int record = record_number(r->id);

	for (unsigned i = 0; i < w->pass.n; i++) {
		const struct event *e = &w->pass.events[i];

		if (!e->touch && (int)e->row == row &&
		    record == (e->side == MERGES ? e->patient : (int)e->record))
			return (int)i;
	}
	return -1;
}

/* The content as the model numbers it, out of the body. */
static int
content_in(struct span json)
{
	struct span op = text_of(json, "\"op\":\"");
	struct span patient = text_of(json, "\"patient_id\":\"P");
	struct span name = text_of(json, "\"preferred_name\":\"c");
	struct span comment = text_of(json, "\"comment\":\"c");

	if (span_eq(op, SPAN_LIT("delete")))
		return CONTENT_DELETE;
	if (span_eq(op, SPAN_LIT("merge")))
		return CONTENT_MERGE + IDS * number_in(text_of(json, "\"id\":\"P")) +
		       number_in(text_of(json, "\"retired_id\":\"P"));
	return number_in(name) + number_in(comment) + CONTENTS * number_in(patient);
}

static bool
in_batch_before(const struct world *w, const struct batch *b, size_t at, unsigned event)
{
	for (size_t i = 0; i < at; i++)
		if (find_event(w, &b->records[i]) == (int)event)
			return true;
	return false;
}

/* Refused alone, and believed once a sibling is taken: so a sibling need not wait for it. */
static bool
is_doubted(const struct told *t, const struct batch *b)
{
	return t->doubt > 0 && t->batch == b->number;
}

/* P6: is everything answered that it must wait for, or before it in this batch? */
static int
check_order(struct world *w, const struct batch *b, size_t at, unsigned event)
{
	const struct event *later = &w->pass.events[event];

	for (unsigned i = 0; i < event; i++) {
		const struct event *first = &w->pass.events[i];

		if (first->touch || w->told[i].answered || is_doubted(&w->told[i], b) ||
		    !model_waits(&w->pass, first, later))
			continue;
		if (!model_together(first, later) || !in_batch_before(w, b, at, i))
			return world_fail(w,
			    "batch %s: row %u is sent before row %u was answered",
			    b->path, later->row, first->row);
	}
	return 0;
}

static int
check_sent(struct world *w, const struct batch *b, size_t at)
{
	int event = find_event(w, &b->records[at]);

	if (event < 0)
		return world_fail(
		    w, "batch %s: record %zu should not be sent", b->path, at);
	if (content_in(b->records[at].json) != w->pass.events[event].content)
		return world_fail(w, "batch %s: row %u has another content", b->path,
		    w->pass.events[event].row);
	if (w->told[event].kept)
		return world_fail(w,
		    "batch %s: row %u is sent again, and was acknowledged", b->path,
		    w->pass.events[event].row);
	w->told[event].submitted = true;
	w->told[event].batch = b->number;
	return check_order(w, b, at, (unsigned)event);
}

static struct request *
find_request(struct world *w, const char *key)
{
	for (size_t i = 0; i < w->nrequests; i++)
		if (strcmp(w->requests[i].key, key) == 0)
			return &w->requests[i];
	return NULL;
}

static struct request *
new_request(struct world *w, const struct batch *b)
{
	struct request *r;

	if (w->nrequests == w->cap) {
		w->cap = w->cap * 2 + 16;
		w->requests = reallocarray(w->requests, w->cap, sizeof(*w->requests));
		if (w->requests == NULL)
			abort();
	}
	r = &w->requests[w->nrequests++];
	memset(r, 0, sizeof(*r));
	memcpy(r->key, b->key, sizeof(r->key));
	r->body_n = b->body.n;
	if ((r->body = malloc(b->body.n)) == NULL)
		abort();
	memcpy(r->body, b->body.p, b->body.n);
	return r;
}

static bool
refuses(const struct world *w, const struct batch_record *r)
{
	int event = find_event(w, r);

	return event >= 0 && model_refused(&w->model, &w->pass.events[event], w->day);
}

/* The API makes up its mind about one record. */
static enum taken
decide(struct world *w, const struct batch *b, size_t at)
{
	int event = find_event(w, &b->records[at]);
	struct told *t = &w->told[event < 0 ? 0 : event];
	const struct event *e = &w->pass.events[event < 0 ? 0 : event];
	int record = record_number(b->records[at].id);

	if (event < 0 || record < 0)
		return TAKEN_REFUSED; /* told already */
	/* What was refused may be asked for again: it is not believed at once. */
	if (t->decided && t->taken) {
		world_fail(
		    w, "batch %s: row %u comes again under another key", b->path, e->row);
		return TAKEN;
	}
	if (w->today->later && t->later < 2 && dice_roll(&w->dice, 6) == 0) {
		t->later++;
		return TAKEN_LATER;
	}
	t->decided = true;
	t->taken = !model_refused(&w->model, e, w->day);
	if (!t->taken)
		return TAKEN_REFUSED;
	held_apply(&w->api[e->side == MERGES ? e->record : (unsigned)record], e->side,
	    content_in(b->records[at].json));
	w->changes++;
	return TAKEN;
}

/* Each key once: the same again is answered the same again. */
static const struct request *
receive(struct world *w, const struct batch *b)
{
	struct request *r = find_request(w, b->key);
	bool any = false;

	if (r != NULL) {
		if (r->body_n != b->body.n || memcmp(r->body, b->body.p, b->body.n) != 0)
			world_fail(
			    w, "batch %s: its key came with another body", b->path);
		return r;
	}
	r = new_request(w, b);
	for (size_t i = 0; i < b->n; i++)
		any |= refuses(w, &b->records[i]);
	r->refused = w->h->wholesale && any && b->n > 1;
	for (size_t i = 0; i < b->n && !r->refused; i++)
		r->results[i].taken = decide(w, b, i);
	return r;
}

struct target *
target_open(const struct target_conf *tc, const struct target_env *env, struct err *e)
{
	struct target *t = calloc(1, sizeof(*t));

	(void)tc;
	if (t == NULL)
		return err_nomem(e), NULL;
	t->w = env->clock->self;
	return t;
}

/* What is still on its way arrives, or does not. */
void
target_close(struct target *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		if (dice_roll(&t->w->dice, 2) == 0)
			receive(t->w, t->queue[i]);
	free(t);
}

static int
dead(struct err *e)
{
	return err_set(e, ERR_IO, "the process is dead");
}

int
target_submit(struct target *t, const struct batch *b, struct err *e)
{
	if (life_point(&t->w->life) != 0)
		return dead(e);
	for (size_t i = 0; i < b->n; i++)
		if (check_sent(t->w, b, i) != 0)
			return err_set(e, ERR_INTERNAL, "the model says no");
	t->queue[t->n++] = b;
	return 0;
}

/* The program hears of one record. */
static void
tell(struct target *t, const struct batch *b, size_t at, struct record_result *r)
{
	int event = find_event(t->w, &b->records[at]);

	if (event < 0)
		return;
	if (r->taken == TAKEN) {
		t->takes = true;
		t->believed = t->doubts;
	}
	if (r->taken == TAKEN_REFUSED && t->w->h->wholesale)
		t->w->told[event].doubt = r->doubt = ++t->doubts;
	else if (r->taken != TAKEN_LATER)
		t->w->told[event].answered = true;
}

static void
answer(struct target *t, size_t slot, size_t from, struct batch_answer *out)
{
	const struct batch *b = t->queue[from];
	const struct request *r;

	t->queue[from] = t->queue[--t->n];
	/* A cut answer: the target asks again by itself. */
	if (t->w->today->loses && dice_roll(&t->w->dice, 6) == 0)
		receive(t->w, b);
	r = receive(t->w, b);
	memcpy(t->results[slot], r->results, b->n * sizeof(r->results[0]));
	*out = (struct batch_answer){b, r->refused ? NULL : t->results[slot]};
	for (size_t i = 0; i < b->n && !r->refused; i++)
		tell(t, b, i, &t->results[slot][i]);
}

#define PATIENT 1000 /* ms: all answers of this API are there by then */

int
target_wait(struct target *t, struct batch_answer *out, size_t max, int64_t patience,
    struct err *e)
{
	struct world *w = t->w;
	size_t n;

	if (life_point(&w->life) != 0)
		return dead(e);
	if (t->n == 0 || (patience < PATIENT && dice_roll(&w->dice, 2) == 0))
		return 0;
	if (w->today->loses && dice_roll(&w->dice, 8) == 0) {
		receive(w, t->queue[dice_roll(&w->dice, (unsigned)t->n)]);
		return err_set(e, ERR_API, "the answer is lost");
	}
	if (w->life.left == 1)
		receive(w, t->queue[0]);
	if (life_point(&w->life) != 0)
		return dead(e);
	n = 1 + dice_roll(&w->dice, (unsigned)(t->n < max ? t->n : max));
	for (size_t i = 0; i < n; i++)
		answer(t, i, dice_roll(&w->dice, (unsigned)t->n), &out[i]);
	return w->failed ? err_set(e, ERR_INTERNAL, "the model says no") : (int)n;
}

/* Batches go out whole. */
size_t
target_rest(struct target *t, struct batch_answer *out, size_t max)
{
	(void)t;
	(void)out;
	(void)max;
	return 0;
}

uint64_t
target_believed(const struct target *t)
{
	for (unsigned i = 0; i < t->w->pass.n; i++) {
		struct told *told = &t->w->told[i];

		told->answered |= told->doubt > 0 && told->doubt <= t->believed;
	}
	return t->believed;
}

void
target_vouch(struct target *t)
{
	t->takes = true;
}

bool
target_takes(const struct target *t)
{
	return t->takes;
}

/* Here refusals are always meant. */
int
target_settle(struct target *t, struct err *e)
{
	if (life_point(&t->w->life) != 0)
		return dead(e);
	t->believed = t->doubts;
	return 0;
}

void
target_stats(const struct target *t, struct target_stats *out)
{
	(void)t;
	*out = (struct target_stats){.requests = 0};
}

void
api_kept(struct world *w)
{
	for (unsigned i = 0; i < w->pass.n; i++)
		w->told[i].kept |= w->told[i].answered;
}

void
api_forgotten(struct world *w)
{
	for (unsigned i = 0; i < w->pass.n; i++) {
		w->told[i].answered = w->told[i].kept;
		w->told[i].doubt = 0;
	}
}

/* ---- how a pass ends ---- */

/* The entries of committed intents, in the order of their batches, as README.md has them. */
struct intents {
	struct world *w;
	uint64_t acked; /* a bit for each batch with an acknowledgement */
	unsigned n;
	struct {
		int side, record;
		uint64_t batch;
	} v[2 * EVENTS_MAX];
};

static uint64_t
batch_of(struct span key)
{
	return (unsigned char)key.p[key.n - 1];
}

static int
note_ack(void *arg, struct span key, struct span value)
{
	struct intents *in = arg;

	(void)value;
	in->acked |= UINT64_C(1) << batch_of(key);
	return 0;
}

/* Which record has this key in the ledger? */
static int
record_of(const struct world *w, int type, const char *bytes)
{
	const struct site_keys *keys = &w->ledger.keys;
	const struct digest section = patch_section(keys, "f1");
	char id[3];

	for (unsigned r = 0; r < RECORDS; r++) {
		struct record_key k;

		record_id(r, id);
		k = record_key(keys, "s",
		    is_appointment(r) ? RECORD_APPOINTMENT : RECORD_PATIENT, span_of(id));
		if (w->pass.side == PATCHES)
			k = record_key_patch(&k, &section);
		if (type == RECORD_RETIRED)
			k = record_key(keys, "s", RECORD_RETIRED, span_of(id));
		if (memcmp(k.digest.b, bytes, DIGEST_SIZE) == 0)
			return (int)r;
	}
	return -1;
}

static int
note_intent(void *arg, struct span key, struct span value)
{
	struct intents *in = arg;
	uint32_t n, at;

	memcpy(&n, value.p, 4);
	for (uint32_t i = 0; i < n && in->n < 2 * EVENTS_MAX; i++) {
		memcpy(&at, value.p + 4 + 4 * (size_t)i, 4);
		in->v[in->n].side = value.p[at] == RECORD_RETIRED ? MERGES : 0;
		in->v[in->n].record = record_of(in->w, value.p[at], value.p + at + 1);
		in->v[in->n++].batch = batch_of(key);
	}
	return 0;
}

/* The batch of the next entry of this record; 0: it has none any more. */
static uint64_t
take_intent(struct intents *in, const struct event *e)
{
	for (unsigned i = 0; i < in->n; i++) {
		if (in->v[i].record != (int)e->record ||
		    (in->v[i].side == MERGES) != (e->side == MERGES))
			continue;
		in->v[i].record = -1;
		return in->v[i].batch;
	}
	return 0;
}

static void
end_event(struct event *e, const struct told *t, uint64_t batch, uint64_t acked)
{
	bool answered = (acked >> batch & 1) != 0;

	e->applied = t->decided && t->taken;
	if (e->touch)
		e->end = batch == 0 ? EVENT_UNSENT
			 : answered ? EVENT_TAKEN
				    : EVENT_DOUBTFUL;
	else if (t->kept)
		e->end = t->taken ? EVENT_TAKEN : EVENT_REFUSED;
	else
		e->end = batch != 0 || t->submitted ? EVENT_DOUBTFUL : EVENT_UNSENT;
}

int
api_ends(struct world *w)
{
	struct intents in = {.w = w};
	const struct visitor intents = {note_intent, &in}, acks = {note_ack, &in};
	const struct span all = {NULL, 0};
	struct err e;
	struct txn *t = store_memory.begin(w->ledger.store, false, &e);

	if (t == NULL)
		return -1;
	store_memory.each(t, TABLE_INTENTS, all, &intents, &e);
	store_memory.each(t, TABLE_ACKS, all, &acks, &e);
	store_memory.abort(t);
	for (unsigned i = 0; i < w->pass.n; i++) {
		struct event *ev = &w->pass.events[i];

		end_event(ev, &w->told[i], take_intent(&in, ev), in.acked);
	}
	return 0;
}
