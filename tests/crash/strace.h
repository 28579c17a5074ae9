/*
 * strace's output, call by call: what -f -y -xx makes of them, with both halves of one
 * that another thread came into put together. Errors end the program.
 */
#ifndef TESTS_CRASH_STRACE_H
#define TESTS_CRASH_STRACE_H

#include <stddef.h>

#define PATH_SIZE 4096

/* One call that succeeded; valid until the next one is asked for. */
struct call {
	char *name;
	const char *args; /* as they stand, up to the end of the line */
	long long result;
	char opened[PATH_SIZE]; /* the path of the descriptor that it gave, or "" */
};

struct strace;

struct strace *strace_open(const char *file);
void strace_close(struct strace *s);

/* 1, or 0 at the end. What failed, or was killed before it ran, is left out. */
int strace_next(struct strace *s, struct call *c);

/* The number of the line that was read last. */
size_t strace_line(const struct strace *s);

/* Ends the program: this line cannot be what it should be. */
void strace_bad(const struct strace *s, const char *why) __attribute__((noreturn));

/*
 * Each takes one argument off *s: a descriptor "4<PATH>" or "AT_FDCWD<PATH>" (*path is
 * "" if it is no file); the next string, as its bytes and a 0; a number. arg_string
 * gives how many bytes, or -1 if there is no string, or it does not fit.
 */
long arg_fd(const char **s, char path[PATH_SIZE]);
long arg_string(const char **s, void *out, size_t size);
size_t arg_number(const char **s);

/* The next path of any kind in *s: 1, or 0 if there is none. */
int arg_path(const char **s, char path[PATH_SIZE]);

/* Says why on stderr, and ends the program with 74. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* `allocated`, unless it is NULL. */
void *or_die(void *allocated);

#endif
