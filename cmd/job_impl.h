/*
 * What the stages of a job share: intake (read, verdict), send, settle.
 */
#ifndef CMD_JOB_IMPL_H
#define CMD_JOB_IMPL_H

#include "cmd/acks.h"
#include "cmd/changes.h"
#include "cmd/job.h"
#include "cmd/progress.h"
#include "pollers/ahead.h"
#include "state/files.h"
#include "state/snapshot.h"

struct job {
	struct app *app;
	struct feed *feed;
	struct report *report;
	struct feed_report *out;
	struct ledger *ledger;       /* NULL in a dry run before the first run */
	struct site_keys *ephemeral; /* stand in for the ledger's then */
	uint32_t scope;
	int lock;
	struct poller_env env;
	struct poller *poller;
	struct feed_state state;
	struct snapshot_state snapshot;
	struct progress progress;
};

/* A listed file, with what the ledger knows of its name. */
struct listed {
	struct drop_file *file;
	struct name_entry name;
	enum {
		SKIP,
		TAKE,
		WAIT,
		STOP
	} what;       /* STOP: nothing behind it may overtake it */
	bool fresh;   /* the name is to be kept: a first look, or superseded */
	int64_t wait; /* ms until time alone may make it ready */
};

struct drop_look {
	struct drop_list list;
	struct listed *files; /* one a file of the list, in its order */
	size_t n;
};

/*
 * Lists the drop, judges each file, and waits once for files to be stable where no
 * later run would do it soon. *out is to be released whatever the result.
 */
int look_at_drop(struct job *j, struct drop_look *out, struct err *e);
void look_release(struct drop_look *look);

/* One file, read. */
struct intake {
	const struct drop_file *file;
	struct changes_conf conf;
	struct changes *changes;
	struct ahead *ahead; /* the file being fetched */
	struct reading *reading;
	struct sha256 *sha;
	struct err refusal; /* why the file cannot be read */
	struct problems problems;
	uint64_t late_warnings; /* of what was found after the mapping */
	struct acks *acks;      /* NULL: the feed asks for none */
	unsigned char sha256[SHA256_SIZE];
	unsigned char list[SHA256_SIZE]; /* digest of the list of changes */
	struct file_entry entry;         /* counts and verdict */
	char found[256];
};

/*
 * Reads a file to its end and compares its records; nothing is sent. `now` judges
 * event times. A file that cannot be read is no error but a verdict (P2); ERR_CHANGED
 * if it changed meanwhile.
 */
int intake_read(struct job *j, const struct drop_file *f, int64_t now, struct intake *in,
    struct err *e);
struct intake *intake_new(struct err *e);
void intake_free(struct intake *in);

/*
 * Delivers what is in the outbox, in pass `p`: what was acknowledged by an earlier
 * run is not sent again. Refused records become problems of the file.
 */
int send_changes(struct job *j, const struct pass *p, struct intake *in, struct err *e);

/*
 * Keeps the answer that the feed asks for, writes down what became of the file, puts it
 * away and gives the answer.
 */
int settle_done(
    struct job *j, const struct drop_file *f, struct intake *in, struct err *e);

/* Goes on with what earlier runs could not put away, or tell the clinic. */
int settle_again(struct job *j, struct err *e);

/* Closes the pass of a file that was sent; what stayed unanswered is *pending. */
int job_close_pass(
    struct job *j, struct pass *p, struct intake *in, uint64_t *pending, struct err *e);
/* The feed has this file behind it: books, ledger, report, settling. */
int job_conclude(struct job *j, const struct drop_file *f, struct intake *in,
    uint64_t pending, struct err *e);

void job_tell_unfinished(struct job *j, const struct intake *in);

/* Finishes the pass that an earlier run left open, if there is one. */
int resume(struct job *j, struct err *e);

bool job_is_snapshot(const struct job *j);

/* Was a newer snapshot applied? Then a file that was held needs no decision any more. */
bool snapshot_superseded(const struct job *j, const struct drop_file *f);

/* Verdicts of a snapshot; true: in->entry has it, and its reason. */
bool snapshot_too_old(struct job *j, struct intake *in);
bool snapshot_too_many(struct job *j, struct intake *in);

/* Warns of an export with far fewer rows than usual. */
int snapshot_check_size(struct job *j, struct intake *in, struct err *e);

/* Keeps its age and its size. */
int snapshot_applied(struct job *j, const struct intake *in, struct err *e);

/* A file's content, as the feed's state knows it. */
struct digest job_content(const struct job *j, const struct intake *in);

const struct site_keys *job_keys(const struct job *j);

#endif
