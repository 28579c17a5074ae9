/* Waiting for a lock whose owner is soon done, or stopped. */
#include "state/turn.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Time that passes only while somebody waits; at `frees_at` the owner gives the lock back. */
struct waited {
	int64_t ms, frees_at;
	int owner;
};

static int64_t
mono(void *self)
{
	return ((struct waited *)self)->ms;
}

static void
pass(void *self, int64_t ms)
{
	struct waited *w = self;

	w->ms += ms;
	if (w->frees_at > 0 && w->ms >= w->frees_at)
		turn_end(w->owner);
}

static struct err e;

/* What comes of waiting for an owner that gives it back then; 0: never. */
static int
take_after(int64_t frees_at, struct waited *w)
{
	char path[] = "/tmp/turn_test_XXXXXX";
	struct clock clock = {.mono = mono, .pause = pass, .self = w};
	int fd = mkstemp(path), rc;

	cr_assert_geq(fd, 0);
	*w = (struct waited){.frees_at = frees_at, .owner = open(path, O_RDWR)};
	cr_assert_eq(flock(w->owner, LOCK_EX), 0);
	rc = turn_take(fd, path, &clock, &e);
	unlink(path);
	close(w->owner);
	close(fd);
	return rc;
}

Test(turn, an_owner_that_is_soon_done)
{
	struct waited w;

	cr_expect_eq(take_after(1, &w), 0, "%s", e.msg);
	cr_expect_leq(w.ms, 2);
	cr_expect_eq(take_after(25000, &w), 0, "%s", e.msg);
	cr_expect_leq(w.ms, 25100, "it looks often: %d ms", (int)w.ms);
}

Test(turn, an_owner_that_is_stopped)
{
	struct waited w;

	cr_expect_eq(take_after(0, &w), -1);
	cr_expect(w.ms >= 30000 && w.ms < 30100, "%d ms", (int)w.ms);
	cr_expect_eq(e.code, ERR_BUSY);
	cr_expect_eq(err_exit(e.code), 75);
	cr_expect_not_null(strstr(e.msg, "turn_test_"), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "lslocks"), "%s", e.msg);
}

Test(turn, what_is_no_file)
{
	cr_expect_eq(turn_take(-1, "nothing", &clock_system, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
}
