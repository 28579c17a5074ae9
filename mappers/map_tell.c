/* Problems of a row, told to the sink. */
#include "mappers/map_eval.h"

static struct span
title_of(const struct binding *b, unsigned slot)
{
	return slot == SLOT_NONE ? (struct span){NULL, 0} : b->titles[b->columns[slot]];
}

void
eval_tell(struct binding *b, const struct problem *p)
{
	b->rejected |= p->weight == WEIGHT_REJECT;
	b->sink->problem(b->sink->arg, p);
}

/* Has the row been rejected for this cell and reason? Else it is remembered. */
static bool
is_told(struct binding *b, unsigned slot, enum problem_code code)
{
	if (code == PROBLEM_MISSING_ID)
		code = PROBLEM_MISSING_VALUE;
	for (size_t i = 0; i < b->ntold; i++)
		if (b->told[i].slot == slot && b->told[i].code == code)
			return true;
	if (b->ntold < TOLD_MAX)
		b->told[b->ntold++] = (struct told){slot, code};
	return false;
}

/* What the value could have been, as far as the feed says it. */
static struct span
detail_of(struct binding *b, enum problem_code code)
{
	const char *const *codes = b->rule->field == NULL ? NULL : b->rule->field->codes;

	if (code == PROBLEM_UNKNOWN_CODE && b->known != NULL)
		return code_list_text(b->known);
	if (code != PROBLEM_NOT_ALLOWED || codes == NULL)
		return (struct span){NULL, 0};
	b->may = (struct code_list){.n = 0};
	for (size_t i = 0; codes[i] != NULL; i++)
		code_list_add(&b->may, span_of(codes[i]));
	return code_list_text(&b->may);
}

void
eval_problem(struct binding *b, enum problem_code code, enum problem_weight w)
{
	unsigned slot = b->column;

	if (b->rule == NULL)
		return;
	if (slot == SLOT_NONE)
		slot = b->rule->column;
	if (w == WEIGHT_REJECT && slot != SLOT_NONE && b->row->message == NULL &&
	    is_told(b, slot, code))
		return;
	eval_tell(b, &(struct problem){
			 .code = code,
			 .weight = w,
			 .row = b->row->number,
			 .column = title_of(b, slot),
			 .type = b->section == NULL ? NULL : b->section->schema->name,
			 .field = b->rule->path,
			 .detail = detail_of(b, code),
		     });
}
