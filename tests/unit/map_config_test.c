#include "mappers/map.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/map_fixture.h"

TestSuite(map_config, .fini = map_reset);
TestSuite(map_header, .fini = map_reset);

#define PATIENT "[patient]\nid = {id}\nname.text = {N}\n"

#define VISIT                                                          \
	"[appointment]\nid = {A}\npatient_id = {B}\nstatus = booked\n" \
	"start = {C} | datetime \"%m/%d/%Y %H:%M %z\"\n"

static const struct mistake {
	const char *text, *want;
} mistakes[] = {
    {"[rows]\nwhen = {A} present\n",
	"there is no section of a record type, such as [patient]"},
    {"[patient]\nname.text = {N}\n", ":1: [patient]: id is not mapped"},
    {"[patient]\nid = {A}\n",
	":1: [patient]: neither name.family nor name.text is mapped"},
    {"[appointment]\nid = {A}\npatient_id = {B}\nstatus = booked\n",
	":1: [appointment]: start is not mapped; a whole record needs it"},
    {PATIENT "name.famly = {A}\n",
	":4: [patient] name.famly: patient has no such field; did you mean name.family?"},
    {PATIENT "op = delete\n", ":4: [patient] op: is put or patch"},
    {PATIENT "whn = {A} present\n", "did you mean when?"},
    {PATIENT "when = {A}\n", ":4: [patient] when: character 4: expected in, not in"},
    {PATIENT "when = {A} matches /(/\n",
	"[patient] when: the regular expression is wrong"},
    {PATIENT "on_missing = delete\n",
	":4: [patient] on_missing: delete needs contents = snapshot in [feed]"},
    {VISIT "on_missing = cancel\n", "cancel needs contents = snapshot in [feed]"},
    {VISIT "missing_window = end\n", ":6: [appointment] missing_window: is start"},
    {PATIENT "missing_window = start\n", "missing_window: start is not mapped"},
    {PATIENT "email = {A\n", ":4: [patient] email: character 3: expected ?? or | or }"},
    {PATIENT "email = {A} | emale\n", "no such transform (did you mean email?)"},
    {PATIENT "email = [{A}]\n", "email takes one value, not a list"},
    {PATIENT "email[1] = {A}\n", "this field is no list, and takes no [N]"},
    {PATIENT "name.given[1] = {A}\n", "write the whole list at once: [{A}, {B}]"},
    {PATIENT "contact.name = {A}\n", "say which one: contact[1].name"},
    {PATIENT "contact[0].name = {A}\n", "\"0\" is no number from 1 to 64"},
    {PATIENT "contact[1.name = {A}\n", "expected ] after the ["},
    {PATIENT "contact[1].name = {A}\ncontact[01].name = {A}\n",
	"contact[].name is mapped twice"},
    {PATIENT "gender = {A} | code gender\n", "there is no section [code gender]"},
    {PATIENT "gender = {A} | code gendre\n[code gender]\nfemale = F\n",
	"(did you mean [code gender]?)"},
    {PATIENT "gender = {A} | code gender\n[code gender]\nfemale = F\nlady = L\n",
	":7: [code gender] lady: gender cannot be \"lady\""},
    {PATIENT "gender = F\n", "gender cannot be \"F\""},
    {PATIENT "gender = {A} | else F\n", "gender cannot be \"F\""},
    {PATIENT "gender = {A} | default F\n", "gender cannot be \"F\""},
    {PATIENT "gender = {A} | else [x]\n", "else takes one value, not a list"},
    {PATIENT "birth_date = 02/03/1976\n", "birth_date cannot be"},
    {PATIENT "birth_date = {A} | datetime %m/%d/%Y\n", "use date, not datetime"},
    {PATIENT "birth_date = {A} | date %m/%d/%y\n", "%y needs past"},
    {PATIENT "deceased_at = {A} | datetime \"%m/%d/%Y %H:%M\"\n",
	"has no zone: set timezone"},
    {PATIENT "extra.[1] = {A}\n", "write extra.NAME"},
    {PATIENT "[rows]\nwen = {A} present\n",
	"[rows] wen: no such key; [rows] has when and snapshot_at"},
    {PATIENT "[rows]\nsnapshot_at = {A}\n",
	":5: [rows] snapshot_at: needs contents = snapshot in [feed]"},
    {PATIENT "[columns]\nmrn = \"MRN\n",
	"[columns] mrn: character 1: expected a second quote"},
    {PATIENT "[code]\na = b\n", "a code table has a name: [code NAME]"},
};

/* In a feed of snapshots. */
static const struct mistake snapshot_mistakes[] = {
    {PATIENT "on_missing = remove\n",
	":4: [patient] on_missing: is ignore, cancel or delete"},
    {PATIENT "on_missing = cancel\n",
	"cancel is for records with a status that may be cancelled, and patient has none"},
    {"[slot]\nid = {A}\nstatus = free\nstart = {B}\non_missing = cancel\n",
	"and slot has none: delete removes it"},
    {"[practitioner]\nid = {A}\non_missing = delete\n"
     "[practitioner rendering]\nid = {B}\n",
	":4: [practitioner rendering]: another section of practitioner has another op"},
    {VISIT "on_missing = cancel\nmissing_window = start\n"
	   "[appointment other]\nop = patch\nid = {B}\non_missing = cancel\n",
	"another section of appointment has another op, on_missing or missing_window"},
    {PATIENT "[rows]\nsnapshot_at = 2026-11-20\n",
	":5: [rows] snapshot_at: names no column: {Export Date} | datetime ..."},
    {PATIENT "[rows]\nsnapshot_at = {A} | datetime \"%m/%d/%Y %H:%M\"\n",
	"has no zone: set timezone in [feed]"},
    {PATIENT "[rows]\nsnapshot_at = {A} ?? now\n",
	"[rows] snapshot_at: snapshot_at cannot be \"now\""},
    {PATIENT "[rows]\nsnapshot_at = [{A}, {B}]\n",
	"snapshot_at takes one value, not a list"},
};

static void
expect_mistake(const struct mistake *m)
{
	struct err e = {0};

	cr_expect_null(map_compile(m->text, NULL, &e), "%s", m->text);
	cr_expect_eq(e.code, ERR_CONFIG, "%s", m->text);
	cr_assert_geq(errors.n, 1, "%s", m->text);
	cr_expect_eq(errors.n, 1, "%s: %s", m->text, errors.text[1]);
	cr_expect_not_null(
	    strstr(errors.text[0], m->want), "%s: %s", m->text, errors.text[0]);
	map_reset();
}

Test(map_config, mistakes)
{
	for (size_t i = 0; i < COUNT(mistakes); i++)
		expect_mistake(&mistakes[i]);
	snapshot = true;
	for (size_t i = 0; i < COUNT(snapshot_mistakes); i++)
		expect_mistake(&snapshot_mistakes[i]);
}

Test(map_config, missing_by_type)
{
	static const char text[] = VISIT
	    "on_missing = cancel\nmissing_window = start\n" PATIENT
	    "op = patch\non_missing = ignore\n"
	    "[location]\nop = patch\nid = {L}\non_missing = delete\n"
	    "[coverage]\nop = patch\nid = {C}\non_missing = cancel\n"
	    "updated_at = {U} | date %Y%m%d\n";
	const struct missing *m;
	struct err e = {0};

	snapshot = true;
	cr_assert_not_null(map_compile(text, "America/Chicago", &e), "%s",
	    errors.n > 0 ? errors.text[0] : "");
	m = map_missing(map);
	cr_expect_eq(m[RECORD_APPOINTMENT].how, MISSING_CANCEL);
	cr_expect(m[RECORD_APPOINTMENT].window);
	cr_expect_eq(m[RECORD_APPOINTMENT].op, OP_PUT);
	cr_expect_eq(m[RECORD_PATIENT].how, MISSING_IGNORE);
	cr_expect_eq(m[RECORD_LOCATION].how, MISSING_DELETE);
	cr_expect_not(m[RECORD_LOCATION].window);
	cr_expect_eq(m[RECORD_LOCATION].op, OP_PATCH);
	cr_expect_eq(m[RECORD_COVERAGE].how, MISSING_CANCEL);
	cr_expect(m[RECORD_COVERAGE].timed);
	cr_expect_not(m[RECORD_LOCATION].timed);
	cr_expect_eq(m[RECORD_SLOT].how, MISSING_IGNORE);
}

Test(map_config, all_mistakes_at_once_and_keys_used)
{
	struct err e = {0};

	cr_expect_null(
	    map_compile(PATIENT "email = {A\ngender = F\nfoo = {A}\n", NULL, &e));
	cr_expect_eq(errors.n, 3);
	map_reset();
	cr_assert_not_null(
	    map_compile(VISIT "missing_window = start\non_missing = ignore\n", "UTC", &e),
	    "%s", errors.n > 0 ? errors.text[0] : "");
	for (size_t i = 0; i < conf.n; i++) {
		cr_expect(conf.sections[i].used);
		for (size_t k = 0; k < conf.sections[i].n; k++)
			cr_expect(conf.sections[i].entries[k].used);
	}
	map_reset();
	cr_expect_null(map_compile(PATIENT, "Nowhere/City", &e));
	cr_expect_eq(errors.n, 1);
}

Test(map_config, fingerprint)
{
	static const char *const texts[] = {PATIENT, PATIENT "email = {A}\n",
	    PATIENT "email = {B}\n", PATIENT "[rows]\nwhen = {A} present\n",
	    PATIENT "[columns]\nx = y\n", PATIENT "[code x]\ny = z\n",
	    PATIENT "[rows]\nsnapshot_at = {A}\n"};
	uint64_t seen[COUNT(texts) + 1];
	struct err e = {0};

	snapshot = true;
	for (size_t i = 0; i <= COUNT(texts); i++) {
		map = map_compile(
		    texts[i % COUNT(texts)], i < COUNT(texts) ? NULL : "UTC", &e);
		cr_assert_not_null(map);
		seen[i] = map_fingerprint(map);
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(seen[i], seen[k], "%zu %zu", i, k);
		map_reset();
	}
	cr_assert_not_null(map_compile(texts[0], NULL, &e));
	cr_expect_eq(map_fingerprint(map), seen[0]);
}

/* A file may only be overtaken if each of its records has a time to be judged by. */
Test(map_config, event_times)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
	    {PATIENT, false},
	    {PATIENT "updated_at = {U}\n", true},
	    {PATIENT "updated_at = {U} ?? {V}\n", true},
	    {PATIENT "email = {updated_at}\n", false},
	    {PATIENT "updated_at = {U}\n[location]\nid = {L}\nname = {M}\n", false},
	    {PATIENT "[location]\nid = {L}\nname = {M}\nupdated_at = {U}\n", false},
	    {PATIENT "updated_at = {U}\n[location]\nid = {L}\nname = {M}\n"
		     "updated_at = {U}\n",
		true},
	};
	struct err e = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		map = map_compile(cases[i].text, "UTC", &e);
		cr_assert_not_null(
		    map, "%s: %s", cases[i].text, errors.n > 0 ? errors.text[0] : e.msg);
		cr_expect_eq(map_event_times(map), cases[i].want, "%s", cases[i].text);
		map_reset();
	}
}

static const struct {
	const char *titles, *want; /* NULL: binds */
} headers[] = {
    {"MRN|Last Name|DOB|a|b", NULL},
    {" mrn |LAST NAME|dob|a|b", NULL},
    {"Patient ID|Last\nName|DOB|a|b", NULL},
    {"MRN|Last\xc2\xa0Name|DOB|a|b", NULL},
    {"MRN|\xc2\xa0Last \xc2\xa0 Name\xc2\xa0|DOB|a|b", NULL},
    {"MRN Date|Last Name|DOB|a|b",
	"columns of the map are not in the header: \"MRN\" or \"Patient ID\" "
	"(there is \"MRN Date\")"},
    {"MRN|Patient ID|Last Name|DOB|b", NULL},
    {"MRN|Last Nme|DOB|a|b",
	"columns of the map are not in the header: \"Last Name\" (there is \"Last Nme\")"},
    {"Smith|Jane|1976-07-04|x|y",
	"columns of the map are not in the header: \"MRN\" or \"Patient ID\", \"Last Name\", "
	"\"dob\""},
    {"MRN|Last Name|DOB|a", "columns of the map are not in the header: #5"},
    {"MRN|Last Name|DOB|dob|b",
	"the header has the mapped column \"DOB\" 2 times; rename one, or the map can "
	"name one by its number: {#N}"},
    {"Patient ID |Last Name|DOD|a|b",
	"columns of the map are not in the header: \"dob\" (there is \"DOD\")"},
};

Test(map_header, binding)
{
	static const char text[] = "[columns]\nmrn = MRN, \"Patient ID\"\n"
				   "[patient]\nid = {MRN}\nname.family = {Last Name}\n"
				   "birth_date = {dob}\nextra.five = {#5}\n";

	for (size_t i = 0; i < COUNT(headers); i++) {
		struct err e = {0};

		cr_assert_not_null(map_compile(text, NULL, &e));
		if (headers[i].want == NULL) {
			cr_expect_eq(map_bind_titles(headers[i].titles, &e), 0, "%s: %s",
			    headers[i].titles, e.msg);
		} else {
			cr_expect_eq(map_bind_titles(headers[i].titles, &e), -1, "%s",
			    headers[i].titles);
			cr_expect_eq(e.code, ERR_REFUSED);
			cr_expect_str_eq(e.msg, headers[i].want);
		}
		map_reset();
	}
}

/* A map that has the title as it was copied from an export. */
Test(map_header, blank_that_does_not_break)
{
	struct err e = {0};

	cr_assert_not_null(map_compile("[patient]\nid = {MRN}\nname.family = "
				       "{Last\xc2\xa0Name}\n",
	    NULL, &e));
	cr_expect_eq(map_bind_titles("MRN|Last\xc2\xa0Name", &e), 0, "%s", e.msg);
	map_reset();
	cr_assert_not_null(map_compile("[patient]\nid = {MRN}\nname.family = "
				       "{Last\xc2\xa0Name}\n",
	    NULL, &e));
	cr_expect_eq(map_bind_titles("MRN|Last Name", &e), 0, "%s", e.msg);
	map_reset();
}

/* The message has little room: every missing title goes before near ones. */
Test(map_header, many_missing)
{
	static const char text[] =
	    "[patient]\nop = patch\nid = {Medical Record Number}\nemail = {Electronic Mail}\n"
	    "language = {Preferred Language}\nmarital_status = {Marital Status}\n"
	    "ethnicity = {Ethnic Group}\nphone.home = {Home Telephone}\n";
	struct err e = {0};

	cr_assert_not_null(map_compile(text, NULL, &e));
	cr_expect_eq(
	    map_bind_titles("Medical Rekord Number|Elektronic Mail|Preferred Langage|"
			    "Maritel Status|Etnic Group|Hom Telephone",
		&e),
	    -1);
	cr_expect_str_eq(e.msg,
	    "columns of the map are not in the header: "
	    "\"Medical Record Number\", \"Electronic Mail\", \"Preferred Language\", "
	    "\"Marital Status\", \"Ethnic Group\", \"Home Telephone\"");
}
