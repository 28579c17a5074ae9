/*
 * One history as it is played: the program's ledger and job, the API that it talks to, and
 * the model of both.
 */
#ifndef TESTS_MODEL_WORLD_H
#define TESTS_MODEL_WORLD_H

#include "cmd/job_impl.h"
#include "state/ledger_impl.h"
#include "tests/model/model.h"
#include "tests/model/store_memory.h"

#define WHY_SIZE 400

/* When the process dies: at each point it may. */
struct life {
	unsigned left; /* points until then; 0: it lives on */
	bool dead;
};

/* -1 if the process is dead from here on. */
int life_point(struct life *l);

/* A request that the API knows by its key, and what it answered. */
struct request {
	char key[2 * DIGEST_SIZE + 1];
	char *body;
	size_t body_n;
	bool refused; /* as a whole */
	struct record_result results[ROWS_MAX + RECORDS];
};

/* What the API and the program told each other of an event of the open pass. */
struct told {
	bool submitted;
	bool decided, taken; /* by the API, for good */
	unsigned later;      /* it was asked to come later so often */
	uint64_t doubt;      /* refused, if the program believes it, */
	uint64_t batch;      /* in this batch */
	bool answered;       /* the program knows, */
	bool kept;           /* and has committed it since */
};

struct world {
	const struct history *h;
	struct model model;
	const struct step *today;
	unsigned day, version; /* of the map */
	bool gone;             /* the file of the day */
	struct life life;
	struct dice dice;
	struct clock clock; /* self is the world */

	struct held api[RECORDS];
	struct request *requests;
	size_t nrequests, cap;

	bool open; /* the program should have a pass open, of this: */
	struct outlook pass;
	struct told told[EVENTS_MAX];

	struct job job;
	struct job_share share; /* nothing */
	struct app app;
	struct feed feed;
	struct feed_report report;
	struct intake *intake;
	const struct mapper_known *lines; /* of the last file; NULL: each is read */
	struct missing missing[RECORD_TYPE_MAX + 1];
	struct ledger ledger;

	/* For the figures: changes that were applied, and lines that were not read again. */
	uint64_t changes, passed_over;
	bool failed;
	char why[WHY_SIZE];
};

/* The first failure is kept. Returns -1. */
int world_fail(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "P1" or "A1", and the number of such an id; -1: it is none. */
void record_id(unsigned record, char out[3]);
int record_number(struct span id);

/* What was answered is committed; what was not is forgotten with the process. */
void api_kept(struct world *w);
void api_forgotten(struct world *w);

/* What became of the events of the pass, as far as the program can know. */
int api_ends(struct world *w);

/* One or more rows that come and go together. */
struct line {
	const struct row *rows;
	unsigned n;
};

/* The changes of a file are begun: is it one of which lines may be known? */
void lines_open(struct world *w, enum mode mode);

/* 1: the line is passed over; 0: its rows are to be read, between the two; -1. */
int line_begin(struct world *w, const struct line *l, struct err *e);
int line_end(struct world *w, const struct line *l, struct err *e);

/* The file is concluded, and its lines are kept; the process is gone, and they are not. */
void lines_keep(struct world *w);
void lines_forget(struct world *w);

/* As if there had never been a file. */
void lines_remove(const struct world *w);

/*
 * Plays it: 0, or -1 and why. `w` is zeroed but for `intake` and the ledger's folder, which
 * is there.
 */
int world_play(struct world *w, const struct history *h);

#endif
