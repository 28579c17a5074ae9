/*
 * How all feeds are, out of the ledger and the feed files: what ails each of them, and
 * which command helps. For `status` and `report`; touches no network.
 */
#ifndef CMD_BOARD_H
#define CMD_BOARD_H

#include "base/arena.h"
#include "cmd/app.h"
#include "cmd/arrivals.h"
#include "cmd/block.h"
#include "cmd/stuck.h"
#include "state/pass.h"

/* From the sickest on. */
enum health {
	HEALTH_STOPPED, /* its runs end with an error */
	HEALTH_BLOCKED, /* by a held file, or by a delivery that nobody finishes */
	HEALTH_HELD,    /* a file is held */
	HEALTH_REFUSED, /* a file cannot be read */
	HEALTH_LATE,    /* an expected file has not come */
	HEALTH_STRANGE, /* it has far fewer or more rows than it should */
	HEALTH_MARKER,  /* files wait whose markers are older than they are */
	HEALTH_NAMES,   /* files are never taken, for their names */
	HEALTH_LEFT,    /* records that the API refused, and no retry settled */
	HEALTH_EXPIRES, /* a key or certificate will, soon */
	HEALTH_DECIDED, /* from here on nobody is needed: the next run carries it out */
	HEALTH_MENDED,  /* a login that was refused: the next run tries */
	HEALTH_UNFINISHED, /* a delivery: the next run goes on */
	HEALTH_WAITING, /* a file is there that is not ready: the next run looks again */
	HEALTH_PAUSED,
	HEALTH_NEW,  /* it never ran */
	HEALTH_GONE, /* it has no feed file any more */
	HEALTH_WELL
};

#define HEALTH_NEEDS_NOBODY HEALTH_DECIDED
#define AILMENT_COMMANDS    3

/* Its texts are the board's. */
struct ailment {
	enum health health;
	int64_t since;                          /* ms; 0: it is not known */
	const struct file_entry *file;          /* or NULL */
	const char *what;                       /* plain words, never a file's name */
	const char *commands[AILMENT_COMMANDS]; /* to type, best first; NULL ends them */
};

/* What the API refused and no retry settled. */
struct refusals {
	uint64_t files, records;
	int64_t last; /* ms: when the newest of the files was read */
};

struct board_feed {
	struct feed_state state;
	struct refusals refusals;
	int64_t paused; /* ms; 0: it is not */
	struct pass pass;
	struct block block; /* another feed's, that keeps it back */
	bool known;         /* to the ledger */
	bool configured;    /* there is a feed file */
	uint64_t mistakes;
	bool unfinished, at_work; /* its pass is open; and a run has its lock */
	bool login_refused;       /* the drop is not asked again before that is mended */
	int64_t mended;           /* ms: since when it is, and no run was there yet */
	bool expects;             /* files, by [expect] */
	struct arrival arrival;
	struct due *dues; /* that are over, rising */
	size_t ndues;
	int64_t grace;    /* ms: of those */
	int64_t expires;  /* ms: the first key or certificate; 0: it is not known */
	bool expires_pgp; /* it is a PGP key */
	struct ailment *ailments; /* sickest first */
	size_t n, cap;
};

struct history;

struct board {
	struct board_feed *v; /* by name */
	size_t n, cap;
	struct board_feed **order; /* the same, sickest first */
	size_t sick;               /* that need somebody: they stand first in `order` */
	size_t gone;               /* that have no feed file any more */
	struct stuck stuck;
	struct history *history; /* borrowed, or NULL: it is shown every file */
	struct arena arena;
	int64_t now;         /* ms */
	int64_t deadline;    /* of a run */
	int64_t warn_before; /* ms: what expires by then is told */
};

/* *b is to be released whatever the result. */
int board_make(struct board *b, struct app *app, struct ledger *l,
    struct history *history, struct err *e);
void board_release(struct board *b);

/* NULL if neither the ledger nor a feed file knows it. */
struct board_feed *board_find(const struct board *b, const char *name);

/* "2 of 50 feeds need somebody". */
void board_headline(const struct board *b, struct buf *out);

/* The sickest of what ails it. */
enum health board_health(const struct board_feed *f);

/* Do its runs end with an error? One that holds or refuses a file has done what it could. */
bool board_stopped(const struct feed_state *s);

/* Has it an unfinished delivery that nobody goes on with, and is that all that is wrong? */
bool board_left(const struct board_feed *f);

/* What ails a feed that stands in the board: fills f->ailments. */
int ailments_find(struct board *b, struct board_feed *f, struct ledger *l, struct err *e);

/* How what it expects came, as member "arrival", if it expects anything. */
void board_arrival_json(const struct board_feed *f, struct json *j);

/* "HELD" and so on. */
const char *health_word(enum health h);

/* "held": its name for programs. */
const char *health_name(enum health h);

/* The ailments as an array. */
void ailments_json(const struct board_feed *f, struct json *j);

#endif
