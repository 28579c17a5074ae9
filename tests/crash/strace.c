#include "tests/crash/strace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 64

/* The first half of a call that another thread came into. */
struct half {
	long thread;
	char *text;
};

struct strace {
	const char *name;
	FILE *file;
	size_t line;
	char *text, *whole; /* the line, and a call put together of two */
	size_t size;
	struct half halves[THREADS_MAX];
};

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("powercut: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(74);
}

void *
or_die(void *allocated)
{
	if (allocated == NULL)
		die("out of memory");
	return allocated;
}

void
strace_bad(const struct strace *s, const char *why)
{
	die("%s:%zu: %s", s->name, s->line, why);
}

size_t
strace_line(const struct strace *s)
{
	return s->line;
}

struct strace *
strace_open(const char *file)
{
	struct strace *s = or_die(calloc(1, sizeof(*s)));

	s->name = file;
	if ((s->file = fopen(file, "r")) == NULL)
		die("%s: cannot be read", file);
	return s;
}

void
strace_close(struct strace *s)
{
	for (size_t i = 0; i < THREADS_MAX; i++)
		free(s->halves[i].text); /* of what was killed within a call */
	free(s->text);
	free(s->whole);
	fclose(s->file);
	free(s);
}

/* ---- arguments ---- */

static unsigned
hex(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The bytes of "\x61\x62" up to `end`, and a 0; -1 if it is none, or does not fit. */
static long
unhex(const char **s, char end, void *out, size_t size)
{
	unsigned char *to = out;
	size_t n = 0;

	for (; (*s)[0] == '\\' && (*s)[1] == 'x' && n + 1 < size; *s += 4)
		to[n++] = (unsigned char)(hex((*s)[2]) << 4 | hex((*s)[3]));
	if (**s != end)
		return -1;
	to[n] = '\0';
	++*s;
	return (long)n;
}

long
arg_string(const char **s, void *out, size_t size)
{
	*s += strcspn(*s, "\"");
	if (**s == '\0')
		return -1;
	++*s;
	return unhex(s, '"', out, size);
}

long
arg_fd(const char **s, char path[PATH_SIZE])
{
	long fd = strtol(*s, NULL, 10);

	*s += strcspn(*s, "<,)");
	path[0] = '\0';
	if (**s == '<') {
		++*s;
		if (unhex(s, '>', path, PATH_SIZE) < 0)
			path[0] = '\0'; /* a socket or a pipe */
	}
	*s += strcspn(*s, ",)");
	*s += strspn(*s, ", ");
	return fd;
}

size_t
arg_number(const char **s)
{
	char *end;
	size_t n;

	*s += strspn(*s, ", ");
	n = strtoull(*s, &end, 0);
	*s = end;
	return n;
}

int
arg_path(const char **s, char path[PATH_SIZE])
{
	while (*(*s += strcspn(*s, "\"<")) != '\0') {
		char end = *(*s)++ == '<' ? '>' : '"';

		if (unhex(s, end, path, PATH_SIZE) > 0)
			return 1;
	}
	return 0;
}

/* ---- lines ---- */

/*
 * "NAME(ARGUMENTS) = RESULT": 1, or 0 if it failed or never ran ("?"). A connection that
 * is under way is no failure.
 */
static int
split(const struct strace *s, char *text, struct call *c)
{
	char *args = strchr(text, '('), *result = strrchr(text, '=');
	const char *opened;

	if (args == NULL || result == NULL || result[1] != ' ')
		strace_bad(s, "not a call");
	if (result[2] == '?' ||
	    (result[2] == '-' && strstr(result, "EINPROGRESS") == NULL))
		return 0;
	*args = '\0';
	*c = (struct call){.name = text, .args = args + 1};
	c->result = strtoll(result + 2, NULL, 0);
	if ((opened = strchr(result, '<')) != NULL &&
	    (opened++, unhex(&opened, '>', c->opened, sizeof(c->opened)) < 0))
		c->opened[0] = '\0';
	return 1;
}

static struct half *
half_of(struct strace *s, long thread)
{
	struct half *unused = NULL;

	for (size_t i = 0; i < THREADS_MAX; i++) {
		if (s->halves[i].text != NULL && s->halves[i].thread == thread)
			return &s->halves[i];
		if (s->halves[i].text == NULL)
			unused = &s->halves[i];
	}
	if (unused == NULL)
		strace_bad(s, "too many threads");
	return unused;
}

/* "<... NAME resumed>REST": the other half was kept. */
static char *
put_together(struct strace *s, long thread, const char *rest)
{
	struct half *h = half_of(s, thread);

	if (h->text == NULL || (rest = strchr(rest, '>')) == NULL)
		strace_bad(s, "the second half of a call without its first");
	free(s->whole);
	if (asprintf(&s->whole, "%s%s", h->text, rest + 1) < 0)
		die("out of memory");
	free(h->text);
	h->text = NULL;
	return s->whole;
}

/* The call that ends on this line, or NULL. */
static char *
call_text(struct strace *s)
{
	static const char cut[] = " <unfinished ...>";
	size_t n = strcspn(s->text, "\n"), m = strlen(cut);
	char *p;
	long thread = strtol(s->text, &p, 10);

	s->text[n] = '\0';
	p += strspn(p, " ");
	if (*p == '+' || *p == '-') /* it ended, or got a signal */
		return NULL;
	if (*p == '<')
		return put_together(s, thread, p);
	if (n <= m || strcmp(s->text + n - m, cut) != 0)
		return p;
	s->text[n - m] = '\0';
	*half_of(s, thread) = (struct half){thread, or_die(strdup(p))};
	return NULL;
}

int
strace_next(struct strace *s, struct call *c)
{
	char *text;

	while (getline(&s->text, &s->size, s->file) > 0) {
		s->line++;
		if ((text = call_text(s)) != NULL && split(s, text, c) == 1)
			return 1;
	}
	return 0;
}
