/*
 * What the target's tests share: a fake API and other servers, a clock that does not
 * wait, batches, and one delivery. Included by one test file each.
 */
#ifndef TESTS_LIB_TARGET_RIG_H
#define TESTS_LIB_TARGET_RIG_H

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outbound/target.h"

#define BATCHES_MAX 8
#define RECORDS_MAX 10 /* a batch */
#define ALL_MAX     (BATCHES_MAX * RECORDS_MAX)
#define CANARY      "Smithson"
#define HOUR        3600000

/* ---- servers ---- */

struct server {
	char dir[64];
	pid_t pid;
	unsigned port;
};

static inline pid_t
spawn(const char *const argv[], int out)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static inline void
stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline void
path_in(const struct server *s, const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", s->dir, name);
}

static inline void
write_file(const struct server *s, const char *name, const char *text)
{
	char path[128];
	int fd;

	path_in(s, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Waits for a server to say in a file which port it has. */
static inline unsigned
read_port(const struct server *s, const char *name)
{
	unsigned port = 0;
	char path[128];
	FILE *f = NULL;
	int i;

	path_in(s, name, path);
	for (i = 0; i < 1500 && f == NULL; i++) {
		clock_pause(&clock_system, 20);
		f = fopen(path, "r");
	}
	cr_assert_not_null(f, "no server came up");
	cr_assert_eq(fscanf(f, "%u", &port), 1);
	fclose(f);
	(void)unlink(path);
	return port;
}

static inline void
server_start(struct server *s)
{
	const char *argv[] = {"/usr/bin/python3", "tests/lib/fake_api.py", s->dir, NULL};

	snprintf(s->dir, sizeof(s->dir), "/tmp/target_test.XXXXXX");
	cr_assert_not_null(mkdtemp(s->dir));
	signal(SIGPIPE, SIG_IGN);
	s->pid = spawn(argv, -1);
	s->port = read_port(s, "port");
}

static inline void
server_stop(struct server *s)
{
	static const char *const names[] = {"ca.key", "ca.pem", "ca.srl", "san",
	    "server.csr", "server.key", "server.pem", "token"};
	char path[128];
	size_t i;

	stop(s->pid);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_in(s, names[i], path);
		(void)unlink(path);
	}
	cr_expect_eq(rmdir(s->dir), 0);
}

struct page {
	char text[8192];
	size_t n;
};

static inline size_t
on_page(char *p, size_t size, size_t n, void *arg)
{
	struct page *page = arg;

	if (page->n + size * n >= sizeof(page->text))
		return 0;
	memcpy(page->text + page->n, p, size * n);
	page->n += size * n;
	return size * n;
}

static inline void
get_page(const struct server *s, unsigned port, const char *path, struct page *out)
{
	CURL *h = curl_easy_init();
	char url[256], ca[128];

	memset(out, 0, sizeof(*out));
	path_in(s, "ca.pem", ca);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/%s", port, path);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_CAINFO, ca);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_page);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, out);
	cr_expect_eq(curl_easy_perform(h), CURLE_OK);
	curl_easy_cleanup(h);
}

/* ---- a clock that does not wait, and no luck ---- */

struct fake_clock {
	int64_t skew;
};

static inline int64_t
fake_wall(void *self)
{
	(void)self;
	return 0;
}

static inline int64_t
fake_mono(void *self)
{
	return clock_mono(&clock_system) + ((struct fake_clock *)self)->skew;
}

static inline void
fake_pause(void *self, int64_t ms)
{
	((struct fake_clock *)self)->skew += ms;
}

static inline uint32_t
longest(void *arg)
{
	(void)arg;
	return UINT32_MAX;
}

/* ---- batches ---- */

struct load {
	char bodies[BATCHES_MAX][8192];
	char ids[ALL_MAX][48];
	struct batch_record records[ALL_MAX];
	struct batch batches[BATCHES_MAX];
	size_t nbatches, each;
};

/* Appends a record's JSON to the body; returns the new length. */
static inline size_t
record_make(struct load *l, struct batch_record *r, char *body, size_t at)
{
	const size_t size = sizeof(l->bodies[0]);
	size_t start = at;

	at += (size_t)snprintf(body + at, size - at,
	    "{\"n\":%llu,\"op\":\"%s\",\"type\":\"patient\",\"source\":\"northside\","
	    "\"id\":\"%s\"",
	    (unsigned long long)r->n, r->remove ? "delete" : "put", r->id.p);
	if (!r->remove)
		at += (size_t)snprintf(body + at, size - at,
		    ",\"version\":\"%032d\",\"data\":{\"name\":{\"family\":\"" CANARY
		    "\"}}",
		    7);
	at += (size_t)snprintf(body + at, size - at, "}");
	r->json = (struct span){body + start, at - start};
	return at;
}

static inline void
batch_make(struct load *l, size_t number, bool all_bad)
{
	struct batch *batch = &l->batches[number];
	char *body = l->bodies[number];
	const size_t size = sizeof(l->bodies[0]);
	size_t i, at;

	at = (size_t)snprintf(body, size,
	    "{\"schema\":\"emrdrop/1\",\"feed\":\"f\",\"file\":{\"id\":\"1\",\"sha256\":"
	    "\"%064d\"},\"pass\":12,\"batch\":\"%zu\",\"records\":[",
	    0, number);
	for (i = number * l->each; i < (number + 1) * l->each; i++) {
		struct batch_record *r = &l->records[i];
		bool bad = all_bad || i % l->each == 1;

		r->n = 1501 + i;
		r->type = "patient";
		r->remove = i % l->each == 2;
		/* What needs encoding in a path. */
		snprintf(l->ids[i], sizeof(l->ids[i]), "%s/" CANARY " %zu",
		    bad ? "bad" : "good", i);
		r->id = span_of(l->ids[i]);
		if (i % l->each > 0)
			body[at++] = ',';
		at = record_make(l, r, body, at);
	}
	at += (size_t)snprintf(body + at, size - at, "]}");
	batch->number = number;
	snprintf(batch->path, sizeof(batch->path), "%zu", number);
	snprintf(batch->key, sizeof(batch->key), "%032zx", 0xabc0 + number);
	batch->body = (struct span){body, at};
	batch->records = &l->records[number * l->each];
	batch->n = l->each;
}

/* In each batch the second record is bad (or all are), and the third is removed. */
static inline void
load_make(struct load *l, size_t nbatches, size_t each, bool all_bad)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	l->nbatches = nbatches;
	l->each = each;
	for (i = 0; i < nbatches; i++)
		batch_make(l, i, all_bad);
}

/* ---- one delivery ---- */

struct outcome {
	int code;
	char msg[ERR_MSG_SIZE];
	/* T, R, L, B behind L; D is refused, in doubt; H as a whole; "-" without an answer */
	char results[ALL_MAX + 1];
	uint64_t doubts[ALL_MAX]; /* of D */
	size_t coded;             /* refused with the code "no-good" */
	int64_t waited;           /* ms */
	unsigned in_vain;         /* waits that no answer came in */
	struct target_stats stats;
};

static inline void
note(struct outcome *o, const struct load *l, const struct batch_answer *a)
{
	size_t i, at = (size_t)(a->batch->records - l->records);

	for (i = 0; i < a->batch->n; i++) {
		cr_expect_eq(o->results[at + i], '-');
		if (a->results == NULL) {
			o->results[at + i] = 'H';
			continue;
		}
		o->doubts[at + i] = a->results[i].doubt;
		o->results[at + i] = a->results[i].doubt > 0
					 ? 'D'
					 : "TRLB"[a->results[i].taken];
		o->coded += strcmp(a->results[i].code, "no-good") == 0;
	}
}

/* What is in doubt no more is refused. */
static inline void
believe(struct outcome *o, const struct target *t)
{
	size_t i;

	for (i = 0; i < ALL_MAX; i++)
		if (o->results[i] == 'D' && o->doubts[i] <= target_believed(t))
			o->results[i] = 'R';
}

struct job {
	struct target_conf tc;
	int64_t deadline;            /* ms from now */
	int64_t patience;            /* ms: of each wait; 0: as long as it takes */
	const struct server *rotate; /* write a new token there once it was read */
};

static inline int
deliver_all(struct target *t, const struct job *job, const struct load *l,
    struct outcome *o, struct err *e)
{
	int64_t patience = job->patience > 0 ? job->patience : INT32_MAX;
	struct batch_answer answers[2];
	size_t sent = 0, left = l->nbatches, i;
	int n = 0;

	while (n >= 0 && left > 0) {
		while (sent < l->nbatches &&
		       sent + left < l->nbatches + (size_t)job->tc.in_flight)
			if (target_submit(t, &l->batches[sent++], e) < 0)
				return -1;
		n = target_wait(t, answers, 2, patience, e);
		o->in_vain += n == 0;
		for (i = 0; n > 0 && i < (size_t)n; i++, left--)
			note(o, l, &answers[i]);
		believe(o, t);
	}
	if (n >= 0)
		n = target_settle(t, e);
	believe(o, t);
	return n;
}

static inline void
set_outcome(struct outcome *o, int rc, const struct err *e)
{
	if (rc < 0) {
		o->code = (int)e->code;
		snprintf(o->msg, sizeof(o->msg), "%s", e->msg);
	}
	cr_expect_null(strstr(o->msg, CANARY), "%s", o->msg);
	cr_expect_null(strstr(o->msg, "stale-token"), "%s", o->msg);
}

static inline void
deliver(const struct job *job, const struct load *l, struct outcome *o)
{
	struct fake_clock self = {0};
	struct clock clock = {fake_wall, fake_mono, fake_pause, &self};
	const struct trace trace = {"0af7651916cd43dd8448eb211c80319c", 1};
	struct target_env env = {.clock = &clock,
	    .deadline = clock_mono(&clock) + job->deadline,
	    .run = "01RUN",
	    .trace = &trace,
	    .random = longest};
	struct err e = {.code = ERR_NONE};
	int64_t start = clock_mono(&clock);
	struct target *t;
	int rc;

	memset(o, 0, sizeof(*o));
	memset(o->results, '-', l->nbatches * l->each);
	t = target_open(&job->tc, &env, &e);
	cr_assert_not_null(t, "%s", e.msg);
	if (job->rotate != NULL)
		write_file(job->rotate, "token", "new\n");
	rc = deliver_all(t, job, l, o, &e);
	set_outcome(o, rc, &e);
	o->waited = clock_mono(&clock) - start;
	target_stats(t, &o->stats);
	target_close(t);
}

static inline struct target_conf
conf_for(const char *url, const char *ca, int mode)
{
	return (struct target_conf){.url = url,
	    .mode = mode,
	    .ca_file = ca,
	    .in_flight = 2,
	    .timeout = 20000,
	    .connect_timeout = 5000,
	    .attempts = 6};
}

#endif
