#include "tests/unit/whole_rig.h"

TestSuite(verify, .init = whole_init, .fini = whole_release);

/* The mismatches of a ledger, a line each, as `ledger verify` prints them. */
static struct buf told;

static int
tell(void *arg, const struct mismatch *m)
{
	buf_addf(arg, "%s, %s: %s\n", m->table, m->where, m->what);
	return 0;
}

static struct verified
verify(void)
{
	const struct mismatch_visitor each = {tell, &told};
	struct verified n;

	buf_init(&told, 1u << 20);
	cr_assert_eq(ledger_verify(l, &each, &n, &e), 0, "%s", e.msg);
	buf_add_char(&told, '\0');
	cr_expect_null(strstr(told.p, "quoll"), "%s", told.p);
	cr_expect_null(strstr(told.p, "QUOLL"), "%s", told.p);
	return n;
}

static void
expect_told(const char *label, const char *table, const char *what)
{
	const char *line;
	size_t n = strlen(what);

	for (line = told.p; line != NULL && *line != '\0';
	    line = strchr(line, '\n') + 1) {
		size_t end = (size_t)(strchr(line, '\n') - line);

		if (strncmp(line, table, strlen(table)) == 0 && end > n &&
		    memcmp(line + end - n, what, n) == 0)
			return;
	}
	cr_expect(false, "%s: `%s ... %s` is not among\n%s", label, table, what, told.p);
}

/* A table that nobody has put anything into here would be checked by nothing below. */
Test(verify, a_sound_ledger_has_no_mismatch_and_something_in_every_table)
{
	struct verified n = verify();
	size_t values = 1; /* the answer */

	for (int i = 0; i < TABLE_COUNT; i++) {
		cr_expect_gt(whole_count((enum table)i), 0, "%s is empty",
		    table_name((enum table)i));
		values += whole_count((enum table)i);
	}
	cr_expect_eq(n.mismatches, 0, "%s", told.p);
	cr_expect_eq(n.values, values);
	buf_release(&told);
}

/* The pair at `index` in key order (-1: the last), copied. */
struct pair {
	unsigned char key[200], value[2000];
	size_t nkey, n;
	int left;
};

static int
copy_pair(void *arg, struct span key, struct span value)
{
	struct pair *p = arg;

	cr_assert(key.n <= sizeof(p->key) && value.n <= sizeof(p->value));
	memcpy(p->key, key.p, key.n);
	memcpy(p->value, value.p, value.n);
	p->nkey = key.n;
	p->n = value.n;
	return p->left-- == 0;
}

static struct pair
pair_at(enum table table, int index)
{
	const struct span all = {NULL, 0};
	struct pair p = {.left = index};
	const struct visitor copy = {copy_pair, &p};
	struct txn *t = l->ops->begin(l->store, false, &e);

	cr_assert_eq(l->ops->each(t, table, all, &copy, &e), 0);
	l->ops->abort(t);
	cr_assert(
	    index < 0 || p.left == -1, "%s has no value %d", table_name(table), index);
	return p;
}

static struct span
pair_key(const struct pair *p)
{
	return (struct span){(const char *)p->key, p->nkey};
}

static void
put_back(enum table table, const struct pair *p)
{
	rig_put_raw(table, pair_key(p), (struct span){(const char *)p->value, p->n});
}

static void
remove_pair(enum table table, const struct pair *p)
{
	struct txn *t = l->ops->begin(l->store, true, &e);

	cr_assert_eq(l->ops->del(t, table, pair_key(p), &e), 0);
	cr_assert_eq(l->ops->commit(t, &e), 0);
}

/* The first n bytes of the value, with a check that fits. */
static void
put_checked(enum table table, const struct pair *p, size_t n)
{
	struct buf b;

	buf_init(&b, 5000);
	buf_add(&b, p->value, n);
	cr_assert_eq(ledger_write_one(l, table, pair_key(p), &b, &e), 0, "%s", e.msg);
	buf_release(&b);
}

#define CHECK 4 /* bytes at a value's end */

enum how {
	SET,    /* bytes of the value */
	KEY,    /* bytes of the key: the value moves there */
	CUT,    /* the last bytes of the value are gone */
	ADD,    /* there are more than there should be */
	REMOVE, /* the value is gone */
	FLIP    /* a bit is wrong, and the check with it */
};

/* Offsets are those of state/README.md; texts are as long as in whole_rig.h. */
static const struct mutation {
	const char *label;
	enum table table;
	int index;
	enum how how;
	size_t at;
	const char *bytes;
	size_t n;
	const char *told_table, *told;
} mutations[] = {
#define B(s) s, sizeof(s) - 1
    {"meta: a new key", TABLE_META, 0, KEY, 0, B("x"), "meta", "there is no such key"},
    {"meta: sources counted wrong", TABLE_META, 5, SET, 0, B("\x05"), "meta, scopes",
	"counts 5 sources, the highest number is 1"},
    {"meta: counter cut", TABLE_META, 5, CUT, 0, B("x"), "meta, scopes",
	"number ends too early"},
    {"meta: counter of ordinals", TABLE_META, 4, SET, 0, B("\x01"), "records",
	"ordinal was never given out"},
    {"meta: counter of no source", TABLE_META, 4, KEY, 10, B("\x09"),
	"meta, ordinal, scope 9", "scope is not in scopes"},
    {"scopes: number", TABLE_SCOPES, 0, SET, 0, B("\x02"), "scopes, name northside",
	"number was never given out"},
    {"scopes: gone", TABLE_SCOPES, 0, REMOVE, 0, B(""), "records",
	"scope is not in scopes"},
    {"scopes: gone, of a feed", TABLE_SCOPES, 0, REMOVE, 0, B(""), "feeds, feed north",
	"scope is not in scopes"},
    {"scopes: gone, of a pass", TABLE_SCOPES, 0, REMOVE, 0, B(""), "passes, scope 1",
	"scope is not in scopes"},
    {"feeds: source", TABLE_FEEDS, 0, SET, 0, B("\x07"), "feeds, feed north",
	"scope is not in scopes"},
    {"feeds: passes", TABLE_FEEDS, 0, SET, 4, B("\0"), "feeds, feed north",
	"next_pass is 0"},
    {"feeds: passes of files", TABLE_FEEDS, 0, SET, 4, B("\1"), "passes, scope 1",
	"number was never given out"},
    {"feeds: a time", TABLE_FEEDS, 0, SET, 19, B("\xff"), "feeds, feed north",
	"last_look is out of range"},
    {"feeds: a name", TABLE_FEEDS, 0, KEY, 0, B("\n"), "feeds, feed 0a6f727468",
	"feed is not in feeds"},
    {"feeds: gone", TABLE_FEEDS, 0, REMOVE, 0, B(""), "files", "feed is not in feeds"},
    {"feeds: gone, of a pass", TABLE_FEEDS, 0, REMOVE, 0, B(""), "passes",
	"feed is not in feeds"},
    {"feeds: gone, of a run", TABLE_FEEDS, 0, REMOVE, 0, B(""), "runs",
	"feed is not in feeds"},
    {"feeds: gone, of settling", TABLE_FEEDS, 0, REMOVE, 0, B(""), "settling",
	"feed is not in feeds"},
    {"feeds: gone, of patches", TABLE_FEEDS, 1, REMOVE, 0, B(""), "records",
	"id is not that of its key"},
    {"feeds: gone, of answers", TABLE_FEEDS, 0, REMOVE, 0, B(""), "answers, north/",
	"the folder's name is that of no feed"},
    {"names: state", TABLE_NAMES, 0, SET, 0, B("\4"), "names", "state is out of range"},
    {"names: blocks", TABLE_NAMES, 0, SET, 33, B("\2"), "names",
	"blocks is out of range"},
    {"names: seen and read", TABLE_NAMES, 0, SET, 0, B("\0"), "names",
	"file is there, but not read"},
    {"names: no file", TABLE_NAMES, 0, SET, 34, B("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	"names", "file is missing"},
    {"names: left over", TABLE_NAMES, 0, ADD, 0, B("x"), "names",
	"the value has bytes left over"},
    {"names: key", TABLE_NAMES, 0, KEY, 16, B("x"), "names",
	"the key has bytes left over"},
    {"settling: name", TABLE_SETTLING, 0, SET, 20, B("xxx"), "settling",
	"name does not open with the site key"},
    {"settling: path", TABLE_SETTLING, 0, SET, 70, B("xxx"), "settling",
	"to does not open with the site key"},
    {"settling: feed", TABLE_SETTLING, 0, KEY, 3, B("xxx"), "settling",
	"feed is not in feeds"},
    {"settling: key", TABLE_SETTLING, 0, KEY, 20, B("xxx"), "settling",
	"to is not that of the key"},
    {"settling: remove", TABLE_SETTLING, 0, SET, 103, B("\2"), "settling",
	"remove is out of range"},
    {"files: feed", TABLE_FILES, 0, SET, 2, B("norse"), "files", "feed is not in feeds"},
    {"files: name", TABLE_FILES, 0, SET, 25, B("xxx"), "files",
	"name does not open with the site key"},
    {"files: verdict", TABLE_FILES, 0, SET, 110, B("\6"), "files",
	"verdict is out of range"},
    {"files: pass", TABLE_FILES, 0, SET, 113, B("\x20"), "files",
	"pass was never given out"},
    {"files: closed", TABLE_FILES, 0, SET, 209, B("\2"), "files",
	"closed is out of range"},
    {"files: cut", TABLE_FILES, 0, CUT, 0, B("x"), "files", "settings ends too early"},
    {"files: gone, of a name", TABLE_FILES, 0, REMOVE, 0, B(""), "names",
	"is not in files"},
    {"files: gone, of a pass", TABLE_FILES, 0, REMOVE, 0, B(""), "passes",
	"is not in files"},
    {"files: gone, of a problem", TABLE_FILES, 0, REMOVE, 0, B(""), "problems",
	"is not in files"},
    {"files: gone, of a run", TABLE_FILES, 0, REMOVE, 0, B(""), "runs",
	"is not in files"},
    {"files: gone, of a merge", TABLE_FILES, 0, REMOVE, 0, B(""),
	"records, scope 1, type retired", "is not in files"},
    {"files: gone, of an answer", TABLE_FILES, 0, REMOVE, 0, B(""), "answers",
	"its file is not in files"},
    {"records: flags", TABLE_RECORDS, 0, SET, 0, B("\x80"), "records",
	"flags is out of range"},
    {"records: ordinal", TABLE_RECORDS, 0, SET, 1, B("\x63"), "records",
	"ordinal was never given out"},
    {"records: ordinal of another", TABLE_RECORDS, 0, SET, 1, B("\1"), "records",
	"ordinal is that of another record too"},
    {"records: id", TABLE_RECORDS, 0, SET, 40, B("xxx"), "records, scope 1, type patient",
	"id does not open with the site key"},
    {"records: key", TABLE_RECORDS, 0, KEY, 10, B("xxx"), "records",
	"id does not open with the site key"},
    {"records: type", TABLE_RECORDS, 0, KEY, 4, B("\7"),
	"records, scope 1, type encounter", "id is not that of its key"},
    {"records: no type", TABLE_RECORDS, 0, KEY, 4, B("\0"), "records",
	"type is out of range"},
    {"records: source", TABLE_RECORDS, 0, KEY, 3, B("\5"), "records, scope 5",
	"scope is not in scopes"},
    {"records: a bit", TABLE_RECORDS, 0, FLIP, 6, B("x"), "records",
	"the check at the value's end is wrong"},
    {"passes: number", TABLE_PASSES, 0, SET, 0, B("\x09"), "passes, scope 1",
	"number was never given out"},
    {"passes: feed", TABLE_PASSES, 0, SET, 10, B("norse"), "passes",
	"feed is not in feeds"},
    {"passes: file", TABLE_PASSES, 0, SET, 15, B("xxx"), "passes", "is not in files"},
    {"passes: batches", TABLE_PASSES, 0, SET, 119, B("\0"), "passes", "batches is 0"},
    {"passes: too few batches", TABLE_PASSES, 0, SET, 119, B("\1"),
	"intents, scope 1, batch 2", "batch is none of its pass"},
    {"passes: closing", TABLE_PASSES, 0, SET, 127, B("\2"), "passes",
	"closing is out of range"},
    {"passes: merged", TABLE_PASSES, 0, SET, 128, B("\1"), "passes",
	"merged is not 0 before closing"},
    {"passes: too much merged", TABLE_PASSES, 0, SET, 127, B("\1\4"), "passes",
	"merged is more than its entries"},
    {"passes: gone, of intents", TABLE_PASSES, 0, REMOVE, 0, B(""), "intents",
	"no pass is open in its scope"},
    {"passes: gone, of acks", TABLE_PASSES, 0, REMOVE, 0, B(""), "acks",
	"no pass is open in its scope"},
    {"intents: batch", TABLE_INTENTS, 0, KEY, 11, B("\4"), "intents, scope 1, batch 4",
	"batch is none of its pass"},
    {"intents: number of entries", TABLE_INTENTS, 0, SET, 0, B("\3"), "intents",
	"entries has a wrong offset"},
    {"intents: offset", TABLE_INTENTS, 0, SET, 8, B("\x0c"), "intents",
	"entries has a wrong offset"},
    {"intents: offset beyond", TABLE_INTENTS, 0, SET, 9, B("\x0c"), "intents",
	"entries has a wrong offset"},
    {"intents: type", TABLE_INTENTS, 0, SET, 12, B("\x0a"), "intents",
	"entry 0: type is out of range"},
    {"intents: key", TABLE_INTENTS, 0, SET, 13, B("xxx"), "intents",
	"entry 0: id does not open with the site key"},
    {"intents: removed", TABLE_INTENTS, 0, SET, 61, B("\2"), "intents",
	"entry 0: removed is out of range"},
    {"intents: cut", TABLE_INTENTS, 0, CUT, 0, B("x"), "intents",
	"entry 1: id ends too early"},
    {"intents: gone, of an ack", TABLE_INTENTS, 0, REMOVE, 0, B(""), "acks",
	"its batch has no intent"},
    {"acks: outcome", TABLE_ACKS, 0, SET, 7, B("\5"), "acks", "outcomes is out of range"},
    {"acks: halves of one that is answered", TABLE_ACKS, 0, SET, 7, B("\x21"), "acks",
	"outcomes is out of range"},
    {"acks: too few", TABLE_ACKS, 0, SET, 2, B("\1"), "acks",
	"the value has bytes left over"},
    {"acks: too many", TABLE_ACKS, 0, SET, 2, B("\3"), "acks", "outcomes ends too early"},
    {"acks: batch", TABLE_ACKS, 0, KEY, 11, B("\2"), "acks",
	"outcomes are not as many as the batch's entries"},
    {"problems: file", TABLE_PROBLEMS, 0, KEY, 0, B("xxx"), "problems",
	"is not in files"},
    {"problems: number", TABLE_PROBLEMS, 0, KEY, 17, B("\1"), "problems",
	"number is too high"},
    {"problems: code", TABLE_PROBLEMS, 0, SET, 2, B("xxx"), "problems",
	"code is unknown"},
    {"problems: weight", TABLE_PROBLEMS, 0, SET, 10, B("\2"), "problems",
	"weight is out of range"},
    {"files: gone, of a decision", TABLE_FILES, 0, REMOVE, 0, B(""), "controls, decision",
	"is not in files"},
    {"files: path", TABLE_FILES, 0, SET, 236, B("xxx"), "files",
	"path does not open with the site key"},
    {"passes: cut", TABLE_PASSES, 0, CUT, 0, B("x"), "passes", "told ends too early"},
    {"passes: mode", TABLE_PASSES, 0, SET, 136, B("\4"), "passes",
	"mode is out of range"},
    {"meta: head of the trail", TABLE_META, 0, SET, 0, B("\4"), "meta, audit",
	"link is not that of its line"},
    {"meta: clock of snapshots", TABLE_META, 6, SET, 0, B("\4"),
	"meta, snapshot, feed north", "clock is out of range"},
    {"meta: feed of snapshots", TABLE_META, 6, KEY, 9, B("x"),
	"meta, snapshot, feed xorth", "feed is not in feeds"},
    {"meta: rows of snapshots", TABLE_META, 6, CUT, 0, B("x"), "meta, snapshot",
	"rows ends too early"},
    {"audit: a line", TABLE_AUDIT, 1, SET, 10, B("9"), "audit, number 2",
	"does not follow from the line before it"},
    {"audit: no line", TABLE_AUDIT, 1, SET, 0, B("x"), "audit, number 2",
	"line is no JSON object"},
    {"audit: a line is gone", TABLE_AUDIT, 1, REMOVE, 0, B(""), "audit, number 3",
	"the line before it is missing"},
    {"audit: the first is gone", TABLE_AUDIT, 0, REMOVE, 0, B(""), "audit, number 2",
	"the line before it is missing"},
    {"audit: the last is gone", TABLE_AUDIT, 4, REMOVE, 0, B(""), "meta, audit",
	"its line is missing"},
    {"audit: number", TABLE_AUDIT, 4, KEY, 7, B("\7"), "audit, number 7",
	"the line before it is missing"},
    {"controls: kind", TABLE_CONTROLS, 0, KEY, 0, B("\x08"), "controls",
	"there is no such key"},
    {"controls: decision", TABLE_CONTROLS, 0, SET, 0, B("\4"), "controls, decision",
	"decision is out of range"},
    {"controls: file", TABLE_CONTROLS, 0, SET, 8, B("xxx"), "controls, decision",
	"is not in files"},
    {"controls: content", TABLE_CONTROLS, 0, KEY, 1, B("xxx"), "controls, decision",
	"is not that of its key"},
    {"controls: paused feed", TABLE_CONTROLS, 1, SET, 10, B("n"), "controls, pause",
	"is not that of its key"},
    {"controls: feed of settings", TABLE_CONTROLS, 2, SET, 18, B("n"),
	"controls, settings", "is not that of its key"},
    {"controls: feed of arrivals", TABLE_CONTROLS, 3, SET, 2, B("n"),
	"controls, arrivals", "is not that of its key"},
    {"controls: troubles cut", TABLE_CONTROLS, 4, CUT, 0, B("x"), "controls, troubles",
	"expiry_mark ends too early"},
    {"controls: figures", TABLE_CONTROLS, 5, ADD, 0, B("x"), "controls, figures",
	"the value has bytes left over"},
    {"controls: time of a login", TABLE_CONTROLS, 6, SET, 14, B("\xff"),
	"controls, login", "since is out of range"},
    {"headers: kind", TABLE_HEADERS, 0, KEY, 0, B("\3"), "headers",
	"there is no such key"},
    {"headers: feed", TABLE_HEADERS, 0, KEY, 1, B("norse"), "headers, feed, feed norse",
	"feed is not in feeds"},
    {"headers: titles", TABLE_HEADERS, 0, SET, 20, B("xxx"), "headers, feed",
	"titles does not open with the site key"},
    {"headers: fingerprint", TABLE_HEADERS, 0, SET, 0, B("xxx"), "headers, feed",
	"titles does not open with the site key"},
    {"headers: more empty than cells", TABLE_HEADERS, 0, SET, 83, B("\x3a"),
	"headers, feed", "profiles are not those of its titles"},
    {"headers: too few profiles", TABLE_HEADERS, 0, SET, 47, B("\7"), "headers, feed",
	"the value has bytes left over"},
    {"headers: cut", TABLE_HEADERS, 0, CUT, 0, B("x"), "headers, feed",
	"profiles ends too early"},
    {"headers: lacks", TABLE_HEADERS, 1, SET, 0, B("\2"), "headers, file",
	"lacks is out of range"},
    {"headers: before", TABLE_HEADERS, 1, SET, 20, B("xxx"), "headers, file",
	"before does not open with the site key"},
    {"headers: file", TABLE_HEADERS, 1, KEY, 1, B("xxx"), "headers, file",
	"is not in files"},
    {"files: gone, of a header", TABLE_FILES, 0, REMOVE, 0, B(""), "headers, file",
	"is not in files"},
    {"runs: ULID", TABLE_RUNS, 0, KEY, 26, B("-"), "runs", "run is no ULID"},
    {"runs: feed", TABLE_RUNS, 0, KEY, 27, B("norse"), "runs", "feed is not in feeds"},
    {"runs: report", TABLE_RUNS, 0, SET, 0, B("x"), "runs", "report is no JSON object"},
    {"runs: file", TABLE_RUNS, 0, SET, 35, B("00000000"), "runs", "is not in files"},
#undef B
};

static void
mutate(const struct mutation *m, const struct pair *whole)
{
	struct pair p = *whole;

	p.n -= CHECK;
	switch (m->how) {
	case SET:
		memcpy(p.value + m->at, m->bytes, m->n);
		put_checked(m->table, &p, p.n);
		break;
	case KEY:
		remove_pair(m->table, whole);
		memcpy(p.key + m->at, m->bytes, m->n);
		p.nkey = m->at + m->n > p.nkey ? m->at + m->n : p.nkey;
		put_checked(m->table, &p, p.n);
		break;
	case CUT:
		put_checked(m->table, &p, p.n - m->n);
		break;
	case ADD:
		memcpy(p.value + p.n, m->bytes, m->n);
		put_checked(m->table, &p, p.n + m->n);
		break;
	case REMOVE:
		remove_pair(m->table, whole);
		break;
	case FLIP:
		p.n += CHECK;
		p.value[m->at] ^= 4;
		put_back(m->table, &p);
	}
}

/* As it was, whatever became of the key. */
static void
mend(const struct mutation *m, const struct pair *whole)
{
	struct pair p = *whole;

	if (m->how == KEY) {
		memcpy(p.key + m->at, m->bytes, m->n);
		p.nkey = m->at + m->n > p.nkey ? m->at + m->n : p.nkey;
		remove_pair(m->table, &p);
	}
	put_back(m->table, whole);
}

static int
stop(void *arg, const struct mismatch *m)
{
	(void)m;
	++*(int *)arg;
	return -1;
}

/* Whoever has seen enough at the first one is shown no other. */
static void
expect_stopped(const char *label)
{
	int shown = 0;
	const struct mismatch_visitor first = {stop, &shown};
	struct verified n;

	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(ledger_verify(l, &first, &n, &e), -1, "%s", label);
	cr_expect_eq(shown, 1, "%s: %d", label, shown);
	cr_expect_eq(e.code, ERR_NONE, "%s: %s", label, e.msg);
}

Test(verify, each_structure_that_is_wrong_is_told_by_name)
{
	for (size_t i = 0; i < COUNT(mutations); i++) {
		const struct mutation *m = &mutations[i];
		struct pair whole = pair_at(m->table, m->index);
		struct verified n;

		mutate(m, &whole);
		n = verify();
		cr_expect_gt(n.mismatches, 0, "%s", m->label);
		expect_told(m->label, m->told_table, m->told);
		buf_release(&told);
		expect_stopped(m->label);
		mend(m, &whole);
	}
	cr_expect_eq(verify().mismatches, 0, "%s", told.p);
	buf_release(&told);
}

/* Bytes in the middle of a value give way to others. */
static void
replace_bytes(struct pair *p, size_t at, size_t old, const void *bytes, size_t n)
{
	memmove(p->value + at + n, p->value + at + old, p->n - at - old);
	memcpy(p->value + at, bytes, n);
	p->n = p->n - old + n;
}

/* A record's id is its last column, from byte 37 on. */
static void
put_id(struct pair *p, const char *id, size_t cut)
{
	unsigned char sealed[100];
	struct digest key;
	size_t n = strlen(id) + SEAL_EXTRA - cut;

	memcpy(key.b, p->key + 5, DIGEST_SIZE);
	seal(ledger_keys(l), &key, id, strlen(id), sealed + 2);
	sealed[0] = (unsigned char)n;
	sealed[1] = 0;
	replace_bytes(p, 37, p->n - CHECK - 37, sealed, n + 2);
}

static void
expect_record(
    const char *label, const struct pair *whole, const struct pair *p, const char *what)
{
	put_checked(TABLE_RECORDS, p, p->n - CHECK);
	cr_expect_gt(verify().mismatches, 0, "%s", label);
	expect_told(label, "records", what);
	buf_release(&told);
	put_back(TABLE_RECORDS, whole);
}

/* Sealed with the right key, and yet wrong. */
Test(verify, ids_are_those_of_their_keys)
{
	struct pair whole = pair_at(TABLE_RECORDS, 0), p = whole;

	put_id(&p, "QUOLL9", 0);
	expect_record("another's id", &whole, &p, "id is not that of its key");
	p = whole;
	put_id(&p, "", 1);
	expect_record("a short seal", &whole, &p, "id has a wrong length");
	p = whole;
	p.value[0] = KNOWN_MERGE;
	replace_bytes(&p, 37, 0, whole_file.b, DIGEST_SIZE);
	expect_record("a merge", &whole, &p, "flags are those of a merge");
	replace_bytes(&p, 37, 2, "\1\1", 2);
	expect_record("a merge of no file", &whole, &p, "is not in files");
}

/* The name's digest is its nonce: sealed under another's, it opens and is wrong. */
Test(verify, names_are_those_of_their_digests)
{
	struct pair whole = pair_at(TABLE_FILES, 0), p = whole;
	struct digest nonce = digest_bytes(ledger_keys(l), KEY_NAME, "other", 5);
	unsigned char sealed[sizeof(WHOLE_NAME) - 1 + SEAL_EXTRA];

	seal(ledger_keys(l), &nonce, WHOLE_NAME, sizeof(WHOLE_NAME) - 1, sealed);
	memcpy(p.value + 7, nonce.b, DIGEST_SIZE);
	memcpy(p.value + 25, sealed, sizeof(sealed));
	put_checked(TABLE_FILES, &p, p.n - CHECK);
	verify();
	expect_told("name", "files", "name is not that of its digest");
	buf_release(&told);
}

Test(verify, scopes_share_no_number)
{
	struct pair p = pair_at(TABLE_SCOPES, 0);

	memcpy(p.key, "s", 1);
	put_checked(TABLE_SCOPES, &p, p.n - CHECK);
	verify();
	expect_told(
	    "scopes", "scopes, name sorthside", "number is that of another source too");
	buf_release(&told);
}

Test(verify, answers_have_a_feed_and_a_file)
{
	const struct digest none = {{1}};

	rig_write("answers/north/rubbish", "x", 1);
	whole_answer("north", &none);
	cr_expect_eq(verify().mismatches, 2, "%s", told.p);
	expect_told("rubbish", "answers, north/rubbish", "the name is no file id");
	expect_told(
	    "another's", "answers, north/0100000000000000", "its file is not in files");
	buf_release(&told);
}

/* It goes on behind the first one, in the same table and in others. */
Test(verify, all_of_several_mismatches_are_told)
{
	const struct mutation several[] = {
	    {"", TABLE_RECORDS, 0, FLIP, 6, "", 0, "records",
		"the check at the value's end is wrong"},
	    {"", TABLE_RECORDS, 3, FLIP, 9, "", 0, "records",
		"the check at the value's end is wrong"},
	    {"", TABLE_RUNS, 0, FLIP, 2, "", 0, "runs",
		"the check at the value's end is wrong"},
	    {"", TABLE_ACKS, 0, FLIP, 2, "", 0, "acks",
		"the check at the value's end is wrong"},
	};

	for (size_t i = 0; i < COUNT(several); i++) {
		struct pair p = pair_at(several[i].table, several[i].index);

		mutate(&several[i], &p);
	}
	cr_expect_eq(verify().mismatches, COUNT(several), "%s", told.p);
	for (size_t i = 0; i < COUNT(several); i++)
		expect_told("several", several[i].told_table, several[i].told);
	buf_release(&told);
}

/* The trail goes on behind what is said to be its end. */
Test(verify, the_trail_ends_with_its_head)
{
	struct pair head = pair_at(TABLE_META, 0), before = pair_at(TABLE_AUDIT, 3);

	head.value[0] = 4;
	memcpy(
	    head.value + 8, before.value + before.n - CHECK - DIGEST_SIZE, DIGEST_SIZE);
	put_checked(TABLE_META, &head, head.n - CHECK);
	cr_expect_eq(verify().mismatches, 1, "%s", told.p);
	expect_told("head", "meta, audit", "there is a line behind it");
	buf_release(&told);
}

/* What older versions wrote ends before the columns that came later. */
static const struct {
	enum table table;
	int index; /* -1: each of the table */
	size_t n;
} older[] = {{TABLE_FILES, -1, 210}, {TABLE_FILES, -1, 277}, {TABLE_PASSES, -1, 136},
    {TABLE_PASSES, -1, 145}, {TABLE_FEEDS, -1, 88}, {TABLE_FEEDS, -1, 106},
    {TABLE_FEEDS, -1, 130}, {TABLE_CONTROLS, 6, 31}};

static bool
is_older(int table, int index, size_t n)
{
	for (size_t i = 0; i < COUNT(older); i++)
		if ((int)older[i].table == table && older[i].n == n &&
		    (older[i].index < 0 || older[i].index == index))
			return true;
	return false;
}

Test(verify, values_of_older_formats_are_shorter)
{
	for (size_t i = 0; i < COUNT(older); i++) {
		struct pair p = pair_at(
		    older[i].table, older[i].index < 0 ? 0 : older[i].index);

		put_checked(older[i].table, &p, older[i].n);
		cr_expect_eq(verify().mismatches, 0, "%s", told.p);
		buf_release(&told);
		put_back(older[i].table, &p);
	}
}

/* Wherever a value ends too early, and its check is right: it is told, and nothing breaks. */
Test(verify, each_cut_is_told)
{
	size_t cuts = 0;

	for (int t = 0; t < TABLE_COUNT; t++) {
		for (int i = 0; i < (int)whole_count((enum table)t); i++) {
			struct pair p = pair_at((enum table)t, i);
			bool unchecked = t == TABLE_META && i > 0 && i < 4;

			for (size_t n = 0; !unchecked && n + CHECK < p.n; n++, cuts++) {
				if (is_older(t, i, n))
					continue;
				put_checked((enum table)t, &p, n);
				cr_expect_gt(verify().mismatches, 0, "%s %d: cut at %zu",
				    table_name((enum table)t), i, n);
				buf_release(&told);
			}
			put_back((enum table)t, &p);
		}
	}
	cr_expect_gt(cuts, 1000);
	cr_expect_eq(verify().mismatches, 0, "%s", told.p);
	buf_release(&told);
}

/* Each byte wrong, and the check right: whatever it means, nothing breaks. */
Test(verify, no_byte_breaks_it)
{
	for (int t = 0; t < TABLE_COUNT; t++) {
		for (int i = 0; i < (int)whole_count((enum table)t); i++) {
			struct pair whole = pair_at((enum table)t, i), p = whole;
			bool unchecked = t == TABLE_META && i > 0 && i < 4;

			for (size_t at = 0; !unchecked && at + CHECK < p.n; at++) {
				p.value[at] ^= 0xff;
				put_checked((enum table)t, &p, p.n - CHECK);
				verify();
				buf_release(&told);
				p.value[at] ^= 0xff;
			}
			put_back((enum table)t, &whole);
		}
	}
	cr_expect_eq(verify().mismatches, 0, "%s", told.p);
	buf_release(&told);
}
