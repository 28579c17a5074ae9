/*
 * Rows that give no record, but say that a record is still there: what a `when` left
 * out, and what was rejected. A snapshot that has them must not remove it.
 */
#include "mappers/map_eval.h"

static void
keep_code(void *arg, const struct problem *p)
{
	*(enum problem_code *)arg = p->code;
}

/* The id alone of a record that is not made; what is wrong with it is returned, not told. */
static enum problem_code
read_id(struct binding *b, const struct section *sec, struct record *out)
{
	enum problem_code code = PROBLEM_NONE;
	const struct mapper_sink quiet = {.problem = keep_code, .arg = &code};
	const struct mapper_sink *sink = b->sink;
	bool rejected = b->rejected;

	b->sink = &quiet;
	eval_id(b, sec, out);
	b->sink = sink;
	b->rejected = rejected;
	return code;
}

/* A row that was left out, and has nothing for an id, stands for no record. */
static int
tell_filtered(struct binding *b, const struct section *sec, struct err *e)
{
	struct record r;

	if (read_id(b, sec, &r) == PROBLEM_MISSING_ID)
		return 0;
	return b->sink->present(b->sink->arg, &r, e);
}

int
eval_present(struct binding *b, unsigned n, struct err *e)
{
	const struct map *m = b->map;
	unsigned made = 0;
	int rc = 0;

	if (!m->removes || b->sink->present == NULL)
		return 0;
	for (size_t i = 0; i < m->nsections && rc == 0; i++) {
		const struct record *r = made < n &&
						 b->records[made].values == b->values[i]
					     ? &b->records[made++]
					     : NULL;

		if (m->sections[i].missing.how == MISSING_IGNORE)
			continue;
		/* A group of columns with nothing in it stands for no record. */
		if (r == NULL && m->sections[i].group != NULL &&
		    columns_are_empty(b, m->sections[i].group))
			continue;
		if (r == NULL)
			rc = tell_filtered(b, &m->sections[i], e);
		else if (b->rejected)
			rc = b->sink->present(b->sink->arg, r, e);
	}
	return rc;
}
