#include "cmd/feedback.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd/conclude.h"
#include "cmd/drift.h"
#include "cmd/feedback_impl.h"
#include "cmd/receipt.h"
#include "cmd/reject_list.h"
#include "mappers/reading_header.h"
#include "pollers/order.h"

#define RECEIPT_MAX (4u << 20) /* bytes: 1000 problems with their columns */
#define KIND_SIZE   32         /* ".discarded.receipt.json" */

static bool
is_news(const struct job *j, const struct intake *in)
{
	return !j->app->dry_run && (in->mode == PASS_RUN || in->mode == PASS_AGAIN);
}

static bool
wants_receipt(const struct job *j)
{
	const struct source_conf *sc = &j->feed->source;

	return sc->receipts == RECEIPTS_LOCAL ||
	       (sc->receipts == RECEIPTS_DROP && sc->feedback != NULL);
}

bool
feedback_wanted(const struct job *j, const struct intake *in)
{
	return is_news(j, in) && (in->acks != NULL || wants_receipt(j));
}

bool
feedback_wants_rejects(const struct job *j, const struct intake *in)
{
	return is_news(j, in) && wants_receipt(j) &&
	       j->feed->source.receipts == RECEIPTS_DROP &&
	       mapper_rejects(j->feed->mapper);
}

/* As an export of its own it would be taken for newer than what came since. */
bool
feedback_is_bare(struct intake *in)
{
	struct file_entry *en = &in->entry;

	if (in->mended || !en->came_back)
		return false;
	en->verdict = VERDICT_REFUSE;
	snprintf(en->reason, sizeof(en->reason),
	    "it has the name of a reject file, but not the columns _row, _column, _problem "
	    "and _remedy, which say that only its rows are meant: drop it again with them, "
	    "or, if it is a new export, under another name");
	return true;
}

int
feedback_note_before(struct job *j, struct intake *in, struct err *e)
{
	struct file_entry en;
	int r = j->ledger == NULL ? 0 : ledger_file_get(j->ledger, &in->entry.id, &en, e);

	if (r == 1 && en.closed &&
	    (en.verdict == VERDICT_DELIVER || en.verdict == VERDICT_DUPLICATE) &&
	    en.records + en.removals ==
		en.delivered + en.unchanged + en.duplicate + en.stale + en.refused)
		in->taken_at = en.read_at;
	return r < 0 ? -1 : 0;
}

/* The answer ID[KIND], begun. Names of files may tell of patients: they stand nowhere. */
static struct answer *
begin(struct job *j, const struct intake *in, enum answer_shelf shelf, const char *kind,
    struct err *e)
{
	const struct answer_place at = {ledger_dir(j->ledger), j->feed->feed.name, shelf};
	char name[FILE_ID_HEX_SIZE + KIND_SIZE];

	digest_hex(&in->entry.id, name);
	snprintf(name + strlen(name), KIND_SIZE, "%s", kind);
	return answer_new(&at, name, e);
}

static int
keep_acks(struct job *j, struct intake *in, struct err *e)
{
	struct answer *a;
	int rc;

	if (in->acks == NULL || in->entry.verdict == VERDICT_HOLD ||
	    in->entry.verdict == VERDICT_REFUSE)
		return 0;
	if ((a = begin(j, in, ANSWERS_TO_GIVE, "", e)) == NULL)
		return -1;
	rc = acks_write(in->acks, a, in->entry.read_at, e);
	if (rc == 0)
		rc = answer_keep(a, e);
	answer_free(a);
	return rc;
}

/* Of a file that was not delivered nothing may be dropped again by itself. */
static bool
some_rejected(const struct intake *in)
{
	return in->rejects != NULL && in->entry.verdict == VERDICT_DELIVER &&
	       !reject_list_is_empty(in->rejects);
}

static bool
has_rejects(const struct intake *in)
{
	return some_rejected(in) && !reading_apart(in->reading);
}

static int
keep_rejects(struct job *j, struct intake *in, struct err *e)
{
	struct answer *a;
	int rc;

	if (!has_rejects(in))
		return 0;
	if ((a = begin(j, in, ANSWERS_TO_GIVE, ".rejects", e)) == NULL)
		return -1;
	rc = reject_list_write(in->rejects, a, e);
	if (rc == 0)
		rc = answer_keep(a, e);
	answer_free(a);
	return rc;
}

/* One content may have more than one of these, but each once. */
static const char *
outcome(const struct intake *in)
{
	switch (in->entry.verdict) {
	case VERDICT_HOLD:
		return ".held";
	case VERDICT_REFUSE:
		return ".refused";
	case VERDICT_DUPLICATE:
		return FEEDBACK_DUPLICATE;
	case VERDICT_EMPTY:
		return ".empty";
	case VERDICT_DISCARD:
		return ".discarded";
	case VERDICT_DELIVER:
		break;
	}
	return in->taken_at != 0 ? FEEDBACK_AGAIN : "";
}

static int
keep_text(struct job *j, const struct intake *in, const char *form,
    const struct buf *text, struct err *e)
{
	enum answer_shelf shelf = j->feed->source.receipts == RECEIPTS_LOCAL
				      ? RECEIPTS_HERE
				      : ANSWERS_TO_GIVE;
	char kind[KIND_SIZE];
	struct answer *a;
	int rc;

	if (buf_check(text, "a receipt", e) != 0)
		return -1;
	snprintf(kind, sizeof(kind), "%s.receipt.%s", outcome(in), form);
	if ((a = begin(j, in, shelf, kind, e)) == NULL)
		return -1;
	rc = answer_add(a, buf_span(text), e);
	if (rc == 0)
		rc = answer_keep(a, e);
	answer_free(a);
	return rc;
}

static int
keep_receipt(struct job *j, const struct intake *in, const struct receipt_facts *facts,
    struct err *e)
{
	struct buf text;
	int rc;

	buf_init(&text, RECEIPT_MAX);
	receipt_text(facts, &text);
	rc = keep_text(j, in, "txt", &text, e);
	buf_clear(&text);
	if (rc == 0) {
		receipt_json(facts, &text);
		rc = keep_text(j, in, "json", &text, e);
	}
	buf_release(&text);
	return rc;
}

void
feedback_name(const struct file_entry *en, const char *kind, char out[ANSWER_NAME_SIZE])
{
	char id[FILE_ID_HEX_SIZE];
	size_t n = strlen(en->name);

	/* One that came back mended has the name of the file that it came from. */
	if (n > REJECTS_END && strcmp(en->name + n - strlen(REJECTS), REJECTS) == 0 &&
	    en->name[n - REJECTS_END] == '-')
		n -= REJECTS_END;
	if (n > ANSWER_KEPT_MAX)
		n = utf8_valid((struct span){en->name, ANSWER_KEPT_MAX});
	digest_hex(&en->id, id);
	snprintf(out, ANSWER_NAME_SIZE, "%.*s-%.8s%s", (int)n, en->name, id, kind);
}

/* NULL if a reject file fits the feed's patterns as it is named. */
static const char *
pattern_missed(const struct job *j, const struct file_entry *en)
{
	char name[ANSWER_NAME_SIZE];

	feedback_name(en, REJECTS, name);
	return order_judge(&j->feed->source, span_of(name)) == NAME_FILE
		   ? NULL
		   : j->feed->source.pattern.v[0];
}

/*
 * All batches are answered by now: what was sent and not refused was taken, and the merge
 * will count it so.
 */
static void
add_outcomes(const struct intake *in, struct file_entry *en)
{
	en->delivered = changes_counts(in->changes)->changed - in->api_refused;
	en->refused += in->api_refused;
}

int
feedback_keep(struct job *j, struct intake *in, bool sent, struct err *e)
{
	struct file_entry en = in->entry;
	struct receipt_facts facts = {.entry = &en,
	    .trace = j->app->trace.id,
	    .problems = &in->problems,
	    .header = drift_of_file(in),
	    .found = in->found,
	    .found_words = in->found_words,
	    .taken_at = in->taken_at,
	    .pattern = pattern_missed(j, &en),
	    .messages = strcmp(j->feed->feed.format, "hl7") == 0,
	    .mended = in->mended,
	    .blocks = conclude_blocks(j, in),
	    .rejects = has_rejects(in),
	    .apart = some_rejected(in) && reading_apart(in->reading),
	    .here = j->feed->source.receipts == RECEIPTS_LOCAL};

	if (!feedback_wanted(j, in))
		return 0;
	if (sent)
		add_outcomes(in, &en);
	if (keep_acks(j, in, e) != 0 || keep_rejects(j, in, e) != 0)
		return -1;
	return wants_receipt(j) ? keep_receipt(j, in, &facts, e) : 0;
}

int
feedback_retain(struct job *j, struct err *e)
{
	int64_t before = (clock_wall(j->app->clock) - j->app->state.keep) / 1000;

	if (j->feed->source.receipts != RECEIPTS_LOCAL)
		return 0;
	return receipts_forget(ledger_dir(j->ledger), j->feed->feed.name, before, e);
}
