/*
 * Makes a server on this machine a distant one: a TCP relay in which every byte is under
 * way for a while, and as many at a time as like. tests/lib/proxy.c is a bad network;
 * this is a good and long one.
 *
 *   far PORT-FILE SERVER-PORT RTT-MS
 *
 * Its port goes to PORT-FILE once it listens.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES (64u << 20) /* under way at a time, in one direction */
#define LINE_MARKS 65536u      /* pieces under way */
#define PIECE      65536u

/* Bytes that came together leave together. */
struct mark {
	int64_t due; /* us */
	size_t n;
};

struct direction {
	int from, to;
	char *bytes; /* a ring, as are the marks */
	struct mark *marks;
	size_t head, n, first, nmarks;
	int ended, closed;
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Takes what has come, as far as there is room up to the ring's end. */
static void
take(struct direction *d, int64_t delay)
{
	size_t at = (d->head + d->n) % LINE_BYTES, room = LINE_BYTES - d->n;
	ssize_t n;

	if (room > LINE_BYTES - at)
		room = LINE_BYTES - at;
	n = recv(d->from, d->bytes + at, room < PIECE ? room : PIECE, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	d->ended = n <= 0;
	if (d->ended)
		return;
	d->marks[(d->first + d->nmarks++) % LINE_MARKS] = (struct mark){
	    now_us() + delay, (size_t)n};
	d->n += (size_t)n;
}

static void
give(struct direction *d)
{
	struct mark *m = &d->marks[d->first];
	size_t room = LINE_BYTES - d->head;
	ssize_t n = send(
	    d->to, d->bytes + d->head, m->n < room ? m->n : room, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		exit(0);
	d->head = (d->head + (size_t)n) % LINE_BYTES;
	d->n -= (size_t)n;
	m->n -= (size_t)n;
	if (m->n == 0) {
		d->first = (d->first + 1) % LINE_MARKS;
		d->nmarks--;
	}
}

/* What to wait for: p[0] to take, p[1] to give; *wait is shortened to what is due. */
static void
await(const struct direction *d, struct pollfd p[2], int64_t *wait)
{
	int64_t left = d->nmarks > 0 ? d->marks[d->first].due - now_us() : INT64_MAX;

	p[0] = p[1] = (struct pollfd){.fd = -1};
	if (!d->ended && d->n < LINE_BYTES && d->nmarks < LINE_MARKS)
		p[0] = (struct pollfd){.fd = d->from, .events = POLLIN};
	if (left <= 0)
		p[1] = (struct pollfd){.fd = d->to, .events = POLLOUT};
	else if (left < *wait)
		*wait = left;
}

static void
advance(struct direction *d, const struct pollfd p[2], int64_t delay)
{
	if (p[0].revents)
		take(d, delay);
	if (p[1].revents)
		give(d);
	if (d->ended && d->nmarks == 0 && !d->closed) {
		shutdown(d->to, SHUT_WR);
		d->closed = 1;
	}
}

static void
relay(struct direction d[2], int64_t delay)
{
	while (!d[0].closed || !d[1].closed) {
		struct pollfd p[4];
		struct timespec t;
		int64_t wait = 1000000;

		await(&d[0], p, &wait);
		await(&d[1], p + 2, &wait);
		t = (struct timespec){wait / 1000000, wait % 1000000 * 1000};
		if (ppoll(p, 4, &t, NULL) < 0 && errno != EINTR)
			die("ppoll");
		advance(&d[0], p, delay);
		advance(&d[1], p + 2, delay);
	}
}

static void
prepare(struct direction *d, int from, int to)
{
	int one = 1;

	*d = (struct direction){.from = from, .to = to};
	d->bytes = malloc(LINE_BYTES);
	d->marks = calloc(LINE_MARKS, sizeof(*d->marks));
	if (d->bytes == NULL || d->marks == NULL)
		die("memory");
	setsockopt(from, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(from, F_SETFL, O_NONBLOCK);
}

static void
serve(int client, const struct sockaddr_in *server, int64_t delay)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct direction d[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof(*server)) != 0)
		die("the server");
	prepare(&d[0], client, fd);
	prepare(&d[1], fd, client);
	relay(d, delay);
	exit(0);
}

static int
listen_at(const char *port_file)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		die("listening");
	if ((f = fopen(port_file, "w")) == NULL)
		die(port_file);
	fprintf(f, "%d\n", ntohs(a.sin_port));
	fclose(f);
	return fd;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in server = {.sin_family = AF_INET};
	int64_t delay;
	int fd, client;

	if (argc != 4) {
		fputs("usage: far PORT-FILE SERVER-PORT RTT-MS\n", stderr);
		return 64;
	}
	server.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	delay = strtoll(argv[3], NULL, 10) * 500;
	signal(SIGCHLD, SIG_IGN);
	fd = listen_at(argv[1]);
	for (;;) {
		client = accept(fd, NULL, NULL);
		if (client >= 0 && fork() == 0) {
			close(fd);
			serve(client, &server, delay);
		}
		if (client >= 0)
			close(client);
	}
}
