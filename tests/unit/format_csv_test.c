#include "mappers/format.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/unit/csv_rig.h"

#define NOW     INT64_C(1772323200000) /* 2026-03-01 */
#define LOG_MAX (1 << 20)

#define MAP                                                  \
	"[rows]\nwhen = {Status} not in HOLD\n"              \
	"[patient]\nid = {MRN}\nname.family = {Last Name}\n" \
	"birth_date = {DOB} | date \"%m/%d/%Y\"\n"

#define TITLES "MRN,Last Name,DOB,Status\n"

/* "5 id\n" for a record, "5 code Title reject\n" for a problem. */
struct log {
	struct buf text;
	bool stop;
	bool present; /* what is there, though its row gives no record, is asked for */
};

static int
log_record(void *arg, const struct record *r, struct err *e)
{
	struct log *l = arg;

	if (l->stop)
		return err_set(e, ERR_DEADLINE, "the sink ends it");
	buf_addf(&l->text, "%d %.*s\n", (int)r->row, (int)r->id.n, r->id.p);
	return 0;
}

static void
log_problem_line(void *arg, const struct problem *p)
{
	struct log *l = arg;

	buf_addf(&l->text, "%d %s <%.*s> %s\n", (int)p->row, problem_name(p->code),
	    (int)p->column.n, p->column.n == 0 ? "" : p->column.p,
	    p->weight == WEIGHT_REJECT ? "reject" : "warning");
}

/* "5 there appointment id\n" of what is present; "?" is what can't be read. */
static int
log_present(void *arg, const struct record *r, struct err *e)
{
	struct log *l = arg;

	if (l->stop)
		return err_set(e, ERR_DEADLINE, "the sink ends it");
	buf_addf(&l->text, "%d there %s %s %.*s\n", (int)r->row,
	    r->schema == NULL ? "?" : record_op_name(r->op),
	    r->schema == NULL ? "?" : r->schema->name, r->id.n > 0 ? (int)r->id.n : 1,
	    r->id.n > 0 ? r->id.p : "?");
	return 0;
}

static struct reading *
open_reading(struct feed *f, struct log *l)
{
	struct mapper_sink sink = {
	    .record = log_record, .problem = log_problem_line, .arg = l};
	struct reading *r;

	if (l->present)
		sink.present = log_present;

	cr_assert_not_null(
	    f->mapper, "%s: %s", f->err.msg, f->errors.n > 0 ? f->errors.text[0] : "");
	buf_init(&l->text, LOG_MAX);
	r = mapper_open(f->mapper, &sink, NOW, &f->err);
	cr_assert_not_null(r);
	return r;
}

static int
read_all(struct reading *r, struct span in, struct err *e)
{
	if (reading_feed(r, in, e) != 0)
		return -1;
	return reading_end(r, e);
}

static void
expect_log(struct log *l, const char *want)
{
	buf_add_char(&l->text, '\0');
	cr_expect_str_eq(l->text.p, want);
	buf_release(&l->text);
}

Test(format_csv_files, read)
{
	static const struct {
		struct span in;
		const char *want;
		struct mapper_counts counts;
		const char *found, *words;
	} table[] = {
	    {SPAN_LIT(""), "", {0}, "no header", "no header"},
	    {SPAN_LIT("\r\n\r\n"), "", {0}, "no header", "no header"},
	    {SPAN_LIT(TITLES), "", {0}, "delimiter=, charset=utf-8",
		"cells separated by commas, in utf-8"},
	    {SPAN_LIT(TITLES "1,A,01/02/1980,ok\n"
			     "2,B,,HOLD\n"
			     ",C,,ok\n"
			     "4,D,31/31/1980,ok\n"
			     "5,E\n"
			     "6,F,,ok,, \n"
			     "7,G,,ok,x\n"
			     "8,H\"x,,ok\n"
			     "9,I,,ok"),
		"2 1\n"
		"4 missing_id <MRN> reject\n"
		"5 not_date <DOB> warning\n"
		"5 4\n"
		"6 csv_columns <> reject\n"
		"7 6\n"
		"8 csv_columns <> reject\n"
		"9 csv_quote <Last Name> reject\n"
		"10 9\n",
		{.rows = 9,
		    .mapped = 4,
		    .filtered = 1,
		    .rejected = 4,
		    .records = 4,
		    .warnings = 1},
		"delimiter=, charset=utf-8", "cells separated by commas, in utf-8"},
	    /* Titles: mark, case, blanks, another order, empty ones at the end. */
	    {SPAN_LIT("\xef\xbb\xbf\"status\"; last name ;DOB;mrn;X;;\r\n"
		      "ok;\"A;\r\nB\";;1;;;\r\n"
		      "ok;C;;2;\r\n"
		      "ok;C;;2\r\n"),
		"2 1\n3 2\n4 csv_columns <> reject\n",
		{.rows = 3, .mapped = 2, .rejected = 1, .records = 2},
		"delimiter=; charset=utf-8", "cells separated by semicolons, in utf-8"},
	    {SPAN_LIT("MRN\tLast Name\tDOB\tStatus\r1\tJos\xe9, A\t\tok\r\r"
		      "2\tB\x81\t\tok\r3\tC\0\t\tok\r4\t\"D\t\tok\r5\tE\t\tok"),
		"2 1\n4 encoding <Last Name> reject\n"
		"5 control_character <Last Name> reject\n"
		"6 csv_quote <Last Name> reject\n7 5\n",
		{.rows = 5, .mapped = 2, .rejected = 3, .records = 2},
		"delimiter=tab charset=windows-1252",
		"cells separated by tabs, in windows-1252"},
	};
	struct feed f;

	feed_open(&f, MAP);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct log l = {0};
		struct reading *r = open_reading(&f, &l);
		const struct mapper_counts *n = reading_counts(r);

		cr_assert_eq(read_all(r, table[i].in, &f.err), 0, "%s", f.err.msg);
		cr_expect_eq(memcmp(n, &table[i].counts, sizeof(*n)), 0, "file %zu", i);
		cr_expect_str_eq(reading_found(r, FOUND_KEYS), table[i].found);
		cr_expect_str_eq(reading_found(r, FOUND_WORDS), table[i].words);
		expect_log(&l, table[i].want);
		reading_free(r);
	}
	feed_close(&f);
}

#define SNAPSHOT                                                           \
	"[rows]\nwhen = {Status} not in HOLD\n"                            \
	"[appointment]\nop = patch\non_missing = cancel\n"                 \
	"when = {Status} is not note\n"                                    \
	"id = {Appt} | not_scientific\nstatus = {Status} | code s\n"       \
	"[patient]\nop = patch\nid = {MRN}\n"                              \
	"[location]\non_missing = delete\nid = {Place} | not_scientific\n" \
	"when = {Place} present\n"                                         \
	"[code s]\nbooked = ok\n"

/* Rejected and left out rows say who is there; sections that ignore what is missing don't. */
Test(format_csv_files, what_a_snapshot_has_besides)
{
	static const char in[] = "Appt,MRN,Place,Status\n"
				 "A2,M,L2,ok\n"  /* taken */
				 "A3,M,,ok\n"    /* no place, and so none that is there */
				 "A4,M,L4,bad\n" /* rejected */
				 "A5,,L5,ok\n"   /* rejected for the patient */
				 ",M,L6,ok\n"    /* rejected for the appointment */
				 "1.5E+10,M,L7,ok\n" /* an id that can't be read */
				 "A8,M,L8,HOLD\n"    /* left out by [rows] */
				 ",,,HOLD\n"         /* and for nobody */
				 "1.5E+11,M,,HOLD\n" /* and for somebody */
				 "A11,M,L11,note\n"  /* left out by a section */
				 "A12,M,L12\n"       /* cells are missing */
				 "A13,\"M,L13,ok\n";
	static const char want[] = "2 A2\n2 M\n2 L2\n"
				   "3 A3\n3 M\n"
				   "4 unknown_code <Status> reject\n"
				   "4 there patch appointment A4\n"
				   "4 there put location L4\n"
				   "5 missing_id <MRN> reject\n"
				   "5 there patch appointment A5\n"
				   "5 there put location L5\n"
				   "6 missing_id <Appt> reject\n"
				   "6 there patch appointment ?\n"
				   "6 there put location L6\n"
				   "7 scientific_notation <Appt> reject\n"
				   "7 there patch appointment ?\n"
				   "7 there put location L7\n"
				   "8 there patch appointment A8\n"
				   "8 there put location L8\n"
				   "10 there patch appointment ?\n"
				   "11 there patch appointment A11\n"
				   "11 M\n11 L11\n"
				   "12 csv_columns <> reject\n12 there ? ? ?\n"
				   "13 csv_quote <MRN> reject\n13 there ? ? ?\n";
	struct log l = {.present = true};
	struct reading *r;
	struct feed f;

	feed_open(&f, SNAPSHOT);
	r = open_reading(&f, &l);
	cr_assert_eq(read_all(r, span_of(in), &f.err), 0, "%s", f.err.msg);
	cr_expect_eq(reading_counts(r)->rejected, 6);
	cr_expect_eq(reading_counts(r)->filtered, 3);
	expect_log(&l, want);
	reading_free(r);
	feed_close(&f);
}

/* A row of control characters becomes six times as long, in each field that has it. */
Test(format_csv_files, a_row_that_is_too_large_costs_itself)
{
	const char text[] = "[patient]\non_missing = delete\nid = {MRN}\n"
			    "name.family = {Last Name}\n"
			    "extra.a = {Note}\nextra.b = {Note}\nextra.c = {Note}\n";
	struct log l = {.present = true};
	struct reading *r;
	struct buf file;
	struct feed f;

	buf_init(&file, 4 << 20);
	buf_add_str(&file, "MRN,Last Name,Note\n1,A,a\n2,B,");
	for (size_t i = 0; i < 900000; i++)
		buf_add_char(&file, '\x01');
	buf_add_str(&file, "\n3,C,c\n");
	feed_open(&f, text);
	r = open_reading(&f, &l);
	cr_assert_eq(read_all(r, buf_span(&file), &f.err), 0, "%s", f.err.msg);
	cr_expect_eq(reading_counts(r)->rejected, 1);
	expect_log(&l, "2 1\n3 control_character <Note> warning\n"
		       "3 limit <> reject\n3 there put patient 2\n4 3\n");
	reading_free(r);
	feed_close(&f);
	buf_release(&file);
}

Test(format_csv_files, the_sink_may_end_it_at_a_row_that_is_there)
{
	static const char *const rows[] = {"A1,M,L,bad\n", "A1,M,L,HOLD\n", "A1\n"};
	struct feed f;

	feed_open(&f, SNAPSHOT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log l = {.present = true, .stop = true};
		struct reading *r = open_reading(&f, &l);
		char in[100];

		snprintf(in, sizeof(in), "Appt,MRN,Place,Status\n%s", rows[i]);
		cr_expect_eq(read_all(r, span_of(in), &f.err), -1, "%s", rows[i]);
		cr_expect_eq(f.err.code, ERR_DEADLINE);
		buf_release(&l.text);
		reading_free(r);
	}
	feed_close(&f);
}

Test(format_csv_files, refused)
{
	static const struct {
		struct span in;
		const char *says;
	} table[] = {
	    {SPAN_LIT("MRN,Surname,DOB,Status\n1,A,,ok\n"), "Last Name"},
	    {SPAN_LIT("a,b\n"), "MRN"},
	    {SPAN_LIT("MRN,Last \"Name\",DOB,Status\n"), "header (row 1)"},
	    {SPAN_LIT("\nMRN,\"Last Name,DOB,Status\n1,2,3,4\n"), "header (row 2)"},
	    {SPAN_LIT("\xff\xfeM\0R\0N\0"), "Last Name"},
	};
	struct feed f;

	feed_open(&f, MAP);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct log l = {0};
		struct reading *r = open_reading(&f, &l);
		struct err e = {0};

		cr_expect_eq(read_all(r, table[i].in, &e), -1);
		cr_expect_eq(e.code, ERR_REFUSED);
		cr_expect_not_null(strstr(e.msg, table[i].says), "%s", e.msg);
		expect_log(&l, "");
		reading_free(r);
	}
	feed_close(&f);
}

Test(format_csv_files, the_sink_ends_it)
{
	struct log l = {.stop = true};
	struct err e = {0};
	struct reading *r;
	struct feed f;

	feed_open(&f, MAP);
	r = open_reading(&f, &l);
	cr_expect_eq(read_all(r, SPAN_LIT(TITLES "1,A,,ok\n2,B,,ok\n"), &e), -1);
	cr_expect_eq(e.code, ERR_DEADLINE);
	cr_expect_eq(reading_feed(r, SPAN_LIT("x"), &e), -1);
	cr_expect_eq(e.code, ERR_INTERNAL);
	expect_log(&l, "");
	reading_free(r);
	feed_close(&f);
}

Test(format_csv_files, explain_one_row)
{
	struct log l = {0};
	struct reading *r;
	struct buf out;
	struct json j;
	struct feed f;

	buf_init(&out, LOG_MAX);
	jw_init(&j, &out);
	feed_open(&f, MAP);
	r = open_reading(&f, &l);
	jw_array(&j);
	reading_explain(r, 3, &j);
	cr_expect_eq(
	    read_all(r, SPAN_LIT(TITLES "11,A,,ok\n22,B,,ok\n33,C,,ok\n"), &f.err), 0);
	jw_array_end(&j);
	buf_add_char(&out, '\0');
	cr_expect_not_null(strstr(out.p, "Last Name"));
	cr_expect_not_null(strstr(out.p, "\"22\""));
	cr_expect_null(strstr(out.p, "\"11\""));
	cr_expect_null(strstr(out.p, "\"33\""));
	expect_log(&l, "2 11\n3 22\n4 33\n");
	reading_free(r);
	feed_close(&f);
	buf_release(&out);
}

Test(format_csv_settings, mistakes)
{
	static const struct {
		const char *text;
		const char *says;
	} table[] = {
	    {"[csv]\ndelimiter = |123456|~\n", "delimiter"},
	    {"[csv]\ndelimiter = |\"|\n", "delimiter"},
	    {"[csv]\ncharset = klingon\n", "charset"},
	    {"[csv]\ncharset = utf-16\n", "charset"},
	    {"[csv]\ncharset = utf-32\n", "charset"},
	    {"[csv]\nmax_line = 12\n", "max_line"},
	    {"[csv]\nmax_columns = 0\n", "max_columns"},
	    {"[csv]\ndelimeter = ;\n", "delimiter"},
	};
	char text[1024];
	struct feed f;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", table[i].text, MAP);
		feed_open(&f, text);
		cr_expect_null(f.mapper, "%s", table[i].text);
		cr_expect_eq(f.err.code, ERR_CONFIG, "%s", table[i].text);
		cr_assert_eq(f.errors.n, 1, "%s", table[i].text);
		cr_expect_not_null(
		    strstr(f.errors.text[0], table[i].says), "%s", f.errors.text[0]);
		feed_close(&f);
	}
}

Test(format_csv_settings, obeyed)
{
	static const struct {
		const char *text;
		struct span in;
		const char *want;
	} table[] = {
	    {"[csv]\ndelimiter = ;\n", SPAN_LIT("MRN;Last Name;DOB;Status,x,x,x,x,x\n"),
		""},
	    {"[csv]\ndelimiter = tab\n",
		SPAN_LIT("MRN\tLast Name\tDOB\tStatus\n1\tA, B\t\t\n"), "2 1\n"},
	    {"[csv]\ndelimiter = pipe\n",
		SPAN_LIT("MRN|Last Name|DOB|Status\n1|A, B||\n"), "2 1\n"},
	    {"[csv]\ncharset = utf-8\n", SPAN_LIT(TITLES "1,\xe9,,\n2,x,,\n"),
		"2 encoding <Last Name> reject\n3 2\n"},
	    {"[csv]\nmax_span = 1\n", SPAN_LIT(TITLES "1,\"x\ny\",,\n2,x,,\n"),
		"2 csv_quote <Last Name> reject\n"
		"3 csv_quote <MRN> reject\n4 2\n"},
	};
	char text[1024];
	struct feed f;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct log l = {0};
		struct reading *r;
		int rc;

		snprintf(text, sizeof(text), "%s%s", table[i].text, MAP);
		feed_open(&f, text);
		r = open_reading(&f, &l);
		rc = read_all(r, table[i].in, &f.err);
		cr_expect_eq(rc, i == 0 ? -1 : 0, "%s", f.err.msg);
		expect_log(&l, table[i].want);
		reading_free(r);
		feed_close(&f);
	}
}

Test(format_csv_settings, fingerprint)
{
	struct feed a, b, other;

	feed_open(&a, MAP);
	feed_open(&b, "[csv]\ndelimiter = auto\n" MAP);
	feed_open(&other, "[csv]\ndelimiter = ;\n" MAP);
	cr_expect_eq(mapper_fingerprint(a.mapper), mapper_fingerprint(b.mapper));
	cr_expect_neq(mapper_fingerprint(a.mapper), mapper_fingerprint(other.mapper));
	feed_close(&other);
	feed_close(&b);
	feed_close(&a);
}

/* The facade asks the map. */
Test(format_csv_settings, event_times)
{
	struct feed with, without;

	feed_open(&with, MAP "updated_at = {MRN}\n");
	feed_open(&without, MAP);
	cr_expect(mapper_event_times(with.mapper));
	cr_expect_not(mapper_event_times(without.mapper));
	feed_close(&without);
	feed_close(&with);
}
