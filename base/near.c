#include "base/near.h"

#include <stdio.h>

/* How many slips a word of this length may have. */
static size_t
slips(size_t n)
{
	return n < 2 ? 0 : n < 4 ? 1 : n < 8 ? 2 : 3;
}

void
near_start(struct near *n, struct span word)
{
	*n = (struct near){.word = word, .limit = slips(word.n)};
}

void
near_try(struct near *n, struct span candidate)
{
	size_t far;

	if (candidate.n == 0 || (n->found.p != NULL && n->limit == 0))
		return;
	far = span_distance(n->word, candidate, n->limit);
	if (far > n->limit || (far == n->limit && n->found.p != NULL))
		return;
	n->limit = far;
	n->found = candidate;
}

const char *
near_hint(const struct near *n, char out[NEAR_HINT_SIZE])
{
	out[0] = '\0';
	if (n->found.p != NULL)
		snprintf(out, NEAR_HINT_SIZE, "; did you mean %.*s?", (int)n->found.n,
		    n->found.p);
	return out;
}

const char *
near_hint_of(struct span word, const char *const *candidates, char out[NEAR_HINT_SIZE])
{
	struct near n;

	near_start(&n, word);
	for (; *candidates != NULL; candidates++)
		near_try(&n, span_of(*candidates));
	return near_hint(&n, out);
}
