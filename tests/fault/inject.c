/*
 * To be preloaded: counts the calls that a program makes of malloc, read, connect and
 * so on, and lets one of them fail, as a full disk or a bad network would.
 *
 *   INJECT=GROUP:N        the Nth call of this group fails
 *   INJECT=GROUP:N:from   and so does each one after it
 *   INJECT=stack:S[:from] the first allocation that is asked for by this row of callers
 *   INJECT_COUNT=FILE     at the end, a line "GROUP CALLS" for each group
 *   INJECT_STACKS=FILE    and there a line S for each row of callers of an allocation
 *
 * A group is a row of `groups`. Only calls that go through the dynamic linker are seen,
 * those of the libraries too; what the C library calls within itself is not. Standard
 * input and output are left alone, so that the program can say what went wrong.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define DEEPEST 64    /* callers that are told apart */
#define STACKS  32768 /* rows of callers, twice as many as there may be */

enum group {
	MEMORY,
	READ,
	WRITE,
	SYNC,
	RENAME,
	MAP,
	CONNECT,
	SEND,
	RECEIVE,
	OPEN,
	THREAD,
	GROUPS
};

static const struct {
	const char *name;
	int error;
} groups[GROUPS] = {
    [MEMORY] = {"memory", ENOMEM},
    [READ] = {"read", EIO},
    [WRITE] = {"write", ENOSPC},
    [SYNC] = {"sync", EIO},
    [RENAME] = {"rename", EIO},
    [MAP] = {"map", ENOMEM},
    [CONNECT] = {"connect", ECONNREFUSED},
    [SEND] = {"send", ECONNRESET},
    [RECEIVE] = {"receive", ECONNRESET},
    [OPEN] = {"open", EMFILE},
    [THREAD] = {"thread", EAGAIN},
};

static atomic_ulong calls[GROUPS];
static int chosen = -1;
static atomic_ulong at;
static bool later_too, counting;
static atomic_bool begun;

/* Rows of callers that were seen, by what identifies them; an open table. */
static _Atomic uint64_t stacks[STACKS];
static uint64_t stack;
static bool by_stack;
static _Thread_local bool looking;

static void
stop(void)
{
	counting = false;
}

/* The same in each run of a program: modules lie elsewhere, their code stays in order. */
static uint64_t
callers(void)
{
	void *code[DEEPEST];
	int n = backtrace(code, DEEPEST);
	uint64_t h = 14695981039346656037u;
	struct dl_find_object module;

	for (int i = 0; i < n; i++) {
		uint64_t place = (uint64_t)(uintptr_t)code[i];

		if (_dl_find_object(code[i], &module) == 0)
			place -= (uint64_t)(uintptr_t)module.dlfo_map_start;
		h = (h ^ place) * 1099511628211u;
		h ^= h >> 29;
	}
	return h != 0 ? h : 1;
}

/* Was this row of callers not there before? */
static bool
is_new(uint64_t h)
{
	uint64_t found = 0;

	for (size_t i = h % STACKS; found != h; i = (i + 1) % STACKS) {
		if (atomic_compare_exchange_strong(&stacks[i], &found, h))
			return true;
		if (found != h)
			found = 0;
	}
	return false;
}

/* Is this the first allocation of the chosen row of callers? */
static bool
meets_stack(void)
{
	bool met;
	uint64_t h;

	if (!by_stack || looking)
		return false;
	looking = true;
	h = callers();
	met = is_new(h) && h == stack;
	looking = false;
	return met;
}

/*
 * Is this the call that is to fail? Registered as late as this, `stop` comes before what
 * a compiler has done at the end, such as writing down which lines were run.
 */
static bool
fails(enum group g)
{
	unsigned long n;

	if (!counting)
		return false;
	if (!atomic_exchange(&begun, true))
		atexit(stop);
	n = atomic_fetch_add(&calls[g], 1) + 1;
	if (g == MEMORY && meets_stack())
		at = n;
	if ((int)g != chosen || n < at || (n > at && !later_too))
		return false;
	errno = groups[g].error;
	return true;
}

static bool
fails_on(enum group g, int fd)
{
	return fd > STDERR_FILENO && fails(g);
}

/* Just before main: what the libraries do when they are loaded does not count. */
static void __attribute__((constructor))
begin(void)
{
	const char *s = getenv("INJECT");
	char *end;

	for (int g = 0; s != NULL && g < GROUPS; g++) {
		size_t n = strlen(groups[g].name);

		if (strncmp(s, groups[g].name, n) != 0 || s[n] != ':')
			continue;
		chosen = g;
		at = strtoul(s + n + 1, &end, 10);
		later_too = strcmp(end, ":from") == 0;
	}
	if (s != NULL && strncmp(s, "stack:", 6) == 0) {
		chosen = MEMORY;
		at = ULONG_MAX;
		stack = strtoull(s + 6, &end, 16);
		later_too = strcmp(end, ":from") == 0;
	}
	by_stack = stack != 0 || getenv("INJECT_STACKS") != NULL;
	if (by_stack)
		callers(); /* its first use loads a library */
	counting = true;
}

static FILE *
out(const char *name)
{
	const char *path = getenv(name);

	return path != NULL ? fopen(path, "w") : NULL;
}

static void __attribute__((destructor))
end(void)
{
	FILE *f;

	counting = false;
	if ((f = out("INJECT_COUNT")) != NULL) {
		for (int g = 0; g < GROUPS; g++)
			fprintf(f, "%s %lu\n", groups[g].name, atomic_load(&calls[g]));
		fclose(f);
	}
	if ((f = out("INJECT_STACKS")) == NULL)
		return;
	for (size_t i = 0; i < STACKS; i++)
		if (stacks[i] != 0)
			fprintf(f, "%016" PRIx64 "\n", stacks[i]);
	fclose(f);
}

/* The function that would have been called without us. */
static void *
next(void *_Atomic *kept, const char *name)
{
	void *fn = atomic_load(kept);

	if (fn == NULL) {
		fn = dlsym(RTLD_NEXT, name);
		if (fn == NULL)
			abort();
		atomic_store(kept, fn);
	}
	return fn;
}

#define NEXT(name)                 \
	static void *_Atomic kept; \
	__typeof__(&name) fn = (__typeof__(fn))(uintptr_t)next(&kept, #name)

/* A function of this group: RESULT if it is to fail. */
#define WRAP(type, name, condition, result, parameters, arguments) \
	type name parameters                                       \
	{                                                          \
		NEXT(name);                                        \
		return (condition) ? (result) : fn arguments;      \
	}

WRAP(void *, malloc, fails(MEMORY), NULL, (size_t n), (n));
WRAP(void *, calloc, fails(MEMORY), NULL, (size_t k, size_t n), (k, n));
WRAP(void *, realloc, fails(MEMORY), NULL, (void *p, size_t n), (p, n));
WRAP(void *, reallocarray, fails(MEMORY), NULL, (void *p, size_t k, size_t n), (p, k, n));
WRAP(ssize_t, read, fails_on(READ, fd), -1, (int fd, void *p, size_t n), (fd, p, n));
WRAP(ssize_t, pread, fails_on(READ, fd), -1, (int fd, void *p, size_t n, off_t o),
    (fd, p, n, o));
WRAP(ssize_t, pread64, fails_on(READ, fd), -1, (int fd, void *p, size_t n, off_t o),
    (fd, p, n, o));
WRAP(ssize_t, write, fails_on(WRITE, fd), -1, (int fd, const void *p, size_t n),
    (fd, p, n));
WRAP(ssize_t, pwrite, fails_on(WRITE, fd), -1, (int fd, const void *p, size_t n, off_t o),
    (fd, p, n, o));
WRAP(ssize_t, pwrite64, fails_on(WRITE, fd), -1,
    (int fd, const void *p, size_t n, off_t o), (fd, p, n, o));
WRAP(ssize_t, writev, fails_on(WRITE, fd), -1, (int fd, const struct iovec *v, int n),
    (fd, v, n));
WRAP(ssize_t, pwritev, fails_on(WRITE, fd), -1,
    (int fd, const struct iovec *v, int n, off_t o), (fd, v, n, o));
WRAP(ssize_t, pwritev64, fails_on(WRITE, fd), -1,
    (int fd, const struct iovec *v, int n, off_t o), (fd, v, n, o));
WRAP(int, fsync, fails(SYNC), -1, (int fd), (fd));
WRAP(int, fdatasync, fails(SYNC), -1, (int fd), (fd));
WRAP(int, rename, fails(RENAME), -1, (const char *from, const char *to), (from, to));
WRAP(int, renameat, fails(RENAME), -1, (int f, const char *from, int t, const char *to),
    (f, from, t, to));
WRAP(int, renameat2, fails(RENAME), -1,
    (int f, const char *from, int t, const char *to, unsigned flags),
    (f, from, t, to, flags));
WRAP(int, link, fails(RENAME), -1, (const char *from, const char *to), (from, to));
WRAP(int, linkat, fails(RENAME), -1,
    (int f, const char *from, int t, const char *to, int flags), (f, from, t, to, flags));
WRAP(void *, mmap, fails(MAP), MAP_FAILED,
    (void *p, size_t n, int prot, int flags, int fd, off_t o),
    (p, n, prot, flags, fd, o));
WRAP(void *, mmap64, fails(MAP), MAP_FAILED,
    (void *p, size_t n, int prot, int flags, int fd, off_t o),
    (p, n, prot, flags, fd, o));
WRAP(int, connect, fails(CONNECT), -1, (int fd, const struct sockaddr *a, socklen_t n),
    (fd, a, n));
WRAP(ssize_t, send, fails(SEND), -1, (int fd, const void *p, size_t n, int flags),
    (fd, p, n, flags));
WRAP(ssize_t, sendto, fails(SEND), -1,
    (int fd, const void *p, size_t n, int flags, const struct sockaddr *a, socklen_t m),
    (fd, p, n, flags, a, m));
WRAP(ssize_t, sendmsg, fails(SEND), -1, (int fd, const struct msghdr *m, int flags),
    (fd, m, flags));
WRAP(ssize_t, recv, fails(RECEIVE), -1, (int fd, void *p, size_t n, int flags),
    (fd, p, n, flags));
WRAP(ssize_t, recvfrom, fails(RECEIVE), -1,
    (int fd, void *p, size_t n, int flags, struct sockaddr *a, socklen_t *m),
    (fd, p, n, flags, a, m));
WRAP(ssize_t, recvmsg, fails(RECEIVE), -1, (int fd, struct msghdr *m, int flags),
    (fd, m, flags));
WRAP(int, pthread_create, fails(THREAD), EAGAIN,
    (pthread_t * t, const pthread_attr_t *a, void *(*run)(void *), void *arg),
    (t, a, run, arg));

static mode_t
mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE
		   ? va_arg(ap, mode_t)
		   : 0;
}

#define WRAP_OPEN(name, parameters, last, arguments)    \
	int name parameters                             \
	{                                               \
		NEXT(name);                             \
		va_list ap;                             \
		mode_t mode;                            \
                                                        \
		va_start(ap, last);                     \
		mode = mode_of(flags, ap);              \
		va_end(ap);                             \
		return fails(OPEN) ? -1 : fn arguments; \
	}

WRAP_OPEN(open, (const char *path, int flags, ...), flags, (path, flags, mode));
WRAP_OPEN(open64, (const char *path, int flags, ...), flags, (path, flags, mode));
WRAP_OPEN(openat, (int at_fd, const char *path, int flags, ...), flags,
    (at_fd, path, flags, mode));
WRAP_OPEN(openat64, (int at_fd, const char *path, int flags, ...), flags,
    (at_fd, path, flags, mode));
WRAP(
    FILE *, fopen, fails(OPEN), NULL, (const char *path, const char *mode), (path, mode));
WRAP(FILE *, fopen64, fails(OPEN), NULL, (const char *path, const char *mode),
    (path, mode));
