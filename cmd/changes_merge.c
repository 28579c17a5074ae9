/*
 * Merges: an id that one retired may not be used again (HL7 v2.9.1 3.3.40), until the
 * merge is reversed. In the ledger a merge is an entry of its own, under the id that
 * it retired; the records of both patients stay as they are.
 */
#include "cmd/changes_merge.h"

#include <stdlib.h>
#include <string.h>

/* The content of an entry whose merge was reversed. */
static const struct digest reversed;

static struct record_key
retired_key(const struct changes *c, struct span id)
{
	return record_key(c->conf->keys, c->conf->source, RECORD_RETIRED, id);
}

static struct digest
merge_content(const struct changes *c, struct span survivor, struct span retired)
{
	const struct span parts[] = {SPAN_LIT("merge"), survivor, retired};

	return digest_parts(c->conf->keys, KEY_CONTENT, parts, 3);
}

int
merges_note(struct changes *c, struct candidate *k, struct span id)
{
	size_t cap = c->patients_cap * 2 + 64;
	struct lookup *more;

	if (!c->merges)
		return 0;
	if (c->npatients == c->patients_cap) {
		if ((more = reallocarray(c->patients, cap, sizeof(*more))) == NULL)
			return -1;
		c->patients = more;
		c->patients_cap = cap;
	}
	c->patients[c->npatients++] = (struct lookup){.key = retired_key(c, id)};
	k->npatients++;
	return 0;
}

void
merges_take(struct changes *c, struct candidate *k, struct lookup *it)
{
	struct span retired = changes_kept(c, k->of);

	c->merges = true;
	k->digest = merge_content(c, changes_kept(c, k->id), retired);
	it->key = retired_key(c, retired);
}

int
merges_lookup(struct changes *c, struct err *e)
{
	if (c->conf->ledger == NULL || c->npatients == 0)
		return 0;
	return ledger_known(
	    c->conf->ledger, c->conf->scope, c->patients, c->npatients, e);
}

/* Is the id retired? By an earlier message of this file, whose number is then *row. */
static bool
is_retired(const struct changes *c, const struct lookup *it, uint64_t *row)
{
	struct changed last;

	*row = 0;
	if (overlay_get(c->overlay, &it->key, &last) == 1) {
		*row = last.at == TIME_NONE ? 0 : (uint64_t)last.at;
		return last.content != overlay_content(&reversed);
	}
	return it->known.found &&
	       (it->known.flags & (KNOWN_TOMBSTONE | KNOWN_EMPTY)) == 0;
}

/* It is told later: block_tell knows the rest. */
static void
note_retired(
    struct changes *c, struct candidate *k, const struct lookup *it, uint64_t row)
{
	struct buf *details = &c->judging->details;
	char file[FILE_ID_HEX_SIZE];

	k->late = PROBLEM_RETIRED_ID;
	k->detail.at = (uint32_t)details->n;
	digest_hex(&it->known.file, file);
	if (row > 0)
		buf_addf(details, "merged by message %llu of this file",
		    (unsigned long long)row);
	else
		buf_addf(details, "merged by message %llu of file %s",
		    (unsigned long long)it->known.window, file);
	k->detail.n = (uint32_t)details->n - k->detail.at;
}

static bool
is_content(const struct changes *c, const struct lookup *it, const struct digest *content)
{
	struct changed last;

	return overlay_get(c->overlay, &it->key, &last) == 1
		   ? last.content == overlay_content(content)
		   : digest_eq(&it->known.content, content);
}

/* Is the id retired, and not by that very merge? Then that was told. */
static bool
retired_otherwise(struct changes *c, struct candidate *k, const struct lookup *it,
    const struct digest *merge)
{
	uint64_t row;

	if (!is_retired(c, it, &row) || is_content(c, it, merge))
		return false;
	note_retired(c, k, it, row);
	return true;
}

/*
 * Into a patient that is not any more, unless it is the very merge, turned round; or
 * of one that another merge has retired.
 */
static bool
forbids_merge(struct changes *c, struct candidate *k)
{
	struct digest turned = merge_content(
	    c, changes_kept(c, k->of), changes_kept(c, k->id));

	return retired_otherwise(c, k, &c->patients[k->patients], &turned) ||
	       retired_otherwise(c, k, &c->lookups[k - c->judging->records], &k->digest);
}

bool
merges_forbid(struct changes *c, struct candidate *k)
{
	uint64_t row;

	if (k->op == OP_MERGE)
		return forbids_merge(c, k);
	for (size_t i = 0; i < k->npatients; i++) {
		const struct lookup *it = &c->patients[k->patients + i];

		if (!is_retired(c, it, &row))
			continue;
		note_retired(c, k, it, row);
		return true;
	}
	return false;
}

bool
merges_undone(const struct changes *c, const struct candidate *k)
{
	uint64_t row;

	return k->npatients > 0 && is_retired(c, &c->patients[k->patients], &row);
}

/* The id may be used again: an entry that is removed, with nothing to send. */
static int
revive(struct changes *c, const struct lookup *it, struct span id, struct err *e)
{
	const struct outgoing o = {.lane = LANE_ALL,
	    .op = OP_MERGE,
	    .entry = {.key = it->key,
		.content = reversed,
		.at = TIME_NONE,
		.window = TIME_NONE,
		.removed = true,
		.id = id},
	    .name = id};
	const struct changed now = {.content = overlay_content(&reversed),
	    .at = TIME_NONE,
	    .batch = (uint32_t)c->lanes[LANE_ALL].frame.number};

	if (changes_put(c, &o, e) != 0)
		return -1;
	return overlay_put(c->overlay, &it->key, &now, e);
}

int
merges_done(struct changes *c, const struct candidate *k, struct err *e)
{
	if (k->op == OP_MERGE)
		c->merged_in = c->lanes[LANE_ALL].frame.number;
	/* The first is the record's own id: the survivor, who lives again. */
	if (!merges_undone(c, k))
		return 0;
	return revive(c, &c->patients[k->patients], changes_kept(c, k->id), e);
}

int
merges_retired(struct changes *c, struct span id, struct err *e)
{
	struct lookup it = {.key = retired_key(c, id)};

	if (!c->merges)
		return 0;
	if (ledger_known(c->conf->ledger, c->conf->scope, &it, 1, e) != 0)
		return -1;
	return it.known.found && (it.known.flags & (KNOWN_TOMBSTONE | KNOWN_EMPTY)) == 0;
}
