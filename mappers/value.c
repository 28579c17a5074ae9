#include "mappers/value.h"

#include <string.h>

#include "mappers/hl7_ref.h"
#include "mappers/scan.h"

#define COLUMN_MAX 10000 /* {#N}: beyond any spreadsheet's sense */

static int parse_alternative(struct scan *s, const char *stops, struct alternative **out);

/* Does the question mark here mark the reference, and is no part of its name? */
static bool
at_mark(const struct scan *s)
{
	struct scan ahead = *s;

	if (scan_peek(s) != '?')
		return false;
	ahead.at++;
	scan_blanks(&ahead);
	return scan_peek(&ahead) == '|' || scan_peek(&ahead) == '}' ||
	       scan_at(&ahead, "??");
}

static int
parse_number(struct scan *s, struct ref *r)
{
	unsigned n = 0;

	r->kind = REF_NUMBER;
	s->at++;
	while (scan_peek(s) >= '0' && scan_peek(s) <= '9' && n <= COLUMN_MAX)
		n = n * 10 + (unsigned)(s->text.p[s->at++] - '0');
	if (n == 0 || n > COLUMN_MAX)
		return scan_expected(s,
		    "a column number from 1 (a title that begins with # is "
		    "written {\"#...\"})");
	r->number = n;
	return 0;
}

/* The name with the word in the place of each #. */
static int
number_name(struct scan *s, struct ref *r)
{
	struct span name = r->name;
	char *to;
	size_t n = 0;

	if (s->word.n == 0 || memchr(name.p, '#', name.n) == NULL)
		return 0;
	if ((to = arena_bytes(s->arena, name.n * s->word.n)) == NULL)
		return err_nomem(s->e);
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '#') {
			memcpy(to + n, s->word.p, s->word.n);
			n += s->word.n;
		} else {
			to[n++] = name.p[i];
		}
	}
	r->of_group = true;
	r->name = (struct span){to, n};
	return 0;
}

static int
parse_name(struct scan *s, struct ref *r)
{
	size_t from = s->at;

	r->kind = REF_NAME;
	while (s->at < s->text.n && strchr("|}{\"", scan_peek(s)) == NULL &&
	       !scan_at(s, "??") && !at_mark(s))
		s->at++;
	r->name = span_trim((struct span){s->text.p + from, s->at - from});
	if (scan_peek(s) == '{' || scan_peek(s) == '"')
		return scan_expected(
		    s, "| or } (an odd title is written {\"like this\"})");
	return r->name.n > 0 ? number_name(s, r)
			     : scan_expected(s, "a column's title or short name");
}

static int
parse_hl7(struct scan *s, struct ref *r)
{
	size_t from = s->at;

	r->kind = REF_HL7;
	if (hl7_ref_scan(s, &r->hl7) != 0)
		return -1;
	r->ask = hl7_ref_ask(r->hl7);
	r->name = (struct span){s->text.p + from, s->at - from};
	return 0;
}

/* {#3} is the third column; {# Plan} is of a group. */
static bool
at_number(const struct scan *s)
{
	char behind = s->at + 1 < s->text.n ? s->text.p[s->at + 1] : '\0';

	return scan_peek(s) == '#' &&
	       (s->word.n == 0 || (behind >= '0' && behind <= '9'));
}

static int
parse_ref(struct scan *s, struct ref **out)
{
	struct ref *r = scan_alloc(s, sizeof(*r));
	int ret;

	if (r == NULL)
		return -1;
	*out = r;
	scan_blanks(s);
	if (s->hl7 && hl7_ref_at(s)) {
		ret = parse_hl7(s, r);
	} else if (scan_peek(s) == '"') {
		r->kind = REF_TITLE;
		ret = scan_quoted(s, &r->name);
		r->name = span_trim(r->name);
		if (ret == 0 && r->name.n == 0)
			ret = scan_expected(s, "a title that is not empty");
	} else if (at_number(s)) {
		ret = parse_number(s, r);
	} else {
		ret = parse_name(s, r);
	}
	scan_blanks(s);
	return ret;
}

static int
bare_arg(struct scan *s, bool braces, struct span *out)
{
	size_t from = s->at;
	char c;

	while ((c = scan_peek(s)) != '\0' && c != ' ' && c != '\t' && c != '|' &&
	       !(braces && c == '}')) {
		if (c == '"')
			return scan_expected(s, "a blank before the quote");
		s->at++;
	}
	*out = (struct span){s->text.p + from, s->at - from};
	return 0;
}

static int
parse_arg(struct scan *s, bool braces, struct arg **out)
{
	struct arg *a = scan_alloc(s, sizeof(*a));

	if (a == NULL)
		return -1;
	*out = a;
	if (scan_peek(s) == '"') {
		a->kind = ARG_QUOTED;
		return scan_quoted(s, &a->text);
	}
	if (scan_peek(s) == '/') {
		a->kind = ARG_REGEX;
		return scan_regex(s, &a->text);
	}
	a->kind = ARG_BARE;
	return bare_arg(s, braces, &a->text);
}

static bool
args_end(struct scan *s, bool braces)
{
	scan_blanks(s);
	return s->at == s->text.n || scan_peek(s) == '|' ||
	       (braces && scan_peek(s) == '}') || (!braces && scan_at_comparison(s));
}

static int
parse_step(struct scan *s, bool braces, struct step **out)
{
	struct step *st = scan_alloc(s, sizeof(*st));
	struct arg **to;
	size_t from = s->at;
	char c;

	if (st == NULL)
		return -1;
	*out = st;
	st->at = scan_position(s);
	while (((c = scan_peek(s)) >= 'a' && c <= 'z') || c == '_' ||
	       (s->at > from && c >= '0' && c <= '9'))
		s->at++;
	st->name = (struct span){s->text.p + from, s->at - from};
	if (st->name.n == 0)
		return scan_expected(s, "a transform's name");
	for (to = &st->args; !args_end(s, braces); to = &(*to)->next) {
		if (++st->nargs > VALUE_ARGS_MAX)
			return scan_expected(s, "fewer arguments");
		if (parse_arg(s, braces, to) != 0)
			return -1;
	}
	return 0;
}

/* "else drop" and "else reject"; any other word, or a quoted one, is a value. */
static int
parse_else(struct scan *s, bool braces, struct pipeline *p)
{
	struct scan word = *s;

	if (scan_take_word(&word, "drop") && args_end(&word, braces))
		p->otherwise = ELSE_DROP;
	else if ((word = *s, scan_take_word(&word, "reject")) && args_end(&word, braces))
		p->otherwise = ELSE_REJECT;
	else
		p->otherwise = ELSE_VALUE;
	if (p->otherwise != ELSE_VALUE) {
		s->at = word.at;
		return 0;
	}
	return parse_alternative(s, braces ? "|}" : "|", &p->value);
}

static int
parse_pipeline(struct scan *s, bool braces, struct pipeline *p)
{
	struct step **to = &p->steps;

	scan_blanks(s);
	while (scan_peek(s) == '|') {
		if (p->otherwise != ELSE_NONE)
			return scan_expected(s, "the end: nothing may follow else");
		s->at++;
		scan_blanks(s);
		if (scan_take_word(s, "else")) {
			if (parse_else(s, braces, p) != 0)
				return -1;
		} else {
			if (parse_step(s, braces, to) != 0)
				return -1;
			to = &(*to)->next;
		}
		scan_blanks(s);
	}
	return 0;
}

static int
parse_braces(struct scan *s, struct part *p)
{
	struct ref **to = &p->refs;
	bool more;

	s->at++;
	do {
		if (parse_ref(s, to) != 0)
			return -1;
		to = &(*to)->next;
		if (at_mark(s)) {
			p->optional = true;
			s->at++;
			scan_blanks(s);
		}
		more = scan_at(s, "??");
		s->at += more ? 2 : 0;
	} while (more);
	if (parse_pipeline(s, true, &p->pipe) != 0)
		return -1;
	if (scan_peek(s) != '}')
		return scan_expected(s, "?? or | or }");
	s->at++;
	return 0;
}

static bool
text_ends(const struct scan *s, const char *stops)
{
	char c = scan_peek(s);

	return s->at == s->text.n || c == '{' || strchr(stops, c) != NULL ||
	       scan_at(s, "??") || scan_at_comparison(s);
}

/* Text up to a brace or a stop. `quoted`: it held quotes, so may be empty. */
static int
parse_text(struct scan *s, const char *stops, struct part *p, bool *quoted)
{
	char *to = arena_bytes(s->arena, (s->text.n - s->at) * (s->word.n + 1) + 1);
	struct span q;
	size_t n = 0;

	if (to == NULL)
		return err_nomem(s->e);
	while (!text_ends(s, stops)) {
		if (scan_peek(s) == '}')
			return scan_expected(s, "a { before this }");
		if (scan_peek(s) == '#' && s->word.n > 0) {
			memcpy(to + n, s->word.p, s->word.n);
			n += s->word.n;
			s->at++;
			continue;
		}
		if (scan_peek(s) != '"') {
			to[n++] = s->text.p[s->at++];
			continue;
		}
		if (scan_quoted(s, &q) != 0)
			return -1;
		if (q.n > 0)
			memcpy(to + n, q.p, q.n);
		n += q.n;
		*quoted = true;
	}
	p->text = (struct span){to, n};
	return 0;
}

static int
parse_list(struct scan *s, struct alternative *a)
{
	struct alternative **to = &a->elements;
	size_t n = 0;

	do {
		s->at++;
		if (++n > VALUE_LIST_MAX)
			return scan_expected(s, "fewer elements in the list");
		if (parse_alternative(s, ",]|", to) != 0)
			return -1;
		to = &(*to)->next;
		if (scan_at(s, "??") || scan_peek(s) == '|')
			return scan_expected(s,
			    ", or ] (in a list, ?? and | stand in braces: "
			    "{A ?? B | upper})");
	} while (scan_peek(s) == ',');
	if (scan_peek(s) != ']')
		return scan_expected(s, ", or ]");
	s->at++;
	scan_blanks(s);
	return 0;
}

/* The blanks at the end of an alternative are the writer's, not the value's. */
static void
trim_end(struct alternative *a)
{
	struct part **last = &a->parts;

	if (a->parts == NULL)
		return;
	while ((*last)->next != NULL)
		last = &(*last)->next;
	if ((*last)->refs != NULL)
		return;
	while ((*last)->text.n > 0 && (*last)->text.p[(*last)->text.n - 1] == ' ')
		(*last)->text.n--;
	if ((*last)->text.n == 0 && last != &a->parts)
		*last = NULL;
}

static int
parse_parts(struct scan *s, const char *stops, struct alternative *a)
{
	struct part **to = &a->parts;
	bool quoted = false;
	size_t n = 0;

	while (s->at < s->text.n && (scan_peek(s) == '{' || !text_ends(s, stops))) {
		if (++n > VALUE_PARTS_MAX)
			return scan_expected(s, "fewer texts and references");
		if ((*to = scan_alloc(s, sizeof(**to))) == NULL)
			return -1;
		if (scan_peek(s) == '{' ? parse_braces(s, *to) != 0
					: parse_text(s, stops, *to, &quoted) != 0)
			return -1;
		to = &(*to)->next;
	}
	trim_end(a);
	if (n == 0 || (a->parts->refs == NULL && a->parts->text.n == 0 && !quoted))
		return scan_expected(s, "a value: text, {column} or [list]");
	return 0;
}

static int
parse_alternative(struct scan *s, const char *stops, struct alternative **out)
{
	struct alternative *a = scan_alloc(s, sizeof(*a));
	int ret;

	if (a == NULL)
		return -1;
	*out = a;
	scan_blanks(s);
	if (++s->depth > VALUE_DEPTH_MAX)
		return scan_expected(s, "fewer values within values");
	ret = scan_peek(s) == '[' ? parse_list(s, a) : parse_parts(s, stops, a);
	s->depth--;
	return ret;
}

int
scan_expr(struct scan *s, struct expr *out)
{
	struct alternative **to = &out->alts;

	*out = (struct expr){0};
	for (;;) {
		if (parse_alternative(s, "|", to) != 0)
			return -1;
		if (!scan_at(s, "??"))
			break;
		to = &(*to)->next;
		s->at += 2;
	}
	return parse_pipeline(s, false, &out->pipe);
}

int
refs_parse(const struct value_text *in, struct ref **out, struct err *e)
{
	struct scan s = {.arena = in->arena, .text = in->text, .hl7 = in->hl7, .e = e};

	for (;; s.at++, out = &(*out)->next) {
		scan_blanks(&s);
		if (!hl7_ref_at(&s))
			return scan_expected(&s, "a reference, such as PID-3[5=MR]");
		if (parse_ref(&s, out) != 0)
			return -1;
		if (s.at == in->text.n)
			return 0;
		if (scan_peek(&s) != ',')
			return scan_expected(&s, "a comma");
	}
}

int
expr_parse(const struct value_text *in, struct expr *out, struct err *e)
{
	struct scan s = {.arena = in->arena,
	    .text = in->text,
	    .hl7 = in->hl7,
	    .word = in->word,
	    .e = e};

	if (scan_expr(&s, out) != 0)
		return -1;
	return s.at == in->text.n ? 0 : scan_expected(&s, "?? or | or the end");
}
