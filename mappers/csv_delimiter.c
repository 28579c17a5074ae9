#include "mappers/csv_reader.h"

#include <string.h>
#include <strings.h>

#define CANDIDATES 4

static const char candidates[CANDIDATES + 1] = ",;\t|";

struct tally {
	size_t count[CANDIDATES];
	bool blank;
};

static bool
ends_line(char c)
{
	return c == '\n' || c == '\r';
}

static void
tally_char(struct tally *t, char c)
{
	for (size_t i = 0; i < CANDIDATES; i++)
		t->count[i] += c == candidates[i];
	if (c != ' ' && c != '\t' && !ends_line(c))
		t->blank = false;
}

/* Counts in the first record of *s, and takes it off. */
static struct tally
tally_record(struct span *s)
{
	struct tally t = {.blank = true};
	bool quoted = false;
	size_t i;

	for (i = 0; i < s->n && (quoted || !ends_line(s->p[i])); i++) {
		if (s->p[i] == '"')
			quoted = !quoted;
		if (!quoted)
			tally_char(&t, s->p[i]);
	}
	i += i < s->n;
	s->p += i;
	s->n -= i;
	return t;
}

/* The first record with something in it; all zero at the end. */
static struct tally
next_tally(struct span *s)
{
	struct tally t = {0};

	while (s->n > 0) {
		t = tally_record(s);
		if (!t.blank)
			break;
	}
	return t;
}

/* Without the first `n` lines; a quotation mark in a title is none of a cell. */
static struct span
skip_lines(struct span s, size_t n)
{
	for (; n > 0 && s.n > 0; n--) {
		size_t i = 0;

		while (i < s.n && !ends_line(s.p[i]))
			i++;
		i += i < s.n && s.p[i] == '\r';
		i += i < s.n && s.p[i] == '\n';
		s.p += i;
		s.n -= i;
	}
	return s;
}

char
reader_find_delimiter(struct span head, size_t skip)
{
	struct span rest = skip_lines(head, skip);
	struct tally first = next_tally(&rest), second = next_tally(&rest);
	size_t best = 0;

	for (size_t i = 1; i < CANDIDATES; i++) {
		if (first.count[i] < first.count[best])
			continue;
		if (first.count[i] > first.count[best] ||
		    (second.count[best] != first.count[best] &&
			second.count[i] == first.count[i]))
			best = i;
	}
	return candidates[best];
}

/*
 * The first line "sep=;" that Excel understands: its length with its end, and
 * *delimiter; 0 where the first line is another.
 */
static size_t
find_hint(struct span head, char *delimiter)
{
	static const char word[] = "sep=";
	size_t n = strlen(word);
	unsigned char c;

	if (head.n <= n || strncasecmp(head.p, word, n) != 0)
		return 0;
	/* What is found is told: a control character would drive a terminal. */
	c = (unsigned char)head.p[n];
	if (c == '"' || (c < ' ' && c != '\t') || c >= 0x7f)
		return 0;
	*delimiter = head.p[n++];
	if (n < head.n && head.p[n] != '\r' && head.p[n] != '\n')
		return 0;
	n += n < head.n && head.p[n] == '\r';
	n += n < head.n && head.p[n] == '\n';
	return n;
}

char
reader_choose_delimiter(const struct reader_conf *conf, const struct reader_sink *sink,
    struct span head, size_t *hint)
{
	bool set = conf->delimiter != NULL;
	char said = '\0';

	*hint = find_hint(head, &said);
	if (sink->delimiter != NULL && (set || said == '\0'))
		return sink->delimiter(sink->arg, head);
	if (set || said != '\0')
		return set ? '\0' : said;
	return reader_find_delimiter(head, conf->skip);
}
