/*
 * For tests in C: a shell that has sourced the server helpers of this folder, and is
 * told what to do line by line. It ends, and takes its servers along, as soon as its
 * input ends: also when the test dies.
 */
#ifndef TESTS_LIB_SERVER_H
#define TESTS_LIB_SERVER_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL_LINE 4096

struct shell {
	pid_t pid;
	FILE *in, *out;
	char dir[64]; /* ours, removed at the end */
};

static const char shell_main[] =
    "set -u\n"
    ". tests/lib/sshd.sh\n"
    ". tests/lib/proftpd.sh\n"
    "trap server_stop_all EXIT\n"
    "while IFS= read -r line; do eval \"$line\" </dev/null; printf '\\nrc=%s\\n' $?; done\n";

static inline void
shell_child(int in, int out, const char *dir)
{
	if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0)
		execl("/bin/bash", "bash", "-c", shell_main, "bash", dir, (char *)NULL);
	_exit(127);
}

static inline void
shell_start(struct shell *sh)
{
	int in[2], out[2];

	snprintf(sh->dir, sizeof(sh->dir), "/tmp/emrdrop-test-XXXXXX");
	cr_assert_not_null(mkdtemp(sh->dir));
	cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	sh->pid = fork();
	if (sh->pid == 0)
		shell_child(in[0], out[1], sh->dir);
	cr_assert_gt(sh->pid, 0);
	close(in[0]);
	close(out[1]);
	sh->in = fdopen(in[1], "w");
	sh->out = fdopen(out[0], "r");
	cr_assert(sh->in && sh->out);
	signal(SIGPIPE, SIG_IGN);
}

/*
 * Runs one line; its first line of output goes to `out` (SHELL_LINE bytes, may be
 * NULL). Returns its status.
 */
static inline int
shell_run(struct shell *sh, const char *line, char *out)
{
	char text[SHELL_LINE];
	int rc = -1;
	bool first = true;

	if (out)
		out[0] = '\0';
	fprintf(sh->in, "%s\n", line);
	fflush(sh->in);
	while (fgets(text, sizeof(text), sh->out)) {
		if (strncmp(text, "rc=", 3) == 0) {
			rc = (int)strtol(text + 3, NULL, 10);
			break;
		}
		text[strcspn(text, "\n")] = '\0';
		if (first && out && text[0]) {
			memcpy(out, text, sizeof(text));
			first = false;
		}
	}
	return rc;
}

/* As shell_run, and the test fails if the line does. */
static inline void
shell_must(struct shell *sh, const char *line, char *out)
{
	int rc = shell_run(sh, line, out);

	cr_assert_eq(rc, 0, "status %d of: %s", rc, line);
}

static inline int
shell_unlink(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	remove(path);
	return 0;
}

static inline void
shell_end(struct shell *sh)
{
	fclose(sh->in);
	fclose(sh->out);
	waitpid(sh->pid, NULL, 0);
	nftw(sh->dir, shell_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
