#include "mappers/charset.h"

#include <criterion/criterion.h>
#include <string.h>

static struct charset *
open_charset(const char *name, size_t max_line)
{
	struct err e = {0};
	struct charset *c = charset_new(name, max_line, &e);

	cr_assert_not_null(c, "%s", e.msg);
	return c;
}

Test(charset_names, known)
{
	static const struct {
		const char *name;
		bool known;
	} table[] = {
	    {"auto", true},
	    {"Auto", true},
	    {"utf-8", true},
	    {"UTF8", true},
	    {"windows-1252", true},
	    {"ISO-8859-1", true},
	    {"iso-8859-15", true},
	    {"us-ascii", true},
	    {"klingon", false},
	    {"", false},
	    {"windows-1252//IGNORE", false},
	    /* Real sets, but their bytes are not ASCII's, or ESC starts a shift. */
	    {"utf-16", false},
	    {"utf-16le", false},
	    {"utf-32", false},
	    {"utf-7", false},
	    {"ibm037", false},
	    {"iso-2022-jp", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_expect_eq(
		    charset_known(table[i].name), table[i].known, "%s", table[i].name);
}

/* Where the second byte of a letter may be the one that stands for | or ^. */
Test(charset_names, can_be_cut)
{
	static const struct {
		const char *name;
		bool can;
	} table[] = {
	    {"auto", true},
	    {"utf-8", true},
	    {"windows-1252", true},
	    {"iso-8859-15", true},
	    {"koi8-r", true},
	    {"windows-1255", true},
	    {"windows-1258", true},
	    {"euc-jp", true},
	    {"big5", false},
	    {"gbk", false},
	    {"gb18030", false},
	    {"cp932", false},
	    {"cp949", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cr_expect(charset_known(table[i].name), "%s", table[i].name);
		cr_expect_eq(
		    charset_can_be_cut(table[i].name), table[i].can, "%s", table[i].name);
	}
}

Test(charset_names, an_unknown_one_is_an_error)
{
	struct err e = {0};

	cr_expect_null(charset_new("klingon", 100, &e));
	cr_expect_eq(e.code, ERR_CONFIG);
}

Test(charset_head, mark_and_guess)
{
	static const struct {
		const char *set;
		struct span head;
		int mark;
		const char *name;
	} table[] = {
	    {"auto", SPAN_LIT(""), 0, "utf-8"},
	    {"auto", SPAN_LIT("plain"), 0, "utf-8"},
	    {"auto", SPAN_LIT("\xef\xbb\xbfplain"), 3, "utf-8"},
	    {"auto", SPAN_LIT("\xef\xbb"), 0, "utf-8"},
	    {"auto", SPAN_LIT("Jos\xc3\xa9"), 0, "utf-8"},
	    {"auto", SPAN_LIT("Jos\xe9, who"), 0, "windows-1252"},
	    /* The mark outweighs what follows, and the name that was set. */
	    {"auto", SPAN_LIT("\xef\xbb\xbf\xe9, who, \xe9, who"), 3, "utf-8"},
	    {"windows-1252", SPAN_LIT("\xef\xbb\xbfplain"), 3, "utf-8"},
	    {"windows-1252", SPAN_LIT("Jos\xc3\xa9"), 0, "windows-1252"},
	    {"utf-8", SPAN_LIT("Jos\xe9, who"), 0, "utf-8"},
	    /* Two good sequences against one broken byte, and one against one. */
	    {"auto", SPAN_LIT("\xc3\xa9 \xc3\xa9 \xe9 and more"), 0, "utf-8"},
	    {"auto", SPAN_LIT("\xc3\xa9 \xe9 and more"), 0, "windows-1252"},
	    /* Cut in the middle of a sequence. */
	    {"auto", SPAN_LIT("\xc3\xa9 \xe2\x82"), 0, "utf-8"},
	    {"auto", SPAN_LIT("one NUL\0 in many"), 0, "utf-8"},
	};
	struct err e = {0};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct charset *c = open_charset(table[i].set, 100);

		cr_expect_eq(charset_begin(c, table[i].head, &e), table[i].mark, "%s",
		    table[i].head.p);
		cr_expect_str_eq(charset_name(c), table[i].name, "%s", table[i].head.p);
		charset_free(c);
	}
}

Test(charset_head, refused)
{
	static const struct span table[] = {
	    SPAN_LIT("\xff\xfe"),
	    SPAN_LIT("\xfe\xff\0a"),
	    SPAN_LIT("\xd0\xcf\x11\xe0\xa1"),
	    SPAN_LIT("%PDF-1.7\n"),
	    SPAN_LIT("a\0b\0c\0"),
	    SPAN_LIT("\0\0\0a\0\0\0b"),
	    SPAN_LIT("\0"),
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct charset *c = open_charset("auto", 100);
		struct err e = {0};

		cr_expect_eq(charset_begin(c, table[i], &e), -1);
		cr_expect_eq(e.code, ERR_REFUSED);
		cr_expect_not_null(strstr(e.msg, "UTF-8"));
		charset_free(c);
	}
}

Test(charset_lines, converted)
{
	static const struct {
		const char *set;
		struct span line;
		const char *want; /* NULL: no text */
	} table[] = {
	    {"utf-8", SPAN_LIT("Ren\xc3\xa9"), "Ren\xc3\xa9"},
	    {"utf-8", SPAN_LIT("Ren\xe9"), NULL},
	    /* Overlong, surrogate, past the end, cut (RFC 3629 3). */
	    {"utf-8", SPAN_LIT("\xc0\xaf"), NULL},
	    {"utf-8", SPAN_LIT("\xed\xa0\x80"), NULL},
	    {"utf-8", SPAN_LIT("\xf4\x90\x80\x80"), NULL},
	    {"utf-8", SPAN_LIT("\xe2\x82"), NULL},
	    {"windows-1252", SPAN_LIT("\x80\x92\xff"),
		"\xe2\x82\xac\xe2\x80\x99\xc3\xbf"},
	    {"windows-1252", SPAN_LIT("x\x9d"), NULL},
	    /* As windows-1252, which is what is meant where its other characters stand. */
	    {"iso-8859-1",
		SPAN_LIT("O\x92"
			 "Brien \xe9\xa0"),
		"O\xe2\x80\x99"
		"Brien \xc3\xa9\xc2\xa0"},
	    {"latin1", SPAN_LIT("\x80\xff"), "\xe2\x82\xac\xc3\xbf"},
	    {"iso-8859-1", SPAN_LIT("x\x9d"), NULL},
	    {"iso-8859-15", SPAN_LIT("\xa4"), "\xe2\x82\xac"},
	    {"us-ascii", SPAN_LIT("\xe9"), NULL},
	    /* The high byte wherever the eight-byte steps may miss it. */
	    {"windows-1252", SPAN_LIT("0123456789012345678901234567890\xe9"),
		"0123456789012345678901234567890\xc3\xa9"},
	    {"windows-1252", SPAN_LIT("01234567890123456789012345678901\xe9"),
		"01234567890123456789012345678901\xc3\xa9"},
	    {"windows-1252",
		SPAN_LIT("\xe9"
			 "1234567890123456789012345678901234"),
		"\xc3\xa9"
		"1234567890123456789012345678901234"},
	    /* Points and accents follow their letter; the last one has none. */
	    {"windows-1255", SPAN_LIT("\xf9\xec\xe5\xed"),
		"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
	    {"windows-1258", SPAN_LIT("\xd0o\xe0n,Nguy\xea\xden,H\xe0,Linh"),
		"\xc4\x90o\xc3\xa0n,Nguy\xe1\xbb\x85n,H\xc3\xa0,Linh"},
	};
	struct span out;
	bool ok;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct charset *c = open_charset(table[i].set, 100);

		ok = charset_line(c, table[i].line, &out);
		cr_expect_eq(ok, table[i].want != NULL, "line %zu", i);
		if (!ok)
			cr_expect_eq(out.p, table[i].line.p);
		else
			cr_expect(span_eq(out, span_of(table[i].want)), "line %zu", i);
		charset_free(c);
	}
}

/* ASCII so far: the first line that is not decides. */
Test(charset_lines, decided_late)
{
	struct charset *c = open_charset("auto", 100);
	struct err e = {0};
	struct span out;

	cr_expect_eq(charset_begin(c, SPAN_LIT("plain"), &e), 0);
	cr_expect(charset_line(c, SPAN_LIT("plain"), &out));
	cr_expect(charset_line(c, SPAN_LIT("\xe9"), &out));
	cr_expect(span_eq(out, SPAN_LIT("\xc3\xa9")));
	cr_expect_str_eq(charset_name(c), "windows-1252");
	cr_expect(charset_line(c, SPAN_LIT("RENE\xc9\x92S"), &out));
	cr_expect(span_eq(out, SPAN_LIT("RENE\xc3\x89\xe2\x80\x99S")));
	charset_free(c);

	c = open_charset("auto", 100);
	cr_expect_eq(charset_begin(c, SPAN_LIT("plain"), &e), 0);
	cr_expect(charset_line(c, SPAN_LIT("\xc3\xa9"), &out));
	cr_expect_not(charset_line(c, SPAN_LIT("\xe9"), &out));
	cr_expect_str_eq(charset_name(c), "utf-8");
	charset_free(c);
}

/* One row with a broken letter, and the others are what they are. */
Test(charset_lines, utf8_behind_a_broken_one)
{
	static const struct {
		struct span line;
		const char *want;
	} table[] = {
	    {SPAN_LIT("Jos\xc3\xa9 O\xe2\x80\x99Hara\xc2\xa0"),
		"Jos\xc3\xa9 O\xe2\x80\x99Hara\xc2\xa0"},
	    /* What windows-1252 has may be UTF-8 by chance: a dash behind a letter. */
	    {SPAN_LIT("CAF\xc9\x97"), "CAF\xc3\x89\xe2\x80\x94"},
	    {SPAN_LIT("Vo\xdf\x92s"), "Vo\xc3\x9f\xe2\x80\x99s"},
	    {SPAN_LIT("Jos\xc3\xa9 and Ren\xe9"), "Jos\xc3\x83\xc2\xa9 and Ren\xc3\xa9"},
	};
	struct charset *c = open_charset("auto", 100);
	struct err e = {0};
	struct span out;

	cr_expect_eq(charset_begin(c, SPAN_LIT("plain"), &e), 0);
	cr_expect(charset_line(c, SPAN_LIT("M\xc3,"), &out));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cr_expect(charset_line(c, table[i].line, &out), "line %zu", i);
		cr_expect(span_eq(out, span_of(table[i].want)), "line %zu", i);
	}
	cr_expect_str_eq(charset_name(c), "windows-1252");
	charset_free(c);
}
