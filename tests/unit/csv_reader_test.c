#include "mappers/csv_reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/problem.h"
#include "mappers/filler.h"

#define LOG_MAX (8 << 20)
#define HEAD    65536 /* the reader looks at so much before the first row */

/* Rows as "1[a][b]\n", bad ones as "2!csv_quote@1\n", from row `from` on. */
struct log {
	struct buf text;
	uint64_t from;
	uint64_t rows;
	uint64_t stop; /* the sink ends the reading at this row */
};

static int
log_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct log *l = arg;

	l->rows++;
	if (number == l->stop)
		return err_set(e, ERR_API, "enough");
	if (number < l->from)
		return 0;
	buf_addf(&l->text, "%d", (int)number);
	for (size_t i = 0; i < n; i++) {
		buf_add_char(&l->text, '[');
		buf_add_span(&l->text, cells[i]);
		buf_add_char(&l->text, ']');
	}
	buf_add_char(&l->text, '\n');
	return 0;
}

static int
log_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	struct log *l = arg;

	(void)e;
	if (bad->number < l->from)
		return 0;
	buf_addf(&l->text, "%d!%s", (int)bad->number, problem_name(bad->code));
	if (bad->column != COLUMN_UNKNOWN)
		buf_addf(&l->text, "@%zu", bad->column);
	buf_add_char(&l->text, '\n');
	return 0;
}

static struct reader_conf
conf_default(void)
{
	return (struct reader_conf){
	    .charset = "auto", .max_line = 1 << 20, .max_columns = 1000, .max_span = 200};
}

static struct reader *
open_reader(struct log *l, const struct reader_conf *conf)
{
	struct reader_sink sink = {.row = log_row, .bad = log_bad, .arg = l};
	struct err e = {0};
	struct reader *r = reader_new(conf, &sink, &e);

	cr_assert_not_null(r, "%s", e.msg);
	return r;
}

static void
feed(struct reader *r, const char *p, size_t n)
{
	struct err e = {0};

	cr_assert_eq(reader_feed(r, (struct span){p, n}, &e), 0, "%s", e.msg);
}

static void
finish(struct reader *r)
{
	struct err e = {0};

	cr_assert_eq(reader_end(r, &e), 0, "%s", e.msg);
	reader_free(r);
}

static void
expect(const struct log *l, const char *want, const char *what)
{
	size_t n = strlen(want);

	cr_expect(l->text.n == n && (n == 0 || memcmp(l->text.p, want, n) == 0),
	    "%s: want\n%s\ngot\n%.*s", what, want, (int)l->text.n,
	    l->text.p == NULL ? "" : l->text.p);
}

/* The text in pieces of `piece` bytes. */
static void
check(const struct reader_conf *conf, struct span in, size_t piece, const char *want)
{
	struct log l = {0};
	struct reader *r;
	size_t n;

	buf_init(&l.text, LOG_MAX);
	r = open_reader(&l, conf);
	for (size_t at = 0; at < in.n; at += n) {
		n = in.n - at < piece ? in.n - at : piece;
		feed(r, in.p + at, n);
	}
	finish(r);
	expect(&l, want, in.p);
	buf_release(&l.text);
}

struct text_case {
	struct span in;
	const char *want;
};

#define CASE(in, want) {SPAN_LIT(in), want}

static const struct text_case plain[] = {
    CASE("", ""),
    CASE("\n\n \n", ""),
    CASE("a,b\n", "1[a][b]\n"),
    CASE("a,b", "1[a][b]\n"),
    CASE("a,b\r\n1,2\r\n", "1[a][b]\n2[1][2]\n"),
    CASE("a,b\r1,2\r3,4", "1[a][b]\n2[1][2]\n3[3][4]\n"),
    CASE("a,b\n1,2\r\n3,4\r5,6\n", "1[a][b]\n2[1][2]\n3[3][4]\n4[5][6]\n"),
    /* A mark, alone, quoted behind it, and cut short. */
    CASE("\xef\xbb\xbf", ""),
    CASE("\xef\xbb\xbf\"a\",b\n", "1[a][b]\n"),
    /* RFC 4180 2.5 to 2.7. */
    CASE("a,b\n\"x, \"\"y\"\"\",\"\"\n", "1[a][b]\n2[x, \"y\"][]\n"),
    CASE("a,b\n\"1\n2\r\n3\",4\n5,6\n", "1[a][b]\n2[1\n2\r\n3][4]\n3[5][6]\n"),
    CASE("a,b\n\"1\",\"2\"", "1[a][b]\n2[1][2]\n"),
    /* Blanks round a cell, quoted or not. */
    CASE("a,b\n 1 , \" 2 \" \n", "1[a][b]\n2[1][ 2 ]\n"),
    /* Blank lines count, as they do in a spreadsheet. So do rows of nothing. */
    CASE("\na,b\n\n \t\n1,2\n,,\n\"\",\n3,4\n", "2[a][b]\n5[1][2]\n8[3][4]\n"),
    /* A lone quote costs its own row. */
    CASE("a,b\n1,5\" x\n2,ok\n", "1[a][b]\n2!csv_quote@1\n3[2][ok]\n"),
    CASE("a,b\n\"1\"x,2\n2,ok\n", "1[a][b]\n2!csv_quote@0\n3[2][ok]\n"),
    CASE("a,b\n1,\"x\n2,\"ok\"\n3,ok\n", "1[a][b]\n2!csv_quote@1\n3[2][ok]\n4[3][ok]\n"),
    CASE("a,b\n1,\"x\n2,ok\n3,ok", "1[a][b]\n2!csv_quote@1\n3[2][ok]\n4[3][ok]\n"),
    CASE("a,b\n1,\"", "1[a][b]\n2!csv_quote@1\n"),
    CASE("a,b\r1,\"x\r2,ok\r", "1[a][b]\n2!csv_quote@1\n3[2][ok]\n"),
    /* Control bytes pass; NUL does not. */
    CASE("a,b\n1,x\x06y\n", "1[a][b]\n2[1][x\x06y]\n"),
    CASE("a,b\n1,x\0y\n2,ok\n", "1[a][b]\n2!control_character@1\n3[2][ok]\n"),
    /* What ends a file, or fills it up, is no row. */
    CASE("a,b\n1,2\r\n\x1a", "1[a][b]\n2[1][2]\n"),
    CASE("a,b\n1,2\n\0\x1a\0", "1[a][b]\n2[1][2]\n"),
    CASE("a,b\n1,2\n\0\0\n", "1[a][b]\n2[1][2]\n3!control_character@0\n"),
    CASE("a,b\n\x1a\n1,2", "1[a][b]\n2[\x1a]\n3[1][2]\n"),
    CASE("a,b\n1,2\0", "1[a][b]\n2!control_character@1\n"),
    CASE("a,b\n1,2\x1a", "1[a][b]\n2[1][2\x1a]\n"),
    CASE("a,b\n1,\"\n\0\0", "1[a][b]\n2!csv_quote@1\n"),
    /* Ragged rows are not the reader's affair. */
    CASE("a,b\n1\n1,2,3\n", "1[a][b]\n2[1]\n3[1][2][3]\n"),
};

Test(csv_reader_rows, plain)
{
	struct reader_conf conf = conf_default();

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		check(&conf, plain[i].in, plain[i].in.n + 1, plain[i].want);
		check(&conf, plain[i].in, 1, plain[i].want);
	}
}

static const struct text_case charsets[] = {
    CASE("a,b\nJos\xc3\xa9,1\n", "1[a][b]\n2[Jos\xc3\xa9][1]\n"),
    CASE("a,b\nJos\xe9,\x93x\x94\n\x80,2\n",
	"1[a][b]\n2[Jos\xc3\xa9][\xe2\x80\x9cx\xe2\x80\x9d]\n3[\xe2\x82\xac][2]\n"),
    /* 0x81 is no character of windows-1252. */
    CASE("a,b\n\xe9,\xe8\x81\n1,2\n", "1[a][b]\n2!encoding@0\n3[1][2]\n"),
    /* One broken row in UTF-8, with a mark and without. */
    CASE("\xef\xbb\xbf"
	 "a,b\n1,Jos\xe9\n2,x\n",
	"1[a][b]\n2!encoding@1\n3[2][x]\n"),
    CASE("a,b\n\xc3\xa9,\xc3\xa9\n1,Jos\xe9\n2,x\n",
	"1[a][b]\n2[\xc3\xa9][\xc3\xa9]\n3!encoding@1\n4[2][x]\n"),
    /* Within quotes, over lines. */
    CASE("a,b\n\"\xc3\xa9\nx\xff\",2\n\xc3\xa8,4\n",
	"1[a][b]\n2!encoding@0\n3[\xc3\xa8][4]\n"),
};

Test(csv_reader_rows, charsets)
{
	struct reader_conf conf = conf_default();

	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		check(&conf, charsets[i].in, charsets[i].in.n, charsets[i].want);
	conf.charset = "iso-8859-15";
	check(&conf, SPAN_LIT("a\n\xa4\n"), 3, "1[a]\n2[\xe2\x82\xac]\n");
	conf.charset = "utf-8";
	check(&conf, SPAN_LIT("a\n\xa4\n"), 3, "1[a]\n2!encoding@0\n");
}

Test(csv_reader_rows, delimiters)
{
	static const struct {
		const char *set;
		struct span in;
		char want;
		const char *rows;
	} table[] = {
	    {NULL, SPAN_LIT("a;b;c\n1;2,5;3\n"), ';', "1[a][b][c]\n2[1][2,5][3]\n"},
	    {NULL, SPAN_LIT("a\tb\n1\t\n"), '\t', "1[a][b]\n2[1][]\n"},
	    {NULL, SPAN_LIT("a|b\n1|2\n"), '|', "1[a][b]\n2[1][2]\n"},
	    {NULL, SPAN_LIT("a\n1;2\n"), ',', "1[a]\n2[1;2]\n"},
	    {NULL, SPAN_LIT("\"a;b;c\",d\n"), ',', "1[a;b;c][d]\n"},
	    {NULL, SPAN_LIT("\"a\n;;;\"\"\",d\n"), ',', "1[a\n;;;\"][d]\n"},
	    {NULL, SPAN_LIT("\n \na|b\n"), '|', "3[a][b]\n"},
	    /* As many of both: the second line tells. */
	    {NULL, SPAN_LIT("Last, First;MRN\nx;1\n"), ';',
		"1[Last, First][MRN]\n2[x][1]\n"},
	    {NULL, SPAN_LIT("a,b;c\n1,2\n"), ',', "1[a][b;c]\n2[1][2]\n"},
	    {"|", SPAN_LIT("a,b|c\n"), 0, "1[a,b][c]\n"},
	    {"^", SPAN_LIT("a^b\n"), 0, "1[a][b]\n"},
	    /* Several bytes; inside quotes, and in part, they are text. */
	    {"||", SPAN_LIT("a||b|c||\n\"x||y\"||\" \"\"||\"||3\n"), 0,
		"1[a][b|c][]\n2[x||y][ \"||][3]\n"},
	    {"~|~", SPAN_LIT("a~|~b\r\n1~|~\"2\r\n~|~\"\r\n3 ~|~ 4"), 0,
		"1[a][b]\n2[1][2\r\n~|~]\n3[3][4]\n"},
	    {",;", SPAN_LIT("a,;b\n1,2;,;3,;,\n"), 0, "1[a][b]\n2[1,2;][3][,]\n"},
	    {"\xc2\xa6",
		SPAN_LIT("a\xc2\xa6"
			 "b\n\xc2\xa6\xc2\xa7\n"),
		0, "1[a][b]\n2[][\xc2\xa7]\n"},
	    /* The byte that stands for it must not be there by itself. */
	    {"||", SPAN_LIT("a||b\n1||x\x1fy\n2||\"\x1f\"\n3||4\n"), 0,
		"1[a][b]\n2!control_character@1\n3!control_character@1\n4[3][4]\n"},
	    {"||", SPAN_LIT("a||b\n1||2\"\n3||4\n"), 0,
		"1[a][b]\n2!csv_quote@1\n3[3][4]\n"},
	};
	struct reader_conf conf = conf_default();

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		conf.delimiter = table[i].set;
		for (size_t piece = 1; piece < 5; piece++)
			check(&conf, table[i].in, piece, table[i].rows);
		if (table[i].set == NULL)
			cr_expect_eq(
			    reader_find_delimiter(table[i].in, 0), table[i].want);
	}
}

/* Excel's own word for the delimiter is no row. */
Test(csv_reader_rows, delimiter_said)
{
	static const struct {
		const char *set;
		struct span in;
		const char *rows;
	} table[] = {
	    {NULL, SPAN_LIT("sep=;\r\na,b;c\r\n1,2;3\r\n"), "1[a,b][c]\n2[1,2][3]\n"},
	    {NULL, SPAN_LIT("\xef\xbb\xbfSEP=^\na^b\n"), "1[a][b]\n"},
	    {NULL, SPAN_LIT("sep=\t\ra,1\tb\r"), "1[a,1][b]\n"},
	    {";", SPAN_LIT("sep=,\na;b\n"), "1[a][b]\n"},
	    {NULL, SPAN_LIT("sep=;"), ""},
	    /* Not the hint. */
	    {NULL, SPAN_LIT("sep=;;\na;b;c\n"), "1[sep=][][]\n2[a][b][c]\n"},
	    {NULL, SPAN_LIT("sep=\x1b\na\x1b\n"), "1[sep=\x1b]\n2[a\x1b]\n"},
	    {NULL, SPAN_LIT("sep=\na\n"), "1[sep=]\n2[a]\n"},
	    {NULL, SPAN_LIT("\nsep=;\na,b\n"), "2[sep=][]\n3[a,b]\n"},
	};
	struct reader_conf conf = conf_default();

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		conf.delimiter = table[i].set;
		for (size_t piece = 1; piece < 4; piece++)
			check(&conf, table[i].in, piece, table[i].rows);
	}
}

Test(csv_reader_rows, fixed_widths)
{
	static const size_t widths[] = {3, 5, 2};
	struct reader_conf conf = conf_default();
	static const struct text_case table[] = {
	    CASE("id name x\n1  A B  yz\r\n", "1[id][name][x]\n2[1][A B][yz]\n"),
	    /* What is missing at the end is empty, what is too long is one cell more. */
	    CASE("1\n123456789012\n123456789 \n          \n12",
		"1[1][][]\n2[123][45678][90][12]\n3[123][45678][9]\n5[12][][]\n"),
	    /* Characters, not bytes; a quotation mark is one like any other. */
	    CASE("\xc3\xa9\xc3\xa9\xc3\xa9\xe2\x82\xac\"b\" 1\n",
		"1[\xc3\xa9\xc3\xa9\xc3\xa9][\xe2\x82\xac\"b\"][1]\n"),
	    CASE("\xc3\xa9\xc3\xa9\n1  \xe9\n2  x\0\n3\n",
		"1[\xc3\xa9\xc3\xa9][][]\n2!encoding@1\n3!control_character@1\n"
		"4[3][][]\n"),
	    /* No hint, no delimiter. */
	    CASE("sep=;\n1;2\n", "1[sep][=;][]\n2[1;2][][]\n"),
	};

	conf.widths = widths;
	conf.nwidths = 3;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (size_t piece = 1; piece < 4; piece++)
			check(&conf, table[i].in, piece, table[i].want);
}

Test(csv_reader_limits, small)
{
	struct reader_conf conf = conf_default();
	static const struct text_case table[] = {
	    /* Row 2 has 8 bytes with its end, row 3 has 9. */
	    CASE("a,b\n123,456\n1234,567\n1,2\n",
		"1[a][b]\n2[123][456]\n3!csv_too_long\n4[1][2]\n"),
	    CASE("a,b\r\n123,45\r\n123,456\r\n1,2\r\n",
		"1[a][b]\n2[123][45]\n3!csv_too_long\n4[1][2]\n"),
	    CASE("a,b\n12345678901234567890,1", "1[a][b]\n2!csv_too_long\n"),
	    /* Too long over several lines: only the first is lost. */
	    CASE("a,b\n\"1,2\n3,4\n5,6\n", "1[a][b]\n2!csv_quote@0\n3[3][4]\n4[5][6]\n"),
	    /* Three cells are too many, unless they are empty. */
	    CASE("a,b\n1,2,,\n1,2,3\n", "1[a][b]\n2[1][2]\n3!csv_columns\n"),
	    /* As UTF-8 it has 9 bytes. */
	    CASE("a,b\n\xe9\xe9,\xe9\xe9\n1,2\n", "1[a][b]\n2!csv_too_long\n3[1][2]\n"),
	};

	conf.max_line = 8;
	conf.max_columns = 2;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		check(&conf, table[i].in, table[i].in.n, table[i].want);
		check(&conf, table[i].in, 1, table[i].want);
	}
}

Test(csv_reader_limits, span_of_a_quoted_cell)
{
	struct reader_conf conf = conf_default();

	conf.max_span = 3;
	check(&conf, SPAN_LIT("a\n\"1\n2\n3\"\n4\n"), 5, "1[a]\n2[1\n2\n3]\n3[4]\n");
	check(&conf, SPAN_LIT("a\n\"1\n2\n3\n4\"\n"), 5,
	    "1[a]\n2!csv_quote@0\n3[2]\n4[3]\n5!csv_quote@0\n");
}

/*
 * What comes behind the head is parsed as it arrives, so that is where pieces
 * matter. Rows 1 to `rows` fill the head but for a few bytes.
 */
static size_t
fill_head(struct buf *b)
{
	size_t rows = 1;

	buf_add_str(b, "a,b\n");
	for (; b->n + 16 < HEAD; rows++)
		buf_add_str(b, "filler12,filler\n");
	return rows;
}

static const char nasty[] = "1,2\r\n"
			    "\r\n"
			    "\"x\r\ny\",\"\"\"\"\r"
			    "\n"
			    "\r"
			    "Jos\xe9,\x80\n"
			    "1,\"open\r\nnot \"here\",2\r\n"
			    "lone\"quote,1\r\n"
			    "\"a\"\"b\",c\r\r"
			    "123456789012345678901234567890,\"too long\"\r\n"
			    "1234567890123456789012345678901234567890123\r"
			    "z\0z,0\n"
			    " \t\n"
			    "1,2,3\n"
			    "\"last\nnever closed,1\n"
			    "end,\"x\"";

/* %d counts up. */
static const char *const nasty_rows[] = {
    "[1][2]\n",
    NULL,
    "[x\r\ny][\"]\n",
    NULL,
    "[Jos\xc3\xa9][\xe2\x82\xac]\n",
    "!csv_quote@1\n",
    "!csv_quote@0\n",
    "!csv_quote@0\n",
    "[a\"b][c]\n",
    NULL,
    "!csv_too_long\n",
    "!csv_too_long\n",
    "!control_character@0\n",
    NULL,
    "[1][2][3]\n",
    "!csv_quote@0\n",
    "[never closed][1]\n",
    "[end][x]\n",
};

static void
add_nasty_rows(struct buf *want, size_t row)
{
	for (size_t i = 0; i < sizeof(nasty_rows) / sizeof(nasty_rows[0]); i++, row++)
		if (nasty_rows[i] != NULL)
			buf_addf(want, "%zu%s", row, nasty_rows[i]);
	buf_add_char(want, '\0');
}

static void
check_pieces(struct span in, size_t from, size_t split, size_t piece, const char *want)
{
	struct reader_conf conf = conf_default();
	struct log l = {.from = from};
	struct reader *r;
	size_t n;

	conf.max_line = 40;
	buf_init(&l.text, LOG_MAX);
	r = open_reader(&l, &conf);
	feed(r, in.p, split);
	for (size_t at = split; at < in.n; at += n) {
		n = in.n - at < piece ? in.n - at : piece;
		feed(r, in.p + at, n);
	}
	finish(r);
	expect(&l, want, "nasty");
	buf_release(&l.text);
}

/* So many NUL bytes fill up no block: what should stand there did not come. */
Test(csv_reader_rows, more_than_fills_up)
{
	const struct reader_conf conf = conf_default();
	struct buf in;

	for (size_t more = 0; more < 2; more++) {
		buf_init(&in, 1 << 20);
		buf_add_str(&in, "a,b\n");
		for (size_t i = 0; i < 20000; i++) /* else it would be no text */
			buf_add_char(&in, '\n');
		for (size_t i = 0; i < FILLER_MAX + more; i++)
			buf_add_char(&in, '\0');
		check(&conf, buf_span(&in), 5000,
		    more == 0 ? "1[a][b]\n" : "1[a][b]\n20002!control_character@0\n");
		buf_release(&in);
	}
}

Test(csv_reader_pieces, every_split)
{
	struct buf in, want;
	size_t from;

	buf_init(&in, LOG_MAX);
	buf_init(&want, LOG_MAX);
	from = fill_head(&in) + 1;
	buf_add(&in, nasty, sizeof(nasty) - 1);
	add_nasty_rows(&want, from);
	for (size_t at = HEAD - 40; at <= in.n; at++)
		check_pieces(buf_span(&in), from, at, in.n, want.p);
	for (size_t piece = 1; piece < 8; piece++)
		check_pieces(buf_span(&in), from, HEAD - 40, piece, want.p);
	buf_release(&want);
	buf_release(&in);
}

/* Long after the head: windows-1252 from its first line on, or one bad row. */
Test(csv_reader_pieces, charset_found_late)
{
	static const struct {
		const char *early;
		const char *want;
		const char *charset;
	} table[] = {
	    {"x,y\n", "[Jos\xc3\xa9][1]\n", "windows-1252"},
	    {"\xc3\xa9,\xc3\xa9\n", "!encoding@0\n", "utf-8"},
	};
	struct buf in, want;

	for (size_t i = 0; i < 2; i++) {
		struct reader_conf conf = conf_default();
		struct log l = {0};
		struct reader *r;

		buf_init(&in, LOG_MAX);
		buf_init(&want, LOG_MAX);
		buf_init(&l.text, LOG_MAX);
		l.from = fill_head(&in) + 10;
		for (int k = 0; k < 9; k++)
			buf_add_str(&in, table[i].early);
		buf_add_str(&in, "Jos\xe9,1\n");
		buf_addf(&want, "%d%s%c", (int)l.from, table[i].want, '\0');
		r = open_reader(&l, &conf);
		feed(r, in.p, in.n);
		cr_expect_str_eq(reader_charset(r), table[i].charset);
		cr_expect_str_eq(reader_delimiter(r), ",");
		finish(r);
		expect(&l, want.p, table[i].early);
		buf_release(&l.text);
		buf_release(&want);
		buf_release(&in);
	}
}

/* Many rows over many windows, one of them long, and one that never ends. */
Test(csv_reader_pieces, long_file)
{
	struct reader_conf conf = conf_default();
	struct log l = {.from = 100002};
	struct reader *r;
	char *junk = malloc(300000);

	cr_assert_not_null(junk);
	memset(junk, 'x', 300000);
	buf_init(&l.text, LOG_MAX);
	r = open_reader(&l, &conf);
	feed(r, "a,b\n", 4);
	for (int i = 0; i < 100000; i++)
		feed(r, "one cell,\"and \"\"another\"\"\"\r\n", 28);
	feed(r, junk, 300000);
	feed(r, ",1\n", 3);
	for (int i = 0; i < 20; i++)
		feed(r, junk, 300000);
	feed(r, "\r\n1,2", 5);
	finish(r);
	cr_expect_eq(l.rows, 100003);
	cr_assert_gt(l.text.n, 300000);
	cr_expect_arr_eq(l.text.p, "100002[xxx", 10);
	cr_expect_arr_eq(l.text.p + 300007, "][1]\n100003!csv_too_long\n100004[1][2]\n",
	    l.text.n - 300007);
	buf_release(&l.text);
	free(junk);
}

Test(csv_reader_errors, refusals)
{
	static const struct span table[] = {
	    SPAN_LIT("\xff\xfe\0\0"
		     "a\0\0\0,\0\0\0"),
	    SPAN_LIT("\0\0\0a\0\0\0,\0\0\0\n"),
	    SPAN_LIT("\0\0\0\0"),
	};
	struct reader_conf conf = conf_default();

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct log l = {0};
		struct reader *r = open_reader(&l, &conf);
		struct err e = {0};

		feed(r, table[i].p, table[i].n);
		cr_expect_eq(reader_end(r, &e), -1);
		cr_expect_eq(e.code, ERR_REFUSED);
		cr_expect_not_null(strstr(e.msg, "CSV UTF-8"));
		reader_free(r);
	}
}

Test(csv_reader_errors, the_sink_ends_it)
{
	struct reader_conf conf = conf_default();
	struct log l = {.stop = 2};
	struct err e = {0};
	struct reader *r;

	buf_init(&l.text, LOG_MAX);
	r = open_reader(&l, &conf);
	feed(r, "a\nb\nc\n", 6);
	cr_expect_eq(reader_end(r, &e), -1);
	cr_expect_eq(e.code, ERR_API);
	cr_expect_eq(l.rows, 2);
	reader_free(r);
	buf_release(&l.text);
}
