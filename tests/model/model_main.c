/*
 * Histories by the hundred thousand: `emrdrop-model HISTORIES [SEED]`. The first that fails
 * is made as small as it can be, and printed; then the exit status is 1.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/world.h"

struct figures {
	uint64_t histories, days, changes;
};

/* 0, or -1 and why. */
static int
play(const struct history *h, struct intake *in, struct figures *f, char why[WHY_SIZE])
{
	struct world *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL)
		abort();
	w->intake = in;
	rc = world_play(w, h);
	f->histories++;
	f->days += h->nsteps;
	f->changes += w->changes;
	memcpy(why, w->why, WHY_SIZE);
	free(w);
	return rc;
}

/* Parts are taken out of it as long as it still fails. */
static void
simplify(struct history *h, struct intake *in)
{
	struct figures f = {0};
	char why[WHY_SIZE];
	bool same, less = true;

	while (less) {
		struct history next = *h;

		less = false;
		for (unsigned part = 0; history_simplify(&next, part, &same); part++) {
			if (!same && play(&next, in, &f, why) != 0) {
				*h = next;
				less = true;
			}
			next = *h;
		}
	}
}

static int
tell(struct history *h, struct intake *in, uint64_t seed)
{
	struct figures f = {0};
	char why[WHY_SIZE];

	simplify(h, in);
	if (play(h, in, &f, why) == 0)
		abort();
	printf("model: the history of seed %" PRIu64 " fails; as small as it can be:\n",
	    seed);
	history_print(h, stdout);
	printf("  %s\n", why);
	return 1;
}

static int
play_all(uint64_t n, uint64_t seed, struct intake *in)
{
	struct figures f = {0};
	struct history h;
	char why[WHY_SIZE];

	for (uint64_t i = 0; i < n; i++) {
		history_make(&h, seed + i);
		if (play(&h, in, &f, why) != 0)
			return tell(&h, in, seed + i);
	}
	printf("model: %" PRIu64 " histories from seed %" PRIu64 ", %" PRIu64
	       " days, %" PRIu64 " changes\n",
	    f.histories, seed, f.days, f.changes);
	return 0;
}

int
main(int argc, char **argv)
{
	struct intake *in = calloc(1, sizeof(*in));
	struct err e;
	int rc;

	if (argc < 2 || in == NULL || crypto_init(&e) != 0) {
		fprintf(stderr, "usage: emrdrop-model HISTORIES [SEED]\n");
		return 64;
	}
	rc = play_all(
	    strtoull(argv[1], NULL, 10), argc > 2 ? strtoull(argv[2], NULL, 10) : 1, in);
	free(in);
	return rc;
}
