#include "mappers/value.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

#define ARENA_MAX (1 << 20)

static void show_alternative(struct buf *b, const struct alternative *a);

static void
show_pipe(struct buf *b, const struct pipeline *p)
{
	static const char *const others[] = {
	    "", " |else-drop", " |else-reject", " |else "};

	for (const struct step *st = p->steps; st != NULL; st = st->next) {
		buf_addf(b, " |%.*s", (int)st->name.n, st->name.p);
		for (const struct arg *a = st->args; a != NULL; a = a->next)
			buf_addf(
			    b, " %c'%.*s'", "bqr"[a->kind], (int)a -> text.n, a->text.p);
	}
	buf_add_str(b, others[p->otherwise]);
	if (p->value != NULL)
		show_alternative(b, p->value);
}

static void
show_refs(struct buf *b, const struct part *p)
{
	buf_add_char(b, '{');
	for (const struct ref *r = p->refs; r != NULL; r = r->next) {
		if (r->kind == REF_NUMBER)
			buf_addf(b, "#%u", r->number);
		else
			buf_addf(b, "%c'%.*s'", r->kind == REF_NAME ? 'n' : 't',
			    (int)r->name.n, r->name.p);
		if (r->next != NULL)
			buf_add_char(b, ' ');
	}
	show_pipe(b, &p->pipe);
	buf_add_str(b, p->optional ? "?}" : "}");
}

static void
show_alternative(struct buf *b, const struct alternative *a)
{
	if (a->elements != NULL) {
		buf_add_char(b, '[');
		for (const struct alternative *el = a->elements; el != NULL;
		    el = el->next) {
			show_alternative(b, el);
			buf_add_str(b, el->next != NULL ? ", " : "");
		}
		buf_add_char(b, ']');
	}
	for (const struct part *p = a->parts; p != NULL; p = p->next) {
		if (p->refs != NULL)
			show_refs(b, p);
		else
			buf_addf(b, "<%.*s>", (int)p->text.n, p->text.p);
	}
}

static void
show_expr(struct buf *b, const struct expr *x)
{
	for (const struct alternative *a = x->alts; a != NULL; a = a->next) {
		show_alternative(b, a);
		buf_add_str(b, a->next != NULL ? " ?? " : "");
	}
	show_pipe(b, &x->pipe);
}

static const char *
parse_and_show(struct arena *a, const char *text)
{
	struct expr x;
	struct err e = {0};
	struct buf b;
	char *copy;

	if (expr_parse(&(struct value_text){.arena = a, .text = span_of(text)}, &x, &e) !=
	    0)
		return arena_str(a, e.msg);
	buf_init(&b, ARENA_MAX);
	show_expr(&b, &x);
	buf_add_char(&b, '\0');
	copy = arena_str(a, b.p);
	buf_release(&b);
	return copy;
}

struct row {
	const char *text, *want;
};

static const struct row good[] = {
    {"booked", "<booked>"},
    {"  in progress  ", "<in progress>"},
    {"{mrn}", "{n'mrn'}"},
    {"{ Last Name }", "{n'Last Name'}"},
    {"{\"odd | title\"}", "{t'odd | title'}"},
    {"{\"say \"\"hi\"\"\"}", "{t'say \"hi\"'}"},
    {"{#3}", "{#3}"},
    {"{\"#3\"}", "{t'#3'}"},
    {"{Middle?}", "{n'Middle'?}"},
    {"{Middle ?}", "{n'Middle'?}"},
    {"{Smoker? (Y/N)}", "{n'Smoker? (Y/N)'}"},
    {"{\"New Patient?\"}", "{t'New Patient?'}"},
    {"{A ?? B}", "{n'A' n'B'}"},
    {"{A??B??#4}", "{n'A' n'B' #4}"},
    {"{A? ?? B}", "{n'A' n'B'?}"},
    {"{A | upper} {B}", "{n'A' |upper}< >{n'B'}"},
    {"{A? | upper}", "{n'A' |upper?}"},
    {"({Area}) {Home Phone} | phone US | else drop",
	"<(>{n'Area'}<) >{n'Home Phone'} |phone b'US' |else-drop"},
    {"a ?? b | lower", "<a> ?? <b> |lower"},
    {"{A | code x | else none} ?? {B | code y}",
	"{n'A' |code b'x' |else <none>} ?? {n'B' |code b'y'}"},
    {"{DOB} | date \"%m/%d/%Y\" %Y-%m-%d past",
	"{n'DOB'} |date q'%m/%d/%Y' b'%Y-%m-%d' b'past'"},
    {"{A} | replace /a\\/b|c/ \"\"", "{n'A'} |replace r'a\\/b|c' q''"},
    {"[{First Name}, {Middle}]", "[{n'First Name'}, {n'Middle'}]"},
    {"[{A} {B}, x ,[{C}, \",\"]] | upper",
	"[{n'A'}< >{n'B'}, <x>, [{n'C'}, <,>]] |upper"},
    {"[{A}] ?? {B}", "[{n'A'}] ?? {n'B'}"},
    {"\"a | b\" c", "<a | b c>"},
    {"\"\"", "<>"},
    {"\"{x}\"", "<{x}>"},
    {"what? ok", "<what? ok>"},
    {"a ] b", "<a ] b>"},
    {"{A} | else {B} x", "{n'A'} |else {n'B'}< x>"},
    {"{A} | else \"drop\"", "{n'A'} |else <drop>"},
    {"{A} | else drop it", "{n'A'} |else <drop it>"},
    {"{A} | else reject", "{n'A'} |else-reject"},
    {"{Pr\xc3\xa9nom}", "{n'Pr\xc3\xa9nom'}"},
};

static const struct row bad[] = {
    {"", "character 1: expected a value"},
    {"   ", "character 4: expected a value"},
    {"{}", "character 2: expected a column's title"},
    {"{A", "character 3: expected ?? or | or }"},
    {"{A ?? }", "character 7: expected a column's title"},
    {"{A} ??", "character 7: expected a value"},
    {"{#0}", "character 4: expected a column number"},
    {"{# of visits}", "character 3: expected a column number"},
    {"{\"A}", "character 2: expected a second quote"},
    {"{\"\"}", "character 4: expected a title"},
    {"{A{B}", "character 3: expected | or }"},
    {"A}", "character 2: expected a {"},
    {"{A} |", "character 6: expected a transform's name"},
    {"{A} | Upper", "character 7: expected a transform's name"},
    {"{A} | else drop | upper", "character 17: expected the end"},
    {"{A} | else", "character 11: expected a value"},
    {"{A} | replace /x", "character 15: expected a second /"},
    {"{A} | replace // x", "character 15: expected a regular expression"},
    {"{A} | pad 3\"0\"", "character 12: expected a blank"},
    {"[{A}", "character 5: expected , or ]"},
    {"[{A},]", "character 6: expected a value"},
    {"[{A} | upper]", "character 6: expected , or ]"},
    {"[{A} ?? {B}]", "character 6: expected , or ]"},
    {"[{A}] {B}", "character 7: expected ?? or | or the end"},
    {"[[[[[a]]]]]", "character 5: expected fewer values"},
    {"\xc3\xa9\xc3\xa9}", "character 3: expected a {"},
};

static void
check(const struct row *rows, size_t n)
{
	struct arena a;

	for (size_t i = 0; i < n; i++) {
		const char *got;

		arena_init(&a, ARENA_MAX);
		got = parse_and_show(&a, rows[i].text);
		cr_expect(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0,
		    "%s: got %s, want %s", rows[i].text, got, rows[i].want);
		arena_release(&a);
	}
}

Test(value_parse, values)
{
	check(good, sizeof(good) / sizeof(good[0]));
}

Test(value_parse, mistakes_name_the_place)
{
	check(bad, sizeof(bad) / sizeof(bad[0]));
}

static const char *
condition_and_show(struct arena *a, const char *text)
{
	static const char *const ops[] = {"in", "is", "matches", "present"};
	struct condition *c;
	struct err e = {0};
	struct buf b;
	char *copy;

	if (condition_parse(
		&(struct value_text){.arena = a, .text = span_of(text)}, &c, &e) != 0)
		return arena_str(a, e.msg);
	buf_init(&b, ARENA_MAX);
	for (; c != NULL; c = c->next) {
		show_expr(&b, &c->value);
		buf_addf(&b, "%s%s", c->negated ? " !" : " ", ops[c->op]);
		for (const struct item *it = c->items; it != NULL; it = it->next)
			buf_addf(&b, " '%.*s'", (int)it->text.n, it->text.p);
		if (c->op == COND_MATCHES)
			buf_addf(&b, " /%.*s/", (int)c->regex.n, c->regex.p);
		buf_add_str(&b, c->next != NULL ? " & " : "");
	}
	buf_add_char(&b, '\0');
	copy = arena_str(a, b.p);
	buf_release(&b);
	return copy;
}

static const struct row conditions[] = {
    {"{Status} not in HOLD, BLOCK", "{n'Status'} !in 'HOLD' 'BLOCK'"},
    {"{Status} in No Show, \"a, b\" and {B} present",
	"{n'Status'} in 'No Show' 'a, b' & {n'B'} present"},
    {"{A} is x", "{n'A'} is 'x'"},
    {"{A} is not \"x y\"", "{n'A'} !is 'x y'"},
    {"{A} is not", "character 11: expected a value"},
    {"{A} matches /^a b and/ and {B} empty",
	"{n'A'} matches /^a b and/ & {n'B'} !present"},
    {"{A} | upper in X", "{n'A'} |upper in 'X'"},
    {"{A} | code t is open and {B ?? C} present",
	"{n'A'} |code b't' is 'open' & {n'B' n'C'} present"},
    {"{A} in sand, band", "{n'A'} in 'sand' 'band'"},
    {"{inside} present", "{n'inside'} present"},
    {"{A}", "character 4: expected in, not in, is"},
    {"{A} not HOLD", "character 9: expected in"},
    {"{A} is No Show", "character 11: expected and, or the end"},
    {"{A} matches x", "character 13: expected a regular expression"},
    {"{A} present or {B} present", "character 13: expected and, or the end"},
    {"{A} present and", "character 16: expected a value"},
    {"{A} in", "character 7: expected a value"},
    {"{A} in x,", "character 10: expected a value"},
};

Test(value_parse, conditions)
{
	struct arena a;

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		const struct row *r = &conditions[i];
		const char *got;

		arena_init(&a, ARENA_MAX);
		got = condition_and_show(&a, r->text);
		cr_expect(strncmp(got, r->want, strlen(r->want)) == 0,
		    "%s: got %s, want %s", r->text, got, r->want);
		arena_release(&a);
	}
}
