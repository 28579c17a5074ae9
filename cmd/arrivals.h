/*
 * Did what was expected come? Judged by what the ledger remembers, the calendar of
 * [expect] and the time alone: it holds if no job has run for weeks.
 *
 * A file belongs to a due time: to the next one, from half-way between it and the one
 * before, though no later than 12 hours behind the latter; and as long as that one
 * lacks a file, to that one until half-way. So a late file is late and not early for
 * the day after, and one that comes on Friday evening for Monday is in time.
 */
#ifndef CMD_ARRIVALS_H
#define CMD_ARRIVALS_H

#include "base/json.h"
#include "cmd/expect.h"
#include "state/watch.h"

struct ledger;
struct feed;
struct stuck;

#define DUES_DAYS 35 /* days before and after now that are looked at */
#define DUES_MAX  ((2 * DUES_DAYS + 1) * EXPECT_TIMES_MAX)

/* A time by which files are due, and what came for it. */
struct due {
	int64_t at;       /* ms */
	unsigned weekday; /* from Sunday, 0 */
	unsigned wanted;  /* files: two equal times are two */
	uint64_t got;
	int64_t first, last; /* ms: when the first and the last of them came; 0: none */
	uint32_t rows;       /* of the last one, or ARRIVAL_ROWS_UNKNOWN */
};

/* Due times around `now`, rising. `v` is the caller's. */
struct dues {
	struct due *v;
	size_t max, n, past; /* the first `past` are over, grace included */
};

/*
 * Fills out->v[0..out->max) with the due times of DUES_DAYS before and after now, but none
 * from before a->since, and gives each arrival that is for one of them. 0, or -1: no such
 * zone.
 */
int arrivals_dues(const struct expectation *x, const struct arrivals *a, int64_t now,
    struct dues *out, struct err *e);

enum arrival_state {
	ARRIVAL_NONE,    /* nothing is expected, or nothing was due yet */
	ARRIVAL_IN_TIME, /* what was due last has come, if only late */
	ARRIVAL_LATE,    /* it has not */
	ARRIVAL_ASIDE,   /* it has, but is held or cannot be read: it was not delivered */
	ARRIVAL_STRANGE  /* it has, with far fewer or more rows than it should have */
};

struct arrival {
	enum arrival_state state;
	int64_t due;  /* ms: what was due last; 0: nothing yet */
	int64_t next; /* ms: what is due next; 0: nothing within DUES_DAYS */
	int64_t came; /* ms: when the last was read; 0: none is remembered */
	/* So many came by ARRIVALS_MERGE_S: then `came` is the first one's. */
	unsigned together;
	int64_t late_from; /* ms: the due time since when files lack; 0: none does */
	uint64_t missed;   /* due times in a row without their files */
	unsigned wanted;   /* files at `due` */
	uint64_t got;
	bool unseen;   /* no run has looked into the drop since: the schedule is dead */
	unsigned held; /* files for `due` that stand aside now */
	unsigned refused;
	uint32_t rows;                      /* of the last file for `due` */
	uint64_t min_rows, max_rows, usual; /* of that day; 0: not said, not known */
};

/* A file that stands aside in the drop now. */
struct aside {
	int64_t read_at; /* ms */
	bool held;       /* else it cannot be read */
};

/* What is to be known beside the arrivals. */
struct arrival_facts {
	int64_t now, last_look;
	const struct aside *aside;
	size_t naside;
	uint64_t usual_twice[7]; /* by weekday, as snapshot_usual_twice; 0: not known */
};

/* 0, or -1: no such zone. */
int arrivals_judge(const struct expectation *x, const struct arrivals *a,
    const struct arrival_facts *facts, struct arrival *out, struct err *e);

/* Of which feed, when, and which files stand aside then in all drops. */
struct arrival_question {
	struct ledger *ledger;
	const struct feed *feed;
	const struct stuck *stuck;
	int64_t now; /* ms */
};

/*
 * The same with what the ledger knows of a feed. One that expects nothing, and one that
 * is expected to have files for the first time, is ARRIVAL_NONE.
 */
int arrivals_of(const struct arrival_question *q, struct arrival *out, struct err *e);

/* Its due times, as arrivals_dues has them; none where arrivals_of says ARRIVAL_NONE. */
int arrivals_past(
    struct ledger *l, const struct feed *f, int64_t now, struct dues *out, struct err *e);

/*
 * Files are expected from now on, if this was not said before or otherwise: what was due
 * before does not count.
 */
int arrivals_begin(struct ledger *l, const struct feed *f, int64_t now, struct err *e);

/* Members of an object; a line without its end. */
void arrival_json(const struct arrival *a, struct json *j);
void arrival_text(const struct arrival *a, struct buf *out);

/* "in time", "late" and so on. */
const char *arrival_word(enum arrival_state s);

#endif
