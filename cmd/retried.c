#include "cmd/retried.h"

#include "cmd/status.h"

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * What is known otherwise than the file has it was replaced by something newer, if the
 * file is read as it was when it was delivered. If it is read otherwise, the file's own
 * refusals look like that too; and rows that give nothing any more tell nothing at all.
 */
int
retried_note(struct job *j, struct intake *in, struct err *e)
{
	const struct file_entry *en = &in->entry;
	struct file_entry kept;
	int r = ledger_file_get(j->ledger, &en->id, &kept, e);

	if (r <= 0)
		return r;
	if (en->rejected + en->filtered > kept.rejected + kept.filtered)
		in->left = kept.refused;
	else if (en->settings != kept.settings)
		in->left = least(changes_counts(in->changes)->otherwise, kept.refused);
	return 0;
}

struct pass_counts
retried_counts(const struct intake *in)
{
	const struct file_entry *en = &in->entry;

	return (struct pass_counts){.records = en->records,
	    .removals = en->removals,
	    .unchanged = en->unchanged,
	    .duplicate = en->duplicate,
	    .stale = en->stale,
	    .refused = en->refused,
	    .left = in->left};
}

void
retried_recall(struct intake *in, const struct pass *pass)
{
	const struct pass_counts *counts = &pass->counts;
	struct file_entry *en = &in->entry;

	en->verdict = VERDICT_DELIVER;
	en->reason[0] = '\0';
	en->pass = pass->number;
	en->records = counts->records;
	en->removals = counts->removals;
	en->delivered = 0;
	en->unchanged = counts->unchanged;
	en->duplicate = counts->duplicate;
	en->stale = counts->stale;
	en->refused = counts->refused;
	in->left = counts->left;
}

/*
 * What was refused of it and is no more was taken, or something newer came instead: in
 * that case it is known by now as the file has it, or otherwise. The books balance as
 * they did before.
 */
void
retried_keep(struct file_entry *kept, const struct intake *in)
{
	const struct file_entry *en = &in->entry;
	uint64_t still = least(en->refused + in->left, kept->refused);
	uint64_t settled = kept->refused - still;
	uint64_t taken = least(en->delivered, settled);
	uint64_t stale = least(en->stale, settled - taken);

	kept->refused = still;
	kept->delivered += taken;
	kept->stale += stale;
	kept->unchanged += settled - taken - stale;
}

void
retried_tell(struct job *j, const struct intake *in)
{
	char id[FILE_ID_HEX_SIZE];

	if (in->left == 0)
		return;
	digest_hex(&in->entry.id, id);
	log_event(&j->app->log, LOG_WARN, "retry-left",
	    LOG_FIELDS(LOG_NAME("feed", in->entry.feed), LOG_NAME("file", id),
		LOG_UINT("records", in->left),
		LOG_NAME("reason",
		    "the file is read otherwise than when the API refused them: drop it "
		    "again, or forget it")));
	j->out->exit = status_worse(j->out->exit, STATUS_SOME_LOST);
}
