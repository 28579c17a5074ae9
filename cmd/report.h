/*
 * What a run did, feed by feed and file by file: printed for a person, or as one
 * JSON object. Never a value of a patient's.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include "base/arena.h"
#include "base/json.h"
#include "base/problem.h"
#include "state/audit.h"
#include "state/files.h"

#define REPORT_PROBLEMS_MAX FILE_PROBLEMS_MAX
#define FILE_FOUND_SIZE     256 /* of how a file was read, in words */

/* Problems of one kind: a column may have one in every row. */
struct warnings {
	struct problem first;
	uint64_t n;
};

#define WARNING_KINDS_MAX 100

/* A file's problems, copied. */
struct problems {
	struct arena arena;
	struct problem v[REPORT_PROBLEMS_MAX]; /* rejected rows first come, first kept */
	size_t n;
	uint64_t rejected; /* all of them */
	struct warnings warnings[WARNING_KINDS_MAX];
	size_t kinds;
	struct warnings reasons[WARNING_KINDS_MAX]; /* of the rejected rows, the same */
	size_t nreasons;
};

void problems_init(struct problems *p);
void problems_release(struct problems *p);
void problems_add(struct problems *p, const struct problem *one);

#define REPORT_SHOWN 20 /* rejected rows told of a file; the rest is only counted */

struct file_report {
	struct file_entry entry;
	struct problem *problems; /* rejected rows; both arrays are the report's */
	size_t nproblems;
	uint64_t more; /* rejections not shown */
	struct warnings *warnings;
	size_t nwarnings;
	uint64_t
	    before; /* delivered and told by earlier runs; the entry has this one's */
	uint64_t pending;
	bool retried; /* what is wrong with it was told when it came */
	char found[FILE_FOUND_SIZE];
};

/* A delivery of an earlier run that nobody can finish. */
struct given_up {
	uint64_t pass; /* 0: there was none */
	struct digest file;
	const char *why; /* a constant */
	uint64_t delivered, refused, doubtful, unsent;
	uint64_t before; /* of the delivered: told by earlier runs */
	uint64_t removals, rejected;
	/* Its file is read again, or was before: what is wrong with it is told then. */
	bool again;
};

struct feed_report {
	char feed[LEDGER_NAME_MAX + 1];
	int exit;
	struct err err;
	struct file_report *files;
	size_t n, cap;
	uint64_t known, waiting, held, refused;
	uint64_t unsettled;     /* delivered, but could not be put away or answered */
	char why[ERR_MSG_SIZE]; /* the first of them; or a file that was skipped */
	bool again;   /* not all that was asked for was done, and no person is needed */
	bool blocked; /* a held file keeps later ones back, */
	uint64_t behind; /* that many; or one that can't be read, if `err` is set */
	bool barred;     /* by another feed's unfinished delivery, or a run that hangs */
	struct look_finds finds;
	struct given_up given_up;
	int64_t paused; /* ms: since when nothing is done; 0: it is not */
	struct audit_head audit;
	uint64_t requests, retries;
	int64_t api_expires; /* ms: the API's certificate; 0: not seen */
	int64_t took;        /* ms */
};

struct report {
	struct arena arena;
	struct feed_report *feeds;
	size_t n, cap;
	const char *run, *trace;
	bool dry_run;
	int exit;
	int64_t started, ended; /* ms */
};

/* Both are borrowed; `trace` is the id of the trace that the run is part of. */
void report_init(struct report *r, const char *run, const char *trace);
void report_release(struct report *r);

/*
 * A new feed's or file's report; NULL if memory ran out. Borrowed until the next one is
 * made. `problems` is copied; what is beyond the report's memory is only counted.
 */
struct feed_report *report_feed(struct report *r, const char *feed);
struct file_report *report_file(struct report *r, struct feed_report *f,
    const struct file_entry *entry, const struct problems *problems);

/* A problem, or a kind of them that stands so many times; 0: it is one. */
void report_problem_json(struct json *j, const struct problem *p, uint64_t times);

void report_feed_json(const struct feed_report *f, struct json *j);
void report_json(const struct report *r, struct buf *out);
void report_text(const struct report *r, struct buf *out);

#endif
