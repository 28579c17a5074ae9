/*
 * Removals: one walk over what the ledger knows of a type, in the order of its keys,
 * finds what this feed delivered and the snapshot does not have any more.
 */
#include <string.h>

#include "cmd/changes_merge.h"
#include "cmd/changes_snapshot.h"
#include "state/walk.h"

#define FOUND_MAX 256 /* removals that wait while the ledger is read */

struct found {
	struct record_key key;
	struct known known;
	struct place id; /* in the search's ids */
};

struct search {
	struct changes *c;
	const struct schema *schema;
	const struct missing *rule;
	struct digest content; /* of each removal */
	struct missing_count *count;
	struct found found[FOUND_MAX];
	size_t n;
	struct buf ids;
	struct err *e;
};

#define CANCELLED "{\"status\":\"cancelled\"}"

/* May the API have it? */
static bool
lives(const struct known *known)
{
	return (known->flags & KNOWN_DOUBT) != 0 ||
	       (known->flags & (KNOWN_TOMBSTONE | KNOWN_EMPTY)) == 0;
}

/* It has not, but a retry of an older export would bring in what it refused then. */
static bool
may_come(const struct search *s, const struct known *known)
{
	return (known->flags & KNOWN_REFUSED) != 0 && !s->c->conf->refused_only;
}

/* Other feeds' patches of the type stand beside this feed's records, under other keys. */
static bool
is_ours(const struct search *s, const struct walked *it, struct span id)
{
	struct record_key key = changes_key(s->c, s->schema->type, id, s->rule->op);

	return digest_eq(&key.digest, &it->key->digest);
}

static int
look_at(void *arg, const struct walked *it)
{
	struct search *s = arg;
	struct found *f = &s->found[s->n];
	char id[RECORD_ID_MAX];
	int n;

	if ((!lives(it->known) && !may_come(s, it->known)) ||
	    !snapshot_covers(s->c->snapshot, s->schema->type, it->known->window))
		return 0;
	if (snapshot_has(s->c->snapshot, it->known)) {
		s->count->known += lives(it->known);
		return 0;
	}
	if ((n = ledger_unseal_id(s->c->conf->ledger, it, id)) < 0)
		return err_set(s->e, ERR_LEDGER,
		    "the ledger is damaged (an id does not open): restore it from a backup");
	if (!is_ours(s, it, (struct span){id, (size_t)n}))
		return 0;
	*f = (struct found){.key = *it->key,
	    .known = *it->known,
	    .id = {(uint32_t)s->ids.n, (uint32_t)n}};
	buf_add(&s->ids, id, (size_t)n);
	return ++s->n == FOUND_MAX;
}

static struct span
id_of(const struct search *s, const struct found *f)
{
	return (struct span){s->ids.p + f->id.at, f->id.n};
}

static void
write_rest(struct search *s, const struct outgoing *o)
{
	struct json j;

	buf_clear(&s->c->one);
	jw_go_on(&j, &s->c->one);
	if (o->op == OP_PATCH) {
		jw_key(&j, SPAN_LIT("data"));
		jw_raw(&j, SPAN_LIT(CANCELLED));
	}
	jw_object_end(&j);
}

/*
 * Of when the file was, where the map has no event times: an older file that is read later
 * must not bring back what is gone (P7). Event times and files' are not compared.
 */
static int
send_removal(struct search *s, const struct found *f, struct err *e)
{
	struct changes *c = s->c;
	struct outgoing o = {.lane = snapshot_lane_removals(s->schema->type),
	    .op = s->rule->how == MISSING_CANCEL ? OP_PATCH : OP_DELETE,
	    .n = ++c->serial,
	    .entry = {.key = f->key,
		.content = s->content,
		.at = s->rule->timed ? TIME_NONE : c->conf->file_at,
		.window = f->known.window,
		.removed = true,
		.id = id_of(s, f)},
	    .name = id_of(s, f)};

	/* Where the API has none, it is noted that none is to come, and nothing is sent. */
	if (lives(&f->known)) {
		write_rest(s, &o);
		o.rest = buf_span(&c->one);
		o.size = frame_size(&o, c->conf->source);
	}
	if (buf_check(&c->one, "a record", e) != 0 || changes_room(c, &o, e) != 0)
		return -1;
	return changes_put(c, &o, e);
}

static void
tell_refused(const struct search *s)
{
	const struct changes_conf *conf = s->c->conf;
	const struct problem p = {.code = PROBLEM_API_REFUSED,
	    .weight = WEIGHT_REJECT,
	    .type = s->schema->name};

	if (conf->problem != NULL)
		conf->problem(conf->arg, &p);
}

static bool
refused_before(const struct search *s, const struct found *f)
{
	return (f->known.flags & KNOWN_REFUSED) != 0 &&
	       digest_eq(&f->known.refused, &s->content);
}

/*
 * A patient who was merged into another is not in the export any more, as it should be.
 * As of rows, nothing that was refused is sent again but by a retry, and that alone.
 */
static int
remove_one(struct search *s, const struct found *f, struct err *e)
{
	struct changes *c = s->c;
	struct span id = id_of(s, f);
	bool again = c->conf->refused_only, refused = refused_before(s, f);
	int r = s->schema->type == RECORD_PATIENT ? merges_retired(c, id, e) : 0;

	if (r != 0 || (again && !refused))
		return r < 0 ? -1 : 0;
	if (!lives(&f->known))
		return send_removal(s, f, e);
	s->count->known++;
	s->count->missing++;
	c->counts.removals++;
	if (refused && !again) {
		c->counts.refused++;
		tell_refused(s);
		return 0;
	}
	c->counts.changed++;
	return send_removal(s, f, e);
}

static int
remove_found(struct search *s, struct err *e)
{
	int rc = buf_check(&s->ids, "an id", e);

	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = remove_one(s, &s->found[i], e);
	s->n = 0;
	buf_clear(&s->ids);
	return rc;
}

static struct digest
content_of(const struct changes *c, enum on_missing how)
{
	const struct span text = how == MISSING_CANCEL ? SPAN_LIT("patch" CANCELLED)
						       : SPAN_LIT("delete{}");

	return digest_bytes(c->conf->keys, KEY_CONTENT, text.p, text.n);
}

static int
remove_type(struct changes *c, enum record_type type, struct err *e)
{
	struct search s = {.c = c,
	    .schema = schema_by_type(type),
	    .rule = &c->conf->missing[type],
	    .count = &c->counts.missing[type],
	    .e = e};
	struct walk walk = {.scope = c->conf->scope, .type = type};
	int r;

	s.content = content_of(c, s.rule->how);
	buf_init(&s.ids, FOUND_MAX * RECORD_ID_MAX);
	do {
		r = ledger_walk(c->conf->ledger, &walk, look_at, &s, e);
		if (r >= 0 && remove_found(&s, e) != 0)
			r = -1;
	} while (r == 1);
	buf_release(&s.ids);
	return r;
}

static void
tell_unreadable(const struct changes *c, uint64_t row)
{
	const struct problem p = {
	    .code = PROBLEM_NO_REMOVALS, .weight = WEIGHT_WARNING, .row = row};

	if (c->conf->problem != NULL)
		c->conf->problem(c->conf->arg, &p);
}

int
changes_missing(struct changes *c, struct err *e)
{
	int rc = changes_resolve_all(c, e);

	if (rc == 0 && c->unreadable != 0)
		tell_unreadable(c, c->unreadable);
	if (c->conf->ledger == NULL || c->unreadable != 0)
		return rc;
	for (unsigned t = 1; t <= RECORD_TYPE_MAX && rc == 0; t++)
		if (c->conf->missing[t].how != MISSING_IGNORE)
			rc = remove_type(c, (enum record_type)t, e);
	return rc;
}
