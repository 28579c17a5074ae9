#include <string.h>

#include "cmd/commands.h"
#include "cmd/pick.h"
#include "cmd/query.h"
#include "cmd/status.h"
#include "cmd/stuck.h"
#include "state/controls.h"

static const char help[] =
    "emrdrop hold list\n"
    "emrdrop hold show FILE\n"
    "emrdrop hold approve FILE\n"
    "emrdrop hold discard FILE\n\n"
    "Files that wait for a person. FILE is a file's id, or its first digits.\n\n"
    "  list     those that are held, and those that cannot be read, with the reason\n"
    "  show     one of them, with all problems that are kept of it\n"
    "  approve  deliver it as it is, in the next run: its rejected rows stay rejected\n"
    "  discard  put it away undelivered, in the next run\n\n"
    "A decision is for this very content: if the clinic sends another file under that name,\n"
    "that one is judged anew. It is written to the audit trail with who made it.\n\n"
    "  --json        one JSON object on standard output, without the files' names\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop hold list\n"
    "  emrdrop hold approve 1a2b3c4d\n";

#define SHOWN_IN_LIST 5

static int
show(struct query *q, const struct file_entry *f, size_t problems)
{
	if (q->app->json)
		return stuck_json(q->ledger, f, &q->json, q->e);
	buf_addf(&q->out, "%s\n", f->feed);
	return stuck_text(q->ledger, f, problems, &q->out, q->e);
}

static int
list(struct query *q)
{
	struct stuck stuck;
	int rc = stuck_find(q->ledger, &stuck, q->e);

	if (q->app->json) {
		jw_object(&q->json);
		jw_key(&q->json, SPAN_LIT("stuck"));
		jw_array(&q->json);
	}
	for (size_t i = 0; i < stuck.n && rc == 0; i++)
		rc = show(q, &stuck.v[i], SHOWN_IN_LIST);
	stuck_release(&stuck);
	if (q->app->json) {
		jw_array_end(&q->json);
		jw_object_end(&q->json);
	} else if (q->out.n == 0) {
		buf_add_str(&q->out, "no file waits for a decision\n");
	}
	return rc;
}

/* One that was to be backfilled: it lies elsewhere, and is in nobody's way. */
static bool
is_old(const struct file_entry *f)
{
	return f->verdict == VERDICT_HOLD && f->path[0] != '\0';
}

/* The file, if it still waits. */
static int
pick_stuck(struct query *q, struct file_entry *f)
{
	int r;

	if (pick_file(q->ledger, NULL, q->app->args[1], f, q->e) != 0 ||
	    (r = stuck_is(q->ledger, f, q->e)) < 0)
		return -1;
	if (r == 1 || is_old(f))
		return 0;
	return err_set(q->e, ERR_USAGE,
	    "file %s of feed %s waits for no decision (any more)", q->app->args[1],
	    f->feed);
}

static int
show_one(struct query *q)
{
	struct file_entry f;

	return pick_stuck(q, &f) == 0 ? show(q, &f, FILE_PROBLEMS_MAX) : -1;
}

/* Of a file that the map can't read nothing can be delivered, whoever approves it. */
static int
check_approved(struct query *q, const struct file_entry *f)
{
	bool mend;

	if (stuck_approvable(q->ledger, f, &mend, q->e) < 0)
		return -1;
	if (f->verdict == VERDICT_REFUSE)
		return err_set(q->e, ERR_USAGE,
		    "file %s cannot be read, so it cannot be delivered: %s",
		    q->app->args[1], f->reason);
	if (mend)
		return err_set(q->e, ERR_USAGE,
		    "file %s cannot be delivered as it is: %s; " STUCK_MEND
		    ", or discard it",
		    q->app->args[1], f->reason);
	return 0;
}

static int
decide(struct query *q, enum decision d)
{
	bool approve = d == DECISION_APPROVE;
	struct file_entry f;
	struct audit_act act = {.act = approve ? "hold-approved" : "hold-discarded"};

	if (pick_stuck(q, &f) != 0)
		return -1;
	if (approve && check_approved(q, &f) != 0)
		return -1;
	act.feed = f.feed;
	act.file = &f.id;
	act.detail = f.reason;
	if (ledger_decide(q->ledger, &f, d, &act, q->e) != 0)
		return -1;
	if (q->app->json)
		return stuck_json(q->ledger, &f, &q->json, q->e);
	buf_addf(&q->out, "%s: ", approve ? "approved" : "discarded");
	if (is_old(&f))
		buf_add_str(&q->out, "backfill it once more\n");
	else if (!feed_exists(q->app, f.feed, NULL))
		buf_addf(&q->out,
		    "the feed file of %s is gone; once it is back, its next run %s\n",
		    f.feed, approve ? "delivers it" : "puts it away");
	else
		buf_addf(&q->out, "`emrdrop run %s`, or its next run, %s\n", f.feed,
		    approve ? "delivers it" : "puts it away");
	return 0;
}

static int
approve(struct query *q)
{
	return decide(q, DECISION_APPROVE);
}

static int
discard(struct query *q)
{
	return decide(q, DECISION_DISCARD);
}

static int
hold(struct app *app, struct err *e)
{
	static const struct verb {
		const char *name;
		int args;
		int (*run)(struct query *q);
	} verbs[] = {{"list", 0, list}, {"show", 1, show_one}, {"approve", 1, approve},
	    {"discard", 1, discard}};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(app->args[0], verbs[i].name) == 0 &&
		    app->nargs == 1 + verbs[i].args)
			return query_run(app, verbs[i].run, e);
	err_set(e, ERR_USAGE,
	    "`emrdrop hold` takes list, or show, approve or discard and a file: see "
	    "`emrdrop hold --help`");
	return STATUS_USAGE;
}

const struct command command_hold = {"hold",
    "files that wait for a decision: list, show, approve, discard", help, 0, 1, 2, true,
    hold};
