#include "state/files.h"

#include "tests/unit/ledger_rig.h"

TestSuite(names_files, .init = rig_init, .fini = rig_release);

static int
put_problems(const struct digest *file, const struct problem *p, size_t n)
{
	return ledger_file_put(l, &(struct file_entry){.id = *file}, p, n, &e);
}

static struct name_entry
name_of(enum name_state state)
{
	struct name_entry n = {.state = state,
	    .size = UINT64_C(1) << 40,
	    .mtime = -5,
	    .seen = 1795203002007,
	    .fingerprint = 77,
	    .blocks = state == NAME_HELD};

	memset(n.file.b, 3, sizeof(n.file.b));
	return n;
}

static void
put(const char *feed, const char *name, const struct name_entry *n)
{
	const struct name_put one = {name, *n};

	cr_assert_eq(ledger_names_put(l, feed, &one, 1, &e), 0, "%s", e.msg);
}

static int
get(const char *feed, const char *name, struct name_entry *out)
{
	return ledger_name_get(l, feed, name, out, &e);
}

Test(names_files, names_are_kept_changed_and_removed)
{
	struct name_entry n, in;

	cr_expect_eq(get("north", "a.csv", &n), 0);
	cr_expect_eq(n.seen, 0);
	for (int s = NAME_SEEN; s <= NAME_HELD; s++) {
		in = name_of((enum name_state)s);
		put("north", "a.csv", &in);
		rig_reopen();
		cr_assert_eq(get("north", "a.csv", &n), 1, "%s", e.msg);
		cr_expect_eq(n.state, in.state);
		cr_expect_eq(n.size, in.size);
		cr_expect_eq(n.mtime, -5);
		cr_expect_eq(n.seen, in.seen);
		cr_expect_eq(n.fingerprint, 77);
		cr_expect_eq(n.blocks, s == NAME_HELD);
		cr_expect(digest_eq(&n.file, &in.file));
	}
	cr_expect_eq(get("south", "a.csv", &n), 0);
	cr_expect_eq(get("north", "A.csv", &n), 0);
	in.seen = 0;
	put("north", "a.csv", &in);
	cr_expect_eq(get("north", "a.csv", &n), 0);
	put("north", "never", &in);
}

Test(names_files, names_are_looked_up_together)
{
	struct name_entry done = name_of(NAME_DONE), held = name_of(NAME_HELD);
	struct name_lookup v[] = {
	    {.name = "b.csv"}, {.name = "none", .known = true}, {.name = "a.csv"}};

	put("north", "a.csv", &done);
	put("north", "b.csv", &held);
	put("south", "none", &done);
	cr_assert_eq(ledger_names_get(l, "north", v, COUNT(v), &e), 0, "%s", e.msg);
	cr_expect(v[0].known && v[2].known);
	cr_expect_eq(v[0].entry.state, NAME_HELD);
	cr_expect_eq(v[2].entry.state, NAME_DONE);
	cr_expect_eq(v[2].entry.size, done.size);
	cr_expect_not(v[1].known);
	cr_expect_eq(v[1].entry.seen, 0);
	cr_expect_eq(ledger_names_get(l, "north", v, 0, &e), 0);
	rig_damage(TABLE_NAMES, 3);
	e.code = ERR_NONE;
	v[1].name = "a.csv"; /* whichever is damaged is among them, or is the south's */
	cr_expect_eq(ledger_names_get(l, "north", v, COUNT(v), &e) != 0 ||
			 ledger_name_get(l, "south", "none", &done, &e) < 0,
	    true);
	cr_expect_eq(e.code, ERR_LEDGER);
}

static int
count_state(void *arg, const struct name_entry *n)
{
	((size_t *)arg)[n->state]++;
	return 0;
}

Test(names_files, what_stands_aside_is_found)
{
	size_t n[NAME_HELD + 1] = {0};
	char name[2] = "a";

	for (int s = NAME_SEEN; s <= NAME_HELD; s++, name[0]++) {
		struct name_entry in = name_of((enum name_state)s);

		put(s % 2 == 0 ? "north" : "south", name, &in);
	}
	cr_assert_eq(ledger_aside_each(l, count_state, n, &e), 0, "%s", e.msg);
	for (int s = NAME_SEEN; s <= NAME_HELD; s++)
		cr_expect_eq(n[s], s == NAME_HELD || s == NAME_REFUSED, "%d", s);
}

Test(names_files, damage_of_what_stands_aside_is_told)
{
	struct name_entry held = name_of(NAME_HELD);
	size_t n[NAME_HELD + 1] = {0};

	put("north", "a.csv", &held);
	rig_damage(TABLE_NAMES, 3);
	e.code = ERR_NONE;
	cr_expect_eq(ledger_aside_each(l, count_state, n, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_eq(n[NAME_HELD], 0);
}

Test(names_files, names_go_in_one_commit)
{
	struct name_put in[] = {{"a", name_of(NAME_SEEN)}, {"b", name_of(NAME_DONE)},
	    {"", name_of(NAME_HELD)}};
	struct name_entry n;

	cr_expect_eq(ledger_names_put(l, "north", NULL, 0, &e), 0);
	cr_assert_eq(ledger_names_put(l, "north", in, 3, &e), 0);
	cr_assert_eq(get("north", "b", &n), 1);
	cr_expect_eq(n.state, NAME_DONE);
	cr_assert_eq(get("north", "", &n), 1);
	cr_expect_eq(n.state, NAME_HELD);
	in[1].entry.seen = 0;
	cr_assert_eq(ledger_names_put(l, "north", in, 3, &e), 0);
	cr_expect_eq(get("north", "b", &n), 0);
	cr_expect_eq(get("north", "a", &n), 1);
}

static struct settling
settling_of(const char *name, const char *path, bool remove)
{
	struct settling s = {.remove = remove, .size = UINT64_C(1) << 40, .mtime = -5};

	snprintf(s.name, sizeof(s.name), "%s", name);
	snprintf(s.path, sizeof(s.path), "%s", path);
	return s;
}

static void
settle_begin(const char *feed, const struct settling *s)
{
	const struct name_put done = {s->name, name_of(NAME_DONE)};

	cr_assert_eq(ledger_conclude(l,
			 &(struct conclusion){
			     .name = &done, .settling = s, .audit = {.feed = feed}},
			 &e),
	    0, "%s", e.msg);
}

struct settlings {
	struct settling v[4];
	size_t n, stop;
};

static int
visit_settling(void *arg, const struct settling *s)
{
	struct settlings *all = arg;

	cr_assert_lt(all->n, COUNT(all->v));
	all->v[all->n++] = *s;
	return all->n == all->stop ? 1 : 0;
}

/* What stands in the ledger of this feed, in whatever order, is exactly this. */
static void
expect_settling(const char *feed, const struct settling *want, size_t n)
{
	struct settlings got = {.n = 0};

	cr_assert_eq(
	    ledger_settling_each(l, feed, visit_settling, &got, &e), 0, "%s", e.msg);
	cr_expect_eq(got.n, n, "%s has %zu", feed, got.n);
	for (size_t i = 0; i < n; i++) {
		const struct settling *s = NULL;

		for (size_t k = 0; k < got.n && s == NULL; k++)
			if (strcmp(got.v[k].name, want[i].name) == 0)
				s = &got.v[k];
		cr_assert_not_null(s, "%s: %s", feed, want[i].name);
		cr_expect_str_eq(s->path, want[i].path);
		cr_expect_eq(s->remove, want[i].remove);
		cr_expect_eq(s->size, want[i].size);
		cr_expect_eq(s->mtime, want[i].mtime);
	}
}

Test(names_files, settling_begins_and_ends_with_its_name)
{
	struct settling s[] = {settling_of("a.csv", "/done/1-a.csv", false),
	    settling_of("b.csv", "/drop/.1-b.csv", true)};
	struct name_entry n;

	expect_settling("north", NULL, 0);
	settle_begin("north", &s[0]);
	settle_begin("north", &s[1]);
	rig_reopen();
	expect_settling("north", s, 2);
	cr_assert_eq(get("north", "a.csv", &n), 1, "in one commit with its name");
	cr_expect_eq(n.state, NAME_DONE);
	cr_assert_eq(ledger_settle_end(l, "north", &s[0], &e), 0, "%s", e.msg);
	rig_reopen();
	expect_settling("north", s + 1, 1);
	cr_expect_eq(get("north", "a.csv", &n), 0, "the name is forgotten");
	cr_expect_eq(get("north", "b.csv", &n), 1);
	cr_expect_eq(ledger_settle_end(l, "north", &s[0], &e), 0, "twice");
	expect_settling("north", s + 1, 1);
}

/* One name may be put away in two places: what an earlier run left, and what came since. */
Test(names_files, settling_is_told_apart_by_its_path)
{
	struct settling one = settling_of("a.csv", "/done/1-a.csv", false),
			two = settling_of("a.csv", "/done/2-a.csv", false);

	settle_begin("north", &one);
	settle_begin("north", &two);
	cr_assert_eq(ledger_settle_end(l, "north", &two, &e), 0);
	expect_settling("north", &one, 1);
	one.mtime = 6;
	settle_begin("north", &one);
	expect_settling("north", &one, 1);
	cr_assert_eq(ledger_settle_end(l, "north", &one, &e), 0);
	expect_settling("north", NULL, 0);
}

Test(names_files, settling_of_another_feed_is_not_walked)
{
	const struct settling north = settling_of("a.csv", "/n/a.csv", false),
			      south = settling_of("a.csv", "/s/a.csv", true);
	struct name_entry n;

	settle_begin("north", &north);
	settle_begin("south", &south);
	expect_settling("north", &north, 1);
	expect_settling("south", &south, 1);
	expect_settling("nort", NULL, 0);
	expect_settling("northa", NULL, 0);
	expect_settling("", NULL, 0);
	cr_assert_eq(ledger_settle_end(l, "south", &south, &e), 0);
	expect_settling("north", &north, 1);
	expect_settling("south", NULL, 0);
	cr_expect_eq(get("north", "a.csv", &n), 1);
}

Test(names_files, settling_walk_can_stop)
{
	struct settlings got = {.stop = 1};
	const struct settling s[] = {
	    settling_of("a", "/a", false), settling_of("b", "/b", false)};

	settle_begin("north", &s[0]);
	settle_begin("north", &s[1]);
	cr_expect_geq(ledger_settling_each(l, "north", visit_settling, &got, &e), 0);
	cr_expect_eq(got.n, 1);
}

Test(names_files, longest_settling)
{
	struct settling s = settling_of("", "", false);

	memset(s.name, 'n', FILE_NAME_MAX);
	memset(s.path, 'p', FILE_PATH_MAX);
	s.size = UINT64_MAX;
	s.mtime = INT64_MIN;
	settle_begin("north", &s);
	expect_settling("north", &s, 1);
}

Test(names_files, damaged_settling_is_told)
{
	static const size_t bytes[] = {0, 20, 40, 70};

	for (size_t i = 0; i < COUNT(bytes); i++) {
		const struct settling s = settling_of("a.csv", "/done/a.csv", false);
		struct settlings got = {.n = 0};

		settle_begin("north", &s);
		rig_damage(TABLE_SETTLING, bytes[i]);
		e.code = ERR_NONE;
		cr_expect_eq(
		    ledger_settling_each(l, "north", visit_settling, &got, &e), -1);
		cr_expect_eq(e.code, ERR_LEDGER, "byte %zu", bytes[i]);
		cr_expect_eq(got.n, 0);
	}
}

Test(names_files, damaged_names_are_told)
{
	struct name_entry n = name_of(NAME_DONE);

	/* Both at the check and, past it, at a state that does not exist. */
	put("north", "a", &n);
	rig_damage(TABLE_NAMES, 9);
	cr_expect_eq(get("north", "a", &n), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	n = name_of((enum name_state)(NAME_HELD + 1));
	put("north", "a", &n);
	e.code = ERR_NONE;
	cr_expect_eq(get("north", "a", &n), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
}

static struct file_entry
file_of(const char *name)
{
	struct file_entry f = {.feed = "north",
	    .size = 1,
	    .mtime = -2,
	    .read_at = 3,
	    .verdict = VERDICT_HOLD,
	    .reason = "12 of 20 rows were rejected",
	    .pass = 4,
	    .rows = 5,
	    .mapped = 6,
	    .filtered = 7,
	    .rejected = 8,
	    .warnings = 9,
	    .records = 10,
	    .delivered = 11,
	    .unchanged = 12,
	    .duplicate = 13,
	    .stale = 14,
	    .refused = UINT64_MAX,
	    .removals = 15,
	    .made_at = -16,
	    .took = 17,
	    .file_at = -18,
	    .came_back = true,
	    .settings = 19,
	    .closed = true};

	snprintf(f.name, sizeof(f.name), "%s", name);
	memset(f.sha256, 0xab, sizeof(f.sha256));
	f.id = ledger_file_id(l, f.feed, f.name, f.sha256);
	return f;
}

static void
expect_file(const struct file_entry *got, const struct file_entry *want)
{
	cr_expect(digest_eq(&got->id, &want->id));
	cr_expect_str_eq(got->feed, want->feed);
	cr_expect_str_eq(got->name, want->name);
	cr_expect_str_eq(got->reason, want->reason);
	cr_expect_eq(got->size, want->size);
	cr_expect_eq(got->mtime, want->mtime);
	cr_expect_eq(got->read_at, want->read_at);
	cr_expect_eq(got->verdict, want->verdict);
	cr_expect_eq(got->closed, want->closed);
	cr_expect_arr_eq(got->sha256, want->sha256, SHA256_SIZE);
	cr_expect_eq(got->removals, want->removals);
	cr_expect_eq(got->made_at, want->made_at);
	cr_expect_eq(got->took, want->took);
	cr_expect_eq(got->file_at, want->file_at);
	cr_expect_eq(got->came_back, want->came_back);
	cr_expect_eq(got->settings, want->settings);
	/* The other counts stand side by side. */
	cr_expect_arr_eq(&got->pass, &want->pass, 12 * sizeof(got->pass));
}

static int
visit_file(void *arg, const struct file_entry *f)
{
	struct file_entry want = file_of(f->name);

	expect_file(f, &want);
	++*(int *)arg;
	return 0;
}

Test(names_files, files_are_kept)
{
	struct file_entry a = file_of("a.csv"), b = file_of("b.csv"), got;
	int n = 0;

	cr_expect_eq(ledger_file_get(l, &a.id, &got, &e), 0);
	cr_assert_eq(ledger_file_put(l, &a, NULL, 0, &e), 0);
	cr_assert_eq(ledger_file_put(l, &b, NULL, 0, &e), 0);
	rig_reopen();
	cr_assert_eq(ledger_file_get(l, &a.id, &got, &e), 1);
	expect_file(&got, &a);
	cr_assert_eq(ledger_file_each(l, visit_file, &n, &e), 0);
	cr_expect_eq(n, 2);
	a.reason[0] = '\0';
	a.closed = false;
	cr_assert_eq(ledger_file_put(l, &a, NULL, 0, &e), 0);
	cr_assert_eq(ledger_file_get(l, &a.id, &got, &e), 1);
	expect_file(&got, &a);
}

/* Behind the value stands its check. */
#define CHECK_BYTES 4

/*
 * Without removals, the path that is empty (nonce, length and seal), three times, whether
 * it came back, and the settings.
 */
static int
cut_to_format_2(void *arg, struct span key, struct span value)
{
	struct buf *b = arg;

	buf_add(b, value.p,
	    value.n - 8 - (DIGEST_SIZE + 2 + SEAL_EXTRA) - 3 * 8 - 1 - 8 - CHECK_BYTES);
	value_check(&l->keys, key, b);
	return 1;
}

Test(names_files, files_of_older_formats)
{
	struct file_entry f = file_of("a.csv"), got;
	const struct span key = {(const char *)f.id.b, DIGEST_SIZE};
	struct txn *t;
	struct buf b;

	cr_assert_eq(ledger_file_put(l, &f, NULL, 0, &e), 0);
	buf_init(&b, 4096);
	t = l->ops->begin(l->store, false, &e);
	cr_assert_not_null(t);
	cr_assert_eq(
	    l->ops->each(t, TABLE_FILES, key, &(struct visitor){cut_to_format_2, &b}, &e),
	    0);
	l->ops->abort(t);
	rig_put_raw(TABLE_FILES, key, buf_span(&b));
	buf_release(&b);
	f.removals = 0;
	f.made_at = TIME_NONE;
	f.took = 0;
	f.file_at = TIME_NONE;
	f.came_back = false;
	f.settings = 0;
	cr_assert_eq(ledger_file_get(l, &f.id, &got, &e), 1, "%s", e.msg);
	expect_file(&got, &f);
	cr_expect_str_empty(got.path);
}

Test(names_files, longest_file_name_and_reason)
{
	struct file_entry f = file_of("x"), got;

	memset(f.name, 'n', FILE_NAME_MAX);
	memset(f.reason, 'r', FILE_REASON_MAX);
	cr_assert_eq(ledger_file_put(l, &f, NULL, 0, &e), 0);
	cr_assert_eq(ledger_file_get(l, &f.id, &got, &e), 1);
	expect_file(&got, &f);
}

Test(names_files, file_ids_are_of_feed_name_and_content)
{
	unsigned char sha[SHA256_SIZE] = {0}, other[SHA256_SIZE] = {1};
	struct digest d[5] = {ledger_file_id(l, "north", "a", sha),
	    ledger_file_id(l, "north", "b", sha), ledger_file_id(l, "northa", "", sha),
	    ledger_file_id(l, "north", "a", other), ledger_file_id(l, "nort", "ha", sha)};
	struct digest again = ledger_file_id(l, "north", "a", sha);

	cr_expect(digest_eq(&d[0], &again));
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++)
			cr_expect_not(digest_eq(&d[i], &d[k]), "%zu %zu", i, k);
}

Test(names_files, damaged_files_are_told)
{
	struct file_entry f = file_of("a"), got;
	int n = 0;

	cr_assert_eq(ledger_file_put(l, &f, NULL, 0, &e), 0);
	rig_damage(TABLE_FILES, 20);
	cr_expect_eq(ledger_file_get(l, &f.id, &got, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	e.code = ERR_NONE;
	cr_expect_eq(ledger_file_each(l, visit_file, &n, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_eq(n, 0);
}

Test(names_files, a_senseless_file_is_told_by_each)
{
	struct file_entry f = file_of("a");
	int n = 0;

	f.verdict = (enum verdict)9;
	cr_assert_eq(ledger_file_put(l, &f, NULL, 0, &e), 0);
	e.code = ERR_NONE;
	cr_expect_eq(ledger_file_each(l, visit_file, &n, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER, "an error that says nothing");
}

Test(names_files, verdicts_have_names)
{
	cr_expect_str_eq(verdict_name(VERDICT_DELIVER), "deliver");
	cr_expect_str_eq(verdict_name(VERDICT_DUPLICATE), "duplicate");
	cr_expect_str_eq(verdict_name(VERDICT_EMPTY), "empty");
	cr_expect_str_eq(verdict_name(VERDICT_HOLD), "hold");
	cr_expect_str_eq(verdict_name(VERDICT_REFUSE), "refuse");
}

struct seen {
	struct buf text;
	size_t n, stop;
};

static int
visit_problem(void *arg, const struct problem *p)
{
	struct seen *s = arg;

	buf_addf(&s->text, "%s %c %llu \"%.*s\" %s %s|", problem_name(p->code),
	    p->weight == WEIGHT_REJECT ? 'R' : 'W', (unsigned long long)p->row,
	    (int)p->column.n, p->column.p, p->type != NULL ? p->type : "-",
	    p->field != NULL ? p->field : "-");
	return ++s->n == s->stop ? 1 : 0;
}

static void
expect_problems(const struct digest *file, size_t stop, const char *want)
{
	struct seen s = {.stop = stop};

	buf_init(&s.text, 1 << 20);
	cr_assert_eq(ledger_problem_each(l, file, visit_problem, &s, &e), 0, "%s", e.msg);
	cr_expect(
	    span_eq(buf_span(&s.text), span_of(want)), "%.*s", (int)s.text.n, s.text.p);
	buf_release(&s.text);
}

Test(names_files, problems_are_replaced_and_in_order)
{
	const struct problem p[] = {
	    {PROBLEM_NOT_DATE, WEIGHT_WARNING, 812, SPAN_LIT("DOB \xc3\xa9"), "patient",
		"birth_date", {NULL, 0}},
	    {PROBLEM_CSV_QUOTE, WEIGHT_REJECT, 3, {NULL, 0}, NULL, NULL, {NULL, 0}},
	    {PROBLEM_API_REFUSED, WEIGHT_REJECT, UINT64_MAX, {NULL, 0}, "slot", NULL,
		{NULL, 0}},
	};
	struct digest file = {{1}}, other = {{2}};

	expect_problems(&file, 0, "");
	cr_assert_eq(put_problems(&file, p, 3), 0);
	cr_assert_eq(put_problems(&other, p + 1, 1), 0);
	expect_problems(&file, 0,
	    "not_date W 812 \"DOB \xc3\xa9\" patient birth_date|csv_quote R 3 \"\" - -|"
	    "api_refused R 18446744073709551615 \"\" slot -|");
	expect_problems(&file, 1, "not_date W 812 \"DOB \xc3\xa9\" patient birth_date|");
	cr_assert_eq(put_problems(&file, p + 2, 1), 0);
	expect_problems(&file, 0, "api_refused R 18446744073709551615 \"\" slot -|");
	expect_problems(&other, 0, "csv_quote R 3 \"\" - -|");
	cr_assert_eq(put_problems(&file, NULL, 0), 0);
	expect_problems(&file, 0, "");
}

static int
last_row(void *arg, const struct problem *p)
{
	size_t *n = arg;

	cr_assert_eq(p->row, ++*n, "rows 1, 2, 3 ...");
	return 0;
}

Test(names_files, problems_are_capped)
{
	static struct problem p[FILE_PROBLEMS_MAX + 7];
	struct digest file = {{1}};
	size_t n = 0;

	for (size_t i = 0; i < COUNT(p); i++)
		p[i] = (struct problem){.code = PROBLEM_LIMIT, .row = i + 1};
	cr_assert_eq(put_problems(&file, p, COUNT(p)), 0);
	cr_assert_eq(ledger_problem_each(l, &file, last_row, &n, &e), 0);
	cr_expect_eq(n, FILE_PROBLEMS_MAX);
}

Test(names_files, damaged_problems_are_told)
{
	const struct problem p = {.code = PROBLEM_LIMIT};
	struct digest file = {{1}};
	size_t n = 0;

	cr_assert_eq(put_problems(&file, &p, 1), 0);
	rig_damage(TABLE_PROBLEMS, 3);
	cr_expect_eq(ledger_problem_each(l, &file, last_row, &n, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
}

Test(names_files, runs_are_kept)
{
	static const char ulid[] = "01ARYZ6S41TSV4RRFFQ69G5FAV";
	static const struct {
		const char *key, *json;
	} want[] = {{"01ARYZ6S41TSV4RRFFQ69G5FAV north", "{}"},
	    {"01ARYZ6S41TSV4RRFFQ69G5FAV south", "[1]"}};

	cr_assert_eq(ledger_run_put(l, ulid, "north", SPAN_LIT("{}"), &e), 0);
	cr_assert_eq(ledger_run_put(l, ulid, "south", SPAN_LIT("[1]"), &e), 0);
	for (size_t i = 0; i < COUNT(want); i++) {
		struct span pair[2] = {{NULL, 0}, {NULL, 0}};
		const struct visitor first = {rig_copy_first, pair};

		cr_assert_eq(
		    ledger_each(l, TABLE_RUNS, span_of(want[i].key), &first, &e), 0);
		cr_assert_not_null(pair[0].p, "%s", want[i].key);
		cr_expect(span_eq(pair[0], span_of(want[i].key)));
		cr_expect(span_eq(pair[1], span_of(want[i].json)));
		free((void *)(uintptr_t)pair[0].p);
		free((void *)(uintptr_t)pair[1].p);
	}
}

/* P4: neither the names, nor a digest of them that anybody can make. */
Test(names_files, names_are_sealed)
{
	static const char *const texts[] = {"JANE-DOE-1970.csv", "/archive/JANE-DOE.csv"};
	struct file_entry f = file_of(texts[0]), got;
	const struct settling going = settling_of(texts[0], texts[1], true);
	unsigned char sha[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	char *bytes;
	size_t size;

	settle_begin("north", &going);
	expect_settling("north", &going, 1);
	cr_assert_eq(ledger_file_put(l, &f, NULL, 0, &e), 0);
	cr_assert_eq(ledger_file_get(l, &f.id, &got, &e), 1);
	cr_expect_str_eq(got.name, texts[0], "readable with the key");
	ledger_close(l);
	l = NULL;
	bytes = rig_bytes("ledger.mdb", &size);
	cr_expect_null(memmem(bytes, size, "JANE", 4));
	cr_expect_null(memmem(bytes, size, "archive", 7));
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct sha256 *s = sha256_new(&e);

		sha256_add(s, texts[i], strlen(texts[i]));
		sha256_end(s, sha);
		sha256_free(s);
		hex_encode(sha, sizeof(sha), hex);
		cr_expect_null(memmem(bytes, size, sha, DIGEST_SIZE));
		cr_expect_null(memmem(bytes, size, hex, 32));
	}
	free(bytes);
}
