/*
 * Read and verdict: one pass over the file's bytes, then the judgement, before
 * anything is sent (P2).
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/drift.h"
#include "cmd/feedback.h"
#include "cmd/origin.h"
#include "cmd/retried.h"
#include "cmd/snapshot.h"
#include "mappers/reading_header.h"
#include "state/controls.h"

#define REJECTS_MEMORY (1u << 20) /* bytes of the list of rejects kept in memory */

static int
sink_record(void *arg, const struct record *r, struct err *e)
{
	struct intake *in = arg;

	return changes_add(in->changes, r, e);
}

static void
sink_problem(void *arg, const struct problem *p)
{
	struct intake *in = arg;

	problems_add(&in->problems, p);
	if (in->rejects != NULL)
		reject_list_add(in->rejects, p);
	if (in->known != NULL)
		known_rows_problem(in->known);
}

static void
note_judged(void *arg, const struct judged_record *judged)
{
	struct intake *in = arg;

	known_rows_judged(in->known, judged);
}

/* Of a mended file nobody asks what is there: it removes nothing. */
static int
sink_present(void *arg, const struct record *r, struct err *e)
{
	struct intake *in = arg;

	return in->mended ? 0 : changes_present(in->changes, r, e);
}

/* What is found only when a record is compared: its message was mapped all the same. */
static void
late_problem(void *arg, const struct problem *p)
{
	struct intake *in = arg;

	in->late_warnings += p->weight == WEIGHT_WARNING;
	problems_add(&in->problems, p);
	if (in->acks != NULL)
		acks_refuse(in->acks, p->row, p->code);
	if (in->rejects != NULL && p->weight == WEIGHT_REJECT)
		reject_list_add_late(in->rejects, p->row, p->code);
}

static int
sink_receipt(void *arg, const struct receipt *r, struct err *e)
{
	struct intake *in = arg;

	return in->acks == NULL ? 0 : acks_add(in->acks, r, e);
}

/*
 * A reject file that was mended changes the rows that are in it: it is no snapshot, and
 * what was delivered from later files since is not turned back. No other rows are read so.
 */
static int
sink_mended(void *arg, bool mended, struct err *e)
{
	struct intake *in = arg;

	if (mended == in->mended)
		return 0;
	if (in->mended || reading_counts(in->reading)->rows > 0)
		return err_set(e, ERR_REFUSED,
		    "a reject file is packed together with other exports: drop it by itself");
	in->mended = true;
	in->conf.missing = NULL;
	in->conf.old = in->conf.tells_stale = true;
	if (origin_take(in, e) != 0)
		return -1;
	changes_free(in->changes);
	if ((in->changes = changes_new(&in->conf, e)) == NULL)
		return -1;
	if (in->known != NULL)
		(void)known_rows_of(in->known, in->changes);
	return 0;
}

static void
intake_init(struct job *j, const struct drop_file *f, struct intake *in)
{
	in->file = f;
	in->dated = in->file_at != TIME_NONE;
	if (!in->dated)
		in->file_at = file_time(j, f->name, f->mtime);
	if (!in->dated && in->mode == PASS_RUN)
		in->file_at = origin_news_at(j, in->file_at);
	in->conf = (struct changes_conf){
	    .ledger = j->ledger,
	    .keys = job_keys(j),
	    .scope = j->scope,
	    .source = j->feed->feed.source,
	    .feed = j->feed->feed.name,
	    .batch_records = (size_t)j->feed->target.batch_records,
	    .batch_bytes = (size_t)j->feed->target.batch_bytes,
	    .outbox_dir = j->ledger != NULL ? ledger_dir(j->ledger) : "/tmp",
	    .outbox_memory = (size_t)j->app->run_conf.outbox_memory,
	    .file_at = in->file_at,
	    .old = in->mode != PASS_RUN,
	    .last_content = &j->state.last_content,
	    .refused_only = in->mode == PASS_RETRY,
	    .missing = snapshot_missing(j, in),
	    .problem = late_problem,
	    .arg = in,
	};
}

struct intake *
intake_new(enum pass_mode mode, struct err *e)
{
	struct intake *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return err_nomem(e), NULL;
	in->mode = mode;
	in->file_at = TIME_NONE;
	in->entry.made_at = TIME_NONE;
	problems_init(&in->problems);
	return in;
}

void
intake_free(struct intake *in)
{
	unpack_close(in->unpack);
	changes_free(in->changes);
	known_rows_free(in->known);
	reading_free(in->reading);
	sha256_free(in->sha);
	acks_free(in->acks);
	file_header_release(&in->header);
	reject_list_free(in->rejects);
	problems_release(&in->problems);
	free(in);
}

/* A refusal or hold is a verdict on the file; all else that goes wrong ends the run. */
static int
check_refusal(struct intake *in, int rc, struct err *e)
{
	if (rc == 0 || in->refusal.code == ERR_REFUSED || in->refusal.code == ERR_HELD)
		return 0;
	*e = in->refusal;
	return -1;
}

/* All bytes go through the digest as they are fetched. */
static int
fetch(void *arg, struct span *out, struct err *e)
{
	struct intake *in = arg;
	int r = ahead_read(in->ahead, out, e);

	if (r == 1) {
		sha256_add(in->sha, out->p, out->n);
		atomic_fetch_add(&in->fetched, out->n);
	}
	return r;
}

/* Of a file that is refused too: it is known by its content. */
static int
fetch_rest(struct intake *in, struct err *e)
{
	struct span bytes;
	int r;

	while ((r = fetch(in, &bytes, e)) == 1)
		;
	if (r == 0 && in->fetched != in->file->size)
		return err_set(e, ERR_CHANGED, "a file changed while it was read");
	return r;
}

/* What is retried is known by its content. */
static int
end_digest(struct intake *in, struct err *e)
{
	unsigned char sha256[SHA256_SIZE];

	sha256_end(in->sha, sha256);
	if (in->mode == PASS_RETRY && memcmp(sha256, in->sha256, SHA256_SIZE) != 0)
		return err_set(e, ERR_CHANGED, "another file lies in its place");
	memcpy(in->sha256, sha256, SHA256_SIZE);
	return 0;
}

static void
note_found(struct intake *in, enum found_form form, char out[FILE_FOUND_SIZE])
{
	const char *packed = unpack_found(in->unpack, form);

	snprintf(out, FILE_FOUND_SIZE, "%s%s%s", reading_found(in->reading, form),
	    packed[0] == '\0'     ? ""
	    : form == FOUND_WORDS ? ", "
				  : " ",
	    packed);
}

/* Unpacked and read, until all is, or it is refused. */
static int
pump(struct job *j, struct intake *in, struct err *e)
{
	const struct mapper_counts *n = reading_counts(in->reading);
	int r;

	progress_start(&j->progress, in->file->size);
	while ((r = unpack_into(in->unpack, in->reading, &in->refusal)) == 1)
		progress_show(&j->progress, "rows", n->rows, in->fetched);
	progress_end(&j->progress);
	in->whole = r == 0 || reading_whole(in->reading);
	if (r == 0)
		r = unpack_verdict(in->unpack, &in->refusal);
	note_found(in, FOUND_KEYS, in->found);
	note_found(in, FOUND_WORDS, in->found_words);
	unpack_close(in->unpack);
	in->unpack = NULL;
	if (check_refusal(in, r, e) != 0 || fetch_rest(in, e) != 0)
		return -1;
	return end_digest(in, e);
}

static const char *
place_of(struct job *j, const struct intake *in)
{
	return in->path[0] != '\0' ? in->path : poller_path(j->poller, in->file->name);
}

static void
take_counts(struct intake *in)
{
	const struct mapper_counts *rows = reading_counts(in->reading);
	const struct changes_counts *n = changes_counts(in->changes);
	struct file_entry *en = &in->entry;

	en->rows = rows->rows;
	en->mapped = rows->mapped;
	en->filtered = rows->filtered;
	en->rejected = rows->rejected;
	en->warnings = rows->warnings + in->late_warnings;
	en->records = n->records;
	en->removals = n->removals;
	en->unchanged = n->unchanged;
	en->duplicate = n->duplicate;
	en->stale = n->stale;
	en->refused = n->refused;
	if (reading_made(in->reading) != NULL)
		en->made_at = reading_made(in->reading)->at;
}

/* P3, first half; the second is proven once the file was sent. */
static int
check_books(const struct intake *in, struct err *e)
{
	const struct mapper_counts *rows = reading_counts(in->reading);
	const struct changes_counts *n = changes_counts(in->changes);

	if (rows->rows != rows->mapped + rows->filtered + rows->rejected)
		return err_set(e, ERR_INTERNAL, "the books do not balance: rows");
	if (rows->records != n->records ||
	    n->records + n->removals !=
		n->changed + n->unchanged + n->duplicate + n->stale + n->refused)
		return err_set(e, ERR_INTERNAL, "the books do not balance: records");
	return 0;
}

/* Of a file that is discarded no record counts. */
static void
discard(struct file_entry *en)
{
	en->verdict = VERDICT_DISCARD;
	snprintf(en->reason, sizeof(en->reason), "discarded by hand");
	en->records = en->removals = en->unchanged = en->duplicate = en->stale =
	    en->refused = 0;
}

static void
approve(struct file_entry *en)
{
	char why[sizeof(en->reason)];

	en->verdict = VERDICT_DELIVER;
	memcpy(why, en->reason, sizeof(why));
	snprintf(en->reason, sizeof(en->reason), "approved by hand: %.*s",
	    (int)sizeof(why) - 32, why);
}

/* What a human decided of a file that is held, or refused. */
static int
heed_decision(struct job *j, struct intake *in, struct err *e)
{
	enum decision d = DECISION_NONE;

	if (j->ledger == NULL ||
	    ledger_decision_get(j->ledger, in->entry.feed, in->sha256, &d, e) < 0)
		return j->ledger == NULL ? 0 : -1;
	in->decided = d != DECISION_NONE;
	if (d == DECISION_DISCARD)
		discard(&in->entry);
	else if (d == DECISION_APPROVE && in->entry.verdict == VERDICT_HOLD &&
		 !in->header.lacks)
		approve(&in->entry);
	return 0;
}

static void
judge_empty(const struct job *j, struct intake *in)
{
	struct file_entry *en = &in->entry;

	en->verdict = snapshot_is(j, in) ? VERDICT_HOLD : VERDICT_EMPTY;
	if (en->verdict == VERDICT_HOLD)
		snprintf(en->reason, sizeof(en->reason),
		    "it has no rows: as the whole truth it would remove everything");
}

/* By what the file is itself, and how its rows are. */
static void
judge_file(struct job *j, struct intake *in)
{
	struct file_entry *en = &in->entry;
	struct digest content = feed_content(job_keys(j), en->feed, in->sha256);
	bool again = digest_eq(&content, &j->state.last_content);
	bool changed = changes_counts(in->changes)->changed > 0;

	if (in->refusal.code != ERR_NONE) {
		en->verdict = in->refusal.code == ERR_HELD ? VERDICT_HOLD
							   : VERDICT_REFUSE;
		snprintf(en->reason, sizeof(en->reason), "%s", in->refusal.msg);
	} else if (feedback_is_bare(in)) {
		return;
	} else if (in->mode == PASS_RETRY) {
		/* It was judged before; and nothing that is newer is turned back by it. */
		en->verdict = VERDICT_DELIVER;
	} else if ((changed || !again) && snapshot_too_old(j, in)) {
		return;
	} else if (en->rows == 0) {
		judge_empty(j, in);
	} else if (!in->mended &&
		   feed_rejects_too_many(j->feed, en->rows, en->rejected, en->reason)) {
		/* What is wrong with a mended file's rows is known, and comes once more. */
		en->verdict = VERDICT_HOLD;
	} else {
		en->verdict = !changed && again ? VERDICT_DUPLICATE : VERDICT_DELIVER;
	}
}

/* Who approves a file approves all of it: what it would remove is told besides. */
static void
judge(struct job *j, struct intake *in)
{
	judge_file(j, in);
	if (in->entry.verdict != VERDICT_REFUSE && in->mode != PASS_RETRY)
		snapshot_hold_removals(j, in);
}

static void
name_entry(struct job *j, struct intake *in)
{
	struct file_entry *en = &in->entry;

	snprintf(en->feed, sizeof(en->feed), "%s", j->feed->feed.name);
	snprintf(en->name, sizeof(en->name), "%s", in->file->name);
	snprintf(en->path, sizeof(en->path), "%s", in->path);
	en->size = in->file->size;
	en->mtime = in->file->mtime;
	en->read_at = clock_wall(j->app->clock);
	en->file_at = origin_counts_as(j, in);
	en->came_back = in->mended ||
			(mapper_rejects(j->feed->mapper) && origin_named(en->name));
	en->settings = j->feed->fingerprint;
	memcpy(en->sha256, in->sha256, SHA256_SIZE);
	if (j->ledger != NULL && in->mode != PASS_RETRY)
		en->id = ledger_file_id(j->ledger, en->feed,
		    in->mode == PASS_BACKFILL ? en->path : en->name, in->sha256);
}

static int
finish(struct job *j, struct intake *in, struct err *e)
{
	if (in->conf.missing != NULL && in->whole &&
	    reading_counts(in->reading)->rows > 0 && changes_missing(in->changes, e) != 0)
		return -1;
	if (changes_end(in->changes, in->list, e) != 0)
		return -1;
	take_counts(in);
	if (in->refusal.code != ERR_REFUSED && check_books(in, e) != 0)
		return -1;
	name_entry(j, in);
	if (feedback_note_before(j, in, e) != 0 || drift_note(in, e) != 0)
		return -1;
	judge(j, in);
	if (in->refusal.code == ERR_NONE && snapshot_check_size(j, in, e) != 0)
		return -1;
	if (in->mode == PASS_RETRY && retried_note(j, in, e) != 0)
		return -1;
	return heed_decision(j, in, e);
}

/* What collects answers, if the file is to be answered. */
static int
open_answers(struct job *j, struct intake *in, struct err *e)
{
	const char *dir = in->conf.outbox_dir;

	if (mapper_receipts(j->feed->mapper) && !j->app->dry_run &&
	    (in->mode == PASS_RUN || in->mode == PASS_AGAIN) &&
	    (in->acks = acks_new(j->feed->mapper, dir, in->conf.outbox_memory, e)) ==
		NULL)
		return -1;
	if (!feedback_wants_rejects(j, in))
		return 0;
	in->rejects = reject_list_new(dir, REJECTS_MEMORY, e);
	return in->rejects == NULL ? -1 : 0;
}

/* Of what lies in the drop alone; and a dry run leaves nothing behind. */
static void
open_known(struct job *j, struct intake *in)
{
	bool news = in->mode == PASS_RUN || in->mode == PASS_AGAIN;

	if (j->ledger == NULL || j->app->dry_run || !news)
		return;
	in->known = known_rows_new(j->ledger, j->scope, j->feed->feed.name,
	    mapper_event_times(j->feed->mapper) ? NULL : &j->state.last_content);
	in->conf.judged = in->known != NULL ? note_judged : NULL;
}

int
intake_read(struct job *j, const struct drop_file *f, int64_t now, struct intake *in,
    struct err *e)
{
	struct mapper_sink sink = {.record = sink_record,
	    .problem = sink_problem,
	    .receipt = sink_receipt,
	    .mended = sink_mended,
	    .arg = in,
	    .keys = job_keys(j)};
	const struct unpack_env env = {j->app->clock, j->env.deadline};
	int rc;

	intake_init(j, f, in);
	in->started = clock_mono(j->app->clock);
	if (drift_expect(j, in, e) != 0)
		return -1;
	sink.before = &in->header.before;
	sink.present = snapshot_removes(in) ? sink_present : NULL;
	if (open_answers(j, in, e) != 0)
		return -1;
	open_known(j, in);
	if ((in->sha = sha256_new(e)) == NULL ||
	    (in->changes = changes_new(&in->conf, e)) == NULL)
		return -1;
	/* A snapshot wants to see all that there is; what may be old is judged by other times. */
	if (in->known != NULL && in->mode == PASS_RUN && !job_is_snapshot(j))
		sink.known = known_rows_of(in->known, in->changes);
	if ((in->reading = mapper_open(j->feed->mapper, &sink, now, e)) == NULL ||
	    (in->unpack = unpack_open(
		 &j->feed->unpack, &env, (struct byte_source){fetch, in}, e)) == NULL ||
	    (in->ahead = ahead_open(j->poller, place_of(j, in), f, e)) == NULL)
		return -1;
	rc = pump(j, in, e);
	ahead_close(in->ahead);
	/* What was read must still be what lies there: the clinic may be writing. */
	if (rc != 0 || poller_read_check(j->poller, e) != 0)
		return -1;
	return finish(j, in, e);
}
