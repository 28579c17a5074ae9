/*
 * A history: what a drop sees over some days, as plain data. One number makes one, so that
 * a failure can be had again, and parts can be taken out of it until only the failure is
 * left.
 */
#ifndef TESTS_MODEL_HISTORY_H
#define TESTS_MODEL_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define IDS       3         /* of each type */
#define RECORDS   (2 * IDS) /* patients, and behind them appointments */
#define CONTENTS  4
#define FEEDS     2 /* the first puts, the second patches, in one scope */
#define ROWS_MAX  8
#define FILES_MAX 5
#define STEPS_MAX 8
#define KILLS_MAX 4

/* Plays the part of chance. */
struct dice {
	uint64_t state;
};

/* From 0 to n - 1. */
unsigned dice_roll(struct dice *d, unsigned n);

enum row_kind {
	ROW_WHOLE,   /* the record, or a patch of it */
	ROW_DELETE,  /* of a feed that puts */
	ROW_PRESENT, /* a row that was rejected, or filtered; a snapshot's is there */
	ROW_MERGE,   /* of a feed that patches: `patient` is merged into this one */
	ROW_UNMERGE  /* a patch of a patient that is not merged into another any more */
};

struct row {
	uint8_t record, content, kind;
	uint8_t patient; /* of an appointment, or that is retired */
	uint8_t at;      /* event time; 0: none */
	uint8_t window;  /* of an appointment: when it starts */
};

struct file {
	uint8_t feed, nrows, at; /* its own time */
	struct row rows[ROWS_MAX];
};

enum mode {
	MODE_RUN,
	MODE_BACKFILL,
	MODE_RETRY,
	MODE_RETRY_NEWEST /* of a feed of snapshots, the last one: it removes */
};

/* What is found when a run that was killed is made up for. */
enum found { FOUND_SAME, FOUND_OTHER_MAP, FOUND_GONE };

struct kill {
	uint8_t after; /* so many commits, requests and answers; 0: it is not killed */
	uint8_t found;
};

/* A day: one file is delivered, in as many runs as it takes. */
struct step {
	uint8_t file, mode, batch_records, in_flight;
	bool loses; /* the API's answers get lost now and then */
	bool later; /* the API wants records later now and then */
	uint32_t seed;
	struct kill kills[KILLS_MAX];
};

struct history {
	bool timed[FEEDS]; /* the map has event times */
	bool snapshot;     /* of the first feed each file is the whole truth */
	bool window; /* and removes only appointments between the first and last start */
	bool merges; /* the second feed merges patients */
	bool wholesale; /* the API refuses whole batches and names no record */
	bool known;     /* lines that are as they were need not be read again */
	uint8_t line;   /* rows that stand in one */
	uint8_t
	    refused_until[CONTENTS]; /* the API refuses this content before that day */
	uint8_t deletes_until;       /* and deletions */
	uint8_t nfiles, nsteps;
	struct file files[FILES_MAX];
	struct step steps[STEPS_MAX];
};

void history_make(struct history *h, uint64_t seed);
void history_print(const struct history *h, FILE *out);

/*
 * Takes part number `part` out of it. False: there is no such part, nor any behind it.
 * *same: that part was as simple as can be before.
 */
bool history_simplify(struct history *h, unsigned part, bool *same);

bool is_appointment(unsigned record);

/* What a map makes of a content, once it was changed `version` times. */
unsigned content_of(const struct row *r, unsigned version);

#endif
