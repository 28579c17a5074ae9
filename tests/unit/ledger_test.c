#include "state/ledger.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/ledger_rig.h"

#define KEY_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

TestSuite(ledger, .init = rig_init, .fini = rig_release);

/* The ledger is refused with this code, and the message has these words in it. */
static void
refused(bool create, enum err_code code, const char *words)
{
	e = (struct err){.code = ERR_NONE};
	l = ledger_open(rig_dir, NULL, create, &e);
	cr_assert_null(l);
	cr_expect_eq(e.code, code, "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, words), "%s", e.msg);
}

static void
shut(void)
{
	ledger_close(l);
	l = NULL;
}

static void
fill(size_t n)
{
	char json[2000];
	char ulid[ULID_SIZE];

	memset(json, 'j', sizeof(json));
	for (size_t i = 0; i < n; i++) {
		ulid_make((int64_t)i, ulid);
		cr_assert_eq(ledger_run_put(
				 l, ulid, "north", (struct span){json, sizeof(json)}, &e),
		    0);
	}
}

Test(ledger, made_once_and_found_again)
{
	unsigned char id[LEDGER_ID_SIZE];
	struct site_keys keys = *ledger_keys(l);
	struct stat st;

	cr_expect(ledger_is_new(l));
	cr_expect_str_eq(ledger_dir(l), rig_dir);
	memcpy(id, ledger_id(l), sizeof(id));
	cr_assert_eq(stat(rig_path("ledger.mdb"), &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(stat(rig_path("site.key"), &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(stat(rig_path("ledger.id"), &st), 0);
	cr_expect_eq(st.st_size, 32);
	rig_reopen();
	cr_expect_not(ledger_is_new(l));
	cr_expect_arr_eq(ledger_id(l), id, sizeof(id));
	cr_expect_arr_eq(ledger_keys(l), &keys, sizeof(keys));
	shut();
	l = ledger_open(rig_dir, NULL, false, &e);
	cr_assert_not_null(l, "%s", e.msg);
	shut();
	ledger_close(NULL);
}

Test(ledger, none_is_made_where_none_is_asked_for)
{
	shut();
	rig_empty();
	refused(false, ERR_LEDGER, "emrdrop run");
	cr_expect_eq(rmdir(rig_dir), 0, "something was made");
	refused(false, ERR_LEDGER, rig_dir);
	l = ledger_open(rig_dir, NULL, true, &e);
	cr_expect_not_null(l, "%s", e.msg);
}

Test(ledger, folder_must_be_ours)
{
	char longer[4000];

	shut();
	chmod(rig_dir, 0770);
	refused(true, ERR_CONFIG, "chmod 0700");
	chmod(rig_dir, 0702);
	refused(true, ERR_CONFIG, "chmod 0700");
	chmod(rig_dir, 0755);
	rig_reopen();
	shut();
	memset(longer, 'd', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	longer[0] = '/';
	cr_expect_null(ledger_open(longer, NULL, true, &e));
	cr_expect_eq(e.code, ERR_CONFIG, "%s", e.msg);
	cr_expect_null(ledger_open(rig_path("site.key"), NULL, true, &e));
	cr_expect_eq(e.code, ERR_LEDGER, "%s", e.msg);
	cr_expect_null(ledger_open("/proc/no/such", NULL, true, &e));
	cr_expect_eq(e.code, ERR_LEDGER, "%s", e.msg);
}

Test(ledger, folder_may_be_relative)
{
	shut();
	rig_empty();
	cr_assert_eq(chdir(rig_dir), 0);
	l = ledger_open(".", NULL, true, &e);
	cr_expect_not_null(l, "%s", e.msg);
	cr_assert_eq(chdir("/"), 0);
}

Test(ledger, key_missing_wrong_or_open_to_all)
{
	shut();
	chmod(rig_path("site.key"), 0644);
	refused(true, ERR_CONFIG, "chmod 0600");
	rig_write("site.key", KEY_HEX, 65);
	chmod(rig_path("site.key"), 0600);
	refused(true, ERR_LEDGER, "another site key");
	unlink(rig_path("site.key"));
	refused(true, ERR_LEDGER, "site.key");
	cr_expect_neq(access(rig_path("site.key"), F_OK), 0, "a new key was made");
}

/* P4: entries without their key are an error, never a new key. */
Test(ledger, entries_without_key_and_marker_get_no_new_key)
{
	shut();
	unlink(rig_path("site.key"));
	unlink(rig_path("ledger.id"));
	e = (struct err){.code = ERR_NONE};
	l = ledger_open(rig_dir, NULL, true, &e);
	cr_expect_null(l);
	cr_expect_eq(e.code, ERR_LEDGER, "%s", e.msg);
	cr_expect_neq(access(rig_path("site.key"), F_OK), 0, "a new key was made");
}

Test(ledger, a_key_of_ones_own_is_never_made)
{
	shut();
	rig_empty();
	l = ledger_open(rig_dir, "/nonexistent/site.key", true, &e);
	cr_expect_null(l);
	cr_expect_eq(e.code, ERR_LEDGER, "%s", e.msg);
	rig_write("own.key", KEY_HEX, 65);
	l = ledger_open(rig_dir, rig_path("own.key"), true, &e);
	cr_assert_not_null(l, "%s", e.msg);
	cr_expect_neq(access(rig_path("site.key"), F_OK), 0);
	shut();
	refused(true, ERR_LEDGER, "site.key");
}

Test(ledger, missing_file_is_not_a_new_ledger)
{
	shut();
	unlink(rig_path("ledger.mdb"));
	refused(true, ERR_LEDGER, "ledger.mdb is missing");
	refused(false, ERR_LEDGER, "ledger.mdb is missing");
	cr_expect_neq(access(rig_path("ledger.mdb"), F_OK), 0);
}

Test(ledger, anothers_file_is_foreign)
{
	char *bytes, *key;
	size_t n, kn;

	shut();
	bytes = rig_bytes("ledger.mdb", &n);
	key = rig_bytes("site.key", &kn);
	rig_empty();
	rig_reopen();
	shut();
	rig_write("ledger.mdb", bytes, n);
	refused(true, ERR_LEDGER, "another site key");
	rig_write("site.key", key, kn);
	refused(true, ERR_LEDGER, "not the ledger that belongs here");
	free(bytes);
	free(key);
}

Test(ledger, damaged_marker)
{
	shut();
	rig_write("ledger.id", "abc", 3);
	refused(true, ERR_LEDGER, "ledger.id is damaged");
	rig_write("ledger.id", "00000000000000000000000000000000", 32);
	refused(true, ERR_LEDGER, "not the ledger that belongs here");
}

/* Killed between the first commit and the marker: the next run goes on. */
Test(ledger, a_making_that_was_cut_off_is_finished)
{
	unsigned char id[LEDGER_ID_SIZE];

	memcpy(id, ledger_id(l), sizeof(id));
	shut();
	unlink(rig_path("ledger.id"));
	rig_write("ledger.id.new", "x", 1);
	refused(false, ERR_LEDGER, "no ledger");
	rig_reopen();
	cr_expect_arr_eq(ledger_id(l), id, sizeof(id));
	cr_expect_eq(access(rig_path("ledger.id"), F_OK), 0);
	shut();
	unlink(rig_path("ledger.id"));
	unlink(rig_path("ledger.mdb"));
	rig_reopen();
	cr_expect(ledger_is_new(l));
}

/* What a power cut leaves of a file whose first commit had not come to its sync. */
Test(ledger, a_file_that_was_half_made_is_made_again)
{
	enum { PAGE = 4096 };
	static const struct {
		size_t size, blank; /* `blank`: a page of zeroes */
	} cases[] = {{PAGE, 9}, {2 * PAGE, 0}, {2 * PAGE, 1}, {3 * PAGE, 0},
	    {3 * PAGE, 1}, {100, 0}};
	size_t n;
	char *bytes;

	shut();
	bytes = rig_bytes("ledger.mdb", &n);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char part[3 * PAGE];

		memcpy(part, bytes, sizeof(part));
		if (cases[i].blank < 3)
			memset(part + cases[i].blank * PAGE, 0, PAGE);
		rig_write("ledger.mdb", part, cases[i].size);
		refused(true, ERR_LEDGER, "ledger.mdb");
		unlink(rig_path("ledger.id"));
		rig_reopen();
		cr_expect(ledger_is_new(l), "%zu", i);
		shut();
	}
	free(bytes);
}

/* But nobody's file is written over, nor one that held something. */
Test(ledger, a_damaged_file_is_not_taken_for_half_made)
{
	char *bytes;
	size_t n;

	fill(200);
	shut();
	unlink(rig_path("ledger.id"));
	bytes = rig_bytes("ledger.mdb", &n);
	memset(bytes, 0, 4096);
	rig_write("ledger.mdb", bytes, n);
	refused(true, ERR_LEDGER, "damaged");
	rig_write("ledger.mdb", "another program's", 17);
	refused(true, ERR_LEDGER, "damaged");
	free(bytes);
}

Test(ledger, newer_format_and_damaged_meta)
{
	static const struct {
		const char *key;
		const char *value;
		size_t n;
		const char *words;
	} cases[] = {
	    {"format", "\4\0\0\0", 4, "format 4"}, {"format", "\0\0\0\0", 4, "format 0"},
	    {"format", "\1\0", 2, "damaged"},
	    {"format", "\1\0\0\0", 4, "damaged"}, /* with the id cut short, below */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		if (i == 3)
			rig_put_raw(TABLE_META, SPAN_LIT("id"), SPAN_LIT("short"));
		rig_put_raw(TABLE_META, span_of(cases[i].key),
		    (struct span){cases[i].value, cases[i].n});
		shut();
		refused(true, ERR_LEDGER, cases[i].words);
		if (i == 3)
			continue;
		/* To put it right again, without ledger_open. */
		l = calloc(1, sizeof(*l));
		l->ops = &store_lmdb;
		l->store = store_lmdb.open(rig_dir, false, &e);
		cr_assert_not_null(l->store);
		rig_put_raw(TABLE_META, SPAN_LIT("format"), SPAN_LIT("\1\0\0\0"));
	}
}

/* A file cut short is an error, not a SIGBUS; whatever is left of it. */
Test(ledger, cut_short)
{
	static const size_t left[] = {1, 100, 4095, 4096, 8191, 8192, 12288, 40960};
	size_t n;
	char *bytes;

	fill(200);
	shut();
	bytes = rig_bytes("ledger.mdb", &n);
	cr_assert_gt(n, 200000);
	for (size_t i = 0; i < COUNT(left); i++) {
		rig_write("ledger.mdb", bytes, left[i]);
		refused(true, ERR_LEDGER, "ledger.mdb");
		cr_expect_not_null(strstr(e.msg, "restore"), "%zu: %s", left[i], e.msg);
	}
	for (size_t cut = 1; cut < 20000; cut += 4000) {
		rig_write("ledger.mdb", bytes, n - cut);
		refused(true, ERR_LEDGER, "cut short");
	}
	rig_write("ledger.mdb", bytes, n);
	rig_reopen();
	free(bytes);
}

Test(ledger, cut_to_nothing)
{
	shut();
	rig_write("ledger.mdb", "", 0);
	refused(true, ERR_LEDGER, "restore");
}

Test(ledger, no_ledger_at_all)
{
	static char junk[65536];

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)(i * 7);
	shut();
	rig_write("ledger.mdb", junk, sizeof(junk));
	refused(true, ERR_LEDGER, "damaged");
	memset(junk, 0, sizeof(junk));
	rig_write("ledger.mdb", junk, sizeof(junk));
	refused(true, ERR_LEDGER, "damaged");
}

/* In a process of its own: 0, or the code of its error. */
static int
lock_elsewhere(const char *scope, bool keep)
{
	pid_t pid = fork();
	int status, lock;

	if (pid == 0) {
		struct err own = {.code = ERR_NONE};

		if (ledger_lock(l, scope, &lock, &own) != 0)
			_exit(lock == -1 ? (int)own.code : 99);
		if (keep)
			kill(getpid(), SIGKILL);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Test(ledger, lock_belongs_to_one_and_dies_with_it)
{
	int lock, other;

	cr_expect_eq(lock_elsewhere("north", true), -SIGKILL);
	cr_assert_eq(ledger_lock(l, "north", &lock, &e), 0, "%s", e.msg);
	cr_expect_eq(lock_elsewhere("north", false), ERR_BUSY);
	cr_expect_eq(lock_elsewhere("south", false), 0);
	/* Not even twice in one process. */
	cr_expect_eq(ledger_lock(l, "north", &other, &e), -1);
	cr_expect_eq(e.code, ERR_BUSY);
	cr_expect_eq(err_exit(e.code), 75);
	cr_expect_not_null(strstr(e.msg, "north"), "%s", e.msg);
	ledger_unlock(lock);
	cr_expect_eq(lock_elsewhere("north", false), 0);
	ledger_unlock(-1);
}

Test(ledger, owners_that_died_are_counted)
{
	struct lock_holder by;
	struct stat st;
	uint32_t scope;
	int lock;

	cr_assert_eq(ledger_scope_get(l, "north", true, &scope, &e), 0, "%s", e.msg);
	cr_expect_eq(ledger_locked(l, scope, &by, &e), 0, "no file yet");
	cr_expect_eq(by.process, 0);
	for (unsigned died = 0; died < 3; died++) {
		cr_expect_eq(lock_elsewhere("north", true), -SIGKILL);
		cr_expect_eq(ledger_locked(l, scope, &by, &e), 0);
		cr_expect_gt(by.process, 0);
		cr_expect_eq(by.died, died);
	}
	cr_assert_eq(ledger_lock(l, "north", &lock, &e), 0, "%s", e.msg);
	cr_expect_eq(ledger_locked(l, scope, &by, &e), 1);
	cr_expect_eq(by.process, getpid());
	cr_expect_eq(by.died, 3);
	ledger_unlock(lock);
	cr_expect_eq(ledger_locked(l, scope, &by, &e), 0);
	cr_expect_eq(by.process, 0);
	cr_expect_eq(by.died, 0);
	cr_assert_eq(stat(rig_path("north.lock"), &st), 0);
	cr_expect_gt(st.st_size, 0, "the next signs it on a disk that is full, too");
	cr_assert_eq(ledger_lock(l, "north", &lock, &e), 0, "%s", e.msg);
	cr_expect_eq(ledger_locked(l, scope, &by, &e), 1);
	cr_expect_eq(by.died, 0, "who gave it back did not die");
	ledger_unlock(lock);
}

Test(ledger, a_lock_is_no_way_to_another_file)
{
	int lock;

	cr_assert_eq(symlink("/tmp/elsewhere", rig_path("north.lock")), 0);
	cr_expect_eq(ledger_lock(l, "north", &lock, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_eq(lock, -1);
}

Test(ledger, names_of_feeds_and_scopes)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
	    {"north", true},
	    {"north-side_2.a", true},
	    {"0", true},
	    {"", false},
	    {".north", false},
	    {"..", false},
	    {"a/b", false},
	    {"North", false},
	    {"a b", false},
	    {"a\n", false},
	    {"caf\xc3\xa9", false},
	    {"1234567890123456789012345678901234567890123456789012345678901234", true},
	    {"12345678901234567890123456789012345678901234567890123456789012345", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(
		    ledger_name_ok(cases[i].name), cases[i].ok, "%s", cases[i].name);
}

static uint32_t
scope_of(const char *name, bool make)
{
	uint32_t scope = 99;

	cr_assert_eq(ledger_scope_get(l, name, make, &scope, &e), 0, "%s", e.msg);
	return scope;
}

Test(ledger, scopes_are_numbered_once)
{
	cr_expect_eq(scope_of("a", false), 0);
	cr_expect_eq(scope_of("b", true), 1);
	cr_expect_eq(scope_of("a", true), 2);
	cr_expect_eq(scope_of("b", true), 1);
	rig_reopen();
	cr_expect_eq(scope_of("a", false), 2);
	cr_expect_eq(scope_of("c", true), 3);
	cr_expect_eq(scope_of("d", false), 0);
}

#define RACERS 4
#define RACES  25

/* The first runs of several feeds may begin at once. */
Test(ledger, one_made_at_once_by_many_is_one)
{
	unsigned char id[LEDGER_ID_SIZE];
	pid_t pid[RACERS];
	int status;

	for (int i = 0; i < RACES / 5; i++) {
		shut();
		rig_empty();
		for (int r = 0; r < RACERS; r++) {
			if ((pid[r] = fork()) != 0)
				continue;
			l = ledger_open(rig_dir, NULL, true, &e);
			_exit(l == NULL ? 99 : ledger_id(l)[0]);
		}
		for (int r = 0; r < RACERS; r++) {
			cr_assert_eq(waitpid(pid[r], &status, 0), pid[r]);
			cr_assert(WIFEXITED(status));
			id[r] = (unsigned char)WEXITSTATUS(status);
		}
		rig_reopen();
		for (int r = 0; r < RACERS; r++)
			cr_expect_eq(id[r], ledger_id(l)[0]);
		cr_expect_neq(access(rig_path("ledger.id.new"), F_OK), 0);
		cr_expect_neq(access(rig_path("site.key.new"), F_OK), 0);
	}
}

/* First runs of several sources at once: the lock is by source, so they may meet. */
Test(ledger, scopes_made_at_once_are_not_the_same)
{
	bool seen[RACERS * RACES + 2] = {false};
	pid_t pid[RACERS];
	char name[32];
	int status;

	shut();
	for (int r = 0; r < RACERS; r++) {
		if ((pid[r] = fork()) != 0)
			continue;
		l = ledger_open(rig_dir, NULL, true, &e);
		for (int i = 0; l != NULL && i < RACES; i++) {
			uint32_t scope;

			snprintf(name, sizeof(name), "s%d-%d", r, i);
			if (ledger_scope_get(l, name, true, &scope, &e) != 0)
				_exit(1);
		}
		_exit(l == NULL);
	}
	for (int r = 0; r < RACERS; r++) {
		cr_assert_eq(waitpid(pid[r], &status, 0), pid[r]);
		cr_expect_eq(status, 0);
	}
	rig_reopen();
	for (int r = 0; r < RACERS; r++)
		for (int i = 0; i < RACES; i++) {
			uint32_t scope;

			snprintf(name, sizeof(name), "s%d-%d", r, i);
			scope = scope_of(name, false);
			cr_assert(scope >= 1 && scope <= RACERS * RACES, "%u", scope);
			cr_expect_not(seen[scope], "%s shares scope %u", name, scope);
			seen[scope] = true;
		}
}

static const struct feed_state full = {.name = "north",
    .scope = 3,
    .next_pass = 12,
    .last_look = 1,
    .last_delivery = -2,
    .last_error = INT64_MAX,
    .last_exit = 69,
    .failing = 8,
    .last_words = "the API answered 401",
    .newest = 9,
    .last_content = {{1, 2, 3}},
    .files = 4,
    .delivered = 5,
    .rejected = 6,
    .refused = 7,
    .finds = {8, 9, 10, 11, 12, WAITS_CHANGES}};

static int
count_feed(void *arg, const struct feed_state *f)
{
	int *n = arg;

	if (strcmp(f->name, "north") == 0)
		cr_expect_eq(memcmp(f, &full, sizeof(full)), 0);
	else
		cr_expect_str_eq(f->name, "south");
	++*n;
	return 0;
}

Test(ledger, feeds_are_kept)
{
	struct feed_state f;
	int n = 0;

	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0);
	cr_expect_str_eq(f.name, "north");
	cr_expect_eq(f.scope, 0);
	cr_expect_eq(f.last_look, 0);
	cr_expect_eq(f.next_pass, 1, "the first pass has number 1");
	cr_assert_eq(rig_feed_put(&full), 0);
	f.name[0] = 's';
	memcpy(f.name, "south", 6);
	cr_assert_eq(rig_feed_put(&f), 0);
	rig_reopen();
	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0);
	cr_expect_eq(memcmp(&f, &full, sizeof(full)), 0);
	cr_assert_eq(ledger_feed_each(l, count_feed, &n, &e), 0);
	cr_expect_eq(n, 2);
}

/* Who notes it has no lock: all else is a run's, which may be at work. */
Test(ledger, how_runs_end_is_noted_by_itself)
{
	struct feed_end end = {1000, 78, true, "words", 9};
	struct feed_state f, want = full;

	cr_assert_eq(rig_feed_put(&full), 0);
	cr_assert_eq(ledger_feed_end(l, "north", &end, &e), 0, "%s", e.msg);
	want.last_error = want.failing = 1000;
	want.last_exit = 78;
	memset(want.last_words, 0, sizeof(want.last_words));
	memcpy(want.last_words, "words", 6);
	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0);
	cr_expect_eq(memcmp(&f, &want, offsetof(struct feed_state, last_words)), 0);
	cr_expect_str_eq(f.last_words, "words");
	cr_expect_eq(f.newest, full.newest);
	cr_expect_eq(f.files, full.files);
	end.at = 2000;
	cr_assert_eq(ledger_feed_end(l, "north", &end, &e), 0);
	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0);
	cr_expect_eq(f.last_error, 2000);
	cr_expect_eq(f.failing, 1000, "since when they end so");
	end = (struct feed_end){3000, 0, false, "", 9};
	cr_assert_eq(ledger_feed_end(l, "north", &end, &e), 0);
	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0);
	cr_expect_eq(f.last_error, 0);
	cr_expect_eq(f.failing, 0);
	cr_expect_str_eq(f.last_words, "");
	cr_assert_eq(ledger_feed_end(l, "south", &end, &e), 0);
	cr_assert_eq(ledger_feed_get(l, "south", &f, &e), 0);
	cr_expect_eq(f.scope, 9, "of a feed that got no further");
}

Test(ledger, damaged_values_are_told)
{
	struct feed_state f;
	uint32_t scope;
	int n = 0;

	scope_of("north", true);
	cr_assert_eq(rig_feed_put(&full), 0);
	rig_damage(TABLE_SCOPES, 0);
	rig_damage(TABLE_FEEDS, 30);
	cr_expect_eq(ledger_scope_get(l, "north", true, &scope, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	/* The counter of scopes: whole but for its check. */
	rig_put_raw(TABLE_META, SPAN_LIT("scopes"), SPAN_LIT("\1\0\0\0zzzz"));
	e.code = ERR_NONE;
	cr_expect_eq(ledger_scope_get(l, "south", true, &scope, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(ledger_feed_get(l, "north", &f, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_not_null(strstr(e.msg, "restore"), "%s", e.msg);
	e.code = ERR_NONE;
	cr_expect_eq(ledger_feed_each(l, count_feed, &n, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_eq(n, 0);
}

/* An older program kept only those with older markers. */
Test(ledger, older_finds_are_what_waits)
{
	const uint8_t none[106] = {0};
	struct feed_state f;
	struct buf b;

	buf_init(&b, 200);
	buf_add(&b, none, sizeof(none));
	put_u64(&b, 2);
	put_i64(&b, 7);
	put_u64(&b, 1);
	cr_assert_eq(ledger_write_one(l, TABLE_FEEDS, SPAN_LIT("north"), &b, &e), 0);
	buf_release(&b);
	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0, "%s", e.msg);
	cr_expect_eq(f.finds.bad_names, 1);
	cr_expect_eq(f.finds.waiting, 2);
	cr_expect_eq(f.finds.since, 7);
	cr_expect_eq(f.finds.what, WAITS_OLD_MARKER);
}

/* Whole by its check, and yet too short: what another program wrote with our key. */
Test(ledger, senseless_values_are_told)
{
	uint32_t scope;
	struct buf b;
	int n = 0;

	buf_init(&b, 100);
	put_u8(&b, 1);
	cr_assert_eq(ledger_write_one(l, TABLE_FEEDS, SPAN_LIT("north"), &b, &e), 0);
	buf_clear(&b);
	put_u8(&b, 1);
	cr_assert_eq(ledger_write_one(l, TABLE_SCOPES, SPAN_LIT("north"), &b, &e), 0);
	buf_clear(&b);
	put_u8(&b, 1);
	cr_assert_eq(ledger_write_one(l, TABLE_META, SPAN_LIT("scopes"), &b, &e), 0);
	buf_release(&b);
	cr_expect_eq(ledger_scope_get(l, "north", false, &scope, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(ledger_scope_get(l, "south", true, &scope, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER, "an error that says nothing");
	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(ledger_feed_each(l, count_feed, &n, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER, "an error that says nothing");
}
