#include <stdint.h>

#include "mappers/letters.h"
#include "mappers/regexp.h"
#include "mappers/scan.h"
#include "mappers/value.h"

static int
parse_items(struct scan *s, struct item **to)
{
	for (;;) {
		if (scan_item(s, to) != 0)
			return -1;
		if (scan_peek(s) != ',')
			return 0;
		to = &(*to)->next;
		s->at++;
	}
}

/* One bare or quoted word. */
static int
parse_word(struct scan *s, struct item **to)
{
	size_t from = s->at;

	if (scan_peek(s) == '"' || s->at == s->text.n)
		return scan_item(s, to);
	if ((*to = scan_alloc(s, sizeof(**to))) == NULL)
		return -1;
	while (s->at < s->text.n && scan_peek(s) != ' ')
		s->at++;
	(*to)->text = (struct span){s->text.p + from, s->at - from};
	return 0;
}

static int
parse_comparison(struct scan *s, struct condition *c)
{
	if (scan_take_word(s, "present")) {
		c->op = COND_PRESENT;
		return 0;
	}
	if (scan_take_word(s, "empty")) {
		c->op = COND_PRESENT;
		c->negated = true;
		return 0;
	}
	if (scan_take_word(s, "matches")) {
		c->op = COND_MATCHES;
		return scan_peek(s) == '/'
			   ? scan_regex(s, &c->regex)
			   : scan_expected(s, "a regular expression: /.../");
	}
	if (scan_take_word(s, "is")) {
		c->op = COND_IS;
		c->negated = scan_take_word(s, "not");
		return parse_word(s, &c->items);
	}
	c->op = COND_IN;
	c->negated = scan_take_word(s, "not");
	if (!scan_take_word(s, "in"))
		return scan_expected(
		    s, c->negated ? "in"
				  : "in, not in, is, is not, matches, present or empty");
	return parse_items(s, &c->items);
}

int
condition_parse(const struct value_text *in, struct condition **out, struct err *e)
{
	struct scan s = {.arena = in->arena,
	    .word = in->word,
	    .text = in->text,
	    .condition = true,
	    .hl7 = in->hl7,
	    .e = e};

	*out = NULL;
	for (;;) {
		if ((*out = scan_alloc(&s, sizeof(**out))) == NULL)
			return -1;
		if (scan_expr(&s, &(*out)->value) != 0 || parse_comparison(&s, *out) != 0)
			return -1;
		scan_blanks(&s);
		if (s.at == in->text.n)
			return 0;
		if (!scan_take_word(&s, "and"))
			return scan_expected(&s,
			    "and, or the end (a value with blanks is "
			    "quoted)");
		out = &(*out)->next;
	}
}

bool
condition_holds(const struct condition *c, struct span text, bool *limit)
{
	int ret;

	if (c->op == COND_PRESENT)
		return text.n > 0;
	if (c->op == COND_MATCHES) {
		ret = regexp_match(c->compiled, text);
		*limit |= ret < 0;
		return ret > 0;
	}
	for (const struct item *it = c->items; it != NULL; it = it->next)
		if (letters_eq_nocase(it->text, text))
			return true;
	return false;
}
