#include "mappers/transform.h"

#include <criterion/criterion.h>

#include "tests/unit/transform_rig.h"

TestSuite(transform_apply, .init = rig_setup, .fini = rig_teardown);
TestSuite(transform_compile, .init = rig_setup, .fini = rig_teardown);

static const struct row texts[] = {
    {"required", "x", "x", PROBLEM_NONE},
    {"required", "", NULL, PROBLEM_MISSING_VALUE},
    {"default other", "", "other", PROBLEM_NONE},
    {"default other", "x", "x", PROBLEM_NONE},
    {"default \"a b\" | required", "", "a b", PROBLEM_NONE},
    {"upper", "mixed Case 9", "MIXED CASE 9", PROBLEM_NONE},
    {"upper", "", "", PROBLEM_NONE},
    {"lower", "\xc3\x89T\xc3\x89", "\xc3\xa9t\xc3\xa9", PROBLEM_NONE},
    {"title", "O'NEIL", "O'Neil", PROBLEM_NONE},
    {"replace \"-\" \"\"", "123-45-6789", "123456789", PROBLEM_NONE},
    {"replace a bbb", "banana", "bbbbnbbbnbbb", PROBLEM_NONE},
    {"replace /^(\\w+), (\\w+)$/ \"$2 $1\"", "Doe, Jane", "Jane Doe", PROBLEM_NONE},
    {"replace /[^0-9]+/ \"\"", "a1b22", "122", PROBLEM_NONE},
    {"replace /x/ y", "abc", "abc", PROBLEM_NONE},
    {"replace /.*/ \"\"", "abc", "", PROBLEM_NONE},
    {"replace /(a+)+$/ b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX", NULL,
	PROBLEM_PATTERN},
    {"pad 8", "343166", "00343166", PROBLEM_NONE},
    {"pad 4 *", "abcde", "abcde", PROBLEM_NONE},
    {"pad 3 x", "\xc3\xa9", "xx\xc3\xa9", PROBLEM_NONE},
    {"strip_leading", "000420", "420", PROBLEM_NONE},
    {"strip_leading 0", "000", "0", PROBLEM_NONE},
    {"strip_leading MRN", "MRNMRN12", "12", PROBLEM_NONE},
    {"strip_leading \"MRN:\"", "MRN: 12", "12", PROBLEM_NONE},
    {"integer", "30", "30", PROBLEM_NONE},
    {"integer", "030", "30", PROBLEM_NONE},
    {"integer", "+7", "7", PROBLEM_NONE},
    {"integer", "-07", "-7", PROBLEM_NONE},
    {"integer", "-0", "0", PROBLEM_NONE},
    {"integer", "30.00", "30", PROBLEM_NONE},
    {"integer", "100", "100", PROBLEM_NONE},
    {"integer", "30.5", NULL, PROBLEM_NOT_INTEGER},
    {"integer", ".0", NULL, PROBLEM_NOT_INTEGER},
    {"integer", "30 min", NULL, PROBLEM_NOT_INTEGER},
    {"integer", "1,200", NULL, PROBLEM_NOT_INTEGER},
    {"integer", "-", NULL, PROBLEM_NOT_INTEGER},
    {"integer", "1234567890123456", NULL, PROBLEM_NOT_INTEGER},
    {"max_length 3", "\xc3\xa9\xc3\xa9\xc3\xa9", "\xc3\xa9\xc3\xa9\xc3\xa9",
	PROBLEM_NONE},
    {"max_length 3", "abcd", NULL, PROBLEM_TOO_LONG},
};

Test(transform_apply, text)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		check(&texts[i]);
}

/* NANP: area and exchange begin with 2 to 9. Luhn's NPI by 45 CFR 162.406. */
static const struct row checks[] = {
    {"phone US", "(206) 752-1215", "+12067521215", PROBLEM_NONE},
    {"phone US", "206.752.1215", "+12067521215", PROBLEM_NONE},
    {"phone US", "1-206-752-1215", "+12067521215", PROBLEM_NONE},
    {"phone US", "+1 206 752 1215", "+12067521215", PROBLEM_NONE},
    {"phone US", "+44 20 7946 0958", "+442079460958", PROBLEM_NONE},
    {"phone US", "+44 (0)20 7946 0958", "+44 (0)20 7946 0958", PROBLEM_NOT_PHONE},
    {"phone", "+12067521215", "+12067521215", PROBLEM_NONE},
    {"phone", "2067521215", "2067521215", PROBLEM_NOT_PHONE},
    {"phone US", "(206)752-121", "(206)752-121", PROBLEM_NOT_PHONE},
    {"phone US", "(106) 752-1215", "(106) 752-1215", PROBLEM_NOT_PHONE},
    {"phone US", "206 152 1215", "206 152 1215", PROBLEM_NOT_PHONE},
    {"phone US", "+1 106 752 1215", "+1 106 752 1215", PROBLEM_NOT_PHONE},
    {"phone US", "206752121.0", "206752121.0", PROBLEM_NOT_PHONE},
    {"phone", "+44207946095.0", "+44207946095.0", PROBLEM_NOT_PHONE},
    {"phone US", "555-2142/143", "555-2142/143", PROBLEM_NOT_PHONE},
    {"phone US", "206/752-1215", "+12067521215", PROBLEM_NONE},
    {"phone US", "206/752/1215", "+12067521215", PROBLEM_NONE},
    {"phone US", "206.752.1210", "+12067521210", PROBLEM_NONE},
    {"phone US", "206-752-1215 x12", "206-752-1215 x12", PROBLEM_NOT_PHONE},
    {"phone US", "2-206-752-1215", "2-206-752-1215", PROBLEM_NOT_PHONE},
    {"phone US", "12345678901234567890", "12345678901234567890", PROBLEM_NOT_PHONE},
    {"phone US", "+", "+", PROBLEM_NOT_PHONE},
    {"email", "ann.o'hara+x@clinic.example", "ann.o'hara+x@clinic.example", PROBLEM_NONE},
    {"email", "a@b.co", "a@b.co", PROBLEM_NONE},
    {"email", "jos\xc3\xa9@m\xc3\xbcller.example", "jos\xc3\xa9@m\xc3\xbcller.example",
	PROBLEM_NONE},
    {"email", "a@b.org\xe2\x80\x8b", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a\xe2\x80\x99z@c.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@b\xc2\xa0z.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@b.org\xef\xbb\xbf", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@b", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a b@c.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@b..org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a..b@c.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", ".a@c.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "@c.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@c.org.", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@-c.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@c-.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@10.0.0.1", NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@b@c.org", NULL, PROBLEM_NOT_EMAIL},
    {"email", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.co",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.co",
	PROBLEM_NONE},
    {"email", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.co",
	NULL, PROBLEM_NOT_EMAIL},
    {"email", "a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.co",
	"a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.co",
	PROBLEM_NONE},
    {"email", "a@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.co",
	NULL, PROBLEM_NOT_EMAIL},
    {"email",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.de",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.de",
	PROBLEM_NONE},
    {"email",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.de",
	NULL, PROBLEM_NOT_EMAIL},
    {"email", "none", NULL, PROBLEM_NOT_EMAIL},
    {"npi", "1234567893", "1234567893", PROBLEM_NONE},
    {"npi", "9941339109", "9941339109", PROBLEM_NPI_CHECK},
    {"npi", "1234567890", "1234567890", PROBLEM_NPI_CHECK},
    {"npi", "123456789", NULL, PROBLEM_NPI_CHECK},
    {"npi", "12345678AB", NULL, PROBLEM_NPI_CHECK},
    {"not_scientific", "29872500000000", "29872500000000", PROBLEM_NONE},
    {"not_scientific", "00343166", "00343166", PROBLEM_NONE},
    {"not_scientific", "12E5", "12E5", PROBLEM_NONE},
    {"not_scientific", "E+13", "E+13", PROBLEM_NONE},
    {"not_scientific", "A-77", "A-77", PROBLEM_NONE},
    {"not_scientific", "1.5", "1.5", PROBLEM_NONE},
    {"not_scientific", "2.98725E+13", NULL, PROBLEM_SCIENTIFIC},
    {"not_scientific", "2,98725E+13", NULL, PROBLEM_SCIENTIFIC},
    {"not_scientific", "1E+05", NULL, PROBLEM_SCIENTIFIC},
    {"not_scientific", "2.9e13", NULL, PROBLEM_SCIENTIFIC},
    {"not_scientific", "-1.2E-07", NULL, PROBLEM_SCIENTIFIC},
};

Test(transform_apply, checks)
{
	for (size_t i = 0; i < COUNT(checks); i++)
		check(&checks[i]);
}

/*
 * America/Chicago: -06:00, -05:00 from 2026-03-08 02:00 to 2026-11-01 02:00. Today is
 * 2026-11-20.
 */
static const struct row times[] = {
    {"date %m/%d/%Y", "3/8/2026", "2026-03-08", PROBLEM_NONE},
    {"date \"%m/%d/%Y\" \"%Y-%m-%d\"", "2026-03-08", "2026-03-08", PROBLEM_NONE},
    {"date \"%m/%d/%Y\"", "02/31/2026", NULL, PROBLEM_NOT_DATE},
    {"date \"%m/%d/%Y\"", "31/01/2026", NULL, PROBLEM_NOT_DATE},
    {"date \"%m/%d/%Y\"", "01/02/2026 x", NULL, PROBLEM_NOT_DATE},
    {"date \"%m/%d/%Y %H:%M\"", "07/04/1976 00:00", "1976-07-04", PROBLEM_NONE},
    {"date \"%m/%Y\"", "07/1976", "1976-07", PROBLEM_NONE},
    {"date", "1976-07-04", "1976-07-04", PROBLEM_NONE},
    {"date", "1976-07", NULL, PROBLEM_NOT_DATE},
    {"date \"%m/%d/%y\" past", "07/04/76", "1976-07-04", PROBLEM_NONE},
    {"date \"%m/%d/%y\" past", "07/04/26", "2026-07-04", PROBLEM_NONE},
    {"date \"%m/%d/%y\" past", "12/31/26", "1926-12-31", PROBLEM_NONE},
    {"date \"%m/%d/%y\" past", "07/04/27", "1927-07-04", PROBLEM_NONE},
    {"date \"%m/%d/%y\" pivot=2049", "07/04/27", "2027-07-04", PROBLEM_NONE},
    {"date \"%m/%d/%y\" pivot 2049", "07/04/50", "1950-07-04", PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %I:%M %p\"", "1/5/2026 9:05 AM", "2026-01-05T09:05:00-06:00",
	PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %I:%M %p\"", "07/05/2026 12:30 PM", "2026-07-05T12:30:00-05:00",
	PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %H:%M\" zone=America/New_York", "07/05/2026 12:30",
	"2026-07-05T12:30:00-04:00", PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %H:%M\" zone UTC", "07/05/2026 12:30", "2026-07-05T12:30:00Z",
	PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %H:%M\"", "07/05/2026", NULL, PROBLEM_NOT_DATETIME},
    {"datetime \"%m/%d/%Y %H:%M\"", "03/08/2026 02:30", NULL, PROBLEM_TIME_MISSING},
    {"datetime \"%m/%d/%Y %H:%M\"", "11/01/2026 01:30", NULL, PROBLEM_TIME_TWICE},
    {"datetime \"%m/%d/%Y %H:%M\" dst=earlier", "11/01/2026 01:30",
	"2026-11-01T01:30:00-05:00", PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %H:%M\" dst later", "11/01/2026 01:30",
	"2026-11-01T01:30:00-06:00", PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %H:%M\" dst=earlier", "03/08/2026 02:30",
	"2026-03-08T02:30:00-05:00", PROBLEM_NONE},
    {"datetime \"%m/%d/%Y %H:%M\" dst=later", "03/08/2026 02:30",
	"2026-03-08T02:30:00-06:00", PROBLEM_NONE},
    {"datetime", "2026-07-05T12:30:00Z", "2026-07-05T12:30:00Z", PROBLEM_NONE},
    {"datetime", "2026-07-05 12:30", "2026-07-05T12:30:00-05:00", PROBLEM_NONE},
    {"datetime", "2026-07-05T12:30:15.25+0530", "2026-07-05T12:30:15.250+05:30",
	PROBLEM_NONE},
    {"datetime", "2026-07-05", "2026-07-05", PROBLEM_NONE},
    {"datetime", "2026-07-05T25:00", NULL, PROBLEM_NOT_DATETIME},
    {"datetime", "2026-07-05T12:30:00+15:00", NULL, PROBLEM_NOT_DATETIME},
    {"datetime", "2026-07-05T12:30x", NULL, PROBLEM_NOT_DATETIME},
    {"datetime", "7/5/2026", NULL, PROBLEM_NOT_DATETIME},
    {"datetime \"%Y%m%d%H%M%S%z\"", "20210924093000+0215", "2021-09-24T09:30:00+02:15",
	PROBLEM_NONE},
};

Test(transform_apply, times)
{
	struct err e = {0};
	struct text t = {.s = SPAN_LIT("07/05/2026 12:30")};
	struct step *st = compile("datetime \"%m/%d/%Y %H:%M\"", &e);

	for (size_t i = 0; i < COUNT(times); i++)
		check(&times[i]);
	cr_assert_eq(st->transform->apply(st->data, &run, &t), PROBLEM_NONE);
	cr_expect_eq(t.kind, TEXT_DATETIME);
	cr_expect_eq(
	    t.instant, INT64_C(1783272600000)); /* date -d 2026-07-05T12:30-05:00 */
}

Test(transform_apply, equal_text_is_borrowed)
{
	static const char *const pipes[] = {"upper", "integer", "pad 3",
	    "strip_leading x", "replace q r", "npi", "max_length 20", "required",
	    "not_scientific"};
	struct err e = {0};

	for (size_t i = 0; i < COUNT(pipes); i++) {
		struct text t = {.s = SPAN_LIT("1234567893")};
		struct step *st = compile(pipes[i], &e);
		const char *before = t.s.p;

		cr_assert_eq(st->transform->apply(st->data, &run, &t), PROBLEM_NONE);
		cr_expect_eq(t.s.p, before, "%s", pipes[i]);
	}
}

Test(transform_compile, mistakes)
{
	static const struct mistake cases[] = {
	    {"uper", "character 7: uper: no such transform (did you mean upper?)"},
	    {"frobnicate", "character 7: frobnicate: no such transform"},
	    {"upper x", "character 7: upper: takes no argument"},
	    {"code", "character 7: code: takes 1 argument, not 0"},
	    {"replace a", "character 7: replace: takes 2 arguments, not 1"},
	    {"pad", "character 7: pad: takes 1 to 2 arguments, not 0"},
	    {"pad x", "character 7: pad: \"x\" is no number from 1 to 255"},
	    {"pad 300", "character 7: pad: \"300\" is no number"},
	    {"pad 3 ab", "character 7: pad: pads with one ASCII character"},
	    {"default \"\"", "character 7: default: a default that is empty"},
	    {"default /x/",
		"character 7: default: a regular expression cannot stand here"},
	    {"replace x /y/",
		"character 7: replace: a regular expression cannot stand here"},
	    {"replace /(/ x",
		"character 7: replace: the regular expression is wrong at its"},
	    {"phone DE", "character 7: phone: knows the regions US and CA"},
	    {"code gender", "character 7: code: there is no section [code gender]"},
	    {"max_length 0", "character 7: max_length: \"0\" is no number"},
	    {"date mdy", "character 7: date: \"mdy\" is neither a format"},
	    {"date \"%m/%d/%y\"", "character 7: date: \"%m/%d/%y\": %y needs past"},
	    {"date \"%m/%d/%Y %Q\"",
		"character 7: date: \"%m/%d/%Y %Q\": cannot read %Q"},
	    {"date %Y zone=UTC", "character 7: date: a date has no zone; datetime has"},
	    {"datetime %Y pivot=12", "character 7: datetime: pivot: \"12\" is no number"},
	    {"datetime %Y dst=never",
		"character 7: datetime: dst is reject, earlier or later"},
	    {"datetime %Y dst", "character 7: datetime: dst needs a value: dst=..."},
	    {"datetime %Y zone=Nowhere/City", "character 7: datetime: "},
	    {"upper | lower | uppr", "character 23: uppr: no such transform"},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_mistake(&cases[i]);
}

Test(transform_compile, a_time_needs_a_zone)
{
	struct err e = {0};

	kit.zone = NULL;
	cr_expect_null(compile("datetime \"%m/%d/%Y %H:%M\"", &e));
	cr_expect_not_null(
	    strstr(e.msg, "has no zone: set timezone in [feed]"), "%s", e.msg);
	cr_expect_not_null(compile("datetime \"%m/%d/%Y %H:%M %z\"", &e));
	cr_expect_not_null(compile("datetime \"%m/%d/%Y\"", &e));
	cr_expect_not_null(compile("datetime %s", &e));
	cr_expect_not_null(compile("datetime \"%m/%d/%Y %H:%M\" zone=UTC", &e));
}
