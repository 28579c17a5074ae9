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

int
left_forget(struct job *j, const struct drop_list *list, struct err *e)
{
	struct stuck stuck;
	int rc = stuck_find(j->ledger, &stuck, e);

	for (size_t i = 0; i < stuck.n && rc == 0; i++) {
		const struct file_entry *f = &stuck.v[i];

		if (strcmp(f->feed, j->feed->feed.name) == 0 && !is_listed(list, f->name))
			rc = forget(j, f, e);
	}
	stuck_release(&stuck);
	return rc;
}
