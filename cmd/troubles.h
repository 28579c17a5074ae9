/*
 * What somebody has to be told of a feed, judged by the ledger alone: by a run at its
 * end, and by `check --arrivals` if no run comes to an end any more.
 */
#ifndef CMD_TROUBLES_H
#define CMD_TROUBLES_H

#include "cmd/app.h"
#include "cmd/arrivals.h"
#include "state/files.h"

#define TROUBLE_WORDS   (ERR_MSG_SIZE + 64) /* an error to its end, where the remedy is */
#define TROUBLE_COMMAND (LEDGER_NAME_MAX + 64)

/* One trouble as it is now. Never a name of a file, nor anything out of one. */
struct trouble_now {
	bool is;
	uint64_t mark;  /* another one is another trouble of its kind */
	uint64_t count; /* files, due times */
	int exit;       /* the status that it stands for; 0: none */
	char words[TROUBLE_WORDS];
	char command[TROUBLE_COMMAND]; /* what to type next */
};

struct feed_troubles {
	struct trouble_now v[TROUBLE_COUNT];
	unsigned unknown; /* bit n: enum trouble n cannot be judged now */
	struct arrival arrival;
	struct feed_state state;
	struct figures figures;
	int64_t paused;    /* ms: since when; 0: it is not */
	bool login_mended; /* since the last run, which ended by it */
};

/* When it is, and what is known already. */
struct troubles_when {
	struct app *app; /* whose feed files say if a feed is still there */
	int64_t now;
	int64_t ahead; /* ms: a key or certificate that expires within is a trouble */
	bool clear;    /* a run has just seen that no file stands aside */
	bool gone;     /* the feed has no file any more, and nothing ails it */
};

/* What the ledger knows then. 0, -1. */
int troubles_find(struct ledger *l, const struct feed *f,
    const struct troubles_when *when, struct feed_troubles *out, struct err *e);

/* "held", "late"; stable, for programs. */
const char *trouble_name(enum trouble t);

#endif
