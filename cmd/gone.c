#include "cmd/gone.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/alarms.h"
#include "cmd/metrics.h"
#include "state/records.h"

void
present_add(struct present *p, const struct feed *f, bool right)
{
	size_t more = p->cap * 2 + 16, n = strlen(f->feed.name);
	void *v;

	/* Else it has the name of its file for want of a better one. */
	p->unsure |= n > LEDGER_NAME_MAX || (!right && f->feed.name == f->base);
	if (p->unsure)
		return;
	if (p->n == p->cap) {
		if ((v = reallocarray(p->v, more, sizeof(*p->v))) == NULL) {
			p->unsure = true;
			return;
		}
		p->v = v;
		p->cap = more;
	}
	memcpy(p->v[p->n++], f->feed.name, n + 1);
}

void
present_release(struct present *p)
{
	free(p->v);
	*p = (struct present){.n = 0};
}

static bool
is_present(const struct present *p, const char *feed)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i], feed) == 0)
			return true;
	return false;
}

struct gone {
	const struct present *present;
	struct feed_state *v;
	size_t n, cap;
	struct err *e;
};

static int
collect(void *arg, const struct feed_state *state)
{
	struct gone *g = arg;
	size_t more = g->cap * 2 + 4;
	struct feed_state *v;

	if (is_present(g->present, state->name))
		return 0;
	if (g->n == g->cap) {
		if ((v = reallocarray(g->v, more, sizeof(*v))) == NULL)
			return err_nomem(g->e);
		g->v = v;
		g->cap = more;
	}
	g->v[g->n++] = *state;
	return 0;
}

static int
end_one(struct app *app, struct ledger *l, const struct feed_state *state, struct err *e)
{
	const struct feed f = {.feed = {.name = state->name}};
	const struct troubles_when when = {.gone = true};
	struct feed_troubles none = {.state = *state};
	struct troubles told;
	bool any = false;

	if (ledger_troubles_get(l, state->name, &told, e) != 0)
		return -1;
	for (int k = 0; k < TROUBLE_COUNT; k++)
		any |= told.v[k].since != 0;
	if (any)
		alarms_tell(app, &(struct alarms_of){l, &f, &when}, &none);
	return metrics_remove(app->metrics.textfile, state->name, e);
}

void
gone_end(struct app *app, struct ledger *l, const struct present *p)
{
	struct err e = {.code = ERR_NONE};
	struct gone g = {.present = p, .e = &e};
	int rc;

	if (p->unsure)
		return;
	rc = ledger_feed_each(l, collect, &g, &e);
	for (size_t i = 0; i < g.n && rc == 0; i++)
		rc = end_one(app, l, &g.v[i], &e);
	if (rc != 0)
		log_event(&app->log, LOG_WARN, "watch-failed", LOG_FIELDS(LOG_ERR(&e)));
	free(g.v);
}
