/*
 * Answers that are kept, into the clinic's folder.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/feedback_impl.h"
#include "cmd/reread.h"
#include "cmd/status.h"
#include "state/answers.h"

#define PIECE_SIZE     65536
#define REJECTS_MEMORY (1u << 20) /* bytes of a reject file kept in memory */
#define REJECTS_KEPT   ".rejects" /* as answers are named beside the ledger */
#define FOLDER_TRIES   3 /* answers in a row that can't be put: it is the folder, then */

static bool
may_wait(const struct err *e)
{
	return e->code == ERR_IO || e->code == ERR_GONE || e->code == ERR_PERM;
}

int
feedback_failed(struct job *j, const char *event, const char *folder, struct err *e)
{
	if (!may_wait(e))
		return -1;
	log_event(&j->app->log, LOG_ERROR, event,
	    LOG_FIELDS(LOG_NAME("feed", j->feed->feed.name), LOG_NAME("folder", folder),
		LOG_ERR(e)));
	if (strncmp(e->msg, folder, strlen(folder)) != 0)
		(void)err_prefix(e, "%s", folder);
	if (j->out->unsettled++ == 0)
		snprintf(j->out->why, ERR_MSG_SIZE, "%s", e->msg);
	j->out->exit = status_worse(j->out->exit, err_exit(e->code));
	e->code = ERR_NONE;
	return 0;
}

/* The file that the answer ID[.KIND] belongs to: 1, 0, -1. */
static int
file_of(struct job *j, const char *name, struct file_entry *out, struct err *e)
{
	const struct span hex = {name, strcspn(name, ".")};
	struct digest id;

	if (hex_decode(hex, id.b, DIGEST_SIZE) != 0)
		return 0;
	return ledger_file_get(j->ledger, &id, out, e);
}

static int
answer_path(struct job *j, const struct file_entry *en, const char *kind,
    char path[FILE_PATH_MAX + 1], struct err *e)
{
	char name[ANSWER_NAME_SIZE];

	if (strcmp(kind, REJECTS_KEPT) == 0)
		kind = REJECTS;
	feedback_name(en, kind[0] == '\0' ? ".ack.hl7" : kind, name);
	if ((size_t)snprintf(path, FILE_PATH_MAX + 1, "%s/%s", j->feed->source.feedback,
		name) > FILE_PATH_MAX)
		return err_set(e, ERR_IO, "the path of an answer is too long");
	return 0;
}

static int
copy(struct job *j, int fd, struct err *e)
{
	char piece[PIECE_SIZE];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_IO, errno, "an answer that was kept");
		if (poller_put(j->poller, (struct span){piece, (size_t)n}, e) != 0)
			return -1;
	}
	return 0;
}

static int
copy_outbox(struct job *j, struct outbox *o, struct err *e)
{
	struct buf frame;
	int r;

	buf_init(&frame, OUTBOX_FRAME_MAX);
	r = outbox_seal(o, e) == 0 ? 1 : -1;
	while (r == 1 && (r = outbox_next(o, &frame, e)) == 1)
		if (poller_put(j->poller, buf_span(&frame), e) != 0)
			r = -1;
	buf_release(&frame);
	return r;
}

/* It can never be made: that is told, and the list of rows goes. */
static int
give_up(struct job *j, const struct file_entry *en, const struct err *e)
{
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&en->id, id);
	log_event(&j->app->log, LOG_WARN, "rejects-lost",
	    LOG_FIELDS(
		LOG_NAME("feed", j->feed->feed.name), LOG_NAME("file", id), LOG_ERR(e)));
	return 0;
}

/* In this run: they are not tried again. */
struct unread {
	size_t n;
	struct digest v[];
};

static bool
is_unread(const struct unread *u, const struct digest *id)
{
	for (size_t i = 0; u != NULL && i < u->n; i++)
		if (digest_eq(&u->v[i], id))
			return true;
	return false;
}

static int
note_unread(struct unread **u, const struct digest *id, struct err *e)
{
	size_t n = *u == NULL ? 0 : (*u)->n;
	struct unread *more = realloc(*u, sizeof(*more) + (n + 1) * sizeof(more->v[0]));

	if (more == NULL)
		return err_nomem(e);
	more->v[n] = *id;
	more->n = n + 1;
	*u = more;
	return 0;
}

/* It is told where it lies, but not its name, which may tell of patients. */
static void
folder_of(struct job *j, const struct file_entry *en, char out[FILE_PATH_MAX + 1])
{
	const char *slash = strrchr(en->path, '/');

	if (slash != NULL)
		snprintf(
		    out, FILE_PATH_MAX + 1, "%.*s", (int)(slash - en->path), en->path);
	else
		snprintf(out, FILE_PATH_MAX + 1, "%s", poller_path(j->poller, ""));
}

/* A file can't be read for its reject file: that is told once a run. 1, -1. */
static int
tell_unread(struct job *j, const struct file_entry *en, struct err *e)
{
	const struct err why = *e;
	char id[FILE_ID_HEX_SIZE], folder[FILE_PATH_MAX + 1];

	if (!may_wait(e) || note_unread(&j->unread, &en->id, e) != 0)
		return -1;
	digest_hex(&en->id, id);
	folder_of(j, en, folder);
	err_set(e, why.code,
	    "file %.8s can't be read there for its reject file: %s: make it readable for "
	    "us, or take it away; then it gets none",
	    id, why.msg);
	return feedback_failed(j, "feedback-failed", folder, e) == 0 ? 1 : -1;
}

/* As `give`. */
static int
put_rejects(
    struct job *j, const struct file_entry *en, const char *path, int fd, struct err *e)
{
	struct outbox *o;
	int rc;

	if (is_unread(j->unread, &en->id))
		return 1;
	if ((o = outbox_new(ledger_dir(j->ledger), REJECTS_MEMORY, e)) == NULL)
		return -1;
	rc = reread_rejects(j, en, fd, o, e);
	if (rc == 1)
		rc = give_up(j, en, e);
	else if (rc < 0)
		rc = tell_unread(j, en, e);
	else if (poller_put_begin(j->poller, path, e) != 0 || copy_outbox(j, o, e) != 0 ||
		 poller_put_end(j->poller, e) != 0)
		rc = -1;
	outbox_free(o);
	return rc;
}

static int
put_copy(struct job *j, const char *path, int fd, struct err *e)
{
	if (poller_put_begin(j->poller, path, e) != 0 || copy(j, fd, e) != 0)
		return -1;
	return poller_put_end(j->poller, e);
}

static bool
is_kind(const char *kind, const char *of)
{
	size_t n = strlen(of);

	return strncmp(kind, of, n) == 0 && kind[n] == '.';
}

/*
 * One that is there already is an earlier run's, which ended before it knew; but a file
 * may come for the third time.
 */
static int
make_way(struct job *j, const char *kind, const char *path, struct err *e)
{
	struct drop_file there;
	int r = poller_stat(j->poller, path, &there, e);

	if (r != 1 ||
	    (!is_kind(kind, FEEDBACK_AGAIN) && !is_kind(kind, FEEDBACK_DUPLICATE)))
		return r;
	return poller_remove(j->poller, path, e);
}

/* 0: it is there; 1: it stays, and that is told; -1: it can't be put into the folder. */
static int
give(struct job *j, const char *name, int fd, struct err *e)
{
	const char *kind = name + strcspn(name, ".");
	char path[FILE_PATH_MAX + 1];
	struct file_entry en;
	int r = file_of(j, name, &en, e);

	if (r == 0)
		err_set(e, ERR_IO, "answers/%s/%s belongs to no file", j->feed->feed.name,
		    name);
	if (r <= 0 || answer_path(j, &en, kind, path, e) != 0)
		return feedback_failed(
			   j, "feedback-failed", j->feed->source.feedback, e) == 0
			   ? 1
			   : -1;
	if ((r = make_way(j, kind, path, e)) != 0)
		return r < 0 ? -1 : 0;
	return strcmp(kind, REJECTS_KEPT) == 0 ? put_rejects(j, &en, path, fd, e)
					       : put_copy(j, path, fd, e);
}

struct giving {
	struct job *job;
	unsigned failed; /* in a row */
};

/* One that can't be given keeps no other waiting, and a folder is told once. */
static int
give_or_tell(void *arg, const char *name, int fd, struct err *e)
{
	struct giving *g = arg;
	struct job *j = g->job;
	int r = give(j, name, fd, e);

	if (r >= 0) {
		g->failed = r == 0 ? 0 : g->failed;
		return r;
	}
	if (!may_wait(e) || (g->failed == 0 && feedback_failed(j, "feedback-failed",
						   j->feed->source.feedback, e) != 0))
		return -1;
	e->code = ERR_NONE;
	return ++g->failed < FOLDER_TRIES ? 1 : 2;
}

int
feedback_give(struct job *j, struct err *e)
{
	struct giving g = {.job = j};

	if (j->feed->source.feedback == NULL)
		return 0;
	return answers_each(
	    ledger_dir(j->ledger), j->feed->feed.name, give_or_tell, &g, e);
}

struct need {
	struct job *job;
	const char *path;
	struct err *e;
};

static int
needs(void *arg, const char *feed, const char *name)
{
	struct need *n = arg;
	struct file_entry en;
	int r;

	(void)feed;
	if (strcmp(name + strcspn(name, "."), REJECTS_KEPT) != 0)
		return 0;
	r = file_of(n->job, name, &en, n->e);
	return r == 1 ? strcmp(en.path, n->path) == 0 : r;
}

int
feedback_needs(struct job *j, const char *path, struct err *e)
{
	struct need n = {j, path, e};

	if (j->feed->source.feedback == NULL)
		return 0;
	return answers_names(ledger_dir(j->ledger), j->feed->feed.name, needs, &n, e);
}
