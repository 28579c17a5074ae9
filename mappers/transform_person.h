/*
 * A person's name in one cell, in an order that the feed tells: `person "last, first
 * middle"`. It fills the members of an object: name = {Patient} | person ...
 */
#ifndef MAPPERS_TRANSFORM_PERSON_H
#define MAPPERS_TRANSFORM_PERSON_H

#include "mappers/hl7_composite.h"
#include "mappers/transform.h"

struct person;

/* The members' names, NULL-terminated, in the order of base/schema. */
extern const char *const person_members[];

/*
 * At most HL7_MEMBERS_MAX members; one alone, text, if the name is in none of the orders.
 * `data` is what compiling the step gave.
 */
int person_split(
    const void *data, struct run *r, struct span name, struct hl7_member *out);

#endif
