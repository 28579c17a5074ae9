#include "base/conf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf_file.h"
#include "base/conf_read.h"

#define CONF_ARENA_MAX (64 << 20)
#define CONF_FILES_MAX 64 /* that one feed may extend, in all */

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

/* Where a table's values come out of a file, one file takes another's place. */
static bool
adds_up(const struct conf_section *s, struct span key)
{
	static const char *const of_file[] = {"file", "key", "value"};

	if (!span_eq(s->name, SPAN_LIT("code")))
		return false;
	if (section_entry(s, SPAN_LIT("file")) == NULL)
		return true;
	for (size_t i = 0; i < sizeof(of_file) / sizeof(of_file[0]); i++)
		if (span_eq(key, span_of(of_file[i])))
			return false;
	return true;
}

static int
entry_merge(struct conf *c, struct conf_section *s, const struct conf_entry *en)
{
	struct conf_entry *known = section_entry(s, en->key);

	if (en->value.n == 0) {
		if (known != NULL) {
			s->n--;
			memmove(known, known + 1,
			    (size_t)(s->entries + s->n - known) * sizeof(*known));
		}
		return 0;
	}
	if (known == NULL)
		return section_put(&c->arena, s, en);
	if (adds_up(s, en->key))
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
		struct conf_section *to = sections_find(
		    &l->merged, from->name, from->label);

		if (to == NULL)
			to = sections_add(&c->arena, &l->merged, from);
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
	struct conf_section *s = sections_find(own, SPAN_LIT("feed"), SPAN_LIT(""));
	struct conf_entry *en = s != NULL ? section_entry(s, SPAN_LIT("extends")) : NULL;
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
	struct conf_text in = {.arena = &c->arena, .errors = c->errors, .file = path};
	struct sections own;
	struct stat st;
	struct seen *seen;
	char *text;
	int rc;

	if ((text = conf_file_read(path, &st, &in.text.n, e)) == NULL)
		return -1;
	rc = file_note(l, path, &st, e);
	if (rc <= 0) {
		free(text);
		return rc;
	}
	seen = &l->seen[l->nseen - 1];
	in.text.p = text;
	rc = conf_read(&in, &own, e);
	free(text);
	if (rc == 0)
		rc = extends_load(l, &own, depth, e);
	seen->open = false;
	if (rc == 0 && sections_merge(l, &own) != 0)
		rc = err_nomem(e);
	return rc;
}

void
conf_init(struct conf *c, struct conf_errors *errors)
{
	*c = (struct conf){.errors = errors};
	arena_init(&c->arena, CONF_ARENA_MAX);
}

int
conf_load(struct conf *c, const char *path, const char *maps_dir,
    struct conf_errors *errors, struct err *e)
{
	struct loader l = {.conf = c, .maps_dir = maps_dir};

	conf_init(c, errors);
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
