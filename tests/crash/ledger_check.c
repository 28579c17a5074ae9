#include "tests/crash/ledger_check.h"

#include <string.h>

#include "state/ledger_impl.h"
#include "state/upkeep.h"

struct walk {
	struct ledger *ledger;
	struct sha256 *sha;
	enum table table;
	bool damaged;
};

static void
add(struct walk *w, struct span s)
{
	const uint64_t n = s.n;

	sha256_add(w->sha, &n, sizeof(n));
	sha256_add(w->sha, s.p, s.n);
}

/* The values of `format`, `id` and `check` have no check of their own: they check. */
static bool
bare(enum table table, struct span key)
{
	return table == TABLE_META &&
	       (span_eq(key, SPAN_LIT("format")) || span_eq(key, SPAN_LIT("id")) ||
		   span_eq(key, SPAN_LIT("check")));
}

static int
visit(void *arg, struct span key, struct span value)
{
	struct walk *w = arg;

	if (!bare(w->table, key) && !value_checked(&w->ledger->keys, key, &value)) {
		w->damaged = true;
		return -1;
	}
	add(w, key);
	add(w, value);
	return 0;
}

static int
walk(struct ledger *l, struct sha256 *sha, struct err *e)
{
	struct walk w = {.ledger = l, .sha = sha};
	const struct span all = {NULL, 0};
	struct act a;
	int rc = 0;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	for (int t = 0; t < TABLE_COUNT && rc == 0; t++) {
		w.table = (enum table)t;
		sha256_add(sha, &t, sizeof(t));
		rc = l->ops->each(a.txn, w.table, all, &(struct visitor){visit, &w}, e);
	}
	if (w.damaged)
		rc = ledger_damaged(e, w.table);
	act_abort(&a);
	return rc;
}

static int
tell_mismatch(void *arg, const struct mismatch *m)
{
	return err_set(arg, ERR_LEDGER, "%s, %s: %s", m->table, m->where, m->what);
}

int
ledger_check(const char *dir, bool create, struct content *out, struct err *e)
{
	struct ledger *l = ledger_open(dir, NULL, create, e);
	const struct mismatch_visitor mismatches = {tell_mismatch, e};
	struct verified n;
	struct sha256 *sha;
	int rc = -1;

	if (l == NULL)
		return -1;
	if ((sha = sha256_new(e)) != NULL)
		rc = walk(l, sha, e);
	if (rc == 0)
		rc = ledger_verify(l, &mismatches, &n, e);
	if (rc == 0)
		sha256_end(sha, out->sha256);
	sha256_free(sha);
	ledger_close(l);
	return rc;
}
