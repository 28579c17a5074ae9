#include "mappers/decode.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/buf.h"

#define TEXT_MAX (1 << 20)
#define MARK     "\xef\xbb\xbf"

static int
take(void *arg, struct span text, struct err *e)
{
	(void)e;
	buf_add_span(arg, text);
	return 0;
}

/* The bytes in pieces; `want` has no NUL but where wanted.n says so. */
static void
check(
    const char *charset, struct span in, size_t piece, struct span want, const char *name)
{
	struct buf out;
	struct decoder d = {.charset = charset, .text = take, .arg = &out};
	struct err e = {0};
	size_t n;

	buf_init(&out, TEXT_MAX);
	for (size_t at = 0; at < in.n; at += n) {
		n = in.n - at < piece ? in.n - at : piece;
		cr_expect_eq(decoder_feed(&d, (struct span){in.p + at, n}, &e), 0);
	}
	cr_expect_eq(decoder_end(&d, &e), 0);
	cr_expect(span_eq(buf_span(&out), want), "%s: got %.*s", charset, (int)out.n,
	    out.p == NULL ? "" : out.p);
	if (name == NULL)
		cr_expect_null(decoder_charset(&d));
	else
		cr_expect_str_eq(decoder_charset(&d), name);
	buf_release(&out);
}

/* RFC 2781 2.1 has the pairs of surrogates; U+10437 is its example's like. */
Test(decode_utf16, found_and_converted)
{
	static const struct {
		const char *charset;
		struct span in, want;
		const char *name;
	} table[] = {
	    {"auto", SPAN_LIT(""), SPAN_LIT(""), NULL},
	    {"auto", SPAN_LIT("a,b\n"), SPAN_LIT("a,b\n"), NULL},
	    {"auto", SPAN_LIT("\xff\xfe"), SPAN_LIT(MARK), "utf-16le"},
	    {"auto", SPAN_LIT("\xfe\xff"), SPAN_LIT(MARK), "utf-16be"},
	    {"auto",
		SPAN_LIT("\xff\xfe"
			 "a\0,\0\xe9\0\xac\x20\x01\xd8\x37\xdc\n\0"),
		SPAN_LIT(MARK "a,\xc3\xa9\xe2\x82\xac\xf0\x90\x90\xb7\n"), "utf-16le"},
	    {"auto", SPAN_LIT("\xfe\xff\0a\0,\0\xe9\x20\xac\xd8\x01\xdc\x37\0\n"),
		SPAN_LIT(MARK "a,\xc3\xa9\xe2\x82\xac\xf0\x90\x90\xb7\n"), "utf-16be"},
	    /* Without a mark, where it is plain. */
	    {"auto", SPAN_LIT("a\0,\0b\0\n\0"), SPAN_LIT(MARK "a,b\n"), "utf-16le"},
	    {"auto", SPAN_LIT("\0a\0,\0b\0\n"), SPAN_LIT(MARK "a,b\n"), "utf-16be"},
	    {"auto", SPAN_LIT("a\0"), SPAN_LIT("a\0"), NULL},
	    {"auto", SPAN_LIT("ab\0cdefgh"), SPAN_LIT("ab\0cdefgh"), NULL},
	    {"auto", SPAN_LIT("\0\0\0\0"), SPAN_LIT("\0\0\0\0"), NULL},
	    /* UTF-32 is not UTF-16. */
	    {"auto",
		SPAN_LIT("\xff\xfe\0\0"
			 "a\0\0\0"),
		SPAN_LIT("\xff\xfe\0\0"
			 "a\0\0\0"),
		NULL},
	    /* Another name turns off guessing, but not the mark. */
	    {"utf-8", SPAN_LIT("a\0,\0"), SPAN_LIT("a\0,\0"), NULL},
	    {"windows-1252",
		SPAN_LIT("\xff\xfe"
			 "a\0"),
		SPAN_LIT(MARK "a"), "utf-16le"},
	    {"UTF-16LE", SPAN_LIT("\xe9\x00\xe8\x00"), SPAN_LIT(MARK "\xc3\xa9\xc3\xa8"),
		"utf-16le"},
	    {"utf-16be", SPAN_LIT("\0a"), SPAN_LIT(MARK "a"), "utf-16be"},
	    {"utf-16be",
		SPAN_LIT("\xff\xfe"
			 "a\0"),
		SPAN_LIT(MARK "a"), "utf-16le"},
	    {"utf-16le", SPAN_LIT(MARK "a"), SPAN_LIT(MARK "a"), NULL},
	    {"utf-16le", SPAN_LIT("a;\xe9\n"), SPAN_LIT("a;\xe9\n"), NULL},
	    {"utf-16be", SPAN_LIT("\x4e\x2d\x65\x87\0\n"),
		SPAN_LIT(MARK "\xe4\xb8\xad\xe6\x96\x87\n"), "utf-16be"},
	    /* Surrogates alone, in the wrong order, at the end; half a unit. */
	    {"utf-16be", SPAN_LIT("\xd8\x01\0a"),
		SPAN_LIT(MARK "\xff"
			      "a"),
		"utf-16be"},
	    {"utf-16be", SPAN_LIT("\xdc\x01\0a"),
		SPAN_LIT(MARK "\xff"
			      "a"),
		"utf-16be"},
	    {"utf-16be", SPAN_LIT("\xd8\x01\xd8\x01\xdc\x37\0\n"),
		SPAN_LIT(MARK "\xff\xf0\x90\x90\xb7\n"), "utf-16be"},
	    {"utf-16be", SPAN_LIT("\0a\xd8\x01"), SPAN_LIT(MARK "a\xff"), "utf-16be"},
	    {"utf-16be", SPAN_LIT("\0a\0"), SPAN_LIT(MARK "a\xff"), "utf-16be"},
	    {"utf-16be", SPAN_LIT("\xd8\x01\0"), SPAN_LIT(MARK "\xff\xff"), "utf-16be"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (size_t piece = 1; piece < 6; piece++)
			check(table[i].charset, table[i].in, piece, table[i].want,
			    table[i].name);
}

/* Over the head and over many pieces: what an independent loop writes. */
Test(decode_utf16, long_ones)
{
	static const size_t pieces[] = {1, 7, UTF16_SNIFF, 4097, 100000};
	struct buf in, want;

	buf_init(&in, TEXT_MAX);
	buf_init(&want, TEXT_MAX);
	buf_add_str(&want, MARK);
	for (int i = 0; i < 9000; i++) {
		buf_add(&in, "x\0\xe9\0\n\0\x01\xd8\x37\xdc", 10);
		buf_add_str(&want, "x\xc3\xa9\n\xf0\x90\x90\xb7");
	}
	cr_assert(!in.failed && !want.failed);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		check("utf-16le", buf_span(&in), pieces[i], buf_span(&want), "utf-16le");
	buf_release(&want);
	buf_release(&in);
}
