/*
 * Runs a command and writes one line to FILE: wall seconds, CPU seconds (user and
 * system, with children), peak anonymous memory in KiB, exit status.
 *
 *   measure FILE COMMAND ARGUMENT...
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 5

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* RssAnon of one process, in KiB; 0 once it is gone. */
static long
anonymous(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	while (kib == 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	fclose(f);
	return kib;
}

static long
watch(pid_t pid, int *state, struct rusage *usage)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	long peak = 0, now;
	sigset_t ended;

	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	while (wait4(pid, state, WNOHANG, usage) == 0) {
		now = anonymous(pid);
		if (now > peak)
			peak = now;
		sigtimedwait(&ended, NULL, &pause);
	}
	return peak;
}

static double
cpu(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

int
main(int argc, char **argv)
{
	struct rusage usage = {0};
	sigset_t ended, before;
	int state = 0, status;
	double start;
	long peak;
	FILE *out;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: measure FILE COMMAND ARGUMENT...\n", stderr);
		return 64;
	}
	/* So that watch is woken at once when the command ends. */
	sigemptyset(&ended);
	sigaddset(&ended, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ended, &before);
	start = seconds();
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		execvp(argv[2], argv + 2);
		fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	peak = watch(pid, &state, &usage);
	start = seconds() - start;
	status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
	out = fopen(argv[1], "w");
	if (out == NULL)
		return 74;
	fprintf(out, "%.3f %.3f %ld %d\n", start, cpu(&usage), peak, status);
	return fclose(out) == 0 ? status : 74;
}
