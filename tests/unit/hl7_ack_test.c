#include "mappers/hl7_ack.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/hl7_rig.h"

#define TIME    "20261120120000+0000" /* of RIG_NOW */
#define CONTROL "1795176000000000003" /* RIG_NOW and the number */

static struct buf out;

static void
setup(void)
{
	buf_init(&out, 1 << 16);
}

static void
teardown(void)
{
	buf_release(&out);
}

TestSuite(hl7_ack_texts, .init = setup, .fini = teardown);

static void
expect(const char *want)
{
	buf_add_char(&out, '\0');
	cr_expect_str_eq(out.p, want, "want\n%s\ngot\n%s", want, out.p);
	buf_clear(&out);
}

/* 2.14.9: sender and receiver change places; MSH-9 ACK, MSH-11 and MSH-12 are kept. */
static const struct {
	const char *message; /* NULL: it can't be read */
	const char *before, *behind;
} answers[] = {
    {"MSH|^~\\&|SAPP|SFAC^1.2^ISO|RAPP|RFAC|20260110||ADT^A08^ADT_A01|C9|P^T|2.5.1^USA|||AL\r"
     "PID|1\r",
	"MSH|^~\\&|RAPP|RFAC|SAPP|SFAC^1.2^ISO|" TIME "||ACK^A08^ACK|" CONTROL
	"|P^T|2.5.1^USA\rMSA|",
	"|C9\r"},
    {"MSH#!@%*#SA#SF#RA#RF#2026##SIU!S12#C1#T#2.3\r",
	"MSH#!@%*#RA#RF#SA#SF#" TIME "##ACK!S12!ACK#" CONTROL "#T#2.3\rMSA#", "#C1\r"},
    {"MSH|^~\\&#|SA|SF|RA|RF|2026||ADT^A01|C1|P|2.7\r",
	"MSH|^~\\&#|RA|RF|SA|SF|" TIME "||ACK^A01^ACK|" CONTROL "|P|2.7\rMSA|", "|C1\r"},
    /* The control id as it was sent, escapes and all. */
    {"MSH|^~\\&|S|||||x|ADT^A01|A\\T\\1^2|P|2.3\r",
	"MSH|^~\\&|||S||" TIME "||ACK^A01^ACK|" CONTROL "|P|2.3\rMSA|", "|A\\T\\1^2\r"},
    {"MSH|^~\\&|S|F|R|G\r",
	"MSH|^~\\&|R|G|S|F|" TIME "||ACK^^ACK|" CONTROL "|P|2.5.1\rMSA|", "|\r"},
    {NULL, "MSH|^~\\&|||||" TIME "||ACK^^ACK|" CONTROL "|P|2.5.1\rMSA|", "|\r"},
};

Test(hl7_ack_texts, of_a_message)
{
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct hl7_message m, *p = NULL;

		if (answers[i].message != NULL) {
			rig_message(&m, answers[i].message);
			p = &m;
		}
		hl7_ack_before(&out, p, 3, RIG_NOW);
		expect(answers[i].before);
		hl7_ack_behind(&out, p);
		expect(answers[i].behind);
		if (p != NULL)
			hl7_message_release(p);
	}
}

/* 2.14.5: ERR-2 is where, ERR-3 of table 0357, ERR-4 of table 0516. */
static const struct {
	enum problem_code code;
	const char *column, *want; /* up to the text */
} errors[] = {
    {PROBLEM_NOT_DATE, "PID-7", "ERR||PID^1^7|102^^HL70357|E|not_date|||"},
    {PROBLEM_NOT_DATETIME, "SCH-11", "ERR||SCH^1^11|102^^HL70357|E|not_datetime|||"},
    {PROBLEM_UNKNOWN_CODE, "SCH-25", "ERR||SCH^1^25|103^^HL70357|E|unknown_code|||"},
    {PROBLEM_NOT_ALLOWED, "PID-8", "ERR||PID^1^8|103^^HL70357|E|not_allowed|||"},
    {PROBLEM_MISSING_ID, "PID-3", "ERR||PID^1^3|101^^HL70357|E|missing_id|||"},
    {PROBLEM_MISSING_VALUE, "TQ1-7", "ERR||TQ1^1^7|101^^HL70357|E|missing_value|||"},
    {PROBLEM_RETIRED_ID, "PID-3", "ERR||PID^1^3|204^^HL70357|E|retired_id|||"},
    {PROBLEM_NO_ZONE, "MSH-7", "ERR||MSH^1^7|102^^HL70357|E|no_zone|||"},
    /* The number of a segment in the file is no place in a message. */
    {PROBLEM_HL7_HEADER, "segment 4", "ERR|||100^^HL70357|E|hl7_header|||"},
    {PROBLEM_HL7_BATCH, "segment 4", "ERR|||100^^HL70357|E|hl7_batch|||"},
    {PROBLEM_HL7_CUT, "segment 14", "ERR|||100^^HL70357|E|hl7_cut|||"},
    {PROBLEM_HL7_ORPHAN, "segment 1", "ERR|||100^^HL70357|E|hl7_orphan|||"},
    {PROBLEM_HL7_JOINED, "segment 3", "ERR|||100^^HL70357|E|hl7_joined|||"},
    {PROBLEM_API_REFUSED, "", "ERR|||207^^HL70357|E|api_refused|||"},
    {PROBLEM_LIMIT, "", "ERR|||207^^HL70357|E|limit|||"},
    {PROBLEM_TOO_LONG, "PID-3", "ERR||PID^1^3|104^^HL70357|E|too_long|||"},
};

Test(hl7_ack_texts, of_a_problem)
{
	static const struct span header = SPAN_LIT("MSH|^~\\&|R|G|S|F\rMSA|");

	for (size_t i = 0; i < COUNT(errors); i++) {
		struct problem p = {.code = errors[i].code,
		    .weight = WEIGHT_REJECT,
		    .row = 3,
		    .column = span_of(errors[i].column)};
		char want[512], *to = want;

		to = stpcpy(stpcpy(to, errors[i].want), problem_text(p.code));
		to = stpcpy(stpcpy(to, " "), problem_remedy(p.code));
		stpcpy(to, "\r");
		hl7_ack_error(&out, header, &p, true);
		expect(want);
	}
}

/* In the delimiters of the acknowledgement, and these escaped in the text. */
Test(hl7_ack_texts, delimiters_of_a_problem)
{
	struct problem date = {.code = PROBLEM_NOT_DATE, .column = SPAN_LIT("PID-7")};
	struct problem escape = {.code = PROBLEM_HL7_ESCAPE, .column = SPAN_LIT("PID-5")};
	struct problem columns = {.code = PROBLEM_CSV_COLUMNS};

	hl7_ack_error(&out, SPAN_LIT("MSH#!@%*#R#G#S#F\rMSA#"), &date, true);
	expect("ERR##PID!1!7#102!!HL70357#E#not_date###"
	       "The value is not a date in the agreed format. "
	       "Write the date as in the other rows; check that the day exists.\r");
	hl7_ack_error(&out, SPAN_LIT("MSH|^~\\&|R\rMSA|"), &escape, true);
	expect("ERR||PID^1^5|102^^HL70357|E|hl7_escape|||"
	       "An escape sequence is not known, and was kept as it is. "
	       "Write a backslash as \\E\\E\\E\\.\r");
	hl7_ack_error(&out, SPAN_LIT("MSH,;.:'&,R\rMSA,"), &columns, true);
	expect(
	    "ERR,,,102;;HL70357,E,csv_columns,,,"
	    "The row has more or fewer cells than the header:R: "
	    "If it is no data:F: such as a total:F: delete it:R: If it is:F: move its cells "
	    "under their titles:S: in a text editor a cell that holds the delimiter needs "
	    "quotation marks:R:\r");
	/* Which of several it was is not known. */
	hl7_ack_error(&out, SPAN_LIT("MSH|^-\\&|R\rMSA|"), &date, false);
	expect("ERR|||102^^HL70357|E|not_date|||PID\\R\\7: "
	       "The value is not a date in the agreed format. "
	       "Write the date as in the other rows; check that the day exists.\r");
	/* Without a header that can be read, the usual ones. */
	hl7_ack_error(&out, SPAN_LIT(""), &columns, true);
	cr_expect(out.n > 8 && memcmp(out.p, "ERR|||102^^HL70357|", 19) == 0);
}

/* 2.9.2: the answers to a file are a batch, too. */
Test(hl7_ack_texts, of_a_file)
{
	hl7_ack_open(&out, RIG_NOW);
	expect("FHS|^~\\&|emrdrop||||" TIME "\rBHS|^~\\&|emrdrop||||" TIME "\r");
	hl7_ack_close(&out, 0);
	expect("BTS|0\rFTS|1\r");
	hl7_ack_close(&out, 1234);
	expect("BTS|1234\rFTS|1\r");
}
