/*
 * To be preloaded: counts the calls that a program makes of malloc, read, connect and
 * so on, and lets one of them fail, as a full disk or a bad network would.
 *
 *   INJECT=GROUP:N        the Nth call of this group fails
 *   INJECT=GROUP:N:from   and so does each one after it
 *   INJECT_COUNT=FILE     at the end, a line "GROUP CALLS" for each group
 *
 * A group is a row of `groups`. Only calls that go through the dynamic linker are seen,
 * those of the libraries too; what the C library calls within itself is not. Standard
 * input and output are left alone, so that the program can say what went wrong.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
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
static unsigned long at;
static bool later_too, counting;
static atomic_bool begun;

static void
stop(void)
{
	counting = false;
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

	for (int g = 0; s != NULL && g < GROUPS; g++) {
		size_t n = strlen(groups[g].name);
		char *end;

		if (strncmp(s, groups[g].name, n) != 0 || s[n] != ':')
			continue;
		chosen = g;
		at = strtoul(s + n + 1, &end, 10);
		later_too = strcmp(end, ":from") == 0;
	}
	counting = true;
}

static void __attribute__((destructor))
end(void)
{
	const char *path = getenv("INJECT_COUNT");
	FILE *f;

	counting = false;
	if (path == NULL || (f = fopen(path, "w")) == NULL)
		return;
	for (int g = 0; g < GROUPS; g++)
		fprintf(f, "%s %lu\n", groups[g].name, atomic_load(&calls[g]));
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
