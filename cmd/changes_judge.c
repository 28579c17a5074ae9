/*
 * A block of records is judged: looked up in the ledger, and compared with that and with
 * earlier rows of the file. What is new or changed goes on to changes_out.c.
 *
 * While a file is read this is the worker's; see struct changes.
 */
#include <stdlib.h>
#include <string.h>

#include "cmd/changes_merge.h"
#include "cmd/changes_snapshot.h"

/* A patch has a history of its own; everything else is the record's. */
struct record_key
changes_key(
    const struct changes *c, enum record_type type, struct span id, enum record_op op)
{
	struct record_key key = record_key(c->conf->keys, c->conf->source, type, id);

	return op == OP_PATCH ? record_key_patch(&key, &c->section) : key;
}

struct span
changes_kept(const struct changes *c, struct place p)
{
	return block_text(c->judging, p);
}

static int
add_key(struct changes *c, struct candidate *k, const struct record_key *key)
{
	size_t cap = c->keys_cap * 2 + 64;
	struct record_key *more;

	if (c->nkeys == c->keys_cap) {
		if ((more = reallocarray(c->keys, cap, sizeof(*more))) == NULL)
			return -1;
		c->keys = more;
		c->keys_cap = cap;
	}
	overlay_expect(c->overlay, key);
	c->keys[c->nkeys++] = *key;
	k->nkeys++;
	return 0;
}

/*
 * A record may be known whole, and by this feed's patches: both keys count (P6). Where
 * this file has changed no such history of the type there is nothing to wait for.
 */
static int
add_keys(struct changes *c, struct candidate *k, const struct record_key *whole)
{
	struct record_key patched;

	if (c->histories[whole->type].whole && add_key(c, k, whole) != 0)
		return -1;
	if (!c->histories[whole->type].patched)
		return 0;
	patched = record_key_patch(whole, &c->section);
	return add_key(c, k, &patched);
}

/* The record before it is mostly what it refers to: a row's patient. */
static bool
is_before(const struct changes *c, const struct candidate *k, const struct ref *r)
{
	const struct candidate *before = k > c->judging->records ? k - 1 : NULL;

	return before != NULL && before->schema->type == r->type &&
	       span_eq(changes_kept(c, before->id), changes_kept(c, r->id));
}

static int
add_ref(struct changes *c, struct candidate *k, const struct ref *r)
{
	struct span id = changes_kept(c, r->id);
	struct record_key whole;

	if (r->type == RECORD_PATIENT && merges_note(c, k, id) != 0)
		return -1;
	if (!c->histories[r->type].whole && !c->histories[r->type].patched)
		return 0;
	whole = is_before(c, k, r) ? k[-1].whole : changes_key(c, r->type, id, OP_PUT);
	return add_keys(c, k, &whole);
}

/* What it is looked up by, and what else it must be compared with. -1: no memory. */
static int
prepare(struct changes *c, struct candidate *k, struct lookup *it)
{
	const struct block *b = c->judging;
	struct span content = changes_kept(c, k->content), id = changes_kept(c, k->id);

	k->whole = changes_key(c, k->schema->type, id, OP_PUT);
	*it = (struct lookup){
	    .key = k->patched ? record_key_patch(&k->whole, &c->section) : k->whole};
	/* In a feed of changes it is one of those that are added below. */
	if (c->snapshot != NULL)
		overlay_expect(c->overlay, &it->key);
	if (k->present)
		return 0;
	k->digest = digest_bytes(c->conf->keys, KEY_CONTENT, content.p, content.n);
	k->keys = c->nkeys;
	k->patients = c->npatients;
	if (k->op == OP_MERGE)
		merges_take(c, k, it);
	if (k->schema->type == RECORD_PATIENT && merges_note(c, k, id) != 0)
		return -1;
	if (add_keys(c, k, &k->whole) != 0)
		return -1;
	k->nown = k->nkeys;
	for (size_t i = 0; i < k->nrefs; i++)
		if (add_ref(c, k, &b->refs[k->refs + i]) != 0)
			return -1;
	return 0;
}

/* Of a snapshot nothing is noted: its records wait for lanes, and not for each other. */
static void
note_histories(struct changes *c)
{
	const struct block *b = c->judging;

	if (c->snapshot != NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		const struct candidate *k = &b->records[i];

		if (k->patched)
			c->histories[k->schema->type].patched = true;
		else
			c->histories[k->schema->type].whole = true;
	}
}

/*
 * What later files only repeated of a record without event times is known as of the last of
 * them, and not just as of the one that brought it: another content is older.
 */
static void
take_repeated(struct changes *c)
{
	if (c->repeated.times.n == 0)
		return;
	for (size_t i = 0; i < c->judging->n; i++) {
		const struct candidate *k = &c->judging->records[i];
		struct known *known = &c->lookups[i].known;
		int64_t at;

		if (k->file_at == TIME_NONE || !known->found ||
		    digest_eq(&known->content, &k->digest))
			continue;
		at = repeated_at(&c->repeated, known->ordinal);
		if (changes_later(at, known->at))
			known->at = at;
	}
}

static int
look_up(struct changes *c, struct err *e)
{
	struct block *b = c->judging;

	c->nkeys = c->npatients = 0;
	note_histories(c);
	for (size_t i = 0; i < b->n; i++)
		if (prepare(c, &b->records[i], &c->lookups[i]) != 0)
			return err_nomem(e);
	if (c->conf->ledger != NULL && b->n > 0 &&
	    ledger_known(c->conf->ledger, c->conf->scope, c->lookups, b->n, e) != 0)
		return -1;
	take_repeated(c);
	return merges_lookup(c, e);
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
	return last->content == overlay_content(&k->digest) ? DUPLICATE : CHANGED;
}

enum judgement
changes_judge(const struct candidate *k, const struct known *known)
{
	if (!known->found)
		return CHANGED;
	if (changes_older(k->latest, known->at))
		return STALE;
	if ((known->flags & KNOWN_REFUSED) && digest_eq(&known->refused, &k->digest))
		return REFUSED_BEFORE;
	if ((known->flags & (KNOWN_DOUBT | KNOWN_EMPTY)) == 0 &&
	    digest_eq(&known->content, &k->digest))
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

/*
 * What is known of merges comes on top. A message that was seen before has no effect
 * whatever became of its patient; an unlink has one as long as the id is retired.
 */
enum judgement
changes_judge_merged(struct changes *c, struct candidate *k, enum judgement j, int64_t at)
{
	bool sent = j == CHANGED ||
		    (j != STALE && j != REFUSED_BEFORE && changes_later(k->at, at));

	if (k->unmerge)
		return merges_undone(c, k) ? CHANGED : j;
	return sent && merges_forbid(c, k) ? FORBIDDEN : j;
}

/* What is known, or was refused, otherwise than here is newer. */
enum judgement
changes_judge_retry(struct changes *c, const struct known *known, enum judgement j)
{
	if (!c->conf->refused_only)
		return j;
	c->counts.otherwise += j == CHANGED && (known->flags & KNOWN_REFUSED) != 0;
	return j == REFUSED_BEFORE ? CHANGED : j == CHANGED ? STALE : j;
}

/* `touched`: its time moves on. */
static void
note_outcome(
    struct candidate *k, const struct known *known, enum judgement j, bool touched)
{
	struct judged_record *out = &k->outcome;

	out->known = known->found;
	out->ordinal = known->ordinal;
	out->changes = j == CHANGED || touched;
	out->settled = j == UNCHANGED && !k->unmerge &&
		       (k->op == OP_PUT || k->op == OP_PATCH);
}

/* Of a row that says what is known nothing is lost. */
static bool
loses(const struct changes *c, const struct candidate *k, const struct known *known)
{
	return c->conf->tells_stale && !digest_eq(&known->content, &k->digest);
}

/*
 * It tells of a time that was not known yet. Without event times that is so of an old file
 * alone, where nothing else keeps what it only repeats: a file of a day between may follow.
 */
static bool
moves_on(const struct changes *c, const struct candidate *k, enum judgement j, int64_t at)
{
	if ((j == UNCHANGED || j == DUPLICATE) && changes_later(k->at, at))
		return true;
	return j == UNCHANGED && c->conf->old && !c->conf->refused_only &&
	       changes_later(k->file_at, at);
}

static int
resolve_one(
    struct changes *c, struct candidate *k, const struct lookup *it, struct err *e)
{
	int64_t at;
	enum judgement j = judge(c, k, it, &at);
	bool touched;

	j = changes_judge_retry(c, &it->known, j);
	j = changes_judge_merged(c, k, j, at);
	changes_count(&c->counts, j);
	touched = moves_on(c, k, j, at);
	note_outcome(k, &it->known, j, touched);
	/* As it was told when the API refused it: the clinic has sent it again as it was. */
	if (j == REFUSED_BEFORE)
		k->late = PROBLEM_API_REFUSED;
	if (j == STALE && loses(c, k, &it->known))
		k->late = PROBLEM_SUPERSEDED;
	if (j == CHANGED && changes_send(c, k, &it->key, e) != 0)
		return -1;
	if (j == CHANGED)
		return k->op == OP_MERGE || k->unmerge ? merges_done(c, k, e) : 0;
	if (touched)
		return changes_touch(c, k, &it->key, e);
	return 0;
}

int
changes_judge_block(struct changes *c, struct err *e)
{
	struct block *b = &c->blocks[c->judged++ % BLOCKS];
	int rc;

	c->judging = b;
	rc = look_up(c, e);
	while (rc == 0 && b->judged < b->n) {
		struct candidate *k = &b->records[b->judged];
		const struct lookup *it = &c->lookups[b->judged++];

		rc = c->snapshot != NULL ? snapshot_resolve(c, k, it, e)
					 : resolve_one(c, k, it, e);
	}
	return rc;
}
