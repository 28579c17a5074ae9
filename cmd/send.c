/*
 * Send: the outbox's batches to the API, several in flight, each intent committed
 * before its batch goes out and each answer as soon as it is there (P5). A batch
 * waits for those that hold what it refers to (P6).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/job_impl.h"
#include "outbound/outbox.h"

/* One batch in flight. A second round sends only what the API wanted later. */
struct flight {
	bool busy;
	bool silent; /* nothing of it is to be sent */
	struct frame frame;
	struct buf body;
	struct batch batch;
	struct batch_record *records;
	struct entry *entries;
	size_t *place;           /* records[i] is frame.records[place[i]] */
	unsigned char *outcomes; /* one a record of the frame */
	size_t cap;
	unsigned round;
};

struct sender {
	struct job *job;
	const struct pass *pass;
	struct intake *in;
	struct target_env env;
	struct target *target;
	struct flight *flights;
	size_t nflights;
	struct frame next; /* taken from the outbox, not sent yet */
	bool have_next, ended;
	uint64_t sent, later;
	uint64_t first_later;   /* lowest batch that has one; 0: none */
	struct intent *intents; /* of this turn */
	struct ack *acks;
	size_t nintents, nacks;
};

static uint32_t
jitter(void *arg)
{
	uint32_t v;

	(void)arg;
	random_bytes(&v, sizeof(v));
	return v;
}

static int
flight_room(struct flight *f, size_t n)
{
	void *r, *en, *pl, *o;

	if (n <= f->cap)
		return 0;
	r = reallocarray(f->records, n, sizeof(*f->records));
	f->records = r != NULL ? r : f->records;
	en = reallocarray(f->entries, n, sizeof(*f->entries));
	f->entries = en != NULL ? en : f->entries;
	pl = reallocarray(f->place, n, sizeof(*f->place));
	f->place = pl != NULL ? pl : f->place;
	o = realloc(f->outcomes, n);
	f->outcomes = o != NULL ? o : f->outcomes;
	if (r == NULL || en == NULL || pl == NULL || o == NULL)
		return -1;
	f->cap = n;
	return 0;
}

static void
flight_release(struct flight *f)
{
	frame_release(&f->frame);
	buf_release(&f->body);
	free(f->records);
	free(f->entries);
	free(f->place);
	free(f->outcomes);
}

/* A merge is kept by the id that it retires, and is about a patient. */
static const char *
type_name(enum record_type type)
{
	return schema_by_type(type == RECORD_RETIRED ? RECORD_PATIENT : type)->name;
}

static void
note_refusal(struct sender *s, const struct frame_record *r)
{
	const struct problem p = {.code = PROBLEM_API_REFUSED,
	    .weight = WEIGHT_REJECT,
	    .row = r->row,
	    .type = type_name(r->entry.key.type)};

	problems_add(&s->in->problems, &p);
	if (s->in->acks != NULL)
		acks_refuse(s->in->acks, r->row, p.code);
}

/* What an earlier run learnt of this batch: 0 nothing, 1 something, -1. */
static int
recall(struct sender *s, struct flight *f, struct err *e)
{
	struct ack ack = {.batch = f->frame.number, .outcomes = f->outcomes, .n = f->cap};
	int r;

	for (size_t i = 0; i < f->frame.n; i++) {
		f->entries[i] = f->frame.records[i].entry;
		f->outcomes[i] = f->frame.records[i].length == 0 ? OUTCOME_TOUCHED
								 : OUTCOME_NONE;
	}
	f->round = 0;
	r = pass_ack(s->job->ledger, s->pass, &ack, e);
	if (r == 1 && ack.n != f->frame.n)
		return err_set(e, ERR_INTERNAL, "a batch has another size than it had");
	if (r != 1)
		return r;
	f->round = ack.round;
	/* What a run that was killed was told is told again. */
	for (size_t i = 0; i < f->frame.n; i++)
		if (f->outcomes[i] == OUTCOME_REFUSED)
			note_refusal(s, &f->frame.records[i]);
	return 1;
}

static void
write_head(const struct sender *s, const struct flight *f, struct json *j)
{
	char hex[2 * SHA256_SIZE + 1];

	jw_object(j);
	jw_put_cstr(j, "schema", "emrdrop/1");
	jw_put_cstr(j, "feed", s->pass->feed);
	jw_key(j, SPAN_LIT("file"));
	jw_object(j);
	digest_hex(&s->pass->file, hex);
	jw_put_cstr(j, "id", hex);
	hex_encode(s->pass->sha256, SHA256_SIZE, hex);
	jw_put_cstr(j, "sha256", hex);
	jw_object_end(j);
	jw_put_uint(j, "pass", s->pass->number);
	jw_put_cstr(j, "batch", f->batch.path);
	jw_key(j, SPAN_LIT("records"));
	jw_array(j);
}

/* The record's object within the body; its place is fixed up once the body is whole. */
static void
write_record(struct flight *f, size_t from, struct json *j)
{
	const struct frame_record *fr = &f->frame.records[from];
	struct batch_record *r = &f->records[f->batch.n];

	jw_raw(j, (struct span){f->frame.json.p + fr->at, fr->length});
	*r = (struct batch_record){.n = fr->n,
	    .json = {NULL, fr->length},
	    .type = type_name(fr->entry.key.type),
	    .id = fr->name,
	    .remove = fr->remove};
	f->place[f->batch.n++] = from;
}

static struct digest
batch_key(const struct sender *s, const struct flight *f)
{
	char pass[24];
	const struct span parts[] = {
	    {(const char *)ledger_id(s->job->ledger), LEDGER_ID_SIZE},
	    span_of(s->pass->feed),
	    {pass, (size_t)snprintf(
		       pass, sizeof(pass), "%llu", (unsigned long long)s->pass->number)},
	    span_of(f->batch.path), buf_span(&f->body)};

	return digest_parts(ledger_keys(s->job->ledger), KEY_BATCH, parts, 5);
}

static void
place_records(struct flight *f, size_t *starts)
{
	for (size_t i = 0; i < f->batch.n; i++)
		f->records[i].json.p = f->body.p + starts[i];
}

static int
write_body(struct sender *s, struct flight *f, struct err *e)
{
	size_t *starts = calloc(f->frame.n + 1, sizeof(*starts));
	struct digest key;
	struct json j;

	if (starts == NULL)
		return err_nomem(e);
	buf_clear(&f->body);
	jw_init(&j, &f->body);
	write_head(s, f, &j);
	for (size_t i = 0; i < f->frame.n; i++) {
		if (f->outcomes[i] != OUTCOME_NONE && f->outcomes[i] != OUTCOME_LATER)
			continue;
		starts[f->batch.n] = f->body.n + (f->batch.n > 0);
		write_record(f, i, &j);
	}
	jw_array_end(&j);
	jw_object_end(&j);
	place_records(f, starts);
	free(starts);
	key = batch_key(s, f);
	digest_hex(&key, f->batch.key);
	f->batch.body = buf_span(&f->body);
	return buf_check(&f->body, "a batch", e);
}

/* Halves are 3.0 and 3.1; 3.2.N is what the API wanted later, asked for the Nth time. */
static void
write_path(struct flight *f)
{
	unsigned long long number = f->frame.number;

	if (f->round == 0)
		snprintf(f->batch.path, sizeof(f->batch.path), "%llu", number);
	else
		snprintf(
		    f->batch.path, sizeof(f->batch.path), "%llu.2.%u", number, f->round);
}

static bool
unanswered(const struct flight *f)
{
	for (size_t i = 0; i < f->frame.n; i++)
		if (f->outcomes[i] == OUTCOME_NONE || f->outcomes[i] == OUTCOME_LATER)
			return true;
	return false;
}

/* Makes a batch of what is still to be sent of the frame: 1, 0 if it is behind us, -1. */
static int
prepare(struct sender *s, struct flight *f, struct err *e)
{
	int known;

	if (flight_room(f, f->frame.n) != 0)
		return err_nomem(e);
	if ((known = recall(s, f, e)) < 0)
		return -1;
	f->silent = !unanswered(f);
	if (f->silent)
		return known ==
		       0; /* only times move on: an intent, and nothing to send */
	f->batch = (struct batch){
	    .number = f->frame.number, .records = f->records, .tag = f};
	write_path(f);
	return write_body(s, f, e) == 0 ? 1 : -1;
}

/* May it go out: is everything taken that it waits for? */
static bool
may_go(const struct sender *s, const struct frame *f)
{
	if (s->first_later != 0 && f->after >= s->first_later)
		return false;
	for (size_t i = 0; i < s->nflights; i++)
		if (s->flights[i].busy && s->flights[i].frame.number <= f->after)
			return false;
	return true;
}

static struct flight *
free_flight(struct sender *s)
{
	for (size_t i = 0; i < s->nflights; i++)
		if (!s->flights[i].busy)
			return &s->flights[i];
	return NULL;
}

/* 1: s->next is the next batch; 0: there is none; -1. */
static int
look_ahead(struct sender *s, struct err *e)
{
	int r;

	if (s->have_next || s->ended)
		return s->have_next;
	r = changes_next(s->in->changes, &s->next, e);
	s->have_next = r == 1;
	s->ended = r == 0;
	return r;
}

static void
queue(struct sender *s, struct flight *f)
{
	f->busy = true;
	/* In a second round the intent has stood there since the first. */
	if (f->round == 0)
		s->intents[s->nintents++] = (struct intent){
		    f->frame.number, f->entries, f->frame.n};
	if (f->silent)
		s->acks[s->nacks++] = (struct ack){
		    f->frame.number, 1, f->outcomes, f->frame.n};
}

/* Prepares as many batches as may go out now; `ready` lists them. */
static int
fill(struct sender *s, struct flight **ready, size_t *n, struct err *e)
{
	struct flight *f;
	struct frame swap;
	int r;

	for (*n = 0; (f = free_flight(s)) != NULL;) {
		if ((r = look_ahead(s, e)) != 1)
			return r;
		if (!may_go(s, &s->next))
			return 0;
		swap = f->frame;
		f->frame = s->next;
		s->next = swap;
		s->have_next = false;
		if ((r = prepare(s, f, e)) < 0)
			return -1;
		if (r == 0)
			continue;
		queue(s, f);
		ready[(*n)++] = f;
	}
	return 0;
}

static int
commit(struct sender *s, struct err *e)
{
	const struct pass_step step = {s->intents, s->nintents, s->acks, s->nacks};
	int r = 0;

	if (s->nintents + s->nacks > 0)
		r = pass_commit(s->job->ledger, s->pass, &step, e);
	s->nintents = s->nacks = 0;
	return r;
}

static void
note_later(struct sender *s, const struct flight *f)
{
	s->later++;
	if (s->first_later == 0 || f->frame.number < s->first_later)
		s->first_later = f->frame.number;
}

static void
take_answer(struct sender *s, const struct answer *a)
{
	static const unsigned char outcome[] = {[TAKEN] = OUTCOME_TAKEN,
	    [TAKEN_REFUSED] = OUTCOME_REFUSED,
	    [TAKEN_LATER] = OUTCOME_LATER};
	struct flight *f = a->batch->tag;

	for (size_t i = 0; i < f->batch.n; i++) {
		f->outcomes[f->place[i]] = outcome[a->results[i].taken];
		if (a->results[i].taken == TAKEN_LATER)
			note_later(s, f);
		if (a->results[i].taken == TAKEN_REFUSED)
			note_refusal(s, &f->frame.records[f->place[i]]);
	}
	s->acks[s->nacks++] = (struct ack){
	    f->frame.number, f->round + 1, f->outcomes, f->frame.n};
	s->sent++;
	f->busy = false;
}

/* What is acknowledged is committed even if the delivery ends here. */
static int
turn(struct sender *s, struct flight **ready, bool *more, struct err *e)
{
	struct answer answers[TARGET_IN_FLIGHT_MAX];
	struct err own;
	size_t n;
	int r;

	if (fill(s, ready, &n, e) != 0 || commit(s, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		ready[i]->busy = !ready[i]->silent;
		if (!ready[i]->silent &&
		    target_submit(s->target, &ready[i]->batch, e) != 0)
			return -1;
	}
	r = target_wait(s->target, answers, TARGET_IN_FLIGHT_MAX, e);
	for (int i = 0; i < r; i++)
		take_answer(s, &answers[i]);
	if (r > 0 && commit(s, &own) != 0) {
		*e = own;
		return -1;
	}
	*more = r > 0 || (s->have_next ? may_go(s, &s->next) : !s->ended);
	progress_show(&s->job->progress, "batches", s->sent, s->sent);
	return r < 0 ? -1 : 0;
}

static int
sender_init(struct sender *s, struct err *e)
{
	struct job *j = s->job;

	s->env = (struct target_env){.clock = j->app->clock,
	    .deadline = j->env.deadline,
	    .run = j->app->run,
	    .random = jitter};
	s->nflights = (size_t)j->feed->target.in_flight;
	s->flights = calloc(s->nflights, sizeof(*s->flights));
	s->intents = calloc(s->nflights, sizeof(*s->intents));
	s->acks = calloc(s->nflights, sizeof(*s->acks));
	if (s->flights == NULL || s->intents == NULL || s->acks == NULL)
		return err_nomem(e);
	frame_init(&s->next);
	for (size_t i = 0; i < s->nflights; i++) {
		frame_init(&s->flights[i].frame);
		buf_init(&s->flights[i].body, OUTBOX_FRAME_MAX);
	}
	s->target = target_open(&j->feed->target, &s->env, e);
	return s->target == NULL ? -1 : 0;
}

static void
sender_release(struct sender *s)
{
	struct target_stats stats;

	if (s->target != NULL) {
		target_stats(s->target, &stats);
		s->job->out->requests += stats.requests;
		s->job->out->retries += stats.retries;
	}
	target_close(s->target);
	for (size_t i = 0; s->flights != NULL && i < s->nflights; i++)
		flight_release(&s->flights[i]);
	frame_release(&s->next);
	free(s->flights);
	free(s->intents);
	free(s->acks);
}

int
send_changes(struct job *j, const struct pass *p, struct intake *in, struct err *e)
{
	struct sender s = {.job = j, .pass = p, .in = in};
	struct flight *ready[TARGET_IN_FLIGHT_MAX];
	bool more = true;
	int rc;

	progress_start(&j->progress, p->batches);
	for (rc = sender_init(&s, e); rc == 0 && more;)
		rc = turn(&s, ready, &more, e);
	progress_end(&j->progress);
	sender_release(&s);
	if (rc == 0 && s.later > 0)
		return err_set(e, ERR_API,
		    "the API wants %llu records later: the next run sends them again",
		    (unsigned long long)s.later);
	return rc;
}
