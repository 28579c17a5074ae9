/*
 * Acknowledgements (HL7 v2.9.1 2.9.2, 2.14.8, 2.14.5): a general ACK for a message, in
 * that message's own delimiters. Whether it was taken may be known later only, so an
 * ACK comes in pieces: what stands before MSA-1, and what behind.
 */
#ifndef MAPPERS_HL7_ACK_H
#define MAPPERS_HL7_ACK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/problem.h"
#include "mappers/format.h"
#include "mappers/hl7_message.h"

/*
 * "MSH...<CR>MSA|": `m` is the message answered, NULL if it can't be read. `number` is
 * its number in the file, through all exports in it; `now`, in ms, and the number make MSH-10.
 */
void hl7_ack_before(struct buf *out, struct hl7_message *m, uint64_t number, int64_t now);

/* Is the message an acknowledgement itself? These are never acknowledged (2.9.2). */
bool hl7_ack_is(struct hl7_message *m);

/* Is the segment of a problem's column, if there is one, in the message only once? */
bool hl7_ack_once(const struct hl7_message *m, struct span column);

/* "|CONTROL ID<CR>": MSA-2 is the message's MSH-10 as it was sent. */
void hl7_ack_behind(struct buf *out, struct hl7_message *m);

/*
 * "ERR|...<CR>" for what was wrong; `header` is text that begins with the ACK's MSH. Where
 * the message has the column's segment more than once, the column stands in the text,
 * since ERR-2 would have to say in which (ERL.2).
 */
void hl7_ack_error(
    struct buf *out, struct span header, const struct problem *p, bool once);

/* MSA-1 (table 0008), and the ERR of what the API or the ledger had against it later. */
const char *hl7_ack_word(enum receipt_code code);
void hl7_ack_problem(struct buf *out, const struct receipt *r, enum problem_code code);

/* FHS and BHS before all, BTS and FTS behind them. */
void hl7_ack_open(struct buf *out, int64_t now);
void hl7_ack_close(struct buf *out, uint64_t n);

#endif
