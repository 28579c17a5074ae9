/* Transforms of parts, numbers, amounts, measurements and counts of time. */
#include <criterion/criterion.h>

#include "tests/unit/transform_rig.h"

TestSuite(transform_amount, .init = rig_setup, .fini = rig_teardown);

static const struct row parts[] = {
    {"split \",\" 1", "Smith, Jane", "Smith", PROBLEM_NONE},
    {"split \",\" 2", "Smith, Jane", "Jane", PROBLEM_NONE},
    {"split \",\" 3", "Smith, Jane", "", PROBLEM_NONE},
    {"split \",\" 2", "a,,c", "", PROBLEM_NONE},
    {"split \",\" 3", "a,,c", "c", PROBLEM_NONE},
    {"split \",\" 2", "a,", "", PROBLEM_NONE},
    {"split \" \" 2", "Jane   Smith", "Smith", PROBLEM_NONE},
    {"split \" - \" 2", "BCBS - PPO", "PPO", PROBLEM_NONE},
    {"split \\n 2", "first\nsecond", "second", PROBLEM_NONE},
    {"split , 1 | upper", "a,b", "A", PROBLEM_NONE},
    {"substr 1 3", "12345", "123", PROBLEM_NONE},
    {"substr 4", "12345", "45", PROBLEM_NONE},
    {"substr 6", "12345", "", PROBLEM_NONE},
    {"substr 2 2", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x",
	"\xe2\x82\xac\xf0\x9f\x98\x80", PROBLEM_NONE},
    {"substr 4 9", "ab cd", "cd", PROBLEM_NONE},
    {"regex /(\\d{3})(\\d{4})/ \"$1-$2\"", "5551234", "555-1234", PROBLEM_NONE},
    {"regex /x+/ \"\"", "axxb", "ab", PROBLEM_NONE},
    {"regex /(?i)(x)|(?<two>y)/ \"$1${two}$$\"", "aXb", "aX$b", PROBLEM_NONE},
    {"regex /(*UCP)(\\w)/ \"$1-\"", "\xc3\xa9", "\xc3\xa9-", PROBLEM_NONE},
    {"extract /\\((\\w+)\\)/", "Dr. Jones (CARD)", "CARD", PROBLEM_NONE},
    {"extract /[0-9]+/", "room 12b", "12", PROBLEM_NONE},
    {"extract /a(b)?/", "ac", "", PROBLEM_NONE},
    {"extract /([A-Z]{2}) *$/", "Boston MA ", "MA", PROBLEM_NONE},
    {"extract /\\d+/", "none", NULL, PROBLEM_NO_MATCH},
    {"extract /(a+)+$/", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX", NULL,
	PROBLEM_PATTERN},
};

Test(transform_amount, parts)
{
	for (size_t i = 0; i < COUNT(parts); i++)
		check(&parts[i]);
}

static const struct row numbers[] = {
    {"number", "12", "12", PROBLEM_NONE},
    {"number", "12.50", "12.50", PROBLEM_NONE},
    {"number", "+012.50", "12.50", PROBLEM_NONE},
    {"number", "-.5", "-0.5", PROBLEM_NONE},
    {"number",
	"\xe2\x88\x92"
	"3",
	"-3", PROBLEM_NONE},
    {"number", "-0.00", "0.00", PROBLEM_NONE},
    {"number", "000", "0", PROBLEM_NONE},
    {"number", "0.10000000000000000000000000000001", "0.10000000000000000000000000000001",
	PROBLEM_NONE},
    {"number", "1,234", NULL, PROBLEM_NOT_NUMBER},
    {"number", "1.2.3", NULL, PROBLEM_NOT_NUMBER},
    {"number", "5.", NULL, PROBLEM_NOT_NUMBER},
    {"number", ".", NULL, PROBLEM_NOT_NUMBER},
    {"number", "-", NULL, PROBLEM_NOT_NUMBER},
    {"number", "12 kg", NULL, PROBLEM_NOT_NUMBER},
    {"number", "--5", NULL, PROBLEM_NOT_NUMBER},
    {"number", "NaN", NULL, PROBLEM_NOT_NUMBER},
    {"number", "1.2E+10", NULL, PROBLEM_SCIENTIFIC},
    {"number . ,", "1,234,567.89", "1234567.89", PROBLEM_NONE},
    {"number . ,", "234", "234", PROBLEM_NONE},
    {"number . ,", "1234567", "1234567", PROBLEM_NONE},
    {"number . ,", "1,23", NULL, PROBLEM_NOT_NUMBER},
    {"number . ,", "0,250", NULL, PROBLEM_NOT_NUMBER},
    {"number . ,", "00,250", NULL, PROBLEM_NOT_NUMBER},
    {"number . ,", "0.250", "0.250", PROBLEM_NONE},
    {"number , .", "-0.250", NULL, PROBLEM_NOT_NUMBER},
    {"number , .", "10.250", "10250", PROBLEM_NONE},
    {"money USD . ,", "$0,999", NULL, PROBLEM_NOT_MONEY},
    {"number . ,", "1,2345", NULL, PROBLEM_NOT_NUMBER},
    {"number . ,", "1234,567", NULL, PROBLEM_NOT_NUMBER},
    {"number . ,", ",123", NULL, PROBLEM_NOT_NUMBER},
    {"number . ,", "1.5,000", NULL, PROBLEM_NOT_NUMBER},
    {"number , .", "1.234,5", "1234.5", PROBLEM_NONE},
    {"number ,", "3,5", "3.5", PROBLEM_NONE},
    {"number ,", "3.5", NULL, PROBLEM_NOT_NUMBER},
    {"number , \" \"",
	"1 234\xc2\xa0"
	"567,8",
	"1234567.8", PROBLEM_NONE},
    {"number . '",
	"1'234\xe2\x80\x99"
	"567",
	"1234567", PROBLEM_NONE},
    {"money USD", "$12.50", "12.50", PROBLEM_NONE},
    {"money USD . ,", "$ 1,234.50", "1234.50", PROBLEM_NONE},
    {"money USD . ,", "US$1,234", "1234", PROBLEM_NONE},
    {"money USD", "usd 5", "5", PROBLEM_NONE},
    {"money USD", "5.00 USD", "5.00", PROBLEM_NONE},
    {"money USD", "($5.00)", "-5.00", PROBLEM_NONE},
    {"money USD", "-$5", "-5", PROBLEM_NONE},
    {"money USD", "$-5", "-5", PROBLEM_NONE},
    {"money USD", "12", "12", PROBLEM_NONE},
    {"money EUR , .", "1.234,50 \xe2\x82\xac", "1234.50", PROBLEM_NONE},
    {"money GBP",
	"\xc2\xa3"
	"3",
	"3", PROBLEM_NONE},
    {"money USD",
	"\xe2\x82\xac"
	"3",
	NULL, PROBLEM_NOT_MONEY},
    {"money USD", "5 EUR", NULL, PROBLEM_NOT_MONEY},
    {"money USD", "$1,234", NULL, PROBLEM_NOT_MONEY},
    {"money USD", "$", NULL, PROBLEM_NOT_MONEY},
    {"money USD", "free", NULL, PROBLEM_NOT_MONEY},
    {"money USD", "$5 USD 3", NULL, PROBLEM_NOT_MONEY},
};

Test(transform_amount, numbers)
{
	for (size_t i = 0; i < COUNT(numbers); i++)
		check(&numbers[i]);
}

/*
 * By hand: 180 * 0.45359237 = 81.6466266; 70 * 2.54 = 177.8; 98.6 F = 37 C;
 * 101.5 F = 38.6111... C; 100 kg = 220.46226... lb; 8 lb 3 oz = 131 oz = 3713.787529 g.
 */
static const struct row measures[] = {
    {"unit lb kg", "180", "81.65", PROBLEM_NONE},
    {"unit lb kg 6", "180", "81.646627", PROBLEM_NONE},
    {"unit lb kg 0", "180", "82", PROBLEM_NONE},
    {"unit in cm", "70", "177.8", PROBLEM_NONE},
    {"unit in cm", "70.5 in", "179.07", PROBLEM_NONE},
    {"unit in cm", "5'10\"", "177.8", PROBLEM_NONE},
    {"unit in cm", "5 ft 10 in.", "177.8", PROBLEM_NONE},
    {"unit in cm", "5' 10.5''", "179.07", PROBLEM_NONE},
    {"unit in cm", "5'12\"", "182.88", PROBLEM_NONE},
    {"unit in cm", "5'11.9\"", "182.63", PROBLEM_NONE},
    {"unit in cm", "5'13\"", NULL, PROBLEM_NOT_MEASURE},
    {"unit in cm", "5'12.1\"", NULL, PROBLEM_NOT_MEASURE},
    {"unit lb kg", "150 lb 20 oz", NULL, PROBLEM_NOT_MEASURE},
    {"unit in cm", "6 feet", "182.88", PROBLEM_NONE},
    {"unit in cm", "1.78 m", "178", PROBLEM_NONE},
    {"unit lb kg", "80 kg", "80", PROBLEM_NONE},
    {"unit lb kg", "80.123456 KG", "80.12", PROBLEM_NONE},
    {"unit kg lb", "100", "220.46", PROBLEM_NONE},
    {"unit lb g", "8 lbs 3 oz", "3713.79", PROBLEM_NONE},
    {"unit g kg 3", "3715", "3.715", PROBLEM_NONE},
    {"unit oz g", "0", "0", PROBLEM_NONE},
    {"unit F C", "98.6", "37", PROBLEM_NONE},
    {"unit F C 1",
	"101.5 \xc2\xb0"
	"F",
	"38.6", PROBLEM_NONE},
    {"unit F C", "-40", "-40", PROBLEM_NONE},
    {"unit F C", "31", "-0.56", PROBLEM_NONE},
    {"unit F C", "37 C", "37", PROBLEM_NONE},
    {"unit C F", "36.6", "97.88", PROBLEM_NONE},
    {"unit \"[lb_av]\" kg", "1", "0.45", PROBLEM_NONE},
    {"unit kg mg", "999999999", "999999999000000", PROBLEM_NONE},
    {"unit oz ug 6", "99999999.9", "2834952309665047.6875", PROBLEM_NONE},
    {"unit kg oz 6", "0.00000001", "0", PROBLEM_NONE},
    {"unit lb kg", "180 stone", NULL, PROBLEM_NOT_MEASURE},
    {"unit lb kg", "180 cm", NULL, PROBLEM_NOT_MEASURE},
    {"unit in cm", "5 ft 10", NULL, PROBLEM_NOT_MEASURE},
    {"unit in cm", "10 in 5 ft", NULL, PROBLEM_NOT_MEASURE},
    {"unit in cm", "5.5 ft 3 in", NULL, PROBLEM_NOT_MEASURE},
    {"unit kg g", "999999999 kg 1.00000001 ug", NULL, PROBLEM_NOT_MEASURE},
    {"unit lb kg", "heavy", NULL, PROBLEM_NOT_NUMBER},
    {"unit lb kg", "1,800", NULL, PROBLEM_NOT_MEASURE},
    {"unit lb kg", "1234567890", NULL, PROBLEM_NOT_NUMBER},
    {"unit lb kg", "-", NULL, PROBLEM_NOT_NUMBER},
};

Test(transform_amount, measures)
{
	for (size_t i = 0; i < COUNT(measures); i++)
		check(&measures[i]);
}

/* By date -u -d @1783272600. */
static const struct row counts[] = {
    {"epoch s", "1783272600", "2026-07-05T17:30:00Z", PROBLEM_NONE},
    {"epoch ms", "1783272600000", "2026-07-05T17:30:00Z", PROBLEM_NONE},
    {"epoch ms", "1783272600007", "2026-07-05T17:30:00.007Z", PROBLEM_NONE},
    {"epoch s", "0", "1970-01-01T00:00:00Z", PROBLEM_NONE},
    {"epoch s", "-1", "1969-12-31T23:59:59Z", PROBLEM_NONE},
    {"epoch ms", "-1", "1969-12-31T23:59:59.999Z", PROBLEM_NONE},
    {"epoch s", "1709164800", "2024-02-29T00:00:00Z", PROBLEM_NONE},
    {"epoch s", "253402300799", "9999-12-31T23:59:59Z", PROBLEM_NONE},
    {"epoch s", "253402300800", NULL, PROBLEM_NOT_DATETIME},
    {"epoch s", "1783272600000", NULL, PROBLEM_NOT_DATETIME},
    {"epoch s", "-62135596800", "0001-01-01T00:00:00Z", PROBLEM_NONE},
    {"epoch s", "-62135596801", NULL, PROBLEM_NOT_DATETIME},
    {"epoch s", "17832726.5", NULL, PROBLEM_NOT_DATETIME},
    {"epoch s", "-", NULL, PROBLEM_NOT_DATETIME},
    {"epoch ms", "1234567890123456", NULL, PROBLEM_NOT_DATETIME},
};

Test(transform_amount, counts_of_time)
{
	struct err e = {0};
	struct text t = {.s = SPAN_LIT("1783272600007")};
	struct step *st = compile("epoch ms", &e);

	for (size_t i = 0; i < COUNT(counts); i++)
		check(&counts[i]);
	cr_assert_eq(st->transform->apply(st->data, &run, &t), PROBLEM_NONE);
	cr_expect_eq(t.kind, TEXT_DATETIME);
	cr_expect_eq(t.instant, INT64_C(1783272600007));
}

static const struct mistake mistakes[] = {
    {"split", "character 7: split: takes 1 to 2 arguments, not 0"},
    {"split \"\" 1", "character 7: split: the text to split at is empty"},
    {"split , 0", "character 7: split: \"0\" is no number from 1 to 1000"},
    {"substr 0", "character 7: substr: \"0\" is no number from 1"},
    {"substr 1 x", "character 7: substr: \"x\" is no number"},
    {"regex a b", "character 7: regex: takes a /regular expression/"},
    {"regex /(/ b", "character 7: regex: the regular expression is wrong"},
    {"regex /a/ $1", "character 7: regex: \"$1\" can't replace it: unknown substring"},
    {"replace /(a)|b/ \"${2}\"", "character 7: replace: \"${2}\" can't replace it"},
    {"regex /(a)/ \"\\1\"", "character 7: regex: a group is written $1, not \\1"},
    {"replace /a/ \"5$\"", "character 7: replace: \"5$\" can't replace it"},
    {"extract a", "character 7: extract: takes a /regular expression/"},
    {"number x", "character 7: number: the decimal sign is . or ,"},
    {"number . .", "character 7: number: . can't both begin decimals and divide"},
    {"number . _", "character 7: number: what divides thousands is"},
    {"money", "character 7: money: takes 1 to 3 arguments, not 0"},
    {"money $", "character 7: money: the currency comes first"},
    {"money usd", "character 7: money: the currency comes first"},
    {"money USD x", "character 7: money: the decimal sign is . or ,"},
    {"unit lb", "character 7: unit: takes 2 to 3 arguments, not 1"},
    {"unit lb stone", "character 7: unit: \"stone\" is no known unit; known are kg g"},
    {"unit lb cm", "character 7: unit: lb and cm measure different things"},
    {"unit lb kg 7", "character 7: unit: \"7\" is no number from 0 to 6"},
    {"epoch", "character 7: epoch: takes 1 argument, not 0"},
    {"epoch us", "character 7: epoch: counts s (seconds) or ms (milliseconds)"},
};

Test(transform_amount, mistakes)
{
	for (size_t i = 0; i < COUNT(mistakes); i++)
		check_mistake(&mistakes[i]);
}
