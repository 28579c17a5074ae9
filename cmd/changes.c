#include "cmd/changes.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/changes_impl.h"

static int
ask_for_merges(struct changes *c, struct err *e)
{
	int r = 0;

	if (c->conf->ledger != NULL)
		r = ledger_has_type(c->conf->ledger, c->conf->scope, RECORD_RETIRED, e);
	c->merges = r == 1;
	return r < 0 ? -1 : 0;
}

struct changes *
changes_new(const struct changes_conf *conf, struct err *e)
{
	struct changes *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e), NULL;
	c->conf = conf;
	buf_init(&c->text, BLOCK_BYTES + DATA_MAX);
	buf_init(&c->one, DATA_MAX);
	buf_init(&c->encoded, OUTBOX_FRAME_MAX);
	frame_init(&c->frame);
	c->frame.number = 1;
	if (ask_for_merges(c, e) != 0 || (c->overlay = overlay_new(e)) == NULL ||
	    (c->outbox = outbox_new(conf->outbox_dir, conf->outbox_memory, e)) == NULL ||
	    (c->sha = sha256_new(e)) == NULL) {
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
	overlay_free(c->overlay);
	outbox_free(c->outbox);
	sha256_free(c->sha);
	buf_release(&c->text);
	buf_release(&c->one);
	buf_release(&c->encoded);
	free(c->refs);
	free(c->patients);
	frame_release(&c->frame);
	free(c);
}

/* A patch has a history of its own; everything else is the record's. */
static struct record_key
key_of(const struct changes *c, enum record_type type, struct span id, enum record_op op)
{
	struct record_key key = record_key(c->conf->keys, c->conf->source, type, id);

	return op == OP_PATCH ? record_key_patch(c->conf->keys, &key, c->conf->feed)
			      : key;
}

/* A record may be known whole, and by this feed's patches: both keys count (P6). */
static void
add_ref(void *arg, enum record_type type, struct span id)
{
	struct changes *c = arg;
	struct record_key *more, whole;

	if (c->nrefs + 2 > c->refs_cap) {
		more = reallocarray(c->refs, c->refs_cap * 2 + 64, sizeof(*more));
		if (more == NULL) {
			c->text.failed = 1;
			return;
		}
		c->refs = more;
		c->refs_cap = c->refs_cap * 2 + 64;
	}
	whole = key_of(c, type, id, OP_PUT);
	c->refs[c->nrefs++] = whole;
	c->refs[c->nrefs++] = record_key_patch(c->conf->keys, &whole, c->conf->feed);
	c->block[c->n].nrefs += 2;
	if (type == RECORD_PATIENT)
		merges_note(c, id);
}

size_t
changes_keep(struct changes *c, struct span s)
{
	size_t at = c->text.n;

	buf_add_span(&c->text, s);
	return at;
}

struct span
changes_kept(const struct changes *c, size_t at, size_t n)
{
	return (struct span){c->text.p + at, n};
}

/* What is compared: operation and data, as they will be sent. */
static void
keep_data(struct changes *c, struct candidate *k, const struct record *r)
{
	size_t from = changes_keep(c, span_of(record_op_name(r->op)));
	struct json j;

	k->data = c->text.n;
	jw_init(&j, &c->text);
	record_write_data(r, &j);
	k->data_n = c->text.n - k->data;
	if (!c->text.failed)
		k->content = digest_bytes(
		    c->conf->keys, KEY_CONTENT, c->text.p + from, c->text.n - from);
}

enum judgement { CHANGED, UNCHANGED, DUPLICATE, STALE, REFUSED_BEFORE, FORBIDDEN };

static bool
older(int64_t at, int64_t than)
{
	return at != TIME_NONE && than != TIME_NONE && at < than;
}

/* Does it tell of a time that was not known yet? */
static bool
later(int64_t at, int64_t than)
{
	return at != TIME_NONE && (than == TIME_NONE || at > than);
}

/* Against an earlier row of the same file. */
static enum judgement
judge_again(const struct candidate *k, const struct changed *last)
{
	if (older(k->latest, last->at))
		return STALE;
	return last->content == overlay_content(&k->content) ? DUPLICATE : CHANGED;
}

static enum judgement
judge(struct changes *c, const struct candidate *k, const struct lookup *it, int64_t *at)
{
	const struct known *known = &it->known;
	struct changed last;

	*at = known->found ? known->at : TIME_NONE;
	if (known->found && older(k->latest, known->at))
		return STALE;
	if (overlay_get(c->overlay, &it->key, &last) == 1) {
		*at = last.at;
		return judge_again(k, &last);
	}
	if (!known->found)
		return CHANGED;
	if ((known->flags & KNOWN_REFUSED) && digest_eq(&known->refused, &k->content))
		return REFUSED_BEFORE;
	if ((known->flags & (KNOWN_DOUBT | KNOWN_EMPTY)) == 0 &&
	    digest_eq(&known->content, &k->content))
		return UNCHANGED;
	return CHANGED;
}

static void
count(struct changes_counts *n, enum judgement j)
{
	n->records++;
	n->changed += j == CHANGED;
	n->unchanged += j == UNCHANGED;
	n->duplicate += j == DUPLICATE;
	n->stale += j == STALE;
	n->refused += j == REFUSED_BEFORE || j == FORBIDDEN;
}

static int
flush_frame(struct changes *c, struct err *e)
{
	if (c->frame.n == 0)
		return 0;
	buf_clear(&c->encoded);
	frame_encode(&c->frame, &c->encoded);
	if (buf_check(&c->encoded, "a batch", e) != 0 ||
	    outbox_put(c->outbox, buf_span(&c->encoded), e) != 0)
		return -1;
	c->counts.batches++;
	c->frame.number++;
	frame_clear(&c->frame);
	return 0;
}

/* P6: a batch waits for the last one that changed this record or one it refers to. */
static void
depend(struct changes *c, const struct candidate *k)
{
	struct changed last;

	if (k->npatients > 0 && c->merged_in < c->frame.number &&
	    c->merged_in > c->frame.after)
		c->frame.after = c->merged_in;
	for (size_t i = 0; i < k->nrefs; i++)
		if (overlay_get(c->overlay, &c->refs[k->refs + i], &last) == 1 &&
		    last.batch < c->frame.number && last.batch > c->frame.after)
			c->frame.after = last.batch;
}

static void
write_record(struct changes *c, const struct candidate *k, uint64_t n)
{
	char version[2 * DIGEST_SIZE + 1];
	struct json j;

	digest_hex(&k->content, version);
	buf_clear(&c->one);
	jw_init(&j, &c->one);
	jw_object(&j);
	jw_put_uint(&j, "n", n);
	jw_put_cstr(&j, "op", record_op_name(k->op));
	jw_put_cstr(&j, "type", k->schema->name);
	jw_put_cstr(&j, "source", c->conf->source);
	jw_put_string(&j, "id", changes_kept(c, k->id, k->id_n));
	jw_put_cstr(&j, "version", version);
	if (k->trigger_n > 0)
		jw_put_string(&j, "event", changes_kept(c, k->trigger, k->trigger_n));
	if (k->event_n > 0)
		jw_put_string(&j, "event_at", changes_kept(c, k->event, k->event_n));
	jw_key(&j, SPAN_LIT("origin"));
	jw_object(&j);
	jw_put_uint(&j, "row", k->row);
	if (k->control_n > 0)
		jw_put_string(
		    &j, "control_id", changes_kept(c, k->control, k->control_n));
	jw_object_end(&j);
	if (k->op != OP_DELETE) {
		jw_key(&j, SPAN_LIT("data"));
		jw_raw(&j, changes_kept(c, k->data, k->data_n));
	}
	jw_object_end(&j);
}

struct frame_record *
changes_to_frame(
    struct changes *c, const struct entry *entry, struct span json, struct err *e)
{
	struct frame_record *r = frame_add(&c->frame, entry, json);

	if (r == NULL) {
		err_nomem(e);
		return NULL;
	}
	sha256_add(c->sha, entry->key.digest.b, DIGEST_SIZE);
	sha256_add(c->sha, entry->content.b, DIGEST_SIZE);
	sha256_add(c->sha, &c->frame.number, sizeof(c->frame.number));
	return r;
}

/* Into the batch being filled, or the next one. */
static struct frame_record *
add_to_frame(struct changes *c, const struct candidate *k, const struct record_key *key,
    struct span json, struct err *e)
{
	const struct entry entry = {.key = *key,
	    .content = k->content,
	    .at = k->at,
	    .window = k->window,
	    .removed = k->op == OP_DELETE,
	    .id = changes_kept(c, k->of, k->of_n)};

	if (c->frame.n >= c->conf->batch_records ||
	    (c->frame.n > 0 && c->frame.json.n + json.n + 1 > c->conf->batch_bytes))
		if (flush_frame(c, e) != 0)
			return NULL;
	depend(c, k);
	return changes_to_frame(c, &entry, json, e);
}

/* Time never goes back, and a row without one leaves what an earlier row had (P7). */
static int
remember(struct changes *c, const struct candidate *k, const struct record_key *key,
    struct err *e)
{
	struct changed last = {.at = TIME_NONE};

	if (overlay_get(c->overlay, key, &last) == 0 || later(k->at, last.at))
		last.at = k->at;
	if (k->op == OP_MERGE)
		last.at = (int64_t)k->row;
	last.content = overlay_content(&k->content);
	last.batch = (uint32_t)c->frame.number;
	return overlay_put(c->overlay, key, &last, e);
}

/*
 * P6: two changes of one record never stand in one batch, since the API may want the
 * first of them later.
 */
static int
part_from_itself(struct changes *c, const struct candidate *k,
    const struct record_key *key, struct err *e)
{
	/* The first two references are itself, whole and patched; a merge's is neither. */
	const struct record_key *own[] = {key, &c->refs[k->refs], &c->refs[k->refs + 1]};
	struct changed last;

	for (size_t i = 0; i < 3; i++)
		if (overlay_get(c->overlay, own[i], &last) == 1 &&
		    last.batch == c->frame.number)
			return flush_frame(c, e);
	return 0;
}

static int
add_change(struct changes *c, const struct candidate *k, const struct record_key *key,
    struct err *e)
{
	struct frame_record *r;

	if (part_from_itself(c, k, key, e) != 0)
		return -1;
	write_record(c, k, c->counts.changed);
	if (buf_check(&c->one, "a record", e) != 0 ||
	    (r = add_to_frame(c, k, key, buf_span(&c->one), e)) == NULL)
		return -1;
	if (k->op == OP_MERGE &&
	    frame_name(&c->frame, changes_kept(c, k->id, k->id_n)) != 0)
		return err_nomem(e);
	r->n = c->counts.changed;
	r->row = k->row;
	return remember(c, k, key, e);
}

/* P7: an unchanged record that is newer moves its time on; nothing is sent. */
static int
add_touch(struct changes *c, const struct candidate *k, const struct record_key *key,
    struct err *e)
{
	if (add_to_frame(c, k, key, (struct span){NULL, 0}, e) == NULL)
		return -1;
	return remember(c, k, key, e);
}

/* As it was told when the API refused it: the clinic has sent it again as it was. */
static void
tell_refused(const struct changes *c, const struct candidate *k)
{
	const struct problem p = {.code = PROBLEM_API_REFUSED,
	    .weight = WEIGHT_REJECT,
	    .row = k->row,
	    .type = k->schema->name};

	if (c->conf->problem != NULL)
		c->conf->problem(c->conf->arg, &p);
}

/*
 * What is known of merges comes on top. A message that was seen before has no effect
 * whatever became of its patient; an unlink has one as long as the id is retired.
 */
static enum judgement
judge_merged(struct changes *c, const struct candidate *k, enum judgement j, int64_t at)
{
	bool sent = j == CHANGED ||
		    (j != STALE && j != REFUSED_BEFORE && later(k->at, at));

	if (k->unmerge)
		return merges_undone(c, k) ? CHANGED : j;
	return sent && merges_forbid(c, k) ? FORBIDDEN : j;
}

static int
resolve_one(
    struct changes *c, const struct candidate *k, const struct lookup *it, struct err *e)
{
	int64_t at;
	enum judgement j = judge(c, k, it, &at);

	j = judge_merged(c, k, j, at);
	count(&c->counts, j);
	if (j == REFUSED_BEFORE)
		tell_refused(c, k);
	if (j == CHANGED && add_change(c, k, &it->key, e) != 0)
		return -1;
	if (j == CHANGED)
		return k->op == OP_MERGE || k->unmerge ? merges_done(c, k, e) : 0;
	if ((j == UNCHANGED || j == DUPLICATE) && later(k->at, at))
		return add_touch(c, k, &it->key, e);
	return 0;
}

static int
resolve(struct changes *c, struct err *e)
{
	if (c->conf->ledger != NULL && c->n > 0 &&
	    ledger_known(c->conf->ledger, c->conf->scope, c->lookups, c->n, e) != 0)
		return -1;
	if (merges_lookup(c, e) != 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		if (resolve_one(c, &c->block[i], &c->lookups[i], e) != 0)
			return -1;
	c->n = c->nrefs = c->npatients = 0;
	buf_clear(&c->text);
	return 0;
}

/* What a feed patches, it deletes in the history of its patches. */
static enum record_op
history_of(const struct record *r)
{
	return r->op == OP_DELETE && r->patched ? OP_PATCH : r->op;
}

int
changes_add(struct changes *c, const struct record *r, struct err *e)
{
	struct candidate *k = &c->block[c->n];

	*k = (struct candidate){.schema = r->schema,
	    .unmerge = r->unmerge,
	    .op = r->op,
	    .at = r->event_at,
	    .latest = r->event_latest,
	    .window = r->window,
	    .row = r->row,
	    .refs = c->nrefs,
	    .patients = c->npatients};
	k->id = k->of = changes_keep(c, r->id);
	k->id_n = k->of_n = r->id.n;
	k->event = changes_keep(c, r->event_at_text);
	k->event_n = r->event_at_text.n;
	k->trigger = changes_keep(c, r->event);
	k->trigger_n = r->event.n;
	k->control = changes_keep(c, r->control);
	k->control_n = r->control.n;
	keep_data(c, k, r);
	c->lookups[c->n] = (struct lookup){
	    .key = key_of(c, r->schema->type, r->id, history_of(r))};
	if (r->op == OP_MERGE)
		merges_take(c, k, r);
	add_ref(c, r->schema->type, r->id);
	record_each_ref(r, add_ref, c);
	if (buf_check(&c->text, "a record", e) != 0)
		return -1;
	c->n++;
	if (c->n == BLOCK_RECORDS || c->text.n >= BLOCK_BYTES)
		return resolve(c, e);
	return 0;
}

int
changes_end(struct changes *c, unsigned char digest[SHA256_SIZE], struct err *e)
{
	if (resolve(c, e) != 0 || flush_frame(c, e) != 0)
		return -1;
	sha256_end(c->sha, digest);
	/* Not needed any more, and the largest thing in memory. */
	overlay_free(c->overlay);
	c->overlay = NULL;
	return outbox_seal(c->outbox, e);
}

const struct changes_counts *
changes_counts(const struct changes *c)
{
	return &c->counts;
}

int
changes_next(struct changes *c, struct frame *out, struct err *e)
{
	int r = outbox_next(c->outbox, &c->encoded, e);

	if (r != 1)
		return r;
	return frame_decode(out, buf_span(&c->encoded), e) == 0 ? 1 : -1;
}
