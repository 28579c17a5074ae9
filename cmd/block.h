/*
 * An unfinished delivery of another feed of the same source: nothing else of the source is
 * delivered before it ends.
 */
#ifndef CMD_BLOCK_H
#define CMD_BLOCK_H

#include "state/pass.h"

#define BLOCK_WORDS   256
#define BLOCK_COMMAND (LEDGER_NAME_MAX + 64)

struct block {
	bool open;        /* a delivery of the source is: pass */
	bool is;          /* it is another feed's */
	struct pass pass; /* whose, and since when */
	bool at_work;     /* a run has the source's lock */
	int64_t paused;   /* ms: since when that feed is; 0: it is not */
	bool mistakes;    /* its feed file had some when it was to run last */
	bool stuck;       /* somebody is needed; not asked: whether it is configured */
};

/* What keeps the feed back. 0, -1. */
int block_find(struct ledger *l, const struct feed_state *f, int64_t now,
    struct block *out, struct err *e);

/* Since when it does, ms. */
int64_t block_since(const struct block *b);

/* Of one that is: why, and the command that helps first. */
void block_words(const struct block *b, char out[BLOCK_WORDS]);
void block_command(const struct block *b, char out[BLOCK_COMMAND]);

#endif
