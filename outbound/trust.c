#include "outbound/trust.h"

void
trust_taken(struct trust *t)
{
	t->takes = true;
	t->row = 0;
	t->believed = t->doubts;
}

uint64_t
trust_doubt(struct trust *t)
{
	t->doubts++;
	if (t->judged) {
		t->believed = t->doubts;
		return t->doubts;
	}
	return ++t->row < TARGET_DOUBTS_MAX ? t->doubts : 0;
}

bool
trust_settle(struct trust *t)
{
	if (t->takes)
		t->believed = t->doubts;
	return t->believed == t->doubts;
}
