/*
 * The last days of all feeds, as the ledger's files and problems tell: counts a day, how
 * long files took, and which columns had rows rejected.
 */
#ifndef CMD_HISTORY_H
#define CMD_HISTORY_H

#include "base/arena.h"
#include "base/zone.h"
#include "cmd/arrivals.h"
#include "state/files.h"

#define HISTORY_DAYS        28 /* unless somebody wants others */
#define HISTORY_DAYS_MAX    400
#define HISTORY_COLUMNS_MAX 200 /* kinds of problems counted of a feed */

/* `changes` are records delivered; `rejected` rows. */
struct history_day {
	uint64_t files, rows, changes, rejected;
	uint64_t due, late; /* times by which files were due; those that they missed */
	uint64_t minutes;   /* how late the latest was; HISTORY_MISSED: it never came */
};

#define HISTORY_MISSED (24 * 60)

/* Files whose duration is known. */
struct history_pace {
	uint64_t files, rows, ms, longest;
};

/* A file that had rows rejected. */
struct history_file {
	struct digest id;
	int64_t read_at;
	size_t feed;
};

/* Rows rejected for one reason in one column; of each file the first 1000 are known. */
struct history_column {
	const char *feed, *title; /* title "": no column is to blame */
	enum problem_code code;
	uint64_t rows, files;
	int64_t last;                    /* ms: when the last file that had it was read */
	const struct history_file *seen; /* that one */
};

struct history_feed {
	const char *name; /* borrowed */
	struct history_day *days;
	struct history_pace pace;
	struct history_column *columns;
	size_t n, cap;
};

struct history {
	const struct zone *zone; /* whose days they are; borrowed */
	int64_t now;             /* ms */
	int64_t first;           /* day, since 1970, of days[0] */
	size_t days;             /* up to today */
	struct history_feed *v;  /* one for each feed of the board, in its order */
	size_t n;
	struct history_file *files;
	size_t nfiles, cap;
	struct arena arena;
};

/* The last `days` days, this one too. */
void history_init(struct history *h, const struct zone *zone, int64_t now, size_t days);
void history_release(struct history *h);

/* For the board: room for so many feeds, and what becomes of each file. */
int history_begin(struct history *h, size_t feeds, struct err *e);
int history_file(
    struct history *h, size_t feed, const struct file_entry *f, struct err *e);

/* Its due times that are over; within `grace` ms of one is in time. */
void history_dues(
    struct history *h, size_t feed, const struct due *v, size_t n, int64_t grace);

/* Then the problems of these files. */
int history_problems(struct history *h, struct ledger *l, struct err *e);

/* Two days or more as one. */
void history_add(struct history_day *to, const struct history_day *d);

/* The sum of a feed's days. */
struct history_day history_sum(const struct history *h, const struct history_feed *f);

/* Columns of all feeds, the most rejected first: at most `max` in `out`; how many. */
size_t history_worst(
    const struct history *h, const struct history_column **out, size_t max);

/* Feeds by the time a file takes on the whole, the slowest first; how many. */
size_t history_slowest(
    const struct history *h, const struct history_feed **out, size_t max);

#endif
