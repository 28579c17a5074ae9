#include "base/conf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf_read.h"

#define ERROR_ARENA_MAX  (1 << 20)
#define ERROR_TEXT_MAX   8192 /* place and reason of one mistake */
#define ERROR_REASON_MAX 1024
#define ERROR_KEY_MAX    64 /* bytes of a key that are shown */

void
conf_errors_init(struct conf_errors *errs)
{
	memset(errs, 0, sizeof(*errs));
	arena_init(&errs->arena, ERROR_ARENA_MAX);
}

void
conf_errors_release(struct conf_errors *errs)
{
	if (errs == NULL)
		return;
	arena_release(&errs->arena);
	memset(errs, 0, sizeof(*errs));
}

static const char *
file_of(const struct conf_section *s, const struct conf_entry *en)
{
	return en != NULL ? en->file : s != NULL ? s->file : NULL;
}

static unsigned
line_of(const struct conf_section *s, const struct conf_entry *en)
{
	return en != NULL ? en->line : s != NULL ? s->line : 0;
}

static bool
same_file(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_told(const struct conf_errors *errs, const char *file, unsigned line)
{
	size_t n = errs->n < CONF_ERRORS_MAX ? errs->n : CONF_ERRORS_MAX;

	for (size_t i = 0; i < n; i++)
		if (errs->line[i] == line && same_file(errs->file[i], file))
			return true;
	return false;
}

/* The last one, in front of those of its file that stand further down in it. */
static void
put(struct conf_errors *errs, const char *text, const char *file, unsigned line)
{
	size_t last = errs->n - 1, at = 0;

	while (at < last && !(same_file(errs->file[at], file) && errs->line[at] > line))
		at++;
	for (size_t i = last; i > at; i--) {
		errs->text[i] = errs->text[i - 1];
		errs->file[i] = errs->file[i - 1];
		errs->line[i] = errs->line[i - 1];
	}
	errs->text[at] = text;
	errs->file[at] = file == NULL ? NULL : arena_str(&errs->arena, file);
	errs->line[at] = line;
}

bool
conf_is_todo(struct span value)
{
	static const char todo[] = "TODO";
	const size_t n = sizeof(todo) - 1;

	return value.n >= n && memcmp(value.p, todo, n) == 0 &&
	       (value.n == n || !isalnum((unsigned char)value.p[n]));
}

static void
place_add(struct buf *b, const struct conf_section *s, const struct conf_entry *en)
{
	const char *file = file_of(s, en);
	unsigned line = line_of(s, en);

	if (file != NULL)
		buf_add_str(b, file);
	if (file != NULL && line > 0)
		buf_addf(b, ":%u", line);
	if (file != NULL)
		buf_add_str(b, ": ");
	if (s != NULL) {
		buf_add_char(b, '[');
		buf_add_span(b, s->name);
		if (s->label.n > 0)
			buf_add_char(b, ' ');
		buf_add_span(b, s->label);
		buf_add_char(b, ']');
	}
	if (en != NULL && en->key.n > 0) {
		if (s != NULL)
			buf_add_char(b, ' ');
		buf_add(
		    b, en->key.p, en->key.n < ERROR_KEY_MAX ? en->key.n : ERROR_KEY_MAX);
	}
	if (s != NULL || (en != NULL && en->key.n > 0))
		buf_add_str(b, ": ");
}

void
conf_error_at(struct conf_errors *errs, const struct conf_section *s,
    const struct conf_entry *en, const char *fmt, ...)
{
	char reason[ERROR_REASON_MAX];
	const char *text = NULL, *file = file_of(s, en);
	unsigned line = line_of(s, en);
	struct buf b;
	va_list ap;

	if (en != NULL && conf_is_todo(en->value) && is_told(errs, file, line))
		return;
	if (errs->n++ >= CONF_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	buf_init(&b, ERROR_TEXT_MAX);
	place_add(&b, s, en);
	buf_add(&b, reason, strlen(reason) + 1);
	if (!b.failed)
		text = arena_str(&errs->arena, b.p);
	put(errs, text != NULL ? text : "a mistake too long to be told", file, line);
	buf_release(&b);
}

struct conf_section *
conf_find(struct conf *c, const char *name, const char *label)
{
	const struct sections all = {c->sections, c->n, c->cap};

	return sections_find(&all, span_of(name), span_of(label));
}

struct conf_entry *
conf_get(const struct conf_section *s, const char *key)
{
	return s == NULL ? NULL : section_entry(s, span_of(key));
}

static bool
between(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

/*
 * One word at s->p, written to `out`, which has room for s->n + 1 bytes; *s moves
 * behind it. The bytes written, or -1.
 */
static int
word_take(struct span *s, char *out, size_t *n, struct err *e)
{
	bool quoted = s->p[0] == '"';
	size_t i = quoted;

	*n = 0;
	for (; i < s->n; i++) {
		if (quoted && s->p[i] == '"' && i + 1 < s->n && s->p[i + 1] == '"')
			i++;
		else if (s->p[i] == '"' || (!quoted && between(s->p[i])))
			break;
		out[(*n)++] = s->p[i];
	}
	out[*n] = '\0';
	if (quoted && i == s->n)
		return err_set(e, ERR_CONFIG, "a quote is not closed");
	i += quoted;
	if (i < s->n && !between(s->p[i]))
		return err_set(e, ERR_CONFIG,
		    "a quote stands within a word; \"quote the whole\", and write \"\" for a "
		    "quote in it");
	*s = (struct span){s->p + i, s->n - i};
	return 0;
}

int
conf_words(struct arena *a, struct span value, struct conf_list *out, struct err *e)
{
	size_t max = value.n / 2 + 1, n;
	char *text;

	*out = (struct conf_list){0};
	/* Each word has at least one byte and one between it and the next. */
	out->v = arena_alloc(a, max * sizeof(*out->v));
	text = arena_bytes(a, value.n + max + 1);
	if (out->v == NULL || text == NULL)
		return err_nomem(e);
	for (;;) {
		while (value.n > 0 && between(value.p[0]))
			value = (struct span){value.p + 1, value.n - 1};
		if (value.n == 0)
			return 0;
		if (word_take(&value, text, &n, e) != 0)
			return -1;
		out->v[out->n++] = text;
		text += n + 1;
	}
}
