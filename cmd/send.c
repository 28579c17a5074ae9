/*
 * Send: the outbox's batches to the API, several in flight, each intent committed
 * before its batch goes out (P5). As many again are in hand, so that one commit serves
 * several, and the answers that came since the last one. What is refused as a whole goes
 * out again in halves. A batch waits for those that hold what it refers to (P6).
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/job_impl.h"
#include "cmd/packer.h"

#define COMMIT_WAITS 20 /* ms: so long an answer waits for what goes out next */

struct sender {
	struct job *job;
	const struct pass *pass;
	struct intake *in;
	struct target_env env;
	struct target_conf conf; /* the feed's, at the pace of this pass */
	struct target *target;
	struct parcel *parcels;
	size_t n;         /* parcels: in flight, packed, answered or in doubt */
	size_t in_flight; /* at most, and as many packed */
	size_t packed, sending, doubts;
	struct packer *packer;
	uint64_t done, later;
	uint64_t first_later;          /* lowest batch that has one; 0: none */
	const struct intent **intents; /* room for one of each parcel */
	struct ack *acks;
};

static uint32_t
jitter(void *arg)
{
	uint32_t v;

	(void)arg;
	random_bytes(&v, sizeof(v));
	return v;
}

static void
note_refusal(struct sender *s, const struct frame_record *r)
{
	const struct problem p = {.code = PROBLEM_API_REFUSED,
	    .weight = WEIGHT_REJECT,
	    .row = r->row,
	    .type = frame_type_name(r->entry.key.type)};

	problems_add(&s->in->problems, &p);
	s->in->api_refused++;
	if (s->in->acks != NULL)
		acks_refuse(s->in->acks, r->row, p.code);
	if (s->in->rejects != NULL)
		reject_list_add_late(s->in->rejects, r->row, p.code);
}

/* What an earlier run learnt of this batch, if anything. */
static int
recall(struct sender *s, struct parcel *p, struct err *e)
{
	struct parts *parts = &p->parts;
	struct ack ack = {
	    .batch = p->frame.number, .outcomes = parts->outcomes, .n = parts->n};
	int r = pass_ack(s->job->ledger, s->pass, &ack, e);

	p->fresh = r == 0;
	if (r != 1)
		return r;
	if (ack.n != parts->n)
		return err_set(e, ERR_INTERNAL, "a batch has another size than it had");
	parts->round = ack.round;
	for (size_t i = 0; i < parts->n; i++) {
		/* What a run that was killed was told is told again. */
		if (parts->outcomes[i] == OUTCOME_REFUSED)
			note_refusal(s, &p->frame.records[i]);
		else if (parts->outcomes[i] == OUTCOME_TAKEN)
			target_vouch(s->target);
	}
	parts_resume(parts);
	return 0;
}

/*
 * May it go out: is everything taken that it waits for? An answer counts that is not
 * committed yet: if it is lost that batch is sent again before this one, as this one's
 * answer can't be committed without it.
 */
static bool
may_go(const struct sender *s, const struct frame *f)
{
	if (s->first_later != 0 && f->after >= s->first_later)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->parcels[i].state != PARCEL_FREE &&
		    s->parcels[i].state != PARCEL_DONE &&
		    s->parcels[i].frame.number <= f->after)
			return false;
	return true;
}

static struct parcel *
free_parcel(struct sender *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->parcels[i].state == PARCEL_FREE)
			return &s->parcels[i];
	return NULL;
}

static int
pack(struct sender *s, struct parcel *p, struct err *e)
{
	if (p->state != PARCEL_DUE)
		return 0;
	if (parcel_pack(p, s->job->ledger, s->pass, e) != 0)
		return -1;
	p->state = PARCEL_PACKED;
	s->packed++;
	return 0;
}

/* A batch is in hand, packed: to be sent, or only to be written down, or behind us. */
static int
take_in_hand(struct sender *s, struct parcel *p, struct err *e)
{
	if (recall(s, p, e) != 0)
		return -1;
	if (p->fresh) {
		s->packed += p->state == PARCEL_PACKED;
		/* Where only times move on, nothing is sent. */
		p->changed = p->state == PARCEL_DONE;
		return 0;
	}
	p->state = parcel_next(p);
	if (p->state == PARCEL_DONE)
		p->state = PARCEL_FREE;
	return pack(s, p, e);
}

static int
commit(struct sender *s, struct err *e)
{
	struct pass_step step = {s->intents, 0, s->acks, 0};

	for (size_t i = 0; i < s->n; i++) {
		struct parcel *p = &s->parcels[i];
		const struct parts *parts = &p->parts;

		if (p->fresh)
			s->intents[step.nintents++] = &p->intent;
		if (p->changed)
			s->acks[step.nacks++] = (struct ack){
			    p->frame.number, parts->round, parts->outcomes, parts->n};
		p->fresh = p->changed = false;
		if (p->state == PARCEL_DONE)
			p->state = PARCEL_FREE;
	}
	if (step.nintents + step.nacks == 0)
		return 0;
	return pass_commit(s->job->ledger, s->pass, &step, e);
}

/* Takes in hand what goes out next; *taken counts the batches that are new in hand. */
static int
fill(struct sender *s, size_t *taken, struct err *e)
{
	struct parcel *p;
	int r;

	*taken = 0;
	/* Those that are done are free as soon as that is committed. */
	if (free_parcel(s) == NULL && commit(s, e) != 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (pack(s, &s->parcels[i], e) != 0)
			return -1;
	while (s->packed < s->in_flight && (p = free_parcel(s)) != NULL) {
		if ((r = packer_next(s->packer, p, e)) != 1)
			return r;
		if (take_in_hand(s, p, e) != 0)
			return -1;
		++*taken;
	}
	return 0;
}

static struct parcel *
first_packed(struct sender *s)
{
	struct parcel *first = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct parcel *p = &s->parcels[i];

		if (p->state == PARCEL_PACKED &&
		    (first == NULL || p->frame.number < first->frame.number))
			first = p;
	}
	return first;
}

/* One that must wait holds up those behind it. */
static int
submit(struct sender *s, struct err *e)
{
	struct parcel *p;

	while (s->sending < s->in_flight && (p = first_packed(s)) != NULL &&
	       may_go(s, &p->frame)) {
		if ((p->fresh || p->changed) && commit(s, e) != 0)
			return -1;
		if (target_submit(s->target, &p->batch, e) != 0)
			return -1;
		/* The other parts of it have nothing to wait for. */
		p->frame.after = 0;
		p->state = PARCEL_SENT;
		s->packed--;
		s->sending++;
	}
	return 0;
}

static void
refuse(struct sender *s, struct parcel *p, size_t i)
{
	p->parts.outcomes[i] = OUTCOME_REFUSED;
	note_refusal(s, &p->frame.records[i]);
}

static void
note_later(struct sender *s, const struct parcel *p)
{
	s->later++;
	if (s->first_later == 0 || p->frame.number < s->first_later)
		s->first_later = p->frame.number;
}

static void
take_result(
    struct sender *s, struct parcel *p, size_t i, const struct record_result *result)
{
	switch (result->taken) {
	case TAKEN:
		p->parts.outcomes[i] = OUTCOME_TAKEN;
		break;
	case TAKEN_LATER:
		p->parts.outcomes[i] = OUTCOME_LATER;
		note_later(s, p);
		break;
	case TAKEN_BEHIND: /* it waits for the next round, as all that is not answered */
		break;
	case TAKEN_REFUSED:
		if (result->doubt <= target_believed(s->target)) {
			refuse(s, p, i);
			break;
		}
		p->parts.doubts[i] = result->doubt;
		p->parts.ndoubts++;
		s->doubts++;
		break;
	}
}

static void
set_state(struct sender *s, struct parcel *p)
{
	p->state = parcel_next(p);
	s->done += p->state == PARCEL_DONE;
}

static void
take_answer(struct sender *s, const struct batch_answer *a)
{
	struct parcel *p = a->batch->tag;
	size_t doubts = p->parts.ndoubts;
	uint64_t later = s->later;

	s->sending--;
	for (size_t i = 0; a->results != NULL && i < p->batch.n; i++)
		take_result(s, p, p->place[i], &a->results[i]);
	if (a->results == NULL)
		parts_halve(&p->parts, &p->part);
	else if (s->later > later)
		parts_postpone(&p->parts);
	/*
	 * Half an answer is never committed: its doubts are settled first. Of records that
	 * go out one by one, each answer is whole.
	 */
	p->changed |= p->singly || p->parts.ndoubts == doubts;
	set_state(s, p);
}

/* What the API took meanwhile shows that its refusals are meant. */
static void
believe(struct sender *s, struct parcel *p)
{
	uint64_t believed = target_believed(s->target);

	if (p->parts.ndoubts == 0)
		return;
	for (size_t i = 0; i < p->parts.n; i++) {
		if (p->parts.doubts[i] == 0 || p->parts.doubts[i] > believed)
			continue;
		p->parts.doubts[i] = 0;
		p->parts.ndoubts--;
		s->doubts--;
		refuse(s, p, i);
		p->changed = true;
	}
	if (p->state == PARCEL_IN_DOUBT)
		set_state(s, p);
}

static void
believe_all(struct sender *s)
{
	for (size_t i = 0; s->doubts > 0 && i < s->n; i++)
		believe(s, &s->parcels[i]);
}

/* Whoever is killed while the API takes its time knows all that was answered before. */
static int
hear(struct sender *s, struct err *e)
{
	struct batch_answer answers[TARGET_IN_FLIGHT_MAX];
	int r = target_wait(s->target, answers, TARGET_IN_FLIGHT_MAX, COMMIT_WAITS, e);

	if (r == 0 && commit(s, e) != 0)
		return -1;
	if (r == 0)
		r = target_wait(s->target, answers, TARGET_IN_FLIGHT_MAX, INT32_MAX, e);
	for (int i = 0; i < r; i++)
		take_answer(s, &answers[i]);
	progress_show(&s->job->progress, "batches", s->done, s->done);
	believe_all(s);
	return r < 0 ? -1 : 0;
}

static int
turn(struct sender *s, bool *more, struct err *e)
{
	size_t taken;

	if (fill(s, &taken, e) != 0 || submit(s, e) != 0)
		return -1;
	if (s->sending > 0)
		return hear(s, e);
	if (taken == 0 && s->doubts > 0) {
		if (target_settle(s->target, e) != 0)
			return -1;
		believe_all(s);
	} else {
		*more = taken > 0;
	}
	return commit(s, e);
}

static int
sender_init(struct sender *s, struct err *e)
{
	struct job *j = s->job;

	s->env = (struct target_env){.clock = j->app->clock,
	    .lines = j->lines,
	    .deadline = j->env.deadline,
	    .run = j->app->run,
	    .trace = &j->app->trace,
	    .judged = s->pass->mode == PASS_RETRY,
	    .random = jitter};
	s->in_flight = (size_t)j->feed->target.in_flight;
	s->n = 3 * s->in_flight + TARGET_DOUBTS_MAX;
	s->parcels = calloc(s->n, sizeof(*s->parcels));
	s->intents = calloc(s->n, sizeof(*s->intents));
	s->acks = calloc(s->n, sizeof(*s->acks));
	if (s->parcels == NULL || s->intents == NULL || s->acks == NULL)
		return err_nomem(e);
	s->conf = j->feed->target;
	for (size_t i = 0; i < s->n; i++) {
		parcel_init(&s->parcels[i]);
		s->parcels[i].singly = s->conf.mode == TARGET_RECORD;
	}
	if (s->pass->mode == PASS_BACKFILL && s->conf.backfill_rate > 0)
		s->conf.rate = s->conf.backfill_rate;
	if ((s->packer = packer_new(s->in->changes, j->ledger, s->pass,
		 s->conf.mode == TARGET_RECORD, e)) == NULL)
		return -1;
	if ((s->target = target_open(&s->conf, &s->env, e)) == NULL)
		return -1;
	if (j->api_takes)
		target_vouch(s->target);
	return 0;
}

static void
sender_release(struct sender *s)
{
	struct target_stats stats;

	if (s->target != NULL) {
		target_stats(s->target, &stats);
		s->job->out->requests += stats.requests;
		s->job->out->retries += stats.retries;
		if (stats.expires != 0)
			s->job->out->api_expires = stats.expires;
		s->job->api_takes |= target_takes(s->target);
	}
	target_close(s->target);
	for (size_t i = 0; s->parcels != NULL && i < s->n; i++)
		parcel_release(&s->parcels[i]);
	packer_free(s->packer);
	free(s->parcels);
	free(s->intents);
	free(s->acks);
}

/* What was answered is committed even if the delivery ends early, unless that is why. */
static void
end_early(struct sender *s)
{
	struct batch_answer answers[TARGET_IN_FLIGHT_MAX];
	size_t n = target_rest(s->target, answers, TARGET_IN_FLIGHT_MAX);
	struct err lost;

	for (size_t i = 0; i < n; i++)
		take_answer(s, &answers[i]);
	believe_all(s);
	(void)commit(s, &lost);
}

static int
deliver(struct sender *s, struct err *e)
{
	bool more = true;
	int rc = 0;

	while (rc == 0 && more)
		rc = turn(s, &more, e);
	if (rc != 0)
		end_early(s);
	return rc;
}

int
send_changes(struct job *j, const struct pass *p, struct intake *in, struct err *e)
{
	struct sender s = {.job = j, .pass = p, .in = in};
	int rc;

	progress_start(&j->progress, p->batches);
	rc = sender_init(&s, e);
	if (rc == 0)
		rc = deliver(&s, e);
	if (rc != 0 && e->code == ERR_PERM)
		err_prefix(e, "%s", j->feed->path);
	progress_end(&j->progress);
	sender_release(&s);
	if (rc == 0 && s.later > 0)
		return err_set(e, ERR_API,
		    "the API wants %llu records later: the next run sends them again",
		    (unsigned long long)s.later);
	return rc;
}
