#include "mappers/scan.h"

#include <string.h>

#include "base/utf8.h"

size_t
scan_position(const struct scan *s)
{
	return 1 + utf8_count((struct span){s->text.p, s->at});
}

int
scan_expected(const struct scan *s, const char *what)
{
	return err_set(
	    s->e, ERR_CONFIG, "character %zu: expected %s", scan_position(s), what);
}

void *
scan_alloc(struct scan *s, size_t n)
{
	void *p = arena_alloc(s->arena, n);

	if (p == NULL)
		err_nomem(s->e);
	return p;
}

char
scan_peek(const struct scan *s)
{
	return s->at < s->text.n ? s->text.p[s->at] : '\0';
}

bool
scan_at(const struct scan *s, const char *literal)
{
	size_t n = strlen(literal);

	return s->text.n - s->at >= n && memcmp(s->text.p + s->at, literal, n) == 0;
}

void
scan_blanks(struct scan *s)
{
	while (s->at < s->text.n && (s->text.p[s->at] == ' ' || s->text.p[s->at] == '\t'))
		s->at++;
}

static bool
word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

bool
scan_at_word(const struct scan *s, const char *word)
{
	size_t end = s->at + strlen(word);

	return scan_at(s, word) && (end == s->text.n || !word_byte(s->text.p[end]));
}

bool
scan_take_word(struct scan *s, const char *word)
{
	if (!scan_at_word(s, word))
		return false;
	s->at += strlen(word);
	scan_blanks(s);
	return true;
}

int
scan_quoted(struct scan *s, struct span *out)
{
	struct scan open = *s;
	char *to = arena_bytes(s->arena, s->text.n - s->at);
	size_t n = 0;

	if (to == NULL)
		return err_nomem(s->e);
	for (s->at++; s->at < s->text.n; s->at++) {
		if (s->text.p[s->at] == '"') {
			if (!scan_at(s, "\"\""))
				break;
			s->at++;
		}
		to[n++] = s->text.p[s->at];
	}
	if (s->at == s->text.n)
		return scan_expected(&open, "a second quote that closes this one");
	s->at++;
	*out = (struct span){to, n};
	return 0;
}

int
scan_regex(struct scan *s, struct span *out)
{
	struct scan open = *s;
	size_t from = ++s->at;

	while (s->at < s->text.n && s->text.p[s->at] != '/')
		s->at += s->text.p[s->at] == '\\' && s->at + 1 < s->text.n ? 2 : 1;
	if (s->at >= s->text.n)
		return scan_expected(
		    &open, "a second / that ends this regular expression");
	*out = (struct span){s->text.p + from, s->at - from};
	s->at++;
	return out->n > 0
		   ? 0
		   : scan_expected(&open, "a regular expression that is not empty");
}

bool
scan_at_comparison(const struct scan *s)
{
	static const char *const words[] = {
	    "in", "not", "is", "matches", "present", "empty"};

	if (!s->condition || (s->at > 0 && word_byte(s->text.p[s->at - 1])))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (scan_at_word(s, words[i]))
			return true;
	return false;
}

static bool
item_ends(const struct scan *s)
{
	return scan_peek(s) == ',' ||
	       (s->condition && s->text.p[s->at - 1] == ' ' && scan_at_word(s, "and"));
}

int
scan_item(struct scan *s, struct item **out)
{
	struct item *it = scan_alloc(s, sizeof(*it));
	size_t from;

	if (it == NULL)
		return -1;
	scan_blanks(s);
	if (scan_peek(s) == '"') {
		it->quoted = true;
		if (scan_quoted(s, &it->text) != 0)
			return -1;
		it->text = span_trim(it->text);
		scan_blanks(s);
	} else {
		for (from = s->at; s->at < s->text.n && !item_ends(s); s->at++)
			if (scan_peek(s) == '"')
				return scan_expected(s, "a comma before the quote");
		it->text = span_trim((struct span){s->text.p + from, s->at - from});
		if (it->text.n == 0)
			return scan_expected(s, "a value");
	}
	*out = it;
	return 0;
}

int
items_parse(struct arena *a, struct span text, struct item **out, struct err *e)
{
	struct scan s = {.arena = a, .text = text, .e = e};

	*out = NULL;
	for (;;) {
		if (scan_item(&s, out) != 0)
			return -1;
		out = &(*out)->next;
		if (s.at == text.n)
			return 0;
		if (scan_peek(&s) != ',')
			return scan_expected(&s, "a comma");
		s.at++;
	}
}
