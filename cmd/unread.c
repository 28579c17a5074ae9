#include "cmd/unread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd/status.h"
#include "cmd/text.h"
#include "pollers/ready.h"

#define WHEN_MAX 32

static void __attribute__((format(printf, 2, 3)))
add_words(struct err *e, const char *fmt, ...)
{
	size_t n = strlen(e->msg);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->msg + n, sizeof(e->msg) - n, fmt, ap);
	va_end(ap);
}

static void
put_place(const struct unread_place *at, struct err *e)
{
	unsigned long long size = at->file->size;
	char when[WHEN_MAX];
	struct buf b;

	buf_init(&b, sizeof(when));
	text_time(&b, at->file->mtime * 1000);
	snprintf(when, sizeof(when), "%.*s", (int)b.n, b.p);
	buf_release(&b);
	if (at->place == 0)
		err_prefix(e, "a file (%llu bytes, written %s)", size, when);
	else
		err_prefix(e,
		    "file %zu of %zu in the feed's order (%llu bytes, written %s)",
		    at->place, at->of, size, when);
}

bool
unread_say(const struct poller *p, const struct unread_place *at, struct err *e)
{
	if ((e->code != ERR_PERM && e->code != ERR_IO) || !poller_read_denied(p))
		return false;
	put_place(at, e);
	if (e->code == ERR_PERM)
		add_words(e,
		    "; let this account read it (chmod, or the umask of what uploads it)");
	if (at->place != 0)
		add_words(e, "%s; it and what comes behind it wait until then",
		    e->code == ERR_PERM ? ", or take it out of the drop"
					: "; mend that, or take it out of the drop");
	return true;
}

/* Would a run take it as it is, now or later? 1, 0, -1. */
static int
to_be_taken(
    struct unread_trial *t, struct ledger *l, const struct drop_file *f, struct err *e)
{
	struct name_entry n = {.state = NAME_SEEN};
	const struct look none = {.seen = 0};
	struct readiness r;

	if (l != NULL && ledger_name_get(l, t->feed->feed.name, f->name, &n, e) < 0)
		return -1;
	if (n.state != NAME_SEEN && n.size == f->size && n.mtime == f->mtime)
		return 0;
	r = ready_judge(&t->feed->source, f, &none, 0);
	t->finds.old_markers += r.outdated;
	/* Without its marker it is not whole, and may yet be given another mode. */
	return r.wait >= 0;
}

/* That it is gone meanwhile is no failure. */
static int
try_one(struct unread_trial *t, const struct unread_place *at, struct err *e)
{
	const struct drop_file *f = at->file;

	t->tried++;
	if (poller_read_open(t->poller, poller_path(t->poller, f->name), f, e) == 0) {
		poller_read_close(t->poller);
		return 0;
	}
	if (e->code == ERR_GONE)
		return 0;
	if (!unread_say(t->poller, at, e))
		return -1;
	t->exit = status_worse(t->exit, err_exit(e->code));
	if (t->failed++ < UNREAD_TOLD)
		t->told(t->arg, f, e->msg);
	return 0;
}

static int
try_all(struct unread_trial *t, struct ledger *l, struct err *e)
{
	const struct clock *clock = t->app->clock;
	int64_t end = clock_mono(clock) + UNREAD_TIME;

	for (size_t i = 0; i < t->list->n; i++) {
		const struct unread_place at = {&t->list->v[i], i + 1, t->list->n};
		int r = to_be_taken(t, l, at.file, e);

		if (r == 1 && (t->tried == UNREAD_FILES || clock_mono(clock) >= end))
			t->left++;
		else if (r == 1)
			r = try_one(t, &at, e);
		if (r < 0)
			return -1;
	}
	return 0;
}

int
unread_try(struct unread_trial *t, struct err *e)
{
	struct err ignored;
	/* Before the first run there is none, and all is new. */
	struct ledger *l = app_ledger(t->app, false, &ignored);
	int rc;

	t->finds.bad_names = t->list->skipped;
	rc = try_all(t, l, e);
	app_ledger_close(t->app, l);
	return rc;
}
