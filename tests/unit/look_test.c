#include <sys/stat.h>

#include "cmd/job_impl.h"
#include "tests/unit/ledger_rig.h"

#define SEC(n) ((n) * INT64_C(1000))

/* Time passes while the drop is listed, and when a case says so. */
static int64_t now, listing;

static int64_t
wall(void *self)
{
	(void)self;
	return now;
}

static int64_t
wall_of_poller(void *self)
{
	(void)self;
	now += listing;
	return now;
}

static void
pass(void *self, int64_t ms)
{
	(void)self;
	now += ms;
}

static const struct clock ours = {wall, wall, pass, NULL};
static const struct clock theirs = {wall_of_poller, wall, pass, NULL};

struct drop_of_one {
	struct app app;
	struct feed feed;
	struct feed_report out;
	struct job job;
	struct job_share share;
	char url[64];
};

static void
drop_init(struct drop_of_one *d)
{
	static const char *all[] = {"*.csv"};
	int fd;

	rig_init();
	cr_assert_eq(mkdir(rig_path("drop"), 0700), 0);
	fd = open(rig_path("drop/a.csv"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && write(fd, "a", 1) == 1);
	close(fd);
	snprintf(d->url, sizeof(d->url), "file://%s/drop", rig_dir);
	d->app = (struct app){.clock = &ours, .log = {.level = LOG_ERROR}};
	d->feed = (struct feed){.feed = {.name = "north", .source = "north"},
	    .source = {.url = d->url,
		.order = "name",
		.pattern = {all, 1},
		.after = "keep",
		.stable_for = SEC(10)}};
	d->share = (struct job_share){.links = NULL};
	d->job = (struct job){.app = &d->app,
	    .feed = &d->feed,
	    .out = &d->out,
	    .share = &d->share,
	    .ledger = l,
	    .env = {.clock = &theirs, .deadline = INT64_MAX}};
	now = SEC(1000000);
	cr_assert_eq(ledger_scope_get(l, "north", true, &d->job.scope, &e), 0);
	d->job.state.last_look = now;
	d->job.poller = poller_open(&d->feed.source, &d->job.env, &e);
	cr_assert_not_null(d->job.poller, "%s", e.msg);
}

static void
drop_release(struct drop_of_one *d)
{
	poller_close(d->job.poller);
	rig_release();
}

/* A look that takes so many ms: is the file taken? */
static bool
taken(struct drop_of_one *d, int64_t ms)
{
	struct drop_look look;
	bool take;

	listing = ms;
	cr_assert_eq(look_at_drop(&d->job, &look, &e), 0, "%s", e.msg);
	cr_assert_eq(look.n, 1);
	take = look.files[0].what == TAKE;
	look_release(&look);
	return take;
}

/* Two looks are stable_for apart only if that is so however long each of them took. */
Test(look, slow_listings)
{
	struct drop_of_one d;

	drop_init(&d);
	cr_expect_not(taken(&d, SEC(20)), "the first look");
	now += SEC(10) - 1;
	cr_expect_not(taken(&d, SEC(20)), "the second began too early");
	cr_expect(taken(&d, 0), "the third did not");
	drop_release(&d);
}

/* A job whose last look is long ago waits once, and then takes it. */
Test(look, waits_once)
{
	struct drop_of_one d;
	int64_t began;

	drop_init(&d);
	d.job.state.last_look = 0;
	began = now;
	cr_expect(taken(&d, SEC(3)));
	cr_expect_eq(now - began, SEC(3 + 10 + 3));
	drop_release(&d);
}

static void
write_drop(const char *text)
{
	int fd = open(rig_path("drop/a.csv"), O_WRONLY | O_APPEND | O_CLOEXEC);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void
waits(const struct drop_of_one *d, int64_t since, enum waits_for what)
{
	const struct look_finds *f = &d->job.state.finds;

	cr_expect_eq(f->waiting, 1);
	cr_expect_eq(f->since, since);
	cr_expect_eq(f->what, what);
}

/* Since it was first seen, however often it has grown since. */
Test(look, tells_since_when_a_file_lies_there)
{
	struct drop_of_one d;
	int64_t began;

	drop_init(&d);
	began = now;
	cr_expect_not(taken(&d, 0));
	waits(&d, began, WAITS_TIME);
	for (int i = 0; i < 3; i++) {
		now += SEC(11);
		write_drop("b");
		cr_expect_not(taken(&d, 0));
		waits(&d, began, WAITS_CHANGES);
	}
	now += SEC(11);
	cr_expect(taken(&d, 0));
	cr_expect_eq(d.job.state.finds.waiting, 0);
	cr_expect_eq(d.job.state.finds.since, 0);
	drop_release(&d);
}
