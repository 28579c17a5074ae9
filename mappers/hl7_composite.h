/*
 * HL7's composite data types as FHIR has them: a whole field gives the members of an
 * object, or one text. HL7 v2.9.1 chapter 2A; the choice of components is that of
 * HL7's own map to FHIR R4.
 */
#ifndef MAPPERS_HL7_COMPOSITE_H
#define MAPPERS_HL7_COMPOSITE_H

#include <stdbool.h>
#include <stddef.h>

#include "mappers/transform.h"

enum hl7_type { HL7_CX, HL7_EI, HL7_XPN, HL7_XAD, HL7_XTN, HL7_XCN, HL7_PL, HL7_CWE };

#define HL7_TYPES       8
#define HL7_MEMBERS_MAX 8 /* that one field may give */

/* False: no such type. */
bool hl7_type_by_name(struct span name, enum hl7_type *out);

/*
 * The names of a type's members, NULL-terminated, in the order of base/schema; NULL:
 * it gives one text alone.
 */
const char *const *hl7_type_members(enum hl7_type type);

/* `at` is the member's place among the names; one may come several times (given). */
struct hl7_member {
	unsigned at;
	bool null; /* "" was sent: delete */
	struct span text;
};

/* How many members a repetition has, as it was sent; -1 and *code if it can't be read. */
int hl7_type_split(enum hl7_type type, struct run *r, const struct text *raw,
    struct hl7_member *out, enum problem_code *code);

#endif
