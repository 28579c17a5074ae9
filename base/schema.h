/*
 * The record types and their fields: FHIR R4's words in snake_case. One table,
 * read by the map compiler, the JSON writer and the manual.
 */
#ifndef BASE_SCHEMA_H
#define BASE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Stable numbers: they stand in ledger keys. Append only. */
enum record_type {
	RECORD_PATIENT = 1,
	RECORD_APPOINTMENT = 2,
	RECORD_SLOT = 3,
	RECORD_PRACTITIONER = 4,
	RECORD_LOCATION = 5,
	RECORD_COVERAGE = 6,
	RECORD_ENCOUNTER = 7,
	RECORD_OBSERVATION = 8,
	RECORD_RETIRED = 9 /* in the ledger alone: a patient's id that was merged away */
};

#define RECORD_TYPE_MAX 8

enum field_kind {
	FIELD_STRING,
	FIELD_ID,       /* a source identifier, of this record or another */
	FIELD_CODE,     /* one of field->codes, or free where codes is NULL */
	FIELD_DATE,     /* FHIR date: YYYY, YYYY-MM or YYYY-MM-DD */
	FIELD_DATETIME, /* FHIR dateTime, with offset where it has a time */
	FIELD_INTEGER,
	FIELD_DECIMAL,
	FIELD_BOOLEAN
};

/* When a put record must have it. */
enum field_need { NEED_NO, NEED_ALWAYS, NEED_START /* appointment's rule */, NEED_NAME };

/*
 * `path` is dotted; "[]" behind a part says that the part is a list, so that
 * "name.given[]" is a list of strings and "practitioner[].npi" a member of a list
 * of objects. Fields of one parent stand together in the table.
 */
struct field {
	const char *path;
	enum field_kind kind;
	enum field_need need;
	bool rejects; /* a value that fails costs the row, not just the field */
	const char *const *codes; /* NULL-terminated */
	unsigned char refers;     /* record_type that a FIELD_ID points to, 0 if none */
};

struct schema {
	enum record_type type;
	const char *name;
	const struct field *fields; /* ends with path NULL */
};

/* NULL if there is no such type. */
const struct schema *schema_by_name(struct span name);
const struct schema *schema_by_type(enum record_type type);

/* The field with this path ("[]" may be left out), or -1. */
int schema_field(const struct schema *s, struct span path);

/* The field path nearest in spelling, or NULL. */
const char *schema_nearest(const struct schema *s, struct span path);

bool schema_code_allowed(const struct field *f, struct span code);

#endif
