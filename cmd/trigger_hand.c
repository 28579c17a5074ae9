#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd/status.h"
#include "cmd/trigger_impl.h"

void
held_note(struct held *h, size_t item, enum event_fate fate, const char *reason)
{
	h->failed[item] |= fate != EVENT_DONE;
	if (fate <= h->fate)
		return;
	h->fate = fate;
	snprintf(h->reason, sizeof(h->reason), "%s", reason);
}

static void
task_free(struct task *t)
{
	free(t->feed);
	free(t->scope);
	free(t->file);
	free(t);
}

void
held_free(struct held *h)
{
	struct task *t, *next;

	if (h == NULL)
		return;
	for (t = h->tasks; t != NULL; t = next) {
		next = t->next;
		task_free(t);
	}
	event_release(&h->event);
	free(h->failed);
	free(h);
}

/* Where a hint led to; the item it is of. */
struct finding {
	struct held *held;
	size_t item;
};

static bool
same(const struct task *t, const struct route *to, const char *file)
{
	if (strcmp(t->feed, to->feed) != 0 || (t->file == NULL) != (file == NULL))
		return false;
	return file == NULL || strcmp(t->file, file) == 0;
}

static const char *
trace_of(const struct held *h, size_t item)
{
	if (h->event.items[item].traceparent != NULL)
		return h->event.items[item].traceparent;
	return h->message.traceparent[0] != '\0' ? h->message.traceparent : NULL;
}

static int
add_task(void *arg, const struct route *to, const char *file)
{
	const struct finding *f = arg;
	struct task **at = &f->held->tasks, *t;

	for (; *at != NULL; at = &(*at)->next)
		if ((*at)->item == f->item && same(*at, to, file))
			return 0;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return -1;
	*at = t;
	t->of = f->held;
	t->item = f->item;
	t->traceparent = trace_of(f->held, f->item);
	t->feed = strdup(to->feed);
	t->scope = strdup(to->scope);
	t->file = file == NULL ? NULL : strdup(file);
	return t->feed == NULL || t->scope == NULL || (file != NULL && t->file == NULL)
		   ? -1
		   : 0;
}

/* A feed that is not known may be a new one. */
static int
follow(struct app *app, struct routes *routes, const struct event_hint *hint,
    struct finding *f)
{
	const char *fault = NULL;
	struct routes fresh;
	struct err e = {.code = ERR_NONE};
	int r = routes_follow(routes, hint, add_task, f, &fault);

	if (r == 1 && routes_load(&fresh, app, &e) == 0) {
		routes_release(routes);
		*routes = fresh;
		r = routes_follow(routes, hint, add_task, f, &fault);
	}
	if (r == 1)
		held_note(f->held, f->item, EVENT_DEAD, fault);
	return r < 0 ? -1 : 0;
}

static int
find_tasks(struct app *app, struct routes *routes, struct held *h)
{
	struct event *ev = &h->event;

	h->failed = calloc(ev->nitems, sizeof(*h->failed));
	if (h->failed == NULL)
		return -1;
	for (size_t i = 0; i < ev->nitems; i++)
		if (ev->items[i].fault != NULL)
			held_note(h, i, EVENT_DEAD, ev->items[i].fault);
	for (size_t i = 0; i < ev->nhints; i++) {
		struct finding f = {h, ev->hints[i].item};

		if (!h->failed[f.item] && follow(app, routes, &ev->hints[i], &f) != 0)
			return -1;
	}
	return 0;
}

struct held *
held_new(
    struct app *app, struct routes *routes, const struct event_message *m, struct err *e)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		err_nomem(e);
		return NULL;
	}
	h->message = *m;
	if (event_read(&h->event, m->body, e) == 0) {
		if (find_tasks(app, routes, h) == 0)
			return h;
		err_nomem(e);
	}
	held_free(h);
	return NULL;
}

bool
held_is_ended(const struct held *h)
{
	for (const struct task *t = h->tasks; t != NULL; t = t->next)
		if (t->state != TASK_ENDED)
			return false;
	return true;
}

int
task_exit(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_BUG;
}

/*
 * Settled is what the ledger has committed, or what is for a person to decide. All else may
 * be otherwise the next time, a mistake in a feed file too.
 */
static enum event_fate
fate_of(int exit)
{
	if (exit == STATUS_USAGE)
		return EVENT_DEAD;
	return status_is_settled(exit) ? EVENT_DONE : EVENT_LATER;
}

void
held_judge(struct task *t, int status, struct span report)
{
	int exit = task_exit(status);
	enum event_fate fate = fate_of(exit);
	const char *waits = trigger_report_again(report);
	char reason[512];

	if (WIFSIGNALED(status))
		snprintf(reason, sizeof(reason), "feed %s: signal %d ended the job",
		    t->feed, WTERMSIG(status));
	else
		snprintf(reason, sizeof(reason), "feed %s: %s (exit status %d)", t->feed,
		    exit != STATUS_BUSY || t->file == NULL ? status_words(exit)
		    : waits != NULL
			? waits
			: "the file is not ready yet, or another run is at work",
		    exit);
	/* Nobody comes back for a file that was too fresh, but for this message. */
	if (fate == EVENT_DONE && waits != NULL) {
		fate = EVENT_LATER;
		snprintf(reason, sizeof(reason), "feed %s: %s", t->feed, waits);
	}
	held_note(t->of, t->item, fate, reason);
	t->state = TASK_ENDED;
}
