/*
 * What is watched of a feed, for alarms and figures: when files came, which troubles
 * were told already, counters that outlive a process, and a login that was refused.
 * Nothing here decides what is delivered, so nothing of it is audited.
 */
#ifndef STATE_WATCH_H
#define STATE_WATCH_H

#include "state/ledger.h"

#define ARRIVALS_MAX         128 /* that are remembered of a feed */
#define ARRIVALS_MERGE_S     600 /* files that come so close count as one arrival */
#define ARRIVAL_ROWS_UNKNOWN UINT32_MAX /* it was not read to its end */

/* Files that came at about the same time. */
struct arrival_mark {
	uint32_t at;    /* s since 1970: when the first was read; 0 ends the list */
	uint32_t files; /* how many */
	uint32_t rows;  /* of the last one */
};

/* A file that was read. */
struct arrival_new {
	int64_t at; /* ms */
	uint32_t rows;
};

struct arrivals {
	int64_t since;        /* ms: files are expected from then on; 0: never were */
	struct digest expect; /* of what was expected of them then */
	struct arrival_mark v[ARRIVALS_MAX]; /* oldest first */
};

/* All zero for a feed that is not known. */
int ledger_arrivals_get(
    struct ledger *l, const char *feed, struct arrivals *out, struct err *e);

/*
 * From `now` (ms) on it is expected what `expect` is the digest of, if it was something
 * else or nothing before. What came is not touched: a run may add to it meanwhile.
 */
int ledger_arrivals_begin(struct ledger *l, const char *feed, const struct digest *expect,
    int64_t now, struct err *e);

/* A file came at `at` ms; the oldest is forgotten if there is no room. */
void arrivals_add(struct arrivals *a, int64_t at, uint32_t rows);
size_t arrivals_count(const struct arrivals *a);

/* What somebody has to be told of. */
enum trouble {
	TROUBLE_FAILED,  /* runs end with an error */
	TROUBLE_LOGIN,   /* the drop refused our login */
	TROUBLE_HELD,    /* files wait for a human */
	TROUBLE_REFUSED, /* files cannot be read */
	TROUBLE_LATE,    /* an expected file did not come */
	TROUBLE_STRANGE, /* it has far fewer or more rows than it should */
	TROUBLE_EXPIRY,  /* a key or certificate is about to expire */
	TROUBLE_COUNT
};

/* Which of them were told, so that each change is told once. */
struct troubles {
	struct {
		int64_t since; /* ms; 0: there is none */
		uint64_t mark; /* what it was, exactly: another is told anew */
	} v[TROUBLE_COUNT];
};

int ledger_troubles_get(
    struct ledger *l, const char *feed, struct troubles *out, struct err *e);
int ledger_troubles_put(
    struct ledger *l, const char *feed, const struct troubles *t, struct err *e);

/* Counters since the ledger began, and the last run. */
struct figures {
	uint64_t runs, failed; /* but for those that found another at work */
	uint64_t files, rows, bytes, delivered, removals, rejected, refused;
	uint64_t requests, retries;
	uint64_t total_ms, last_ms;     /* how long runs took */
	int64_t last_run, last_success; /* ms: when it ended */
	uint32_t last_exit;
	int64_t api_expires, pgp_expires; /* ms; 0: not known */
	int64_t pgp_looked;               /* ms: when that was looked up */
};

int ledger_figures_get(
    struct ledger *l, const char *feed, struct figures *out, struct err *e);
/*
 * What a run adds: counters are summed up; the last run is this one; 0 as a time of
 * success, of expiry, or of a look at keys leaves what was known. ledger_figures_get tells
 * it at once, and it is committed as a look at a drop is: see ledger_look_note.
 */
int ledger_figures_note(
    struct ledger *l, const char *feed, const struct figures *run, struct err *e);

/* The drop refused our login: it is not tried again with the same credentials. */
struct login_pause {
	int64_t since; /* ms; 0: it was not */
	struct digest credentials;
	int64_t ended; /* ms: when it was last found, or said, to be mended; 0: never */
};

int ledger_login_get(
    struct ledger *l, const char *feed, struct login_pause *out, struct err *e);
/* `since` 0 ends it. */
int ledger_login_put(
    struct ledger *l, const char *feed, const struct login_pause *p, struct err *e);

/* Whichever feed they were refused of: 1 and *since, 0, -1. */
int ledger_login_find(
    struct ledger *l, const struct digest *credentials, int64_t *since, struct err *e);
/* They are good again since `now`, for all feeds. */
int ledger_login_end(
    struct ledger *l, const struct digest *credentials, int64_t now, struct err *e);

#endif
