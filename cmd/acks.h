/*
 * Acknowledgements of a file's messages: kept, encrypted, until it is known what became
 * of each, then made into one file.
 */
#ifndef CMD_ACKS_H
#define CMD_ACKS_H

#include "base/problem.h"
#include "mappers/format.h"
#include "state/answers.h"

struct acks;

/* `m` must outlive it; `dir` and `memory` as outbox_new. */
struct acks *acks_new(
    const struct mapper *m, const char *dir, size_t memory, struct err *e);
void acks_free(struct acks *a);

/* What answers one message; copied. */
int acks_add(struct acks *a, const struct receipt *r, struct err *e);

/* A record of this message was not taken after all. */
void acks_refuse(struct acks *a, uint64_t row, enum problem_code code);

/* Adds them all to the answer, in their order. `now` is ms since 1970. */
int acks_write(struct acks *a, struct answer *to, int64_t now, struct err *e);

#endif
