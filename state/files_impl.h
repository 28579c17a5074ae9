/*
 * What the ledger's files write within a transaction that is another's: for conclude.c.
 */
#ifndef STATE_FILES_IMPL_H
#define STATE_FILES_IMPL_H

#include "state/controls.h"
#include "state/ledger_impl.h"
#include "state/pass.h"
#include "state/snapshot.h"

/* Its bytes, as a key. */
struct span digest_span(const struct digest *d);

/* A text, cut to `size` with its 0. */
void get_string(struct reader *r, char *out, size_t size);

int file_write(const struct act *a, const struct file_entry *f);
int problems_write(
    const struct act *a, const struct digest *file, const struct problem *p, size_t n);
int name_write(const struct act *a, const char *feed, const struct name_put *put);
int settling_write(const struct act *a, const char *feed, const struct settling *s);
int snapshot_write(const struct act *a, const char *feed, const struct snapshot_state *s);
int feed_write(const struct act *a, const struct feed_state *f);
/* All of it but how the last run ended, which stays as it is. */
int feed_conclude(const struct act *a, const struct feed_state *moved);

/* The key of a decision, behind its kind. */
struct digest decision_digest(
    const struct ledger *l, struct span feed, const unsigned char sha256[SHA256_SIZE]);

/* What a human decides of the file's content, and that it is carried out. */
int decision_write(const struct act *a, const struct file_entry *f, enum decision d);
int decision_end(const struct act *a, const struct file_entry *f);

/* Removes a merged pass, its intents and its acknowledgements. */
int pass_end(const struct act *a, const struct pass *p);

#endif
