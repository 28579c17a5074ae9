/* Groups of columns that repeat, and one cell that is a list. */
#include "mappers/map.h"

#include <criterion/criterion.h>

#include "tests/unit/map_rows_rig.h"

TestSuite(map_each, .init = rows_setup, .fini = rows_teardown);

static const char coverages[] = "[columns]\nmrn = MRN, \"Medical Record #\"\n"
				"[coverage]\nop = patch\neach = 1..3\nid = {mrn}-#\n"
				"patient_id = {mrn}\norder = #\n"
				"plan_name = {Ins# Plan}\nsubscriber_id = {Ins# ID}\n";

#define COVERAGE_TITLES \
	"Medical Record #|Ins1 Plan|Ins1 ID|Ins2 Plan|Ins2 ID|Ins3 Plan|Ins3 ID"

Test(map_each, a_record_for_each_group)
{
	struct err e = {0};

	cr_assert_not_null(map_compile(coverages, NULL, &e), "%s",
	    errors.n > 0 ? errors.text[0] : e.msg);
	conf_release(&conf);
	cr_assert_eq(map_bind_titles(COVERAGE_TITLES, &e), 0, "%s", e.msg);
	cr_expect_str_eq(row("7|Gold|A1|||Silver|"),
	    "patch coverage 7-1 {\"patient_id\":\"7\",\"order\":1,\"plan_name\":\"Gold\","
	    "\"subscriber_id\":\"A1\"}\n"
	    "patch coverage 7-3 {\"patient_id\":\"7\",\"order\":3,\"plan_name\":\"Silver\"}\n"
	    "mapped 2");
	cr_expect_str_eq(row("7|||||  |"), "filtered 0");
	cr_expect_str_eq(row("7"), "filtered 0");
	cr_expect_str_eq(row("|Gold"),
	    "reject missing_id row 2 \"Medical Record #\" coverage id\n"
	    "rejected 0");
	map_reset();
	cr_assert_not_null(map_compile(coverages, NULL, &e));
	cr_expect_eq(map_bind_titles("MRN|Ins1 Plan|Ins1 ID|Ins2 Plan|Ins2 ID", &e), -1);
	cr_expect_str_eq(e.msg, "columns of the map are not in the header: "
				"\"Ins3 Plan\", "
				"\"Ins3 ID\"");
}

/* Groups may have words, a when, and a title that has a # of its own. */
Test(map_each, groups_with_words)
{
	static const char text[] =
	    "[coverage]\nop = patch\neach = Primary \"Second Payer\"\n"
	    "id = {\"Medical Record #\"}-\"#\"#\npatient_id = {\"Medical Record #\"}\n"
	    "when = {# Plan} is not Self\npayor_name = {# Payor} ?? {# Plan} | else {#}\n";
	struct err e = {0};

	cr_assert_not_null(
	    map_compile(text, NULL, &e), "%s", errors.n > 0 ? errors.text[0] : e.msg);
	cr_assert_eq(
	    map_bind_titles("Medical Record #|Primary Plan|Primary Payor|Primary|"
			    "Second Payer Plan|Second Payer Payor|Second Payer",
		&e),
	    0, "%s", e.msg);
	cr_expect_str_eq(row("7|HMO|||Self|x|"),
	    "patch coverage 7-#Primary {\"patient_id\":\"7\",\"payor_name\":\"HMO\"}\n"
	    "mapped 1");
	cr_expect_str_eq(row("7|||||BCBS|"),
	    "patch coverage 7-#Second Payer "
	    "{\"patient_id\":\"7\",\"payor_name\":\"BCBS\"}\nmapped 1");
}

static int
on_present(void *arg, const struct record *r, struct err *e)
{
	(void)arg;
	(void)e;
	buf_addf(&out, "present %.*s\n", (int)r->id.n, r->id.p);
	return 0;
}

/* In a snapshot an empty group is no record; one that was left out, or rejected, is. */
Test(map_each, snapshots)
{
	static const char text[] =
	    "[coverage]\nop = patch\non_missing = cancel\neach = 1..2\nid = {MRN}-#\n"
	    "when = {Ins# Plan} is not Self\nplan_name = {Ins# Plan} | max_length 5 | "
	    "else reject\n";
	static const struct mapper_sink asks = {
	    .record = on_record, .problem = on_problem, .present = on_present};
	static const struct {
		const char *cells[3];
		const char *want;
	} rows[] = {
	    {{"7", "Gold", ""}, "patch coverage 7-1 {\"plan_name\":\"Gold\"}\n"},
	    {{"7", "", "Self"}, "present 7-2\n"},
	    {{"7", "Platinum", ""},
		"reject too_long row 2 \"Ins1 Plan\" coverage plan_name\npresent 7-1\n"},
	};
	struct row_result result;
	struct err e = {0};

	snapshot = true;
	cr_assert_not_null(map_compile(text, NULL, &e), "%s", errors.text[0]);
	cr_assert_eq(map_bind_titles("MRN|Ins1 Plan|Ins2 Plan", &e), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span cells[3];

		for (size_t k = 0; k < 3; k++)
			cells[k] = span_of(rows[i].cells[k]);
		buf_clear(&out);
		binding_start(binding, &asks, NOW);
		cr_assert_eq(
		    map_row(binding, &(struct row){.cells = cells, .n = 3, .number = 2},
			&result, &e),
		    0);
		buf_add_char(&out, '\0');
		cr_expect_str_eq(out.p, rows[i].want);
	}
}

#define PHONES                                        \
	"telecom[1..3].value = {Phone#} | phone US\n" \
	"telecom[1..3].system = phone\ntelecom[1..3].use = {Type #} | lower"
#define PHONE_TITLES "id|Phone1|Type 1|Phone2|Type 2|Phone3|Type 3"

static const struct fields cases[] = {
    {PHONES, PHONE_TITLES, "7|2067521215|HOME|||2067521216|",
	"patch patient 7 {\"telecom\":[{\"system\":\"phone\",\"value\":\"+12067521215\","
	"\"use\":\"home\"},{\"system\":\"phone\",\"value\":\"+12067521216\"}]}\nmapped 1"},
    {PHONES, PHONE_TITLES, "7||||||", "patch patient 7 {}\nmapped 1"},
    {PHONES, PHONE_TITLES, "7|||12|",
	"warn not_phone row 2 \"Phone2\" patient telecom[].value\n"
	"patch patient 7 {\"telecom\":[{\"system\":\"phone\",\"value\":\"12\"}]}\nmapped 1"},
    {"contact[2..3].name = {C#}\ncontact[1].name = {First}", "id|First|C2|C3", "7|a||c",
	"patch patient 7 {\"contact\":[{\"name\":\"a\"},{\"name\":\"c\"}]}\nmapped 1"},
    {"race = {R} | split \";\"", "id|R", "7| Asian ; ;White;",
	"patch patient 7 {\"race\":[\"Asian\",\"White\"]}\nmapped 1"},
    {"race = {R} | split \";\" | upper | max_length 5", "id|R", "7|Asian;Caucasian",
	"warn too_long row 2 \"R\" patient race[]\n"
	"patch patient 7 {\"race\":[\"ASIAN\"]}\nmapped 1"},
    {"race = {R} | split \";\" | code race\n[code race]\nA = Asian\nW = White", "id|R",
	"7|white;asian", "patch patient 7 {\"race\":[\"W\",\"A\"]}\nmapped 1"},
    {"race = {R} | split \";\"", "id|R", "7|;;", "patch patient 7 {}\nmapped 1"},
    {"race = {R} ?? {S} | split \", \"", "id|R|S", "7||a, b,c",
	"patch patient 7 {\"race\":[\"a\",\"b,c\"]}\nmapped 1"},
    {"race = [{R | split \"/\" 1}, {R | split \"/\" 2}]", "id|R", "7|a/b",
	"patch patient 7 {\"race\":[\"a\",\"b\"]}\nmapped 1"},
    {"email = {R} | split \";\" 2", "id|R", "7|a;b",
	"patch patient 7 {\"email\":\"b\"}\nmapped 1"},
    {"deceased = {R} | bool \"D\" \"A\"", "id|R", "7|d",
	"patch patient 7 {\"deceased\":true}\nmapped 1"},
    {"extra.loinc = {R} | loinc", "id|R", "7|58410-3",
	"warn loinc_check_digit row 2 \"R\" patient extra.loinc\n"
	"patch patient 7 {\"extra\":{\"loinc\":\"58410-3\"}}\nmapped 1"},
    {"extra.loinc = {R} | loinc | else reject", "id|R", "7|58410-3",
	"reject loinc_check_digit row 2 \"R\" patient extra.loinc\nrejected 0"},
    {"deceased_at = {R} | epoch ms", "id|R", "7|1783272600000",
	"patch patient 7 {\"deceased_at\":\"2026-07-05T17:30:00Z\"}\nmapped 1"},
};

Test(map_each, objects_and_lists)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		check_rows(&cases[i]);
}

Test(map_each, a_list_has_an_end)
{
	struct err e = {0};
	struct buf cells;

	buf_init(&cells, TEXT_MAX);
	buf_add_str(&cells, "7|");
	for (size_t i = 0; i < 1001; i++)
		buf_add_str(&cells, "x;");
	buf_add_char(&cells, '\0');
	cr_assert_not_null(map_compile("[patient]\nop = patch\nid = {id}\n"
				       "race = {R} | split \";\"\n",
	    NULL, &e));
	cr_assert_eq(map_bind_titles("id|R", &e), 0);
	cr_expect_str_eq(row(cells.p), "warn limit row 2 \"R\" patient race[]\n"
				       "reject limit row 2 \"\" - -\nrejected 0");
	buf_release(&cells);
}

#define PATCH "[patient]\nop = patch\n"
#define OF    PATCH "id = {id}\n"

Test(map_each, mistakes)
{
	static const struct {
		const char *text, *want;
	} mistakes[] = {
	    {PATCH "each = 1..2\nid = {id}-#\n",
		":3: [patient] each: no column of the section has a # in its title"},
	    {PATCH "each = 1..2\nid = {id}\nemail = {E#}\n",
		":4: [patient] id: needs a #: else all groups of a row would be one record"},
	    {PATCH "each = 1..2\nid = {\"Rec #\"}\nemail = {E#}\n",
		":4: [patient] id: needs a #"},
	    {PATCH "each = 2..1\nid = {id}-#\nemail = {E#}\n",
		":3: [patient] each: \"2..1\" is no range of at most 64 numbers"},
	    {PATCH "each = 1..100\nid = {id}-#\nemail = {E#}\n",
		"is no range of at most"},
	    {PATCH "each = 1..40 50..90\nid = {id}-#\nemail = {E#}\n",
		"more than 64 groups"},
	    {PATCH "each = 1..3 2\nid = {id}-#\nemail = {E#}\n", "2 is there twice"},
	    {PATCH "each = 1..64\nid = {id}-#\nemail = {E#}\n[location]\nid = {id}\n",
		"at most 64 sections of records, and each counts for every group"},
	    {PATCH "each = 1..3\nid = {id}-#\nemail = {E#\n",
		":5: [patient] email: character 4: expected ?? or | or }"},
	    {PATCH "each = 1..2\nid = {E#}\ncontact[1..2].name = {N#}\n",
		":5: [patient] contact[1..2].name: a range can't stand in a section with each"},
	    {OF "contact[1..2].name = {N}\n",
		"contact[].name: no column of the range has a # in its title"},
	    {OF "contact[0..2].name = {N#}\n", "\"0\" is no number from 1 to 64"},
	    {OF "race[1..2] = {R#}\n", "write the whole list at once: [{A}, {B}]"},
	    {OF "email[1..2] = {R#}\n", "this field is no list, and takes no [N]"},
	    {OF "contact[1..2].name = {N#}\ncontact[2].name = {M}\n",
		"contact[].name is mapped twice"},
	    {OF "email = {#}\n", "a column number from 1"},
	    {OF "email = {E} | split \",\"\n",
		"email takes one value, not a list (split \",\" 1"},
	    {OF "race = [{E}, {F}] | split \",\"\n",
		"split takes one value, and makes the list"},
	    {OF "race = {E | split \",\"}\n",
		"split stands behind the braces (with a number"},
	    {OF "race = {E} | upper | split \",\"\n", "split stands first"},
	    {OF "birth_date = {E} | epoch s\n",
		"birth_date is a date: use date, not epoch"},
	    {OF "when = {E} | split \",\" is x\n",
		":4: [patient] when: character 7: split has no place in a condition"},
	    {OF "when = {E} | join \",\" is x\n", "join has no place in a condition"},
	};

	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct err e = {0};

		cr_expect_null(
		    map_compile(mistakes[i].text, NULL, &e), "%s", mistakes[i].text);
		cr_expect(
		    errors.n == 1 && strstr(errors.text[0], mistakes[i].want) != NULL,
		    "%s: %zu, %s", mistakes[i].text, errors.n,
		    errors.n > 0 ? errors.text[0] : "no mistake");
		map_reset();
	}
}
