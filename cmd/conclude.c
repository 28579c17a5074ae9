/*
 * All that is to be known of a file at its end is one commit; then it is told, and put
 * away.
 */
#include "cmd/conclude.h"

#include <stdio.h>
#include <string.h>

#include "cmd/drift.h"
#include "cmd/feedback.h"
#include "cmd/retried.h"
#include "cmd/snapshot.h"
#include "cmd/status.h"
#include "state/conclude.h"

#define LOG_LINES   100 /* rejected rows logged a file */
#define DETAIL_SIZE (FILE_REASON_MAX + 256)

static void
log_counts(
    struct job *j, const struct file_report *r, const char *event, enum log_level level)
{
	const struct file_entry *en = &r->entry;
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&en->id, id);
	log_event(&j->app->log, level, event,
	    LOG_FIELDS(LOG_NAME("feed", en->feed), LOG_NAME("file", id),
		LOG_NAME("verdict", verdict_name(en->verdict)),
		LOG_NAME("reason", en->reason), LOG_UINT("rows", en->rows),
		LOG_UINT("rejected", en->rejected), LOG_UINT("records", en->records),
		LOG_UINT("removals", en->removals), LOG_UINT("delivered", en->delivered),
		LOG_UINT("unchanged", en->unchanged), LOG_UINT("refused", en->refused),
		LOG_UINT("delivered_before", r->before),
		LOG_UINT("pending", r->pending)));
}

/* What this run adds: of the delivery, which earlier runs may have told of in part. */
static struct file_report
news_of(const struct intake *in, uint64_t pending)
{
	struct file_report r = {
	    .entry = in->entry, .before = in->told, .pending = pending};

	r.entry.delivered -= in->told < r.entry.delivered ? in->told : r.entry.delivered;
	return r;
}

static void
log_file(struct job *j, const struct intake *in, uint64_t pending, const char *event,
    enum log_level level)
{
	const struct file_report news = news_of(in, pending);
	const struct file_entry *en = &in->entry;
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&en->id, id);
	for (size_t i = 0; i < in->problems.n && i < LOG_LINES; i++)
		log_problem(&j->app->log, en->feed, id, &in->problems.v[i], 0);
	for (size_t i = 0; i < in->problems.kinds; i++)
		log_problem(&j->app->log, en->feed, id, &in->problems.warnings[i].first,
		    in->problems.warnings[i].n);
	log_counts(j, &news, event, level);
}

int
conclude_tell(struct job *j, const struct intake *in, uint64_t pending, struct err *e)
{
	const struct file_report news = news_of(in, pending);
	struct file_report *r = report_file(
	    j->report, j->out, &news.entry, &in->problems);

	if (r == NULL)
		return err_nomem(e);
	r->before = news.before;
	r->pending = pending;
	r->retried = in->mode == PASS_RETRY;
	snprintf(r->found, sizeof(r->found), "%s", in->found);
	if (in->entry.verdict != VERDICT_DISCARD &&
	    (in->entry.rejected > 0 || in->entry.refused > 0))
		j->out->exit = status_worse(j->out->exit, STATUS_SOME_LOST);
	return 0;
}

/* P3, second half: everything that was mapped is accounted for. */
static int
check_books(const struct intake *in, uint64_t pending, struct err *e)
{
	const struct file_entry *en = &in->entry;

	if (en->records + en->removals != en->delivered + en->unchanged + en->duplicate +
					      en->stale + en->refused + pending)
		return err_set(e, ERR_INTERNAL, "the books do not balance: deliveries");
	return 0;
}

/* What the audit trail says of it. */
static void
write_detail(const struct file_entry *en, char out[DETAIL_SIZE])
{
	snprintf(out, DETAIL_SIZE,
	    "%s%s%s; pass %llu, %llu rows, %llu rejected, %llu records, %llu delivered, "
	    "%llu refused",
	    verdict_name(en->verdict), en->reason[0] != '\0' ? ": " : "", en->reason,
	    (unsigned long long)en->pass, (unsigned long long)en->rows,
	    (unsigned long long)en->rejected, (unsigned long long)en->records,
	    (unsigned long long)en->delivered, (unsigned long long)en->refused);
}

/* Does its name stand aside, or stay in the drop, since it was read before? 1, 0, -1. */
static int
came_before(struct job *j, const struct name_put *name, struct err *e)
{
	struct name_entry before;
	int r = ledger_name_get(j->ledger, j->feed->feed.name, name->name, &before, e);

	return r == 1 ? before.state != NAME_SEEN && before.size == name->entry.size &&
			    before.mtime == name->entry.mtime
		      : r;
}

/*
 * A file that is read again, for whatever reason, came when it was read first; a reject
 * file that came back is none that is expected.
 */
static int
note_arrival(struct job *j, const struct intake *in, const struct name_put *name,
    struct arrival_new *out, struct err *e)
{
	const struct file_entry *en = &in->entry;
	bool counted = en->verdict == VERDICT_DELIVER || en->verdict == VERDICT_EMPTY;
	uint32_t rows = en->rows < ARRIVAL_ROWS_UNKNOWN ? (uint32_t)en->rows
							: ARRIVAL_ROWS_UNKNOWN - 1;
	bool none = name == NULL || en->came_back || (in->decided && !in->merged);
	int r = none ? 1 : came_before(j, name, e);

	if (r != 0)
		return r;
	*out = (struct arrival_new){
	    clock_wall(j->app->clock), counted ? rows : ARRIVAL_ROWS_UNKNOWN};
	return 0;
}

/* Of a merge that an earlier run began nobody has read the file. */
static void
take_time(const struct job *j, struct intake *in)
{
	if (!in->merged)
		in->entry.took = (uint64_t)(clock_mono(j->app->clock) - in->started);
}

static int
commit(struct job *j, struct intake *in, struct conclusion *c, struct err *e)
{
	char detail[DETAIL_SIZE];
	struct arrival_new arrival;
	int known = note_arrival(j, in, c->name, &arrival, e);

	if (known < 0)
		return -1;
	c->arrival = known == 0 ? &arrival : NULL;
	take_time(j, in);
	write_detail(&in->entry, detail);
	if (c->file == NULL)
		c->file = &in->entry;
	c->problems = in->merged ? NULL : in->problems.v;
	c->nproblems = in->problems.n;
	if (c->drift == NULL)
		c->drift = drift_of_file(in);
	c->audit.feed = in->entry.feed;
	c->audit.file = &in->entry.id;
	c->audit.detail = detail;
	return ledger_conclude(j->ledger, c, e);
}

/* Does it lie in the drop, to be put away from there? */
static bool
is_news(const struct intake *in)
{
	return in->mode == PASS_RUN || in->mode == PASS_AGAIN;
}

bool
conclude_blocks(const struct job *j, const struct intake *in)
{
	return in->entry.verdict == VERDICT_HOLD && !job_is_snapshot(j) &&
	       !mapper_event_times(j->feed->mapper);
}

/* The file's entry comes first: an answer belongs to a file that is known. */
static int
answer_aside(struct job *j, struct intake *in, struct err *e)
{
	if (!feedback_wanted(j, in))
		return 0;
	if (ledger_file_put(j->ledger, &in->entry, in->problems.v, in->problems.n, e) !=
	    0)
		return -1;
	return feedback_keep(j, in, false, e);
}

/*
 * The header that an earlier reading kept of it may have lacked columns, by which it can't
 * be approved, and which the feed knows by now.
 */
static int
aside_header(struct job *j, const struct intake *in, struct conclusion *c, struct err *e)
{
	struct file_header earlier;
	int r = ledger_file_header_get(j->ledger, &in->entry.id, &earlier, e);

	file_header_release(&earlier);
	if (r == 1)
		c->drift = &in->header;
	return r < 0 ? -1 : 0;
}

/* Held or refused: it stays in the drop, and the ledger says why. */
int
conclude_aside(struct job *j, const struct drop_file *f, struct intake *in, struct err *e)
{
	bool hold = in->entry.verdict == VERDICT_HOLD;
	const struct name_put put = {
	    f->name, {.state = hold ? NAME_HELD : NAME_REFUSED,
			 .size = f->size,
			 .mtime = f->mtime,
			 .seen = clock_wall(j->app->clock),
			 .fingerprint = j->feed->verdict_fingerprint,
			 .blocks = conclude_blocks(j, in),
			 .file = in->entry.id}};
	struct conclusion c = {.name = is_news(in) ? &put : NULL,
	    .audit = {.act = hold ? "file-held" : "file-refused"}};

	j->out->exit = status_worse(
	    j->out->exit, hold ? STATUS_HELD : STATUS_FILE_REFUSED);
	log_file(j, in, 0, c.audit.act, LOG_ERROR);
	j->out->held += hold;
	j->out->refused += !hold;
	j->out->blocked |= c.name != NULL && put.entry.blocks;
	if (conclude_tell(j, in, 0, e) != 0)
		return -1;
	/* What became of a file that was delivered stays true if its retry fails. */
	if (j->app->dry_run || in->mode == PASS_RETRY)
		return 0;
	if (answer_aside(j, in, e) != 0 || aside_header(j, in, &c, e) != 0 ||
	    commit(j, in, &c, e) != 0)
		return -1;
	return feedback_give(j, e);
}

/* Not one that is retried, nor an old one that is looked at once more. */
static int
counts(struct job *j, const struct intake *in, bool *out, struct err *e)
{
	struct file_entry before;
	int r = 0;

	if (in->mode == PASS_BACKFILL)
		r = ledger_file_get(j->ledger, &in->entry.id, &before, e);
	*out = in->mode != PASS_RETRY && (r == 0 || !before.closed);
	return r < 0 ? -1 : 0;
}

/* The feed has this file behind it; where it stands in its drop is news' alone. */
static int
move_on(struct job *j, const struct intake *in, struct err *e)
{
	const struct file_entry *en = &in->entry;
	struct feed_state *state = &j->state;
	bool one_more;

	if (ledger_feed_get(j->ledger, en->feed, state, e) != 0 ||
	    counts(j, in, &one_more, e) != 0)
		return -1;
	state->scope = j->scope;
	state->files += one_more;
	if (en->verdict == VERDICT_DISCARD)
		return 0;
	state->delivered += en->delivered;
	state->rejected += in->mode != PASS_RETRY ? en->rejected : 0;
	state->refused += in->mode != PASS_RETRY ? en->refused : 0;
	if (!is_news(in))
		return 0;
	state->last_delivery = clock_wall(j->app->clock);
	if (en->file_at > state->newest)
		state->newest = en->file_at;
	/* The last export is the one before it, still. */
	if (!en->came_back)
		state->last_content = feed_content(
		    ledger_keys(j->ledger), en->feed, in->sha256);
	return snapshot_applied(j, in, e);
}

/* A file, and the pass that was sent and merged; NULL: there was nothing to send. */
struct ending {
	const struct drop_file *file;
	struct intake *in;
	const struct pass *pass;
	const struct file_entry *kept; /* of a retry: what its file's entry becomes */
};

static const char *
act_of(const struct intake *in)
{
	static const char *const acts[] = {[PASS_RUN] = "file-delivered",
	    [PASS_AGAIN] = "file-delivered",
	    [PASS_BACKFILL] = "file-backfilled",
	    [PASS_RETRY] = "file-retried"};

	return in->entry.verdict == VERDICT_DISCARD ? "file-discarded" : acts[in->mode];
}

static bool
keeps_known(const struct intake *in)
{
	return in->known != NULL && in->entry.verdict != VERDICT_DISCARD &&
	       !in->entry.came_back;
}

/* Before the merge: whoever ends one that was killed has not read the file (P7). */
static void
ready_known(struct job *j, const struct intake *in)
{
	struct digest content = feed_content(
	    ledger_keys(j->ledger), in->entry.feed, in->sha256);

	if (keeps_known(in))
		known_rows_ready(in->known, &content, in->file_at);
}

/* What is lost if this is not reached, or fails, is time: the next file is read in full. */
static void
keep_known(struct job *j, const struct intake *in)
{
	if (!keeps_known(in))
		return;
	log_event(&j->app->log, LOG_DEBUG, "rows-known",
	    LOG_FIELDS(LOG_NAME("feed", in->entry.feed),
		LOG_UINT("rows", known_rows_keep(in->known))));
}

static int
conclude(struct job *j, const struct ending *end, uint64_t pending, struct err *e)
{
	struct intake *in = end->in;
	struct conclusion c = {.pass = end->pass,
	    .file = end->kept,
	    .decided = in->decided,
	    .feed = &j->state,
	    .audit = {.act = act_of(in)}};
	struct settlement s = {.moves = false};

	in->entry.closed = true;
	if (move_on(j, in, e) != 0)
		return -1;
	if (is_news(in)) {
		if (settle_plan(j, end->file, &in->entry, &s, e) != 0)
			return -1;
		c.name = &s.put;
		c.settling = s.moves ? &s.settling : NULL;
		c.header = drift_of_feed(in);
		c.snapshot = job_is_snapshot(j) ? &j->snapshot : NULL;
	}
	if (commit(j, in, &c, e) != 0)
		return -1;
	keep_known(j, in);
	log_file(j, in, pending, c.audit.act, LOG_INFO);
	retried_tell(j, in);
	if (conclude_tell(j, in, pending, e) != 0)
		return -1;
	return is_news(in) ? settle_done(j, &s, e) : 0;
}

/* The entry of a file that was delivered. */
static int
known_entry(struct job *j, const struct digest *id, struct file_entry *out, struct err *e)
{
	int r = ledger_file_get(j->ledger, id, out, e);

	return r == 0  ? err_set(e, ERR_LEDGER, "the ledger lacks the entry of a file")
	       : r > 0 ? 0
		       : -1;
}

void
conclude_sum(struct file_entry *en, enum pass_mode mode, const struct merged *sum)
{
	if (mode != PASS_RETRY) {
		en->delivered = sum->taken;
		en->refused += sum->refused;
		return;
	}
	en->delivered += sum->taken;
	en->refused -= sum->taken < en->refused ? sum->taken : en->refused;
}

/* Whoever goes on with the merge has not read the file. */
static int
keep_header(struct job *j, const struct intake *in, struct err *e)
{
	if (drift_of_file(in) == NULL)
		return 0;
	return ledger_file_header_put(j->ledger, &in->entry.id, &in->header, e);
}

int
conclude_file(struct job *j, const struct drop_file *f, struct intake *in,
    struct pass *pass, struct err *e)
{
	struct ending end = {f, in, pass, NULL};
	struct merged sum = {.taken = 0};
	struct file_entry kept;
	bool retry = in->mode == PASS_RETRY;

	/*
	 * What the API refused is known by now, and must not be lost with the merge; and an
	 * answer belongs to a file that is known.
	 */
	if (retry && known_entry(j, &in->entry.id, &kept, e) != 0)
		return -1;
	if ((pass != NULL || feedback_wanted(j, in)) &&
	    ledger_file_put(j->ledger, retry ? &kept : &in->entry, in->problems.v,
		in->problems.n, e) != 0)
		return -1;
	if (feedback_keep(j, in, pass != NULL, e) != 0)
		return -1;
	ready_known(j, in);
	if (pass != NULL &&
	    (keep_header(j, in, e) != 0 || pass_merge(j->ledger, pass, &sum, e) != 0))
		return -1;
	conclude_sum(&in->entry, PASS_RUN, &sum);
	in->told = pass != NULL ? pass->told : 0;
	if (check_books(in, sum.doubtful, e) != 0)
		return -1;
	/* The receipt was written before the merge, by what the API had answered. */
	if (sum.refused != in->api_refused)
		return err_set(e, ERR_INTERNAL, "the books do not balance: refusals");
	if (retry)
		retried_keep(&kept, in);
	end.kept = retry ? &kept : NULL;
	return conclude(j, &end, sum.doubtful, e);
}

/* What was settled before the merge is all there: its entry, its problems, its answer. */
int
conclude_merged(struct job *j, struct pass *pass, struct err *e)
{
	struct intake *in = intake_new(pass->mode, e);
	struct drop_file f = {.size = 0};
	struct ending end = {&f, in, pass, NULL};
	bool retry = pass->mode == PASS_RETRY;
	struct file_entry kept;
	struct merged sum;
	int rc = -1;

	if (in == NULL)
		return -1;
	if (pass_merge(j->ledger, pass, &sum, e) != 0 ||
	    known_entry(j, &pass->file, &in->entry, e) != 0 ||
	    drift_recall(j, in, e) != 0)
		goto out;
	kept = in->entry;
	if (retry)
		retried_recall(in, pass);
	conclude_sum(&in->entry, PASS_RUN, &sum);
	if (retry)
		retried_keep(&kept, in);
	end.kept = retry ? &kept : NULL;
	in->told = pass->told;
	in->decided = true; /* if anybody decided, it was carried out */
	in->merged = true;
	f.name = in->entry.name;
	f.size = in->entry.size;
	f.mtime = in->entry.mtime;
	memcpy(in->sha256, in->entry.sha256, SHA256_SIZE);
	rc = conclude(j, &end, sum.doubtful, e);
out:
	intake_free(in);
	return rc;
}

void
conclude_unsent(struct job *j, struct intake *in, const struct pass *p)
{
	uint64_t changed = changes_counts(in->changes)->changed, taken = 0;
	bool begun = in->entry.pass != 0;
	struct file_report news;
	struct err lost;

	/* If that can't be kept, whoever finishes the delivery tells all that is new. */
	in->told = begun ? p->told : 0;
	if (begun && pass_tell(j->ledger, p, &taken, &lost) != 0)
		taken = in->told;
	in->entry.delivered = taken;
	news = news_of(in, changed - taken);
	if (begun)
		log_counts(j, &news, "file-unfinished", LOG_WARN);
	conclude_tell(j, in, changed - taken, &lost);
}
