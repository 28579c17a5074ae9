#include "mappers/hl7_batch.h"

#include <stdio.h>

#include "mappers/hl7_message.h"

#define COUNT_DIGITS 18

/* A batch ends, with or without its trailer. */
static void
close_batch(struct hl7_batch *b, bool trailer)
{
	b->untrailed |= b->in_batch && !trailer;
	b->batches += !b->in_batch && b->messages > 0;
	b->in_batch = b->refused = false;
	b->messages = 0;
}

static void
close_file(struct hl7_batch *b, bool trailer)
{
	close_batch(b, false);
	b->untrailed |= b->in_file && !trailer;
	b->in_file = false;
	b->batches = 0;
}

void
hl7_batch_fhs(struct hl7_batch *b)
{
	close_file(b, false);
	b->in_file = b->headers = true;
	b->trailers = false;
}

void
hl7_batch_bhs(struct hl7_batch *b)
{
	close_batch(b, false);
	b->in_batch = b->headers = true;
	b->batches++;
}

void
hl7_batch_msh(struct hl7_batch *b)
{
	b->messages++;
}

/* BTS-1 or FTS-1: 1 and *out, 0 if it was not sent, -1 if it is no number. */
static int
count_sent(struct span line, uint64_t *out)
{
	struct span s = {NULL, 0};

	if (line.n > 4)
		s = span_trim(
		    hl7_part((struct span){line.p + 4, line.n - 4}, line.p[3], 1));
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || s.n > COUNT_DIGITS)
			return -1;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0;
}

static void
compare(struct hl7_batch *b, struct span line, uint64_t segment, uint64_t there)
{
	bool bts = line.p[0] == 'B';
	const char *name = bts ? "BTS-1" : "FTS-1", *what = bts ? "messages" : "batches";
	uint64_t sent;
	int rc = count_sent(line, &sent);

	/* Where no BHS stands, a file of messages is one batch, or none. */
	if (rc == 0 || (rc == 1 && sent == there) || b->mismatch)
		return;
	b->mismatch = true;
	if (rc < 0)
		snprintf(b->reason, sizeof(b->reason),
		    "%s in segment %llu is no number; %llu %s are there", name,
		    (unsigned long long)segment, (unsigned long long)there, what);
	else
		snprintf(b->reason, sizeof(b->reason),
		    "%s in segment %llu says %llu %s, but %llu are there", name,
		    (unsigned long long)segment, (unsigned long long)sent, what,
		    (unsigned long long)there);
}

void
hl7_batch_bts(struct hl7_batch *b, struct span line, uint64_t segment)
{
	b->trailers = true;
	compare(b, line, segment, b->messages);
	close_batch(b, true);
}

void
hl7_batch_fts(struct hl7_batch *b, struct span line, uint64_t segment)
{
	b->trailers = true;
	close_batch(b, false);
	compare(b, line, segment, b->batches);
	close_file(b, true);
}

bool
hl7_batch_stray(struct hl7_batch *b)
{
	if (!b->in_batch || b->messages > 0 || b->refused)
		return false;
	b->refused = true;
	return true;
}

void
hl7_batch_end(struct hl7_batch *b)
{
	b->open = b->in_batch || (b->in_file && !b->trailers);
	close_file(b, false);
}
