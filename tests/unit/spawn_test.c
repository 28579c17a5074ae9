#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/spawn.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Through a shell, to have a program that does as it is told; nothing else needs one. */
static int
run_in(const char *script, const char *input, struct err *e)
{
	const char *const args[] = {"/bin/sh", "-c", script};
	char name[] = "GIVEN=this", path[] = "PATH=/usr/bin:/bin";
	char *env[] = {path, name, NULL};

	return spawn_run(
	    &(struct spawn){
		.args = args, .n = 3, .env = env, .in = span_of(input), .timeout = 20000},
	    e);
}

Test(spawn, what_a_program_is_given)
{
	static const char *const all[] = {
	    "test \"$(cat)\" = 'two words'",
	    "test \"$GIVEN\" = this && test -z \"$KEPT\"",
	    "test ! -e /proc/self/fd/77",
	    "test \"$(sed -n 's/^SigBlk:[[:space:]]*0*$/none/p' /proc/self/status)\" = none",
	    "test \"$(ps -o pgid= -p $$ | tr -d ' ')\" = $$",
	};
	sigset_t usr1;
	struct err e = {.msg = ""};

	setenv("KEPT", "secret", 1);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	cr_assert_eq(dup2(STDERR_FILENO, 77), 77);
	for (size_t i = 0; i < COUNT(all); i++)
		cr_expect_eq(run_in(all[i], "two words", &e), 0, "%s: %s", all[i], e.msg);
}

Test(spawn, how_it_ended)
{
	static const struct {
		const char *script, *told;
	} all[] = {{"exit 3", "/bin/sh: ended with 3"},
	    {"kill -TERM $$", "/bin/sh: ended by signal 15"},
	    /* Which we ignore. */
	    {"kill -PIPE $$", "/bin/sh: ended by signal 13"},
	    {"exec /nowhere/at/all 2>/dev/null", "/bin/sh: ended with 127"}};
	const char *const none[] = {"/nowhere/at/all"};
	char *env[] = {NULL};
	struct err e;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(all); i++) {
		cr_expect_eq(run_in(all[i].script, "", &e), -1);
		cr_expect_eq(e.code, ERR_IO);
		cr_expect_str_eq(e.msg, all[i].told);
	}
	cr_expect_eq(
	    spawn_run(&(struct spawn){.args = none, .n = 1, .env = env}, &e), -1);
	cr_expect_str_eq(e.msg, "/nowhere/at/all: No such file or directory");
}

static bool
is_zombie(pid_t pid)
{
	char path[64], line[512] = "", *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return true;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	end = strrchr(line, ')');
	return end == NULL || strncmp(end, ") Z", 3) == 0;
}

/* And what it started. */
Test(spawn, one_that_hangs_is_killed_with_its_children)
{
	const char *const args[] = {
	    "/bin/sh", "-c", "tail -f /dev/null & echo $! >\"$1\"; wait", "sh", NULL};
	char path[] = "/tmp/spawn_test_XXXXXX", text[32] = "", *env[] = {NULL};
	const char *with[5];
	struct err e;
	int fd = mkstemp(path);
	pid_t child;

	memcpy(with, args, sizeof(args));
	with[4] = path;
	cr_expect_eq(spawn_run(&(struct spawn){.args = with,
				   .n = 5,
				   .env = env,
				   .in = SPAN_LIT("unread"),
				   .timeout = 1500},
			 &e),
	    -1);
	cr_expect_str_eq(e.msg, "/bin/sh: not done after 2 s, and killed");
	cr_assert_gt(read(fd, text, sizeof(text) - 1), 0);
	unlink(path);
	close(fd);
	/* SIGKILL was sent to the group: a child that is no more, or about to be, is enough. */
	child = (pid_t)strtol(text, NULL, 10);
	for (int i = 0; i < 1000 && kill(child, 0) == 0 && !is_zombie(child); i++)
		poll(NULL, 0, 5);
	cr_expect(kill(child, 0) != 0 || is_zombie(child));
}
