#include <criterion/criterion.h>
#include <string.h>

#include "cmd/html.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define REPLACEMENT "\xef\xbf\xbd"

static struct buf out;

static void
expect(const char *want)
{
	cr_expect_eq(out.n, strlen(want), "%.*s", (int)out.n, out.p);
	cr_expect_arr_eq(out.p, want, out.n < strlen(want) ? out.n : strlen(want),
	    "%.*s is not %s", (int)out.n, out.p, want);
	buf_clear(&out);
}

Test(html, text_can_not_become_markup)
{
	static const struct {
		const char *text, *want;
	} cases[] = {{"DOB", "DOB"}, {"", ""},
	    {"<script>\"&'", "&lt;script&gt;&quot;&amp;&#39;"},
	    {"naïve Ünï", "naïve Ünï"},
	    {"a\nb\tc\033[31m", "a" REPLACEMENT "b" REPLACEMENT "c" REPLACEMENT "[31m"},
	    {"\x7f\xc2\x9b", REPLACEMENT REPLACEMENT},
	    {"caf\xe9!", "caf" REPLACEMENT "!"}, {"\xc0\xbc", REPLACEMENT REPLACEMENT},
	    {"a\xe2\x80\xae", "a" REPLACEMENT}, {"a\xe2\x81\xa6", "a" REPLACEMENT},
	    {"\xe2\x80\xa6", "\xe2\x80\xa6"}};

	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		html_cstr(&out, cases[i].text);
		expect(cases[i].want);
	}
	buf_release(&out);
}

Test(html, numbers_have_separators)
{
	static const struct {
		uint64_t n;
		const char *want;
	} cases[] = {{0, "0 files"}, {1, "1 file"}, {999, "999 files"},
	    {1000, "1,000 files"}, {123456, "123,456 files"},
	    {UINT64_MAX, "18,446,744,073,709,551,615 files"}};

	buf_init(&out, 1000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		html_counted(&out, cases[i].n, "file", "files");
		expect(cases[i].want);
	}
	buf_release(&out);
}

/* 24 pixels are the whole; what is there is never nothing, and more is cut. */
Test(html, bars_are_as_tall_as_they_should_be)
{
	static const uint64_t v[] = {0, 1, 500, 1000, 2000};
	const struct html_bars b = {v, COUNT(v), 1000, "rows", SPAN_LIT("5 \"rows\"")};

	buf_init(&out, 1000);
	html_bars(&out, &b);
	expect("<svg class=\"bars rows\" role=\"img\" width=\"20\" height=\"25\" "
	       "viewBox=\"0 0 20 25\" aria-label=\"5 &quot;rows&quot;\"><path d=\""
	       "M4 24v-1h3v1zM8 24v-12h3v12zM12 24v-24h3v24zM16 24v-24h3v24z\"/>"
	       "<path class=\"base\" d=\"M0 24h20v1h-20z\"/></svg>");
	buf_release(&out);
}
