#include "base/schema.h"

#include <stdint.h>
#include <string.h>

static const char *const gender[] = {"male", "female", "other", "unknown", NULL};
static const char *const appointment_status[] = {"proposed", "pending", "booked",
    "arrived", "checked-in", "waitlist", "fulfilled", "cancelled", "noshow",
    "entered-in-error", NULL};
static const char *const slot_status[] = {
    "free", "busy", "busy-unavailable", "busy-tentative", "entered-in-error", NULL};
static const char *const location_status[] = {"active", "suspended", "inactive", NULL};
static const char *const financial_status[] = {
    "active", "cancelled", "draft", "entered-in-error", NULL};
static const char *const encounter_status[] = {
    "planned", "arrived", "in-progress", "onleave", "finished", "cancelled", NULL};
static const char *const observation_status[] = {"registered", "preliminary", "final",
    "amended", "corrected", "cancelled", "entered-in-error", "unknown", NULL};
static const char *const comparator[] = {"<", "<=", ">=", ">", NULL};

/* clang-format off */
#define TEXT(p)		{.path = p, .kind = FIELD_STRING}
#define CODE(p, c)	{.path = p, .kind = FIELD_CODE, .codes = c}
#define REF(p, t)	{.path = p, .kind = FIELD_ID, .refers = t}
#define DATE(p)		{.path = p, .kind = FIELD_DATE}
#define TIME(p)		{.path = p, .kind = FIELD_DATETIME}
#define INTEGER(p)	{.path = p, .kind = FIELD_INTEGER}
#define BOOLEAN(p)	{.path = p, .kind = FIELD_BOOLEAN}

#define COMMON \
	{.path = "id", .kind = FIELD_ID, .need = NEED_ALWAYS, .rejects = true}, \
	TEXT("identifier[].value"), TEXT("identifier[].system"), \
	TEXT("identifier[].type"), TEXT("identifier[].use"), \
	TIME("updated_at"), BOOLEAN("active")
#define STATUS(c) \
	{.path = "status", .kind = FIELD_CODE, .need = NEED_ALWAYS, .rejects = true, .codes = c}
#define OF_PATIENT \
	{.path = "patient_id", .kind = FIELD_ID, .need = NEED_ALWAYS, .rejects = true, \
	 .refers = RECORD_PATIENT}
#define NAME(p) \
	TEXT(p "family"), TEXT(p "given[]"), TEXT(p "prefix"), TEXT(p "suffix"), TEXT(p "text")
#define ADDRESS(p) \
	TEXT(p "line[]"), TEXT(p "city"), TEXT(p "district"), TEXT(p "state"), \
	TEXT(p "postal_code"), TEXT(p "country")
#define PHONE(p)	TEXT(p "mobile"), TEXT(p "home"), TEXT(p "work")
#define END		{.path = NULL}

static const struct field patient[] = {
	COMMON,
	{.path = "name.family", .kind = FIELD_STRING, .need = NEED_NAME},
	TEXT("name.given[]"), TEXT("name.prefix"), TEXT("name.suffix"),
	{.path = "name.text", .kind = FIELD_STRING, .need = NEED_NAME},
	TEXT("previous_name[].family"), TEXT("previous_name[].given"), TEXT("previous_name[].text"),
	TEXT("preferred_name"),
	DATE("birth_date"), CODE("gender", gender), TEXT("birth_sex"),
	PHONE("phone."), TEXT("email"),
	TEXT("telecom[].system"), TEXT("telecom[].value"), TEXT("telecom[].use"),
	TEXT("contact_preference"), BOOLEAN("sms_consent"),
	ADDRESS("address."),
	TEXT("language"), BOOLEAN("interpreter_required"), TEXT("marital_status"),
	TEXT("race[]"), TEXT("ethnicity"), BOOLEAN("deceased"), TIME("deceased_at"),
	TEXT("account_number"), REF("general_practitioner_id", RECORD_PRACTITIONER),
	TEXT("contact[].name"), TEXT("contact[].relationship"), TEXT("contact[].phone"),
	TEXT("contact[].email"),
	BOOLEAN("confidential"), REF("retired_id", RECORD_PATIENT),
	END
};

static const struct field appointment[] = {
	COMMON,
	STATUS(appointment_status), TEXT("status_raw"),
	TEXT("placer_id"), TEXT("filler_id"), TEXT("occurrence"),
	OF_PATIENT,
	{.path = "start", .kind = FIELD_DATETIME, .need = NEED_START, .rejects = true},
	TIME("end"), INTEGER("duration_minutes"), TEXT("timezone"), BOOLEAN("all_day"),
	TEXT("type"), TEXT("service_type"), TEXT("specialty"), TEXT("reason"),
	TEXT("description"), TEXT("comment"), TEXT("cancellation_reason"),
	REF("practitioner[].id", RECORD_PRACTITIONER), TEXT("practitioner[].npi"),
	TEXT("practitioner[].display"), TEXT("practitioner[].role"),
	REF("practitioner_id", RECORD_PRACTITIONER), REF("location_id", RECORD_LOCATION),
	TEXT("room"), REF("slot_id", RECORD_SLOT), BOOLEAN("is_telehealth"),
	BOOLEAN("new_patient"), TIME("created_at"), TIME("confirmed_at"), TIME("checked_in_at"),
	TIME("cancelled_at"), TEXT("rescheduled_from"), TEXT("rescheduled_to"),
	TEXT("visit_number"), TEXT("order_id[]"),
	END
};

static const struct field slot[] = {
	COMMON,
	STATUS(slot_status),
	{.path = "start", .kind = FIELD_DATETIME, .need = NEED_ALWAYS, .rejects = true},
	TIME("end"), INTEGER("duration_minutes"), TEXT("timezone"),
	REF("practitioner_id", RECORD_PRACTITIONER), REF("location_id", RECORD_LOCATION),
	TEXT("service_type"), TEXT("appointment_type"), INTEGER("capacity"), TEXT("comment"),
	END
};

static const struct field practitioner[] = {
	COMMON,
	TEXT("npi"), NAME("name."), TEXT("credentials[]"), CODE("gender", gender),
	TEXT("specialty[]"), TEXT("taxonomy_code"), PHONE("phone."), TEXT("email"),
	REF("location_id[]", RECORD_LOCATION), TEXT("organization"),
	END
};

static const struct field location[] = {
	COMMON,
	TEXT("name"), TEXT("alias[]"),
	{.path = "status", .kind = FIELD_CODE, .rejects = true, .codes = location_status},
	TEXT("npi"), ADDRESS("address."), PHONE("phone."), TEXT("timezone"), TEXT("type"),
	REF("part_of_id", RECORD_LOCATION), TEXT("organization"),
	END
};

static const struct field coverage[] = {
	COMMON,
	OF_PATIENT,
	{.path = "status", .kind = FIELD_CODE, .rejects = true, .codes = financial_status},
	INTEGER("order"), TEXT("payor_id"), TEXT("payor_name"), TEXT("plan_id"),
	TEXT("plan_name"), TEXT("subscriber_id"), TEXT("group_id"), TEXT("group_name"),
	NAME("subscriber.name."), DATE("subscriber.birth_date"),
	CODE("subscriber.gender", gender),
	TEXT("relationship"), DATE("period.start"), DATE("period.end"),
	TEXT("authorization_number"),
	END
};

static const struct field encounter[] = {
	COMMON,
	OF_PATIENT, STATUS(encounter_status), TEXT("class"),
	{.path = "start", .kind = FIELD_DATETIME, .rejects = true},
	TIME("end"), REF("location_id", RECORD_LOCATION), TEXT("bed"),
	REF("attending_id", RECORD_PRACTITIONER), TEXT("service"), TEXT("reason"),
	TEXT("discharge_disposition"), TEXT("account_number"),
	REF("appointment_id", RECORD_APPOINTMENT),
	END
};

static const struct field observation[] = {
	COMMON,
	OF_PATIENT, STATUS(observation_status), TEXT("category"),
	{.path = "code", .kind = FIELD_STRING, .need = NEED_ALWAYS},
	TEXT("code_system"), TEXT("code_display"),
	TEXT("value"), TEXT("value_type"), TEXT("value_display"),
	CODE("comparator", comparator), TEXT("unit"), TEXT("reference_range"),
	TEXT("interpretation[]"), TIME("effective_at"), TIME("issued_at"),
	REF("performer_id", RECORD_PRACTITIONER), TEXT("order_id"), TEXT("report_id"),
	TEXT("note[]"),
	END
};

static const struct schema schemas[] = {
	{RECORD_PATIENT, "patient", patient},
	{RECORD_APPOINTMENT, "appointment", appointment},
	{RECORD_SLOT, "slot", slot},
	{RECORD_PRACTITIONER, "practitioner", practitioner},
	{RECORD_LOCATION, "location", location},
	{RECORD_COVERAGE, "coverage", coverage},
	{RECORD_ENCOUNTER, "encounter", encounter},
	{RECORD_OBSERVATION, "observation", observation},
};
/* clang-format on */

const struct schema *
schema_by_name(struct span name)
{
	for (size_t i = 0; i < RECORD_TYPE_MAX; i++)
		if (span_eq(name, span_of(schemas[i].name)))
			return &schemas[i];
	return NULL;
}

const struct schema *
schema_by_type(enum record_type type)
{
	if (type < 1 || type > RECORD_TYPE_MAX)
		return NULL;
	return &schemas[type - 1];
}

/* Are they the same path? "[]" may be left out. */
static bool
path_eq(const char *path, struct span given)
{
	size_t i = 0;

	while (*path != '\0') {
		bool list = path[0] == '[';

		if (list && (given.n - i < 2 || memcmp(given.p + i, "[]", 2) != 0)) {
			path += 2;
			continue;
		}
		for (size_t n = list ? 2 : 1; n > 0; n--)
			if (i >= given.n || given.p[i++] != *path++)
				return false;
	}
	return i == given.n;
}

int
schema_field(const struct schema *s, struct span path)
{
	for (int i = 0; s->fields[i].path != NULL; i++)
		if (path_eq(s->fields[i].path, path))
			return i;
	return -1;
}

const char *
schema_nearest(const struct schema *s, struct span path)
{
	size_t limit = path.n / 3 + 1, best = limit + 1, d;
	const char *nearest = NULL;

	for (const struct field *f = s->fields; f->path != NULL; f++) {
		d = span_distance(path, span_of(f->path), limit);
		if (d < best) {
			best = d;
			nearest = f->path;
		}
	}
	return nearest;
}

bool
schema_code_allowed(const struct field *f, struct span code)
{
	if (f->codes == NULL)
		return true;
	for (size_t i = 0; f->codes[i] != NULL; i++)
		if (span_eq(code, span_of(f->codes[i])))
			return true;
	return false;
}
