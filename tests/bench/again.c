/*
 * Starts a command over and over, one after the other, and throws away what it prints: what
 * one start takes is too short to be measured.
 *
 *   again TIMES COMMAND ARGUMENT...
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	long times = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	posix_spawn_file_actions_t files;
	int state, rc;
	pid_t pid;

	if (times < 1) {
		fputs("usage: again TIMES COMMAND ARGUMENT...\n", stderr);
		return 64;
	}
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	while (times-- > 0) {
		rc = posix_spawnp(&pid, argv[2], &files, NULL, argv + 2, environ);
		if (rc != 0) {
			fprintf(stderr, "again: %s: %s\n", argv[2], strerror(rc));
			return 127;
		}
		waitpid(pid, &state, 0);
		if (state != 0) {
			fprintf(stderr, "again: %s: ended with 0x%x\n", argv[2],
			    (unsigned)state);
			return 1;
		}
	}
	return 0;
}
