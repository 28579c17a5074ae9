#include "base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 3629 section 4, each boundary from both sides. */
Test(utf8, length_of_one_sequence)
{
	static const struct {
		const char *bytes;
		size_t n, length;
	} cases[] = {
	    {"", 0, 0},
	    {"\0", 1, 1},
	    {"a", 1, 1},
	    {"\x7f", 1, 1},
	    {"\x80", 1, 0},
	    {"\xbf", 1, 0},
	    {"\xc0\x80", 2, 0}, /* overlong NUL */
	    {"\xc1\xbf", 2, 0},
	    {"\xc2\x80", 2, 2},
	    {"\xc2\x7f", 2, 0},
	    {"\xc2\xc0", 2, 0},
	    {"\xdf\xbf", 2, 2},
	    {"\xc2", 1, 0},
	    {"\xe0\x9f\xbf", 3, 0}, /* overlong */
	    {"\xe0\xa0\x80", 3, 3},
	    {"\xe0\xa0", 2, 0},
	    {"\xe1\x80\x80", 3, 3},
	    {"\xe1\x80\x7f", 3, 0},
	    {"\xec\xbf\xbf", 3, 3},
	    {"\xed\x9f\xbf", 3, 3}, /* U+D7FF */
	    {"\xed\xa0\x80", 3, 0}, /* U+D800, a surrogate */
	    {"\xed\xbf\xbf", 3, 0},
	    {"\xee\x80\x80", 3, 3},
	    {"\xef\xbf\xbf", 3, 3},
	    {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong */
	    {"\xf0\x90\x80\x80", 4, 4},
	    {"\xf0\x90\x80", 3, 0},
	    {"\xf3\xbf\xbf\xbf", 4, 4},
	    {"\xf4\x8f\xbf\xbf", 4, 4}, /* U+10FFFF */
	    {"\xf4\x90\x80\x80", 4, 0},
	    {"\xf5\x80\x80\x80", 4, 0},
	    {"\xf8\x88\x80\x80", 4, 0},
	    {"\xfe", 1, 0},
	    {"\xff", 1, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(utf8_length(cases[i].bytes, cases[i].n), cases[i].length,
		    "case %zu", i);
}

Test(utf8, first_bad_byte_of_a_text)
{
	static const struct {
		const char *text;
		size_t bad;
	} cases[] = {
	    {"", 0}, {"plain", 5}, {"12345678", 8}, {"123456789", 9}, {"1234567\xff", 7},
	    {"12345678\xff", 8}, {"123456789012345\xff", 15}, {"1234567\xc3\xa9", 9},
	    {"12345678\xc3", 8}, {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 10},
	    {"\xc3\xa9"
	     "abcdefgh\xe9",
		10},
	    {"caf\xe9", 3}, /* windows-1252 */
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(
		    utf8_valid(span_of(cases[i].text)), cases[i].bad, "case %zu", i);
	cr_expect_eq(utf8_valid((struct span){NULL, 0}), 0);
	cr_expect_eq(utf8_valid(SPAN_LIT("a\0b")), 3);
}
