/*
 * Who has a lock, and since when: for those who find it taken. It stands in the lock's file
 * until the lock is given back: where it still stands and nobody has the lock, its owner died.
 */
#ifndef STATE_LOCK_OWNER_H
#define STATE_LOCK_OWNER_H

#include "base/err.h"
#include "state/ledger.h"

/*
 * A run has a lock of its feed beside that of its source, which other feeds take as well: in
 * that its deaths are counted, whoever comes between. The feed's name follows; no source's
 * begins so.
 */
#define FEED_LOCK      "+run."
#define FEED_LOCK_SIZE (sizeof(FEED_LOCK) + LEDGER_NAME_MAX)

/*
 * Signs the lock that was just taken, and makes it one that can be asked for without being
 * taken (F_OFD_GETLK): who asks must not be in the way of a run that begins. 0, or -1 with
 * errno.
 */
int lock_sign(int fd);

/* Before the lock is given back. Where that fails its owner counts as dead, for once. */
void lock_clear(int fd);

/* Who has signed, and when; `died` is of those before. */
void lock_holder(int fd, struct lock_holder *out);

/* As ledger_locked, of any lock. */
int lock_ask(struct ledger *l, const char *name, struct lock_holder *by, struct err *e);

/* ERR_BUSY, with what its owner has signed. */
int lock_busy(int fd, const char *scope, struct err *e);

#endif
