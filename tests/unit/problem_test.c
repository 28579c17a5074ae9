#include "base/problem.h"

#include <criterion/criterion.h>
#include <string.h>

/* Stable names: the ledger and other people's scripts hold them. */
static const char *const names[PROBLEM_CODE_COUNT] = {
    [PROBLEM_CSV_QUOTE] = "csv_quote",
    [PROBLEM_CSV_COLUMNS] = "csv_columns",
    [PROBLEM_CSV_TOO_LONG] = "csv_too_long",
    [PROBLEM_ENCODING] = "encoding",
    [PROBLEM_CONTROL] = "control_character",
    [PROBLEM_MISSING_ID] = "missing_id",
    [PROBLEM_MISSING_VALUE] = "missing_value",
    [PROBLEM_SCIENTIFIC] = "scientific_notation",
    [PROBLEM_NOT_INTEGER] = "not_integer",
    [PROBLEM_NOT_NUMBER] = "not_number",
    [PROBLEM_NOT_DATE] = "not_date",
    [PROBLEM_NOT_DATETIME] = "not_datetime",
    [PROBLEM_TIME_MISSING] = "time_skipped",
    [PROBLEM_TIME_TWICE] = "time_twice",
    [PROBLEM_TIME_FUTURE] = "time_future",
    [PROBLEM_UNKNOWN_CODE] = "unknown_code",
    [PROBLEM_NOT_ALLOWED] = "not_allowed",
    [PROBLEM_NOT_PHONE] = "not_phone",
    [PROBLEM_NOT_EMAIL] = "not_email",
    [PROBLEM_NPI_CHECK] = "npi_check_digit",
    [PROBLEM_LOINC_CHECK] = "loinc_check_digit",
    [PROBLEM_SNOMED_CHECK] = "snomed_check_digit",
    [PROBLEM_NOT_ICD10] = "not_icd10",
    [PROBLEM_PATTERN] = "pattern_limit",
    [PROBLEM_NO_MATCH] = "no_match",
    [PROBLEM_NOT_MONEY] = "not_money",
    [PROBLEM_NOT_BOOL] = "not_yes_or_no",
    [PROBLEM_NOT_STATE] = "not_state",
    [PROBLEM_NOT_ZIP] = "not_zip",
    [PROBLEM_NOT_COUNTRY] = "not_country",
    [PROBLEM_NOT_LANGUAGE] = "not_language",
    [PROBLEM_NOT_PERSON] = "not_person_name",
    [PROBLEM_NOT_LISTED] = "not_listed",
    [PROBLEM_NO_KEY] = "no_key",
    [PROBLEM_NOT_MEASURE] = "not_measure",
    [PROBLEM_TOO_LONG] = "too_long",
    [PROBLEM_LIMIT] = "limit",
    [PROBLEM_API_REFUSED] = "api_refused",
    [PROBLEM_NO_ZONE] = "no_zone",
    [PROBLEM_UNKNOWN_UNIT] = "unknown_unit",
    [PROBLEM_CONFLICT] = "conflict",
    [PROBLEM_RETIRED_ID] = "retired_id",
    [PROBLEM_SAME_ID] = "same_id",
    [PROBLEM_HL7_EVENT] = "hl7_event",
    [PROBLEM_HL7_HEADER] = "hl7_header",
    [PROBLEM_HL7_BATCH] = "hl7_batch",
    [PROBLEM_HL7_CUT] = "hl7_cut",
    [PROBLEM_HL7_JOINED] = "hl7_joined",
    [PROBLEM_HL7_ORPHAN] = "hl7_orphan",
    [PROBLEM_HL7_SEGMENT] = "hl7_segment",
    [PROBLEM_HL7_ESCAPE] = "hl7_escape",
    [PROBLEM_HL7_CHARSET] = "hl7_charset",
    [PROBLEM_HL7_TRAILER] = "hl7_trailer",
    [PROBLEM_HL7_COUNT] = "hl7_count",
    [PROBLEM_NO_REMOVALS] = "no_removals",
    [PROBLEM_SHORT_EXPORT] = "short_export",
    [PROBLEM_CSV_HEADER] = "repeated_header",
    [PROBLEM_CSV_COUNT] = "footer_count",
    [PROBLEM_SERIAL_DATE] = "serial_date",
    [PROBLEM_CELL_ERROR] = "cell_error",
    [PROBLEM_LOST_ZERO] = "lost_zero",
    [PROBLEM_NEGATIVE] = "negative",
    [PROBLEM_SUPERSEDED] = "superseded",
    [PROBLEM_TIME_FAR] = "time_far",
    [PROBLEM_COLUMN_RENAMED] = "column_renamed",
    [PROBLEM_COLUMN_MISSING] = "column_missing",
    [PROBLEM_COLUMN_ADDED] = "column_added",
    [PROBLEM_COLUMN_ORDER] = "column_order",
};

Test(problem, names_are_stable_and_found_again)
{
	for (int i = PROBLEM_NONE + 1; i < PROBLEM_CODE_COUNT; i++) {
		enum problem_code code = (enum problem_code)i;

		cr_assert_not_null(names[i], "code %d is not in this table", i);
		cr_expect_str_eq(problem_name(code), names[i]);
		cr_expect_eq(problem_by_name(span_of(names[i])), code);
	}
	cr_expect_eq(problem_by_name(SPAN_LIT("none")), PROBLEM_NONE);
	cr_expect_eq(problem_by_name(SPAN_LIT("Limit")), PROBLEM_NONE);
	cr_expect_eq(problem_by_name(SPAN_LIT("limit ")), PROBLEM_NONE);
	cr_expect_eq(problem_by_name((struct span){NULL, 0}), PROBLEM_NONE);
}

/* Both are whole sentences: the clinic reads them. */
Test(problem, each_has_words_and_a_remedy)
{
	for (int i = PROBLEM_NONE + 1; i < PROBLEM_CODE_COUNT; i++) {
		const char *texts[] = {problem_text((enum problem_code)i),
		    problem_remedy((enum problem_code)i)};

		for (size_t k = 0; k < 2; k++) {
			size_t n = strlen(texts[k]);

			cr_expect_gt(n, 10, "%s", names[i]);
			cr_expect_eq(texts[k][n - 1], '.', "%s", names[i]);
			cr_expect(
			    texts[k][0] >= 'A' && texts[k][0] <= 'Z', "%s", names[i]);
			cr_expect_null(strchr(texts[k], '%'), "%s", names[i]);
		}
	}
}
