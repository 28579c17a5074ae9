/*
 * Files in the ledger: what lies in a drop under which name, what was read, what
 * became of it, and which problems it had. Names are sealed.
 */
#ifndef STATE_FILES_H
#define STATE_FILES_H

#include "base/problem.h"
#include "state/ledger.h"

#define FILE_NAME_MAX     255
#define FILE_PATH_MAX     1024
#define FILE_REASON_MAX   (ERR_MSG_SIZE - 1)
#define FILE_PROBLEMS_MAX 1000 /* kept a file; the rest is only counted */

enum name_state {
	NAME_SEEN,    /* looked at, not read */
	NAME_DONE,    /* read and delivered, duplicate or empty; stays in the drop */
	NAME_REFUSED, /* cannot be read */
	NAME_HELD     /* waits for a human */
};

/* One name of a feed's drop. */
struct name_entry {
	enum name_state state;
	uint64_t size;
	int64_t mtime;
	int64_t seen; /* ms by our clock: the first look at this size and mtime */
	/* Settings under which it was refused or held; NAME_SEEN: ms of the first look at it. */
	uint64_t fingerprint;
	bool blocks;        /* a held file that later ones must not overtake */
	struct digest file; /* its file entry, once it was read */
};

/* 1, 0 if the name is new, -1. */
int ledger_name_get(struct ledger *l, const char *feed, const char *name,
    struct name_entry *out, struct err *e);

/* A name that is looked up together with others, and what is known of it. */
struct name_lookup {
	const char *name;
	bool known;
	struct name_entry entry;
};

/* All of them at one moment. */
int ledger_names_get(struct ledger *l, const char *feed, struct name_lookup *lookups,
    size_t n, struct err *e);

struct name_put {
	const char *name;
	struct name_entry entry; /* seen 0: the name is forgotten */
};

/* All of them in one commit. */
int ledger_names_put(struct ledger *l, const char *feed, const struct name_put *puts,
    size_t n, struct err *e);

/*
 * The names of all feeds whose files stand aside, held or refused; the walk ends when `fn`
 * returns 1, and fails with its -1. What is damaged of any other name it does not tell.
 */
int ledger_aside_each(struct ledger *l, int (*fn)(void *arg, const struct name_entry *n),
    void *arg, struct err *e);

/* A file that needs nothing more but to be put away. */
struct settling {
	char name[FILE_NAME_MAX + 1];
	char path[FILE_PATH_MAX + 1]; /* where it goes */
	bool remove;                  /* and is removed from there */
	uint64_t size;                /* as it was read */
	int64_t mtime;
};

/* It was put away: the name is forgotten. */
int ledger_settle_end(
    struct ledger *l, const char *feed, const struct settling *s, struct err *e);
int ledger_settling_each(struct ledger *l, const char *feed,
    int (*fn)(void *arg, const struct settling *s), void *arg, struct err *e);

enum verdict {
	VERDICT_DELIVER,
	VERDICT_DUPLICATE,
	VERDICT_EMPTY,
	VERDICT_HOLD,
	VERDICT_REFUSE,
	VERDICT_DISCARD /* a human decided that it is not to be delivered */
};

const char *verdict_name(enum verdict v);

/* One file that was read. */
struct file_entry {
	struct digest id;
	char feed[LEDGER_NAME_MAX + 1];
	char name[FILE_NAME_MAX + 1];
	uint64_t size;
	int64_t mtime;
	unsigned char sha256[SHA256_SIZE];
	int64_t read_at; /* ms */
	enum verdict verdict;
	char reason[FILE_REASON_MAX + 1]; /* plain words; empty if delivered */
	uint64_t pass;                    /* 0: none was opened */
	uint64_t rows, mapped, filtered, rejected, warnings;
	uint64_t records, delivered, unchanged, duplicate, stale, refused;
	uint64_t removals; /* of records that a snapshot does not have any more */
	bool closed;       /* its pass is closed, or it had none */
	char path[FILE_PATH_MAX + 1]; /* where it lies, if not in the drop by its name */
	int64_t made_at; /* ms: when it was made, if its rows tell; else TIME_NONE */
	uint64_t took;   /* ms from its first byte to its end, in the run that ended it */
	int64_t file_at; /* ms: as old as this are rows of it that come once more */
	bool came_back;  /* a reject file, by its columns or its name: it is no export */
	uint64_t settings; /* by which it was read; 0: not known */
};

/* id = keyed digest of feed, name and content. */
struct digest ledger_file_id(const struct ledger *l, const char *feed, const char *name,
    const unsigned char sha256[SHA256_SIZE]);

/* What a feed's last_content is for a file. */
struct digest feed_content(
    const struct site_keys *k, const char *feed, const unsigned char sha256[SHA256_SIZE]);

int ledger_file_get(struct ledger *l, const struct digest *id, struct file_entry *out,
    struct err *e); /* 1, 0, -1 */
/* With its problems, n in order, of which FILE_PROBLEMS_MAX are kept. */
int ledger_file_put(struct ledger *l, const struct file_entry *f, const struct problem *p,
    size_t n, struct err *e);
int ledger_file_each(struct ledger *l, int (*fn)(void *arg, const struct file_entry *f),
    void *arg, struct err *e);

int ledger_problem_each(struct ledger *l, const struct digest *file,
    int (*fn)(void *arg, const struct problem *p), void *arg, struct err *e);

/* What a run did to a feed, as JSON, by the run's ULID. */
int ledger_run_put(struct ledger *l, const char *ulid, const char *feed, struct span json,
    struct err *e);

#endif
