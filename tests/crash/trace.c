#include "tests/crash/trace.h"

#include <stdlib.h>
#include <string.h>

#include "tests/crash/strace.h"

#define FDS_MAX 1024

/* What is known of a descriptor; its path is always told by strace. */
struct fd {
	size_t at; /* where write and writev go on */
	bool durable;
};

struct parser {
	struct trace *trace;
	const char *root;
	struct strace *in;
	struct fd fds[FDS_MAX];
};

enum {
	AT = 1,     /* names come with the folder that they are in */
	VECTOR = 2, /* the bytes come in pieces */
	PLACED = 4  /* an offset comes behind them */
};

/* Without `fn` it must not occur on a file of the folder. */
struct known_call {
	const char *name;
	void (*fn)(struct parser *p, const struct known_call *k, const struct call *c);
	int flags;
	enum event_kind kind;
};

static struct fd *
fd_at(struct parser *p, long fd)
{
	if (fd < 0 || fd >= FDS_MAX)
		strace_bad(p->in, "a descriptor is too high");
	return &p->fds[fd];
}

/* ---- events ---- */

/* The part of `path` below the root, or NULL: it is elsewhere. */
static const char *
inside(const struct parser *p, const char *path)
{
	size_t n = strlen(p->root);

	if (strncmp(path, p->root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	path += n;
	return path + strspn(path, "/");
}

static struct event *
event_add(struct parser *p, enum event_kind kind, const char *path)
{
	struct trace *t = p->trace;
	struct event *ev;
	size_t n;

	if (t->n == t->cap) {
		t->cap = t->cap * 2 + 64;
		t->v = or_die(reallocarray(t->v, t->cap, sizeof(*t->v)));
	}
	ev = &t->v[t->n++];
	*ev = (struct event){
	    .kind = kind, .line = strace_line(p->in), .path = or_die(strdup(path))};
	for (n = strlen(ev->path); n > 0 && ev->path[n - 1] == '/'; n--)
		ev->path[n - 1] = '\0';
	return ev;
}

/* A path argument: FOLDER/NAME, or NAME alone if it is absolute. NULL: elsewhere. */
static const char *
named(struct parser *p, const char *folder, const char *name, char *whole)
{
	if (name[0] == '/')
		snprintf(whole, PATH_SIZE, "%s", name);
	else if (folder == NULL)
		strace_bad(p->in, "a path that is relative to the working folder");
	else if (snprintf(whole, PATH_SIZE, "%s/%s", folder, name) >= PATH_SIZE)
		strace_bad(p->in, "a path is too long");
	return inside(p, whole);
}

/* [FOLDER,] NAME: the old calls have no folder. */
static const char *
next_name(struct parser *p, const char **s, bool at, char *whole)
{
	char folder[PATH_SIZE], name[PATH_SIZE];

	if (at)
		arg_fd(s, folder);
	if (arg_string(s, name, sizeof(name)) < 0)
		strace_bad(p->in, "a path is missing, or too long");
	*s += strspn(*s, ", ");
	return named(p, at ? folder : NULL, name, whole);
}

static void
call_name(struct parser *p, const struct known_call *k, const struct call *c)
{
	const char *s = c->args, *path;
	char whole[PATH_SIZE];

	if ((path = next_name(p, &s, k->flags & AT, whole)) != NULL)
		event_add(p, k->kind, path);
}

static void
call_names(struct parser *p, const struct known_call *k, const struct call *c)
{
	char from[PATH_SIZE], to[PATH_SIZE];
	const char *s = c->args;
	const char *old = next_name(p, &s, k->flags & AT, from);
	const char *new = next_name(p, &s, k->flags & AT, to);

	if (old == NULL && new == NULL)
		return;
	if (old == NULL || new == NULL)
		strace_bad(p->in, "a name crosses the folder's border");
	event_add(p, k->kind, old)->to = or_die(strdup(new));
}

static void
call_open(struct parser *p, const struct known_call *k, const struct call *c)
{
	const char *path = inside(p, c->opened);
	struct fd *fd = fd_at(p, (long)c->result);

	(void)k;
	*fd = (struct fd){.durable = strstr(c->args, "O_DSYNC") != NULL ||
				     strstr(c->args, "O_SYNC") != NULL};
	if (path == NULL || strstr(c->args, "O_TMPFILE") != NULL)
		return;
	if (strstr(c->args, "O_APPEND") != NULL)
		strace_bad(p->in, "O_APPEND is not known here");
	if (strstr(c->args, "O_CREAT") != NULL)
		event_add(p, EVENT_CREATE, path);
	if (strstr(c->args, "O_TRUNC") != NULL)
		event_add(p, EVENT_RESIZE, path);
}

static void
call_close(struct parser *p, const struct known_call *k, const struct call *c)
{
	(void)k;
	*fd_at(p, strtol(c->args, NULL, 10)) = (struct fd){0};
}

static void
call_lseek(struct parser *p, const struct known_call *k, const struct call *c)
{
	(void)k;
	fd_at(p, strtol(c->args, NULL, 10))->at = (size_t)c->result;
}

/* All strings up to the end are the bytes that were written. */
static void
written_bytes(struct parser *p, const char **s, struct event *ev, size_t n)
{
	size_t room = n + 1, got = 0;
	long piece;

	ev->data = or_die(malloc(room));
	ev->n = n;
	for (; got < n; got += (size_t)piece)
		if ((piece = arg_string(s, ev->data + got, room - got)) < 0)
			strace_bad(p->in, "not all the bytes that were written are told");
}

static void
call_write(struct parser *p, const struct known_call *k, const struct call *c)
{
	char path[PATH_SIZE];
	const char *s = c->args, *in;
	long number = arg_fd(&s, path);
	struct event *ev;
	struct fd *fd;

	/* The outbox's unlinked file is nobody's after a cut. */
	if ((in = inside(p, path)) == NULL || strstr(c->args, "(deleted)") != NULL)
		return;
	fd = fd_at(p, number);
	ev = event_add(p, EVENT_WRITE, in);
	ev->durable = fd->durable;
	written_bytes(p, &s, ev, (size_t)c->result);
	if (k->flags & VECTOR)
		s += strcspn(s, "]") + 1;
	arg_number(&s); /* how many bytes, or pieces */
	if (k->flags & PLACED) {
		ev->offset = arg_number(&s);
		return;
	}
	ev->offset = fd->at;
	fd->at += ev->n;
}

static void
call_ftruncate(struct parser *p, const struct known_call *k, const struct call *c)
{
	char path[PATH_SIZE];
	const char *s = c->args, *in;

	(void)k;
	arg_fd(&s, path);
	if ((in = inside(p, path)) != NULL && strstr(c->args, "(deleted)") == NULL)
		event_add(p, EVENT_RESIZE, in)->offset = arg_number(&s);
}

static void
call_truncate(struct parser *p, const struct known_call *k, const struct call *c)
{
	char whole[PATH_SIZE];
	const char *s = c->args, *in = next_name(p, &s, false, whole);

	(void)k;
	if (in != NULL)
		event_add(p, EVENT_RESIZE, in)->offset = arg_number(&s);
}

static void
call_sync(struct parser *p, const struct known_call *k, const struct call *c)
{
	char path[PATH_SIZE];
	const char *s = c->args, *in;

	(void)k;
	arg_fd(&s, path);
	if ((in = inside(p, path)) != NULL && strstr(c->args, "(deleted)") == NULL)
		event_add(p, EVENT_SYNC, in);
}

/* Bytes that are written through a map are not seen here: LMDB's lock file alone. */
static void
call_mmap(struct parser *p, const struct known_call *k, const struct call *c)
{
	static const char lock[] = "-lock";
	char path[PATH_SIZE];
	const char *s = c->args;
	size_t n;

	(void)k;
	if (strstr(s, "MAP_SHARED") == NULL || strstr(s, "PROT_WRITE") == NULL ||
	    arg_path(&s, path) == 0 || inside(p, path) == NULL)
		return;
	n = strlen(path);
	if (n < strlen(lock) || strcmp(path + n - strlen(lock), lock) != 0)
		strace_bad(p->in, "a file is written through a map");
}

static void
call_connect(struct parser *p, const struct known_call *k, const struct call *c)
{
	(void)k;
	if (strstr(c->args, "AF_INET") != NULL)
		event_add(p, EVENT_CONNECT, "");
}

static const struct known_call known_calls[] = {
    {"open", call_open, 0, 0},
    {"openat", call_open, 0, 0},
    {"creat", NULL, 0, 0},
    {"close", call_close, 0, 0},
    {"lseek", call_lseek, 0, 0},
    {"write", call_write, 0, 0},
    {"writev", call_write, VECTOR, 0},
    {"pwrite64", call_write, PLACED, 0},
    {"pwritev", call_write, VECTOR | PLACED, 0},
    {"pwritev2", NULL, 0, 0},
    {"sendfile", NULL, 0, 0},
    {"splice", NULL, 0, 0},
    {"copy_file_range", NULL, 0, 0},
    {"fallocate", NULL, 0, 0},
    {"ftruncate", call_ftruncate, 0, 0},
    {"truncate", call_truncate, 0, 0},
    {"fsync", call_sync, 0, 0},
    {"fdatasync", call_sync, 0, 0},
    {"sync_file_range", NULL, 0, 0},
    {"msync", NULL, 0, 0},
    {"mmap", call_mmap, 0, 0},
    {"mkdir", call_name, 0, EVENT_MKDIR},
    {"mkdirat", call_name, AT, EVENT_MKDIR},
    {"rmdir", NULL, 0, 0},
    {"unlink", call_name, 0, EVENT_UNLINK},
    {"unlinkat", call_name, AT, EVENT_UNLINK},
    {"rename", call_names, 0, EVENT_RENAME},
    {"renameat", call_names, AT, EVENT_RENAME},
    {"renameat2", call_names, AT, EVENT_RENAME},
    {"link", call_names, 0, EVENT_LINK},
    {"linkat", call_names, AT, EVENT_LINK},
    {"symlink", NULL, 0, 0},
    {"symlinkat", NULL, 0, 0},
    {"dup", NULL, 0, 0},
    {"dup2", NULL, 0, 0},
    {"dup3", NULL, 0, 0},
    {"connect", call_connect, 0, 0},
};

#define CALLS (sizeof(known_calls) / sizeof(known_calls[0]))

static void
take(struct parser *p, const struct call *c)
{
	const struct known_call *k = NULL;
	const char *s = c->args;
	char path[PATH_SIZE];

	for (size_t i = 0; i < CALLS && k == NULL; i++)
		if (strcmp(known_calls[i].name, c->name) == 0)
			k = &known_calls[i];
	if (k == NULL)
		strace_bad(p->in, "a call that was not asked for");
	if (k->fn != NULL) {
		k->fn(p, k, c);
		return;
	}
	while (arg_path(&s, path) == 1)
		if (inside(p, path) != NULL)
			strace_bad(p->in, "a call that powercut does not know");
}

void
trace_calls(FILE *to)
{
	/* "?": there may be none of this name on this machine */
	for (size_t i = 0; i < CALLS; i++)
		fprintf(to, "%s?%s", i == 0 ? "" : ",", known_calls[i].name);
	fputc('\n', to);
}

struct trace *
trace_read(const char *file, const char *root)
{
	struct parser p = {.root = root, .in = strace_open(file)};
	struct call c;

	p.trace = or_die(calloc(1, sizeof(*p.trace)));
	while (strace_next(p.in, &c) == 1)
		take(&p, &c);
	strace_close(p.in);
	return p.trace;
}

void
trace_free(struct trace *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->v[i].path);
		free(t->v[i].to);
		free(t->v[i].data);
	}
	free(t->v);
	free(t);
}
