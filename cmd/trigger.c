#include "cmd/trigger.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/status.h"
#include "cmd/trigger_impl.h"

#define TICK        1000  /* ms: connections want to be looked after */
#define REOPEN_MIN  500   /* ms to the first try to reach a broker again */
#define REOPEN_MAX  30000 /* it doubles up to this */
#define REPORT_MAX  (16u << 20)
#define REPORTS_MAX (64u << 20)

struct trigger {
	struct app *app;
	struct events_conf *conf;
	struct events *source; /* NULL: lost, and to be opened again */
	bool opened;           /* it was, once: settings are right */
	struct routes routes;
	struct held *held; /* in the order they came */
	int signals;
	struct task *running[TRIGGER_JOBS_MAX]; /* in no order */
	size_t nrunning;
	bool stopping, ended; /* no new jobs; no more messages */
	bool keep_reports;
	int64_t reopen_at, reopen_pause; /* ms */
	struct trigger_sum *sum;
	struct err *e;
};

/*
 * Queues are waited for, whatever a broker says while it starts or its nodes come and go;
 * a drain is tried again by cron. Not waited for is a broker that shows another's
 * certificate; `strictly` anything but one that is not reached: at first, settings may be
 * wrong, and a message may be answered to where nobody would get it.
 */
static bool
may_reopen(const struct trigger *t, bool strictly)
{
	enum err_code code = t->e->code;

	if (t->conf->kind != EVENTS_AMQP || t->conf->drain || t->stopping)
		return false;
	return strictly ? code == ERR_IO : code != ERR_PEER && code != ERR_NOMEM;
}

/* What was in hand comes again, to us or another; jobs that run are not disturbed. */
static int
lose_source(struct trigger *t, bool strictly)
{
	for (struct held *h = t->held; h != NULL; h = h->next) {
		if (!h->lost)
			events_drop(t->source, &h->message);
		h->lost = true;
		for (struct task *k = h->tasks; k != NULL; k = k->next)
			k->state = k->state == TASK_WAITS ? TASK_ENDED : k->state;
	}
	events_close(t->source);
	t->source = NULL;
	if (!may_reopen(t, strictly))
		return -1;
	log_event(&t->app->log, LOG_WARN, "broker-lost", LOG_FIELDS(LOG_ERR(t->e)));
	t->e->code = ERR_NONE;
	t->reopen_pause = t->reopen_pause == 0 ? REOPEN_MIN : t->reopen_pause * 2;
	if (t->reopen_pause > REOPEN_MAX)
		t->reopen_pause = REOPEN_MAX;
	t->reopen_at = clock_mono(t->app->clock) + t->reopen_pause;
	return 0;
}

static int
open_source(struct trigger *t)
{
	if (t->source != NULL || clock_mono(t->app->clock) < t->reopen_at)
		return 0;
	t->source = events_open(t->conf, t->e);
	if (t->source == NULL)
		return lose_source(t, !t->opened);
	t->opened = true;
	if (t->reopen_pause > 0)
		log_event(&t->app->log, LOG_INFO, "broker-back", LOG_FIELDS(LOG_END));
	return 0;
}

static int
hold(struct trigger *t, const struct event_message *m)
{
	struct held *h = held_new(t->app, &t->routes, m, t->e), **at = &t->held;

	if (h == NULL)
		return -1;
	while (*at != NULL)
		at = &(*at)->next;
	*at = h;
	t->sum->messages++;
	t->reopen_pause = 0;
	return 0;
}

/* Takes what there is. */
static int
take(struct trigger *t)
{
	struct event_message m;
	int r;

	while (t->source != NULL && !t->ended) {
		r = events_next(t->source, &m, t->e);
		if (r < 0)
			return lose_source(t, false);
		if (r == EVENTS_END)
			t->ended = true;
		if (r != EVENTS_MESSAGE)
			return 0;
		if (hold(t, &m) != 0) {
			events_drop(t->source, &m);
			return -1;
		}
		if (t->conf->kind != EVENTS_AMQP)
			return 0;
	}
	return 0;
}

static bool
scope_runs(const struct trigger *t, const char *scope)
{
	for (size_t i = 0; i < t->nrunning; i++)
		if (strcmp(t->running[i]->scope, scope) == 0)
			return true;
	return false;
}

static void
start(struct trigger *t, struct task *k)
{
	const struct trigger_work w = {k->feed, k->file, k->traceparent};
	struct err e;

	if (trigger_job_start(&k->job, t->app, &w, &e) != 0) {
		held_note(k->of, k->item, EVENT_LATER, e.msg);
		k->state = TASK_ENDED;
		return;
	}
	k->state = TASK_RUNS;
	t->running[t->nrunning++] = k;
	t->sum->jobs++;
}

/* The oldest first; a message whose feed is at work waits, and lets others pass. */
static void
start_all(struct trigger *t)
{
	for (struct held *h = t->held; h != NULL && !t->stopping; h = h->next)
		for (struct task *k = h->tasks; k != NULL; k = k->next) {
			if (t->nrunning >= (size_t)t->conf->trigger->jobs)
				return;
			if (k->state == TASK_WAITS && !scope_runs(t, k->scope))
				start(t, k);
		}
}

/* Takes it out of those that run. NULL: it is none of ours. */
static struct task *
take_running(struct trigger *t, pid_t pid)
{
	for (size_t i = 0; i < t->nrunning; i++) {
		struct task *k = t->running[i];

		if (k->job.pid != pid)
			continue;
		t->running[i] = t->running[--t->nrunning];
		return k;
	}
	return NULL;
}

static void
end_job(struct trigger *t, struct task *k, int status)
{
	int exit = task_exit(status);
	struct buf report;

	buf_init(&report, REPORT_MAX);
	trigger_job_end(&k->job, &report);
	held_judge(k, status, buf_span(&report));
	t->sum->exit = status_worse(t->sum->exit, exit);
	if (t->keep_reports && report.n > 0 && !report.failed) {
		if (t->sum->reports.n > 0)
			buf_add_char(&t->sum->reports, ',');
		buf_add(&t->sum->reports, report.p, report.n - 1);
	}
	log_event(&t->app->log, exit == STATUS_OK ? LOG_DEBUG : LOG_INFO, "job-ended",
	    LOG_FIELDS(LOG_NAME("feed", k->feed), LOG_UINT("exit", (uint64_t)exit)));
	buf_release(&report);
}

static void
reap(struct trigger *t)
{
	struct task *k;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if ((k = take_running(t, pid)) != NULL)
			end_job(t, k, status);
}

/* Whoever takes each message of a batch by itself is told which ones have failed. */
static void
make_answer(struct trigger *t, const struct held *h, struct event_outcome *out)
{
	struct buf *answer = &t->sum->answer;

	buf_clear(answer);
	t->sum->answered = h->event.answered && !h->failed[0];
	if (h->event.answered)
		event_answer(&h->event, h->failed, answer);
	else
		buf_add_str(answer, "{}");
	if (t->sum->answered)
		out->fate = EVENT_DONE;
	out->answer = buf_span(answer);
}

static void
tell(struct trigger *t, const struct held *h, enum event_fate fate)
{
	bool dead = fate == EVENT_DEAD || h->fate == EVENT_DEAD;

	t->sum->done += fate == EVENT_DONE;
	t->sum->later += fate == EVENT_LATER;
	t->sum->dead += fate == EVENT_DEAD;
	if (h->fate != EVENT_DONE)
		log_event(&t->app->log, dead ? LOG_ERROR : LOG_WARN,
		    dead ? "event-dead" : "event-later",
		    LOG_FIELDS(LOG_NAME("reason", h->reason)));
}

static int
settle(struct trigger *t, struct held *h)
{
	struct event_outcome out = {h->fate, h->reason, {NULL, 0}};

	if (out.fate == EVENT_LATER && h->message.tries_left <= 1)
		out.fate = EVENT_DEAD;
	make_answer(t, h, &out);
	tell(t, h, out.fate);
	if (buf_check(&t->sum->answer, "the answer", t->e) != 0)
		return -1;
	h->lost = true;
	return events_settle(t->source, &h->message, &out, t->e) == 0
		   ? 0
		   : lose_source(t, true);
}

static int
settle_all(struct trigger *t)
{
	struct held **at = &t->held;
	int rc = 0;

	while (*at != NULL && rc == 0) {
		struct held *h = *at;

		if (!held_is_ended(h)) {
			at = &h->next;
			continue;
		}
		if (!h->lost)
			rc = settle(t, h);
		*at = h->next;
		held_free(h);
	}
	return rc;
}

/* Jobs that run end, those that wait are left: their messages go back. */
static void
stop(struct trigger *t)
{
	if (t->stopping)
		return;
	t->stopping = true;
	log_event(&t->app->log, LOG_INFO, "stopping",
	    LOG_FIELDS(LOG_UINT("running", t->nrunning)));
	if (t->source != NULL)
		events_stop(t->source);
	for (struct held *h = t->held; h != NULL; h = h->next)
		for (struct task *k = h->tasks; k != NULL; k = k->next)
			if (k->state == TASK_WAITS) {
				if (!h->lost)
					events_drop(t->source, &h->message);
				h->lost = true;
				k->state = TASK_ENDED;
			}
}

static void
take_signals(struct trigger *t)
{
	struct signalfd_siginfo s;

	while (read(t->signals, &s, sizeof(s)) == (ssize_t)sizeof(s))
		if (s.ssi_signo != SIGCHLD)
			stop(t);
}

/* Until a job has ended, a message may have come, or it is time. */
static void
wait_for_more(const struct trigger *t)
{
	struct pollfd p[2] = {{.fd = t->signals, .events = POLLIN}, {.fd = -1}};

	if (t->source != NULL && !t->ended)
		p[1] = (struct pollfd){.fd = events_fd(t->source), .events = POLLIN};
	poll(p, 2, TICK);
}

/* A source without a descriptor waits in `take`. */
static bool
waits_in_source(const struct trigger *t)
{
	return t->source != NULL && !t->ended && !t->stopping && t->held == NULL &&
	       events_fd(t->source) < 0;
}

static int
work(struct trigger *t)
{
	for (;;) {
		if ((!t->stopping && open_source(t) != 0) || take(t) != 0)
			return -1;
		start_all(t);
		if (settle_all(t) != 0)
			return -1;
		if (t->held == NULL && (t->ended || t->stopping))
			return 0;
		if (!waits_in_source(t))
			wait_for_more(t);
		take_signals(t);
		reap(t);
		if (settle_all(t) != 0)
			return -1;
	}
}

static int
open_signals(sigset_t *before, struct err *e)
{
	sigset_t all;
	int fd;

	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGINT);
	sigprocmask(SIG_BLOCK, &all, before);
	fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		err_sys(e, ERR_IO, errno, "signals");
	return fd;
}

/* After an error: jobs that run end by themselves, and are waited for. */
static void
let_go(struct trigger *t)
{
	struct held *h;
	int status;
	pid_t pid;

	while (t->nrunning > 0 && (pid = waitpid(-1, &status, 0)) > 0) {
		struct task *k = take_running(t, pid);

		if (k != NULL)
			end_job(t, k, status);
	}
	while ((h = t->held) != NULL) {
		t->held = h->next;
		if (!h->lost && t->source != NULL)
			events_drop(t->source, &h->message);
		held_free(h);
	}
}

int
trigger_run(struct app *app, struct events_conf *c, bool keep_reports,
    struct trigger_sum *sum, struct err *e)
{
	struct trigger t = {
	    .app = app, .conf = c, .keep_reports = keep_reports, .sum = sum, .e = e};
	sigset_t before;
	int rc = -1;

	buf_init(&sum->answer, EVENT_BYTES_MAX);
	buf_init(&sum->reports, REPORTS_MAX);
	t.signals = c->stop_fd = open_signals(&before, e);
	if (t.signals >= 0 && routes_load(&t.routes, app, e) == 0)
		rc = work(&t);
	let_go(&t);
	events_close(t.source);
	routes_release(&t.routes);
	if (t.signals >= 0)
		close(t.signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
