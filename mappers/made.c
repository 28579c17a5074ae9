#include "mappers/made.h"

#include "base/record.h"

#define TITLE_MAX (64u << 20) /* bytes; a row has less */

void
made_init(struct made_sum *s)
{
	*s = (struct made_sum){.made = {.at = TIME_NONE, .latest = TIME_NONE}};
	buf_init(&s->column, TITLE_MAX);
}

void
made_release(struct made_sum *s)
{
	buf_release(&s->column);
}

int
made_add(struct made_sum *s, const struct made *export, bool taken, struct err *e)
{
	bool tells = export->at != TIME_NONE;
	int64_t latest = export->latest;

	if (s->any && (s->silent || (!tells && !taken)))
		return 0;
	if (tells && s->made.at != TIME_NONE) {
		if (s->made.latest < latest)
			latest = s->made.latest;
		s->made.latest = latest;
		if (export->at >= s->made.at)
			return 0;
	}
	s->any = true;
	s->silent = !tells && taken;
	s->made = *export;
	s->made.latest = latest;
	buf_clear(&s->column);
	buf_add_span(&s->column, export->column);
	s->made.column = buf_span(&s->column);
	return s->column.failed ? err_nomem(e) : 0;
}
