/*
 * Connections that break and servers that are odd.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/lib/drop.h"

/* ---- what breaks ---- */

/* Opens a 20 MB file and reads its first piece, so that a lot is under way. */
static struct poller *
begin_read(struct drop *d, uint64_t *offset)
{
	struct poller *p;
	struct drop_file f;
	struct err e = {0};

	drop_put(d, "x.csv", 20 << 20);
	p = drop_open(d);
	f = drop_stat(d, p, "x.csv");
	*offset = 0;
	cr_assert_eq(poller_read_open(p, poller_path(p, f.name), &f, &e), 0, "%s", e.msg);
	cr_assert_eq(drop_read(p, offset, &e), 1, "%s", e.msg);
	return p;
}

Test(poller_broken, resumes)
{
	static const char *const cuts[] = {"sshd_signal KILL sftp-server",
	    "sshd_signal KILL session", "sshd_signal TERM sftp-server"};
	struct drop d;

	drop_start_sshd(&d, "SSHD_SUBSYSTEM=/usr/lib/openssh/sftp-server;");
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		uint64_t offset;
		struct err e = {0};
		struct poller *p = begin_read(&d, &offset);

		for (int n = 0; n < 3; n++) {
			shell_must(&d.shell, cuts[i], NULL);
			cr_assert_eq(
			    drop_read(p, &offset, &e), 1, "%s: %s", cuts[i], e.msg);
		}
		cr_expect_eq(drop_read_all(p, &offset, &e), 0, "%s: %s", cuts[i], e.msg);
		cr_expect_eq(offset, 20 << 20, "%s", cuts[i]);
		poller_close(p);
	}
	drop_end(&d);
}

/* Every other operation too goes on after its connection was cut. */
Test(poller_broken, reconnects)
{
	struct drop d;
	struct poller *p;
	struct drop_list l;
	struct drop_file f;
	struct err e = {0};
	char path[512];

	drop_start_sshd(&d, "");
	drop_put(&d, "a.csv", 100);
	p = drop_open(&d);
	shell_must(&d.shell, "sshd_signal KILL session", NULL);
	cr_expect_eq(poller_list(p, &l, &e), 0, "%s", e.msg);
	cr_expect_eq(l.n, 1);
	drop_list_release(&l);
	shell_must(&d.shell, "sshd_signal KILL session", NULL);
	f = drop_stat(&d, p, "a.csv");
	shell_must(&d.shell, "sshd_signal KILL session", NULL);
	cr_expect_eq(poller_read_open(p, poller_path(p, f.name), &f, &e), 0, "%s", e.msg);
	poller_read_close(p);
	shell_must(&d.shell, "sshd_signal KILL session", NULL);
	cr_expect_eq(poller_rename(p, "a.csv", drop_at(&d, "done/a.csv", path), &e), 0,
	    "%s", e.msg);
	shell_must(&d.shell, "sshd_signal KILL session", NULL);
	cr_expect_eq(poller_remove(p, path, &e), 0, "%s", e.msg);
	poller_close(p);
	drop_end(&d);
}

static const struct {
	const char *shell;
	enum err_code code;
} while_cut[] = {
    {"printf x >>\"$SSHD_DROP/x.csv\"", ERR_CHANGED},
    {"touch -d 2001-01-01 \"$SSHD_DROP/x.csv\"", ERR_CHANGED},
    {"rm \"$SSHD_DROP/x.csv\"", ERR_GONE},
    {"ssh-keygen -q -t ed25519 -N '' -f \"$1/new\"; echo \"[127.0.0.1]:$SSHD_PORT "
     "$(cut -d' ' -f1,2 \"$1/new.pub\")\" >\"$SSHD_KNOWN_HOSTS\"",
	ERR_PEER},
};

/* The connection is cut, and something has happened by the time there is a new one. */
Test(poller_broken, changed_while_cut)
{
	struct drop d;

	drop_start_sshd(&d, "");
	for (size_t i = 0; i < sizeof(while_cut) / sizeof(while_cut[0]); i++) {
		uint64_t offset;
		struct err e = {0};
		struct poller *p = begin_read(&d, &offset);

		shell_must(&d.shell, "sshd_signal KILL session", NULL);
		shell_must(&d.shell, while_cut[i].shell, NULL);
		cr_expect_eq(drop_read_all(p, &offset, &e), -1);
		cr_expect_eq(e.code, while_cut[i].code, "%zu: %s", i, e.msg);
		poller_close(p);
	}
	drop_end(&d);
}

/*
 * TCP stands and nobody answers any more: an error within the tries that there are,
 * each of one time-out, and closing costs nothing more.
 */
Test(poller_broken, frozen)
{
	uint64_t offset;
	struct err e = {0};
	int64_t start;
	struct drop d;
	struct poller *p;

	drop_start_sshd(&d, "SSHD_SUBSYSTEM=/usr/lib/openssh/sftp-server;");
	p = begin_read(&d, &offset);
	d.sc.timeout = 200;
	shell_must(&d.shell, "sshd_signal STOP sftp-server; kill -STOP $SSHD_PID", NULL);
	start = clock_mono(&clock_system);
	cr_expect_eq(drop_read_all(p, &offset, &e), -1);
	cr_expect_eq(e.code, ERR_IO);
	cr_expect_not(poller_read_denied(p), "no fault of the file's");
	HAS(e.msg, "no answer within 0.2 s");
	cr_expect_lt(clock_mono(&clock_system) - start, 7 * 200 + 1500);
	d.sc.timeout = 30000;
	start = clock_mono(&clock_system);
	poller_close(p);
	cr_expect_lt(clock_mono(&clock_system) - start, 10000, "closing waits no more");
	drop_end(&d);
}

/* The subsystem is frozen, but a new connection works: that is a time-out, and help. */
Test(poller_broken, frozen_once)
{
	uint64_t offset;
	struct err e = {0};
	struct drop d;
	struct poller *p;

	drop_start_sshd(&d, "SSHD_SUBSYSTEM=/usr/lib/openssh/sftp-server;");
	p = begin_read(&d, &offset);
	d.sc.timeout = 3000; /* which a busy machine has to log in */
	shell_must(&d.shell, "sshd_signal STOP sftp-server", NULL);
	cr_expect_eq(drop_read_all(p, &offset, &e), 0, "%s", e.msg);
	cr_expect_eq(offset, 20 << 20);
	poller_close(p);
	drop_end(&d);
}

Test(poller_broken, server_stopped)
{
	uint64_t offset;
	struct err e = {0};
	struct drop_file f;
	struct drop d;
	struct poller *p;

	drop_start_sshd(&d, "");
	p = begin_read(&d, &offset);
	shell_must(&d.shell, "server_stop $SSHD_PID", NULL);
	cr_expect_eq(drop_read_all(p, &offset, &e), -1);
	cr_expect_eq(e.code, ERR_IO);
	HAS(e.msg, "cannot connect: Connection refused");
	cr_expect_eq(poller_stat(p, "/x", &f, &e), -1, "and it stays an error");
	poller_close(p);
	e = drop_refused(&d);
	cr_expect_eq(e.code, ERR_IO);
	HAS(e.msg, "cannot connect: Connection refused");
	drop_end(&d);
}

/* A socket of ours that listens; its port goes into the URL. */
static int
listen_silently(struct drop *d, int backlog)
{
	struct sockaddr_in sa = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, len), 0);
	cr_assert_eq(listen(fd, backlog), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	snprintf(d->url, sizeof(d->url), "sftp://u@127.0.0.1:%d/in", ntohs(sa.sin_port));
	return fd;
}

/* Connects until the kernel lets nobody in any more: the next one's SYN is dropped. */
static void
fill_backlog(int listener, int fds[8])
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	cr_assert_eq(getsockname(listener, (struct sockaddr *)&sa, &len), 0);
	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fds[i], (struct sockaddr *)&sa, len);
	}
}

Test(poller_broken, black_hole)
{
	static const struct {
		int backlog;
		long long timeout, deadline;
		enum err_code code;
		const char *message;
	} cases[] = {
	    {8, 200, 60000, ERR_IO, "no answer within 0.2 s"},
	    {0, 200, 60000, ERR_IO, "no answer within 0.2 s"},
	    {8, 60000, 200, ERR_DEADLINE, "time is over"},
	    {0, 60000, 200, ERR_DEADLINE, "time is over"},
	    {8, 60000, -1, ERR_DEADLINE, "time is over"},
	};
	struct drop d;

	drop_start_file(&d);
	snprintf(d.known_hosts, sizeof(d.known_hosts), "%s/known_hosts", d.shell.dir);
	shell_must(&d.shell,
	    "umask 022; ssh-keygen -q -t ed25519 -N '' -f \"$1/k\"; "
	    "echo \"[127.0.0.1]:* $(cat \"$1/k.pub\")\" >\"$1/known_hosts\"",
	    NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t start = clock_mono(&clock_system);
		int fd = listen_silently(&d, cases[i].backlog), fds[8] = {0};
		struct err e;

		if (cases[i].backlog == 0)
			fill_backlog(fd, fds);
		d.sc.timeout = cases[i].timeout;
		d.env.deadline = start + cases[i].deadline;
		e = drop_refused(&d);
		cr_expect_eq(e.code, cases[i].code, "%zu: %s", i, e.msg);
		HAS(e.msg, cases[i].message);
		cr_expect_lt(clock_mono(&clock_system) - start, 1200, "case %zu", i);
		for (size_t j = 0; j < 8; j++)
			if (fds[j])
				close(fds[j]);
		close(fd);
	}
	drop_end(&d);
}

/* ---- odd servers ---- */

static void
start_odd(struct drop *d, const char *mode)
{
	char line[512], port[SHELL_LINE];

	drop_start_file(d);
	snprintf(d->known_hosts, sizeof(d->known_hosts), "%s/known_hosts", d->shell.dir);
	snprintf(d->key, sizeof(d->key), "%s/client", d->shell.dir);
	snprintf(line, sizeof(line),
	    "ssh-keygen -q -t ed25519 -N '' -f \"$1/client\"; mkfifo \"$1/odd\" \"$1/hold\"; "
	    "/usr/bin/python3 tests/lib/odd_sftpd.py \"$1/drop\" %s <>\"$1/hold\" >\"$1/odd\" & "
	    "SERVER_PIDS+=($!); read -r port key <\"$1/odd\"; umask 022; "
	    "echo \"$key\" >\"$1/known_hosts\"; echo $port",
	    mode);
	shell_must(&d->shell, line, port);
	cr_assert(port[0], "python3-paramiko is needed for this test");
	snprintf(d->url, sizeof(d->url), "sftp://drop@127.0.0.1:%ld%s",
	    strtol(port, NULL, 10), d->folder);
	drop_source(d);
}

Test(poller_odd, short_reads)
{
	struct drop d;
	uint64_t offset;
	struct err e = {0};
	struct poller *p;

	start_odd(&d, "short");
	/* libssh2 1.10 forgets to free the answer that it does not understand */
	LEAK_BEGIN();
	p = begin_read(&d, &offset);
	cr_expect_eq(drop_read_all(p, &offset, &e), 0, "%s", e.msg);
	LEAK_END();
	cr_expect_eq(offset, 20 << 20);
	poller_close(p);
	drop_end(&d);
}

/* So short that libssh2 asks behind its end as well, and hears of that instead. */
Test(poller_odd, short_small)
{
	struct drop d;
	uint64_t offset = 0;
	struct err e = {0};
	struct drop_file f;
	struct poller *p;

	start_odd(&d, "short");
	drop_put(&d, "x.csv", 12000);
	p = drop_open(&d);
	f = drop_stat(&d, p, "x.csv");
	cr_assert_eq(poller_read_open(p, poller_path(p, f.name), &f, &e), 0, "%s", e.msg);
	cr_expect_eq(drop_read_all(p, &offset, &e), 0, "%s", e.msg);
	cr_expect_eq(offset, 12000);
	poller_close(p);
	drop_end(&d);
}

/* The service ends in the middle of an answer, and the connection stands. */
Test(poller_odd, torn)
{
	struct drop d;
	uint64_t offset;
	struct err e = {0};
	struct poller *p;

	start_odd(&d, "torn");
	p = begin_read(&d, &offset);
	cr_expect_eq(drop_read_all(p, &offset, &e), 0, "%s", e.msg);
	cr_expect_eq(offset, 20 << 20);
	poller_close(p);
	drop_end(&d);
}

/* The same before there is a service: no more than the time-out can tell. */
Test(poller_odd, stub)
{
	static const struct {
		long long timeout, deadline;
		enum err_code code;
		const char *message;
	} cases[] = {
	    {1000, 60000, ERR_IO, "no answer within 1 s"},
	    {60000, 1000, ERR_DEADLINE, "time is over"},
	};
	struct drop d;

	start_odd(&d, "stub");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e;

		d.sc.timeout = cases[i].timeout;
		d.env.deadline = clock_mono(&clock_system) + cases[i].deadline;
		e = drop_refused(&d);
		cr_expect_eq(e.code, cases[i].code, "%zu: %s", i, e.msg);
		HAS(e.msg, cases[i].message);
	}
	drop_end(&d);
}

/* One that was written may not be there for good: that is told. */
Test(poller_odd, unclosed)
{
	struct drop d;
	char path[512];
	struct err e = {0};
	struct poller *p;

	start_odd(&d, "unclosed");
	p = drop_open(&d);
	cr_assert_eq(poller_put_begin(p, drop_at(&d, "x.txt", path), &e), 0, "%s", e.msg);
	cr_assert_eq(poller_put(p, SPAN_LIT("x"), &e), 0, "%s", e.msg);
	d.sc.timeout = 1000;
	cr_expect_eq(poller_put_end(p, &e), -1);
	cr_expect_eq(e.code, ERR_IO);
	HAS(e.msg, "no answer within 1 s");
	poller_close(p);
	drop_end(&d);
}

Test(poller_odd, names)
{
	struct drop_list l;
	struct err e = {0};
	struct poller *p;
	struct drop d;

	start_odd(&d, "names");
	drop_put(&d, "good.csv", 1);
	p = drop_open(&d);
	cr_assert_eq(poller_list(p, &l, &e), 0, "%s", e.msg);
	cr_assert_eq(l.n, 1);
	cr_expect_str_eq(l.v[0].name, "good.csv");
	cr_expect_eq(
	    l.skipped, 6, "all but \"..\", which every folder has: %zu", l.skipped);
	drop_list_release(&l);
	poller_close(p);
	drop_end(&d);
}

Test(poller_odd, attributes)
{
	struct drop_list l;
	struct err e = {0};
	struct poller *p;
	struct drop d;

	start_odd(&d, "typeless");
	drop_put(&d, "good.csv", 1);
	p = drop_open(&d);
	cr_assert_eq(poller_list(p, &l, &e), 0, "%s", e.msg);
	cr_expect_eq(l.n, 1, "permissions without a type");
	drop_list_release(&l);
	poller_close(p);
	drop_end(&d);

	start_odd(&d, "bare");
	drop_put(&d, "good.csv", 1);
	p = drop_open(&d);
	cr_expect_eq(poller_list(p, &l, &e), -1);
	HAS(e.msg, "without size and time");
	poller_close(p);
	drop_end(&d);
}

Test(poller_odd, interactive)
{
	char password[128];
	struct drop d;

	start_odd(&d, "interactive");
	shell_must(&d.shell,
	    "umask 077; echo drop-password >\"$1/right\"; echo wrong >\"$1/wrong\"",
	    NULL);
	expect_login(&d, "a key does not help", ERR_PERM, "offers keyboard-interactive");
	snprintf(password, sizeof(password), "%s/right", d.shell.dir);
	d.sc.password_file.where = password;
	expect_login(&d, "right", ERR_NONE, NULL);
	snprintf(password, sizeof(password), "%s/wrong", d.shell.dir);
	expect_login(&d, "wrong", ERR_LOGIN, "tried keyboard-interactive");
	drop_end(&d);
}
