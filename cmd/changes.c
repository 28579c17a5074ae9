#include "cmd/changes.h"

#include <stdlib.h>
#include <string.h>

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
	for (unsigned i = 0; i < LANES; i++) {
		frame_init(&c->lanes[i].frame);
		c->lanes[i].frame.lane = i;
	}
	c->lanes[LANE_ALL].frame.number = 1;
	if (conf->missing != NULL && (c->snapshot = snapshot_new(conf, e)) == NULL) {
		changes_free(c);
		return NULL;
	}
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
	for (unsigned i = 0; i < LANES; i++)
		frame_release(&c->lanes[i].frame);
	snapshot_free(c->snapshot);
	free(c);
}

/* A patch has a history of its own; everything else is the record's. */
struct record_key
changes_key(
    const struct changes *c, enum record_type type, struct span id, enum record_op op)
{
	struct record_key key = record_key(c->conf->keys, c->conf->source, type, id);

	return op == OP_PATCH ? record_key_patch(c->conf->keys, &key, c->conf->feed)
			      : key;
}

/* A record may be known whole, and by this feed's patches: both keys count (P6). */
static void
make_keys(const struct changes *c, enum record_type type, struct span id,
    struct record_key out[OWN_KEYS])
{
	out[0] = changes_key(c, type, id, OP_PUT);
	out[1] = record_key_patch(c->conf->keys, &out[0], c->conf->feed);
}

static void
add_keys(struct changes *c, enum record_type type, struct span id,
    const struct record_key keys[OWN_KEYS])
{
	struct record_key *more;

	if (c->nrefs + OWN_KEYS > c->refs_cap) {
		more = reallocarray(c->refs, c->refs_cap * 2 + 64, sizeof(*more));
		if (more == NULL) {
			buf_no_memory(&c->text);
			return;
		}
		c->refs = more;
		c->refs_cap = c->refs_cap * 2 + 64;
	}
	for (size_t i = 0; i < OWN_KEYS; i++) {
		overlay_expect(c->overlay, &keys[i]);
		c->refs[c->nrefs++] = keys[i];
	}
	c->block[c->n].nrefs += OWN_KEYS;
	if (type == RECORD_PATIENT)
		merges_note(c, id);
}

/* The record before it is mostly what it refers to: a row's patient. */
static bool
is_before(const struct changes *c, enum record_type type, struct span id)
{
	const struct candidate *k = c->n > 0 ? &c->block[c->n - 1] : NULL;

	return k != NULL && k->nrefs > 0 && k->schema->type == type &&
	       span_eq(changes_kept(c, k->id, k->id_n), id);
}

static void
add_ref(void *arg, enum record_type type, struct span id)
{
	struct changes *c = arg;
	struct record_key keys[OWN_KEYS];

	if (is_before(c, type, id))
		memcpy(keys, &c->refs[c->block[c->n - 1].refs], sizeof(keys));
	else
		make_keys(c, type, id, keys);
	add_keys(c, type, id, keys);
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

bool
changes_older(int64_t at, int64_t than)
{
	return at != TIME_NONE && than != TIME_NONE && at < than;
}

/* Does it tell of a time that was not known yet? */
bool
changes_later(int64_t at, int64_t than)
{
	return at != TIME_NONE && (than == TIME_NONE || at > than);
}

/* Against an earlier row of the same file. */
static enum judgement
judge_again(const struct candidate *k, const struct changed *last)
{
	if (changes_older(k->latest, last->at))
		return STALE;
	return last->content == overlay_content(&k->content) ? DUPLICATE : CHANGED;
}

enum judgement
changes_judge(const struct candidate *k, const struct known *known)
{
	if (!known->found)
		return CHANGED;
	if (changes_older(k->latest, known->at))
		return STALE;
	if ((known->flags & KNOWN_REFUSED) && digest_eq(&known->refused, &k->content))
		return REFUSED_BEFORE;
	if ((known->flags & (KNOWN_DOUBT | KNOWN_EMPTY)) == 0 &&
	    digest_eq(&known->content, &k->content))
		return UNCHANGED;
	return CHANGED;
}

static enum judgement
judge(struct changes *c, const struct candidate *k, const struct lookup *it, int64_t *at)
{
	const struct known *known = &it->known;
	struct changed last;

	*at = known->found ? known->at : TIME_NONE;
	if (overlay_get(c->overlay, &it->key, &last) == 0 ||
	    (known->found && changes_older(k->latest, known->at)))
		return changes_judge(k, known);
	*at = last.at;
	return judge_again(k, &last);
}

void
changes_count(struct changes_counts *n, enum judgement j)
{
	n->records++;
	n->changed += j == CHANGED;
	n->unchanged += j == UNCHANGED;
	n->duplicate += j == DUPLICATE;
	n->stale += j == STALE;
	n->refused += j == REFUSED_BEFORE || j == FORBIDDEN;
}

/* As it was told when the API refused it: the clinic has sent it again as it was. */
void
changes_tell_refused(const struct changes *c, const struct schema *s, uint64_t row)
{
	const struct problem p = {.code = PROBLEM_API_REFUSED,
	    .weight = WEIGHT_REJECT,
	    .row = row,
	    .type = s->name};

	if (c->conf->problem != NULL)
		c->conf->problem(c->conf->arg, &p);
}

/* Of a row that says what is known nothing is lost. */
static void
tell_stale(const struct changes *c, const struct candidate *k, const struct known *known)
{
	const struct problem p = {.code = PROBLEM_SUPERSEDED,
	    .weight = WEIGHT_WARNING,
	    .row = k->row,
	    .type = k->schema->name};

	if (c->conf->tells_stale && c->conf->problem != NULL &&
	    !digest_eq(&known->content, &k->content))
		c->conf->problem(c->conf->arg, &p);
}

/*
 * What is known of merges comes on top. A message that was seen before has no effect
 * whatever became of its patient; an unlink has one as long as the id is retired.
 */
enum judgement
changes_judge_merged(
    struct changes *c, const struct candidate *k, enum judgement j, int64_t at)
{
	bool sent = j == CHANGED ||
		    (j != STALE && j != REFUSED_BEFORE && changes_later(k->at, at));

	if (k->unmerge)
		return merges_undone(c, k) ? CHANGED : j;
	return sent && merges_forbid(c, k) ? FORBIDDEN : j;
}

/* What is known, or was refused, otherwise than here is newer. */
static enum judgement
judge_retry(enum judgement j)
{
	return j == REFUSED_BEFORE ? CHANGED : j == CHANGED ? STALE : j;
}

/* `touched`: its time moves on. */
static void
tell_judged(const struct changes *c, const struct candidate *k, const struct known *known,
    enum judgement j, bool touched)
{
	const struct judged_record out = {.of_row = k->of_row,
	    .known = known->found,
	    .ordinal = known->ordinal,
	    .changes = j == CHANGED || touched,
	    .settled = j == UNCHANGED && !k->unmerge &&
		       (k->op == OP_PUT || k->op == OP_PATCH)};

	if (c->conf->judged != NULL)
		c->conf->judged(c->conf->arg, &out);
}

static int
resolve_one(
    struct changes *c, const struct candidate *k, const struct lookup *it, struct err *e)
{
	int64_t at;
	enum judgement j = judge(c, k, it, &at);
	bool touched;

	if (c->conf->refused_only)
		j = judge_retry(j);
	j = changes_judge_merged(c, k, j, at);
	changes_count(&c->counts, j);
	touched = (j == UNCHANGED || j == DUPLICATE) && changes_later(k->at, at);
	tell_judged(c, k, &it->known, j, touched);
	if (j == REFUSED_BEFORE)
		changes_tell_refused(c, k->schema, k->row);
	if (j == STALE)
		tell_stale(c, k, &it->known);
	if (j == CHANGED && changes_send(c, k, &it->key, e) != 0)
		return -1;
	if (j == CHANGED)
		return k->op == OP_MERGE || k->unmerge ? merges_done(c, k, e) : 0;
	if (touched)
		return changes_touch(c, k, &it->key, e);
	return 0;
}

int
changes_resolve(struct changes *c, struct err *e)
{
	int rc = 0;

	if (c->conf->ledger != NULL && c->n > 0 &&
	    ledger_known(c->conf->ledger, c->conf->scope, c->lookups, c->n, e) != 0)
		return -1;
	if (merges_lookup(c, e) != 0)
		return -1;
	for (size_t i = 0; i < c->n && rc == 0; i++)
		rc = c->snapshot != NULL
			 ? snapshot_resolve(c, &c->block[i], &c->lookups[i], e)
			 : resolve_one(c, &c->block[i], &c->lookups[i], e);
	c->n = c->nrefs = c->npatients = 0;
	buf_clear(&c->text);
	return rc;
}

/* What a feed patches, it deletes in the history of its patches. */
static enum record_op
history_of(const struct record *r)
{
	return r->op == OP_DELETE && r->patched ? OP_PATCH : r->op;
}

/* It stands in where the map has no event time; nothing is judged by it as files come. */
static void
take_file_time(const struct changes *c, struct candidate *k)
{
	k->file_at = c->conf->file_at;
	if (c->conf->old)
		k->latest = c->conf->file_at;
}

/* The block has one more. */
static int
added(struct changes *c, struct err *e)
{
	if (buf_check(&c->text, "a record", e) != 0)
		return -1;
	c->n++;
	if (c->n == BLOCK_RECORDS || c->text.n >= BLOCK_BYTES)
		return changes_resolve(c, e);
	return 0;
}

int
changes_add(struct changes *c, const struct record *r, struct err *e)
{
	struct candidate *k = &c->block[c->n];
	struct record_key own[OWN_KEYS];

	make_keys(c, r->schema->type, r->id, own);
	*k = (struct candidate){.schema = r->schema,
	    .unmerge = r->unmerge,
	    .op = r->op,
	    .at = r->event_at,
	    .file_at = TIME_NONE,
	    .latest = r->event_latest,
	    .window = r->window,
	    .row = r->row,
	    .of_row = c->of_row,
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
	c->lookups[c->n] = (struct lookup){.key = own[history_of(r) == OP_PATCH]};
	if (!r->timed && r->op != OP_MERGE)
		take_file_time(c, k);
	if (r->op == OP_MERGE)
		merges_take(c, k, r);
	add_keys(c, r->schema->type, r->id, own);
	record_each_ref(r, add_ref, c);
	return added(c, e);
}

void
changes_of_row(struct changes *c, uint64_t row)
{
	c->of_row = row;
}

int
changes_resolve_all(struct changes *c, struct err *e)
{
	return changes_resolve(c, e);
}

void
changes_known(struct changes *c, uint64_t n)
{
	c->counts.records += n;
	c->counts.unchanged += n;
}

int
changes_present(struct changes *c, const struct record *r, struct err *e)
{
	if (r->id.n == 0) {
		snapshot_unreadable(c->snapshot, r->row);
		return 0;
	}
	c->block[c->n] = (struct candidate){.present = true};
	c->lookups[c->n] = (struct lookup){
	    .key = changes_key(c, r->schema->type, r->id, r->op)};
	return added(c, e);
}

int
changes_end(struct changes *c, unsigned char digest[SHA256_SIZE], struct err *e)
{
	if (changes_resolve(c, e) != 0)
		return -1;
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
