#include "cmd/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"

#define TEXT_MAX      65536
#define PATH_MAX_SIZE 4096

/* What is counted goes up for ever; what is measured is as it is. */
enum kind { COUNTER, GAUGE };

struct metric {
	const char *name, *help;
	enum kind kind;
	double value;
	const char *label; /* one more, or NULL */
};

/* A label's value: a feed's name has no character to be escaped. */
static void
put(struct buf *out, const char *feed, const struct metric *m)
{
	buf_addf(out, "# HELP emrdrop_%s %s\n# TYPE emrdrop_%s %s\n", m->name, m->help,
	    m->name, m->kind == COUNTER ? "counter" : "gauge");
	buf_addf(out, "emrdrop_%s{feed=\"%s\"%s} %.17g\n", m->name, feed,
	    m->label == NULL ? "" : m->label, m->value);
}

static void
put_all(struct buf *out, const char *feed, const struct metric *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(out, feed, &m[i]);
}

#define PUT(out, feed, list) put_all(out, feed, list, sizeof(list) / sizeof((list)[0]))

static double
count(uint64_t n)
{
	return (double)n;
}

static double
seconds(int64_t ms)
{
	return (double)ms / 1000;
}

static void
put_counters(struct buf *out, const struct feed_troubles *t)
{
	const struct figures *f = &t->figures;
	const struct metric list[] = {
	    {"runs_total", "Runs, but for those that found another at work.", COUNTER,
		count(f->runs), NULL},
	    {"run_failures_total", "Runs that ended with another status than 0 or 3.",
		COUNTER, count(f->failed), NULL},
	    {"run_duration_seconds_total", "How long all runs took.", COUNTER,
		seconds((int64_t)f->total_ms), NULL},
	    {"files_total", "Files read.", COUNTER, count(f->files), NULL},
	    {"file_bytes_total", "Bytes of the files read.", COUNTER, count(f->bytes),
		NULL},
	    {"rows_total", "Rows or messages read.", COUNTER, count(f->rows), NULL},
	    {"rows_rejected_total", "Rows or messages that were not taken.", COUNTER,
		count(f->rejected), NULL},
	    {"records_delivered_total", "Changes that the API took.", COUNTER,
		count(f->delivered), NULL},
	    {"records_removed_total", "Removals, of records that a snapshot lacked.",
		COUNTER, count(f->removals), NULL},
	    {"records_refused_total", "Changes that the API refused.", COUNTER,
		count(f->refused), NULL},
	    {"api_requests_total", "Requests to the API.", COUNTER, count(f->requests),
		NULL},
	    {"api_retries_total", "Requests that were made again.", COUNTER,
		count(f->retries), NULL},
	};

	PUT(out, t->state.name, list);
}

static void
put_last(struct buf *out, const struct feed_troubles *t)
{
	const struct figures *f = &t->figures;
	const struct metric list[] = {
	    {"last_run_timestamp_seconds", "When the last run ended; 0: never.", GAUGE,
		seconds(f->last_run), NULL},
	    {"last_success_timestamp_seconds",
		"When the last run ended that was well; 0: never.", GAUGE,
		seconds(f->last_success), NULL},
	    {"last_run_duration_seconds", "How long the last run took.", GAUGE,
		seconds((int64_t)f->last_ms), NULL},
	    {"last_exit_status", "The last run's exit status.", GAUGE,
		count(f->last_exit), NULL},
	    {"last_look_timestamp_seconds", "When a run last listed the drop; 0: never.",
		GAUGE, seconds(t->state.last_look), NULL},
	    {"last_delivery_timestamp_seconds",
		"When a file was last delivered; 0: never.", GAUGE,
		seconds(t->state.last_delivery), NULL},
	    {"last_arrival_timestamp_seconds", "When the last file came; 0: never.",
		GAUGE, seconds(t->arrival.came), NULL},
	};

	PUT(out, t->state.name, list);
}

static void
put_state(struct buf *out, const struct feed_troubles *t, int64_t now)
{
	const struct arrival *a = &t->arrival;
	const struct metric list[] = {
	    {"held_files", "Files that wait for a decision.", GAUGE,
		count(t->v[TROUBLE_HELD].count), NULL},
	    {"refused_files", "Files in the drop that cannot be read.", GAUGE,
		count(t->v[TROUBLE_REFUSED].count), NULL},
	    {"paused", "1 if somebody paused the feed.", GAUGE, t->paused != 0, NULL},
	    {"login_refused", "1 if the drop refused our login.", GAUGE,
		t->v[TROUBLE_LOGIN].is, NULL},
	    {"late_seconds", "How long ago a file was due that has not come; 0: none.",
		GAUGE, a->late_from == 0 ? 0 : seconds(now - a->late_from), NULL},
	    {"missed_arrivals", "Due times in a row without their files.", GAUGE,
		count(a->missed), NULL},
	    {"strange_file", "1 if the last file has far fewer or more rows than usual.",
		GAUGE, t->v[TROUBLE_STRANGE].is, NULL},
	};

	PUT(out, t->state.name, list);
}

static void
put_expiry(struct buf *out, const struct feed_troubles *t)
{
	static const char name[] = "credential_expiry_timestamp_seconds";
	const struct figures *f = &t->figures;
	const struct {
		const char *label;
		int64_t at;
	} all[] = {{"api_certificate", f->api_expires}, {"pgp_key", f->pgp_expires}};
	bool told = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].at == 0)
			continue;
		if (!told)
			buf_addf(out,
			    "# HELP emrdrop_%s When it expires.\n# TYPE emrdrop_%s gauge\n",
			    name, name);
		told = true;
		buf_addf(out, "emrdrop_%s{feed=\"%s\",credential=\"%s\"} %.17g\n", name,
		    t->state.name, all[i].label, seconds(all[i].at));
	}
}

/* Text exposition format 0.0.4. */
static void
put_text(const struct feed_troubles *t, int64_t now, struct buf *out)
{
	put_counters(out, t);
	put_last(out, t);
	put_state(out, t, now);
	put_expiry(out, t);
}

static int
path_of(const char *dir, const char *feed, char path[PATH_MAX_SIZE], struct err *e)
{
	if (snprintf(path, PATH_MAX_SIZE, "%s/emrdrop_%s.prom", dir, feed) >=
	    PATH_MAX_SIZE)
		return err_set(e, ERR_CONFIG, "[metrics] textfile: the path is too long");
	return 0;
}

/*
 * The collector takes *.prom: what is not whole has another end, and a name of its own.
 * No sync: a figure that a power cut takes is written anew by the next run.
 */
static int
replace(const char *dir, const char *feed, struct span text, struct err *e)
{
	char path[PATH_MAX_SIZE], temp[PATH_MAX_SIZE + 16];
	int fd, rc;

	if (path_of(dir, feed, path, e) != 0)
		return -1;
	(void)snprintf(temp, sizeof(temp), "%s.%d", path, (int)getpid());
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(e, ERR_IO, errno, "[metrics] textfile: %s", dir);
	rc = write_whole(fd, text) == 0 ? fchmod(fd, 0644) : -1;
	if (close(fd) != 0 || rc != 0 || rename(temp, path) != 0) {
		rc = err_sys(e, ERR_IO, errno, "[metrics] textfile: %s", dir);
		unlink(temp);
	}
	return rc;
}

int
metrics_write(const char *dir, const struct feed_troubles *t, int64_t now, struct err *e)
{
	struct buf out;
	int rc;

	if (dir == NULL)
		return 0;
	buf_init(&out, TEXT_MAX);
	put_text(t, now, &out);
	rc = buf_check(&out, "the metrics", e);
	if (rc == 0)
		rc = replace(dir, t->state.name, buf_span(&out), e);
	buf_release(&out);
	return rc;
}

int
metrics_remove(const char *dir, const char *feed, struct err *e)
{
	char path[PATH_MAX_SIZE];

	if (dir == NULL)
		return 0;
	if (path_of(dir, feed, path, e) != 0)
		return -1;
	if (unlink(path) != 0 && errno != ENOENT)
		return err_sys(e, ERR_IO, errno, "[metrics] textfile: %s", dir);
	return 0;
}
