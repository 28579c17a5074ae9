#include "mappers/map.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/record.h"
#include "tests/unit/map_rows_rig.h"

TestSuite(map_rows, .init = rows_setup, .fini = rows_teardown);

static const struct fields values[] = {
    {"name.family = {Last}", "ID|last ", " 7 | O'Neil ",
	"patch patient 7 {\"name\":{\"family\":\"O'Neil\"}}\nmapped 1"},
    {"name.family = {Last}", "id|Last", "7|", "patch patient 7 {}\nmapped 1"},
    {"name.family = {Last}", "id|Last", "7", "patch patient 7 {}\nmapped 1"},
    {"name.text = {First} {Middle?} {Last}", "id|First|Middle|Last", "7|Ann||Lee",
	"patch patient 7 {\"name\":{\"text\":\"Ann Lee\"}}\nmapped 1"},
    {"name.text = {First} {Middle?} {Last}", "id|First|Middle|Last", "7|Ann|B.|Lee",
	"patch patient 7 {\"name\":{\"text\":\"Ann B. Lee\"}}\nmapped 1"},
    {"name.text = {First} {Middle?} {Last}", "id|First|Middle|Last", "7||B.|Lee",
	"patch patient 7 {}\nmapped 1"},
    {"name.text = {First?} ({Middle?})", "id|First|Middle", "7||",
	"patch patient 7 {}\nmapped 1"},
    {"email = {A} ?? {B} ?? none", "id|A|B", "7||x",
	"patch patient 7 {\"email\":\"x\"}\nmapped 1"},
    {"email = {A} ?? {B} ?? none", "id|A|B", "7||",
	"patch patient 7 {\"email\":\"none\"}\nmapped 1"},
    {"email = {A ?? B | upper}", "id|A|B", "7||x",
	"patch patient 7 {\"email\":\"X\"}\nmapped 1"},
    {"email = {A | upper} {B}", "id|A|B", "7|a|b",
	"patch patient 7 {\"email\":\"A b\"}\nmapped 1"},
    {"email = {A} ?? {B} | upper", "id|A|B", "7||b",
	"patch patient 7 {\"email\":\"B\"}\nmapped 1"},
    {"email = {\"odd | \"\"title\"\"\"}", "id|x", "7|", NULL},
    {"email = {#3}", "id|x|x", "7|a|b", "patch patient 7 {\"email\":\"b\"}\nmapped 1"},
    {"name.given = [{First}, {Middle}, {First} {Middle}]", "id|First|Middle", "7|Ann|",
	"patch patient 7 {\"name\":{\"given\":[\"Ann\"]}}\nmapped 1"},
    {"name.given = [{First}, {Middle}] | upper", "id|First|Middle", "7|Ann|Bea",
	"patch patient 7 {\"name\":{\"given\":[\"ANN\",\"BEA\"]}}\nmapped 1"},
    {"name.given = [{First}, {Middle}] ?? Unknown", "id|First|Middle", "7||",
	"patch patient 7 {\"name\":{\"given\":[\"Unknown\"]}}\nmapped 1"},
    {"name.given = {First}", "id|First", "7|Ann",
	"patch patient 7 {\"name\":{\"given\":[\"Ann\"]}}\nmapped 1"},
    {"name.given = [{First}] | default Baby", "id|First", "7|",
	"patch patient 7 {\"name\":{\"given\":[\"Baby\"]}}\nmapped 1"},
    {"extra.b = {B}\nextra.a = {A}", "id|A|B", "7|x|y",
	"patch patient 7 {\"extra\":{\"a\":\"x\",\"b\":\"y\"}}\nmapped 1"},
    {"contact[1].name = {A}\ncontact[2].name = {B}\ncontact[2].phone = {C}\n"
     "contact[1].phone = {D}",
	"id|A|B|C|D", "7|a|b|c|d",
	"patch patient 7 {\"contact\":[{\"name\":\"a\",\"phone\":\"d\"},"
	"{\"name\":\"b\",\"phone\":\"c\"}]}\nmapped 1"},
    {"contact[1].name = {A}\ncontact[2].name = {B}", "id|A|B", "7||b",
	"patch patient 7 {\"contact\":[{\"name\":\"b\"}]}\nmapped 1"},
    {"sms_consent = {A}\ndeceased = {B}", "id|A|B", "7|Y|FALSE",
	"patch patient 7 {\"sms_consent\":true,\"deceased\":false}\nmapped 1"},
    {"sms_consent = {A}", "id|A", "7|maybe",
	"warn not_allowed row 2 \"A\" patient sms_consent\npatch patient 7 {}\nmapped 1"},
    {"birth_date = {A}", "id|A", "7|1976-07-04",
	"patch patient 7 {\"birth_date\":\"1976-07-04\"}\nmapped 1"},
    {"birth_date = {A}", "id|A", "7|1976-07",
	"warn not_date row 2 \"A\" patient birth_date\npatch patient 7 {}\nmapped 1"},
    {"birth_date = {A} | date %m/%Y", "id|A", "7|7/1976",
	"patch patient 7 {\"birth_date\":\"1976-07\"}\nmapped 1"},
    {"deceased_at = {A}", "id|A", "7|2026-07-05 10:00",
	"patch patient 7 {\"deceased_at\":\"2026-07-05T10:00:00-05:00\"}\nmapped 1"},
    {"gender = {A}", "id|A", "7|F",
	"warn not_allowed row 2 \"A\" patient gender\npatch patient 7 {}\nmapped 1"},
    {"phone.home = ({Area}) {Phone} | phone US", "id|Area|Phone", "7|206|752-1215",
	"patch patient 7 {\"phone\":{\"home\":\"+12067521215\"}}\nmapped 1"},
    {"phone.home = ({Area}) {Phone} | phone US", "id|Area|Phone", "7||752-1215",
	"patch patient 7 {}\nmapped 1"},
    {"phone.home = {Phone} | phone US", "id|Phone", "7|(206)752-121",
	"warn not_phone row 2 \"Phone\" patient phone.home\n"
	"patch patient 7 {\"phone\":{\"home\":\"(206)752-121\"}}\nmapped 1"},
    {"email = {A}", "id|A", "7|a\006b",
	"warn control_character row 2 \"A\" - -\n"
	"patch patient 7 {\"email\":\"a\\u0006b\"}\nmapped 1"},
    {"email = {A}", "id|A", "7|two\nlines\there",
	"patch patient 7 {\"email\":\"two\\nlines\\there\"}\nmapped 1"},
    {"email = {A}", "id|A|B", "7|x|a longer cell, not mapped, with \001",
	"patch patient 7 {\"email\":\"x\"}\nmapped 1"},
};

Test(map_rows, values)
{
	for (size_t i = 0; i < COUNT(values); i++)
		if (values[i].want != NULL)
			check_rows(&values[i]);
}

static const struct fields failures[] = {
    {"", "id", "", "reject missing_id row 2 \"id\" patient id\nrejected 0"},
    {"email = {A} | required", "id|A", "7|",
	"reject missing_value row 2 \"A\" patient email\nrejected 0"},
    {"email = {A} | required | email", "id|A", "7|x",
	"reject not_email row 2 \"A\" patient email\nrejected 0"},
    {"email = {A} | email", "id|A", "7|x",
	"warn not_email row 2 \"A\" patient email\npatch patient 7 {}\nmapped 1"},
    {"email = {A} | email | else drop", "id|A", "7|x",
	"warn not_email row 2 \"A\" patient email\npatch patient 7 {}\nmapped 1"},
    {"email = {A} | email | else reject", "id|A", "7|x",
	"reject not_email row 2 \"A\" patient email\nrejected 0"},
    {"email = {A} | email | else none", "id|A", "7|x",
	"patch patient 7 {\"email\":\"none\"}\nmapped 1"},
    {"email = {A} | email | else {B}", "id|A|B", "7|x|y",
	"patch patient 7 {\"email\":\"y\"}\nmapped 1"},
    {"email = {A} | required | else drop", "id|A", "7|",
	"warn missing_value row 2 \"A\" patient email\npatch patient 7 {}\nmapped 1"},
    {"gender = {A} | else unknown", "id|A", "7|F",
	"patch patient 7 {\"gender\":\"unknown\"}\nmapped 1"},
    {"gender = {A} | lower | else {B}", "id|A|B", "7|F|G",
	"warn not_allowed row 2 \"B\" patient gender\npatch patient 7 {}\nmapped 1"},
    {"email = {A | email | else drop} ?? {B}", "id|A|B", "7|x|y",
	"patch patient 7 {\"email\":\"y\"}\nmapped 1"},
    {"email = {A | email | else drop} ?? {B}", "id|A|B", "7|x|",
	"warn not_email row 2 \"A\" patient email\npatch patient 7 {}\nmapped 1"},
    {"email = {A | email} ?? {B}", "id|A|B", "7|x|y",
	"warn not_email row 2 \"A\" patient email\npatch patient 7 {}\nmapped 1"},
    {"email = {A | email} ?? {B} | else z", "id|A|B", "7|x|y",
	"patch patient 7 {\"email\":\"z\"}\nmapped 1"},
    {"email = {A | email | else reject} ?? {B} | else z", "id|A|B", "7|x|y",
	"reject not_email row 2 \"A\" patient email\nrejected 0"},
    {"phone.home = {A} | phone US | else drop", "id|A", "7|12",
	"warn not_phone row 2 \"A\" patient phone.home\npatch patient 7 {}\nmapped 1"},
    {"race = [{A}, {B}] | max_length 2", "id|A|B", "7|abc|de",
	"warn too_long row 2 \"A\" patient race[]\n"
	"patch patient 7 {\"race\":[\"de\"]}\nmapped 1"},
    {"race = [{A | max_length 2}, {B}]", "id|A|B", "7|abc|de",
	"warn too_long row 2 \"A\" patient race[]\n"
	"patch patient 7 {\"race\":[\"de\"]}\nmapped 1"},
    {"race = [{A}, {B}] | required | max_length 2", "id|A|B", "7|abc|de",
	"reject too_long row 2 \"A\" patient race[]\nrejected 0"},
    {"email = {A | required} ?? {B}", "id|A|B", "7||y",
	"reject missing_value row 2 \"A\" patient email\nrejected 0"},
    {"email = {A | required | else drop} ?? {B}", "id|A|B", "7||y",
	"patch patient 7 {\"email\":\"y\"}\nmapped 1"},
    {"race = [{A}, {B | required}]", "id|A|B", "7|x|",
	"reject missing_value row 2 \"B\" patient race[]\nrejected 0"},
    /* the blamed column is the one that was read */
    {"email = {A} ?? {B} | email", "id|A|B", "7||x",
	"warn not_email row 2 \"B\" patient email\npatch patient 7 {}\nmapped 1"},
    /* every problem of a row is told */
    {"email = {A} | email\ngender = {A}", "id|A", "|x",
	"reject missing_id row 2 \"id\" patient id\n"
	"warn not_allowed row 2 \"A\" patient gender\n"
	"warn not_email row 2 \"A\" patient email\nrejected 0"},
    {"updated_at = {A} | datetime \"%m/%d/%Y %H:%M\"", "id|A", "7|11/01/2026 01:30",
	"patch patient 7 @2026-11-01T01:30:00-05:00=1793514600000 {}\nmapped 1"},
    {"updated_at = {A} | datetime \"%m/%d/%Y %H:%M\" | required", "id|A", "7|",
	"warn missing_value row 2 \"A\" patient updated_at\npatch patient 7 {}\nmapped 1"},
    {"updated_at = {A}", "id|A", "7|2026-11-21T11:00:00Z",
	"patch patient 7 @2026-11-21T11:00:00Z=1795258800000 {}\nmapped 1"},
    {"updated_at = {A}", "id|A", "7|2026-11-21T13:00:00Z",
	"warn time_future row 2 \"A\" patient updated_at\npatch patient 7 {}\nmapped 1"},
    {"updated_at = {A} | date %m/%d/%Y", "id|A", "7|11/18/2026",
	"patch patient 7 @2026-11-18=1794981600000 {}\nmapped 1"},
    {"updated_at = {A}", "id|A", "7|yesterday",
	"warn not_datetime row 2 \"A\" patient updated_at\npatch patient 7 {}\nmapped 1"},
    {"when = {A} is x", "id|A", "7|X", "patch patient 7 {}\nmapped 1"},
    {"when = {A} is x", "id|A", "|y", "filtered 0"},
    {"when = {A} not in x, \"y z\"", "id|A", "7|Y Z", "filtered 0"},
    {"when = {A} not in x, \"y z\"", "id|A", "7|", "patch patient 7 {}\nmapped 1"},
    {"when = {A} matches /^\\d+$/ and {B} empty", "id|A|B", "7|12|",
	"patch patient 7 {}\nmapped 1"},
    {"when = {A} matches /^\\d+$/ and {B} empty", "id|A|B", "7|12|x", "filtered 0"},
    {"when = {A} ?? {B} present", "id|A|B", "7||x", "patch patient 7 {}\nmapped 1"},
    {"when = {A | email} empty", "id|A", "7|x", "patch patient 7 {}\nmapped 1"},
    {"when = {A} | upper matches /X/", "id|A", "7|x", "patch patient 7 {}\nmapped 1"},
    {"when = [{A}, {B}] in y", "id|A|B", "7|x|y", "patch patient 7 {}\nmapped 1"},
    {"when = {A} matches /(a+)+$/", "id|A", "7|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX",
	"reject limit row 2 \"\" - -\nrejected 0"},
};

Test(map_rows, failures)
{
	for (size_t i = 0; i < COUNT(failures); i++)
		check_rows(&failures[i]);
}

static const char feed[] =
    "[columns]\n"
    "mrn = \"MRN\", \"Medical Record #\", \"Patient ID\"\n"
    "appt = Appt ID\n"
    "Status = Visit Status\n"
    "[rows]\n"
    "when = {\"Status\"} not in HOLD, BLOCK\n"
    "[patient]\n"
    "id = {mrn} | not_scientific\n"
    "name.family = {Last Name}\n"
    "name.given = [{First Name}, {Middle}]\n"
    "birth_date = {DOB} | date \"%m/%d/%Y\" \"%Y-%m-%d\"\n"
    "gender = {Sex} | code gender\n"
    "[appointment]\n"
    "id = {appt}\n"
    "patient_id = {mrn}\n"
    "status = {Status} | code appointment-status\n"
    "start = {Appt Date} {Appt Time} | datetime \"%m/%d/%Y %I:%M %p\"\n"
    "duration_minutes = {Minutes} | integer\n"
    "updated_at = {Last Modified} | datetime \"%m/%d/%Y %H:%M\"\n"
    "[practitioner]\n"
    "when = {Provider ID} present\n"
    "id = {Provider ID}\n"
    "npi = {Provider NPI} | npi\n"
    "[code gender]\n"
    "female = F\n"
    "male = M\n"
    "[code appointment-status]\n"
    "booked = Scheduled, Confirmed, PEN\n"
    "cancelled = Cancelled, x, \"CANC: <24h\"\n";
static const char header[] =
    "Status|Patient ID|Appt ID|Visit Status|Last Name|First Name|"
    "Middle|DOB|Sex|Appt Date|Appt Time|Minutes|Last Modified|"
    "Provider ID|Provider NPI";

Test(map_rows, one_row_gives_several_records)
{
	struct err e = {0};

	cr_assert_not_null(map_compile(feed, "America/Chicago", &e), "%s",
	    errors.n > 0 ? errors.text[0] : e.msg);
	cr_assert_eq(map_bind_titles(header, &e), 0, "%s", e.msg);
	cr_expect_str_eq(
	    row("open|00343166|A-77|PEN|Test|Ann||7/4/1976|f|03/07/2026|9:05 AM|30|"
		"11/01/2026 01:30|P1|1234567890"),
	    "warn npi_check_digit row 2 \"Provider NPI\" practitioner npi\n"
	    "put patient 00343166 {\"name\":{\"family\":\"Test\",\"given\":[\"Ann\"]},"
	    "\"birth_date\":\"1976-07-04\",\"gender\":\"female\"}\n"
	    "put appointment A-77 @2026-11-01T01:30:00-05:00=1793514600000 "
	    "window=1772895900000 {\"status\":\"booked\",\"status_raw\":\"PEN\","
	    "\"patient_id\":\"00343166\",\"start\":\"2026-03-07T09:05:00-06:00\","
	    "\"duration_minutes\":30}\n"
	    "put practitioner P1 {\"npi\":\"1234567890\"}\nmapped 3",
	    "%s", out.p);
	cr_expect_str_eq(row("open|00343166|A-78|X|Test|||||||half|||"),
	    "warn not_integer row 2 \"Minutes\" appointment duration_minutes\n"
	    "put patient 00343166 {\"name\":{\"family\":\"Test\"}}\n"
	    "put appointment A-78 {\"status\":\"cancelled\",\"status_raw\":\"X\","
	    "\"patient_id\":\"00343166\"}\nmapped 2",
	    "%s", out.p);
	cr_expect_str_eq(row("Hold|2.98725E+13|||||||||||||"), "filtered 0");
	/* one section rejects: none of the row's records goes out */
	cr_expect_str_eq(row("|7|A-79|Rescheduled|Test|||13/13/2026||||||||"),
	    "warn not_date row 2 \"DOB\" patient birth_date\n"
	    "reject unknown_code row 2 \"Visit Status\" appointment status\n"
	    "reject missing_value row 2 \"Appt Date\" appointment start\nrejected 0",
	    "%s", out.p);
	cr_expect_str_eq(row("|2.98725E+13|A-80|PEN||||||03/08/2026|2:30 AM||||"),
	    "reject scientific_notation row 2 \"Patient ID\" patient id\n"
	    "reject missing_value row 2 \"Last Name\" patient name.family\n"
	    "warn scientific_notation row 2 \"Patient ID\" appointment patient_id\n"
	    "reject time_skipped row 2 \"Appt Time\" appointment start\nrejected 0",
	    "%s", out.p);
	cr_expect_str_eq(row("|7|A-80|PEN|Test|||||11/01/2026|1:30 AM||||"),
	    "reject time_twice row 2 \"Appt Time\" appointment start\nrejected 0", "%s",
	    out.p);
}

/* The shape that mappers/format.h promises. */
Test(map_rows, explains_each_field)
{
	static const char text[] = "[patient]\nop = patch\nid = {mrn}\n"
				   "name.given = [{A}, {B}] | upper\n"
				   "email = {A} ?? {B} | email | lower\n";
	struct err e = {0};
	struct json j;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	jw_init(&j, &b);
	cr_assert_not_null(map_compile(text, NULL, &e));
	cr_assert_eq(map_bind_titles("MRN|A|B", &e), 0);
	binding_explain(binding, &j);
	row("7|x|");
	binding_explain(binding, NULL);
	row("8|y|");
	buf_add_char(&b, '\0');
	cr_expect_str_eq(b.p,
	    "{\"type\":\"patient\",\"field\":\"id\",\"rule\":\"{mrn}\",\"columns\":[\"MRN\"],"
	    "\"steps\":[],\"result\":\"7\"},"
	    "{\"type\":\"patient\",\"field\":\"name.given[]\",\"rule\":\"[{A}, {B}] | upper\","
	    "\"columns\":[\"A\",\"B\"],\"steps\":[{\"transform\":\"upper\",\"result\":\"X\"}],"
	    "\"result\":[\"X\"]},"
	    "{\"type\":\"patient\",\"field\":\"email\",\"rule\":\"{A} ?? {B} | email | lower\","
	    "\"columns\":[\"A\",\"B\"],\"steps\":[{\"transform\":\"email\",\"result\":null}],"
	    "\"result\":null}");
	buf_release(&b);
}

Test(map_rows, a_row_that_produces_too_much)
{
	static const char text[] = "[patient]\nop = patch\nid = {id}\n"
				   "email = {A}{A}{A}{A}{A}{A}{A}{A}{A}{A}\n";
	char *big = malloc(2 << 20);
	struct err e = {0};

	memset(big, 'x', (2 << 20) - 1);
	big[(2 << 20) - 1] = '\0';
	memcpy(big, "7|", 2);
	cr_assert_not_null(map_compile(text, NULL, &e));
	cr_assert_eq(map_bind_titles("id|A", &e), 0);
	cr_expect_str_eq(row(big), "warn limit row 2 \"A\" patient email\n"
				   "reject limit row 2 \"\" - -\nrejected 0");
	cr_expect_str_eq(
	    row("8|x"), "patch patient 8 {\"email\":\"xxxxxxxxxx\"}\nmapped 1");
	free(big);
}

static int
no_more(void *arg, const struct record *r, struct err *e)
{
	(void)arg;
	(void)r;
	return err_set(e, ERR_IO, "disk full");
}

Test(map_rows, a_sink_can_end_the_reading)
{
	static const struct mapper_sink full = {.record = no_more, .problem = on_problem};
	struct span cell = SPAN_LIT("7");
	struct row r = {.cells = &cell, .n = 1, .number = 2};
	struct row_result result;
	struct err e = {0};

	cr_assert_not_null(map_compile("[patient]\nop = patch\nid = {id}\n", NULL, &e));
	cr_assert_eq(map_bind_titles("id", &e), 0);
	binding_start(binding, &full, NOW);
	cr_expect_eq(map_row(binding, &r, &result, &e), -1);
	cr_expect_eq(e.code, ERR_IO);
}

/* A short name and a title may have one spelling: quotes make it the title. */
Test(map_rows, short_names_win)
{
	static const char text[] = "[columns]\nStatus = Visit Status\n"
				   "[patient]\nop = patch\nid = {#1}\n"
				   "email = {status}\nlanguage = {\"Status\"}\n";
	struct err e = {0};

	cr_assert_not_null(map_compile(text, NULL, &e));
	cr_assert_eq(map_bind_titles("id|Status|Visit Status", &e), 0, "%s", e.msg);
	cr_expect_str_eq(row("7|title|short"),
	    "patch patient 7 {\"email\":\"short\",\"language\":\"title\"}\nmapped 1");
}
