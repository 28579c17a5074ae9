/*
 * Looks at drops that found nothing: they wait in memory for the next commit. A commit
 * syncs the disk twice, which would take longer than all else that is done for such a feed.
 */
#include <stdlib.h>
#include <string.h>

#include "state/files_impl.h"

/* A drop was listed, and the ledger's file does not have it yet. */
struct look {
	char feed[LEDGER_NAME_MAX + 1];
	uint32_t scope;
	int64_t at;
};

static struct look *
look_find(const struct looks *looks, const char *feed)
{
	for (size_t i = 0; i < looks->n; i++)
		if (strcmp(looks->v[i].feed, feed) == 0)
			return &looks->v[i];
	return NULL;
}

/* What another process has seen since is newer. */
static void
look_apply(const struct look *look, struct feed_state *f)
{
	if (look->at < f->last_look)
		return;
	f->scope = look->scope;
	f->last_look = look->at;
}

static struct look *
look_add(struct looks *looks, struct err *e)
{
	size_t cap = looks->cap * 2 + 16;
	struct look *v;

	if (looks->n == looks->cap) {
		if ((v = reallocarray(looks->v, cap, sizeof(*v))) == NULL)
			return err_nomem(e), NULL;
		looks->v = v;
		looks->cap = cap;
	}
	return &looks->v[looks->n++];
}

int
ledger_look_note(
    struct ledger *l, const char *feed, uint32_t scope, int64_t at, struct err *e)
{
	struct look *look = look_find(&l->looks, feed);

	if (look == NULL && (look = look_add(&l->looks, e)) == NULL)
		return -1;
	*look = (struct look){.scope = scope, .at = at};
	memcpy(look->feed, feed, strlen(feed) + 1);
	return 0;
}

void
looks_apply(const struct looks *looks, struct feed_state *f)
{
	const struct look *look = look_find(looks, f->name);

	if (look != NULL)
		look_apply(look, f);
}

int
looks_write(const struct act *a)
{
	const struct looks *looks = &a->ledger->looks;
	struct feed_state f;

	for (size_t i = 0; i < looks->n; i++) {
		if (feed_read(a, looks->v[i].feed, &f) < 0)
			return -1;
		look_apply(&looks->v[i], &f);
		if (feed_write(a, &f) != 0)
			return -1;
	}
	return 0;
}

void
looks_release(struct looks *looks)
{
	free(looks->v);
	*looks = (struct looks){.n = 0};
}

int
ledger_looks_keep(struct ledger *l, struct err *e)
{
	struct act a;

	if (l->looks.n == 0)
		return 0;
	return act_begin(&a, l, true, e) == 0 ? act_commit(&a) : -1;
}
