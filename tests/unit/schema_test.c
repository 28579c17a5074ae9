#include "base/schema.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	enum record_type type;
	const char *name;
	int number; /* stands in ledger keys: must never change */
} types[] = {
    {RECORD_PATIENT, "patient", 1},
    {RECORD_APPOINTMENT, "appointment", 2},
    {RECORD_SLOT, "slot", 3},
    {RECORD_PRACTITIONER, "practitioner", 4},
    {RECORD_LOCATION, "location", 5},
    {RECORD_COVERAGE, "coverage", 6},
    {RECORD_ENCOUNTER, "encounter", 7},
    {RECORD_OBSERVATION, "observation", 8},
};

static const struct field *
field(const char *type, const char *path)
{
	const struct schema *s = schema_by_name(span_of(type));
	int i;

	cr_assert_not_null(s, "%s", type);
	i = schema_field(s, span_of(path));
	cr_assert_geq(i, 0, "%s.%s", type, path);
	return &s->fields[i];
}

Test(schema, types_by_name_and_number)
{
	cr_assert_eq(COUNT(types), RECORD_TYPE_MAX);
	for (size_t i = 0; i < COUNT(types); i++) {
		const struct schema *s = schema_by_name(span_of(types[i].name));

		cr_assert_not_null(s);
		cr_expect_eq((int)types[i].type, types[i].number);
		cr_expect_eq(s->type, types[i].type);
		cr_expect_eq(schema_by_type(types[i].type), s);
		cr_expect_eq(schema_field(s, SPAN_LIT("id")), 0);
	}
	cr_expect_null(schema_by_name(SPAN_LIT("Patient")));
	cr_expect_null(schema_by_name(SPAN_LIT("patients")));
	cr_expect_null(schema_by_name((struct span){NULL, 0}));
	cr_expect_null(schema_by_type((enum record_type)0));
	cr_expect_null(schema_by_type((enum record_type)9));
}

/* The fields, with what a writer of a map relies on. */
Test(schema, fields_have_their_kind)
{
	static const struct {
		const char *type, *path;
		enum field_kind kind;
		enum field_need need;
		bool rejects;
		enum record_type refers;
	} cases[] = {
	    {"patient", "id", FIELD_ID, NEED_ALWAYS, true, 0},
	    {"patient", "name.family", FIELD_STRING, NEED_NAME, false, 0},
	    {"patient", "name.text", FIELD_STRING, NEED_NAME, false, 0},
	    {"patient", "name.given[]", FIELD_STRING, NEED_NO, false, 0},
	    {"patient", "birth_date", FIELD_DATE, NEED_NO, false, 0},
	    {"patient", "gender", FIELD_CODE, NEED_NO, false, 0},
	    {"patient", "sms_consent", FIELD_BOOLEAN, NEED_NO, false, 0},
	    {"patient", "deceased_at", FIELD_DATETIME, NEED_NO, false, 0},
	    {"patient", "identifier[].value", FIELD_STRING, NEED_NO, false, 0},
	    {"patient", "retired_id", FIELD_ID, NEED_NO, false, RECORD_PATIENT},
	    {"patient", "general_practitioner_id", FIELD_ID, NEED_NO, false,
		RECORD_PRACTITIONER},
	    {"appointment", "status", FIELD_CODE, NEED_ALWAYS, true, 0},
	    {"appointment", "patient_id", FIELD_ID, NEED_ALWAYS, true, RECORD_PATIENT},
	    {"appointment", "start", FIELD_DATETIME, NEED_START, true, 0},
	    {"appointment", "end", FIELD_DATETIME, NEED_NO, false, 0},
	    {"appointment", "duration_minutes", FIELD_INTEGER, NEED_NO, false, 0},
	    {"appointment", "practitioner[].id", FIELD_ID, NEED_NO, false,
		RECORD_PRACTITIONER},
	    {"appointment", "location_id", FIELD_ID, NEED_NO, false, RECORD_LOCATION},
	    {"appointment", "slot_id", FIELD_ID, NEED_NO, false, RECORD_SLOT},
	    {"slot", "start", FIELD_DATETIME, NEED_ALWAYS, true, 0},
	    {"slot", "capacity", FIELD_INTEGER, NEED_NO, false, 0},
	    {"practitioner", "npi", FIELD_STRING, NEED_NO, false, 0},
	    {"practitioner", "location_id[]", FIELD_ID, NEED_NO, false, RECORD_LOCATION},
	    {"location", "part_of_id", FIELD_ID, NEED_NO, false, RECORD_LOCATION},
	    {"coverage", "patient_id", FIELD_ID, NEED_ALWAYS, true, RECORD_PATIENT},
	    {"coverage", "period.end", FIELD_DATE, NEED_NO, false, 0},
	    {"encounter", "appointment_id", FIELD_ID, NEED_NO, false, RECORD_APPOINTMENT},
	    {"encounter", "status", FIELD_CODE, NEED_ALWAYS, true, 0},
	    {"observation", "code", FIELD_STRING, NEED_ALWAYS, false, 0},
	    {"observation", "comparator", FIELD_CODE, NEED_NO, false, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct field *f = field(cases[i].type, cases[i].path);

		cr_expect_str_eq(f->path, cases[i].path);
		cr_expect_eq(f->kind, cases[i].kind, "%s", f->path);
		cr_expect_eq(f->need, cases[i].need, "%s", f->path);
		cr_expect_eq(f->rejects, cases[i].rejects, "%s", f->path);
		cr_expect_eq(f->refers, cases[i].refers, "%s", f->path);
	}
}

Test(schema, brackets_may_be_left_out)
{
	const struct schema *s = schema_by_name(SPAN_LIT("patient"));
	int given = schema_field(s, SPAN_LIT("name.given[]"));

	cr_assert_geq(given, 0);
	cr_expect_eq(schema_field(s, SPAN_LIT("name.given")), given);
	cr_expect_eq(schema_field(s, SPAN_LIT("identifier.value")),
	    schema_field(s, SPAN_LIT("identifier[].value")));
	cr_expect_eq(schema_field(s, SPAN_LIT("name.give")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("name.givens")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("name.family[]")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("name")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("Name.Family")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("extra.x")), -1);
}

/* Half a pair of brackets is a typing error, and is told as one. */
Test(schema, half_a_pair_of_brackets_is_no_path)
{
	const struct schema *s = schema_by_name(SPAN_LIT("patient"));

	cr_expect_eq(schema_field(s, SPAN_LIT("name.given[")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("name.given]")), -1);
	cr_expect_eq(schema_field(s, SPAN_LIT("identifier[.value")), -1);
}

Test(schema, nearest_spelling)
{
	static const struct {
		const char *given, *nearest;
	} cases[] = {
	    {"birthdate", "birth_date"},
	    {"birth_dat", "birth_date"},
	    {"Gender", "gender"},
	    {"name.famly", "name.family"},
	    {"sms_consnet", "sms_consent"},
	    {"zzzzzzzzzzzz", NULL},
	};
	const struct schema *s = schema_by_name(SPAN_LIT("patient"));

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = schema_nearest(s, span_of(cases[i].given));

		if (cases[i].nearest == NULL)
			cr_expect_null(got, "%s", got);
		else
			cr_expect_str_eq(got, cases[i].nearest);
	}
}

Test(schema, codes)
{
	static const struct {
		const char *type, *path, *code;
		bool allowed;
	} cases[] = {
	    {"patient", "gender", "unknown", true},
	    {"patient", "gender", "F", false},
	    {"patient", "gender", "", false},
	    {"patient", "language", "tlh", true}, /* free */
	    {"appointment", "status", "checked-in", true},
	    {"appointment", "status", "entered-in-error", true},
	    {"appointment", "status", "no-show", false},
	    {"appointment", "status", "Booked", false},
	    {"slot", "status", "busy-tentative", true},
	    {"encounter", "status", "onleave", true},
	    {"observation", "comparator", "<=", true},
	    {"observation", "comparator", "=", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(schema_code_allowed(field(cases[i].type, cases[i].path),
				 span_of(cases[i].code)),
		    cases[i].allowed, "%s %s", cases[i].path, cases[i].code);
	/* A text out of a file may hold a NUL, and a code ends with one. */
	cr_expect_not(
	    schema_code_allowed(field("slot", "status"), SPAN_LIT("free\0 as a bird")));
}

/* The part of a path before its last dot. */
static struct span
parent(const char *path)
{
	const char *dot = strrchr(path, '.');

	return (struct span){path, dot == NULL ? 0 : (size_t)(dot - path)};
}

/* The writer opens each object once: fields of one parent must stand together. */
Test(schema, table_is_in_order)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		const struct field *f = schema_by_type(types[i].type)->fields;

		for (size_t a = 0; f[a].path != NULL; a++) {
			bool left = false;

			cr_expect_eq(f[a].codes != NULL && f[a].kind != FIELD_CODE, 0);
			cr_expect_eq(f[a].refers != 0 && f[a].kind != FIELD_ID, 0);
			for (size_t b = a + 1; f[b].path != NULL; b++) {
				bool same = span_eq(parent(f[a].path), parent(f[b].path));

				cr_expect(strcmp(f[a].path, f[b].path) != 0, "%s twice",
				    f[a].path);
				if (parent(f[a].path).n == 0)
					continue;
				cr_expect_not(same && left, "%s", f[b].path);
				left |= !same;
			}
		}
	}
}
