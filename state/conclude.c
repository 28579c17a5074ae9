#include "state/conclude.h"

#include "state/files_impl.h"
#include "state/headers_impl.h"
#include "state/watch_impl.h"

static int
write_all(const struct act *a, const struct conclusion *c)
{
	const char *feed = c->audit.feed;

	if (c->pass != NULL && pass_end(a, c->pass) != 0)
		return -1;
	if (c->file != NULL && file_write(a, c->file) != 0)
		return -1;
	if (c->file != NULL && c->problems != NULL &&
	    problems_write(a, &c->file->id, c->problems, c->nproblems) != 0)
		return -1;
	if (c->decided && decision_end(a, c->file) != 0)
		return -1;
	if (c->again != NULL && decision_write(a, c->again, DECISION_AGAIN) != 0)
		return -1;
	if (c->feed != NULL && feed_conclude(a, c->feed) != 0)
		return -1;
	if (c->snapshot != NULL && snapshot_write(a, feed, c->snapshot) != 0)
		return -1;
	if (c->header != NULL && header_write(a, feed, c->header) != 0)
		return -1;
	if (c->drift != NULL && file_header_write(a, c->audit.file, c->drift) != 0)
		return -1;
	if (c->name != NULL && name_write(a, feed, c->name) != 0)
		return -1;
	if (c->settling != NULL && settling_write(a, feed, c->settling) != 0)
		return -1;
	if (c->arrival != NULL && arrival_write(a, feed, c->arrival) != 0)
		return -1;
	return audit_append(a, &c->audit);
}

int
ledger_conclude(struct ledger *l, const struct conclusion *c, struct err *e)
{
	struct act a;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	return act_end(&a, write_all(&a, c));
}
