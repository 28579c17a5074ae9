/*
 * Text for a terminal: nothing that a file holds may drive it.
 */
#ifndef CMD_TEXT_H
#define CMD_TEXT_H

#include "base/buf.h"
#include "base/problem.h"
#include "state/audit.h"

/* "text" in quotes, control characters escaped. */
void text_quote(struct buf *out, struct span s);

/* A moment in ms as 2026-11-20 19:30:02Z, or "never" for 0. */
void text_time(struct buf *out, int64_t ms);

/* NUMBER-LINK: the head of the audit trail, to be noted and compared. */
#define AUDIT_HEAD_SIZE (21 + 2 * DIGEST_SIZE + 1)
void text_audit_head(const struct audit_head *head, char out[AUDIT_HEAD_SIZE]);

/* Is one before problem i of the same kind, in the same column, with the same detail? */
bool text_told(const struct problem *problems, size_t i);

/* "1 file", "2 files". */
void text_count(struct buf *out, uint64_t n, const char *unit);

/* "5 min ago", of ms since 1970; "never" of 0. */
void text_ago(struct buf *out, int64_t now, int64_t ms);

#endif
