#include "mappers/csv_layout.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "mappers/csv_footer.h"
#include "tests/unit/csv_rig.h"

#define NOW      INT64_C(1772323200000) /* 2026-03-01 */
#define LOG_MAX  (1 << 20)
#define FEED_MAX 2048

/* Where in a file the data stand, and what else there may be. */
#define MAP "[patient]\nop = patch\nid = {MRN}\nname.family = {Name}\n"

#define BY_NUMBER "[patient]\nop = patch\nid = {#1}\nname.family = {#2}\n"

static void
layout_open(struct feed *f, const char *csv, const char *map)
{
	char text[FEED_MAX];

	snprintf(text, sizeof(text), "[csv]\n%s%s", csv, map);
	feed_open(f, text);
}

/* "5 id name\n" for a record, "5 code Title\n" for a problem. */
static int
log_record(void *arg, const struct record *r, struct err *e)
{
	struct span name = r->nvalues > 0 ? r->values[0].text : SPAN_LIT("");

	(void)e;
	buf_addf(arg, "%d %.*s %.*s\n", (int)r->row, (int)r->id.n, r->id.p, (int)name.n,
	    name.n == 0 ? "" : name.p);
	return 0;
}

static void
log_problem_line(void *arg, const struct problem *p)
{
	buf_addf(arg, "%d %s%s%.*s\n", (int)p->row, problem_name(p->code),
	    p->weight == WEIGHT_REJECT ? "! " : " ", (int)p->column.n,
	    p->column.n == 0 ? "" : p->column.p);
}

struct layout_case {
	const char *csv, *map;
	struct span in;
	const char *want;
	const char *says; /* of the verdict; NULL: it is read to its end */
	enum err_code code;
	unsigned rows;
};

static void
check_piece(const struct layout_case *c, struct feed *f, size_t piece)
{
	struct buf log;
	struct mapper_sink sink = {
	    .record = log_record, .problem = log_problem_line, .arg = &log};
	struct err e = {0};
	struct reading *r = mapper_open(f->mapper, &sink, NOW, &e);
	size_t n;
	int rc = 0;

	cr_assert_not_null(r, "%s", e.msg);
	buf_init(&log, LOG_MAX);
	for (size_t at = 0; at < c->in.n && rc == 0; at += n) {
		n = c->in.n - at < piece ? c->in.n - at : piece;
		rc = reading_feed(r, (struct span){c->in.p + at, n}, &e);
	}
	rc = rc == 0 ? reading_end(r, &e) : rc;
	buf_add_char(&log, '\0');
	cr_expect_str_eq(
	    log.p, c->want, "%s%s: want\n%s\ngot\n%s", c->csv, c->in.p, c->want, log.p);
	cr_expect_eq(rc, c->says == NULL ? 0 : -1, "%s%s: %s", c->csv, c->in.p, e.msg);
	cr_expect_eq(e.code, c->code, "%s%s: %s", c->csv, c->in.p, e.msg);
	if (c->says != NULL)
		cr_expect_not_null(strstr(e.msg, c->says), "%s: %s", c->csv, e.msg);
	cr_expect_eq(reading_counts(r)->rows, c->rows, "%s%s", c->csv, c->in.p);
	reading_free(r);
	buf_release(&log);
}

static void
check_all(const struct layout_case *cases, size_t n)
{
	struct feed f;

	for (size_t i = 0; i < n; i++) {
		layout_open(&f, cases[i].csv, cases[i].map);
		cr_assert_not_null(f.mapper, "%s: %s", cases[i].csv,
		    f.errors.n > 0 ? f.errors.text[0] : f.err.msg);
		check_piece(&cases[i], &f, 1);
		check_piece(&cases[i], &f, 7);
		check_piece(&cases[i], &f, cases[i].in.n + 1);
		feed_close(&f);
	}
}

#define CHECK(cases) check_all(cases, sizeof(cases) / sizeof((cases)[0]))

Test(csv_layout_header, found)
{
	static const struct layout_case cases[] = {
	    {"", MAP, SPAN_LIT("MRN,Name\n1,A\n"), "2 1 A\n", NULL, 0, 1},
	    /* So many lines are not looked at, whatever is in them. */
	    {"skip_top = 3\n", MAP,
		SPAN_LIT("Report, \"March\" and 6\" more\n\nx;y;z\nMRN,Name\n1,A\n"),
		"5 1 A\n", NULL, 0, 1},
	    {"skip_top = 1\n", MAP, SPAN_LIT("a,b,c,d,e\nMRN;Name\n1;A\n"), "3 1 A\n",
		NULL, 0, 1},
	    {"skip_top = 2\n", MAP, SPAN_LIT("MRN,Name\n1,A\n"), "", NULL, 0, 0},
	    /* The first row with all titles, with whatever delimiter. */
	    {"header_match = auto\n", MAP,
		SPAN_LIT("Report, March, all of it\n\nsite;x\n\"Name\";X;mrn\nA;;1\n"),
		"5 1 A\n", NULL, 0, 1},
	    {"header_match = auto\nskip_top = 1\n", MAP,
		SPAN_LIT("MRN,Name\nlone\"quote\nMRN|Name\n1|A\n"), "4 1 A\n", NULL, 0,
		1},
	    {"header_match = auto\ndelimiter = ||\n", MAP,
		SPAN_LIT("Report\nMRN||Name\n1||A\n"), "3 1 A\n", NULL, 0, 1},
	    {"header_match = auto\n", MAP,
		SPAN_LIT("\xff\xfeR\0\n\0M\0R\0N\0;\0N\0a\0m\0e\0\n\0"
			 "1\0;\0\xe9\0\n\0"),
		"3 1 \xc3\xa9\n", NULL, 0, 1},
	    {"header_match = auto\n", MAP, SPAN_LIT(""), "", NULL, 0, 0},
	    {"header_match = \"Last Seen\", Name\n", MAP,
		SPAN_LIT("MRN,Name\n8,B\nMRN,Name,last seen\n1,A,\n"), "4 1 A\n", NULL, 0,
		1},
	    {"header_match = Name\n", BY_NUMBER, SPAN_LIT("1,2\nID,NAME\n1,A\n"),
		"3 1 A\n", NULL, 0, 1},
	    /* By number, and called so. */
	    {"header = no\n", BY_NUMBER, SPAN_LIT("1,A\n2,B\n,C\n3,D,4\n4\n"),
		"1 1 A\n2 2 B\n3 missing_id! #1\n4 csv_columns! \n5 csv_columns! \n",
		NULL, 0, 5},
	    {"header = no\nfooter = 1\n", BY_NUMBER, SPAN_LIT("1,\"A\n2,B\n3,C\n"),
		"1 csv_quote! #2\n2 2 B\n", NULL, 0, 2},
	    {"header = no\n", BY_NUMBER, SPAN_LIT("1,\"A\n2,B\n"),
		"1 csv_quote! \n2 2 B\n", NULL, 0, 2},
	    {"header = no\nskip_top = 1\n", BY_NUMBER, SPAN_LIT("top\n1,A\n1,A\n"),
		"2 1 A\n3 1 A\n", NULL, 0, 2},
	    /* Rows between a mark that is not closed and one that is not opened. */
	    {"", MAP, SPAN_LIT("MRN,Name,x,y\n1,A,,\"Bob\n2,B,,\n3,C,,Bob\"\n4,D,,\n"),
		"2 csv_quote! \n3 4 D\n", NULL, 0, 2},
	    {"footer = 1\n", MAP,
		SPAN_LIT("MRN,Name,x,y\n1,A,,\"Bob\n2,B,,Bob\"\n4,D,,\n5,E,,\n"),
		"2 csv_quote! \n3 4 D\n", NULL, 0, 2},
	    {"", MAP, SPAN_LIT("MRN,Name,x,y\r1,A,\"Bob,z\r2,B,Bob\",z\r4,D,,\r"),
		"2 csv_quote! \n3 4 D\n", NULL, 0, 2},
	    {"", MAP,
		SPAN_LIT("_row,_column,_problem,_remedy,MRN,Name,x,y\n"
			 "2,,p,r,1,A,,\"Bob\n3,,p,r,2,B,,Bob\"\n5,,p,r,4,D,,\n"),
		"2 csv_quote! \n3 4 D\n", NULL, 0, 2},
	    {"", MAP, SPAN_LIT("MRN,Name,x,y\n1,A,,\"so, he\nsaid, 1,5, and\"\n"),
		"2 1 A\n", NULL, 0, 1},
	    /* Addresses and results are none, nor titles with their parts in brackets. */
	    {"", MAP, SPAN_LIT("MRN,Name,x\n1,A,\"3a\n12 High St,Leeds,Yorks,LS1\"\n"),
		"2 1 A\n", NULL, 0, 1},
	    {"", MAP,
		SPAN_LIT("MRN,Name,x,y\n1,A,\"Na 1,K 4,Cl 9\n\nFe 2,B 1,Cr 1,Hb 9\",\n"),
		"2 1 A\n", NULL, 0, 1},
	    {"", MAP, SPAN_LIT("MRN,Name,\"Seen by\n(last, first),\n\"\n1,A,x\n"),
		"2 1 A\n", NULL, 0, 1},
	    {"", MAP, SPAN_LIT("MRN,Name,\"Seen by\n(last,first)\"\n1,A,x\n"), "2 1 A\n",
		NULL, 0, 1},
	};

	CHECK(cases);
}

Test(csv_layout_header, not_found)
{
	static const struct layout_case cases[] = {
	    {"", MAP, SPAN_LIT("MRN,Nam\n1,A\n"), "", "Name", ERR_REFUSED, 0},
	    {"", MAP, SPAN_LIT("Report\n\nMRN,Name\n1,A\n"), "",
		"in row 3: export without the rows above it, or set skip_top = 2 "
		"or header_match = auto",
		ERR_REFUSED, 0},
	    /* A title that stands there twice is nobody's. */
	    {"", MAP, SPAN_LIT("MRN,Name,NAME\n1,A,B\n"), "",
		"\"Name\" 2 times; rename one, or the map can name one "
		"by its number",
		ERR_REFUSED, 0},
	    {"header_match = auto\n", MAP, SPAN_LIT("x\nMRN,Name,NAME\n1,A,B\n"), "",
		"\"Name\" 2 times", ERR_REFUSED, 0},
	    {"", BY_NUMBER, SPAN_LIT("MRN,MRN\n1,A\n"), "2 1 A\n", NULL, 0, 1},
	    /* What it lacks is told of the row that has most. */
	    {"header_match = auto\n", MAP, SPAN_LIT("Report of 5\nMRN,Nme,x\n1,A,\n"), "",
		"\"Name\" (there is \"Nme\")", ERR_REFUSED, 0},
	    {"header_match = auto\n", MAP, SPAN_LIT("x\"y\"\n"), "",
		"(row 1) can't be read", ERR_REFUSED, 0},
	    {"header_match = Zip\n", MAP, SPAN_LIT("MRN,Name\n1,A\n"), "",
		"none of the first 50 rows", ERR_REFUSED, 0},
	    {"header_match = Zip\n", MAP, SPAN_LIT("MRN,Zip\n1,A\n"), "", "Name",
		ERR_REFUSED, 0},
	    {"header = no\n", BY_NUMBER, SPAN_LIT("1\n2\n"), "", "#2", ERR_REFUSED, 0},
	    /* Rows that a title's quotation mark makes part of it. */
	    {"", MAP, SPAN_LIT("MRN,Name,\"x\n1,A,\n2,B,y\"\n3,C,\n"), "",
		"header (row 1) can't be read: A quotation mark is not closed",
		ERR_REFUSED, 0},
	    {"", MAP, SPAN_LIT("MRN,Name,\"x,y\r1,A,\",z\r3,C,,\r"), "",
		"(row 1) can't be read", ERR_REFUSED, 0},
	};

	CHECK(cases);
}

/* It is looked for in 50 rows, and no further. */
Test(csv_layout_header, limit)
{
	struct buf in;
	struct layout_case c = {
	    "header_match = auto\n", MAP, {NULL, 0}, "51 1 A\n", NULL, 0, 1};

	buf_init(&in, LOG_MAX);
	for (int i = 0; i < 49; i++)
		buf_add_str(&in, "x\n");
	buf_add_str(&in, "MRN,Name\n1,A\n");
	buf_add_char(&in, '\0');
	c.in = (struct span){in.p, in.n - 1};
	check_all(&c, 1);
	buf_clear(&in);
	for (int i = 0; i < 50; i++)
		buf_add_str(&in, "x\n");
	buf_add_str(&in, "MRN,Name\n1,A\n");
	buf_add_char(&in, '\0');
	c = (struct layout_case){"header_match = auto\n", MAP, {in.p, in.n - 1}, "",
	    "\"MRN\", \"Name\"", ERR_REFUSED, 0};
	check_all(&c, 1);
	buf_release(&in);
}

Test(csv_layout_header, again)
{
	static const struct layout_case cases[] = {
	    {"", MAP, SPAN_LIT("MRN,Name\n1,A\n\n MRN ,\"Name\",\n2,B\nMRN,name\n"),
		"2 1 A\n4 repeated_header \n5 2 B\n6 MRN name\n", NULL, 0, 3},
	    {"header = no\n", BY_NUMBER, SPAN_LIT("a,b\na,b\n"), "1 a b\n2 a b\n", NULL,
		0, 2},
	};

	CHECK(cases);
}

/* How many columns there are the widths say, and not how far the first line goes. */
Test(csv_layout_header, widths)
{
	static const struct layout_case cases[] = {
	    {"widths = 3 4\nheader = no\n", BY_NUMBER, SPAN_LIT("1  A      \n2  B\n3\n"),
		"1 1 A\n2 2 B\n3 3 \n", NULL, 0, 3},
	    {"widths = 3 4\nheader = no\n", BY_NUMBER, SPAN_LIT("1  A   lost\n2  B\n"),
		"1 csv_columns! \n2 2 B\n", NULL, 0, 2},
	    {"widths = 3 4\n", MAP,
		SPAN_LIT("MRNName of whom\n1  A\nMRNName of whom\n2  Bobby\n"),
		"2 1 A\n3 repeated_header \n4 csv_columns! \n", NULL, 0, 2},
	};

	CHECK(cases);
}

Test(csv_layout_footer, rows)
{
	static const struct layout_case cases[] = {
	    {"footer = 1\n", MAP, SPAN_LIT("MRN,Name\n1,A\n2,B\nTotal 2\n"),
		"2 1 A\n3 2 B\n", NULL, 0, 2},
	    {"footer = 2\n", MAP, SPAN_LIT("MRN,Name\n1,A\n\nx,y,z\n\nlone\"\n\n"),
		"2 1 A\n", NULL, 0, 1},
	    {"footer = 2\n", MAP, SPAN_LIT("MRN,Name\na\nb\n"), "", NULL, 0, 0},
	    {"footer = 2\n", MAP, SPAN_LIT("MRN,Name\n1,A\n"), "2 1 A\n",
		"ends before the 2 rows", ERR_HELD, 1},
	    {"footer = 1\n", MAP, SPAN_LIT(""), "", "it was cut, or never written",
		ERR_HELD, 0},
	    /* With its count. */
	    {"footer = \"Total records: {count}\"\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\n,B\nTOTAL  Records:  2,,\n"),
		"2 1 A\n3 missing_id! MRN\n", NULL, 0, 2},
	    {"footer = \"Total rows, {count}\"\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\n2,B\nTotal rows, 2\n"), "2 1 A\n3 2 B\n", NULL,
		0, 2},
	    {"footer = \"TRL;{count};*\"\n", MAP,
		SPAN_LIT("MRN;Name\n1;A\nMRN;Name\n2;B\n\"TRL\";2;20260305\n"),
		"2 1 A\n3 repeated_header \n4 2 B\n", NULL, 0, 2},
	    {"footer = \"*\" \"Total: {count}\" \"Printed *\"\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\n\n----\nTotal: 1\n\nPrinted on 5 March"),
		"2 1 A\n", NULL, 0, 1},
	    {"footer = \"{count} rows\"\n", MAP, SPAN_LIT("MRN,Name\n0 rows\n"), "", NULL,
		0, 0},
	    {"footer = \"END {count}\"\nwidths = 3 4\n", MAP,
		SPAN_LIT("MRNName\n1  A\nEND  1\n"), "2 1 A\n", NULL, 0, 1},
	    {"footer = \"END||{count}\"\ndelimiter = ||\n", MAP,
		SPAN_LIT("MRN||Name\n1||A\nEND||1||\n"), "2 1 A\n", NULL, 0, 1},
	    {"footer = \"END {count}\"\nheader = no\n", BY_NUMBER,
		SPAN_LIT("1,A\nEND 1\n"), "1 1 A\n", NULL, 0, 1},
	    /* A count that is wrong. */
	    {"footer = \"Total: {count}\"\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\n2,B\nTotal: 3\n"), "2 1 A\n3 2 B\n",
		"(row 4) says 3 rows, but 2 are there", ERR_HELD, 2},
	    {"footer = \"Total: {count}\"\non_count_mismatch = refuse\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\nTotal: 0\n"), "2 1 A\n",
		"(row 3) says 0 rows, but 1 are there", ERR_REFUSED, 1},
	    {"footer = \"Total: {count}\"\non_count_mismatch = deliver\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\nTotal: 0\n"), "2 1 A\n3 footer_count \n", NULL,
		0, 1},
	    /* It is not there: what stands in its place is data, and waits. */
	    {"footer = \"Total: {count}\"\n", MAP, SPAN_LIT("MRN,Name\n1,A\n2,B\n"),
		"2 1 A\n3 2 B\n", "does not end with the footer", ERR_HELD, 2},
	    {"footer = \"Total: {count}\"\non_count_mismatch = deliver\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\nTotal: 1\n2,B\n"),
		"2 1 A\n3 csv_columns! \n4 2 B\n", "does not end with", ERR_HELD, 3},
	    {"footer = \"Total: {count}\"\n", MAP,
		SPAN_LIT("MRN,Name\n1,A\nTotal: \"1\"\n"), "2 1 A\n3 csv_quote! MRN\n",
		"does not end with", ERR_HELD, 2},
	    {"footer = \"a\" \"b\"\n", MAP, SPAN_LIT("MRN,Name\n1,A\nb\n"),
		"2 1 A\n3 csv_columns! \n", "does not end with", ERR_HELD, 2},
	    {"footer = \"a\"\n", MAP, SPAN_LIT("MRN,Name\n"), "",
		"it was cut, or never written", ERR_HELD, 0},
	};

	CHECK(cases);
}

Test(csv_layout_footer, patterns)
{
	static const struct {
		const char *pattern, *text;
		bool is;
		uint64_t count;
	} table[] = {
	    {"Total", "total", true, 0},
	    {"Total", "totals", false, 0},
	    {"Total", "", false, 0},
	    {"*", "", true, 0},
	    {"* rows *", "in all 5 rows of 6", true, 0},
	    {"* rows", "in all 5 rows of 6", false, 0},
	    {"{count}", "0", true, 0},
	    {"{count}", "00012", true, 12},
	    {"{count}", "", false, 0},
	    {"{count}", "12 ", true, 12},
	    {"{count}", "-1", false, 0},
	    {"{count}", "123456789012345678", true, UINT64_C(123456789012345678)},
	    {"{count}", "1234567890123456789", false, 0},
	    {"({count}) rows", "(7) rows", true, 7},
	    /* Groups of three, unless what parts them is the delimiter. */
	    {"{count}", "1,234", true, 1234},
	    {"{count}", "12.345.678", true, 12345678},
	    {"{count}", "1'234", true, 1234},
	    {"{count} rows", "1 234 rows", true, 1234},
	    {"{count}", "1,23", false, 0},
	    {"{count}", "1234,567", false, 0},
	    {"{count}", ",123", false, 0},
	    {"{count}", "1,", false, 0},
	    {"{count},*", "1,234", true, 1},
	    {"T,{count},2026", "T,12,2026", true, 12},
	    {"T, {count} , 2026", "T,12,2026", true, 12},
	    {"T,{count},2026", "T, 12 ,2026", true, 12},
	    {"* {count}", "5 of 6", true, 6},
	    {"*{count}*", "page 12", true, 12},
	};
	uint64_t count;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		count = 0;
		cr_expect_eq(
		    footer_match(table[i].pattern, span_of(table[i].text), ",", &count),
		    table[i].is, "%s: %s", table[i].pattern, table[i].text);
		if (table[i].is)
			cr_expect_eq(count, table[i].count, "%s: %s", table[i].pattern,
			    table[i].text);
	}
}

Test(csv_layout_settings, mistakes)
{
	static const struct {
		const char *csv, *map;
		const char *says;
	} table[] = {
	    {"skip_top = -1\n", MAP, "skip_top"},
	    {"header = no\n", MAP, "header: with header = no there are no titles"},
	    {"header = no\nheader_match = x\n", BY_NUMBER, "header_match"},
	    {"header_match = auto\n", BY_NUMBER, "header_match: the map names columns"},
	    {"footer = 0\n", MAP, "footer: must be 1 to 20"},
	    {"footer = 21\n", MAP, "footer: must be 1 to 20"},
	    {"footer = \"Total: {count} rows * * *\"\n", MAP, "more than two *"},
	    {"footer = Total: {count}\n", MAP, "in quotation marks"},
	    {"footer = \"{count} {count}\"\n", MAP, "twice"},
	    {"footer = \"\"\n", MAP, "empty"},
	    {"on_count_mismatch = maybe\n", MAP, "on_count_mismatch"},
	    {"on_count_mismatch = hold\n", MAP, "no footer has {count}"},
	    {"footer = 1\non_count_mismatch = hold\n", MAP, "no footer has {count}"},
	    {"widths = 3 x\n", MAP, "widths: must be widths"},
	    {"widths = 3 0\n", MAP, "widths: must be widths"},
	    {"widths = 1 2 3\nmax_columns = 3\n", MAP, "max_columns"},
	    {"widths = 3 4\ndelimiter = ;\n", MAP, "no delimiter"},
	};
	struct feed f;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		layout_open(&f, table[i].csv, table[i].map);
		cr_expect_null(f.mapper, "%s", table[i].csv);
		cr_assert_eq(f.errors.n, 1, "%s", table[i].csv);
		cr_expect_not_null(
		    strstr(f.errors.text[0], table[i].says), "%s", f.errors.text[0]);
		feed_close(&f);
	}
}

/* Each setting shapes what comes of a file. */
Test(csv_layout_settings, fingerprint)
{
	static const char *const settings[] = {"", "skip_top = 1\n",
	    "header_match = MRN\n", "header_match = MRN Name\n", "footer = 1\n",
	    "footer = \"1*\"\n", "footer = \"{count}\"\n",
	    "footer = \"{count}\"\non_count_mismatch = deliver\n", "widths = 1 2\n",
	    "widths = 12\n", "delimiter = ||\n", "charset = utf-16le\n"};
	uint64_t seen[sizeof(settings) / sizeof(settings[0])];
	struct feed f;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		layout_open(&f, settings[i], MAP);
		cr_assert_not_null(f.mapper, "%s", settings[i]);
		seen[i] = mapper_fingerprint(f.mapper);
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(
			    seen[i], seen[k], "%s: %s", settings[i], settings[k]);
		feed_close(&f);
	}
}

#define PLACES                                                             \
	"[patient]\nop = patch\nid = {MRN}\naddress.postal_code = {ZIP}\n" \
	"address.state = {State}\naddress.country = {Country}\n"           \
	"birth_date = {DOB} | date \"%m/%d/%Y\"\ndeceased_at = {Died} | datetime \"%m/%d/%Y %H:%M\"\n"
#define TITLES "MRN,ZIP,State,Country,DOB,Died\n"

/* What spreadsheets do to values, told by its name. */
Test(csv_layout_spreadsheet, values)
{
	static const struct {
		const char *row, *want;
	} table[] = {
	    {"1,02155,MA,,01/02/1980,", ""},
	    {"1.2E+10,,,,,", "scientific_notation MRN\n"},
	    {"12E4,,,,,", ""},
	    {"1,,,,09999,", "not_date DOB\n"},
	    {"1,,,,10000,", "serial_date DOB\n"},
	    {"1,,,,60000,", "serial_date DOB\n"},
	    {"1,,,,60001,", "not_date DOB\n"},
	    {"1,,,,45123.5,45123.375", "serial_date DOB\nserial_date Died\n"},
	    {"1,,,,45123.,451234", "not_date DOB\nnot_datetime Died\n"},
	    {"1,2155,MA,,,", "lost_zero ZIP\n"},
	    {"1,501,NY,USA,,", "lost_zero ZIP\n"},
	    {"1,2155,Massachusetts,us,,", "lost_zero ZIP\n"},
	    /* Four digits are Vienna's, or may be. */
	    {"1,1010,,AT,,", ""},
	    {"1,2155,MA,NL,,", ""},
	    {"1,2155,NY,,,", ""},
	    {"1,2155,,,,", ""},
	    {"1,02155-1234,MA,,,", ""},
	    {"1,21A5,MA,,,", ""},
	    {"1,21,MA,,,", ""},
	};
	struct layout_case c = {"", PLACES, {NULL, 0}, NULL, NULL, 0, 1};
	char in[300], want[300];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf log;
		struct mapper_sink sink = {
		    .record = log_record, .problem = log_problem_line, .arg = &log};
		struct reading *r;
		struct feed f;
		struct err e = {0};

		buf_init(&log, LOG_MAX);
		layout_open(&f, c.csv, c.map);
		cr_assert_not_null(f.mapper, "%s", f.errors.text[0]);
		r = mapper_open(f.mapper, &sink, NOW, &e);
		snprintf(in, sizeof(in), TITLES "%s\n", table[i].row);
		cr_expect_eq(reading_feed(r, span_of(in), &e), 0);
		cr_expect_eq(reading_end(r, &e), 0);
		cr_expect_eq(reading_counts(r)->mapped, 1);
		buf_add_char(&log, '\0');
		/* Without "2 " before each, and the record behind them. */
		want[0] = '\0';
		for (const char *p = log.p; *p != '\0'; p = strchr(p, '\n') + 1)
			if (strncmp(p, "2 1", 3) != 0)
				snprintf(want + strlen(want), sizeof(want) - strlen(want),
				    "%.*s", (int)(strchr(p, '\n') + 1 - p - 2), p + 2);
		cr_expect_str_eq(want, table[i].want, "%s: %s", table[i].row, want);
		reading_free(r);
		feed_close(&f);
		buf_release(&log);
	}
}
