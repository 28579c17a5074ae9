#include "cmd/ledger_alarm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"
#include "cmd/alarms.h"
#include "cmd/text.h"
#include "state/owner.h"

#define MARK      "ledger.alarm"
#define MARK_SIZE 64
#define DAMAGED   " damaged"
#define ROOM      262144 /* bytes that a disk has at least which is not full */

static void
mark_path(const struct app *app, char out[4096])
{
	snprintf(out, 4096, "%s/" MARK, app->state.dir);
}

/* The mark, made: -1 if it can't be, -2 if it is there already. */
static int
mark_make(const struct app *app)
{
	char path[4096];
	struct err ignored;
	int fd;

	mark_path(app, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == EEXIST ? -2 : -1;
	/* Made by root it is the folder's owner's; who may remove it if that fails, too. */
	(void)owner_make(app->state.dir, path, &ignored);
	return fd;
}

/* Since when, and whether it could be opened all the same. */
static void
mark_fill(int fd, int64_t since, bool damaged)
{
	char text[MARK_SIZE];
	int n = snprintf(
	    text, sizeof(text), "%" PRId64 "%s\n", since, damaged ? DAMAGED : "");

	/* One that is empty says enough: that it was told. */
	(void)write_whole(fd, (struct span){text, (size_t)n});
}

static void
fill_trouble(struct trouble_now *t, const struct err *e, bool damaged)
{
	*t = (struct trouble_now){.is = true, .count = 1, .exit = err_exit(e->code)};
	snprintf(t->words, sizeof(t->words), "%.*s", TROUBLE_WORDS - 1, e->msg);
	snprintf(t->command, sizeof(t->command), "emrdrop %s",
	    damaged ? "ledger verify" : "check");
}

/* What cannot be written into a ledger, and so is not told as a trouble of a feed. */
static bool
is_unwritable(const struct err *e)
{
	return e->sys < 0 || e->sys == ENOSPC || e->sys == EDQUOT || e->sys == EIO ||
	       e->sys == EFBIG || e->sys == EROFS;
}

/* Of one that opens: another's file is told elsewhere. */
static bool
is_told(const struct err *e, bool opened)
{
	if (opened)
		return e->code == ERR_LEDGER && (e->sys == 0 || is_unwritable(e));
	return e->code != ERR_NONE && e->code != ERR_BUSY && e->code != ERR_NOMEM &&
	       e->code != ERR_INTERNAL;
}

/* Root, whose run is refused in the folder of the job's user: that is no trouble of it. */
static bool
is_visitor(const struct app *app, const struct err *e)
{
	struct stat st;

	return e->code == ERR_PERM && geteuid() == 0 && stat(app->state.dir, &st) == 0 &&
	       st.st_uid != 0;
}

void
ledger_alarm_begin(struct app *app, const struct err *e, bool opened)
{
	bool damaged = opened && e->sys == 0;
	int64_t now = clock_wall(app->clock);
	struct trouble_now t;
	char path[4096];
	int mark;

	if (!app->watched || app->ledger_ails || !is_told(e, opened) ||
	    is_visitor(app, e))
		return;
	app->ledger_ails = true;
	if ((mark = mark_make(app)) == -2)
		return;
	fill_trouble(&t, e, damaged || !opened);
	if (alarms_tell_ledger(app, &t, now)) {
		if (mark >= 0)
			mark_fill(mark, now, damaged);
	} else if (mark >= 0) {
		mark_path(app, path);
		(void)unlink(path); /* the next that finds it tells it */
	}
	if (mark >= 0)
		close(mark);
}

/* Is there one? Then what it says. */
static bool
mark_read(const struct app *app, int64_t *since, bool *damaged)
{
	char path[4096], text[MARK_SIZE] = "", *end;
	struct stat st;
	ssize_t n;
	int fd;

	mark_path(app, path);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	*since = strtoll(text, &end, 10);
	if (*since == 0 && fstat(fd, &st) == 0)
		*since = (int64_t)st.st_mtime * 1000;
	close(fd);
	*damaged = strncmp(end, DAMAGED, strlen(DAMAGED)) == 0;
	return true;
}

/* A disk that is full lets a ledger be opened: the mark grows, for it goes anyhow. */
static bool
has_room(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	bool has = fd < 0 || posix_fallocate(fd, 0, ROOM) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static void
end(struct app *app, bool verified)
{
	char path[4096];
	int64_t since;
	bool damaged;

	mark_path(app, path);
	if (mark_read(app, &since, &damaged) && (verified || !damaged) &&
	    has_room(path) && alarms_tell_ledger(app, NULL, since))
		(void)unlink(path);
}

void
ledger_alarm_end(struct app *app)
{
	if (app->watched && app->ledger_opened && !app->ledger_ails)
		end(app, false);
}

void
ledger_alarm_verified(struct app *app)
{
	end(app, true);
}

int
ledger_alarm_lasts(const struct app *app, struct err *e)
{
	struct buf when;
	int64_t since;
	bool damaged;

	if (!mark_read(app, &since, &damaged))
		return 0;
	buf_init(&when, 64);
	text_time(&when, since);
	buf_add_char(&when, '\0');
	err_set(e, ERR_LEDGER, "%s/ledger.mdb: could not be %s at %s: %s", app->state.dir,
	    damaged ? "read to its end" : "opened or written",
	    when.failed ? "some time" : when.p,
	    damaged ? "see `emrdrop ledger verify`"
		    : "the next run that can, or `emrdrop check --arrivals`, ends this");
	buf_release(&when);
	return -1;
}
