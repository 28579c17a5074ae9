#include <stdlib.h>
#include <string.h>

#include "pollers/links.h"
#include "pollers/poller_impl.h"

#define RECONNECT_TRIES     6    /* in a row, without anything gained */
#define RECONNECT_PAUSE     1000 /* ms before the second; doubled each time */
#define RECONNECT_PAUSE_MAX 30000

static const struct poller_ops *const backends[] = {&poller_sftp, &poller_file, NULL};

static const struct poller_ops *
find_backend(const char *scheme)
{
	for (size_t i = 0; backends[i]; i++)
		if (strcmp(backends[i]->scheme, scheme) == 0)
			return backends[i];
	return NULL;
}

static struct link_login
login(const struct poller *p)
{
	return (struct link_login){p->ops, p->sc, &p->url};
}

bool
poller_lost(const struct poller *p)
{
	return p->ops->lost && p->ops->lost(p->self);
}

static void
disconnect(struct poller *p)
{
	if (p->self)
		p->ops->disconnect(p->self);
	p->self = NULL;
}

/* Done with the connection: another feed may have it, if it works. */
static void
leave(struct poller *p)
{
	const struct link_login who = login(p);

	if (p->self)
		p->ops->close(p->self);
	if (!p->self || !p->env->links || !p->ops->lost || poller_lost(p)) {
		disconnect(p);
		return;
	}
	links_give(p->env->links, &who, p->self, clock_mono(p->env->clock));
	p->self = NULL;
}

/* A connection of its own. */
static int
dial(struct poller *p, struct err *e)
{
	if (p->ops->connect(&p->self, p->sc, &p->url, p->env, e)) {
		p->self = NULL;
		return -1;
	}
	if (p->ops->enter(p->self, p->sc, &p->url, p->env, e) == 0)
		return 0;
	leave(p);
	return -1;
}

/*
 * One that an earlier feed left: 1, 0 if there is none, -1. That it broke meanwhile is
 * no failure of this feed's.
 */
static int
take_over(struct poller *p, struct err *e)
{
	const struct link_login who = login(p);

	if (p->env->links)
		p->self = links_take(p->env->links, &who, clock_mono(p->env->clock));
	if (!p->self)
		return 0;
	if (p->ops->enter(p->self, p->sc, &p->url, p->env, e) == 0)
		return 1;
	if (!poller_lost(p)) {
		leave(p);
		return -1;
	}
	disconnect(p);
	return 0;
}

struct poller *
poller_open(const struct source_conf *sc, const struct poller_env *env, struct err *e)
{
	struct poller *p = calloc(1, sizeof(*p));
	int rc;

	if (!p) {
		err_nomem(e);
		return NULL;
	}
	p->sc = sc;
	p->env = env;
	if (drop_url_parse(sc->url, &p->url, e))
		goto out;
	p->ops = find_backend(p->url.scheme);
	if (!p->ops) {
		err_set(e, ERR_CONFIG, "url: unknown scheme %s", p->url.scheme);
		goto out;
	}
	rc = take_over(p, e);
	if (rc == 1 || (rc == 0 && dial(p, e) == 0))
		return p;
out:
	free(p);
	return NULL;
}

void
poller_close(struct poller *p)
{
	if (!p)
		return;
	leave(p);
	expected_set(&p->expected, NULL, 0);
	free(p);
}

static void
pause_before(struct poller *p)
{
	int64_t left = p->env->deadline - clock_mono(p->env->clock);
	int64_t ms = (int64_t)RECONNECT_PAUSE << (p->tries > 2 ? p->tries - 2 : 0);

	if (p->tries < 2)
		return;
	if (ms > RECONNECT_PAUSE_MAX)
		ms = RECONNECT_PAUSE_MAX;
	clock_pause(p->env->clock, ms < left ? ms : left);
}

int
poller_recover(struct poller *p, struct err *e)
{
	if (p->self && !poller_lost(p))
		return -1;
	p->open = false;
	disconnect(p);
	while (p->tries < RECONNECT_TRIES) {
		if (clock_mono(p->env->clock) >= p->env->deadline)
			return err_set(e, ERR_DEADLINE,
			    "%s: connection lost, and the run's time is over",
			    p->url.host);
		p->tries++;
		pause_before(p);
		if (dial(p, e) == 0)
			return 0;
		if (!e || e->fate != FATE_RETRY)
			return -1;
	}
	return -1;
}

int
poller_ensure(struct poller *p, struct err *e)
{
	if (p->self)
		return 0;
	err_set(e, ERR_IO, "%s: the connection was lost", p->url.host);
	return poller_recover(p, e);
}
