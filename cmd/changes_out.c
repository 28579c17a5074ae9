/*
 * What was judged goes out: cut into batches, put into the outbox, and taken out of it
 * again when it is sent.
 */
#include <string.h>

#include "cmd/changes_snapshot.h"

int
changes_flush(struct changes *c, unsigned lane, struct err *e)
{
	struct frame *f = &c->lanes[lane].frame;

	if (f->n == 0)
		return 0;
	buf_clear(&c->encoded);
	frame_encode(f, &c->encoded);
	if (buf_check(&c->encoded, "a batch", e) != 0 ||
	    outbox_put(c->outbox, buf_span(&c->encoded), e) != 0)
		return -1;
	c->counts.batches++;
	c->lanes[lane].batches++;
	f->number++;
	frame_clear(f);
	return 0;
}

/*
 * P6: a batch waits for the last one that changed this record or one it refers to. True if
 * that is, for one of them, the batch being filled.
 */
static bool
depend(struct changes *c, const struct candidate *k)
{
	struct frame *f = &c->lanes[LANE_ALL].frame;
	const struct record_key *key = &c->keys[k->keys], *end = key + k->nkeys;
	bool here = k->npatients > 0 && c->merged_in == f->number;
	struct changed last;

	if (k->npatients > 0 && c->merged_in < f->number && c->merged_in > f->after)
		f->after = c->merged_in;
	for (; key < end; key++) {
		if (overlay_get(c->overlay, key, &last) != 1)
			continue;
		here |= last.batch == f->number;
		if (last.batch < f->number && last.batch > f->after)
			f->after = last.batch;
	}
	return here;
}

/* What stands behind the head of its object. */
static void
write_rest(struct changes *c, const struct candidate *k)
{
	static const struct jw_ready event = JW_READY("event"), at = JW_READY("event_at"),
				     origin = JW_READY("origin"), row = JW_READY("row"),
				     control = JW_READY("control_id"),
				     data = JW_READY("data");
	struct json j;

	buf_clear(&c->one);
	jw_go_on(&j, &c->one);
	if (k->trigger.n > 0)
		jw_put_ready(&j, &event, changes_kept(c, k->trigger));
	if (k->event.n > 0)
		jw_put_ready(&j, &at, changes_kept(c, k->event));
	jw_key_ready(&j, &origin);
	jw_object(&j);
	jw_put_ready_uint(&j, &row, k->row);
	if (k->control.n > 0)
		jw_put_ready(&j, &control, changes_kept(c, k->control));
	jw_object_end(&j);
	if (k->op != OP_DELETE) {
		jw_key_ready(&j, &data);
		jw_raw(&j, changes_kept(c, k->data));
	}
	jw_object_end(&j);
}

int
changes_put(struct changes *c, const struct outgoing *o, struct err *e)
{
	struct frame *f = &c->lanes[o->lane].frame;
	/* What else is in the body, or decides where it goes. */
	const uint64_t rest[] = {
	    c->snapshot != NULL ? o->n : f->number, o->row, (uint64_t)o->entry.at};

	if (frame_add(f, o) != 0)
		return err_nomem(e);
	sha256_add(c->sha, o->entry.key.digest.b, DIGEST_SIZE);
	sha256_add(c->sha, o->entry.content.b, DIGEST_SIZE);
	sha256_add(c->sha, rest, sizeof(rest));
	return 0;
}

int
changes_room(struct changes *c, const struct outgoing *o, struct err *e)
{
	const struct frame *f = &c->lanes[o->lane].frame;

	if (f->n < c->conf->batch_records &&
	    (f->n == 0 || f->size + o->size + 1 <= c->conf->batch_bytes))
		return 0;
	return changes_flush(c, o->lane, e);
}

/* Time never goes back, and a row without one leaves what an earlier row had (P7). */
static int
remember(
    struct changes *c, const struct candidate *k, const struct outgoing *o, struct err *e)
{
	struct changed last = {.at = TIME_NONE};

	if (overlay_get(c->overlay, &o->entry.key, &last) == 0 ||
	    changes_later(k->at, last.at))
		last.at = k->at;
	if (k->op == OP_MERGE)
		last.at = (int64_t)k->row;
	last.content = overlay_content(&k->digest);
	last.batch = (uint32_t)(c->snapshot != NULL ? o->n
						    : c->lanes[o->lane].frame.number);
	return overlay_put(c->overlay, &o->entry.key, &last, e);
}

/* Does the batch that is being filled change it? */
static bool
is_here(const struct changes *c, const struct record_key *key)
{
	struct changed last;

	return overlay_get(c->overlay, key, &last) == 1 &&
	       last.batch == c->lanes[LANE_ALL].frame.number;
}

/*
 * P6: two changes of one record never stand in one batch, since the API may want the
 * first of them later.
 */
static int
part_from_itself(struct changes *c, const struct candidate *k,
    const struct record_key *key, struct err *e)
{
	const struct record_key *own = &c->keys[k->keys];
	/* A merge stands under a key that is none of its own. */
	bool here = k->op == OP_MERGE && is_here(c, key);

	for (size_t i = 0; i < k->nown && !here; i++)
		here = is_here(c, &own[i]);
	return here ? changes_flush(c, LANE_ALL, e) : 0;
}

static struct outgoing
outgoing_of(struct changes *c, const struct candidate *k, const struct record_key *key)
{
	bool snapshot = c->snapshot != NULL;

	return (struct outgoing){
	    .lane = snapshot ? snapshot_lane(k->schema->type) : LANE_ALL,
	    .op = k->op,
	    .n = snapshot ? ++c->serial : 0,
	    .row = k->row,
	    .entry = {.key = *key,
		.content = k->digest,
		.at = k->at != TIME_NONE ? k->at : k->file_at,
		.window = k->window,
		.removed = k->op == OP_DELETE,
		.id = changes_kept(c, k->of)},
	    .name = changes_kept(c, k->id)};
}

int
changes_send(struct changes *c, const struct candidate *k, const struct record_key *key,
    struct err *e)
{
	struct outgoing o = outgoing_of(c, k, key);

	if (c->snapshot == NULL) {
		o.n = c->counts.changed;
		if (part_from_itself(c, k, key, e) != 0)
			return -1;
	}
	write_rest(c, k);
	o.rest = buf_span(&c->one);
	o.size = frame_size(&o, c->conf->source);
	if (buf_check(&c->one, "a record", e) != 0 || changes_room(c, &o, e) != 0)
		return -1;
	o.refers = c->snapshot == NULL && depend(c, k);
	if (changes_put(c, &o, e) != 0)
		return -1;
	return remember(c, k, &o, e);
}

int
changes_touch(struct changes *c, const struct candidate *k, const struct record_key *key,
    struct err *e)
{
	struct outgoing o = outgoing_of(c, k, key);

	if (changes_room(c, &o, e) != 0)
		return -1;
	if (c->snapshot == NULL)
		(void)depend(c, k);
	return changes_put(c, &o, e) != 0 ? -1 : remember(c, k, &o, e);
}

/* 1: batches of c->lane are left, or of one behind it, which then is c->lane; 0; -1. */
static int
find_lane(struct changes *c, struct err *e)
{
	unsigned was = c->lane;

	while (c->lane < LANES && c->taken == c->lanes[c->lane].batches) {
		c->lane++;
		c->taken = 0;
		c->after = c->given;
	}
	if (c->lane == LANES)
		return 0;
	return c->lane == was || outbox_rewind(c->outbox, e) == 0 ? 1 : -1;
}

/* The next frame of c->lane, into c->encoded. */
static int
next_of_lane(struct changes *c, struct err *e)
{
	int r;

	do {
		if ((r = outbox_next(c->outbox, &c->encoded, e)) == 0)
			err_set(e, ERR_INTERNAL, "the outbox lacks a batch");
	} while (r == 1 && frame_lane(buf_span(&c->encoded)) != c->lane);
	c->taken++;
	return r == 1 ? 0 : -1;
}

int
changes_next(struct changes *c, struct frame *out, struct err *e)
{
	int r;

	while ((r = find_lane(c, e)) == 1) {
		if (next_of_lane(c, e) != 0 ||
		    frame_decode(out, buf_span(&c->encoded), c->conf->source, e) != 0)
			return -1;
		if (c->snapshot == NULL)
			return 1;
		snapshot_drop(c, out);
		if (out->n == 0)
			continue;
		out->number = ++c->given;
		out->after = c->after;
		return 1;
	}
	return r;
}
