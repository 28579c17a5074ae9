/*
 * The ledger: what was done, so that doing it again changes nothing. This header
 * opens it, and speaks of scopes and feeds; files.h speaks of files, pass.h of
 * passes and records. state/README.md has the format.
 *
 * Nothing here holds a transaction open between two calls.
 */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/err.h"

#define LEDGER_FORMAT    3 /* reads 1 and 2 as well, and makes them 3 */
#define LEDGER_ID_SIZE   16
#define LEDGER_NAME_MAX  64 /* of a feed or a scope: a-z 0-9 . _ - */
#define FILE_ID_HEX_SIZE (2 * DIGEST_SIZE + 1)

struct ledger;

/*
 * Opens the ledger in `dir`. `key_file` NULL means DIR/site.key, which is made with
 * a new ledger. A ledger is only made (`create`) where none was before: DIR/ledger.id
 * tells. ERR_LEDGER if it is missing, damaged, foreign, newer, or of another key.
 */
struct ledger *ledger_open(
    const char *dir, const char *key_file, bool create, struct err *e);
void ledger_close(struct ledger *l);

/* Was it made by this very ledger_open? */
bool ledger_is_new(const struct ledger *l);

/* The site's keys, for digests and seals; borrowed until ledger_close. */
const struct site_keys *ledger_keys(const struct ledger *l);
const unsigned char *ledger_id(const struct ledger *l);
const char *ledger_dir(const struct ledger *l);

/* Is it a name that the ledger takes for a feed or a scope? */
bool ledger_name_ok(const char *name);

/*
 * Records of a scope are known by all feeds of one source. It is made when first asked
 * for, if `make`; else an unknown one is 0, which no record has.
 */
int ledger_scope_get(
    struct ledger *l, const char *name, bool make, uint32_t *scope, struct err *e);

/*
 * The scope's lock: the kernel drops it with its owner. ERR_BUSY if another process
 * has it. ledger_unlock takes what ledger_lock, or ledger_lock_wait, gave.
 */
int ledger_lock(struct ledger *l, const char *scope, int *lock, struct err *e);
void ledger_unlock(int lock);

/* A lock that others have for a moment: waits, ERR_BUSY after half a minute. */
int ledger_lock_wait(struct ledger *l, const char *name, int *lock, struct err *e);

struct lock_holder {
	long process;  /* 0: it could not sign */
	int64_t since; /* ms */
	unsigned
	    died; /* owners before it that did not give it back, one after the other */
};

/*
 * Does a process have the lock of that scope, and which? It is asked, never taken: 1, 0, -1.
 * If none has it, *by is who had it last and did not give it back: process 0 if it did.
 */
int ledger_locked(
    struct ledger *l, uint32_t scope, struct lock_holder *by, struct err *e);

/* What a file of the drop waits for. */
enum waits_for {
	WAITS_TIME,      /* nothing but time is needed, as far as is known */
	WAITS_CHANGES,   /* it has changed since it was first seen */
	WAITS_MARKER,    /* its marker file is not there, */
	WAITS_OLD_MARKER /* or is older than it */
};

/* What a look at a drop found that is not taken, and no verdict told. */
struct look_finds {
	uint64_t old_markers; /* files that wait: their markers are older than they are */
	int64_t old_since;    /* ms: the first look at the first of them as it is now */
	uint64_t bad_names;   /* like the feed's, but never taken */
	uint64_t waiting;     /* files that are not ready, those of old_markers as well */
	int64_t since;        /* ms: when the first of them was first seen, */
	enum waits_for what;  /* and what that one waits for */
};

/* What is known of a feed; all zero for one that never ran. */
struct feed_state {
	char name[LEDGER_NAME_MAX + 1];
	uint32_t scope;
	uint64_t next_pass;
	int64_t last_look;     /* ms: when a run last listed the drop */
	int64_t last_delivery; /* ms: when a pass last closed */
	int64_t last_error;    /* ms, and its exit status; 0: the last run was well */
	uint32_t last_exit;
	int64_t failing; /* ms: since when runs end with it; 0: it is unknown */
	char last_words[ERR_MSG_SIZE]; /* what that error said; empty if there was none */
	int64_t newest; /* ms: the latest time of a file that it applied; 0: none yet */
	struct digest last_content;                   /* of the file it applied last */
	uint64_t files, delivered, rejected, refused; /* since the ledger began */
	struct look_finds finds;                      /* of the last look */
};

int ledger_feed_get(
    struct ledger *l, const char *name, struct feed_state *out, struct err *e);

/* How a run of the feed ended, or why there was none. */
struct feed_end {
	int64_t at; /* ms */
	int exit;
	bool bad;          /* it is an error: since when runs end with it is kept, too */
	const char *words; /* what it said; empty: nothing */
	uint32_t scope;    /* the run's; 0: it did not come to that */
};

/*
 * In one commit, and nothing else of the feed is touched by it: a run may be at work, and
 * commit what it does meanwhile.
 */
int ledger_feed_end(
    struct ledger *l, const char *feed, const struct feed_end *end, struct err *e);

/*
 * The feed's drop was listed by a run: ledger_feed_get tells it at once, and it is committed
 * with whatever is next, at the latest by ledger_looks_keep. Until then it goes with the
 * process, or with ledger_close, as if nobody had looked.
 */
struct look_note {
	uint32_t scope;
	int64_t at; /* ms */
	struct look_finds finds;
};
int ledger_look_note(
    struct ledger *l, const char *feed, const struct look_note *look, struct err *e);
/* A commit, if anything waits for one: looks, and figures of runs (watch.h). */
int ledger_looks_keep(struct ledger *l, struct err *e);

/* Of what is committed. */
int ledger_feed_each(struct ledger *l, int (*fn)(void *arg, const struct feed_state *f),
    void *arg, struct err *e);

#endif
