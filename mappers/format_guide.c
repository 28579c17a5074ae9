#include "mappers/format_ops.h"

#define GUIDE_MAX (16u << 20) /* bytes of what is told of a feed's columns */

int
mapper_guide(const struct mapper *m, struct guide *out, struct err *e)
{
	*out = (struct guide){.n = 0};
	if (m->ops->guide == NULL)
		return err_set(e, ERR_USAGE,
		    "files of the format %s have no columns, and so there is no template; "
		    "`emrdrop preview FEED FILE --fields` shows what a sample of them holds",
		    m->ops->name);
	arena_init(&out->arena, GUIDE_MAX);
	return m->ops->guide->columns(m->self, out, e);
}

int
mapper_example(
    const struct mapper *m, struct guide *g, int64_t now, struct buf *out, struct err *e)
{
	return m->ops->guide->example(m->self, g, now, out, e);
}

/* What is counted on its way to the sink. */
struct counted {
	const struct mapper_sink *theirs;
	struct mapper_counts counts;
};

static int
count_record(void *arg, const struct record *r, struct err *e)
{
	struct counted *c = arg;

	c->counts.records++;
	return c->theirs->record(c->theirs->arg, r, e);
}

static void
count_problem(void *arg, const struct problem *p)
{
	struct counted *c = arg;

	c->counts.warnings += p->weight == WEIGHT_WARNING;
	c->theirs->problem(c->theirs->arg, p);
}

int
mapper_try(const struct mapper *m, const struct guide_cells *row,
    const struct mapper_sink *sink, struct mapper_counts *out, struct err *e)
{
	struct counted c = {.theirs = sink};
	const struct mapper_sink ours = {.record = count_record,
	    .problem = count_problem,
	    .arg = &c,
	    .keys = sink->keys};
	uint64_t last = 0;
	const struct format_run run = {&ours, &c.counts, &last, row->now, NULL, NULL};
	int rc = m->ops->guide->try_row(m->self, row, &run, e);

	*out = c.counts;
	return rc;
}
