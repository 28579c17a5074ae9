/*
 * Code tables of the draft. Words that we know are our own, and shown; what else stands
 * in the column is shown only if the column has few values, each of them often.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/draft.h"
#include "mappers/ascii.h"

#define SHOWN_TIMES 2 /* a word that stands there once may be anything */

static bool
is_bare(const char *s)
{
	for (; *s != '\0'; s++)
		if (!ascii_letter(*s) && !ascii_digit(*s))
			return false;
	return true;
}

static void
put_word(struct buf *out, const char *s)
{
	if (is_bare(s)) {
		buf_add_str(out, s);
		return;
	}
	buf_add_char(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			buf_add_char(out, '"');
		buf_add_char(out, (unsigned char)*s < ' ' ? ' ' : *s);
	}
	buf_add_char(out, '"');
}

/* In another case it is the same word. */
static bool
seen_before(const struct column *c, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (span_eq_nocase(span_of(c->words[i].text), span_of(c->words[at].text)))
			return true;
	return false;
}

/* Is it a word for `ours`, the first time that it stands there? */
static bool
means(
    const char *path, const char *ours, const struct column *c, unsigned at, bool *likely)
{
	const char *code = words_find(path, span_of(c->words[at].text), likely);

	return code != NULL && strcmp(code, ours) == 0 && !seen_before(c, at);
}

/* How sure the line is: what is not is named. */
static void
put_doubts(struct buf *out, const char *path, const char *ours, const struct column *c)
{
	unsigned n = 0;
	bool likely;

	for (unsigned i = 0; i < c->nwords; i++) {
		if (!means(path, ours, c, i, &likely) || !likely)
			continue;
		buf_add_str(out, n++ == 0 ? "# likely: ask the clinic about " : ", ");
		put_word(out, c->words[i].text);
	}
	buf_add_str(out, n == 0 ? "# sure: the words say so\n" : "\n");
}

static unsigned
put_known(struct buf *out, const char *path, const char *ours, const struct column *c)
{
	unsigned n = 0, words = c->nwords <= COLUMN_WORDS_MAX ? c->nwords : 0;
	bool likely;

	for (unsigned i = 0; i < words; i++) {
		if (!means(path, ours, c, i, &likely))
			continue;
		if (n == 0)
			put_doubts(out, path, ours, c);
		if (n++ == 0)
			buf_addf(out, "%s = ", ours);
		else
			buf_add_str(out, ", ");
		put_word(out, c->words[i].text);
	}
	if (n > 0)
		buf_add_char(out, '\n');
	return n;
}

/* Words that we know, and that mean now this and now that. */
static void
put_unclear(struct buf *out, const char *path, const struct column *c)
{
	const char *may;
	unsigned n = 0;

	for (unsigned i = 0; c->nwords <= COLUMN_WORDS_MAX && i < c->nwords; i++) {
		may = words_unclear(path, span_of(c->words[i].text));
		if (may == NULL || seen_before(c, i))
			continue;
		if (n++ == 0)
			buf_add_str(out,
			    "# Rows with these are rejected until a code's line "
			    "has them.\n");
		buf_addf(out, "# not sure: %s\n# ? = ", may);
		put_word(out, c->words[i].text);
		buf_add_char(out, '\n');
	}
}

static void
put_unknown(struct buf *out, const char *path, const struct column *c)
{
	unsigned shown = 0, hidden = 0;
	bool likely;

	for (unsigned i = 0; c->nwords <= COLUMN_WORDS_MAX && i < c->nwords; i++) {
		const struct word *w = &c->words[i];

		if (words_find(path, span_of(w->text), &likely) != NULL ||
		    words_unclear(path, span_of(w->text)) != NULL || seen_before(c, i))
			continue;
		if (!column_is_code(c) || w->times < SHOWN_TIMES) {
			hidden++;
			continue;
		}
		if (shown++ == 0)
			buf_add_str(out,
			    "# Add these to a code's line, or leave such rows "
			    "out: when, in [rows]\n");
		buf_add_str(out, "# ? = ");
		put_word(out, w->text);
		buf_addf(out, "\n");
	}
	if (hidden > 0)
		buf_addf(out, "# and %u more, too rare to be shown here\n", hidden);
}

void
draft_codes(
    struct buf *out, const char *name, const struct field *field, const struct column *c)
{
	unsigned known = 0;

	buf_addf(out, "\n# ours = theirs, theirs, ...\n[code %s]\n", name);
	if (c->nwords > COLUMN_WORDS_MAX)
		buf_addf(out, "# not sure: more than %d different values are no code\n",
		    COLUMN_WORDS_MAX);
	for (size_t i = 0; field->codes[i] != NULL; i++)
		known += put_known(out, field->path, field->codes[i], c);
	if (known == 0)
		buf_addf(out, "# not sure: no word in the column is known\n%s = %s\n",
		    field->codes[0], field->codes[0]);
	put_unclear(out, field->path, c);
	put_unknown(out, field->path, c);
}
