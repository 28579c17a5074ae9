#include "mappers/codes_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_file.h"
#include "base/near.h"
#include "mappers/codes.h"
#include "mappers/csv_reader.h"
#include "mappers/letters.h"

#define PATH_SIZE   4096
#define COLUMNS_MAX 256
#define ROW_MAX     (1 << 20)
#define ROW_SPAN    20
#define NEAR        3 /* one letter in three may differ */

static const char *const settings[] = {"file", "key", "value", NULL};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]) - 1)

/* A file on its way into a table. */
struct loading {
	struct codes_file *out;
	struct arena *arena;
	struct conf *conf;
	const struct conf_section *section;
	const struct conf_entry *entries[SETTINGS];
	const char *titles[SETTINGS]; /* of key and value */
	size_t columns[SETTINGS];
	const char *path;
	size_t cap;
	bool header;
	bool failed; /* the header has mistakes: rows mean nothing */
};

static bool
is_lookup(const struct conf_section *s)
{
	return span_eq(s->name, SPAN_LIT("lookup"));
}

static bool
has_file(const struct conf_section *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_eq(s->entries[i].key, SPAN_LIT("file")))
			return true;
	return is_lookup(s);
}

bool
codes_file_setting(const struct conf_section *s, const struct conf_entry *en)
{
	bool found = is_lookup(s);

	for (size_t i = 0; i < SETTINGS && has_file(s); i++)
		found |= span_eq(en->key, span_of(settings[i]));
	return found;
}

static void
mistake(const struct loading *l, uint64_t row, const char *why)
{
	conf_error_at(l->conf->errors, l->section,
	    &(struct conf_entry){.file = l->path, .line = (unsigned)row}, "%s", why);
}

static void
take_header(struct loading *l, const struct span *cells, size_t n)
{
	l->header = true;
	for (size_t k = 1; k < SETTINGS; k++) {
		struct near near;
		size_t i = 0;

		near_start(&near, span_of(l->titles[k]));
		near.limit = near.word.n / NEAR;
		for (; i < n && !letters_eq_nocase(span_trim(cells[i]), near.word); i++)
			near_try(&near, cells[i]);
		l->columns[k] = i;
		if (i < n)
			continue;
		l->failed = true;
		conf_error_at(l->conf->errors, l->section, l->entries[k],
		    "%s has no column \"%s\"%s%.*s%s", l->path, l->titles[k],
		    near.found.n > 0 ? " (did you mean \"" : "", (int)near.found.n,
		    near.found.p, near.found.n > 0 ? "\"?)" : "");
	}
}

static int
grow(struct loading *l, struct err *e)
{
	size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
	struct conf_entry *p;

	if (l->out->n < l->cap)
		return 0;
	if ((p = arena_alloc(l->arena, cap * sizeof(*p))) == NULL)
		return err_nomem(e);
	if (l->out->n > 0)
		memcpy(p, l->out->lines, l->out->n * sizeof(*p));
	l->out->lines = p;
	l->cap = cap;
	return 0;
}

static int
take_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct loading *l = arg;
	struct conf_entry *en;
	struct span key, value;

	if (!l->header) {
		take_header(l, cells, n);
		return 0;
	}
	if (l->failed || grow(l, e) != 0)
		return l->failed ? 0 : -1;
	key = l->columns[1] < n ? span_trim(cells[l->columns[1]]) : SPAN_LIT("");
	value = l->columns[2] < n ? span_trim(cells[l->columns[2]]) : SPAN_LIT("");
	if (key.n == 0) {
		mistake(l, number, "the column that is looked in is empty here");
		return 0;
	}
	en = &l->out->lines[l->out->n++];
	*en = (struct conf_entry){.key = arena_span(l->arena, key),
	    .value = arena_span(l->arena, value),
	    .file = l->path,
	    .line = (unsigned)number};
	return en->key.p != NULL && en->value.p != NULL ? 0 : err_nomem(e);
}

static int
take_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	(void)e;
	mistake(arg, bad->number, problem_text(bad->code));
	return 0;
}

static int
parse(struct loading *l, struct span text, struct err *e)
{
	const struct reader_conf conf = {.charset = "auto",
	    .max_line = ROW_MAX,
	    .max_columns = COLUMNS_MAX,
	    .max_span = ROW_SPAN};
	const struct reader_sink sink = {.row = take_row, .bad = take_bad, .arg = l};
	struct reader *r = reader_new(&conf, &sink, e);
	int rc = r == NULL ? -1 : reader_feed(r, text, e);

	if (rc == 0)
		rc = reader_end(r, e);
	reader_free(r);
	if (rc == 0 && !l->header)
		mistake(l, 1, "the file is empty; it needs a header with titles");
	return rc;
}

/* A relative path is one beside the file that names it. */
static int
set_path(struct loading *l, const char *name, struct err *e)
{
	const char *from = l->entries[0]->file;
	const char *slash = name[0] == '/' ? NULL : strrchr(from, '/');
	int before = slash == NULL ? 0 : (int)(slash - from) + 1;
	char path[PATH_SIZE];

	if (snprintf(path, sizeof(path), "%.*s%s", before, from, name) >= PATH_SIZE)
		return err_set(e, ERR_CONFIG, "the path is too long");
	l->path = arena_str(l->arena, path);
	return l->path == NULL ? err_nomem(e) : 0;
}

static int
read_file(struct loading *l, struct err *e)
{
	struct span text;
	struct stat st;
	char *p;
	int rc;

	if (set_path(l, l->titles[0], e) != 0 ||
	    (p = conf_file_read(l->path, &st, &text.n, e)) == NULL)
		return -1;
	text.p = p;
	l->out->digest = span_fnv(SPAN_FNV_NONE, text) | 1;
	rc = parse(l, text, e);
	free(p);
	return rc;
}

/* The three keys; false: one is missing or is no text, which is told. */
static bool
read_settings(struct loading *l, struct conf_section *s)
{
	bool whole = true;

	for (size_t k = 0; k < SETTINGS; k++) {
		struct conf_entry *en = conf_get(s, settings[k]);

		l->entries[k] = en;
		if (en != NULL)
			en->used = true;
		if (en == NULL || en->value.n == 0)
			conf_error_at(l->conf->errors, s, en,
			    "%s is missing: a table has file, key and value, the titles "
			    "of the columns that are looked in and taken from",
			    settings[k]);
		else if (conf_bind_entry(l->conf, s, en, CONF_STRING, &l->titles[k]) == 0)
			continue;
		whole = false;
	}
	return whole;
}

static void
check_keys(struct conf *c, struct conf_section *s)
{
	char hint[NEAR_HINT_SIZE];

	for (size_t i = 0; i < s->n; i++) {
		bool known = false;

		s->entries[i].used = true;
		for (size_t k = 0; k < SETTINGS; k++)
			known |= span_eq(s->entries[i].key, span_of(settings[k]));
		if (!known)
			conf_error_at(c->errors, s, &s->entries[i],
			    "no such key; [lookup NAME] has file, key and value%s",
			    near_hint_of(s->entries[i].key, settings, hint));
	}
}

int
codes_file_read(struct codes_file *f, struct arena *a, struct conf *c,
    struct conf_section *s, struct err *e)
{
	struct loading l = {.out = f, .arena = a, .conf = c, .section = s};
	struct err why = {0};

	if (!has_file(s))
		return 0;
	if (is_lookup(s))
		check_keys(c, s);
	if (!read_settings(&l, s) || read_file(&l, &why) == 0)
		return 0;
	if (why.code == ERR_NOMEM)
		return err_nomem(e);
	conf_error_at(c->errors, s, l.entries[0], "%s", why.msg);
	return 0;
}
