#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/whole_rig.h"

#define TEMP "ledger.mdb.compact"

TestSuite(compact, .init = whole_init, .fini = whole_release);

static int
add_line(void *arg, struct span line)
{
	buf_add_span(arg, line);
	return 0;
}

static struct buf export(void)
{
	struct buf out;
	const struct line_visitor each = {add_line, &out};

	buf_init(&out, 64u << 20);
	cr_assert_eq(ledger_export(l, &each, &e), 0, "%s", e.msg);
	return out;
}

/* Runs that were forgotten again leave pages that nobody uses. */
static void
leave_room(void)
{
	char json[2000], ulid[ULID_SIZE];
	struct txn *t;

	memset(json, 'j', sizeof(json));
	for (int i = 0; i < 200; i++) {
		ulid_make(i, ulid);
		cr_assert_eq(ledger_run_put(
				 l, ulid, "north", (struct span){json, sizeof(json)}, &e),
		    0);
	}
	t = l->ops->begin(l->store, true, &e);
	cr_assert_eq(l->ops->clear(t, TABLE_RUNS, SPAN_LIT("00000"), &e), 0);
	cr_assert_eq(l->ops->commit(t, &e), 0);
}

static bool
there(const char *name)
{
	struct stat st;

	return lstat(rig_path(name), &st) == 0;
}

static void
reopen_to_read(void)
{
	ledger_close(l);
	l = ledger_open(rig_dir, NULL, false, &e);
	cr_assert_not_null(l, "%s", e.msg);
}

static void
busy(const char *words)
{
	struct compacted n;

	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(ledger_compact(l, &n, &e), -1);
	cr_expect_eq(e.code, ERR_BUSY);
	cr_expect_eq(err_exit(e.code), 75);
	cr_expect_not_null(strstr(e.msg, words), "%s", e.msg);
	cr_expect_not(there(TEMP));
}

Test(compact, the_same_ledger_in_a_smaller_file)
{
	struct compacted n;
	struct buf before, after;
	struct stat st;

	leave_room();
	before = export();
	cr_assert_eq(stat(rig_path("ledger.mdb"), &st), 0);
	cr_assert_eq(ledger_compact(l, &n, &e), 0, "%s", e.msg);
	cr_expect_eq(n.before, (uint64_t)st.st_size);
	cr_expect_lt(n.after * 3, n.before);
	cr_assert_eq(stat(rig_path("ledger.mdb"), &st), 0);
	cr_expect_eq(n.after, (uint64_t)st.st_size);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_not(there(TEMP));
	rig_reopen();
	after = export();
	cr_expect(span_eq(buf_span(&before), buf_span(&after)));
	/* And it is one to go on with. */
	whole_put_name("north", "b.csv", NAME_SEEN, 1, NULL);
	rig_reopen();
	buf_release(&before);
	buf_release(&after);
}

static int
copy_half(struct store *s, int fd, struct err *err)
{
	(void)s;
	cr_assert_eq(write(fd, "half", 4), 4);
	return err_set(err, ERR_LEDGER, "no room");
}

/* Such as on a full disk: it is as if nobody had tried. */
Test(compact, what_can_not_be_copied_leaves_the_ledger_as_it_is)
{
	struct store_ops full = *l->ops;
	const struct store_ops *ops = l->ops;
	struct buf before = export(), after;
	struct compacted n;

	full.copy = copy_half;
	l->ops = &full;
	cr_expect_eq(ledger_compact(l, &n, &e), -1);
	l->ops = ops;
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_str_eq(e.msg, "no room");
	cr_expect_not(there(TEMP));
	rig_reopen();
	after = export();
	cr_expect(span_eq(buf_span(&before), buf_span(&after)));
	buf_release(&before);
	buf_release(&after);
}

/* Another process that has the ledger open, or only the source's lock, until it is let go. */
struct other {
	pid_t pid;
	int ready[2], go[2];
};

static void
other_work(const struct other *o, bool stays_open, bool locks)
{
	struct ledger *own = ledger_open(rig_dir, NULL, false, &e);
	int lock = -1;
	char c;

	close(o->go[1]);
	if (own == NULL || (locks && ledger_lock(own, "northside", &lock, &e) != 0))
		_exit(1);
	if (!stays_open)
		ledger_close(own);
	if (write(o->ready[1], "r", 1) != 1)
		_exit(1);
	_exit(read(o->go[0], &c, 1) != 0);
}

static struct other
other_begin(bool stays_open, bool locks)
{
	struct other o;
	char c;

	ledger_close(l);
	l = NULL;
	cr_assert(pipe(o.ready) == 0 && pipe(o.go) == 0);
	if ((o.pid = fork()) == 0)
		other_work(&o, stays_open, locks);
	cr_assert_eq(read(o.ready[0], &c, 1), 1);
	rig_reopen();
	return o;
}

static void
other_end(struct other *o)
{
	int status;

	close(o->go[1]);
	cr_assert_eq(waitpid(o->pid, &status, 0), o->pid);
	cr_expect_eq(status, 0);
	close(o->go[0]);
	close(o->ready[0]);
	close(o->ready[1]);
}

Test(compact, takes_the_ledger_from_nobody)
{
	struct compacted n;
	struct other o = other_begin(true, false);

	busy("has the ledger open");
	other_end(&o);
	o = other_begin(true, true);
	busy("northside");
	other_end(&o);
	/* A program that knows of no lock but the source's. */
	o = other_begin(false, true);
	busy("northside");
	other_end(&o);
	rig_reopen();
	cr_expect_eq(ledger_compact(l, &n, &e), 0, "%s", e.msg);
}

Test(compact, nobody_opens_the_ledger_meanwhile)
{
	struct compacted n;
	struct ledger *other;

	cr_assert_eq(ledger_compact(l, &n, &e), 0, "%s", e.msg);
	/* Not even when it is done: what is open here is the file that was. */
	for (int create = 0; create < 2; create++) {
		e = (struct err){.code = ERR_NONE};
		other = ledger_open(rig_dir, NULL, create, &e);
		cr_expect_null(other);
		cr_expect_eq(e.code, ERR_BUSY);
		cr_expect_not_null(strstr(e.msg, "compacted"), "%s", e.msg);
	}
	rig_reopen();
}

/* It died in the midst of its work: the old ledger is there, and the next run tidies up. */
Test(compact, what_a_killed_one_has_left_is_swept_away)
{
	struct compacted n;

	rig_write(TEMP, "half a ledger", 13);
	reopen_to_read();
	cr_expect(there(TEMP), "what only reads changes nothing");
	rig_reopen();
	cr_expect_not(there(TEMP));
	rig_write(TEMP, "half a ledger", 13);
	cr_assert_eq(ledger_compact(l, &n, &e), 0, "%s", e.msg);
	cr_expect_not(there(TEMP));
	rig_reopen();
	cr_assert_eq(symlink("/tmp/elsewhere", rig_path(TEMP)), 0);
	cr_assert_eq(ledger_compact(l, &n, &e), 0, "%s", e.msg);
	cr_expect_neq(access("/tmp/elsewhere", F_OK), 0);
}

Test(compact, a_ledger_that_is_locked_by_the_dead_is_free)
{
	struct compacted n;
	pid_t pid;
	int status;

	ledger_close(l);
	l = NULL;
	if ((pid = fork()) == 0) {
		struct ledger *own = ledger_open(rig_dir, NULL, true, &e);
		int lock;

		if (own != NULL)
			ledger_lock(own, "northside", &lock, &e);
		kill(getpid(), SIGKILL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	rig_reopen();
	cr_assert_eq(ledger_compact(l, &n, &e), 0, "%s", e.msg);
}

/* What can't be copied stays as it is. */
Test(compact, no_room)
{
	struct compacted n;

	cr_assert_eq(mkdir(rig_path(TEMP), 0700), 0);
	e = (struct err){.code = ERR_NONE};
	cr_expect_eq(ledger_compact(l, &n, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER, "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, TEMP), "%s", e.msg);
	rmdir(rig_path(TEMP));
	rig_reopen();
}
