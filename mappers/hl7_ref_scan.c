#include <string.h>

#include "mappers/ascii.h"
#include "mappers/hl7_index.h"
#include "mappers/hl7_ref.h"
#include "mappers/scan.h"

static bool
at_segment(const struct scan *s)
{
	struct span rest = {s->text.p + s->at, s->text.n - s->at};

	return hl7_line_is_segment(rest) && rest.n > 3 &&
	       strchr("-[/", rest.p[3]) != NULL;
}

bool
hl7_ref_at(const struct scan *s)
{
	return at_segment(s) || scan_at_word(s, "event");
}

static int
take_number(struct scan *s, unsigned *out)
{
	struct scan from = *s;
	unsigned n = 0;

	while (ascii_digit(scan_peek(s)) && n <= HL7_NUMBER_MAX)
		n = n * 10 + (unsigned)(s->text.p[s->at++] - '0');
	if (n == 0 || n > HL7_NUMBER_MAX)
		return scan_expected(&from, "a number from 1 to 999");
	*out = n;
	return 0;
}

/* "3", "3.1" or "3.1.2". */
static int
take_dotted(struct scan *s, unsigned *at, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		if (i > 0 && scan_peek(s) != '.')
			return 0;
		s->at += i > 0;
		if (take_number(s, &at[i]) != 0)
			return -1;
	}
	return scan_peek(s) == '.' ? scan_expected(s, "no further level") : 0;
}

static int
take_value(struct scan *s, struct span *out)
{
	size_t from = s->at;

	if (scan_peek(s) == '"')
		return scan_quoted(s, out);
	while (s->at < s->text.n && strchr("&]{}|\"", scan_peek(s)) == NULL)
		s->at++;
	*out = span_trim((struct span){s->text.p + from, s->at - from});
	return out->n > 0 ? 0 : scan_expected(s, "a value (\"\" is empty)");
}

/* "{mrn}" */
static int
take_short_name(struct scan *s, struct span *out)
{
	const char *from = s->text.p + s->at + 1;
	const char *close = memchr(from, '}', s->text.n - s->at - 1);

	if (close == NULL ||
	    span_trim((struct span){from, (size_t)(close - from)}).n == 0)
		return scan_expected(s, "a name of [fields] in braces");
	*out = span_trim((struct span){from, (size_t)(close - from)});
	s->at = (size_t)(close + 1 - s->text.p);
	return 0;
}

static int
take_test(struct scan *s, size_t levels, struct hl7_test **out)
{
	struct hl7_test *t = scan_alloc(s, sizeof(*t));

	if (t == NULL)
		return -1;
	*out = t;
	scan_blanks(s);
	if (take_dotted(s, t->at, levels) != 0)
		return -1;
	scan_blanks(s);
	t->negated = scan_peek(s) == '!';
	s->at += t->negated;
	if (scan_peek(s) != '=')
		return scan_expected(s, "= or !=");
	s->at++;
	scan_blanks(s);
	if (scan_peek(s) == '{' && levels == 3)
		return scan_expected(s, "a value; {name} is for repetitions of a field");
	if (scan_peek(s) == '{' ? take_short_name(s, &t->name) != 0
				: take_value(s, &t->value) != 0)
		return -1;
	scan_blanks(s);
	return 0;
}

static int
take_bracket(struct scan *s, size_t levels, struct hl7_pick *p, bool *selects)
{
	struct hl7_test **to = &p->tests;

	s->at++;
	*selects = scan_peek(s) == '*' || scan_peek(s) == '#';
	if (scan_peek(s) == '*') {
		p->all = true;
		s->at++;
	} else if (scan_peek(s) == '#') {
		s->at++;
		if (take_number(s, &p->nth) != 0)
			return -1;
	} else {
		while (*to != NULL)
			to = &(*to)->next;
		for (;; s->at++, to = &(*to)->next) {
			if (take_test(s, levels, to) != 0)
				return -1;
			if (scan_peek(s) != '&')
				break;
		}
	}
	if (scan_peek(s) != ']')
		return scan_expected(s, p->tests != NULL ? "& or ]" : "]");
	s->at++;
	return 0;
}

/* "[#2]", "[*]", "[5=MR]" and two of them: "[5=MR][#2]". */
static int
take_pick(struct scan *s, size_t levels, struct hl7_pick *p)
{
	bool said = false;

	p->nth = 1;
	while (scan_peek(s) == '[') {
		if (said)
			return scan_expected(s, "no selection behind [#N] or [*]");
		if (take_bracket(s, levels, p, &said) != 0)
			return -1;
	}
	p->plain = p->tests == NULL && p->nth == 1 && !p->all;
	return 0;
}

int
hl7_path_scan(struct scan *s, struct hl7_path *out)
{
	struct span rest = {s->text.p + s->at, s->text.n - s->at};

	if (!hl7_line_is_segment(rest))
		return scan_expected(s, "a segment's name, such as PID");
	out->name = hl7_name(rest.p);
	s->at += 3;
	return take_pick(s, 3, &out->pick);
}

/* A list of segments has its empty elements, too. */
static bool
lists_segments(const struct hl7_ref *r)
{
	bool list = false;

	for (size_t i = 0; i < r->npath; i++)
		list |= r->path[i].pick.all;
	return list;
}

static int
take_field(struct scan *s, struct hl7_ref *r)
{
	unsigned parts[2] = {0};

	if (scan_peek(s) != '-')
		return scan_expected(s, "- and the field's number, as in PID-3");
	s->at++;
	if (take_number(s, &r->field) != 0 || take_pick(s, 2, &r->repetition) != 0)
		return -1;
	r->first = r->repetition.plain;
	r->plain = r->npath == 1 && r->path[0].pick.plain && r->first;
	if (scan_peek(s) != '.')
		return 0;
	s->at++;
	if (take_dotted(s, parts, 2) != 0)
		return -1;
	r->component = parts[0];
	r->subcomponent = parts[1];
	return 0;
}

struct hl7_ask
hl7_ref_ask(const struct hl7_ref *r)
{
	uint32_t segment = r->event ? hl7_name("MSH") : r->path[r->npath - 1].name;
	bool any = r->event || lists_segments(r);

	return (struct hl7_ask){
	    any ? UINT64_MAX : hl7_field_bit(r->field), hl7_name_class(segment)};
}

int
hl7_ref_scan(struct scan *s, struct hl7_ref **out)
{
	struct hl7_ref *r = scan_alloc(s, sizeof(*r));

	if (r == NULL)
		return -1;
	*out = r;
	if (scan_take_word(s, "event")) {
		r->event = true;
		return 0;
	}
	for (;;) {
		if (r->npath == HL7_PATH_MAX)
			return scan_expected(s, "fewer segments");
		if (hl7_path_scan(s, &r->path[r->npath++]) != 0)
			return -1;
		r->present |= hl7_name_bit(r->path[r->npath - 1].name);
		if (scan_peek(s) != '/')
			return take_field(s, r);
		s->at++;
	}
}

bool
hl7_ref_is_list(const struct hl7_ref *r)
{
	return r->repetition.all || lists_segments(r);
}
