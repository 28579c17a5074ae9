#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A pipe that holds all of the input, and no writer: its reading end, or -1. */
static int
input_pipe(struct span in, struct err *e)
{
	int fd[2];

	if (in.n > SPAWN_INPUT_MAX)
		return err_set(e, ERR_INTERNAL, "too much input for a command");
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_sys(e, ERR_IO, errno, "pipe");
	if (write(fd[1], in.p, in.n) == (ssize_t)in.n) {
		/* The command's end waits, as programs expect of their input. */
		(void)fcntl(fd[0], F_SETFL, 0);
		close(fd[1]);
		return fd[0];
	}
	err_sys(e, ERR_IO, errno, "pipe");
	close(fd[0]);
	close(fd[1]);
	return -1;
}

/* A group of its own, signals as a program expects them, and no file of ours. */
static int
start(const struct spawn *s, int in, pid_t *pid)
{
	char *args[SPAWN_ARGS_MAX + 1] = {NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int rc;

	if (s->n > SPAWN_ARGS_MAX)
		return E2BIG;
	for (size_t i = 0; i < s->n; i++)
		args[i] = (char *)(uintptr_t)s->args[i];
	sigemptyset(&none);
	sigfillset(&usual);
	if ((rc = posix_spawn_file_actions_init(&files)) != 0)
		return rc;
	if ((rc = posix_spawnattr_init(&attr)) != 0)
		goto out;
	rc = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(
		    &files, STDERR_FILENO, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	if (rc == 0)
		rc = posix_spawn(pid, args[0], &files, &attr, args, s->env);
	posix_spawnattr_destroy(&attr);
out:
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* Its wait status; -1: its time was over, and it was killed. */
static int
await(pid_t pid, int64_t timeout)
{
	struct pollfd p = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int status, wait = timeout > INT_MAX ? INT_MAX : (int)timeout;
	bool over = p.fd < 0 || poll(&p, 1, wait) <= 0;

	if (over)
		kill(-pid, SIGKILL);
	if (p.fd >= 0)
		close(p.fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return over ? -1 : status;
}

int
spawn_run(const struct spawn *s, struct err *e)
{
	const char *name = s->args[0];
	int in = input_pipe(s->in, e), rc, status;
	pid_t pid;

	if (in < 0)
		return -1;
	rc = start(s, in, &pid);
	close(in);
	if (rc != 0)
		return err_sys(e, ERR_IO, rc, "%s", name);
	status = await(pid, s->timeout);
	if (status == 0)
		return 0;
	if (status < 0)
		return err_set(e, ERR_IO, "%s: not done after %lld s, and killed", name,
		    (long long)(s->timeout + 999) / 1000);
	if (WIFSIGNALED(status))
		return err_set(
		    e, ERR_IO, "%s: ended by signal %d", name, WTERMSIG(status));
	return err_set(e, ERR_IO, "%s: ended with %d", name, WEXITSTATUS(status));
}
