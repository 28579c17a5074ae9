#include "cmd/changes_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "state/walk.h"

/* In place of a number: a later row that gives no change has superseded it. */
#define WITHDRAWN UINT32_MAX

/* What the last row of a known record was: two bits each, by the record's ordinal. */
enum mark {
	MARK_NONE,    /* no row yet */
	MARK_PRESENT, /* it is there: rejected, left out, stale or refused */
	MARK_SAME,    /* counted as unchanged */
	MARK_SENT     /* counted as changed */
};

struct snapshot {
	unsigned char *marks;
	uint32_t n;
	struct {
		int64_t first, last;
	} window[RECORD_TYPE_MAX + 1];
	const struct missing *missing;
};

struct snapshot *
snapshot_new(const struct changes_conf *conf, struct err *e)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e), NULL;
	s->missing = conf->missing;
	for (size_t t = 0; t <= RECORD_TYPE_MAX; t++) {
		s->window[t].first = INT64_MAX;
		s->window[t].last = TIME_NONE;
	}
	if (conf->ledger != NULL &&
	    ledger_ordinals(conf->ledger, conf->scope, &s->n, e) != 0)
		return snapshot_free(s), NULL;
	if ((s->marks = calloc(s->n / 4 + 1, 1)) == NULL)
		return err_nomem(e), snapshot_free(s), NULL;
	return s;
}

void
snapshot_free(struct snapshot *s)
{
	if (s == NULL)
		return;
	free(s->marks);
	free(s);
}

/* Of a record that the ledger does not know nothing is marked. */
static bool
marked(const struct snapshot *s, const struct known *known)
{
	return known->found && known->ordinal < s->n;
}

static enum mark
mark_of(const struct snapshot *s, const struct known *known)
{
	unsigned shift = known->ordinal % 4 * 2;

	if (!marked(s, known))
		return MARK_NONE;
	return (enum mark)(s->marks[known->ordinal / 4] >> shift & 3);
}

static void
mark(struct snapshot *s, const struct known *known, enum mark m)
{
	unsigned shift = known->ordinal % 4 * 2;
	unsigned char *b;

	if (!marked(s, known))
		return;
	b = &s->marks[known->ordinal / 4];
	*b = (unsigned char)((*b & ~(3u << shift)) | (unsigned)m << shift);
}

/* What an earlier row was counted as stays. */
static void
mark_present(struct snapshot *s, const struct known *known)
{
	if (mark_of(s, known) == MARK_NONE)
		mark(s, known, MARK_PRESENT);
}

bool
snapshot_has(const struct snapshot *s, const struct known *known)
{
	return mark_of(s, known) != MARK_NONE;
}

static void
widen(struct snapshot *s, const struct candidate *k)
{
	enum record_type t = k->schema->type;

	if (k->window == TIME_NONE)
		return;
	if (k->window < s->window[t].first)
		s->window[t].first = k->window;
	if (k->window > s->window[t].last)
		s->window[t].last = k->window;
}

bool
snapshot_covers(const struct snapshot *s, enum record_type type, int64_t window)
{
	return !s->missing[type].window ||
	       (window != TIME_NONE && window >= s->window[type].first &&
		   window <= s->window[type].last);
}

/*
 * What is referred to before what refers to it: no type has a reference to one of a
 * higher rank.
 */
static unsigned
rank(enum record_type type)
{
	static const unsigned char ranks[RECORD_TYPE_MAX + 1] = {
	    [RECORD_LOCATION] = 0,
	    [RECORD_PRACTITIONER] = 1,
	    [RECORD_PATIENT] = 2,
	    [RECORD_COVERAGE] = 3,
	    [RECORD_SLOT] = 4,
	    [RECORD_APPOINTMENT] = 5,
	    [RECORD_ENCOUNTER] = 6,
	    [RECORD_OBSERVATION] = 7,
	};

	return ranks[type];
}

unsigned
snapshot_lane(enum record_type type)
{
	return LANE_TYPES + rank(type);
}

unsigned
snapshot_lane_removals(enum record_type type)
{
	return LANE_REMOVALS + RECORD_TYPE_MAX - 1 - rank(type);
}

/* The row before was counted as something: it is a duplicate now. */
static void
recount(struct changes *c, const struct lookup *it, const struct changed *last)
{
	struct changes_counts *n = &c->counts;
	enum mark was = mark_of(c->snapshot, &it->known);

	if (!it->known.found && last != NULL && last->batch != WITHDRAWN)
		was = MARK_SENT;
	n->changed -= was == MARK_SENT;
	n->unchanged -= was == MARK_SAME;
	n->duplicate += was == MARK_SENT || was == MARK_SAME;
}

/* The row before gave a change, and this one gives none: that one is not sent, either. */
static int
withdraw(struct changes *c, const struct candidate *k, const struct record_key *key,
    struct changed *last, struct err *e)
{
	const uint64_t place = WITHDRAWN;

	if (changes_later(k->at, last->at))
		last->at = k->at;
	last->content = overlay_content(&k->digest);
	last->batch = WITHDRAWN;
	sha256_add(c->sha, key->digest.b, DIGEST_SIZE);
	sha256_add(c->sha, k->digest.b, DIGEST_SIZE);
	sha256_add(c->sha, &place, sizeof(place));
	return overlay_put(c->overlay, key, last, e);
}

/*
 * Against the ledger alone, as if no row came before it; but P7 holds within a file too,
 * and a row that says what the one before did changes nothing.
 */
static enum judgement
judge(const struct candidate *k, const struct lookup *it, const struct changed *last)
{
	const struct known *known = &it->known;

	if (last != NULL && changes_older(k->latest, last->at))
		return STALE;
	if (last != NULL && last->content == overlay_content(&k->digest) &&
	    !changes_later(k->at, last->at))
		return DUPLICATE;
	return changes_judge(k, known);
}

static int
count_last(struct changes *c, struct candidate *k, const struct lookup *it,
    enum judgement j, struct err *e)
{
	switch (j) {
	case CHANGED:
		mark(c->snapshot, &it->known, MARK_SENT);
		return changes_send(c, k, &it->key, e);
	case UNCHANGED:
		mark(c->snapshot, &it->known, MARK_SAME);
		return changes_later(k->at, it->known.at)
			   ? changes_touch(c, k, &it->key, e)
			   : 0;
	case REFUSED_BEFORE:
		k->late = PROBLEM_API_REFUSED;
		break;
	default:
		break;
	}
	mark(c->snapshot, &it->known, MARK_PRESENT);
	return 0;
}

int
snapshot_resolve(
    struct changes *c, struct candidate *k, const struct lookup *it, struct err *e)
{
	struct changed earlier, *last = NULL;
	uint64_t serial = c->serial;
	enum judgement j;
	bool counts; /* it is the record's last row yet */

	if (k->present) {
		mark_present(c->snapshot, &it->known);
		return 0;
	}
	if (overlay_get(c->overlay, &it->key, &earlier) == 1)
		last = &earlier;
	widen(c->snapshot, k);
	j = judge(k, it, last);
	counts = j != STALE && j != DUPLICATE;
	if (counts)
		j = changes_judge_merged(c, k, changes_judge_retry(c, &it->known, j),
		    it->known.found ? it->known.at : TIME_NONE);
	changes_count(&c->counts, j);
	k->outcome = (struct judged_record){.known = it->known.found,
	    .ordinal = it->known.ordinal,
	    .changes = j == CHANGED,
	    .settled = j == UNCHANGED};
	if (j == STALE)
		mark_present(c->snapshot, &it->known);
	if (!counts)
		return 0;
	recount(c, it, last);
	if (count_last(c, k, it, j, e) != 0)
		return -1;
	return last != NULL && c->serial == serial ? withdraw(c, k, &it->key, last, e)
						   : 0;
}

void
snapshot_drop(const struct changes *c, struct frame *f)
{
	struct changed last;
	size_t n = 0;

	for (size_t i = 0; i < f->n && f->lane < LANE_REMOVALS; i++)
		if (overlay_get(c->overlay, &f->records[i].entry.key, &last) == 1 &&
		    last.batch == (uint32_t)f->records[i].n)
			f->records[n++] = f->records[i];
	if (f->lane < LANE_REMOVALS)
		f->n = n;
}
