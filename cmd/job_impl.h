/* What the stages of a job share: intake (read, verdict), send, settle. */
#ifndef CMD_JOB_IMPL_H
#define CMD_JOB_IMPL_H

#include "cmd/acks.h"
#include "cmd/job.h"
#include "cmd/known_rows.h"
#include "cmd/look.h"
#include "cmd/progress.h"
#include "cmd/reject_list.h"
#include "pollers/ahead.h"
#include "state/headers.h"
#include "state/snapshot.h"

struct job {
	struct app *app;
	struct feed *feed;
	struct report *report;
	struct feed_report *out;
	const struct errand *errand; /* or NULL */
	const char *upto;            /* the last file to take, or NULL */
	struct job_share *share;
	struct ledger *ledger;       /* NULL in a dry run before the first run */
	struct site_keys *ephemeral; /* stand in for the ledger's then */
	uint32_t scope;
	int lock, own; /* its source's, and watch_begin's; -1: none */
	struct poller_env env;
	struct poller *poller;
	struct api_lines *lines; /* from file to file */
	struct feed_state state;
	struct snapshot_state snapshot;
	struct progress progress;
	bool api_takes;        /* it took a record in this run */
	struct unread *unread; /* files that could not be read for their reject files */
};

/* Looks at the drop, and takes what is ready. */
int job_work_off(struct job *j, struct err *e);

struct intake {
	const struct drop_file *file;
	char path[FILE_PATH_MAX + 1]; /* where it is, if not in the drop by its name */
	struct changes_conf conf;
	struct changes *changes;
	struct known_rows *known; /* from the last file; NULL: each is read */
	struct ahead *ahead;      /* the file being fetched */
	struct unpack *unpack;
	struct reading *reading;
	struct sha256 *sha;
	_Atomic uint64_t fetched; /* bytes; perhaps by another thread than reads */
	bool whole;               /* all of it was read, whatever is thought of it */
	struct err refusal;       /* why the file cannot be read */
	struct problems problems;
	struct file_header header;   /* beside that of the last good file */
	bool drifts;                 /* it is another */
	uint64_t late_warnings;      /* of what was found after the mapping */
	struct acks *acks;           /* NULL: the feed asks for none */
	struct reject_list *rejects; /* the same of a reject file */
	uint64_t api_refused, left;  /* records: of those sent; of a retry, others */
	uint64_t told;               /* records, as delivered, by earlier runs */
	bool mended;                 /* it is a reject file that came back */
	unsigned char sha256[SHA256_SIZE]; /* of a retry it is known before */
	unsigned char list[SHA256_SIZE];   /* digest of the list of changes */
	struct file_entry entry;           /* counts and verdict */
	char found[FILE_FOUND_SIZE], found_words[FILE_FOUND_SIZE];
	enum pass_mode mode;
	int64_t started; /* ms of the clock that only goes on: when it was opened */
	int64_t file_at, taken_at; /* ms: the file's own time; read before, 0: never */
	bool dated, decided;       /* file_at was given; a human decided */
	bool merged; /* by an earlier run: its problems stand in the ledger */
};

/*
 * Reads a file to its end and compares its records; nothing is sent. `now` judges
 * event times. A file that cannot be read is no error but a verdict (P2); ERR_CHANGED
 * if it changed meanwhile.
 */
int intake_read(struct job *j, const struct drop_file *f, int64_t now, struct intake *in,
    struct err *e);

/* Of a file in the drop; file_at is TIME_NONE, and intake_read finds it, or is given. */
struct intake *intake_new(enum pass_mode mode, struct err *e);
void intake_free(struct intake *in);

/* The date in a file's name, if the feed is ordered by that, or when it was written. */
int64_t file_time(const struct job *j, const char *name, int64_t mtime);

/*
 * Reads a file and brings it to its end, as `in` says. 0; 1 if it changed or is gone;
 * 2 if somebody decided about it, and it is to be read once more as PASS_AGAIN; -1.
 */
int job_take(struct job *j, const struct drop_file *f, struct intake *in, struct err *e);

/*
 * Delivers what is in the outbox, in pass `p`: what was acknowledged by an earlier
 * run is not sent again. Refused records become problems of the file.
 */
int send_changes(struct job *j, const struct pass *p, struct intake *in, struct err *e);

/* What is to be done with a file in the drop, in the commit that concludes it. */
struct settlement {
	struct name_put put;
	struct settling settling;
	bool moves; /* it is moved, or removed: as `settling` says */
};

/* Decides where the file goes, and writes that into its entry. `f` must outlive *out. */
int settle_plan(struct job *j, const struct drop_file *f, struct file_entry *en,
    struct settlement *out, struct err *e);

/* The name that a file had in the drop, out of the one that it was put away under. */
const char *settle_name(const char *name);

/* Carries it out, and gives the clinic the answers that wait; what earlier runs could not. */
int settle_done(struct job *j, const struct settlement *s, struct err *e);
int settle_again(struct job *j, struct err *e);

/* Finishes the pass that an earlier run left open, if there is one. */
int resume(struct job *j, struct err *e);

/* Lets the ledger forget what is old; `look` is what lies in the drop. */
int job_retain(struct job *j, struct drop_look *look, struct err *e);

const struct site_keys *job_keys(const struct job *j);

#endif
