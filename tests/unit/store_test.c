/* Any backend must pass these; there is one so far. */
#include "state/store.h"

#include <lmdb.h>

#include "tests/unit/ledger_rig.h"

static const struct store_ops *ops = &store_lmdb;
static struct store *s;

static void
setup(void)
{
	snprintf(rig_dir, sizeof(rig_dir), "/tmp/store_test_XXXXXX");
	cr_assert_not_null(mkdtemp(rig_dir));
	s = ops->open(rig_dir, true, &e);
	cr_assert_not_null(s, "%s", e.msg);
}

static void
teardown(void)
{
	ops->close(s);
	rig_empty();
	rmdir(rig_dir);
}

TestSuite(store, .init = setup, .fini = teardown);

static struct txn *
begin(bool write)
{
	struct txn *t = ops->begin(s, write, &e);

	cr_assert_not_null(t, "%s", e.msg);
	return t;
}

static void
put(struct txn *t, const char *key, const char *value)
{
	cr_assert_eq(
	    ops->put(t, TABLE_RUNS, span_of(key), span_of(value), &e), 0, "%s", e.msg);
}

static void
expect(const char *key, const char *want)
{
	struct txn *t = begin(false);
	struct span value;
	int r = ops->get(t, TABLE_RUNS, span_of(key), &value, &e);

	cr_expect_eq(r, want != NULL, "%s", key);
	if (r == 1 && want != NULL)
		cr_expect(span_eq(value, span_of(want)), "%s", key);
	ops->abort(t);
}

Test(store, committed_stays_and_aborted_does_not)
{
	struct txn *t = begin(true);

	put(t, "a", "1");
	put(t, "b", "");
	cr_expect_eq(ops->commit(t, &e), 0);
	t = begin(true);
	put(t, "a", "2");
	put(t, "c", "3");
	cr_expect_eq(ops->del(t, TABLE_RUNS, SPAN_LIT("b"), &e), 0);
	ops->abort(t);
	expect("a", "1");
	expect("b", "");
	expect("c", NULL);
	ops->abort(NULL);
	ops->close(s);
	s = ops->open(rig_dir, false, &e);
	cr_assert_not_null(s, "%s", e.msg);
	expect("a", "1");
	t = begin(true);
	put(t, "a", "2");
	cr_expect_eq(ops->del(t, TABLE_RUNS, SPAN_LIT("b"), &e), 0);
	cr_expect_eq(ops->del(t, TABLE_RUNS, SPAN_LIT("never"), &e), 0);
	cr_expect_eq(ops->commit(t, &e), 0);
	expect("a", "2");
	expect("b", NULL);
}

Test(store, tables_are_apart)
{
	struct txn *t = begin(true);
	struct span value;

	for (int i = 0; i < TABLE_COUNT; i++) {
		char digit = (char)('a' + i);

		cr_assert_eq(ops->put(t, (enum table)i, SPAN_LIT("k"),
				 (struct span){&digit, 1}, &e),
		    0);
	}
	cr_expect_eq(ops->commit(t, &e), 0);
	t = begin(false);
	for (int i = 0; i < TABLE_COUNT; i++) {
		cr_assert_eq(ops->get(t, (enum table)i, SPAN_LIT("k"), &value, &e), 1);
		cr_expect_eq(value.p[0], 'a' + i);
	}
	ops->abort(t);
}

static int
join_keys(void *arg, struct span key, struct span value)
{
	buf_add_span(arg, key);
	buf_add_char(arg, ' ');
	return value.n > 0 && value.p[0] == '!' ? -1 : value.n > 0 && value.p[0] == '.';
}

static void
expect_each(const char *prefix, int r, const char *want)
{
	struct buf out;
	const struct visitor join = {join_keys, &out};
	struct txn *t = begin(false);

	buf_init(&out, 1000);
	cr_expect_eq(ops->each(t, TABLE_RUNS, span_of(prefix), &join, &e), r);
	cr_expect(span_eq(buf_span(&out), span_of(want)), "%s: %.*s", prefix, (int)out.n,
	    out.p);
	buf_release(&out);
	ops->abort(t);
}

Test(store, walks_and_clears_by_prefix_in_key_order)
{
	static const char *const keys[] = {"b", "ab", "a", "ac", "abc", "\xff\xff", "aa"};
	struct txn *t;

	expect_each("", 0, "");
	t = begin(true);
	for (size_t i = 0; i < COUNT(keys); i++)
		put(t, keys[i], "x");
	cr_expect_eq(ops->commit(t, &e), 0);
	expect_each("", 0, "a aa ab abc ac b \xff\xff ");
	expect_each("a", 0, "a aa ab abc ac ");
	expect_each("ab", 0, "ab abc ");
	expect_each("abcd", 0, "");
	expect_each("\xff", 0, "\xff\xff ");
	expect_each("zz", 0, "");
	t = begin(true);
	put(t, "ab", ".");
	put(t, "b", "!");
	cr_expect_eq(ops->commit(t, &e), 0);
	expect_each("a", 0, "a aa ab ");
	expect_each("b", -1, "b ");
	t = begin(true);
	cr_expect_eq(ops->clear(t, TABLE_RUNS, SPAN_LIT("ab"), &e), 0);
	cr_expect_eq(ops->clear(t, TABLE_RUNS, SPAN_LIT("never"), &e), 0);
	cr_expect_eq(ops->commit(t, &e), 0);
	expect("ab", NULL);
	expect("abc", NULL);
	expect("ac", "x");
	t = begin(true);
	cr_expect_eq(ops->clear(t, TABLE_RUNS, (struct span){NULL, 0}, &e), 0);
	cr_expect_eq(ops->commit(t, &e), 0);
	expect("a", NULL);
	expect("\xff\xff", NULL);
}

Test(store, writes_are_seen_within_their_transaction)
{
	struct txn *t = begin(true);
	struct span value;

	put(t, "a", "1");
	cr_expect_eq(ops->get(t, TABLE_RUNS, SPAN_LIT("a"), &value, &e), 1);
	cr_expect_eq(ops->clear(t, TABLE_RUNS, SPAN_LIT("a"), &e), 0);
	cr_expect_eq(ops->get(t, TABLE_RUNS, SPAN_LIT("a"), &value, &e), 0);
	put(t, "a", "2");
	cr_expect_eq(ops->commit(t, &e), 0);
	expect("a", "2");
}

Test(store, a_reader_keeps_what_it_saw)
{
	struct txn *r, *w = begin(true);
	struct span value;

	put(w, "a", "1");
	cr_expect_eq(ops->commit(w, &e), 0);
	r = begin(false);
	cr_expect_eq(ops->get(r, TABLE_RUNS, SPAN_LIT("a"), &value, &e), 1);
	w = begin(true);
	put(w, "a", "2");
	cr_expect_eq(ops->commit(w, &e), 0);
	cr_expect_eq(ops->get(r, TABLE_RUNS, SPAN_LIT("a"), &value, &e), 1);
	cr_expect(span_eq(value, SPAN_LIT("1")));
	ops->abort(r);
	expect("a", "2");
}

Test(store, bad_keys_and_writes_in_a_read_are_errors)
{
	static char key[600];
	struct txn *t = begin(true);
	struct span value;

	memset(key, 'k', sizeof(key));
	cr_expect_eq(
	    ops->put(t, TABLE_RUNS, (struct span){key, 600}, SPAN_LIT("v"), &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_not_null(strstr(e.msg, "ledger.mdb"), "%s", e.msg);
	cr_expect_eq(ops->put(t, TABLE_RUNS, SPAN_LIT(""), SPAN_LIT("v"), &e), -1);
	cr_expect_eq(ops->get(t, TABLE_RUNS, SPAN_LIT(""), &value, &e), -1);
	ops->abort(t);
	t = begin(false);
	cr_expect_eq(ops->put(t, TABLE_RUNS, SPAN_LIT("k"), SPAN_LIT("v"), &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_eq(ops->del(t, TABLE_RUNS, SPAN_LIT("k"), &e), -1);
	ops->abort(t);
}

Test(store, only_create_makes_one)
{
	ops->close(s);
	unlink(rig_path("ledger.mdb"));
	unlink(rig_path("ledger.mdb-lock"));
	s = ops->open(rig_dir, false, &e);
	cr_expect_null(s);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_neq(access(rig_path("ledger.mdb"), F_OK), 0);
	s = ops->open(rig_path("no/such/folder"), true, &e);
	cr_expect_null(s);
	cr_expect_eq(e.code, ERR_LEDGER);
}

/* As the last format but one left it: without the tables that came since. */
static void
make_older(void)
{
	static const char *const since[] = {"audit", "controls"};
	MDB_env *env;
	MDB_txn *t;
	MDB_dbi dbi;

	cr_assert_eq(mdb_env_create(&env), 0);
	cr_assert_eq(mdb_env_set_maxdbs(env, 20), 0);
	cr_assert_eq(mdb_env_open(env, rig_path("ledger.mdb"), MDB_NOSUBDIR, 0600), 0);
	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &t), 0);
	for (size_t i = 0; i < COUNT(since); i++) {
		cr_assert_eq(mdb_dbi_open(t, since[i], 0, &dbi), 0);
		cr_assert_eq(mdb_drop(t, dbi, 1), 0);
	}
	cr_assert_eq(mdb_txn_commit(t), 0);
	mdb_env_close(env);
}

static int
never(void *arg, struct span key, struct span value)
{
	(void)arg;
	(void)key;
	(void)value;
	return -1;
}

Test(store, tables_that_an_older_format_lacks)
{
	const struct visitor v = {never, NULL};
	struct span value;
	struct txn *t;

	ops->close(s);
	make_older();
	s = ops->open(rig_dir, false, &e);
	cr_assert_not_null(s, "%s", e.msg);
	t = begin(false);
	cr_expect_eq(ops->get(t, TABLE_AUDIT, SPAN_LIT("k"), &value, &e), 0);
	cr_expect_eq(ops->each(t, TABLE_CONTROLS, (struct span){NULL, 0}, &v, &e), 0);
	ops->abort(t);
	ops->abort(begin(true));
	t = begin(true);
	cr_expect_eq(ops->get(t, TABLE_AUDIT, SPAN_LIT("k"), &value, &e), 0);
	cr_assert_eq(ops->put(t, TABLE_AUDIT, SPAN_LIT("k"), SPAN_LIT("v"), &e), 0);
	cr_assert_eq(ops->commit(t, &e), 0);
	t = begin(false);
	cr_expect_eq(ops->get(t, TABLE_AUDIT, SPAN_LIT("k"), &value, &e), 1);
	ops->abort(t);
}

/* ---- how long the file must be ---- */

#define PAGE 4096

/* The number of the last page, as the newer of the two meta pages has it. */
static size_t
last_page(const char *bytes)
{
	uint64_t last[2], txn[2];

	for (size_t i = 0; i < 2; i++) {
		memcpy(&last[i], bytes + i * PAGE + 136, 8);
		memcpy(&txn[i], bytes + i * PAGE + 144, 8);
	}
	return (size_t)last[txn[1] > txn[0]];
}

static void
put_big(struct txn *t, const char *key, size_t n)
{
	static const char value[64 * PAGE];

	cr_assert_eq(
	    ops->put(t, TABLE_ACKS, span_of(key), (struct span){value, n}, &e), 0);
}

/* LMDB does not write pages at the end that one transaction took and gave back. */
Test(store, a_file_may_end_before_its_last_page)
{
	struct txn *t;
	char *bytes;
	size_t n;

	for (int i = 0; i < 4; i++) {
		t = begin(true);
		put_big(t, "27", 500);
		cr_assert_eq(ops->commit(t, &e), 0);
	}
	t = begin(true);
	put_big(t, "00", 21807);
	cr_assert_eq(ops->clear(t, TABLE_ACKS, (struct span){NULL, 0}, &e), 0);
	cr_assert_eq(ops->commit(t, &e), 0);
	ops->close(s);
	s = ops->open(rig_dir, false, &e);
	cr_assert_not_null(s, "%s", e.msg);
	bytes = rig_bytes("ledger.mdb", &n);
	cr_expect_lt(n / PAGE, last_page(bytes) + 1, "not what is to be tested");
	free(bytes);
}

static int
count(void *arg, struct span key, struct span value)
{
	size_t *n = arg;

	for (size_t i = 0; i < value.n; i++)
		*n += (unsigned char)value.p[i] == 0; /* each byte is touched */
	*n += key.n > 0;
	return 0;
}

static size_t
count_all(void)
{
	const struct span all = {NULL, 0};
	struct txn *t = begin(false);
	size_t n = 0;

	for (int i = 0; i < TABLE_COUNT; i++)
		cr_assert_eq(
		    ops->each(t, (enum table)i, all, &(struct visitor){count, &n}, &e), 0,
		    "%s", e.msg);
	ops->abort(t);
	return n;
}

/* Values come, grow and go, so that free pages lie everywhere. */
static void
churn(unsigned rounds)
{
	unsigned random = 1;
	char key[8];

	for (unsigned i = 0; i < rounds; i++) {
		struct txn *t = begin(true);

		for (unsigned k = 0; k < 4; k++) {
			random = random * 1103515245 + 12345;
			snprintf(key, sizeof(key), "%02u", (random >> 16) % 30);
			if (k == 3)
				ops->clear(t, TABLE_ACKS, span_of(key), &e);
			else
				put_big(t, key, (random >> 20) % 900 * (k == 0 ? 60 : 1));
		}
		cr_assert_eq(ops->commit(t, &e), 0);
	}
}

/* Wherever it is cut off: refused, or nothing that it holds is missing. */
Test(store, a_file_that_was_cut_off_is_refused)
{
	size_t n, all, refused = 0;
	char *bytes;

	churn(60);
	all = count_all();
	ops->close(s);
	bytes = rig_bytes("ledger.mdb", &n);
	for (size_t pages = n / PAGE; pages >= 2; pages--) {
		rig_write("ledger.mdb", bytes, pages * PAGE);
		s = ops->open(rig_dir, false, &e);
		refused += s == NULL;
		if (s != NULL)
			cr_expect_eq(count_all(), all, "%zu pages", pages);
		cr_expect(s != NULL || pages < n / PAGE, "%s", e.msg);
		ops->close(s);
	}
	cr_expect_gt(refused, n / PAGE / 2);
	free(bytes);
	s = NULL;
}
