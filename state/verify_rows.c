/*
 * What must be true of the columns of one table, and of what it refers to. The layouts
 * say the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "base/problem.h"
#include "state/headers_impl.h"
#include "state/verify_impl.h"

static uint64_t
number(const struct verify *v, const char *name)
{
	return row_cell(&v->row, name)->number;
}

static const struct cell *
cell(const struct verify *v, const char *name)
{
	return row_cell(&v->row, name);
}

static int
check_scopes_given(struct verify *v)
{
	uint32_t highest = 0;

	for (size_t i = 0; i < v->nscopes; i++)
		if (v->scopes[i].id > highest)
			highest = v->scopes[i].id;
	if (highest == v->scopes_given)
		return 0;
	return verify_tell(
	    v, "counts %u sources, the highest number is %u", v->scopes_given, highest);
}

/* The link of a line of the audit trail: 1, 0 if there is no such line, -1. */
static int
audit_line(struct verify *v, uint64_t line, struct digest *link)
{
	struct span value;
	struct key k;
	int r;

	key_init(&k);
	key_u64(&k, line);
	r = v->act.ledger->ops->get(
	    v->act.txn, TABLE_AUDIT, key_span(&k), &value, v->act.e);
	if (r != 1 || !value_checked(&v->act.ledger->keys, key_span(&k), &value) ||
	    value.n < DIGEST_SIZE)
		return r < 0 ? -1 : 0;
	memcpy(link->b, value.p + value.n - DIGEST_SIZE, DIGEST_SIZE);
	return 1;
}

/* The last line of the trail, and none behind it. */
static int
check_audit_head(struct verify *v)
{
	uint64_t last = number(v, "number");
	struct digest link, more;
	int r = audit_line(v, last, &link), behind = audit_line(v, last + 1, &more);

	if (r < 0 || behind < 0)
		return -1;
	if (r == 0)
		return verify_tell(v, "its line is missing");
	if (!digest_eq(&link, &cell(v, "link")->digest))
		return verify_tell(v, "link is not that of its line");
	return behind == 0 ? 0 : verify_tell(v, "there is a line behind it");
}

static int
check_meta(struct verify *v)
{
	if (strcmp(v->layout->word, "scopes") == 0)
		return check_scopes_given(v);
	return strcmp(v->layout->word, "audit") == 0 ? check_audit_head(v) : 0;
}

static int
check_scope(struct verify *v)
{
	uint64_t id = number(v, "number");
	unsigned same = 0;

	for (size_t i = 0; i < v->nscopes; i++)
		same += v->scopes[i].id == id;
	if (id == 0 || id > v->scopes_given)
		return verify_tell(v, "number was never given out");
	return same == 1 ? 0 : verify_tell(v, "number is that of another source too");
}

static int
check_feed(struct verify *v)
{
	return number(v, "next_pass") > 0 ? 0 : verify_tell(v, "next_pass is 0");
}

static int
check_name(struct verify *v)
{
	static const struct digest none;
	bool read = number(v, "state") != NAME_SEEN;

	if (read == !digest_eq(&cell(v, "file")->digest, &none))
		return 0;
	return verify_tell(v, read ? "file is missing" : "file is there, but not read");
}

static int
check_settling(struct verify *v)
{
	const struct digest *feed = &cell(v, "feed")->digest;
	const struct known_feed *f = v->feeds;
	char path[FILE_PATH_MAX + 1];
	struct digest want;

	while (f < v->feeds + v->nfeeds && !digest_eq(&f->digest, feed))
		f++;
	if (f == v->feeds + v->nfeeds)
		return verify_tell(v, "feed is not in feeds");
	if (verify_named(v, cell(v, "to"), path) != NULL)
		return 0; /* told already */
	want = ledger_name_digest(v->act.ledger, f->name, path);
	if (digest_eq(&want, &cell(v, "path")->digest))
		return 0;
	return verify_tell(v, "to is not that of the key");
}

static int
check_file(struct verify *v)
{
	const struct known_feed *f = verify_feed(v, cell(v, "feed")->bytes);

	if (f == NULL || number(v, "pass") < f->next_pass)
		return 0;
	return verify_tell(v, "pass was never given out");
}

/* An id is sealed under the key that its digest gives: its own, or that of a feed's patches. */
static const char *
identity(const struct verify *v, const struct known_scope *s, const struct row *row)
{
	const struct site_keys *keys = &v->act.ledger->keys;
	const struct digest *key = &row_cell(row, "key")->digest;
	enum record_type type = (enum record_type)row_cell(row, "type")->number;
	struct span sealed = row_cell(row, "id")->bytes;
	char id[RECORD_ID_MAX];
	struct record_key want;

	if (sealed.n < SEAL_EXTRA || sealed.n - SEAL_EXTRA > RECORD_ID_MAX)
		return "has a wrong length";
	if (unseal(keys, key, sealed.p, sealed.n, id) != 0)
		return "does not open with the site key";
	want = record_key(keys, s->name, type, (struct span){id, sealed.n - SEAL_EXTRA});
	if (digest_eq(&want.digest, key))
		return NULL;
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		want.digest.b[i] ^= key->b[i];
	for (size_t i = 0; i < v->nfeeds; i++)
		if (digest_eq(&want.digest, &v->feeds[i].digest))
			return NULL;
	return "is not that of its key";
}

static int
check_ordinal(struct verify *v, struct known_scope *s)
{
	uint64_t n = number(v, "ordinal");
	unsigned char bit = (unsigned char)(1 << (n & 7));

	if (n >= s->ordinals)
		return verify_tell(v, "ordinal was never given out");
	if (s->given[n / 8] & bit)
		return verify_tell(v, "ordinal is that of another record too");
	s->given[n / 8] |= bit;
	return 0;
}

static int
check_record(struct verify *v)
{
	struct known_scope *s = verify_scope(v, number(v, "scope"));
	const char *wrong;

	if ((number(v, "flags") & KNOWN_MERGE) != 0 &&
	    number(v, "type") != RECORD_RETIRED &&
	    verify_tell(v, "flags are those of a merge") != 0)
		return -1;
	if (s == NULL)
		return 0;
	if ((wrong = identity(v, s, &v->row)) != NULL &&
	    verify_tell(v, "id %s", wrong) != 0)
		return -1;
	return check_ordinal(v, s);
}

/* How many entries the intents of a scope have. */
static int
count_entries(void *arg, struct span key, struct span value)
{
	struct reader r = {.in = value};

	(void)key;
	*(uint64_t *)arg += get_u32(&r);
	return 0;
}

static int
check_pass(struct verify *v)
{
	const struct known_feed *f = verify_feed(v, cell(v, "feed")->bytes);
	uint64_t merged = number(v, "merged"), entries = 0;
	const struct visitor count = {count_entries, &entries};

	if (f != NULL &&
	    (number(v, "number") == 0 || number(v, "number") >= f->next_pass))
		return verify_tell(v, "number was never given out");
	if (number(v, "batches") == 0)
		return verify_tell(v, "batches is 0");
	if (number(v, "closing") == 0)
		return merged == 0 ? 0 : verify_tell(v, "merged is not 0 before closing");
	if (v->act.ledger->ops->each(
		v->act.txn, TABLE_INTENTS, v->key, &count, v->act.e) != 0)
		return -1;
	return merged <= entries ? 0 : verify_tell(v, "merged is more than its entries");
}

/* Its scope if it belongs to a batch of an open pass; else *rc is what telling gave. */
static const struct known_scope *
pass_scope(struct verify *v, int *rc)
{
	const struct known_scope *s = verify_scope(v, number(v, "scope"));
	uint64_t batch = number(v, "batch");

	*rc = 0;
	if (s != NULL && s->batches == 0)
		*rc = verify_tell(v, "no pass is open in its scope");
	else if (s != NULL && (batch == 0 || batch > s->batches))
		*rc = verify_tell(v, "batch is none of its pass");
	else
		return s;
	return NULL;
}

static int
check_entry(struct verify *v, const struct known_scope *s, uint64_t index)
{
	const char *wrong;

	if (row_decode_entry(&v->entry, cell(v, "entries"), index) != 0)
		return verify_tell(v, "entry %llu: %s %s", (unsigned long long)index,
		    v->entry.at == NULL ? "it" : v->entry.at->name, v->entry.fault);
	if ((wrong = identity(v, s, &v->entry)) == NULL)
		return 0;
	return verify_tell(v, "entry %llu: id %s", (unsigned long long)index, wrong);
}

static int
check_intent(struct verify *v)
{
	int rc;
	const struct known_scope *s = pass_scope(v, &rc);

	if (s == NULL)
		return rc;
	for (uint64_t i = 0; i < number(v, "entries"); i++)
		if (check_entry(v, s, i) != 0)
			return -1;
	return 0;
}

static int
check_ack(struct verify *v)
{
	int rc;
	const struct known_scope *s = pass_scope(v, &rc);
	struct span intent;
	struct reader r;

	if (s == NULL)
		return rc;
	rc = v->act.ledger->ops->get(
	    v->act.txn, TABLE_INTENTS, v->key, &intent, v->act.e);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return verify_tell(v, "its batch has no intent");
	r = (struct reader){.in = intent};
	if (get_u32(&r) == number(v, "outcomes"))
		return 0;
	return verify_tell(v, "outcomes are not as many as the batch's entries");
}

static int
check_problem(struct verify *v)
{
	if (number(v, "number") >= FILE_PROBLEMS_MAX)
		return verify_tell(v, "number is too high");
	if (problem_by_name(cell(v, "code")->bytes) != PROBLEM_NONE)
		return 0;
	return verify_tell(v, "code is unknown");
}

static int
check_run_file(struct verify *v, struct span hex)
{
	struct digest id;
	int r;

	if (hex_decode(hex, id.b, DIGEST_SIZE) != 0)
		return verify_tell(v, "report has a file without an id");
	if ((r = verify_file(v, &id)) != 0)
		return r < 0 ? -1 : 0;
	return verify_tell(v, "file %.*s is not in files", (int)hex.n, hex.p);
}

/* The files that the report tells of. */
static int
check_run(struct verify *v)
{
	struct span rest = cell(v, "report")->bytes, hex;

	while ((hex = run_next_file(&rest)).n > 0)
		if (check_run_file(v, hex) != 0)
			return -1;
	return 0;
}

static int
check_audit(struct verify *v)
{
	struct digest before = {{0}}, want;
	uint64_t line = number(v, "number");
	int r = line == 1 ? 1 : audit_line(v, line - 1, &before);

	if (r < 0)
		return -1;
	if (r == 0)
		return verify_tell(v, "the line before it is missing");
	want = audit_link(v->act.ledger, &before, line, cell(v, "line")->bytes);
	if (digest_eq(&want, &cell(v, "link")->digest))
		return 0;
	return verify_tell(v, "does not follow from the line before it");
}

/* The content that was decided on: that of the file. Told elsewhere if it is not there. */
static int
decided(struct verify *v, struct digest *key)
{
	const struct cell *feed = cell(v, "feed"), *file = cell(v, "file");
	const struct span id = {(const char *)file->digest.b, DIGEST_SIZE};
	struct span value;
	int r = v->act.ledger->ops->get(v->act.txn, TABLE_FILES, id, &value, v->act.e);

	if (r != 1 || !value_checked(&v->act.ledger->keys, id, &value) ||
	    row_decode(&v->entry, layout_find(TABLE_FILES, id), id, value) != 0)
		return r < 0 ? -1 : 0;
	*key = decision_digest(v->act.ledger, feed->bytes,
	    (const unsigned char *)row_cell(&v->entry, "sha256")->bytes.p);
	return 1;
}

static int
check_control(struct verify *v)
{
	struct span feed = cell(v, "feed")->bytes;
	struct digest want;
	int r = 1;

	if (strcmp(v->layout->what, "decision") == 0)
		r = decided(v, &want);
	else
		want = digest_bytes(&v->act.ledger->keys, KEY_NAME, feed.p, feed.n);
	if (r != 1 || digest_eq(&want, &cell(v, "digest")->digest))
		return r < 0 ? -1 : 0;
	return verify_tell(v, "is not that of its key");
}

/* Titles, and as many profiles: 0, or what telling gave. */
static int
check_titles(struct verify *v, const char *name, const char *profiles)
{
	struct header_text *text = malloc(sizeof(*text));
	const struct cell *c = cell(v, name);
	const char *wrong;
	int rc = 0;

	if (text == NULL)
		return err_nomem(v->act.e);
	wrong = header_open(&v->act.ledger->keys, &c->digest, c->bytes, text);
	if (wrong != NULL)
		rc = verify_tell(v, "%s %s", name, wrong);
	else if (!header_profiles_ok(cell(v, profiles)->bytes, text->n))
		rc = verify_tell(v, "%s are not those of its titles", profiles);
	free(text);
	return rc;
}

static int
check_header(struct verify *v)
{
	if (strcmp(v->layout->what, "feed") == 0)
		return check_titles(v, "titles", "profiles");
	if (check_titles(v, "before", "before_profiles") != 0)
		return -1;
	return check_titles(v, "now", "now_profiles");
}

/* No default: the compiler says which table has no checks yet. */
int
verify_row(struct verify *v)
{
	switch (v->table) {
	case TABLE_META:
		return check_meta(v);
	case TABLE_SCOPES:
		return check_scope(v);
	case TABLE_FEEDS:
		return check_feed(v);
	case TABLE_NAMES:
		return check_name(v);
	case TABLE_SETTLING:
		return check_settling(v);
	case TABLE_FILES:
		return check_file(v);
	case TABLE_RECORDS:
		return check_record(v);
	case TABLE_PASSES:
		return check_pass(v);
	case TABLE_INTENTS:
		return check_intent(v);
	case TABLE_ACKS:
		return check_ack(v);
	case TABLE_PROBLEMS:
		return check_problem(v);
	case TABLE_RUNS:
		return check_run(v);
	case TABLE_AUDIT:
		return check_audit(v);
	case TABLE_CONTROLS:
		return check_control(v);
	case TABLE_HEADERS:
		return check_header(v);
	case TABLE_COUNT:
		break;
	}
	return 0;
}
