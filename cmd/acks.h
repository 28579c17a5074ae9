/*
 * Acknowledgements of a file's messages: kept, encrypted, until it is known what became
 * of each, then written into the drop's feedback folder, exactly once a file.
 */
#ifndef CMD_ACKS_H
#define CMD_ACKS_H

#include "base/problem.h"
#include "mappers/format.h"
#include "pollers/poller.h"

struct acks;

/* `m` must outlive it; `dir` and `memory` as outbox_new. */
struct acks *acks_new(
    const struct mapper *m, const char *dir, size_t memory, struct err *e);
void acks_free(struct acks *a);

/* What answers one message; copied. */
int acks_add(struct acks *a, const struct receipt *r, struct err *e);

/* A record of this message was not taken after all. */
void acks_refuse(struct acks *a, uint64_t row, enum problem_code code);

/*
 * Writes them all to `path`, absolute on the server, in their order, by a name in
 * progress. If the file is there already it is an earlier run's, and is left alone.
 * ERR_IO, ERR_PERM: it can't be written; nothing stands at `path` then.
 */
int acks_write(
    struct acks *a, struct poller *p, const char *path, int64_t now, struct err *e);

#endif
