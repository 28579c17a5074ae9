/*
 * What a run leaves of a feed that had nothing: its look at the drop, and its figures. They
 * wait in memory for the next commit, which syncs the disk twice and would take longer than
 * all else that is done for such a feed.
 */
#include <stdlib.h>
#include <string.h>

#include "state/files_impl.h"
#include "state/watch_impl.h"

/* Of one feed; the ledger's file does not have it yet. */
struct look {
	char feed[LEDGER_NAME_MAX + 1];
	struct look_note note;  /* scope 0: its drop was not listed */
	bool counted;           /* its runs were */
	struct figures figures; /* what its runs add, if they were */
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
	if (look->note.scope == 0 || look->note.at < f->last_look)
		return;
	f->scope = look->note.scope;
	f->last_look = look->note.at;
	f->finds = look->note.finds;
}

/* The feed's, empty if it had none. NULL: no memory. */
static struct look *
look_of(struct looks *looks, const char *feed, struct err *e)
{
	struct look *look = look_find(looks, feed), *v;
	size_t cap = looks->cap * 2 + 16;

	if (look != NULL)
		return look;
	if (looks->n == looks->cap) {
		if ((v = reallocarray(looks->v, cap, sizeof(*v))) == NULL)
			return err_nomem(e), NULL;
		looks->v = v;
		looks->cap = cap;
	}
	look = &looks->v[looks->n++];
	*look = (struct look){.counted = false};
	memcpy(look->feed, feed, strlen(feed) + 1);
	return look;
}

int
ledger_look_note(
    struct ledger *l, const char *feed, const struct look_note *note, struct err *e)
{
	struct look *look = look_of(&l->looks, feed, e);

	if (look == NULL)
		return -1;
	look->note = *note;
	return 0;
}

int
ledger_figures_note(
    struct ledger *l, const char *feed, const struct figures *run, struct err *e)
{
	struct look *look = look_of(&l->looks, feed, e);

	if (look == NULL)
		return -1;
	look->counted = true;
	figures_add(&look->figures, run);
	return 0;
}

void
looks_apply(const struct looks *looks, struct feed_state *f)
{
	const struct look *look = look_find(looks, f->name);

	if (look != NULL)
		look_apply(look, f);
}

const struct figures *
looks_figures(const struct looks *looks, const char *feed)
{
	const struct look *look = look_find(looks, feed);

	return look != NULL && look->counted ? &look->figures : NULL;
}

static int
look_write(const struct act *a, const struct look *look)
{
	struct feed_state f;

	if (look->counted && figures_write(a, look->feed, &look->figures) != 0)
		return -1;
	if (look->note.scope == 0)
		return 0;
	if (feed_read(a, look->feed, &f) < 0)
		return -1;
	look_apply(look, &f);
	return feed_write(a, &f);
}

int
looks_write(const struct act *a)
{
	const struct looks *looks = &a->ledger->looks;

	for (size_t i = 0; i < looks->n; i++)
		if (look_write(a, &looks->v[i]) != 0)
			return -1;
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
