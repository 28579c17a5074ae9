/*
 * The batch grammar (HL7 v2.9.1 2.9.3.1): [FHS] { [BHS] { MSH ... } [BTS] } [FTS],
 * all four optional; BTS-1 counts messages and FTS-1 batches. It is told of every
 * header and trailer, counts, and says which batches are none.
 */
#ifndef MAPPERS_HL7_BATCH_H
#define MAPPERS_HL7_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct hl7_batch {
	bool in_file;   /* FHS, and no FTS yet */
	bool in_batch;  /* BHS, and no BTS yet */
	bool refused;   /* the batch at hand does not begin with a message */
	bool headers;   /* some FHS or BHS was there */
	bool trailers;  /* some FTS or BTS was there, since the last FHS */
	bool open;      /* at the end: a batch, or a file without any trailer */
	bool untrailed; /* an FHS or BHS had no FTS or BTS */
	bool mismatch;  /* a count was wrong; the first is told: */
	char reason[160];
	uint64_t messages; /* MSH since BHS or BTS */
	uint64_t batches;  /* since FHS */
};

/* Each segment that is no part of a message; `segment` is its number in the file. */
void hl7_batch_fhs(struct hl7_batch *b);
void hl7_batch_bhs(struct hl7_batch *b);
void hl7_batch_msh(struct hl7_batch *b);
void hl7_batch_bts(struct hl7_batch *b, struct span line, uint64_t segment);
void hl7_batch_fts(struct hl7_batch *b, struct span line, uint64_t segment);

/*
 * A segment where a message should begin. True if it spoils a batch: the first such
 * segment of a batch that has no message yet.
 */
bool hl7_batch_stray(struct hl7_batch *b);

/* After the last byte. */
void hl7_batch_end(struct hl7_batch *b);

#endif
