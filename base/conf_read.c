#include "base/conf_read.h"

#include <string.h>

/* Debian's inih always passes the line's number to the handler. */
#define INI_HANDLER_LINENO 1
#include <ini.h>

#include "base/utf8.h"

#define CONF_SECTIONS_MAX 1000  /* in one file */
#define CONF_KEYS_MAX     10000 /* in one file */

/* One file while it is read. */
struct reader {
	const struct conf_text *in;
	struct span rest;
	unsigned line;
	struct sections *own;
	size_t keys;
	struct conf_section *current; /* NULL: before the first, or one not kept */
	bool started;                 /* a section line was seen */
	bool failed;                  /* no memory, or too much of something */
	struct err *e;
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

struct conf_section *
sections_find(const struct sections *list, struct span name, struct span label)
{
	for (size_t i = 0; i < list->n; i++)
		if (span_eq(list->v[i].name, name) && span_eq(list->v[i].label, label))
			return &list->v[i];
	return NULL;
}

struct conf_section *
sections_add(struct arena *a, struct sections *list, const struct conf_section *from)
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

struct conf_entry *
section_entry(const struct conf_section *s, struct span key)
{
	for (size_t i = 0; i < s->n; i++)
		if (span_eq(s->entries[i].key, key))
			return &s->entries[i];
	return NULL;
}

int
section_put(struct arena *a, struct conf_section *s, const struct conf_entry *en)
{
	struct conf_entry *p;

	if ((p = array_grow(a, s->entries, s->n, &s->cap, sizeof(*p))) == NULL)
		return -1;
	s->entries = p;
	p[s->n++] = *en;
	return 0;
}

/* A mistake in the line being read. */
#define LINE_ERROR(r, k, ...)                                                           \
	conf_error_at((r)->in->errors, (r)->current,                                    \
	    &(struct conf_entry){.key = (k), .file = (r)->in->file, .line = (r)->line}, \
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
		err_set(r->e, ERR_CONFIG, "%s:%u: %s", r->in->file, r->line, why);
	return false;
}

/* Notes a section line: inih gives no event for it, and cuts long names. */
static bool
section_line(struct reader *r, struct span line)
{
	struct conf_section s = {.file = r->in->file, .line = r->line}, *known;
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
	in = arena_span(r->in->arena, in);
	if (in.p == NULL)
		return reader_fail(r, NULL);
	while (i < in.n && in.p[i] != ' ' && in.p[i] != '\t')
		i++;
	s.name = (struct span){in.p, i};
	s.label = span_trim((struct span){in.p + i, in.n - i});
	if ((known = sections_find(r->own, s.name, s.label)) != NULL) {
		LINE_ERROR(r, NO_KEY, "the section [%.*s] is already there, in line %u",
		    (int)in.n, in.p, known->line);
		r->current = known;
		return true;
	}
	if (r->own->n == CONF_SECTIONS_MAX)
		return reader_fail(r, "there are more than 1000 sections");
	r->current = sections_add(r->in->arena, r->own, &s);
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
	struct conf_entry en = {.file = r->in->file, .line = r->line}, *known;

	(void)section;
	(void)lineno;
	en.key = span_trim(span_of(name));
	en.value = span_trim(span_of(value));
	if ((known = section_entry(r->current, en.key)) != NULL) {
		LINE_ERROR(r, en.key, "is already set, in line %u", known->line);
		return 1;
	}
	if (r->keys++ == CONF_KEYS_MAX)
		return reader_fail(r, "there are more than 10000 keys");
	en.key = arena_span(r->in->arena, en.key);
	en.value = arena_span(r->in->arena, en.value);
	if (en.key.p == NULL || en.value.p == NULL ||
	    section_put(r->in->arena, r->current, &en) != 0)
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

int
conf_read(const struct conf_text *in, struct sections *out, struct err *e)
{
	struct reader r = {.in = in, .rest = in->text, .own = out, .e = e};
	int rc;

	*out = (struct sections){0};
	if (r.rest.n >= 3 && memcmp(r.rest.p, "\xef\xbb\xbf", 3) == 0)
		r.rest = (struct span){r.rest.p + 3, r.rest.n - 3};
	inih_settings();
	rc = ini_parse_stream(line_give, &r, pair_take, &r);
	if (r.failed)
		return -1;
	if (rc == -2)
		return err_nomem(e);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "%s:%d: inih reads this line otherwise",
		    in->file, rc);
	return 0;
}
