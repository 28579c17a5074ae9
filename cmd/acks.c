#include "cmd/acks.h"

#include <stdlib.h>
#include <string.h>

#include "outbound/outbox.h"

#define PIECE (256u << 10) /* bytes that are written at a time */

/* Of rows: what the API or the ledger had against them; PROBLEM_NONE is 0. */
struct refused {
	unsigned char *code;
	size_t n;
};

struct acks {
	const struct mapper *mapper;
	struct outbox *outbox;
	struct buf frame, text;
	struct refused refused;
	uint64_t n;
	bool nomem;
};

struct acks *
acks_new(const struct mapper *m, const char *dir, size_t memory, struct err *e)
{
	struct acks *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e), NULL;
	a->mapper = m;
	buf_init(&a->frame, OUTBOX_FRAME_MAX);
	buf_init(&a->text, OUTBOX_FRAME_MAX);
	if ((a->outbox = outbox_new(dir, memory, e)) == NULL) {
		acks_free(a);
		return NULL;
	}
	return a;
}

void
acks_free(struct acks *a)
{
	if (a == NULL)
		return;
	outbox_free(a->outbox);
	buf_release(&a->frame);
	buf_release(&a->text);
	free(a->refused.code);
	free(a);
}

/* The outbox never leaves this process, so the numbers go in as they lie. */
struct head {
	uint64_t row, before;
	enum receipt_code code;
};

int
acks_add(struct acks *a, const struct receipt *r, struct err *e)
{
	struct head h = {.row = r->row, .before = r->before.n, .code = r->code};

	buf_clear(&a->frame);
	buf_add(&a->frame, &h, sizeof(h));
	buf_add_span(&a->frame, r->before);
	buf_add_span(&a->frame, r->behind);
	if (buf_check(&a->frame, "an acknowledgement", e) != 0)
		return -1;
	a->n++;
	return outbox_put(a->outbox, buf_span(&a->frame), e);
}

void
acks_refuse(struct acks *a, uint64_t row, enum problem_code code)
{
	size_t n = a->refused.n;
	unsigned char *p;

	if (row >= n) {
		n = n * 2 > row ? n * 2 : (size_t)row + 1024;
		if ((p = realloc(a->refused.code, n)) == NULL) {
			a->nomem = true;
			return;
		}
		memset(p + a->refused.n, PROBLEM_NONE, n - a->refused.n);
		a->refused = (struct refused){p, n};
	}
	a->refused.code[row] = (unsigned char)code;
}

static void
add_one(struct acks *a, struct span frame)
{
	struct receipt r;
	struct head h;
	enum problem_code late = PROBLEM_NONE;

	memcpy(&h, frame.p, sizeof(h));
	r = (struct receipt){.row = h.row,
	    .code = h.code,
	    .before = {frame.p + sizeof(h), h.before},
	    .behind = {frame.p + sizeof(h) + h.before, frame.n - sizeof(h) - h.before}};
	if (h.row < a->refused.n && h.code == RECEIPT_TAKEN)
		late = (enum problem_code)a->refused.code[h.row];
	if (late != PROBLEM_NONE)
		r.code = RECEIPT_REJECTED;
	buf_add_span(&a->text, r.before);
	buf_add_str(&a->text, mapper_receipt_word(a->mapper, r.code));
	buf_add_span(&a->text, r.behind);
	if (late != PROBLEM_NONE)
		mapper_receipt_problem(a->mapper, &r, late, &a->text);
}

static int
flush(struct acks *a, struct answer *to, size_t more_than, struct err *e)
{
	if (buf_check(&a->text, "the acknowledgements", e) != 0)
		return -1;
	if (a->text.n <= more_than)
		return 0;
	if (answer_add(to, buf_span(&a->text), e) != 0)
		return -1;
	buf_clear(&a->text);
	return 0;
}

int
acks_write(struct acks *a, struct answer *to, int64_t now, struct err *e)
{
	int r;

	if (a->nomem)
		return err_nomem(e);
	if (outbox_seal(a->outbox, e) != 0)
		return -1;
	buf_clear(&a->text);
	mapper_receipts_open(a->mapper, now, &a->text);
	while ((r = outbox_next(a->outbox, &a->frame, e)) == 1) {
		add_one(a, buf_span(&a->frame));
		if (flush(a, to, PIECE, e) != 0)
			return -1;
	}
	mapper_receipts_close(a->mapper, a->n, &a->text);
	return r < 0 ? -1 : flush(a, to, 0, e);
}
