/*
 * The record: what the four rooms share. Made by a mapper, compared by the
 * ledger, written to JSON for a target.
 *
 * Everything a record points to is borrowed from the arena of the row that made
 * it, and dies with it.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/schema.h"
#include "base/span.h"

enum record_op { OP_PUT, OP_PATCH, OP_DELETE, OP_MERGE };

#define RECORD_ID_MAX \
	1024 /* bytes of a source identifier: FHIR has 64, sources have more */

/* A record's event time, or window time, where it has none. */
#define TIME_NONE INT64_MIN

/* NULL deletes the field, NULL_LIST the whole list of objects that it is a part of. */
enum value_kind { VALUE_TEXT, VALUE_NULL, VALUE_NULL_LIST };

#define RECORD_PATH_MAX 4 /* parts of the deepest path in the schema, and room */

/*
 * A field's path taken apart: "practitioner[].npi" is a list, and a member. What a field
 * that is no part of anything needs stands first, and together.
 */
struct record_path {
	unsigned char n;
	unsigned char lists; /* a bit for each part that is one */
	bool bare;           /* its texts are JSON as they are: digits, true */
	struct record_part {
		bool list;
		struct jw_ready key;
		struct span name;
	} part[RECORD_PATH_MAX];
};

void record_path_make(const struct field *field, struct record_path *out);

/*
 * One value. Its place is the schema's field and, for lists, an index: for
 * "name.given[]" the element, for "practitioner[].npi" the object.
 */
struct value {
	unsigned short field; /* index into schema->fields; FIELD_EXTRA for extra.* */
	unsigned short index;
	enum value_kind kind;
	struct span name;               /* extra.* only: the name behind the dot */
	const struct record_path *path; /* its field's, made ready; may be NULL */
	struct span text; /* validated and in its JSON form: digits, true, a code, text */
};

#define FIELD_EXTRA 0xffff

struct record {
	const struct schema *schema;
	enum record_op op;
	struct span id;
	/*
	 * In the schema's order, extras last; the members of one object of a list stand
	 * together: (first field of the list, index, field).
	 */
	const struct value *values;
	size_t nvalues;
	int64_t event_at; /* ms since 1970, or TIME_NONE */
	/* The latest that it may be: a day is 24 hours long, an hour may happen twice. */
	int64_t event_latest;
	struct span event_at_text; /* as it goes into the envelope; may be empty */
	int64_t window;      /* ms: where on_missing looks (e.g. start), or TIME_NONE */
	uint64_t row;        /* origin: spreadsheet row, or message number */
	struct span event;   /* of a message: its trigger event, such as S12 */
	struct span control; /* and its control id */
	bool unmerge; /* a patient whose id was retired by a merge, and is not any more */
	bool patched; /* this feed patches such records, and does not put them */
	bool timed;   /* the map gives such records an event time, if their row has one */
};

const char *record_op_name(enum record_op op);

/* Writes the object that goes under "data": nested, in the schema's order. */
void record_write_data(const struct record *r, struct json *j);

/* Bytes of JSON that a record may have; what goes around its data takes no MiB more. */
#define RECORD_MAX (15u << 20)

/* Has it more? 1, 0, -1 if memory ran out. */
int record_is_large(const struct record *r, struct err *e);

/*
 * Calls `fn` for each identifier in the record that refers to another record
 * (appointment.patient_id, coverage.patient_id, ...).
 */
void record_each_ref(const struct record *r,
    void (*fn)(void *arg, enum record_type type, struct span id), void *arg);

#endif
