#include "cmd/parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static_assert(PARTS_DEPTH_MAX < 256 / OUTCOME_HALVED, "a depth fits into an outcome");

void
parts_release(struct parts *p)
{
	free(p->outcomes);
	free(p->doubts);
	free(p->sent);
	*p = (struct parts){.n = 0};
}

static int
room(struct parts *p, size_t n)
{
	void *o, *d, *s;

	if (n <= p->cap)
		return 0;
	o = realloc(p->outcomes, n);
	p->outcomes = o != NULL ? o : p->outcomes;
	d = reallocarray(p->doubts, n, sizeof(*p->doubts));
	p->doubts = d != NULL ? d : p->doubts;
	s = reallocarray(p->sent, n, sizeof(*p->sent));
	p->sent = s != NULL ? s : p->sent;
	if (o == NULL || d == NULL || s == NULL)
		return -1;
	p->cap = n;
	return 0;
}

int
parts_start(struct parts *p, const struct frame *f)
{
	if (room(p, f->n) != 0)
		return -1;
	p->n = f->n;
	p->nsent = p->ndoubts = 0;
	p->round = 0;
	for (size_t i = 0; i < f->n; i++) {
		bool sent = f->records[i].length > 0;

		p->outcomes[i] = sent ? OUTCOME_NONE : OUTCOME_TOUCHED;
		p->doubts[i] = 0;
		if (sent)
			p->sent[p->nsent++] = i;
	}
	return 0;
}

void
parts_resume(struct parts *p)
{
	bool later = false;

	for (size_t i = 0; i < p->n; i++)
		later |= p->outcomes[i] == OUTCOME_LATER;
	for (size_t i = 0; later && i < p->n; i++)
		if (p->outcomes[i] == OUTCOME_LATER ||
		    p->outcomes[i] % OUTCOME_HALVED == OUTCOME_NONE)
			p->outcomes[i] = OUTCOME_NONE;
}

/* Is it to be sent? */
static bool
is_open(const struct parts *p, size_t at)
{
	size_t i = p->sent[at];

	return p->outcomes[i] % OUTCOME_HALVED == OUTCOME_NONE && p->doubts[i] == 0;
}

/* The half of the part that holds sent[at]. */
static void
descend(struct part *part, size_t at, size_t depth)
{
	size_t middle = part->lo + (part->hi - part->lo) / 2;

	part->bits[depth] = at < middle ? '0' : '1';
	if (at < middle)
		part->hi = middle;
	else
		part->lo = middle;
}

bool
parts_next(const struct parts *p, struct part *out)
{
	size_t at = 0, depth;

	while (at < p->nsent && !is_open(p, at))
		at++;
	if (at == p->nsent)
		return false;
	*out = (struct part){.lo = 0, .hi = p->nsent};
	depth = p->outcomes[p->sent[at]] / OUTCOME_HALVED;
	for (size_t d = 0; d < depth && d < PARTS_DEPTH_MAX; d++)
		descend(out, at, d);
	return true;
}

bool
parts_hold(const struct parts *p, const struct part *part, size_t at)
{
	return at >= part->lo && at < part->hi && is_open(p, at);
}

void
parts_path(const struct parts *p, uint64_t batch, const struct part *part,
    char out[BATCH_PATH_SIZE])
{
	unsigned long long number = batch;
	size_t n;

	if (p->round == 0)
		n = (size_t)snprintf(out, BATCH_PATH_SIZE, "%llu", number);
	else
		n = (size_t)snprintf(out, BATCH_PATH_SIZE, "%llu.2.%u", number, p->round);
	for (const char *bit = part->bits; *bit != '\0' && n + 2 < BATCH_PATH_SIZE;
	    bit++) {
		out[n++] = '.';
		out[n++] = *bit;
	}
	out[n] = '\0';
}

/* How many of the part's records are still to be sent, from `lo` to `hi`. */
static size_t
count_open(const struct parts *p, size_t lo, size_t hi)
{
	size_t n = 0;

	for (size_t at = lo; at < hi; at++)
		n += is_open(p, at);
	return n;
}

void
parts_halve(struct parts *p, const struct part *part)
{
	size_t lo = part->lo, hi = part->hi, all = count_open(p, lo, hi), left;
	unsigned char halvings = 1;

	/* In a later round one half may be empty, and the other is what was refused. */
	for (;; halvings++) {
		size_t middle = lo + (hi - lo) / 2;

		left = count_open(p, lo, middle);
		if (left > 0 && left < all)
			break;
		if (left == 0)
			lo = middle;
		else
			hi = middle;
	}
	for (size_t at = part->lo; at < part->hi; at++)
		if (is_open(p, at))
			p->outcomes[p->sent[at]] += (unsigned char)(halvings *
								    OUTCOME_HALVED);
}

void
parts_postpone(struct parts *p)
{
	for (size_t at = 0; at < p->nsent; at++)
		if (is_open(p, at))
			p->outcomes[p->sent[at]] = OUTCOME_LATER;
	p->round++;
}
