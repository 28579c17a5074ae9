/*
 * Small files that are fetched together: over several channels of a real OpenSSH, and
 * over such as a server refuses, ends and breaks.
 */
#include "pollers/links.h"
#include "tests/lib/drop.h"

#define FILES 26

/*
 * Around what libssh2 asks for at once, and one that is too large to come with others.
 * The rest are of a usual size.
 */
static const size_t sizes[] = {
    10240, 0, 1, 8191, 8192, 29999, 30000, 30001, 120000, 512 << 10, (512 << 10) + 1};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
#define USUAL 10240

struct together {
	struct drop d;
	struct drop_list list;
	const struct drop_file *next[FILES];
	struct poller *p;
};

/* Lists what drop_start_sshd's drop was filled with, and says that all of it comes. */
static void
expect_all(struct together *t)
{
	struct err e = {0};

	t->p = drop_open(&t->d);
	cr_assert_eq(poller_list(t->p, &t->list, &e), 0, "%s", e.msg);
	cr_assert_leq(t->list.n, FILES);
	for (size_t i = 0; i < t->list.n; i++)
		t->next[i] = &t->list.v[i];
	poller_expect(t->p, t->next, t->list.n);
}

static void
put_all(struct together *t)
{
	char name[32];

	for (size_t i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%03zu.csv", i);
		drop_put(&t->d, name, i < SIZES ? sizes[i] : USUAL);
	}
}

static void
fill(struct together *t, const char *settings)
{
	*t = (struct together){.p = NULL};
	drop_start_sshd(&t->d, settings);
	put_all(t);
}

/* Puts a bad network before the server, as tests/lib/proxy.c knows them. */
static void
go_through(struct together *t, const char *network)
{
	char self[512], line[1024], port[SHELL_LINE], was[sizeof(t->d.url)];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int length;

	cr_assert_gt(n, 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(line, sizeof(line),
	    "rm -f \"$1/port\"; '%s/proxy' \"$1/port\" 0 $SSHD_PORT %s >/dev/null & "
	    "SERVER_PIDS+=($!); until [ -s \"$1/port\" ]; do read -r -t 0.02 <> <(:); done; "
	    "sed -i \"s/]:[0-9]*/]:$(cat \"$1/port\")/\" \"$SSHD_KNOWN_HOSTS\"; cat \"$1/port\"",
	    self, network);
	shell_must(&t->d.shell, line, port);
	memcpy(was, t->d.url, sizeof(was));
	*strrchr(was, ':') = '\0';
	length = snprintf(t->d.url, sizeof(t->d.url), "%s:%ld%s", was,
	    strtol(port, NULL, 10), t->d.folder);
	cr_assert_lt((size_t)length, sizeof(t->d.url));
}

/* Without the files that are long under way. */
static void
only_small(struct together *t)
{
	shell_must(
	    &t->d.shell, "rm \"$SSHD_DROP\"/f00[89].csv \"$SSHD_DROP/f010.csv\"", NULL);
}

/* Some way off, so that there is time for more channels to come up. */
static void
move_away(struct together *t)
{
	only_small(t);
	go_through(t, "delay up 5");
}

static void
end(struct together *t)
{
	poller_close(t->p);
	drop_list_release(&t->list);
}

/* All of the file, which must be as listed; the error's code. */
static enum err_code
take(struct together *t, size_t i, struct err *e)
{
	const struct drop_file *f = t->next[i];
	uint64_t offset = 0;
	bool good;

	*e = (struct err){0};
	good = poller_read_open(t->p, poller_path(t->p, f->name), f, e) == 0 &&
	       drop_read_all(t->p, &offset, e) == 0 && poller_read_check(t->p, e) == 0;
	poller_read_close(t->p);
	if (!good)
		return e->code;
	cr_expect_eq(offset, f->size, "%s", f->name);
	return ERR_NONE;
}

static void
take_all(struct together *t, const char *what)
{
	struct err e;

	for (size_t i = 0; i < t->list.n; i++)
		cr_expect_eq(
		    take(t, i, &e), ERR_NONE, "%s: file %zu: %s", what, i, e.msg);
}

static long
count(struct together *t, const char *line)
{
	char out[SHELL_LINE];

	shell_run(&t->d.shell, line, out);
	return strtol(out, NULL, 10);
}

/*
 * What a server makes of the channels; $n tells a service which one of its connection's it
 * is. HELD: the first one stops in the middle of its work until there was a second one.
 */
#define HELD "[ $n != 1 ] || held; "

static const struct {
	const char *what;
	const char *service;
	long services, logins; /* at least, and at most */
	long long timeout;
} servers[] = {
    {"all is well", HELD "exec $real", 2, 1, 10000},
    {"the second service ends at once", HELD "[ $n = 2 ] || exec $real", 2, 2, 2000},
    {"the second ends in its first answer",
	HELD "[ $n = 2 ] || exec $real; exec $real > >(dd bs=1 count=5)", 2, 2, 2000},
    {"the second ends in an answer",
	HELD "[ $n = 2 ] || exec $real; exec $real > >(dd bs=1 count=5000)", 3, 2, 2000},
    {"the first does",
	"mkdir once 2>/dev/null || exec $real; exec $real > >(dd bs=1 count=45000)", 2, 2,
	2000},
    {"the connection breaks in the middle",
	HELD "[ $n = 2 ] || exec $real; "
	     "exec $real > >(dd bs=1 count=5000; kill -KILL $PPID)",
	3, 2, 10000},
};

/*
 * Another service in the place of the last one, which may be starting still for a
 * connection that is over. Each counts in a folder of its own, $N.
 */
static void
serve(struct together *t, const char *service)
{
	char line[2048];

	snprintf(line, sizeof(line),
	    "N=$(mktemp -d \"$1/n.XXXXXX\"); { echo '#!/bin/bash'; echo \"cd '$N'\"; echo '"
	    "n=1; while ! mkdir $PPID.$n 2>/dev/null; do n=$((n + 1)); done; "
	    "[ $n != 2 ] || : >second; real=/usr/lib/openssh/sftp-server; "
	    "held() { exec $real > >(dd bs=1 count=25000; "
	    "until [ -e second ]; do read -r -t 0.02 <> <(:); done; exec cat); }'; "
	    "echo '%s'; } >\"$1/new\"; chmod +x \"$1/new\"; mv \"$1/new\" \"$1/service\"",
	    service);
	shell_must(&t->d.shell, line, NULL);
}

/* All files come right, whatever the server does, and it was as the test wants it. */
static void
serves(struct together *t, const char *what, long services, long logins)
{
	long n;

	expect_all(t);
	take_all(t, what);
	end(t);
	n = count(t, "grep -c '^Accepted publickey' \"$SSHD_LOG\"");
	cr_expect(n > 0 && n <= logins, "%s: %ld logins", what, n);
	n = count(t, "ls -d \"$N\"/*.* | wc -l");
	cr_expect_geq(n, services, "%s: %ld services", what, n);
}

Test(poller_together, services)
{
	struct together t;

	fill(&t, "SSHD_SUBSYSTEM=\"$1/service\";");
	move_away(&t);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		shell_must(&t.d.shell, ": >\"$SSHD_LOG\"", NULL);
		serve(&t, servers[i].service);
		t.d.sc.timeout = servers[i].timeout;
		serves(&t, servers[i].what, servers[i].services, servers[i].logins);
	}
	drop_end(&t.d);
}

/* A server may give a connection fewer channels than we ask for, and even one alone. */
Test(poller_together, few_sessions)
{
	static const char *const settings[] = {
	    "SSHD_SUBSYSTEM=\"$1/service\"; SSHD_EXTRA='MaxSessions 1';",
	    "SSHD_SUBSYSTEM=\"$1/service\"; SSHD_EXTRA='MaxSessions 3';"};
	struct together t;
	long n;

	for (size_t i = 0; i < 2; i++) {
		fill(&t, settings[i]);
		serve(&t, i == 0 ? "exec $real" : HELD "exec $real");
		move_away(&t);
		serves(&t, settings[i], i == 0 ? 1 : 2, 1);
		n = count(&t, "grep -c 'no more sessions' \"$SSHD_LOG\"");
		cr_expect(n <= 1 && (n == 1 || i > 0), "it is asked %ld times", n);
		drop_end(&t.d);
	}
}

/* What happens to one of them is told in its turn, and costs no other anything. */
static const struct {
	const char *shell;
	enum err_code code;
} meanwhile[] = {
    {"rm \"$SSHD_DROP/f003.csv\"", ERR_GONE},
    {"printf x >>\"$SSHD_DROP/f003.csv\"", ERR_CHANGED},
    {"truncate -s 20 \"$SSHD_DROP/f003.csv\"", ERR_CHANGED},
    {"touch -d 2001-01-01 \"$SSHD_DROP/f003.csv\"", ERR_CHANGED},
    {"rm \"$SSHD_DROP/f003.csv\"; mkdir \"$SSHD_DROP/f003.csv\"", ERR_IO},
};

Test(poller_together, one_of_them)
{
	struct together t;
	struct err e;

	fill(&t, "");
	for (size_t i = 0; i < sizeof(meanwhile) / sizeof(meanwhile[0]); i++) {
		expect_all(&t);
		shell_must(&t.d.shell, meanwhile[i].shell, NULL);
		for (size_t k = 0; k < 6; k++)
			cr_expect_eq(take(&t, k, &e),
			    k == 3 ? meanwhile[i].code : ERR_NONE, "%s: file %zu: %s",
			    meanwhile[i].shell, k, e.msg);
		end(&t);
		shell_must(&t.d.shell, "rm -rf \"$SSHD_DROP/f003.csv\"", NULL);
		drop_put(&t.d, "f003.csv", sizes[3]);
	}
	drop_end(&t.d);
}

/* What was whole when it was fetched counts, as if it were changed just after its turn. */
Test(poller_together, changed_behind)
{
	struct together t;
	struct err e;

	fill(&t, "");
	expect_all(&t);
	cr_expect_eq(take(&t, 0, &e), ERR_NONE, "%s", e.msg);
	shell_must(&t.d.shell,
	    "printf x >>\"$SSHD_DROP/f003.csv\"; rm \"$SSHD_DROP/f004.csv\"", NULL);
	cr_expect_eq(take(&t, 3, &e), ERR_NONE, "%s", e.msg);
	cr_expect_eq(take(&t, 3, &e), ERR_CHANGED, "read again it is another");
	cr_expect_eq(take(&t, 4, &e), ERR_NONE, "%s", e.msg);
	/* Those that are in memory outlive the connection; the next ones need a new one. */
	shell_must(&t.d.shell, "sshd_signal KILL session", NULL);
	for (size_t k = 5; k < FILES; k++)
		cr_expect_eq(take(&t, k, &e), ERR_NONE, "file %zu: %s", k, e.msg);
	end(&t);
	drop_end(&t.d);
}

/* Nobody answers: the deadline holds, and so does the step's time-out. */
Test(poller_together, frozen)
{
	struct together t;
	struct err e;
	int64_t began;

	fill(&t, "SSHD_SUBSYSTEM=/usr/lib/openssh/sftp-server;");
	expect_all(&t);
	shell_must(
	    &t.d.shell, "sshd_signal STOP sftp-server; kill -STOP $SSHD_PID", NULL);
	began = clock_mono(&clock_system);
	t.d.env.deadline = began + 400;
	cr_expect_eq(take(&t, 0, &e), ERR_DEADLINE, "%s", e.msg);
	cr_expect_lt(clock_mono(&clock_system) - began, 1500);
	end(&t);
	shell_must(
	    &t.d.shell, "kill -CONT $SSHD_PID; sshd_signal CONT sftp-server", NULL);

	t.d.env.deadline = clock_mono(&clock_system) + 60000;
	expect_all(&t);
	t.d.sc.timeout = 3000; /* which a busy machine has to log in */
	shell_must(&t.d.shell, "sshd_signal STOP sftp-server", NULL);
	cr_expect_eq(take(&t, 0, &e), ERR_NONE, "over a new connection: %s", e.msg);
	end(&t);
	drop_end(&t.d);
}

/* The channels stay with the connection, which outlives the feed that made them. */
Test(poller_together, next_feed)
{
	struct together t;
	struct err e = {0};
	long n;

	fill(&t, "SSHD_EXTRA='LogLevel VERBOSE';");
	move_away(&t);
	t.d.env.links = links_new(&e);
	for (int feed = 0; feed < 2; feed++) {
		expect_all(&t);
		take_all(&t, "a feed");
		end(&t);
	}
	cr_expect_eq(count(&t, "grep -c '^Accepted publickey' \"$SSHD_LOG\""), 1);
	n = count(&t, "grep -c '^Starting session: subsystem' \"$SSHD_LOG\"");
	cr_expect(n > 0 && n <= 8, "%ld channels", n);
	memset(&t.d.sc, 0xa5, sizeof(t.d.sc));
	links_free(t.d.env.links);
	drop_end(&t.d);
}

Test(poller_together, proftpd)
{
	struct together t = {.p = NULL};

	drop_start_proftpd(&t.d, "");
	put_all(&t);
	expect_all(&t);
	take_all(&t, "ProFTPD");
	end(&t);
	drop_end(&t.d);
}

/* Wherever the first connection ends, each file comes right, and once. */
Test(poller_together, cut_off)
{
	static const char *const kinds[] = {"reset", "cut"};
	struct together t;

	fill(&t, "");
	only_small(&t);
	for (int i = 0; i < 10; i++) {
		char network[64];

		snprintf(network, sizeof(network), "%s down %d 1", kinds[i % 2],
		    5000 + i * 22000);
		go_through(&t, network);
		expect_all(&t);
		take_all(&t, network);
		end(&t);
	}
	drop_end(&t.d);
}
