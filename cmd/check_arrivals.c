#include "cmd/check_arrivals.h"

#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/finds.h"
#include "cmd/gone.h"
#include "cmd/ledger_alarm.h"
#include "cmd/query.h"
#include "cmd/status.h"
#include "cmd/watch.h"

/* Of all feeds: their state each time; what is new of it is told by watch_feed. */
struct checking {
	struct query *q;
	struct present present;
	int exit;
};

static int
exit_of(const struct arrival *a, int64_t paused)
{
	if (paused != 0)
		return STATUS_OK;
	switch (a->state) {
	case ARRIVAL_LATE:
	case ARRIVAL_STRANGE:
		return STATUS_LATE;
	case ARRIVAL_ASIDE:
		return a->refused > 0 ? STATUS_FILE_REFUSED : STATUS_HELD;
	default:
		return STATUS_OK;
	}
}

static void
show(struct query *q, const struct feed *f, const struct feed_troubles *t)
{
	if (q->app->json) {
		jw_object(&q->json);
		jw_put_cstr(&q->json, "feed", f->feed.name);
		arrival_json(&t->arrival, &q->json);
		finds_json(&t->state.finds, t->state.finds.waiting, &q->json);
		jw_put_int(&q->json, "paused_ms", t->paused);
		jw_object_end(&q->json);
		return;
	}
	buf_addf(&q->out, "%s: ", f->feed.name);
	arrival_text(&t->arrival, &q->out);
	if (t->paused != 0)
		buf_add_str(&q->out, "; paused, so nobody minds");
	buf_add_char(&q->out, '\n');
	finds_text(&t->state.finds, "    ", &q->out);
	if (t->v[TROUBLE_LATE].is)
		buf_addf(&q->out, "    %s\n", t->v[TROUBLE_LATE].command);
}

/* A feed file with mistakes has its own alarm: nobody knows what it expects. */
static int
visit(struct app *app, struct feed *f, struct err *e, void *arg)
{
	struct checking *c = arg;
	struct feed_troubles t;

	present_add(&c->present, f, e == NULL);
	if (e != NULL) {
		app_print_errors(&f->errors);
		if (f->errors.n == 0)
			fprintf(stderr, "%s\n", e->msg);
		watch_broken(app, c->q->ledger, f->feed.name, err_exit(e->code));
		return err_exit(e->code);
	}
	if (watch_feed(app, c->q->ledger, f, &t, c->q->e) != 0)
		return err_exit(c->q->e->code);
	if (f->expect.days == 0)
		return STATUS_OK;
	show(c->q, f, &t);
	return exit_of(&t.arrival, t.paused);
}

static int
ask_all(struct query *q)
{
	struct checking c = {.q = q};
	const struct feed_visitor v = {visit, &c};

	if (q->app->json) {
		jw_object(&q->json);
		jw_key(&q->json, SPAN_LIT("feeds"));
		jw_array(&q->json);
	}
	c.exit = feed_each(q->app, q->app->args, (size_t)q->app->nargs, &v, q->e);
	if (q->app->nargs == 0 && q->e->code == ERR_NONE)
		gone_end(q->app, q->ledger, &c.present);
	present_release(&c.present);
	if (q->app->json) {
		jw_array_end(&q->json);
		jw_put_int(&q->json, "exit", c.exit);
		jw_object_end(&q->json);
	} else if (q->out.n == 0 && c.exit == STATUS_OK) {
		buf_add_str(
		    &q->out, "no feed expects a file: it says so with [expect]\n");
	}
	q->exit = c.exit;
	return q->e->code == ERR_NONE ? 0 : -1;
}

int
check_arrivals(struct app *app, struct err *e)
{
	int exit;

	app->watched = true;
	exit = query_run(app, ask_all, e);
	if (app_has_ledger(app))
		ledger_alarm_begin(app, e, app->ledger_opened);
	ledger_alarm_end(app);
	return exit;
}
