#include "mappers/codes.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "mappers/letters.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define ARENA_MAX (1 << 20)

struct given {
	const char *key, *value, *file;
};

static struct conf_errors errors;
static struct conf conf = {.errors = &errors};
static struct arena arena;

static void
setup(void)
{
	conf_errors_init(&errors);
	arena_init(&arena, ARENA_MAX);
}

static void
teardown(void)
{
	conf_errors_release(&errors);
	arena_release(&arena);
}

TestSuite(codes_table, .init = setup, .fini = teardown);

static struct code_table *
make(const struct given *g, size_t n)
{
	static struct conf_entry entries[16];
	static struct conf_section s;
	struct err e = {0};
	struct code_table *t;

	memset(entries, 0, sizeof(entries));
	for (size_t i = 0; i < n; i++)
		entries[i] = (struct conf_entry){.key = span_of(g[i].key),
		    .value = span_of(g[i].value),
		    .file = g[i].file ? g[i].file : "feed.ini",
		    .line = (unsigned)i + 2};
	s = (struct conf_section){.name = SPAN_LIT("code"),
	    .label = SPAN_LIT("status"),
	    .file = "feed.ini",
	    .line = 1,
	    .entries = entries,
	    .n = n};
	t = codes_new(&arena, &conf, &s, &e);
	cr_assert_not_null(t, "%s", e.msg);
	for (size_t i = 0; i < n; i++)
		cr_expect(entries[i].used);
	return t;
}

static const char *
find(const struct code_table *t, const char *theirs)
{
	struct span ours;

	if (!codes_find(t, span_of(theirs), &ours))
		return "(none)";
	return arena_span(&arena, ours).p;
}

Test(codes_table, finds_without_regard_to_case)
{
	static const struct given table[] = {
	    {"booked", "Scheduled, Confirmed, PEN", NULL},
	    {"arrived", "Arrived, CHK,Checked In", NULL},
	    {"noshow", "\"No Show\", N/S", NULL},
	    {"cancelled", "Cancelled, x, \"CANC: <24h\", \"a, b\", \"*\", Annul\xc3\xa9",
		NULL},
	};
	static const char *const cases[][2] = {
	    {"Scheduled", "booked"},
	    {"SCHEDULED", "booked"},
	    {"pen", "booked"},
	    {"Checked In", "arrived"},
	    {"no show", "noshow"},
	    {"n/s", "noshow"},
	    {"X", "cancelled"},
	    {"canc: <24H", "cancelled"},
	    {"A, B", "cancelled"},
	    {"*", "cancelled"},
	    {"ANNUL\xc3\x89", "cancelled"},
	    {"Rescheduled", "(none)"},
	    {"booked", "(none)"},
	    {"", "(none)"},
	};
	struct code_table *t = make(table, COUNT(table));

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(find(t, cases[i][0]), cases[i][1], "%s", cases[i][0]);
	cr_expect_eq(errors.n, 0);
	cr_expect_eq(t->nours, 4);
}

Test(codes_table, star_is_the_rest)
{
	static const struct given table[] = {
	    {"female", "F, W", NULL}, {"unknown", "U, *", NULL}};
	struct code_table *t = make(table, COUNT(table));

	cr_expect_str_eq(find(t, "w"), "female");
	cr_expect_str_eq(find(t, "u"), "unknown");
	cr_expect_str_eq(find(t, "anything"), "unknown");
	cr_expect_eq(errors.n, 0);
}

Test(codes_table, one_file_says_each_code_once)
{
	static const struct given twice[] = {
	    {"booked", "PEN", NULL}, {"pending", "X, pen", NULL}};
	static const struct given later[] = {
	    {"booked", "PEN", "base.ini"}, {"pending", "X, pen", "feed.ini"}};
	static const struct given stars[] = {
	    {"booked", "*", NULL}, {"pending", "*", NULL}};
	static const struct given broken[] = {{"booked", "\"PEN", NULL}};

	make(twice, COUNT(twice));
	cr_assert_eq(errors.n, 1);
	cr_expect_str_eq(errors.text[0],
	    "feed.ini:3: [code status] pending: \"pen\" stands for "
	    "\"booked\" already; give each of their codes once");
	cr_expect_str_eq(find(make(later, COUNT(later)), "PEN"), "pending");
	cr_expect_eq(errors.n, 1);
	make(stars, COUNT(stars));
	cr_assert_eq(errors.n, 2);
	make(broken, COUNT(broken));
	cr_assert_eq(errors.n, 3);
	cr_expect_str_eq(errors.text[0], "feed.ini:2: [code status] booked: character 1: "
					 "expected a second quote that closes this one");
}

/* Table by hand from Unicode's UnicodeData.txt. */
Test(codes_letters, case_of_letters)
{
	static const struct {
		enum letters_case how;
		const char *from, *to;
	} cases[] = {
	    {LETTERS_UPPER, "abc xyz-09", "ABC XYZ-09"},
	    {LETTERS_LOWER, "ABC XYZ-09", "abc xyz-09"},
	    {LETTERS_UPPER,
		"\xc3\xa9\xc3\xa8\xc3\xbc\xc3\xb1\xc3\xb8", /* e' e` u" n~ o/ */
		"\xc3\x89\xc3\x88\xc3\x9c\xc3\x91\xc3\x98"},
	    {LETTERS_LOWER, "\xc3\x89\xc3\x97\xc3\x98", "\xc3\xa9\xc3\x97\xc3\xb8"},
	    {LETTERS_UPPER, "\xc3\xb7\xc3\xbf\xc3\x9f", "\xc3\xb7\xc5\xb8\xc3\x9f"},
	    {LETTERS_LOWER, "\xc5\xb8", "\xc3\xbf"},
	    {LETTERS_UPPER, "\xc5\x82\xc5\x84\xc5\xbc\xc5\xa1",
		"\xc5\x81\xc5\x83\xc5\xbb\xc5\xa0"},
	    {LETTERS_LOWER, "\xc5\x81\xc5\x83\xc5\xbb\xc5\xa0",
		"\xc5\x82\xc5\x84\xc5\xbc\xc5\xa1"},
	    {LETTERS_UPPER, "Nguy\xe1\xbb\x85n", "NGUY\xe1\xbb\x84N"},
	    {LETTERS_UPPER, "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd\xd1\x91",
		"\xd0\x98\xd0\x92\xd0\x90\xd0\x9d\xd0\x81"},
	    {LETTERS_LOWER, "\xce\x91\xce\xa9", "\xce\xb1\xcf\x89"},
	    /* Duong Phuong with horns, Greek with accents, Cyrillic of the Kazakhs. */
	    {LETTERS_UPPER, "D\xc6\xb0\xc6\xa1ng", "D\xc6\xaf\xc6\xa0NG"},
	    {LETTERS_TITLE, "TR\xc6\xaf\xc6\xa0NG", "Tr\xc6\xb0\xc6\xa1ng"},
	    {LETTERS_LOWER, "\xce\x86\xce\x88\xce\x8a\xce\x8c\xce\x8e\xce\x8f",
		"\xce\xac\xce\xad\xce\xaf\xcf\x8c\xcf\x8d\xcf\x8e"},
	    {LETTERS_UPPER, "\xce\xac\xce\xae\xcf\x8c\xcf\x8d\xcf\x8e\xcf\x8b",
		"\xce\x86\xce\x89\xce\x8c\xce\x8e\xce\x8f\xce\xab"},
	    {LETTERS_TITLE, "\xd3\x98\xd0\xa1\xd3\xa8 \xd3\x82",
		"\xd3\x98\xd1\x81\xd3\xa9 \xd3\x81"},
	    {LETTERS_UPPER, "\xe5\xbc\xa0\xf0\x9f\x98\x80",
		"\xe5\xbc\xa0\xf0\x9f\x98\x80"},
	    {LETTERS_TITLE, "O'BRIEN-SMITH", "O'Brien-Smith"},
	    {LETTERS_TITLE, "MEN'S WARD", "Men's Ward"},
	    {LETTERS_TITLE, "maria del  pilar", "Maria Del  Pilar"},
	    {LETTERS_TITLE, "\xc3\xa9lodie ANDR\xc3\x89", "\xc3\x89lodie Andr\xc3\xa9"},
	    {LETTERS_TITLE, "3RD FLOOR", "3rd Floor"},
	};
	char out[64];

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = letters_recase(span_of(cases[i].from), cases[i].how, out);

		out[n] = '\0';
		cr_expect_str_eq(out, cases[i].to, "%s", cases[i].from);
	}
	cr_expect(
	    letters_eq_nocase(SPAN_LIT("Pr\xc3\xa9nom"), SPAN_LIT("PR\xc3\x89NOM")));
	cr_expect(!letters_eq_nocase(SPAN_LIT("Prenom"), SPAN_LIT("Pr\xc3\xa9nom")));
	cr_expect(!letters_eq_nocase(SPAN_LIT("ab"), SPAN_LIT("abc")));
	cr_expect(letters_hash(SPAN_LIT("\xc3\x89T\xc3\x89")) ==
		  letters_hash(SPAN_LIT("\xc3\xa9t\xc3\xa9")));
	cr_expect(!letters_may_change(SPAN_LIT("ABC-1"), LETTERS_UPPER));
	cr_expect(letters_may_change(SPAN_LIT("ABc"), LETTERS_UPPER));
}
