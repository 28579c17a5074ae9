#include "mappers/csv_mended.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "mappers/csv_guard.h"
#include "mappers/csv_reader.h"

#define COLUMNS  5
#define ROWS     6250 /* with four delimiters and ids: 100,000 random cells */
#define CELL_MAX 12
#define TEXT_MAX (16u << 20)

#define MAP "[patient]\nop = patch\nid = {a}\nname.family = {a}\n"

/* A feed compiled from text. */
struct feed {
	struct conf conf;
	struct conf_errors errors;
	struct mapper *mapper;
};

static void
feed_open(struct feed *feed, const char *csv, const char *map)
{
	static const struct mapper_conf mc = {.source = "northside", .format = "csv"};
	char path[] = "/tmp/csv_mended_test.XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	struct err e;

	fprintf(f, "[csv]\n%s\n%s", csv, map);
	fclose(f);
	conf_errors_init(&feed->errors);
	cr_assert_eq(
	    conf_load(&feed->conf, path, NULL, &feed->errors, &e), 0, "%s", e.msg);
	unlink(path);
	feed->mapper = mapper_new(&feed->conf, &mc, &e);
	cr_assert_not_null(feed->mapper, "%s", e.msg);
}

static void
feed_close(struct feed *feed)
{
	mapper_free(feed->mapper);
	conf_release(&feed->conf);
	conf_errors_release(&feed->errors);
}

/* Every row is wanted, for a reason that has to be quoted itself. */
static int
want_all(void *arg, uint64_t row, struct reject *out, struct err *e)
{
	(void)arg, (void)e;
	*out = (struct reject){row, SPAN_LIT("=b, \"or\" c"),
	    SPAN_LIT("It, is; wrong | now."), SPAN_LIT("Mend\tit.")};
	return 1;
}

static int
add_text(void *arg, struct span bytes, struct err *e)
{
	(void)e;
	buf_add_span(arg, bytes);
	return 0;
}

/* Fed in pieces of `piece` bytes. */
static void
feed_all(struct reading *r, struct span file, size_t piece)
{
	struct err e;

	while (file.n > 0) {
		size_t n = file.n < piece ? file.n : piece;

		cr_assert_eq(
		    reading_feed(r, (struct span){file.p, n}, &e), 0, "%s", e.msg);
		file.p += n;
		file.n -= n;
	}
	cr_assert_eq(reading_end(r, &e), 0, "%s", e.msg);
	reading_free(r);
}

/* The reject file of `file`. */
static void
reject_all(struct feed *feed, struct span file, size_t piece, struct buf *out)
{
	const struct rejects_sink sink = {want_all, add_text, out, NULL};
	struct err e;
	struct reading *r = mapper_open_rejects(feed->mapper, &sink, &e);

	cr_assert_not_null(r, "%s", e.msg);
	feed_all(r, file, piece);
}

/* Reads a file that was dropped again: its cells, each behind its length. */
struct dropped {
	struct mended mended;
	bool header;
	struct buf cells;
	uint64_t rows, bad;
};

static int
on_row(void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct dropped *d = arg;

	(void)number, (void)e;
	if (!d->header)
		mended_find(&d->mended, cells, n);
	d->rows += d->header;
	cells = mended_cells(&d->mended, cells, &n);
	for (size_t i = 0; i < n && d->header; i++) {
		buf_addf(&d->cells, "%zu:", cells[i].n);
		buf_add_span(&d->cells, cells[i]);
	}
	d->header = true;
	return 0;
}

static int
on_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	struct dropped *d = arg;

	(void)bad, (void)e;
	d->bad++;
	return 0;
}

static void
drop_again(struct dropped *d, struct span file)
{
	const struct reader_conf conf = {
	    .charset = "auto", .max_line = 1 << 20, .max_columns = 100, .max_span = 200};
	const struct reader_sink sink = {.row = on_row, .bad = on_bad, .arg = d};
	struct reader *r;
	struct err e;

	*d = (struct dropped){.header = false};
	buf_init(&d->cells, TEXT_MAX);
	cr_assert_eq(mended_init(&d->mended, conf.max_columns, &e), 0);
	r = reader_new(&conf, &sink, &e);
	cr_assert_eq(reader_feed(r, file, &e), 0, "%s", e.msg);
	cr_assert_eq(reader_end(r, &e), 0, "%s", e.msg);
	reader_free(r);
	cr_assert(d->mended.is);
}

static void
dropped_release(struct dropped *d)
{
	mended_release(&d->mended);
	buf_release(&d->cells);
}

static uint64_t random_state = 1;

static unsigned
below(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)((random_state >> 33) % n);
}

/* A cell of what is hard: formulas, guards, marks, delimiters, line ends, blanks. */
static struct span
random_cell(char out[CELL_MAX * 4], char delimiter)
{
	static const char *const bits[] = {"'", "'", "=", "+", "-", "@", "\t", "\r", "\n",
	    "\r\n", "\"", "\"\"", " ", ",", ";", "|", "1", "0", "00", "1234567", ".", "E",
	    "/", "x", "\xc3\xa9", "\uff1d", ""};
	const unsigned n = below(CELL_MAX / 2);
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned which = below(sizeof(bits) / sizeof(bits[0]) + 1);
		const char *bit = which == sizeof(bits) / sizeof(bits[0]) ? &delimiter
									  : bits[which];
		size_t len = bit == &delimiter ? 1 : strlen(bit);

		memcpy(out + at, bit, len);
		at += len;
	}
	return (struct span){out, at};
}

/* As any program writes it; in quotes also where it need not be. */
static void
export_cell(struct buf *out, struct span cell, char delimiter)
{
	const char special[] = {delimiter, '"', '\r', '\n', ' ', '\t', '\0'};
	bool quotes = below(4) == 0;

	for (size_t i = 0; i < cell.n; i++)
		quotes |= strchr(special, cell.p[i]) != NULL;
	if (quotes)
		buf_add_char(out, '"');
	for (size_t i = 0; i < cell.n; i++)
		buf_addf(out, "%s%c", cell.p[i] == '"' ? "\"" : "", cell.p[i]);
	if (quotes)
		buf_add_char(out, '"');
}

/* A file of random cells, and what drop_again should find in it. */
static void
make(char delimiter, struct buf *file, struct buf *expected)
{
	char text[CELL_MAX * 4];

	for (unsigned i = 0; i < COLUMNS; i++)
		buf_addf(file, "%c%c", 'a' + (int)i, i < COLUMNS - 1 ? delimiter : '\n');
	for (unsigned row = 0; row < ROWS; row++) {
		for (unsigned i = 0; i < COLUMNS; i++) {
			struct span cell = i == 0 ? SPAN_LIT("id")
						  : random_cell(text, delimiter);

			export_cell(file, cell, delimiter);
			buf_addf(expected, "%zu:", cell.n);
			buf_add_span(expected, cell);
			if (i < COLUMNS - 1)
				buf_add_char(file, delimiter);
		}
		buf_add_str(file, below(2) ? "\r\n" : "\n");
	}
}

/* Each comes back as it was, also the second time. */
Test(csv_mended, every_cell_comes_back)
{
	static const char delimiters[] = ",;\t|";

	for (size_t i = 0; i < 4; i++) {
		struct buf file, expected, rejects, again;
		struct dropped d;
		struct feed feed;
		char csv[32];

		snprintf(csv, sizeof(csv), "delimiter = %s%.1s",
		    delimiters[i] == '\t' ? "tab" : "",
		    delimiters[i] == '\t' ? "" : &delimiters[i]);
		feed_open(&feed, csv, MAP);
		buf_init(&file, TEXT_MAX);
		buf_init(&expected, TEXT_MAX);
		buf_init(&rejects, TEXT_MAX);
		buf_init(&again, TEXT_MAX);
		make(delimiters[i], &file, &expected);
		reject_all(&feed, buf_span(&file), 1 << 16, &rejects);
		drop_again(&d, buf_span(&rejects));
		cr_expect_eq(d.rows, ROWS);
		cr_expect_eq(d.bad, 0);
		cr_expect(span_eq(buf_span(&d.cells), buf_span(&expected)));
		dropped_release(&d);

		reject_all(&feed, buf_span(&rejects), 777, &again);
		drop_again(&d, buf_span(&again));
		cr_expect_eq(d.bad, 0);
		cr_expect(span_eq(buf_span(&d.cells), buf_span(&expected)));
		dropped_release(&d);
		feed_close(&feed);
		buf_release(&file);
		buf_release(&expected);
		buf_release(&rejects);
		buf_release(&again);
	}
}

/* No cell of a reject file is run, or changed, whatever stood in the export. */
Test(csv_mended, no_formula_is_left)
{
	static const char *const formulas[] = {"=1", "+1", "-1", "@a", "\t=1", "\r=1",
	    "\n=1", " =1", "'=1", "''=1", "' =1", "  -1", "= 1", "'\t", "-", "00123",
	    "'00123", " 007 ", "123456789012", "1.50", "12.", ".5", "0,10", "12E5", "1e2",
	    "3-4", "11/26", "2026-11", "00", "1234567890.5", "\uff1d1", "\uff0b1",
	    "\uff0d1", "\uff20a", "' \uff1d1"};
	static const char *const plain[] = {"", "'", "1=1", "O'Neil", "''", " ", "a-b",
	    "'a", "1", "\"=1\"", "0", "12345678901", "1.5", "0.25", "03/04/1980",
	    "2026-11-03", "9:30 AM", "00123A", "A00123", "12345-678", "1.2.3", "E5",
	    "12E", "1-", ".", "0x10", "\uff21", "\uff11"};
	struct buf out;

	buf_init(&out, 1024);
	for (size_t i = 0; i < sizeof(formulas) / sizeof(formulas[0]); i++) {
		struct span cell = span_of(formulas[i]);

		buf_clear(&out);
		cr_expect(cell_wants_guard(cell), "%s", formulas[i]);
		cell_write(&out, cell, SPAN_LIT(","));
		cr_expect(out.p[out.p[0] == '"'] == '\'', "%s", formulas[i]);
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		cr_expect_not(cell_wants_guard(span_of(plain[i])), "%s", plain[i]);
		cr_expect(span_eq(cell_unguard(span_of(plain[i])), span_of(plain[i])));
	}
	buf_release(&out);
}

#define HEAD "\xef\xbb\xbf_row,_column,_problem,_remedy,"
#define WHY  "'=b, \"\"or\"\" c\",\"It, is; wrong | now.\",Mend	it.,"

/* What is clean stands as it was sent, byte by byte; what is not is made to be seen. */
Test(csv_mended, rows_as_they_were_sent)
{
	static const struct {
		const char *file, *rejects;
	} cases[] = {
	    {"a,b\n1, \"x\" ,\n", HEAD "a,b\n2,\"" WHY "1, \"x\" ,\n"},
	    {"a,b\r\n1,\"x\ny\"", HEAD "a,b\r\n2,\"" WHY "1,\"x\ny\"\r\n"},
	    {"a,b\r1,2\r", HEAD "a,b\r2,\"" WHY "1,2\r"},
	    {"\xef\xbb\xbf"
	     "a,b\n\n1\n",
		HEAD "a,b\n3,\"" WHY "1\n"},
	    {"a,b\n1,M\xfcller\n", HEAD "a,b\n2,\"" WHY "1,M\xc3\xbcller\n"},
	    {"a,b\n1,\"x\"y,z\n2,3\n",
		HEAD "a,b\n2,\"" WHY "1,\"\"\"x\"\"y\",z\n3,\"" WHY "2,3\n"},
	    {"a,b\n1,\"x,=z\n2,3\n",
		HEAD "a,b\n2,\"" WHY "1,\"\"\"x\",'=z\n3,\"" WHY "2,3\n"},
	    {"a,=b\n1,2\n", HEAD "a,'=b\n2,\"" WHY "1,2\n"},
	    {HEAD "a,b\n2,x,y,z,1,'-2\n", HEAD "a,b\n2,\"" WHY "1,'-2\n"},
	    {"a,b\n007,\"x\"\n", HEAD "a,b\n2,\"" WHY "'007,x\n"},
	    {HEAD "a,b\n2,x,y,z,'007,'08\n", HEAD "a,b\n2,\"" WHY "'007,'08\n"},
	    {HEAD "a,b\n2,x,y,z,''007,''1\n", HEAD "a,b\n2,\"" WHY "''007,''1\n"},
	};

	struct feed feed;

	feed_open(&feed, "delimiter = ,", MAP);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;

		buf_init(&out, 1 << 20);
		reject_all(&feed, span_of(cases[i].file), 3, &out);
		cr_expect(span_eq(buf_span(&out), span_of(cases[i].rejects)),
		    "%zu: got %.*s", i, (int)out.n, out.p);
		buf_release(&out);
	}
	feed_close(&feed);
}

/* A row too long to be kept is told with nothing behind it; its neighbours are whole. */
Test(csv_mended, too_long)
{
	struct buf file, out;
	struct feed feed;

	feed_open(&feed, "delimiter = ,", MAP);
	buf_init(&file, 4u << 20);
	buf_init(&out, 8u << 20);
	buf_add_str(&file, "a,b\n1,");
	for (size_t i = 0; i < (1u << 20) + 10; i++)
		buf_add_char(&file, 'x');
	buf_add_str(&file, "\n2,3\n");
	reject_all(&feed, buf_span(&file), 65536, &out);
	feed_close(&feed);
	cr_expect(
	    span_eq(buf_span(&out), SPAN_LIT(HEAD "a,b\n2,\"" WHY "\n3,\"" WHY "2,3\n")));
	buf_release(&file);
	buf_release(&out);
}

struct taken {
	unsigned records, mended;
};

static int
count_record(void *arg, const struct record *r, struct err *e)
{
	struct taken *t = arg;

	(void)r, (void)e;
	t->records++;
	return 0;
}

static void
note_problem(void *arg, const struct problem *p)
{
	(void)arg, (void)p;
}

static int
count_mended(void *arg, bool mended, struct err *e)
{
	struct taken *t = arg;

	(void)e;
	t->mended += mended;
	return 0;
}

/* Plain words, for rows up to the last one of the data. */
struct plain {
	uint64_t last;
	struct buf out;
};

static int
want_plain(void *arg, uint64_t row, struct reject *out, struct err *e)
{
	const struct plain *p = arg;

	(void)e;
	*out = (struct reject){row, SPAN_LIT("b"), SPAN_LIT("No."), SPAN_LIT("Do.")};
	return row <= p->last;
}

static int
add_plain(void *arg, struct span bytes, struct err *e)
{
	struct plain *p = arg;

	return add_text(&p->out, bytes, e);
}

#define BY_NUMBER "[patient]\nop = patch\nid = {#1}\nname.family = {#2}\n"
#define MARK      "\xef\xbb\xbf"

/* What stands round the data is not in a reject file, nor missed when that comes back. */
static const struct {
	const char *csv, *map;
	struct span file;
	uint64_t last;
	const char *rejects;
	unsigned records;
} layouts[] = {
    {"skip_top = 2", MAP, SPAN_LIT("Title\n\na;b\n1;2\n3;4\n"), 5,
	MARK "_row;_column;_problem;_remedy;a;b\n4;b;No.;Do.;1;2\n5;b;No.;Do.;3;4\n", 2},
    {"header_match = auto", MAP, SPAN_LIT("Title, of it\na|b\n1|2\n"), 3,
	MARK "_row|_column|_problem|_remedy|a|b\n3|b|No.|Do.|1|2\n", 1},
    {"footer = \"Total: {count}\"", MAP, SPAN_LIT("a,b\n1,2\n3,4\nTotal: 2\n"), 3,
	MARK "_row,_column,_problem,_remedy,a,b\n2,b,No.,Do.,1,2\n3,b,No.,Do.,3,4\n", 2},
    {"header = no", BY_NUMBER, SPAN_LIT("1,2\n=3,4\n"), 2,
	MARK "_row,_column,_problem,_remedy,#1,#2\n1,b,No.,Do.,1,2\n"
	     "2,b,No.,Do.,'=3,4\n",
	2},
    {"header = no", BY_NUMBER, SPAN_LIT("1,\"2\"x\n3,4\n"), 2,
	MARK "_row,_column,_problem,_remedy,#1,#2\n1,b,No.,Do.,1,\"\"\"2\"\"x\"\n"
	     "2,b,No.,Do.,3,4\n",
	2},
    {"delimiter = ||", MAP, SPAN_LIT("a||b\n1||x|y\n2||\"x||y\n"), 3,
	MARK "_row||_column||_problem||_remedy||a||b\n2||b||No.||Do.||1||x|y\n"
	     "3||b||No.||Do.||2||\"\"\"x\"||y\n",
	1},
    {"charset = utf-16le", MAP, SPAN_LIT("a\0,\0b\0\n\0001\0,\0\xe9\0\n\0"), 2,
	MARK "_row,_column,_problem,_remedy,a,b\n2,b,No.,Do.,1,\xc3\xa9\n", 1},
};

Test(csv_mended, layouts)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct plain p = {.last = layouts[i].last};
		const struct rejects_sink again = {want_plain, add_plain, &p, NULL};
		struct taken t = {.records = 0};
		const struct mapper_sink sink = {.record = count_record,
		    .problem = note_problem,
		    .mended = count_mended,
		    .arg = &t};
		struct feed feed;
		struct err e;

		buf_init(&p.out, 1 << 16);
		feed_open(&feed, layouts[i].csv, layouts[i].map);
		feed_all(
		    mapper_open_rejects(feed.mapper, &again, &e), layouts[i].file, 5);
		cr_expect(span_eq(buf_span(&p.out), span_of(layouts[i].rejects)),
		    "%s: got %.*s", layouts[i].csv, (int)p.out.n, p.out.p);
		feed_all(mapper_open(feed.mapper, &sink, 0, &e), buf_span(&p.out), 7);
		cr_expect_eq(t.mended, 1, "%s", layouts[i].csv);
		cr_expect_eq(t.records, layouts[i].records, "%s", layouts[i].csv);
		feed_close(&feed);
		buf_release(&p.out);
	}
}

static int
pass_mended(void *arg, bool mended, struct err *e)
{
	(void)arg, (void)mended, (void)e;
	return 0;
}

static int
take_family(void *arg, const struct record *r, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	for (size_t i = 0; i < r->nvalues; i++)
		buf_add_span(out, r->values[i].text);
	return 0;
}

/* Our reject files are UTF-8, and a spreadsheet may save another set: both are found. */
Test(csv_mended, charset)
{
	static const struct {
		const char *csv, *file, *family;
	} cases[] = {
	    {"charset = windows-1252",
		"_row,_column,_problem,_remedy,a,b\n2,b,,,1,Pe\xc3\xb1"
		"a\n",
		"Pe\xc3\xb1"
		"a"},
	    {"charset = windows-1252",
		"_row,_column,_problem,_remedy,a,b\n2,b,,,1,Pe\xf1"
		"a\n",
		"Pe\xc3\xb1"
		"a"},
	    {"charset = utf-8",
		"_row,_column,_problem,_remedy,a,b\n2,b,,,1,Pe\xf1"
		"a\n",
		"Pe\xc3\xb1"
		"a"},
	    {"charset = utf-8",
		"_row;_column;_problem;_remedy;a;b\n2;b;;;1;Pe\xf1"
		"a\n",
		"Pe\xc3\xb1"
		"a"},
	    {"charset = utf-16le",
		"_row;_column;_problem;_remedy;a;b\n2;b;;;1;Pe\xf1"
		"a\n",
		"Pe\xc3\xb1"
		"a"},
	    {"charset = utf-16be",
		"_row,_column,_problem,_remedy,a,b\n2,b,,,1,Pe\xc3\xb1"
		"a\n",
		"Pe\xc3\xb1"
		"a"},
	    /* In any other file the feed's word counts. */
	    {"charset = windows-1252",
		"a,b\n1,Pe\xc3\xb1"
		"a\n",
		"Pe\xc3\x83\xc2\xb1"
		"a"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf got;
		const struct mapper_sink sink = {.record = take_family,
		    .problem = note_problem,
		    .mended = pass_mended,
		    .arg = &got};
		struct feed feed;
		struct err e;

		buf_init(&got, 1 << 10);
		feed_open(&feed, cases[i].csv,
		    "[patient]\nop = patch\nid = {a}\nname.family = {b}\n");
		feed_all(
		    mapper_open(feed.mapper, &sink, 0, &e), span_of(cases[i].file), 3);
		cr_expect(span_eq(buf_span(&got), span_of(cases[i].family)),
		    "case %zu: %.*s", i, (int)got.n, got.p);
		feed_close(&feed);
		buf_release(&got);
	}
}

/* Columns of a fixed width leave no room for ours. */
Test(csv_mended, widths)
{
	struct feed feed;

	feed_open(&feed, "widths = 1 5\nheader = no", BY_NUMBER);
	cr_expect_not(mapper_rejects(feed.mapper));
	feed_close(&feed);
	feed_open(&feed, "", MAP);
	cr_expect(mapper_rejects(feed.mapper));
	feed_close(&feed);
}

Test(csv_mended, columns_are_found)
{
	static const struct span moved[] = {SPAN_LIT("ID"), SPAN_LIT("_REMEDY "),
	    SPAN_LIT("_row"), SPAN_LIT("Last"), SPAN_LIT("_problem"),
	    SPAN_LIT("_column")};
	struct mended m;
	struct err e;
	size_t n = 6;
	const struct span *cells;

	cr_assert_eq(mended_init(&m, 10, &e), 0);
	mended_find(&m, moved, 2);
	cr_expect_not(m.is, "one may be the clinic's");
	cr_expect_eq(mended_column(&m, 1), 1);
	mended_find(&m, moved, 4);
	cr_expect(m.is, "two are enough");
	cr_expect_eq(mended_column(&m, 3), 1);
	mended_find(&m, moved, 6);
	cr_assert(m.is);
	cells = mended_cells(&m, moved, &n);
	cr_expect_eq(n, 2);
	cr_expect(span_eq(cells[1], SPAN_LIT("Last")));
	cr_expect_eq(mended_column(&m, 0), 0);
	cr_expect_eq(mended_column(&m, 3), 1);
	cr_expect_eq(mended_column(&m, 4), SIZE_MAX);
	cr_expect_eq(mended_column(&m, SIZE_MAX), SIZE_MAX);
	mended_release(&m);
}

/* Spreadsheets write a delimiter of their own, whatever the feed sets. */
Test(csv_mended, delimiter)
{
	static const struct {
		const char *head, *set;
		char found;
	} cases[] = {
	    {"_row,_column,_problem,_remedy,ID\r\n", NULL, ','},
	    {"_row^_column^_problem^_remedy^ID\r\n", NULL, '^'},
	    {"\"_row\";\"_column\";\"_problem\";\"_remedy\";\"ID\"\r\n", "|", ';'},
	    {"_row|_column|_problem|_remedy|ID\r\n", "|", '\0'},
	    {"_row||_column||_problem||_remedy||ID\r\n", "||", '\0'},
	    {"_row\t_column\t_problem\t_remedy\tID\r\n", "||", '\t'},
	    {"_row,_column,_problem,_remedy,ID\r\n", ",;", ','},
	    {"ID;_remedy;_problem;_column;_row\r\n1;2;3;4;5\r\n", ",", ';'},
	    {"ID||_remedy||_problem||_column||_row\r\n", "||", '\0'},
	    {"\"ID\"\t\"_remedy\"\t\"_problem\"\t\"_column\"\t\"_row\"", NULL, '\t'},
	    {"_row;_column;ID\r\n", ",", ';'},
	    {"ID|_problem|_column\r\n", NULL, '|'},
	};
	static const char *const none[] = {"", "ID,Last\r\n_row,_column\r\n",
	    "_row,ID\r\n", "my_row,_problem,a_remedy\r\n", "_rows,_columns,_row\r\n"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct span head = span_of(cases[i].head);

		cr_expect(mended_head(head), "%s", cases[i].head);
		cr_expect_eq(
		    mended_delimiter(head, cases[i].set), cases[i].found, "case %zu", i);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		cr_expect_not(mended_head(span_of(none[i])), "%s", none[i]);
}
