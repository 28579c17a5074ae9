/*
 * Histories by the hundred thousand: `emrdrop-model HISTORIES [SEED]`. The first that fails
 * is made as small as it can be, and printed; then the exit status is 1.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/model/world.h"

struct figures {
	uint64_t histories, days, changes, passed_over;
};

/* What is had once for all histories: most of the memory, and a folder. */
struct stage {
	struct intake *intake;
	char dir[100];
};

/* 0, or -1 and why. */
static int
play(const struct history *h, struct stage *s, struct figures *f, char why[WHY_SIZE])
{
	struct world *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL)
		abort();
	w->intake = s->intake;
	memcpy(w->ledger.dir, s->dir, sizeof(s->dir));
	rc = world_play(w, h);
	f->histories++;
	f->days += h->nsteps;
	f->changes += w->changes;
	f->passed_over += w->passed_over;
	memcpy(why, w->why, WHY_SIZE);
	free(w);
	return rc;
}

/* Parts are taken out of it as long as it still fails. */
static void
simplify(struct history *h, struct stage *s)
{
	struct figures f = {0};
	char why[WHY_SIZE];
	bool same, less = true;

	while (less) {
		struct history next = *h;

		less = false;
		for (unsigned part = 0; history_simplify(&next, part, &same); part++) {
			if (!same && play(&next, s, &f, why) != 0) {
				*h = next;
				less = true;
			}
			next = *h;
		}
	}
}

static int
tell(struct history *h, struct stage *s, uint64_t seed)
{
	struct figures f = {0};
	char why[WHY_SIZE];

	simplify(h, s);
	if (play(h, s, &f, why) == 0)
		abort();
	printf("model: the history of seed %" PRIu64 " fails; as small as it can be:\n",
	    seed);
	history_print(h, stdout);
	printf("  %s\n", why);
	return 1;
}

static int
play_all(uint64_t n, uint64_t seed, struct stage *s)
{
	struct figures f = {0};
	struct history h;
	char why[WHY_SIZE];

	for (uint64_t i = 0; i < n; i++) {
		history_make(&h, seed + i);
		if (play(&h, s, &f, why) != 0)
			return tell(&h, s, seed + i);
	}
	printf("model: %" PRIu64 " histories from seed %" PRIu64 ", %" PRIu64
	       " days, %" PRIu64 " changes, %" PRIu64 " lines that were known\n",
	    f.histories, seed, f.days, f.changes, f.passed_over);
	return 0;
}

static int
set_stage(struct stage *s)
{
	const char *temp = getenv("TMPDIR");

	snprintf(s->dir, sizeof(s->dir), "%s/emrdrop-model.XXXXXX",
	    temp != NULL ? temp : "/tmp");
	s->intake = calloc(1, sizeof(*s->intake));
	return s->intake != NULL && mkdtemp(s->dir) != NULL ? 0 : -1;
}

static void
clear_stage(struct stage *s)
{
	char rows[sizeof(s->dir) + 10];

	snprintf(rows, sizeof(rows), "%s/rows", s->dir);
	(void)rmdir(rows);
	(void)rmdir(s->dir);
	free(s->intake);
}

int
main(int argc, char **argv)
{
	struct stage s;
	struct err e;
	int rc;

	if (argc < 2 || crypto_init(&e) != 0) {
		fprintf(stderr, "usage: emrdrop-model HISTORIES [SEED]\n");
		return 64;
	}
	if (set_stage(&s) != 0) {
		perror(s.dir);
		return 74;
	}
	rc = play_all(
	    strtoull(argv[1], NULL, 10), argc > 2 ? strtoull(argv[2], NULL, 10) : 1, &s);
	clear_stage(&s);
	return rc;
}
