/*
 * What pass.c, intent.c, merge.c and walk.c share: how passes, intents,
 * acknowledgements and records are kept.
 */
#ifndef STATE_PASS_IMPL_H
#define STATE_PASS_IMPL_H

#include "state/ledger_impl.h"
#include "state/pass.h"

/* One entry as it stands in an intent, or as a record's value. */
struct stored {
	struct record_key key;
	struct known known;
	bool removed;
	struct span sealed; /* borrowed from the transaction */
};

void scope_key(struct key *k, uint32_t scope);
/* The scope's counter of ordinals stands in `meta`. */
void ordinal_key(struct key *k, uint32_t scope);
/* So does its stamp: other random bytes whenever a pass changed its records. */
void stamp_key(struct key *k, uint32_t scope);
void batch_key(struct key *k, uint32_t scope, uint64_t batch);
void record_ledger_key(struct key *k, uint32_t scope, const struct record_key *key);

/* Entry `index` of an intent's value; -1 if it is damaged. */
int intent_entry(struct span intent, uint32_t index, struct stored *out);
/*
 * It will be asked for soon: the processor fetches it meanwhile. First where it begins, and
 * somewhat later what stands there.
 */
void intent_expect_place(struct span intent, uint32_t index);
void intent_expect(struct span intent, uint32_t index);
int known_decode(struct known *out, struct span value, struct span *sealed);

#define OUTCOMES (OUTCOME_TOUCHED + 1)

/* How many records of the open pass have each outcome, by what is committed. */
int pass_tally(
    struct ledger *l, const struct pass *p, uint64_t of[OUTCOMES], struct err *e);

int pass_write(const struct act *a, const struct pass *p, uint64_t merged);
/* As pass_get, in a transaction, with how far the merge came. */
int pass_read(const struct act *a, uint32_t scope, struct pass *p, uint64_t *merged);

#endif
