#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/feed.h"
#include "cmd/status.h"
#include "cmd/text.h"
#include "state/files.h"
#include "state/pass.h"
#include "state/snapshot.h"

static const char help[] =
    "emrdrop status [--json]\n\n"
    "What the ledger knows of each feed: when it was last looked at, what it delivered,\n"
    "an unfinished delivery, and the files that are held or cannot be read, with the\n"
    "reason and the first problems, as of that look. Touches no network, and runs beside\n"
    "a running job.\n\n"
    "  --json        one JSON object on standard output, without the files' names\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop status\n"
    "  emrdrop status --json\n";

#define PROBLEMS_SHOWN 5

struct show {
	struct app *app;
	struct ledger *ledger;
	struct buf out;
	struct json json;
	const struct feed_state *feed;
	size_t shown; /* problems of this file */
	struct err *e;
};

static int
show_problem(void *arg, const struct problem *p)
{
	struct show *s = arg;

	if (s->shown++ == PROBLEMS_SHOWN)
		return 1;
	if (s->app->json) {
		jw_object(&s->json);
		jw_put_uint(&s->json, "row", p->row);
		jw_put_string(&s->json, "column", p->column);
		jw_put_cstr(&s->json, "code", problem_name(p->code));
		jw_object_end(&s->json);
		return 0;
	}
	buf_addf(&s->out, "      row %llu", (unsigned long long)p->row);
	if (p->column.n > 0) {
		buf_add_str(&s->out, ", column ");
		text_quote(&s->out, p->column);
	}
	buf_addf(&s->out, ": %s\n", problem_text(p->code));
	return 0;
}

static void
file_head(struct show *s, const struct file_entry *f)
{
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&f->id, id);
	if (s->app->json) {
		jw_object(&s->json);
		jw_put_cstr(&s->json, "file", id);
		jw_put_cstr(&s->json, "verdict", verdict_name(f->verdict));
		jw_put_cstr(&s->json, "reason", f->reason);
		jw_put_int(&s->json, "read_ms", f->read_at);
		jw_put_uint(&s->json, "rows", f->rows);
		jw_put_uint(&s->json, "rejected", f->rejected);
		jw_put_uint(&s->json, "removals", f->removals);
		jw_key(&s->json, SPAN_LIT("problems"));
		jw_array(&s->json);
		return;
	}
	buf_addf(&s->out, "  %s  file %.8s ",
	    f->verdict == VERDICT_HOLD ? "HELD   " : "REFUSED", id);
	text_quote(&s->out, span_of(f->name));
	buf_add_str(&s->out, ", read ");
	text_time(&s->out, f->read_at);
	buf_addf(&s->out, "\n      %s\n", f->reason);
}

/* Was it what lay in the drop under that name, when it was last looked at? */
static int
still_stands(struct show *s, const struct file_entry *f)
{
	struct name_entry n;
	int r = ledger_name_get(s->ledger, f->feed, f->name, &n, s->e);

	return r < 0 ? -1
		     : r == 1 && digest_eq(&n.file, &f->id) &&
			   (n.state == NAME_HELD || n.state == NAME_REFUSED);
}

struct stuck {
	struct file_entry *v;
	size_t n, cap;
	const char *feed;
	struct err *e;
};

static int
collect_stuck(void *arg, const struct file_entry *f)
{
	struct stuck *st = arg;
	size_t more = st->cap * 2 + 8;
	struct file_entry *v;

	if ((f->verdict != VERDICT_HOLD && f->verdict != VERDICT_REFUSE) ||
	    strcmp(f->feed, st->feed) != 0)
		return 0;
	if (st->n == st->cap) {
		if ((v = reallocarray(st->v, more, sizeof(*v))) == NULL)
			return err_nomem(st->e);
		st->v = v;
		st->cap = more;
	}
	st->v[st->n++] = *f;
	return 0;
}

/* The clinic may have taken a file away since. */
static void
stuck_head(struct show *s)
{
	if (s->app->json)
		return;
	buf_add_str(&s->out, "  stuck, as of the last look ");
	text_time(&s->out, s->feed->last_look);
	buf_add_str(&s->out, ":\n");
}

static int
show_stuck(struct show *s)
{
	struct stuck st = {.feed = s->feed->name, .e = s->e};
	bool told = false;
	int rc = ledger_file_each(s->ledger, collect_stuck, &st, s->e);

	for (size_t i = 0; i < st.n && rc == 0; i++) {
		int stands = still_stands(s, &st.v[i]);

		if (stands < 0)
			rc = -1;
		if (stands != 1)
			continue;
		if (!told)
			stuck_head(s);
		told = true;
		file_head(s, &st.v[i]);
		s->shown = 0;
		rc = ledger_problem_each(s->ledger, &st.v[i].id, show_problem, s, s->e);
		if (s->app->json) {
			jw_array_end(&s->json);
			jw_object_end(&s->json);
		}
	}
	free(st.v);
	return rc;
}

static int
show_pass(struct show *s)
{
	struct pass p;
	int r = pass_get(s->ledger, s->feed->scope, &p, s->e);
	bool mine = r == 1 && strcmp(p.feed, s->feed->name) == 0;

	if (r < 0)
		return -1;
	if (s->app->json) {
		jw_put_bool(&s->json, "unfinished", mine);
	} else if (mine) {
		buf_addf(&s->out,
		    "  UNFINISHED  delivery %llu of %llu batches: `emrdrop run %s` goes on\n",
		    (unsigned long long)p.number, (unsigned long long)p.batches,
		    s->feed->name);
	}
	return 0;
}

static void
feed_head(struct show *s, const struct feed_state *f)
{
	if (s->app->json) {
		jw_object(&s->json);
		jw_put_cstr(&s->json, "feed", f->name);
		jw_put_int(&s->json, "last_look_ms", f->last_look);
		jw_put_int(&s->json, "last_delivery_ms", f->last_delivery);
		jw_put_int(&s->json, "last_error_ms", f->last_error);
		jw_put_uint(&s->json, "last_exit", f->last_exit);
		jw_put_uint(&s->json, "files", f->files);
		jw_put_uint(&s->json, "delivered", f->delivered);
		jw_put_uint(&s->json, "rejected", f->rejected);
		jw_put_uint(&s->json, "refused", f->refused);
		return;
	}
	buf_addf(&s->out, "%s\n  last looked ", f->name);
	text_time(&s->out, f->last_look);
	buf_add_str(&s->out, ", last delivered ");
	text_time(&s->out, f->last_delivery);
	buf_addf(&s->out, "; %llu files, %llu records so far\n",
	    (unsigned long long)f->files, (unsigned long long)f->delivered);
	if (f->last_error != 0) {
		buf_addf(&s->out, "  last run ended with %u, at ", f->last_exit);
		text_time(&s->out, f->last_error);
		buf_add_char(&s->out, '\n');
	}
}

/* What is kept of snapshots; nothing is shown of a feed that never applied one. */
static int
show_snapshot(struct show *s)
{
	struct snapshot_state snap;

	if (ledger_snapshot_get(s->ledger, s->feed->name, &snap, s->e) != 0)
		return -1;
	if (snap.clock == SNAPSHOT_NEVER)
		return 0;
	if (s->app->json) {
		jw_put_int(&s->json, "last_snapshot_ms", snap.at);
		jw_put_uint(&s->json, "removals", snap.removals);
		return 0;
	}
	buf_add_str(&s->out, "  last snapshot of ");
	text_time(&s->out, snap.at);
	buf_addf(&s->out, "; %llu removals so far\n", (unsigned long long)snap.removals);
	return 0;
}

struct feeds {
	struct feed_state v[1024]; /* feeds one ledger may have before `status` is cut */
	size_t n;
};

static int
collect_feed(void *arg, const struct feed_state *f)
{
	struct feeds *all = arg;

	if (all->n == sizeof(all->v) / sizeof(all->v[0]))
		return 1;
	all->v[all->n++] = *f;
	return 0;
}

static int
show_feed(struct show *s, const struct feed_state *f)
{
	s->feed = f;
	feed_head(s, f);
	if (show_snapshot(s) != 0 || show_pass(s) != 0)
		return -1;
	if (s->app->json) {
		jw_key(&s->json, SPAN_LIT("stuck"));
		jw_array(&s->json);
	}
	if (show_stuck(s) != 0)
		return -1;
	if (s->app->json) {
		jw_array_end(&s->json);
		jw_object_end(&s->json);
	}
	return 0;
}

static int
show_all(struct show *s)
{
	struct feeds *all = calloc(1, sizeof(*all));
	int rc = all == NULL ? err_nomem(s->e) : 0;

	if (s->app->json) {
		jw_object(&s->json);
		jw_key(&s->json, SPAN_LIT("feeds"));
		jw_array(&s->json);
	}
	if (rc == 0)
		rc = ledger_feed_each(s->ledger, collect_feed, all, s->e);
	for (size_t i = 0; rc == 0 && i < all->n; i++)
		rc = show_feed(s, &all->v[i]);
	free(all);
	if (s->app->json) {
		jw_array_end(&s->json);
		jw_object_end(&s->json);
		buf_add_char(&s->out, '\n');
	} else if (rc == 0 && s->out.n == 0) {
		buf_add_str(&s->out, "no feed has run yet\n");
	}
	return rc;
}

static int
status(struct app *app, struct err *e)
{
	struct show s = {.app = app, .e = e};
	int rc = -1;

	buf_init(&s.out, 64u << 20);
	jw_init(&s.json, &s.out);
	s.ledger = ledger_open(app->state.dir, app->state.key_file, false, e);
	if (s.ledger != NULL)
		rc = show_all(&s);
	ledger_close(s.ledger);
	if (rc == 0 && buf_check(&s.out, "the status", e) == 0)
		rc = print_out(buf_span(&s.out), e);
	buf_release(&s.out);
	return rc == 0 ? STATUS_OK : err_exit(e->code);
}

const struct command command_status = {
    "status", "what each feed did, and what is stuck", help, 0, 0, 0, true, status};
