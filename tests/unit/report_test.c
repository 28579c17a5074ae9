#include "cmd/report.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool no_memory;

/* In libc's place, so that an array can be made to fail in its growth. */
void *
reallocarray(void *p, size_t n, size_t size)
{
	return no_memory || n > SIZE_MAX / size ? NULL : realloc(p, n * size);
}

static struct report r;
static struct problems p;
static struct buf out;

static void
setup(void)
{
	report_init(&r, "01ARYZ6S41TSV4RRFFQ69G5FAV", "0af7651916cd43dd8448eb211c80319c");
	problems_init(&p);
	buf_init(&out, 1 << 20);
}

static void
teardown(void)
{
	report_release(&r);
	problems_release(&p);
	buf_release(&out);
}

TestSuite(report, .init = setup, .fini = teardown);

static void
problem(enum problem_weight weight, uint64_t row, const char *column)
{
	char title[64];
	struct problem one = {.code = PROBLEM_NOT_DATE,
	    .weight = weight,
	    .row = row,
	    .type = "patient",
	    .field = "birth_date"};

	snprintf(title, sizeof(title), "%s", column);
	one.column = span_of(title);
	problems_add(&p, &one);
	memset(title, 'x', sizeof(title)); /* it must have been copied */
}

static struct file_entry
entry_of(enum verdict verdict)
{
	struct file_entry en = {.verdict = verdict,
	    .size = 999,
	    .rows = 20,
	    .mapped = 17,
	    .filtered = 1,
	    .rejected = 2,
	    .warnings = 3,
	    .records = 30,
	    .delivered = 10,
	    .unchanged = 9,
	    .duplicate = 5,
	    .stale = 3,
	    .refused = 2,
	    .closed = true};

	memset(en.id.b, 0xab, sizeof(en.id.b));
	snprintf(en.reason, sizeof(en.reason), "2 of 20 rows");
	return en;
}

static void
expect_text(const char *want)
{
	buf_clear(&out);
	report_text(&r, &out);
	cr_expect(span_eq(buf_span(&out), span_of(want)), "%.*s", (int)out.n, out.p);
}

Test(report, text_for_a_person)
{
	struct file_entry en = entry_of(VERDICT_DELIVER);
	struct feed_report *f = report_feed(&r, "north");
	struct file_report *file;

	problem(WEIGHT_REJECT, 7, "DOB \x1b[2J\"");
	problem(WEIGHT_WARNING, 9, "Cell");
	problem(WEIGHT_WARNING, 12, "Cell");
	problem(WEIGHT_REJECT, 8, "");
	file = report_file(&r, f, &en, &p);
	file->before = 6;
	file->pending = 1;
	f->waiting = 2;
	f->held = 1;
	f->refused = 3;
	f->unsettled = 2;
	snprintf(f->why, sizeof(f->why), "%s", "/done: no such folder");
	expect_text(
	    "north: 1 file read\n"
	    "  file abababab: 20 rows: 10 records delivered, 6 delivered before, 9 unchanged, 5 duplicate, "
	    "3 stale, 2 refused, 1 pending, 1 row filtered, 2 rows rejected\n"
	    "    row 7, column \"DOB \\u001b[2J\\\"\" (patient.birth_date) "
	    "not taken: The value is not a date in the agreed format. "
	    "Write the date as in the other rows; check that the day exists.\n"
	    "    row 8 (patient.birth_date) not taken: The value is not a date in the "
	    "agreed format. Write the date as in the other rows; check that the day exists.\n"
	    "    warning, 2 rows from row 9, column \"Cell\": The value is not a date in the "
	    "agreed format.\n"
	    "  2 changed while read: the next run looks again\n"
	    "  2 not put away or not answered yet: /done: no such folder\n"
	    "  1 held, waiting for a decision: `emrdrop hold list` tells why\n"
	    "  3 refused: `emrdrop status` tells why\n");
}

Test(report, text_says_once_what_helps)
{
	struct file_entry en = entry_of(VERDICT_HOLD);

	problem(WEIGHT_REJECT, 7, "DOB");
	problem(WEIGHT_REJECT, 8, "DOB");
	problem(WEIGHT_REJECT, 9, "Died");
	report_file(&r, report_feed(&r, "north"), &en, &p);
	expect_text(
	    "north: 1 file read\n  file abababab: HELD: 2 of 20 rows\n"
	    "    row 7, column \"DOB\" (patient.birth_date) not taken: The value is not a date in "
	    "the agreed format. Write the date as in the other rows; check that the day exists.\n"
	    "    row 8, column \"DOB\" (patient.birth_date) not taken: The value is not a date in "
	    "the agreed format.\n"
	    "    row 9, column \"Died\" (patient.birth_date) not taken: The value is not a date in "
	    "the agreed format. Write the date as in the other rows; check that the day exists.\n");
}

Test(report, text_of_what_waits_for_the_clinic)
{
	struct feed_report *f = report_feed(&r, "north");

	f->waiting = 3;
	f->finds = (struct look_finds){2, 4, 1, 3, 1000, WAITS_CHANGES};
	f = report_feed(&r, "south");
	f->waiting = 1;
	f->finds = (struct look_finds){1, 4, 2, 1, 4000, WAITS_OLD_MARKER};
	f = report_feed(&r, "east");
	err_set(&f->err, ERR_PERM, "file 2 of 3: permission denied");
	f->behind = 1;
	expect_text(
	    "north: 0 files read\n"
	    "  3 files are there, the first since 1970-01-01 00:00:01Z, still changing; for 2 "
	    "of them, their markers are older than they are: they are still being "
	    "written, or have wrong times; write each marker anew once its file is whole\n"
	    "  1 name is never taken: it holds a control character, or a slash, or is longer "
	    "than 255 bytes; rename it in the drop (an upload script with CRLF line ends makes "
	    "names that end in one)\n"
	    "south: 0 files read\n"
	    "  1 file is there since 1970-01-01 00:00:04Z, "
	    "its marker is older than it: it is still being written, or one "
	    "of the two has a wrong time; write the marker anew once the file is whole\n"
	    "  2 names are never taken: they hold a control character, or a slash, or are "
	    "longer than 255 bytes; rename them in the drop (an upload script with CRLF line "
	    "ends makes names that end in one)\n"
	    "east: file 2 of 3: permission denied\n"
	    "  1 file waits behind the one that cannot be read\n");
}

Test(report, text_of_other_verdicts)
{
	struct file_entry en = entry_of(VERDICT_HOLD);
	struct feed_report *f = report_feed(&r, "north");

	report_file(&r, f, &en, &p);
	en.verdict = VERDICT_REFUSE;
	report_file(&r, f, &en, &p);
	en.verdict = VERDICT_EMPTY;
	report_file(&r, f, &en, &p);
	report_feed(&r, "south");
	f = report_feed(&r, "east");
	err_set(&f->err, ERR_API, "the API is unavailable");
	expect_text("north: 3 files read\n"
		    "  file abababab: HELD: 2 of 20 rows\n"
		    "  file abababab: REFUSED: 2 of 20 rows\n"
		    "  file abababab: empty: no rows\n"
		    "south: nothing new\n"
		    "east: the API is unavailable\n");
}

Test(report, dry_run_says_what_would_be_sent)
{
	struct file_entry en = entry_of(VERDICT_DELIVER);
	struct feed_report *f = report_feed(&r, "north");

	r.dry_run = true;
	en.delivered = 0;
	en.filtered = en.rejected = 0;
	report_file(&r, f, &en, &p)->pending = 11;
	expect_text("north: 1 file read\n"
		    "  file abababab: 20 rows: 11 records would be sent, 9 unchanged, "
		    "5 duplicate, 3 stale, 2 refused\n");
}

Test(report, json_for_a_program)
{
	struct file_entry en = entry_of(VERDICT_HOLD);
	struct feed_report *f = report_feed(&r, "north");
	struct file_report *file;

	problem(WEIGHT_REJECT, 7, "DOB");
	problem(WEIGHT_WARNING, 9, "");
	file = report_file(&r, f, &en, &p);
	snprintf(file->found, sizeof(file->found), "windows-1252");
	f->exit = 4;
	f->held = 1;
	f->unsettled = 5;
	f->waiting = 6;
	f->behind = 3;
	f->again = true;
	f->finds = (struct look_finds){2, 4, 1, 2, 3, WAITS_CHANGES};
	f->given_up = (struct given_up){13, en.id, "gone", 8, 1, 4, 2, 0, 0, 0, false};
	f->requests = 6;
	f->retries = 2;
	f->took = 8;
	f->api_expires = 9;
	err_set(&f->err, ERR_API, "down");
	r.exit = 69;
	r.started = 5;
	r.ended = 7;
	report_json(&r, &out);
	cr_expect(
	    span_eq(buf_span(&out),
		SPAN_LIT(
		    "{\"run\":\"01ARYZ6S41TSV4RRFFQ69G5FAV\",\"trace\":"
		    "\"0af7651916cd43dd8448eb211c80319c\",\"dry_run\":false,\"started_ms\":5,"
		    "\"ended_ms\":7,\"exit\":69,\"feeds\":[{\"feed\":\"north\",\"exit\":4,"
		    "\"error\":{\"code\":\"api\",\"message\":\"down\"},\"known\":0,"
		    "\"held\":1,\"refused\":0,\"unsettled\":5,\"behind\":3,\"again\":true,"
		    "\"waiting\":6,\"waiting_since_ms\":3,\"waits_for\":\"changes\","
		    "\"old_markers\":2,\"old_markers_since_ms\":4,\"bad_names\":1,"
		    "\"given_up\":{\"file\":\"abababababababababababababababab\",\"pass\":13,"
		    "\"reason\":\"gone\",\"delivered\":8,\"refused\":1,\"doubtful\":4,"
		    "\"unsent\":2},\"requests\":6,\"retries\":2,\"took_ms\":8,\"api_certificate_expires_ms\":9,\"files\":[{\"file\":"
		    "\"abababababababababababababababab\",\"verdict\":\"hold\","
		    "\"reason\":\"2 of 20 rows\",\"found\":\"windows-1252\",\"closed\":true,"
		    "\"bytes\":999,\"rows\":20,\"mapped\":17,\"filtered\":1,\"rejected\":2,"
		    "\"warnings\":3,\"records\":30,\"removals\":0,\"delivered\":10,\"delivered_before\":0,\"unchanged\":9,"
		    "\"duplicate\":5,\"stale\":3,\"refused\":2,\"pending\":0,\"problems\":["
		    "{\"row\":7,\"column\":\"DOB\",\"type\":\"patient\",\"field\":\"birth_date\","
		    "\"code\":\"not_date\",\"message\":\"The value is not a date in the agreed "
		    "format.\",\"remedy\":\"Write the date as in the other rows; check that the "
		    "day exists.\"}],\"column_warnings\":[{\"times\":1,\"row\":9,\"column\":\"\","
		    "\"type\":\"patient\",\"field\":\"birth_date\",\"code\":\"not_date\","
		    "\"message\":\"The value is not a date in the agreed format.\",\"remedy\":"
		    "\"Write the date as in the other rows; check that the day exists.\"}],"
		    "\"more_problems\":0}]}]}\n")),
	    "%.*s", (int)out.n, out.p);
}

Test(report, json_is_json_whatever_is_in_it)
{
	json_t *root;
	json_error_t why;
	struct file_entry en = entry_of(VERDICT_REFUSE);
	struct feed_report *f = report_feed(&r, "n");

	problem(WEIGHT_REJECT, 7, "\xff\"\\\n\x01");
	snprintf(en.reason, sizeof(en.reason), "%s", "\xe9\"\r\n");
	report_file(&r, f, &en, &p);
	err_set(&f->err, ERR_IO, "%s", "\xc3\"");
	report_json(&r, &out);
	root = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, &why);
	cr_assert_not_null(root, "%s", why.text);
	json_decref(root);
	/* One line, so that lines can be read as reports. */
	cr_expect_eq(memchr(out.p, '\n', out.n), out.p + out.n - 1);
}

Test(report, problems_are_capped_and_counted)
{
	struct file_entry en = entry_of(VERDICT_DELIVER);
	struct file_report *file;

	for (uint64_t i = 0; i < REPORT_PROBLEMS_MAX + 50; i++)
		problem(WEIGHT_REJECT, i + 2, "DOB");
	for (uint64_t i = 0; i < 5000; i++)
		problem(WEIGHT_WARNING, i + 2, "Cell");
	cr_expect_eq(p.n, REPORT_PROBLEMS_MAX);
	cr_expect_eq(p.rejected, REPORT_PROBLEMS_MAX + 50);
	cr_expect_eq(p.kinds, 1);
	cr_expect_eq(p.warnings[0].n, 5000);
	cr_expect_eq(p.v[REPORT_PROBLEMS_MAX - 1].row, REPORT_PROBLEMS_MAX + 1);
	file = report_file(&r, report_feed(&r, "north"), &en, &p);
	cr_expect_eq(file->nproblems, 20);
	cr_expect_eq(file->more, REPORT_PROBLEMS_MAX + 30);
	problems_release(&p); /* the report has its own */
	problems_init(&p);
	buf_clear(&out);
	report_text(&r, &out);
	buf_add_char(&out, '\0');
	cr_expect_not_null(
	    strstr(out.p, "row 21, column \"DOB\" (patient.birth_date) not taken"));
	cr_expect_null(strstr(out.p, "row 22,"));
	cr_expect_not_null(strstr(out.p, "and 1030 more"));
	cr_expect_not_null(
	    strstr(out.p, "warning, 5000 rows from row 2, column \"Cell\""));
}

/* A feed's map is gone when the report is written, and with it the names of its fields. */
Test(report, nothing_of_a_problem_is_borrowed)
{
	struct file_entry en = entry_of(VERDICT_DELIVER);
	char field[] = "extra.note", column[] = "Note";
	struct problem one = {.code = PROBLEM_LIMIT,
	    .weight = WEIGHT_REJECT,
	    .row = 2,
	    .column = span_of(column),
	    .type = "patient",
	    .field = field};

	problems_add(&p, &one);
	one.weight = WEIGHT_WARNING;
	problems_add(&p, &one);
	report_file(&r, report_feed(&r, "north"), &en, &p);
	memset(field, 'x', sizeof(field) - 1);
	memset(column, 'x', sizeof(column) - 1);
	report_json(&r, &out);
	buf_add_char(&out, '\0');
	cr_expect_null(strstr(out.p, "xxx"), "%s", out.p);
	cr_expect_not_null(strstr(out.p, "\"field\":\"extra.note\""), "%s", out.p);
}

Test(report, warnings_are_told_by_kind)
{
	char title[16];

	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < WARNING_KINDS_MAX + 10; i++) {
			snprintf(title, sizeof(title), "c%d", i);
			problem(WEIGHT_WARNING, 2, title);
		}
	cr_expect_eq(p.kinds, WARNING_KINDS_MAX);
	cr_expect_eq(p.warnings[WARNING_KINDS_MAX - 1].n, 2);
	cr_expect_eq(p.rejected, 0);
	cr_expect_eq(p.n, 0);
}

Test(report, many_feeds_and_files)
{
	struct file_entry en = entry_of(VERDICT_EMPTY);
	char name[100];

	for (int i = 0; i < 20; i++) {
		struct feed_report *f;

		snprintf(name, sizeof(name), "feed%02d", i);
		f = report_feed(&r, name);
		cr_assert_not_null(f);
		for (int k = 0; k < i; k++)
			cr_assert_not_null(report_file(&r, f, &en, &p));
	}
	cr_expect_eq(r.n, 20);
	for (size_t i = 0; i < r.n; i++) {
		snprintf(name, sizeof(name), "feed%02zu", i);
		cr_expect_str_eq(r.feeds[i].feed, name);
		cr_expect_eq(r.feeds[i].n, i);
	}
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_expect_eq(strlen(report_feed(&r, name)->feed), LEDGER_NAME_MAX);
}

/* Nothing is lost or written beyond the end after memory ran out once. */
Test(report, memory_runs_out_and_comes_back)
{
	struct file_entry en = entry_of(VERDICT_EMPTY);
	struct feed_report *f;

	no_memory = true;
	cr_expect_null(report_feed(&r, "first"));
	no_memory = false;
	for (size_t i = 0; i < 40; i++) {
		no_memory = true;
		f = report_feed(&r, "n");
		no_memory = false;
		if (f == NULL)
			f = report_feed(&r, "n");
		cr_assert_not_null(f);
		cr_expect_eq(r.n, i + 1);
	}
	for (size_t i = 0; i < 40; i++) {
		struct file_report *file;

		no_memory = true;
		file = report_file(&r, f, &en, &p);
		no_memory = false;
		if (file == NULL)
			file = report_file(&r, f, &en, &p);
		cr_assert_not_null(file);
		cr_expect_eq(f->n, i + 1);
	}
}

/* A report that is full tells less of a file, but its counts still hold. */
Test(report, details_beyond_its_memory_are_counted)
{
	struct file_entry en = entry_of(VERDICT_DELIVER);
	struct file_report *file;

	for (uint64_t i = 0; i < 30; i++)
		problem(WEIGHT_REJECT, i + 2, "DOB");
	problem(WEIGHT_WARNING, 2, "Cell");
	r.arena.max = sizeof(struct problem);
	file = report_file(&r, report_feed(&r, "north"), &en, &p);
	cr_assert_not_null(file);
	cr_expect_eq(file->nproblems, 0);
	cr_expect_eq(file->more, 30);
	cr_expect_eq(file->entry.rejected, 2);
	report_json(&r, &out);
	buf_add_char(&out, '\0');
	cr_expect_not_null(
	    strstr(out.p, "\"problems\":[],\"column_warnings\":[],\"more_problems\":30"),
	    "%s", out.p);
}
