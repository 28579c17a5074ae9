#include "base/span.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(span, of_and_equal)
{
	cr_expect_null(span_of(NULL).p);
	cr_expect_eq(span_of(NULL).n, 0);
	cr_expect_eq(span_of("abc").n, 3);
	cr_expect_eq(SPAN_LIT("a\0b").n, 3);
	cr_expect(span_eq(span_of(NULL), SPAN_LIT("")));
	cr_expect(span_eq(SPAN_LIT("a\0b"), SPAN_LIT("a\0b")));
	cr_expect_not(span_eq(SPAN_LIT("a\0b"), SPAN_LIT("a\0c")));
	cr_expect_not(span_eq(SPAN_LIT("a"), SPAN_LIT("ab")));
}

Test(span, case_is_ascii_only)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	    {"MRN", "mrn", true}, {"", "", true}, {"a1-Z", "A1-z", true},
	    {"mrn", "mrn ", false}, {"@[`{", "@[`{", true},
	    {"@", "`", false}, /* 0x40 and 0x60 differ by the case bit */
	    {"[", "{", false},
	    {"\xc3\x84", "\xc3\xa4", false}, /* A and a with diaeresis */
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(span_eq_nocase(span_of(cases[i].a), span_of(cases[i].b)),
		    cases[i].same, "%s %s", cases[i].a, cases[i].b);
}

Test(span, trims_blanks_and_no_break_space)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"", ""}, {" ", ""}, {" \t\r\n\v\f", ""}, {"\xc2\xa0", ""},
	    {" \xc2\xa0 a b \xc2\xa0\t", "a b"},
	    {"a\xc2\xa0"
	     "b",
		"a\xc2\xa0"
		"b"},
	    {"\xc2", "\xc2"},         /* half a character is none */
	    {"\xa0", "\xa0"},         /* nor is its other half */
	    {"\xc3\xa0", "\xc3\xa0"}, /* a grave ends in the same byte */
	    {" x\xc3\xa0 ", "x\xc3\xa0"},
	    {"\xe2\x80\x8b", "\xe2\x80\x8b"}, /* zero width space is not a blank */
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span got = span_trim(span_of(cases[i].in));

		cr_expect(span_eq(got, span_of(cases[i].out)), "case %zu", i);
	}
	cr_expect_eq(span_trim(span_of(NULL)).n, 0);
	cr_expect_eq(span_trim(SPAN_LIT(" \0 ")).n, 1);
}

Test(span, distance)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} cases[] = {
	    {"", "", 0},
	    {"", "abc", 3},
	    {"abc", "", 3},
	    {"kitten", "sitting", 3},
	    {"pattern", "patern", 1},
	    {"pattern", "pattren", 1}, /* two neighbours swapped are one edit */
	    {"ab", "BA", 1},
	    {"KEY_FILE", "key_file", 0},
	    {"ca", "abc", 3}, /* restricted: 2 without the restriction */
	    {"a", "b", 1},
	};
	char longest[65];

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(span_distance(span_of(cases[i].a), span_of(cases[i].b), 9),
		    cases[i].d, "%s %s", cases[i].a, cases[i].b);
	memset(longest, 'a', sizeof(longest));
	cr_expect_eq(
	    span_distance((struct span){longest, 64}, (struct span){longest, 64}, 3), 0);
	cr_expect_gt(
	    span_distance((struct span){longest, 65}, (struct span){longest, 65}, 3), 3);
	cr_expect_gt(span_distance(SPAN_LIT("abcdefgh"), SPAN_LIT("zzzzzzzz"), 3), 3);
}
