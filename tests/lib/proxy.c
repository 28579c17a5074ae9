/*
 * A TCP proxy that is a bad network: between a client and a server on this machine.
 *
 *   proxy PORT-FILE LISTEN-PORT SERVER-PORT [KIND [WAY AT [TIMES [LENGTH]]]]
 *
 * Its port goes to PORT-FILE once it listens; LISTEN-PORT 0 takes a free one. What is
 * done to each connection, or to the first TIMES of them (0: to all):
 *
 *   clean           nothing
 *   delay ms        each piece waits as long, in both directions
 *   rate bytes/s    no more than that, in each direction
 *   linger ms       the end of a direction is passed on so much later
 *   reset WAY AT    after AT bytes to WAY (up: to the server; down: to the client) both
 *                   sides are reset
 *   cut WAY AT      ... both sides see an end of file
 *   stall WAY AT    ... nothing goes that way any more, and nobody is told
 *   slice WAY AT    ... LENGTH bytes go one by one
 *
 * At its end each connection is a line "UP DOWN" on stdout: the bytes that went either
 * way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum kind { CLEAN, DELAY, RATE, LINGER, RESET, CUT, STALL, SLICE, KINDS };
enum way { UP, DOWN };

static const char *const kinds[KINDS] = {
    "clean", "delay", "rate", "linger", "reset", "cut", "stall", "slice"};

struct fault {
	enum kind kind;
	enum way way;
	uint64_t at; /* bytes, ms, or bytes a second */
	uint64_t length;
};

/* One direction. */
struct stream {
	int from, to;
	char bytes[16384];
	size_t n, sent;
	uint64_t total; /* that went through */
	int64_t due;    /* ms: not before that */
	bool ended, closed;
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct sockaddr_in
loopback(const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* Has the fault's place been reached in this direction? */
static bool
reached(const struct fault *f, const struct stream *s, enum way way)
{
	return f->kind >= RESET && f->way == way && s->total >= f->at;
}

/* How much may go on at once, so that the place is met to the byte. */
static size_t
piece(const struct fault *f, const struct stream *s, enum way way)
{
	size_t n = s->n - s->sent;

	if (f->kind < RESET || f->way != way)
		return n;
	if (s->total < f->at)
		return f->at - s->total < n ? (size_t)(f->at - s->total) : n;
	return f->kind == SLICE && s->total < f->at + f->length ? 1 : n;
}

static void
take(const struct fault *f, struct stream *s)
{
	ssize_t n = recv(s->from, s->bytes, sizeof(s->bytes), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->ended = n <= 0;
	s->n = n > 0 ? (size_t)n : 0;
	s->sent = 0;
	s->due = now_ms();
	if (f->kind == DELAY || (f->kind == LINGER && s->ended))
		s->due += (int64_t)f->at;
	else if (f->kind == RATE)
		s->due += (int64_t)(s->n * 1000 / f->at);
}

static void
give(const struct fault *f, struct stream *s, enum way way)
{
	ssize_t n = send(
	    s->to, s->bytes + s->sent, piece(f, s, way), MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		s->ended = s->closed = true;
		s->n = s->sent;
		shutdown(s->from, SHUT_RD);
		return;
	}
	s->sent += (size_t)n;
	s->total += (uint64_t)n;
}

/* Until one side is gone: what it still sends must be read, or it would be reset. */
static void
drain(int fd)
{
	char bytes[4096];

	shutdown(fd, SHUT_WR);
	fcntl(fd, F_SETFL, 0);
	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		;
}

static void
strike(const struct fault *f, const struct stream s[2])
{
	const struct linger none = {1, 0};

	for (int way = UP; way <= DOWN; way++) {
		if (f->kind == RESET)
			setsockopt(s[way].to, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
		else
			shutdown(s[way].to, SHUT_WR);
	}
	if (f->kind == CUT)
		for (int way = UP; way <= DOWN; way++)
			drain(s[way].to);
}

/* What to wait for in this direction; *wait is shortened to when it is due. */
static struct pollfd
awaited(const struct fault *f, const struct stream *s, enum way way, int *wait)
{
	struct pollfd p = {.fd = -1};
	int64_t left = s->due - now_ms();

	if (s->closed || (f->kind == STALL && reached(f, s, way)))
		return p;
	if (s->sent == s->n && !s->ended)
		return (struct pollfd){.fd = s->from, .events = POLLIN};
	if (left > 0) {
		if (*wait < 0 || left < *wait)
			*wait = (int)left;
		return p;
	}
	return (struct pollfd){.fd = s->to, .events = POLLOUT};
}

static void
advance(const struct fault *f, struct stream *s, enum way way, short events)
{
	if (events == 0)
		return;
	if (s->sent == s->n && !s->ended) {
		take(f, s);
	} else if (s->sent < s->n) {
		give(f, s, way);
	} else {
		shutdown(s->to, SHUT_WR);
		s->closed = true;
	}
}

/* Passes on, until both directions are over, or the fault ends it. */
static void
relay(const struct fault *f, struct stream s[2])
{
	while (!s[UP].closed || !s[DOWN].closed) {
		int wait = -1;
		struct pollfd p[2] = {
		    awaited(f, &s[UP], UP, &wait), awaited(f, &s[DOWN], DOWN, &wait)};

		if (poll(p, 2, wait) < 0 && errno != EINTR)
			die("poll");
		for (int way = UP; way <= DOWN; way++) {
			advance(f, &s[way], (enum way)way, p[way].revents);
			if ((f->kind == RESET || f->kind == CUT) &&
			    reached(f, &s[way], (enum way)way)) {
				strike(f, s);
				return;
			}
		}
	}
}

/* A connection, in a process of its own: what is told of it stays a single write. */
static void
serve(const struct fault *f, int client, const char *port)
{
	struct sockaddr_in to = loopback(port);
	int server = socket(AF_INET, SOCK_STREAM, 0), one = 1, n;
	struct stream s[2] = {[UP] = {.from = client, .to = server},
	    [DOWN] = {.from = server, .to = client}};
	char line[64];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (server < 0 || connect(server, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("the server");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(client, F_SETFL, O_NONBLOCK);
	fcntl(server, F_SETFL, O_NONBLOCK);
	relay(f, s);
	n = snprintf(line, sizeof(line), "%llu %llu\n", (unsigned long long)s[UP].total,
	    (unsigned long long)s[DOWN].total);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		die("stdout");
	exit(0);
}

static int
listen_at(const char *port, const char *port_file)
{
	struct sockaddr_in a = loopback(port);
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	FILE *f;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		die("listening");
	if ((f = fopen(port_file, "w")) == NULL)
		die(port_file);
	fprintf(f, "%d\n", ntohs(a.sin_port));
	fclose(f);
	return fd;
}

static enum kind
kind_of(const char *word)
{
	for (int k = CLEAN; k < KINDS; k++)
		if (strcmp(word, kinds[k]) == 0)
			return (enum kind)k;
	fprintf(stderr, "%s is no kind of fault\n", word);
	exit(64);
}

int
main(int argc, char **argv)
{
	const struct fault clean = {.kind = CLEAN};
	struct fault f = clean;
	unsigned long times = 0;
	int fd;

	if (argc < 4)
		return 64;
	if (argc > 4)
		f.kind = kind_of(argv[4]);
	if (argc > 5)
		f.way = strcmp(argv[5], "up") == 0 ? UP : DOWN;
	if (argc > 6)
		f.at = strtoull(argv[6], NULL, 10);
	if (argc > 7)
		times = strtoul(argv[7], NULL, 10);
	if (argc > 8)
		f.length = strtoull(argv[8], NULL, 10);
	signal(SIGCHLD, SIG_IGN);
	fd = listen_at(argv[2], argv[1]);
	for (unsigned long i = 0;; i++) {
		int client = accept(fd, NULL, NULL);
		pid_t child;

		if (client < 0)
			continue;
		if ((child = fork()) == 0) {
			close(fd);
			serve(times == 0 || i < times ? &f : &clean, client, argv[3]);
		}
		if (child < 0)
			die("fork");
		close(client);
	}
}
