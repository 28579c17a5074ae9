#include "pollers/links.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "pollers/url.h"

#define LINKS_MAX 8     /* servers of which a run keeps a connection */
#define IDLE_MAX  30000 /* ms: firewalls forget a silent connection, and tell nobody */
#define KEY_MAX   65536

struct link {
	const struct poller_ops *ops;
	void *self; /* NULL: the place is free */
	int64_t since;
	struct buf key; /* the login, as login_key writes it */
};

struct links {
	struct link v[LINKS_MAX];
};

struct links *
links_new(struct err *e)
{
	struct links *l = calloc(1, sizeof(*l));

	if (!l)
		err_nomem(e);
	return l;
}

static void
forget(struct link *k)
{
	buf_release(&k->key);
	*k = (struct link){0};
}

static void
end(struct link *k)
{
	if (k->self)
		k->ops->disconnect(k->self);
	forget(k);
}

void
links_free(struct links *l)
{
	for (size_t i = 0; l && i < LINKS_MAX; i++)
		end(&l->v[i]);
	free(l);
}

/* A value and its end; one that is not given differs from an empty one. */
static void
add_value(struct buf *key, const char *text)
{
	buf_add_char(key, text ? '=' : '-');
	buf_add(key, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void
login_key(const struct link_login *who, struct buf *key)
{
	const struct source_conf *sc = who->sc;
	const char *const values[] = {who->ops->scheme, who->url->host, who->url->user,
	    sc->key_file.where, sc->key_passphrase.where, sc->password_file.where,
	    sc->known_hosts};

	buf_init(key, KEY_MAX);
	buf_addf(key, "%d %d", who->url->port ? who->url->port : SSH_PORT, sc->agent);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		add_value(key, values[i]);
}

static void
end_old(struct links *l, int64_t now)
{
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (l->v[i].self && now - l->v[i].since > IDLE_MAX)
			end(&l->v[i]);
}

static struct link *
find(struct links *l, const struct link_login *who, const struct buf *key)
{
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (l->v[i].self && l->v[i].ops == who->ops &&
		    span_eq(buf_span(&l->v[i].key), buf_span(key)))
			return &l->v[i];
	return NULL;
}

void *
links_take(struct links *l, const struct link_login *who, int64_t now)
{
	struct buf key;
	struct link *k;
	void *self = NULL;

	end_old(l, now);
	login_key(who, &key);
	if (!key.failed && (k = find(l, who, &key)) != NULL) {
		self = k->self;
		forget(k);
	}
	buf_release(&key);
	return self;
}

/* A free place, made by ending what lay idle longest if there is none. */
static struct link *
place(struct links *l)
{
	struct link *oldest = &l->v[0];

	for (size_t i = 0; i < LINKS_MAX; i++) {
		if (!l->v[i].self)
			return &l->v[i];
		if (l->v[i].since < oldest->since)
			oldest = &l->v[i];
	}
	end(oldest);
	return oldest;
}

void
links_give(struct links *l, const struct link_login *who, void *self, int64_t now)
{
	struct link *k;

	end_old(l, now);
	k = place(l);
	*k = (struct link){.ops = who->ops, .self = self, .since = now};
	login_key(who, &k->key);
	if (k->key.failed)
		end(k);
}
