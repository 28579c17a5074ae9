/*
 * Files that stood aside, held or refused, and have left the drop: whoever took one away
 * has decided. Their names are forgotten, so that nobody is told of them any more; what
 * was read of them stays in the ledger, and so does a decision about their content.
 */
#include "cmd/left.h"

#include <string.h>

#include "cmd/stuck.h"

static bool
is_listed(const struct drop_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, name) == 0)
			return true;
	return false;
}

static int
forget(struct job *j, const struct file_entry *f, struct err *e)
{
	const struct name_put none = {.name = f->name};
	char id[FILE_ID_HEX_SIZE];

	if (ledger_names_put(j->ledger, f->feed, &none, 1, e) != 0)
		return -1;
	digest_hex(&f->id, id);
	log_event(&j->app->log, LOG_INFO, "file-left",
	    LOG_FIELDS(LOG_NAME("feed", f->feed), LOG_NAME("file", id),
		LOG_NAME("verdict", verdict_name(f->verdict))));
	return 0;
}

/*
 * Finding them means to walk over the names of all feeds: once a run. What another run
 * brought to stand aside since then, it tells its own next one.
 */
static int
find(struct job *j, struct err *e)
{
	struct job_share *s = j->share;

	if (s->stuck_known)
		return 0;
	if (stuck_find(j->ledger, &s->stuck, e) != 0) {
		stuck_release(&s->stuck);
		return -1;
	}
	s->stuck_known = true;
	return 0;
}

int
left_forget(struct job *j, const struct drop_list *list, struct err *e)
{
	const struct stuck *stuck = &j->share->stuck;
	int rc = find(j, e);

	for (size_t i = 0; i < stuck->n && rc == 0; i++) {
		const struct file_entry *f = &stuck->v[i];

		if (strcmp(f->feed, j->feed->feed.name) != 0 || is_listed(list, f->name))
			continue;
		/* Somebody may have decided about it since. */
		if ((rc = stuck_is(j->ledger, f, e)) == 1)
			rc = forget(j, f, e);
	}
	return rc;
}
