#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/screen.h"
#include "cmd/text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(screen, paragraphs_are_broken_between_words)
{
	static const struct {
		size_t width, indent, lines;
		const char *text, *want;
	} cases[] = {{0, 2, 1, "one two three", "  one two three\n"},
	    {40, 0, 1, "", "\n"}, {9, 2, 2, "one two three", "  one two\n  three\n"},
	    {8, 2, 3, "one two three", "  one\n  two\n  three\n"},
	    {5, 2, 3, "abcdefgh", "  abc\n  def\n  gh\n"},
	    {7, 0, 2, "ünï çé abc", "ünï çé\nabc\n"}};
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct screen s = {.width = cases[i].width};

		cr_expect_eq(
		    screen_wrap(&s, cases[i].indent, span_of(cases[i].text), &out),
		    cases[i].lines, "%s", cases[i].text);
		cr_expect(span_eq(buf_span(&out), span_of(cases[i].want)), "%.*s",
		    (int)out.n, out.p);
		buf_clear(&out);
	}
	buf_release(&out);
}

Test(screen, lines_are_cut_and_colours_are_asked_for)
{
	const struct screen narrow = {.width = 4}, coloured = {.colour = true};
	struct buf out;

	buf_init(&out, 1000);
	screen_line(&narrow, SPAN_LIT("çédille"), &out);
	screen_line(&coloured, SPAN_LIT("all of it"), &out);
	screen_style(&narrow, STYLE_BAD, SPAN_LIT("HELD"), &out);
	screen_style(&coloured, STYLE_BAD, SPAN_LIT("HELD"), &out);
	screen_style(&coloured, STYLE_PLAIN, SPAN_LIT("."), &out);
	cr_expect(span_eq(buf_span(&out),
		      SPAN_LIT("çédi\nall of it\nHELD\033[1;31mHELD\033[0m.")),
	    "%.*s", (int)out.n, out.p);
	buf_release(&out);
}

/* The tests' own output is no terminal. */
Test(screen, what_is_no_terminal_has_no_end)
{
	struct screen s;

	setenv("TERM", "xterm", 1);
	screen_init(&s);
	cr_expect(!s.colour && s.width == 0 && s.height == 0);
}

Test(screen, ages_are_told_in_round_figures)
{
	static const struct {
		int64_t age;
		const char *want;
	} cases[] = {{0, "just now"}, {-5, "just now"}, {59, "just now"},
	    {60, "1 min ago"}, {3599, "59 min ago"}, {3600, "1 h ago"},
	    {172799, "47 h ago"}, {172800, "2 days ago"}, {34560000, "400 days ago"}};
	const int64_t now = 1764198000000;
	struct buf out;

	buf_init(&out, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_ago(&out, now, now - cases[i].age * 1000);
		cr_expect(span_eq(buf_span(&out), span_of(cases[i].want)), "%.*s",
		    (int)out.n, out.p);
		buf_clear(&out);
	}
	text_ago(&out, now, 0);
	cr_expect(span_eq(buf_span(&out), SPAN_LIT("never")));
	buf_release(&out);
}
