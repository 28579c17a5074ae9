/*
 * Every field of a message by the reference that finds it: for people who look for
 * where a value sits.
 */
#ifndef MAPPERS_HL7_LIST_H
#define MAPPERS_HL7_LIST_H

#include "mappers/format.h"
#include "mappers/hl7_message.h"
#include "mappers/hl7_text.h"

/*
 * Calls to->fn for each leaf that is not empty, in the message's order: "PID-3[#2].4.1".
 * "" is told as it was sent. -1 if memory ran out.
 */
int hl7_list_fields(struct hl7_message *m, struct hl7_charsets *charsets, uint64_t row,
    const struct mapper_fields *to, struct err *e);

#endif
