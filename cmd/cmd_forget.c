#include <string.h>

#include "cmd/commands.h"
#include "cmd/pick.h"
#include "cmd/query.h"
#include "cmd/text.h"
#include "state/conclude.h"

static const char help[] =
    "emrdrop forget FEED FILE\n\n"
    "The next run reads FILE again, as if it had come just now. FILE is a file's id, or its\n"
    "first digits. What is known of its records stays known: only what the ledger has not,\n"
    "or has otherwise, is sent. A file that was archived has to be moved back into the drop\n"
    "first: the answer says where it is. Written to the audit trail.\n\n"
    "  --json        one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop files northside-appointments\n"
    "  emrdrop forget northside-appointments 1a2b3c4d\n";

/* The content that the feed applied last is not compared with any more. */
static int
forget_content(struct query *q, const struct file_entry *f, struct feed_state *state)
{
	struct digest content = feed_content(ledger_keys(q->ledger), f->feed, f->sha256);

	if (ledger_feed_get(q->ledger, f->feed, state, q->e) != 0)
		return -1;
	if (digest_eq(&state->last_content, &content))
		memset(&state->last_content, 0, sizeof(state->last_content));
	return 0;
}

static void
tell(struct query *q, const struct file_entry *f, bool there)
{
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&f->id, id);
	if (q->app->json) {
		jw_object(&q->json);
		jw_put_cstr(&q->json, "file", id);
		jw_put_bool(&q->json, "in_drop", there);
		jw_object_end(&q->json);
		return;
	}
	buf_addf(&q->out, "file %.8s is forgotten: ", id);
	if (there) {
		buf_addf(&q->out, "`emrdrop run %s` reads it again\n", f->feed);
		return;
	}
	buf_add_str(&q->out, "once it is back in the drop it is read again");
	if (f->path[0] != '\0') {
		buf_add_str(&q->out, "; it lies in ");
		text_quote(&q->out, span_of(f->path));
	}
	buf_add_char(&q->out, '\n');
}

static int
forget_file(struct query *q, const struct file_entry *f)
{
	const struct name_put none = {.name = f->name};
	struct feed_state state;
	struct conclusion c = {.again = f,
	    .feed = &state,
	    .audit = {.act = "file-forgotten", .feed = f->feed, .file = &f->id}};
	struct name_entry name;
	int there = pick_in_drop(q->ledger, f, &name, q->e);

	if (there < 0 || forget_content(q, f, &state) != 0)
		return -1;
	c.name = there ? &none : NULL;
	if (ledger_conclude(q->ledger, &c, q->e) != 0)
		return -1;
	tell(q, f, there);
	return 0;
}

/* Not beside a run: it writes what it knows of the feed. */
static int
forget_one(struct query *q)
{
	struct file_entry f;
	int lock, rc;

	if (pick_file(q->ledger, q->feed->feed.name, q->app->args[1], &f, q->e) != 0 ||
	    ledger_lock(q->ledger, q->feed->feed.source, &lock, q->e) != 0)
		return -1;
	rc = forget_file(q, &f);
	ledger_unlock(lock);
	return rc;
}

static int
forget(struct app *app, struct err *e)
{
	return query_feed(app, forget_one, e);
}

const struct command command_forget = {
    "forget", "let a file be read again", help, 0, 2, 2, true, forget};
