/*
 * A ledger as a site has it after a year: files, problems, what is held, refused, failing
 * and paused, written with the ledger's own calls. The same arguments make the same.
 *
 *   year DIR NOW_MS DAYS FILES_A_DAY FEED...
 *
 * Of more than 7 feeds the first ones are ill, each in another way: runs fail, a file is
 * held, one is refused, records were not taken, it is paused; the sixth is late for three
 * days, if files are expected from Monday to Saturday by 06:30 UTC; the seventh came three hours late on Tuesdays. The others are well.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "cmd/expect.h"
#include "state/conclude.h"
#include "state/controls.h"

#define HOUR_MS  3600000
#define TOO_MANY "30 of 120 rows were rejected, more than max_reject allows (10 %)"

struct year {
	struct ledger *l;
	int64_t now;
	int days, a_day, feeds;
	uint64_t seed;
	struct err e;
};

enum { FAILS, HELD, REFUSED, NOT_TAKEN, PAUSED, LATE, TUESDAYS, ILL };

static uint64_t
chance(struct year *y, uint64_t among)
{
	y->seed = y->seed * 6364136223846793005u + 1442695040888963407u;
	return (y->seed >> 33) % among;
}

static void
must(const struct year *y, int rc)
{
	if (rc != 0)
		errx(1, "%s", y->e.msg);
}

static struct file_entry
new_file(struct year *y, const char *feed, int64_t at, const char *name)
{
	struct file_entry f = {.mtime = at / 1000 - 120,
	    .size = 100000,
	    .read_at = at,
	    .closed = true,
	    .made_at = at};

	for (size_t i = 0; i < SHA256_SIZE; i++)
		f.sha256[i] = (unsigned char)chance(y, 256);
	snprintf(f.feed, sizeof(f.feed), "%s", feed);
	snprintf(f.name, sizeof(f.name), "%s", name);
	f.id = ledger_file_id(y->l, feed, name, f.sha256);
	return f;
}

/* `arrival`: when it came, if that is remembered. */
static void
put_file(struct year *y, struct file_entry *f, uint64_t rejected,
    const struct arrival_new *arrival)
{
	const struct problem kinds[] = {
	    {.code = PROBLEM_NOT_DATE, .column = SPAN_LIT("DOB"), .field = "birth_date"},
	    {.code = PROBLEM_UNKNOWN_CODE,
		.column = SPAN_LIT("Appt Status <new>"),
		.field = "status"},
	    {.code = PROBLEM_MISSING_ID, .column = SPAN_LIT("MRN"), .field = "id"}};
	struct problem p[64];
	size_t n = rejected < 64 ? rejected : 64;

	for (size_t i = 0; i < n; i++) {
		p[i] = kinds[chance(y, 6) / 2];
		p[i].type = "patient";
		p[i].row = 2 + 3 * i;
		p[i].weight = WEIGHT_REJECT;
	}
	f->rejected = rejected;
	must(y, ledger_conclude(y->l,
		    &(struct conclusion){.file = f,
			.problems = p,
			.nproblems = n,
			.arrival = arrival,
			.audit = {"file-concluded", f->feed, &f->id, NULL}},
		    &y->e));
}

static int
weekday(int64_t at)
{
	return (int)civil_weekday(civil_day_of(at));
}

/* When a file comes that should be there at `at`; 0: never. */
static int64_t
comes(const struct year *y, int feed, int64_t at)
{
	if (y->feeds <= ILL)
		return at;
	if (feed == LATE && at > y->now - 3 * DAY_MS)
		return 0;
	return feed == TUESDAYS && weekday(at) == 2 ? at + 3 * HOUR_MS : at;
}

/* How busy a feed is on a day: practices are closed on Sundays. */
static uint64_t
busy(struct year *y, int feed, int64_t at)
{
	uint64_t size = 60u << (feed % 5);

	if (weekday(at) == 0)
		return 0;
	return size + chance(y, size / 2) - (weekday(at) == 6 ? size / 2 : 0);
}

static void
put_day(struct year *y, int feed, const char *name, int64_t day)
{
	char file[64];

	for (int i = 0; i < y->a_day; i++) {
		int64_t at = comes(
		    y, feed, day + HOUR_MS * (6 + 12 * i / y->a_day) + 60000 * feed);
		struct arrival_new came = {.at = at};
		struct file_entry f;
		uint64_t rows = at == 0 ? 0 : busy(y, feed, at);

		if (rows == 0 || at > y->now)
			continue;
		snprintf(file, sizeof(file), "Quoll %lld.csv", (long long)(at / 1000));
		f = new_file(y, name, at, file);
		f.rows = rows;
		f.delivered = f.records = rows / 8 + chance(y, rows / 4 + 1);
		f.took = 700 + rows * (uint64_t)(feed % 3 + 1) * 4;
		came.rows = (uint32_t)rows;
		put_file(y, &f, chance(y, 4) == 0 ? chance(y, rows / 30 + 2) : 0, &came);
	}
}

static void
put_aside(struct year *y, const char *feed, enum verdict verdict, const char *reason)
{
	struct file_entry f = new_file(y, feed, y->now - 5 * HOUR_MS, "Quoll, Jane.csv");
	struct name_put put = {.name = f.name,
	    .entry = {.state = verdict == VERDICT_HOLD ? NAME_HELD : NAME_REFUSED,
		.size = f.size,
		.mtime = f.mtime,
		.seen = f.read_at,
		.blocks = verdict == VERDICT_HOLD,
		.file = f.id}};

	f.verdict = verdict;
	f.rows = verdict == VERDICT_HOLD ? 120 : 0;
	snprintf(f.reason, sizeof(f.reason), "%s", reason);
	put_file(y, &f, verdict == VERDICT_HOLD ? 30 : 0, NULL);
	must(y, ledger_names_put(y->l, feed, &put, 1, &y->e));
}

static void
put_refused(struct year *y, const char *feed)
{
	struct file_entry f = new_file(y, feed, y->now - 9 * HOUR_MS, "Quoll 9.csv");

	f.rows = f.records = 80;
	f.refused = 3;
	f.delivered = 77;
	put_file(y, &f, 0, NULL);
}

static void
end_run(struct year *y, const char *feed, int64_t at, int exit, const char *words)
{
	const struct feed_end end = {.at = at, .exit = exit, .bad = true, .words = words};

	must(y, ledger_feed_end(y->l, feed, &end, &y->e));
}

/* What ails the feeds in front. */
static void
make_ill(struct year *y, int feed, const char *name)
{
	static const char denied[] =
	    "https://api.example/v1/batches: the API answers 401, with the token read "
	    "again: see token_file";
	const struct audit_act act = {.act = "feed-paused", .feed = name};

	switch (y->feeds > ILL ? feed : ILL) {
	case FAILS:
		end_run(y, name, y->now - 7 * HOUR_MS, 77, denied);
		end_run(y, name, y->now - 600000, 77, denied);
		break;
	case HELD:
		put_aside(y, name, VERDICT_HOLD, TOO_MANY);
		end_run(y, name, y->now - 5 * HOUR_MS, 4, "");
		break;
	case REFUSED:
		put_aside(y, name, VERDICT_REFUSE, "the ZIP archive is cut off");
		end_run(y, name, y->now - 5 * HOUR_MS, 65, "");
		break;
	case NOT_TAKEN:
		put_refused(y, name);
		break;
	case PAUSED:
		must(y, ledger_pause_put(y->l, name, y->now - 30 * HOUR_MS, &act, &y->e));
		break;
	default:
		break;
	}
}

/* From Monday to Saturday by 06:30, UTC. */
static void
expect_files(struct year *y, const char *feed)
{
	struct expectation x = {.days = 0x7e, .grace = 30 * 60000, .timezone = "UTC"};
	struct digest expect;

	for (int d = 1; d < 7; d++) {
		x.by[d].n = 1;
		x.by[d].minute[0] = 6 * 60 + 30;
	}
	expect = expect_digest(&x, ledger_keys(y->l));
	must(y, ledger_arrivals_begin(
		    y->l, feed, &expect, y->now - (int64_t)y->days * DAY_MS, &y->e));
}

static void
put_feed(struct year *y, int feed, const char *name)
{
	struct feed_state s = {.next_pass = 1,
	    .last_look = y->now - 60000 * (feed + 2),
	    .last_delivery = y->now - HOUR_MS * (feed + 2)};
	int64_t today = y->now / DAY_MS * DAY_MS;

	snprintf(s.name, sizeof(s.name), "%s", name);
	must(y, ledger_scope_get(y->l, name, true, &s.scope, &y->e));
	must(y, ledger_conclude(y->l,
		    &(struct conclusion){
			.feed = &s, .audit = {.act = "feed-new", .feed = name}},
		    &y->e));
	for (int d = y->days - 1; d >= 0; d--)
		put_day(y, feed, name, today - (int64_t)d * DAY_MS);
	expect_files(y, name);
	make_ill(y, feed, name);
}

int
main(int argc, char **argv)
{
	struct auditor by = {.clock = &clock_system, .run = ""};
	struct year y = {.seed = 1, .feeds = argc - 5};

	if (argc < 6)
		errx(64, "year DIR NOW_MS DAYS FILES_A_DAY FEED...");
	must(&y, crypto_init(&y.e));
	y.l = ledger_open(argv[1], NULL, true, &y.e);
	if (y.l == NULL)
		errx(1, "%s", y.e.msg);
	ledger_audit_by(y.l, &by);
	y.now = strtoll(argv[2], NULL, 10);
	y.days = (int)strtol(argv[3], NULL, 10);
	y.a_day = (int)strtol(argv[4], NULL, 10);
	for (int i = 0; i < y.feeds; i++)
		put_feed(&y, i, argv[5 + i]);
	ledger_close(y.l);
	return 0;
}
