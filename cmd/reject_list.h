/*
 * Which rows of a file were not taken, and why: a row's number, a problem's code and a
 * column's title a line, and nothing of what stands in the row. It is kept beside the
 * ledger until the reject file can be made by a second reading of the file.
 */
#ifndef CMD_REJECT_LIST_H
#define CMD_REJECT_LIST_H

#include "base/problem.h"
#include "mappers/rejects.h"
#include "state/answers.h"

struct reject_list;

/* `dir` and `memory` as outbox_new. */
struct reject_list *reject_list_new(const char *dir, size_t memory, struct err *e);
void reject_list_free(struct reject_list *l);

/*
 * What a row was rejected for, in the order of the rows; warnings are left out. A
 * failure is told by reject_list_write.
 */
void reject_list_add(struct reject_list *l, const struct problem *p);

/* What was found of a row that had been mapped: in any order. */
void reject_list_add_late(struct reject_list *l, uint64_t row, enum problem_code code);

bool reject_list_is_empty(const struct reject_list *l);

/* All of it, row by row. */
int reject_list_write(struct reject_list *l, struct answer *to, struct err *e);

/* Reads what was written. */
struct reject_reader;

/* `fd` stays the caller's, and stands at the start of the list. */
struct reject_reader *reject_reader_new(int fd, struct err *e);
void reject_reader_free(struct reject_reader *r);

/* As rejects_sink has it; *out is valid until the next call. */
int reject_reader_wanted(
    struct reject_reader *r, uint64_t row, struct reject *out, struct err *e);

/* Was every row asked for? */
bool reject_reader_at_end(const struct reject_reader *r);

#endif
