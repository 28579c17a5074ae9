/*
 * What keeps a whole source back: an unfinished delivery of another feed of it, or that
 * nobody goes on with; or a run that hangs. Nothing else of the source is delivered before
 * it ends. And what keeps one feed back: that its runs die.
 */
#ifndef CMD_BLOCK_H
#define CMD_BLOCK_H

#include "state/ledger.h"
#include "state/pass.h"

#define BLOCK_WORDS   256
#define BLOCK_DEATHS  3 /* in a row; one may be the machine's, that was started anew */
#define BLOCK_COMMAND (LEDGER_NAME_MAX + 64)

struct block {
	bool open;               /* a delivery of the source is: pass */
	bool is;                 /* it is another feed's */
	struct pass pass;        /* whose, and since when */
	bool at_work;            /* a run has the source's lock */
	struct lock_holder hung; /* and should long be over; since 0: none */
	struct lock_holder
	    dead;       /* the last of its own, BLOCK_DEATHS or more; died 0: none */
	int64_t paused; /* ms: since when that feed is; 0: it is not */
	bool mistakes;  /* its feed file had some when it was to run last */
	bool stuck;     /* somebody is needed; not asked: whether it is configured */
};

struct block_when {
	int64_t now, deadline; /* ms: of a run */
};

/* What keeps the feed back. 0, -1. */
int block_find(struct ledger *l, const struct feed_state *f,
    const struct block_when *when, struct block *out, struct err *e);

/* Does a run that is at work on the feed's source hang? */
bool block_hangs(struct ledger *l, const char *feed, const struct block_when *when);

/* By a run that hangs, or runs that die, whoever has a delivery open? */
bool block_by_run(const struct block *b);

/* Is it kept back? */
bool block_bars(const struct block *b);

/* Since when it does, ms. */
int64_t block_since(const struct block *b);

/* Of one that is, or is stuck: why, and the command that helps first. */
void block_words(const struct block *b, char out[BLOCK_WORDS]);
void block_command(const struct block *b, char out[BLOCK_COMMAND]);

#endif
