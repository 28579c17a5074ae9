/* A full map, little address space, and readers that died. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/ledger_rig.h"

#define MIB ((size_t)1 << 20)

TestSuite(store_limits, .init = rig_init, .fini = rig_release);

static const struct store_ops *ops = &store_lmdb;

static int
put(struct store *s, unsigned i)
{
	static char value[100000];
	char key[10];
	struct txn *t = ops->begin(s, true, &e);

	cr_assert_not_null(t, "%s", e.msg);
	snprintf(key, sizeof(key), "%u", i);
	if (ops->put(t, TABLE_RUNS, span_of(key), (struct span){value, sizeof(value)},
		&e) == 0)
		return ops->commit(t, &e);
	ops->abort(t);
	return -1;
}

static void
shut(void)
{
	ledger_close(l);
	l = NULL;
}

/* It is said why, nothing of what was committed is lost, and with room it goes on. */
Test(store_limits, a_full_map)
{
	struct store *s;
	unsigned n = 0;

	shut();
	s = store_lmdb_open(rig_dir, false, 8 * MIB, &e);
	cr_assert_not_null(s, "%s", e.msg);
	while (n < 1000 && put(s, n) == 0)
		n++;
	cr_expect(n > 50 && n < 100, "%u", n);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_not_null(strstr(e.msg, "full at 8 MiB"), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "ulimit -v"), "%s", e.msg);
	cr_expect_eq(put(s, 0), -1, "still");
	ops->close(s);
	s = ops->open(rig_dir, false, &e);
	cr_assert_not_null(s, "%s", e.msg);
	cr_expect_eq(put(s, n), 0, "%s", e.msg);
	ops->close(s);
	rig_reopen();
}

/* More than any machine has: half of it, and so on, until it is to be had. */
Test(store_limits, a_map_as_large_as_the_address_space_allows)
{
	struct store *s;

	shut();
	s = store_lmdb_open(rig_dir, false, SIZE_MAX / 2 + 1, &e);
	cr_assert_not_null(s, "%s", e.msg);
	cr_expect_eq(put(s, 1), 0, "%s", e.msg);
	ops->close(s);
}

/* In a process of its own: opens the ledger, begins to read if asked to, and waits. */
static pid_t
open_elsewhere(bool reads, int *go)
{
	int ready[2], wait[2];
	char c;
	pid_t pid;

	cr_assert(pipe(ready) == 0 && pipe(wait) == 0);
	if ((pid = fork()) == 0) {
		struct ledger *own = ledger_open(rig_dir, NULL, false, &e);

		close(wait[1]);
		if (own == NULL)
			_exit(1);
		if (reads && own->ops->begin(own->store, false, &e) == NULL)
			_exit(1);
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(read(wait[0], &c, 1) != 0);
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	close(wait[0]);
	*go = wait[1];
	return pid;
}

/* The size of the file once a value was written so often in the place of itself. */
static off_t
size_after(size_t writes)
{
	struct stat st;

	for (size_t i = 0; i < writes; i++)
		cr_assert_eq(put(l->store, 1), 0, "%s", e.msg);
	cr_assert_eq(stat(rig_path("ledger.mdb"), &st), 0);
	return st.st_size;
}

/*
 * A reader that was killed would keep all pages since then from being used again, as one
 * that lives does. Another process has the ledger open, so LMDB can't start its table of
 * readers anew.
 */
Test(store_limits, a_reader_that_died_keeps_no_pages)
{
	int go_idle, go_reader, status;
	pid_t idle, reader;
	off_t size;

	cr_expect_lt(size_after(100), 2 * (off_t)MIB);
	shut();
	idle = open_elsewhere(false, &go_idle);
	reader = open_elsewhere(true, &go_reader);
	rig_reopen();
	size = size_after(100);
	cr_expect_gt(size, 8 * (off_t)MIB, "one that lives does keep them");
	shut();
	kill(reader, SIGKILL);
	cr_assert_eq(waitpid(reader, &status, 0), reader);
	rig_reopen();
	cr_expect_eq(size_after(200), size);
	close(go_reader);
	close(go_idle);
	cr_assert_eq(waitpid(idle, &status, 0), idle);
	cr_expect_eq(status, 0);
}
