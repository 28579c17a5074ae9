#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Debian's inih always passes the line's number to the handler. */
#define INI_HANDLER_LINENO 1
#include <ini.h>

#include "base/buf.h"
#include "base/utf8.h"

#define CONF_ARENA_MAX    (64 << 20)
#define CONF_FILES_MAX    64    /* that one feed may extend, in all */
#define CONF_SECTIONS_MAX 1000  /* in one file */
#define CONF_KEYS_MAX     10000 /* in one file */

struct sections {
	struct conf_section *v;
	size_t n, cap;
};

/* One file while it is read. */
struct reader {
	struct arena *arena;
	struct conf_errors *errors;
	const char *file;
	struct span rest;
	unsigned line;
	struct sections own;
	size_t keys;
	struct conf_section *current; /* NULL: before the first, or one not kept */
	bool started;                 /* a section line was seen */
	bool failed;                  /* no memory, or too much of something */
	struct err *e;
};

/* A file already read: each is taken once, at its first mention. */
struct seen {
	dev_t dev;
	ino_t ino;
	bool open; /* what it extends is still being read */
};

struct loader {
	struct conf *conf;
	const char *maps_dir;
	struct sections merged;
	struct seen seen[CONF_FILES_MAX];
	size_t nseen;
};

/* Room for one more element in an array that lives in the arena. */
static void *
array_grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 8;
	void *p;

	if (n < *cap)
		return old;
	if ((p = arena_alloc(a, more * size)) == NULL)
		return NULL;
	if (n > 0)
		memcpy(p, old, n * size);
	*cap = more;
	return p;
}

static struct conf_section *
section_find(const struct sections *list, struct span name, struct span label)
{
	for (size_t i = 0; i < list->n; i++)
		if (span_eq(list->v[i].name, name) && span_eq(list->v[i].label, label))
			return &list->v[i];
	return NULL;
}

/* A new section with the place of `from` and no entries; NULL: no memory. */
static struct conf_section *
section_add(struct arena *a, struct sections *list, const struct conf_section *from)
{
	struct conf_section *s;

	if ((s = array_grow(a, list->v, list->n, &list->cap, sizeof(*s))) == NULL)
		return NULL;
	list->v = s;
	s += list->n++;
	*s = (struct conf_section){.name = from->name,
	    .label = from->label,
	    .file = from->file,
	    .line = from->line};
	return s;
}

static struct conf_entry *
entry_find(const struct conf_section *s, struct span key)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_eq(s->entries[i].key, key))
			return &s->entries[i];
	return NULL;
}

static int
entry_add(struct arena *a, struct conf_section *s, const struct conf_entry *en)
{
	struct conf_entry *p;

	if ((p = array_grow(a, s->entries, s->n, &s->cap, sizeof(*p))) == NULL)
		return -1;
	s->entries = p;
	p[s->n++] = *en;
	return 0;
}

/* A mistake in the line being read. */
#define LINE_ERROR(r, k, ...)                                                       \
	conf_error_at((r)->errors, (r)->current,                                    \
	    &(struct conf_entry){.key = (k), .file = (r)->file, .line = (r)->line}, \
	    __VA_ARGS__)
#define NO_KEY ((struct span){0})

/* Ends the reading; always false. `why` NULL: no memory. */
static bool
reader_fail(struct reader *r, const char *why)
{
	r->failed = true;
	if (why == NULL)
		err_nomem(r->e);
	else
		err_set(r->e, ERR_CONFIG, "%s:%u: %s", r->file, r->line, why);
	return false;
}

/* Notes a section line: inih gives no event for it, and cuts long names. */
static bool
section_line(struct reader *r, struct span line)
{
	struct conf_section s = {.file = r->file, .line = r->line}, *known;
	const char *end = memchr(line.p, ']', line.n);
	struct span in;
	size_t i = 0;

	r->started = true;
	r->current = NULL;
	if (end == NULL || end != line.p + line.n - 1) {
		LINE_ERROR(r, NO_KEY,
		    "a section line ends with its first ]; a comment "
		    "stands on a line of its own");
		return false;
	}
	in = span_trim((struct span){line.p + 1, line.n - 2});
	if (in.n == 0 || line.n - 2 > CONF_SECTION_MAX) {
		LINE_ERROR(
		    r, NO_KEY, "a section name has 1 to %d bytes", CONF_SECTION_MAX);
		return false;
	}
	in = arena_span(r->arena, in);
	if (in.p == NULL)
		return reader_fail(r, NULL);
	while (i < in.n && in.p[i] != ' ' && in.p[i] != '\t')
		i++;
	s.name = (struct span){in.p, i};
	s.label = span_trim((struct span){in.p + i, in.n - i});
	if ((known = section_find(&r->own, s.name, s.label)) != NULL) {
		LINE_ERROR(r, NO_KEY, "the section [%.*s] is already there, in line %u",
		    (int)in.n, in.p, known->line);
		r->current = known;
		return true;
	}
	if (r->own.n == CONF_SECTIONS_MAX)
		return reader_fail(r, "there are more than 1000 sections");
	r->current = section_add(r->arena, &r->own, &s);
	return r->current != NULL || reader_fail(r, NULL);
}

/* inih would split at the first of = and :, and so misread such a line. */
static bool
pair_line(struct reader *r, struct span line)
{
	const char *equals = memchr(line.p, '=', line.n);
	const char *colon = memchr(line.p, ':', line.n);

	if (!r->started) {
		LINE_ERROR(r, NO_KEY, "a key stands before the first [section]");
		r->started = true;
		return false;
	}
	if (equals == NULL) {
		LINE_ERROR(r, NO_KEY, "is no [section], and no key = value");
		return false;
	}
	if (colon != NULL && colon < equals) {
		LINE_ERROR(r, NO_KEY,
		    "keys and values are separated by =, and a key has "
		    "no colon");
		return false;
	}
	if (span_trim((struct span){line.p, (size_t)(equals - line.p)}).n == 0) {
		LINE_ERROR(r, NO_KEY, "there is no key before the =");
		return false;
	}
	return r->current != NULL;
}

static bool
text_ok(struct reader *r, struct span line)
{
	if (line.n > CONF_LINE_MAX) {
		LINE_ERROR(r, NO_KEY, "the line is longer than %d bytes", CONF_LINE_MAX);
		return false;
	}
	for (size_t i = 0; i < line.n; i++) {
		unsigned char b = (unsigned char)line.p[i];

		if ((b < 0x20 && b != '\t') || b == 0x7f) {
			LINE_ERROR(r, NO_KEY, "%s: save the file as UTF-8 text",
			    b == 0 ? "a NUL byte" : "a control character");
			return false;
		}
	}
	if (utf8_valid(line) != line.n) {
		LINE_ERROR(r, NO_KEY, "is not UTF-8: save the file as UTF-8 text");
		return false;
	}
	return true;
}

/* Is this a line for inih? What is wrong with it is told. */
static bool
line_wanted(struct reader *r, struct span line)
{
	if (!text_ok(r, line) || span_trim(line).n == 0)
		return false;
	if (line.p[0] == ' ' || line.p[0] == '\t') {
		LINE_ERROR(
		    r, NO_KEY, "begins with a blank: there are no continuation lines");
		return false;
	}
	if (line.p[0] == ';' || line.p[0] == '#')
		return false;
	return line.p[0] == '[' ? section_line(r, span_trim(line)) : pair_line(r, line);
}

static struct span
line_next(struct reader *r)
{
	const char *end = memchr(r->rest.p, '\n', r->rest.n);
	struct span line = {r->rest.p, end ? (size_t)(end - r->rest.p) : r->rest.n};
	size_t skip = line.n + (end != NULL);

	r->rest = (struct span){r->rest.p + skip, r->rest.n - skip};
	r->line++;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* inih's reader, as fgets: a line that is not wanted is handed over as an empty one. */
static char *
line_give(char *out, int size, void *stream)
{
	struct reader *r = stream;
	struct span line;

	if (r->rest.n == 0 || r->failed)
		return NULL;
	line = line_next(r);
	if (!line_wanted(r, line))
		line.n = 0;
	if (r->failed)
		return NULL;
	if (size < 2 || line.n > (size_t)size - 2) {
		r->failed = true;
		err_set(r->e, ERR_INTERNAL, "inih takes no lines of %zu bytes", line.n);
		return NULL;
	}
	memcpy(out, line.p, line.n);
	memcpy(out + line.n, "\n", 2);
	return out;
}

static int
pair_take(
    void *user, const char *section, const char *name, const char *value, int lineno)
{
	struct reader *r = user;
	struct conf_entry en = {.file = r->file, .line = r->line}, *known;

	(void)section;
	(void)lineno;
	en.key = span_trim(span_of(name));
	en.value = span_trim(span_of(value));
	if ((known = entry_find(r->current, en.key)) != NULL) {
		LINE_ERROR(r, en.key, "is already set, in line %u", known->line);
		return 1;
	}
	if (r->keys++ == CONF_KEYS_MAX)
		return reader_fail(r, "there are more than 10000 keys");
	en.key = arena_span(r->arena, en.key);
	en.value = arena_span(r->arena, en.value);
	if (en.key.p == NULL || en.value.p == NULL ||
	    entry_add(r->arena, r->current, &en) != 0)
		return reader_fail(r, NULL);
	return 1;
}

/* The settings are the process's own, and always the same ones. */
static void
inih_settings(void)
{
#ifndef EMRDROP_INIH_FIXED
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_max_line = ini_initial_alloc = CONF_LINE_MAX + 3;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_no_value = false;
	ini_stop_on_first_error = false;
#endif
}

static int
text_parse(struct reader *r)
{
	int rc;

	if (r->rest.n >= 3 && memcmp(r->rest.p, "\xef\xbb\xbf", 3) == 0)
		r->rest = (struct span){r->rest.p + 3, r->rest.n - 3};
	inih_settings();
	rc = ini_parse_stream(line_give, r, pair_take, r);
	if (r->failed)
		return -1;
	if (rc == -2)
		return err_nomem(r->e);
	if (rc != 0)
		return err_set(r->e, ERR_INTERNAL,
		    "%s:%d: inih reads this line otherwise", r->file, rc);
	return 0;
}

static int
file_check(const char *path, const struct stat *st, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_CONFIG, "%s: is not a file", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_CONFIG,
		    "%s: others can write to it; run chmod go-w on it", path);
	if (st->st_size > CONF_FILE_MAX)
		return err_set(e, ERR_CONFIG, "%s: is larger than 4 MiB", path);
	return 0;
}

/* The file's text, for the caller to free; *st is filled. */
static char *
file_read(const char *path, struct stat *st, size_t *n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t size;
	char *text = NULL;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, st) != 0) {
		err_sys(e, errno == EACCES ? ERR_PERM : ERR_CONFIG, errno,
		    "%s: cannot be read", path);
		goto out;
	}
	if (file_check(path, st, e) != 0)
		goto out;
	size = (size_t)st->st_size;
	if ((text = malloc(size + 1)) == NULL) {
		err_nomem(e);
		goto out;
	}
	for (*n = 0; *n < size && got != 0; *n += (size_t)got) {
		got = read(fd, text + *n, size - *n);
		if (got < 0) {
			err_sys(e, ERR_IO, errno, "%s: cannot be read", path);
			free(text);
			text = NULL;
			goto out;
		}
	}
out:
	if (fd >= 0)
		close(fd);
	return text;
}

/* Tables of codes add up: the later list goes behind the earlier one. */
static int
entry_join(struct conf *c, const struct conf_section *s, struct conf_entry *to,
    const struct conf_entry *from)
{
	size_t n = to->value.n;
	struct conf_list words;
	struct err e;
	char *p;

	if (conf_words(&c->arena, to->value, &words, &e) != 0) {
		if (e.code == ERR_NOMEM)
			return -1;
		conf_error_at(c->errors, s, to, "%s", e.msg);
	}
	if ((p = arena_bytes(&c->arena, n + 2 + from->value.n + 1)) == NULL)
		return -1;
	memcpy(p, to->value.p, n);
	memcpy(p + n, ", ", 2);
	memcpy(p + n + 2, from->value.p, from->value.n + 1);
	*to = *from;
	to->value = (struct span){p, n + 2 + from->value.n};
	return 0;
}

static int
entry_merge(struct conf *c, struct conf_section *s, const struct conf_entry *en)
{
	struct conf_entry *known = entry_find(s, en->key);

	if (en->value.n == 0) {
		if (known != NULL) {
			s->n--;
			memmove(known, known + 1,
			    (size_t)(s->entries + s->n - known) * sizeof(*known));
		}
		return 0;
	}
	if (known == NULL)
		return entry_add(&c->arena, s, en);
	if (span_eq(s->name, SPAN_LIT("code")))
		return entry_join(c, s, known, en);
	*known = *en;
	return 0;
}

static int
sections_merge(struct loader *l, const struct sections *own)
{
	struct conf *c = l->conf;

	for (size_t i = 0; i < own->n; i++) {
		const struct conf_section *from = &own->v[i];
		struct conf_section *to = section_find(
		    &l->merged, from->name, from->label);

		if (to == NULL)
			to = section_add(&c->arena, &l->merged, from);
		if (to == NULL)
			return -1;
		to->file = from->file;
		to->line = from->line;
		for (size_t j = 0; j < from->n; j++)
			if (entry_merge(c, to, &from->entries[j]) != 0)
				return -1;
	}
	return 0;
}

/* `name` beside the file that extends it, else in maps_dir; NULL: no memory. */
static const char *
extends_path(struct loader *l, const char *from, const char *name)
{
	const char *slash = strrchr(from, '/');
	struct span dir = {from, slash != NULL ? (size_t)(slash - from) + 1 : 0};
	struct buf b;
	const char *path;

	if (name[0] == '/')
		dir.n = 0;
	buf_init(&b, PATH_MAX);
	buf_add_span(&b, dir);
	buf_add(&b, name, strlen(name) + 1);
	if (!b.failed && name[0] != '/' && l->maps_dir != NULL &&
	    access(b.p, F_OK) != 0) {
		buf_clear(&b);
		buf_addf(&b, "%s/%s%c", l->maps_dir, name, 0);
	}
	path = b.failed ? NULL : arena_str(&l->conf->arena, b.p);
	buf_release(&b);
	return path;
}

static int file_load(struct loader *l, const char *path, unsigned depth, struct err *e);

/* Reads what [feed] extends names; what is wrong with one of them stands at the entry. */
static int
extends_load(struct loader *l, const struct sections *own, unsigned depth, struct err *e)
{
	struct conf *c = l->conf;
	struct conf_section *s = section_find(own, SPAN_LIT("feed"), SPAN_LIT(""));
	struct conf_entry *en = s != NULL ? entry_find(s, SPAN_LIT("extends")) : NULL;
	struct conf_list names;
	const char *path;

	if (en == NULL)
		return 0;
	en->used = true;
	if (conf_words(&c->arena, en->value, &names, e) != 0) {
		names.n = 0;
		conf_error_at(c->errors, s, en, "%s", e->msg);
	}
	for (size_t i = 0; i < names.n; i++) {
		if ((path = extends_path(l, en->file, names.v[i])) == NULL)
			return err_nomem(e);
		if (depth == CONF_EXTENDS_MAX)
			conf_error_at(c->errors, s, en,
			    "more than %d files extend each other", CONF_EXTENDS_MAX);
		else if (file_load(l, path, depth + 1, e) == 0)
			continue;
		else if (e->code == ERR_NOMEM || e->code == ERR_INTERNAL)
			return -1;
		else
			conf_error_at(c->errors, s, en, "%s", e->msg);
	}
	return 0;
}

/* 1: to be read, and noted in *at; 0: it was already; -1: it extends itself, or too many. */
static int
file_note(struct loader *l, const char *path, const struct stat *st, struct err *e)
{
	for (size_t i = 0; i < l->nseen; i++) {
		if (l->seen[i].dev != st->st_dev || l->seen[i].ino != st->st_ino)
			continue;
		if (l->seen[i].open)
			return err_set(
			    e, ERR_CONFIG, "%s: extends itself in the end", path);
		return 0;
	}
	if (l->nseen == CONF_FILES_MAX)
		return err_set(
		    e, ERR_CONFIG, "more than %d files are extended", CONF_FILES_MAX);
	l->seen[l->nseen++] = (struct seen){
	    .dev = st->st_dev, .ino = st->st_ino, .open = true};
	return 1;
}

static int
file_load(struct loader *l, const char *path, unsigned depth, struct err *e)
{
	struct conf *c = l->conf;
	struct reader r = {.arena = &c->arena, .errors = c->errors, .file = path, .e = e};
	struct stat st;
	struct seen *seen;
	char *text;
	int rc;

	if ((text = file_read(path, &st, &r.rest.n, e)) == NULL)
		return -1;
	rc = file_note(l, path, &st, e);
	if (rc <= 0) {
		free(text);
		return rc;
	}
	seen = &l->seen[l->nseen - 1];
	r.rest.p = text;
	rc = text_parse(&r);
	free(text);
	if (rc == 0)
		rc = extends_load(l, &r.own, depth, e);
	seen->open = false;
	if (rc == 0 && sections_merge(l, &r.own) != 0)
		rc = err_nomem(e);
	return rc;
}

int
conf_load(struct conf *c, const char *path, const char *maps_dir,
    struct conf_errors *errors, struct err *e)
{
	struct loader l = {.conf = c, .maps_dir = maps_dir};

	*c = (struct conf){.errors = errors};
	arena_init(&c->arena, CONF_ARENA_MAX);
	if ((c->path = arena_str(&c->arena, path)) == NULL) {
		conf_release(c);
		return err_nomem(e);
	}
	if (file_load(&l, c->path, 0, e) != 0) {
		conf_release(c);
		return -1;
	}
	c->sections = l.merged.v;
	c->n = l.merged.n;
	c->cap = l.merged.cap;
	return 0;
}

void
conf_release(struct conf *c)
{
	if (c == NULL)
		return;
	arena_release(&c->arena);
	memset(c, 0, sizeof(*c));
}
