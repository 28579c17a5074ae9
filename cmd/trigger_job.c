#include "cmd/trigger_job.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TRACEPARENT "TRACEPARENT="

extern char **environ;

/* What the job reads from standard input: an unlinked file that lies in memory. */
static int
input_of(const char *file, struct err *e)
{
	size_t n = file == NULL ? 0 : strlen(file);
	int fd = memfd_create("emrdrop-file", MFD_CLOEXEC);

	if (fd >= 0 &&
	    (n == 0 || (write(fd, file, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0)))
		return fd;
	err_sys(e, ERR_IO, errno, "a job's input");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Ours, but for the trace: that is the event's, or none. */
static char **
environment(char *trace, struct err *e)
{
	const size_t name = sizeof(TRACEPARENT) - 1;
	size_t n = 0, k = 0;
	char **env;

	while (environ[n] != NULL)
		n++;
	if ((env = calloc(n + 2, sizeof(*env))) == NULL) {
		err_nomem(e);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], TRACEPARENT, name) != 0)
			env[k++] = environ[i];
	if (trace != NULL)
		env[k] = trace;
	return env;
}

/*
 * A group of its own: who is told to stop at a terminal finishes his jobs. Signals as a
 * program has them that nobody has touched.
 */
static int
spawn(pid_t *pid, const int fds[2], char *const *argv, char **env)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int r = posix_spawn_file_actions_init(&files);

	if (r != 0)
		return r;
	if ((r = posix_spawnattr_init(&attr)) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return r;
	}
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	r = posix_spawn_file_actions_adddup2(&files, fds[0], STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, fds[1], STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(pid, "/proc/self/exe", &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return r;
}

static char *
word(const char *s)
{
	return (
	    char *)(uintptr_t)s; /* posix_spawn's argv is not const, but not changed */
}

int
trigger_job_start(struct trigger_job *j, const struct app *app,
    const struct trigger_work *w, struct err *e)
{
	char trace[sizeof(TRACEPARENT) + TRACE_HEADER_SIZE];
	char *argv[] = {word("emrdrop"), word("run"), word("--json"), word("--config"),
	    word(app->config_dir), word(w->file == NULL ? "--" : "--file"),
	    word(w->file == NULL ? w->feed : "-"), w->file == NULL ? NULL : word("--"),
	    word(w->feed), NULL};
	int fds[2] = {input_of(w->file, e), memfd_create("emrdrop-report", MFD_CLOEXEC)};
	char **env = NULL;
	int r = -1;

	snprintf(trace, sizeof(trace), TRACEPARENT "%s",
	    w->traceparent == NULL ? "" : w->traceparent);
	if (fds[1] < 0)
		err_sys(e, ERR_IO, errno, "a job's report");
	else if (fds[0] >= 0)
		env = environment(w->traceparent == NULL ? NULL : trace, e);
	if (env != NULL && (r = spawn(&j->pid, fds, argv, env)) != 0)
		err_sys(e, ERR_IO, r, "a job for feed %s", w->feed);
	free(env);
	if (fds[0] >= 0)
		close(fds[0]);
	j->report = fds[1];
	if (r == 0)
		return 0;
	if (fds[1] >= 0)
		close(fds[1]);
	return -1;
}

void
trigger_job_end(struct trigger_job *j, struct buf *out)
{
	off_t size = lseek(j->report, 0, SEEK_END), at = 0;
	char part[8192];
	ssize_t n = 1;

	while (at < size && n > 0 && !out->failed) {
		n = pread(j->report, part, sizeof(part), at);
		buf_add(out, part, n > 0 ? (size_t)n : 0);
		at += n;
	}
	close(j->report);
}

const char *
trigger_report_again(struct span report)
{
	json_t *o = json_loadb(report.p, report.n, 0, NULL);
	const json_t *feed = json_array_get(json_object_get(o, "feeds"), 0);
	bool again = !json_is_false(json_object_get(feed, "again"));
	bool old = json_integer_value(json_object_get(feed, "old_markers")) > 0;

	json_decref(o);
	if (!again)
		return NULL;
	return old ? "a file waits whose marker is older than it"
		   : "a file is not ready yet, or it is not its turn";
}
