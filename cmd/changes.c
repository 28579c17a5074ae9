#include "cmd/changes.h"

#include <stdlib.h>

#include "cmd/changes_merge.h"
#include "cmd/changes_snapshot.h"

static int
ask_for_merges(struct changes *c, struct err *e)
{
	int r = 0;

	if (c->conf->ledger != NULL)
		r = ledger_has_type(c->conf->ledger, c->conf->scope, RECORD_RETIRED, e);
	c->merges = r == 1;
	return r < 0 ? -1 : 0;
}

static int
judge_beside(void *arg, struct err *e)
{
	return changes_judge_block(arg, e);
}

struct changes *
changes_new(const struct changes_conf *conf, struct err *e)
{
	struct changes *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e), NULL;
	c->conf = conf;
	c->section = patch_section(conf->keys, conf->feed);
	for (unsigned i = 0; i < BLOCKS; i++)
		block_init(&c->blocks[i]);
	buf_init(&c->one, DATA_MAX);
	buf_init(&c->encoded, OUTBOX_FRAME_MAX);
	for (unsigned i = 0; i < LANES; i++) {
		frame_init(&c->lanes[i].frame);
		c->lanes[i].frame.lane = i;
	}
	c->lanes[LANE_ALL].frame.number = 1;
	if (conf->missing != NULL && (c->snapshot = snapshot_new(conf, e)) == NULL) {
		changes_free(c);
		return NULL;
	}
	if (conf->old && conf->ledger != NULL && conf->last_content != NULL)
		settled_repeated(
		    conf->ledger, conf->feed, conf->last_content, &c->repeated);
	if (ask_for_merges(c, e) != 0 || (c->overlay = overlay_new(e)) == NULL ||
	    (c->outbox = outbox_new(conf->outbox_dir, conf->outbox_memory, e)) == NULL ||
	    (c->sha = sha256_new(e)) == NULL ||
	    (c->worker = worker_new(judge_beside, c, e)) == NULL) {
		changes_free(c);
		return NULL;
	}
	return c;
}

void
changes_free(struct changes *c)
{
	if (c == NULL)
		return;
	worker_free(c->worker);
	overlay_free(c->overlay);
	outbox_free(c->outbox);
	sha256_free(c->sha);
	for (unsigned i = 0; i < BLOCKS; i++)
		block_release(&c->blocks[i]);
	buf_release(&c->one);
	buf_release(&c->encoded);
	free(c->keys);
	free(c->patients);
	repeated_release(&c->repeated);
	for (unsigned i = 0; i < LANES; i++)
		frame_release(&c->lanes[i].frame);
	snapshot_free(c->snapshot);
	free(c);
}

static struct block *
filling(struct changes *c)
{
	return &c->blocks[c->filled % BLOCKS];
}

/* Of the oldest `n` blocks of those that are not being filled, which then are empty. */
static void
tell(struct changes *c, unsigned n)
{
	for (unsigned i = 1; i <= n; i++) {
		struct block *b = &c->blocks[(c->filled + i) % BLOCKS];

		block_tell(b, c->conf);
		block_clear(b);
	}
}

/* No more than `left` blocks wait to be judged: what the others gave is told. */
static int
take_back(struct changes *c, unsigned left, struct err *e)
{
	int rc = worker_wait(c->worker, left, e);

	tell(c, rc == 0 ? BLOCKS - 1 - left : BLOCKS - 1);
	if (rc != 0) {
		block_clear(filling(c));
		c->judged = c->filled;
	}
	return rc;
}

/*
 * If the block is full it is judged while the next ones are filled. What it gives is told
 * when it is needed again, and so at the same row whoever is faster (P5).
 */
static int
hand_over(struct changes *c, struct err *e)
{
	if (!block_is_full(filling(c)))
		return 0;
	if (take_back(c, BLOCKS - 2, e) != 0)
		return -1;
	c->filled++;
	worker_give(c->worker);
	return 0;
}

int
changes_resolve_all(struct changes *c, struct err *e)
{
	int rc;

	if (take_back(c, 0, e) != 0)
		return -1;
	c->filled++;
	rc = changes_judge_block(c, e);
	tell(c, BLOCKS - 1);
	return rc;
}

int
changes_add(struct changes *c, const struct record *r, struct err *e)
{
	if (block_add(filling(c), c->conf, r, c->of_row, e) != 0)
		return -1;
	return hand_over(c, e);
}

void
changes_of_row(struct changes *c, uint64_t row)
{
	c->of_row = row;
}

void
changes_known(struct changes *c, uint64_t n)
{
	c->known += n;
}

int
changes_present(struct changes *c, const struct record *r, struct err *e)
{
	if (r->id.n == 0) {
		if (c->unreadable == 0)
			c->unreadable = r->row;
		return 0;
	}
	if (block_add_present(filling(c), r, e) != 0)
		return -1;
	return hand_over(c, e);
}

/* The rest is for one thread. */
static void
end_worker(struct changes *c)
{
	worker_free(c->worker);
	c->worker = NULL;
	c->counts.records += c->known;
	c->counts.unchanged += c->known;
}

int
changes_end(struct changes *c, unsigned char digest[SHA256_SIZE], struct err *e)
{
	if (changes_resolve_all(c, e) != 0)
		return -1;
	end_worker(c);
	for (unsigned i = 0; i < LANES; i++)
		if (changes_flush(c, i, e) != 0)
			return -1;
	sha256_end(c->sha, digest);
	/*
	 * The largest thing in memory. A snapshot's is asked until the end: which rows
	 * count is known by it.
	 */
	if (c->snapshot == NULL) {
		overlay_free(c->overlay);
		c->overlay = NULL;
	}
	return outbox_seal(c->outbox, e);
}

const struct changes_counts *
changes_counts(const struct changes *c)
{
	return &c->counts;
}
