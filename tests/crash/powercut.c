/*
 * Cuts the power of a run that was traced, at each of its syncs, and looks at what each
 * cut may leave on the disk.
 *
 *   powercut calls                          what strace must be asked for (trace.h)
 *   powercut check ROOT START TRACE SCRATCH SEED COUNT
 *   powercut cut ROOT START TRACE OUT SEED  one state after a cut at the trace's end
 *
 * ROOT is the folder that the run worked in, its state folder being ROOT/state; START a
 * copy of it as it was before; SCRATCH and OUT are made anew.
 *
 * check: the ledger must hold exactly what it held after the last commit that had
 * returned before the cut, or the one that the cut came into; and where its marker was
 * not yet sure, a first run must be able to begin.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/crash/disk.h"
#include "tests/crash/ledger_check.h"
#include "tests/crash/strace.h"

#define MARKER     "state/ledger.id"
#define LEDGER     "state/ledger.mdb"
#define PAGE       4096
#define META_END   ((size_t)2 * PAGE)
#define TOLD_MAX   5 /* bad states that are described */
#define TOLD_BYTES 300

struct promise {
	bool known; /* not before there is a marker */
	struct content content;
};

/* What a state turned out to be. */
enum finding {
	PROMISED,
	AFRESH, /* no marker: a first run began */
	OTHER,  /* readable, but not what was promised: something is lost */
	UNREADABLE,
	FINDINGS
};

struct checking {
	const struct trace *trace;
	const char *start, *scratch;
	uint64_t random;
	struct promise *promises; /* by how many commits had returned */
	size_t points, systematic;
	size_t stride, dice; /* each so manieth systematic state; random ones a point */
	size_t number, commits; /* of the systematic state, and commits, so far */
	unsigned long found[FINDINGS];
	bool early;   /* the API was asked before the ledger was sure */
	pid_t reader; /* the child, or 0 */
	int to_reader, from_reader;
};

/* splitmix64 */
static uint64_t
draw(uint64_t *random)
{
	uint64_t z = (*random += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* ---- which changes arrived ---- */

/* None, all, all but one, only one: 2n + 2 of them. */
static void
take_systematic(bool *taken, size_t n, size_t which)
{
	bool most = which < 2 ? which == 1 : which - 2 < n;

	for (size_t i = 0; i < n; i++)
		taken[i] = most;
	if (which >= 2)
		taken[(which - 2) % n] = !most;
}

/* Each with the same chance, of 1/8 to 7/8. */
static void
take_random(bool *taken, size_t n, uint64_t *random)
{
	uint64_t chance = 1 + draw(random) % 7;

	for (size_t i = 0; i < n; i++)
		taken[i] = draw(random) % 8 < chance;
}

/* ---- one state ---- */

/* What a child says, which reads one state after the other, and may die of one. */
struct answer {
	int rc;
	struct content content;
	char why[TOLD_BYTES];
};

static void
serve(const char *dir, int from, int to)
{
	struct answer a;
	bool create;

	while (read(from, &create, sizeof(create)) == (ssize_t)sizeof(create)) {
		struct err e = {.code = ERR_NONE};

		memset(&a, 0, sizeof(a));
		a.rc = ledger_check(dir, create, &a.content, &e);
		snprintf(a.why, sizeof(a.why), "%.*s", (int)sizeof(a.why) - 1, e.msg);
		if (write(to, &a, sizeof(a)) != (ssize_t)sizeof(a))
			break;
	}
	_exit(0);
}

static void
reader_start(struct checking *x)
{
	char dir[PATH_SIZE];
	int to[2], from[2];

	snprintf(dir, sizeof(dir), "%s/state", x->scratch);
	fflush(NULL);
	if (pipe(to) != 0 || pipe(from) != 0 || (x->reader = fork()) < 0)
		die("no process can be made");
	if (x->reader == 0) {
		close(to[1]);
		close(from[0]);
		serve(dir, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	x->to_reader = to[1];
	x->from_reader = from[0];
}

/* How it ended, as waitpid tells. */
static int
reader_end(struct checking *x)
{
	int status = 0;

	if (x->reader == 0)
		return 0;
	close(x->to_reader);
	close(x->from_reader);
	waitpid(x->reader, &status, 0);
	x->reader = 0;
	return status;
}

/* ledger_check in a process of its own: 0 or -1 with a->why. */
static int
ask(struct checking *x, bool create, struct answer *a)
{
	int status;

	if (x->reader == 0)
		reader_start(x);
	if (write(x->to_reader, &create, sizeof(create)) == (ssize_t)sizeof(create) &&
	    read(x->from_reader, a, sizeof(*a)) == (ssize_t)sizeof(*a))
		return a->rc;
	status = reader_end(x);
	snprintf(a->why, sizeof(a->why), "reading it ended with signal %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return -1;
}

static bool
there(const struct checking *x, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", x->scratch, name);
	return access(path, F_OK) == 0;
}

static bool
is_promised(const struct checking *x, size_t commits, const struct content *c)
{
	const struct promise *p = &x->promises[commits];

	return p->known && memcmp(c->sha256, p->content.sha256, SHA256_SIZE) == 0;
}

/* The commit writes a meta page, and nothing else does but making the file. */
static bool
is_commit(const struct event *ev)
{
	return ev->kind == EVENT_WRITE && strcmp(ev->path, LEDGER) == 0 && ev->n < PAGE &&
	       ev->offset + ev->n <= META_END;
}

/* Looks at the state in x->scratch; `now` was being done when the power went. */
static enum finding
judge(struct checking *x, bool marked, const struct event *now, struct answer *a)
{
	if (ask(x, false, a) == 0) {
		if (is_promised(x, x->commits, &a->content) ||
		    (is_commit(now) && is_promised(x, x->commits + 1, &a->content)))
			return PROMISED;
		snprintf(a->why, sizeof(a->why),
		    "it is not what it held after %zu commits", x->commits);
		return OTHER;
	}
	if (marked || there(x, MARKER))
		return UNREADABLE;
	return ask(x, true, a) == 0 ? AFRESH : UNREADABLE;
}

static void
tell(const struct event *now, const bool *taken, size_t n, const char *why)
{
	printf("line %zu of the trace, arrived of the pending changes: ", now->line);
	for (size_t i = 0; i < n; i++)
		putchar(taken[i] ? '1' : '0');
	printf("\n  %s\n", why);
}

static void
try_state(struct checking *x, const struct disk *d, const struct event *now, bool *taken)
{
	unsigned long bad = x->found[OTHER] + x->found[UNREADABLE];
	struct answer a;
	enum finding f;

	disk_write(d, taken, x->scratch);
	f = judge(x, disk_sure(d, MARKER), now, &a);
	x->found[f]++;
	if (f >= OTHER && bad < TOLD_MAX)
		tell(now, taken, disk_pending(d), a.why);
}

/* ---- all states of a trace ---- */

/* Between two of these nothing that was pending becomes sure, and no promise is made. */
static bool
is_point(const struct checking *x, const struct event *ev)
{
	return ev->kind == EVENT_SYNC || (ev->kind == EVENT_WRITE && ev->durable) ||
	       is_commit(ev) || ev == &x->trace->v[x->trace->n - 1];
}

static size_t
systematic(const struct disk *d)
{
	return 2 + 2 * disk_pending(d);
}

/* What the ledger holds once all that was asked for has arrived. */
static void
promise(struct checking *x, const struct disk *d)
{
	size_t n = disk_pending(d);
	bool *all = or_die(malloc(n + 1));
	struct answer a;

	memset(all, true, n);
	disk_write(d, all, x->scratch);
	free(all);
	if (!there(x, MARKER))
		return;
	if (ask(x, false, &a) != 0)
		die("after %zu commits, and no cut, the ledger cannot be read: %s",
		    x->commits, a.why);
	x->promises[x->commits] = (struct promise){true, a.content};
}

static void
learn(struct checking *x)
{
	struct disk *d = disk_load(x->start);

	x->promises = or_die(calloc(x->trace->n + 2, sizeof(*x->promises)));
	promise(x, d);
	for (size_t i = 0; i < x->trace->n; i++) {
		const struct event *ev = &x->trace->v[i];

		disk_begin(d, ev);
		if (is_point(x, ev)) {
			x->points++;
			x->systematic += systematic(d);
		}
		disk_finish(d, ev);
		x->commits += is_commit(ev);
		if (is_commit(ev) || (ev->to != NULL && strcmp(ev->to, MARKER) == 0))
			promise(x, d);
		if (ev->kind == EVENT_CONNECT && !disk_sure(d, MARKER))
			x->early = true;
	}
	disk_free(d);
}

static void
cut_at(struct checking *x, const struct disk *d, const struct event *now)
{
	size_t n = disk_pending(d);
	bool *taken = or_die(malloc(n + 1));

	for (size_t i = 0; i < systematic(d); i++)
		if (x->number++ % x->stride == 0) {
			take_systematic(taken, n, i);
			try_state(x, d, now, taken);
		}
	for (size_t i = 0; i < x->dice; i++) {
		take_random(taken, n, &x->random);
		try_state(x, d, now, taken);
	}
	free(taken);
}

static void
cut_everywhere(struct checking *x)
{
	struct disk *d = disk_load(x->start);

	x->commits = 0;
	for (size_t i = 0; i < x->trace->n; i++) {
		const struct event *ev = &x->trace->v[i];

		disk_begin(d, ev);
		if (is_point(x, ev))
			cut_at(x, d, ev);
		disk_finish(d, ev);
		x->commits += is_commit(ev);
	}
	disk_free(d);
}

/* Half of the states, or all if they are fewer, are systematic. */
static int
check(struct checking *x, size_t count)
{
	unsigned long states = 0;

	learn(x);
	x->stride = 1 + 2 * x->systematic / (count + 1);
	x->dice = 1;
	if (count > x->systematic / x->stride)
		x->dice += (count - x->systematic / x->stride) / x->points;
	x->number = (size_t)(draw(&x->random) % x->stride);
	cut_everywhere(x);
	reader_end(x);
	for (int i = 0; i < FINDINGS; i++)
		states += x->found[i];
	printf(
	    "cuts %zu, commits %zu, states %lu: as promised %lu, as before a first run %lu, "
	    "lost %lu, unreadable %lu\n",
	    x->points, x->commits, states, x->found[PROMISED], x->found[AFRESH],
	    x->found[OTHER], x->found[UNREADABLE]);
	if (x->early)
		printf("the API was asked before the ledger was sure to be there\n");
	free(x->promises);
	return x->found[OTHER] + x->found[UNREADABLE] > 0 || x->early;
}

static int
cut(const struct trace *t, const char *start, const char *out, uint64_t seed)
{
	struct disk *d = disk_load(start);
	bool *taken;
	size_t n;

	for (size_t i = 0; i < t->n; i++) {
		disk_begin(d, &t->v[i]);
		disk_finish(d, &t->v[i]);
	}
	n = disk_pending(d);
	taken = or_die(malloc(n + 1));
	if (seed < 2)
		take_systematic(taken, n, (size_t)seed);
	else if (n > 0 && draw(&seed) % 2 == 0)
		take_systematic(taken, n, (size_t)(draw(&seed) % systematic(d)));
	else
		take_random(taken, n, &seed);
	disk_write(d, taken, out);
	free(taken);
	disk_free(d);
	return 0;
}

int
main(int argc, char **argv)
{
	struct trace *t = NULL;
	struct err e;
	int rc = 64;

	signal(SIGPIPE, SIG_IGN); /* the reader may be gone */
	if (crypto_init(&e) != 0)
		die("%s", e.msg);
	if (argc > 4)
		t = trace_read(argv[4], argv[2]);
	if (argc == 2 && strcmp(argv[1], "calls") == 0) {
		trace_calls(stdout);
		rc = 0;
	} else if (argc == 8 && strcmp(argv[1], "check") == 0 && t->n > 0) {
		struct checking x = {.trace = t, .start = argv[3], .scratch = argv[5]};

		x.random = strtoull(argv[6], NULL, 10);
		rc = check(&x, strtoul(argv[7], NULL, 10));
	} else if (argc == 7 && strcmp(argv[1], "cut") == 0) {
		rc = cut(t, argv[3], argv[5], strtoull(argv[6], NULL, 10));
	} else {
		fputs("usage: powercut calls\n"
		      "       powercut check ROOT START TRACE SCRATCH SEED COUNT\n"
		      "       powercut cut ROOT START TRACE OUT SEED\n",
		    stderr);
	}
	trace_free(t);
	return rc;
}
