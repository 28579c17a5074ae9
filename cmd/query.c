#include "cmd/query.h"

#include "cmd/commands.h"
#include "cmd/status.h"

#define ANSWER_MAX (256u << 20)

static int
run(struct query *q, query_fn *fn)
{
	int rc = -1;

	buf_init(&q->out, ANSWER_MAX);
	jw_init(&q->json, &q->out);
	if ((q->ledger = app_ledger(q->app, false, q->e)) != NULL)
		rc = fn(q);
	app_ledger_close(q->app, q->ledger);
	if (q->app->json)
		buf_add_char(&q->out, '\n');
	if (rc == 0)
		rc = print_buf(&q->out, "the answer", q->e);
	buf_release(&q->out);
	return rc == 0 ? q->exit : err_exit(q->e->code);
}

int
query_run(struct app *app, query_fn *fn, struct err *e)
{
	struct query q = {.app = app, .e = e};

	return run(&q, fn);
}

struct question {
	query_fn *fn;
	struct err *e;
};

static int
ask(struct app *app, struct feed *f, struct err *e, void *arg)
{
	const struct question *ask = arg;
	struct query q = {.app = app, .feed = f, .e = ask->e};

	if (e == NULL)
		return run(&q, ask->fn);
	app_print_errors(&f->errors);
	*ask->e = *e;
	return err_exit(e->code);
}

int
query_feed(struct app *app, query_fn *fn, struct err *e)
{
	struct question q = {fn, e};

	return feed_each(app, app->args, 1, &(struct feed_visitor){ask, &q}, e);
}
