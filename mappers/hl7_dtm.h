/*
 * HL7 DTM: YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ] (HL7 v2.9.1 2.A.22).
 */
#ifndef MAPPERS_HL7_DTM_H
#define MAPPERS_HL7_DTM_H

#include <stdbool.h>

#include "base/civil.h"
#include "base/span.h"

/*
 * The whole text or nothing; the precision is what was sent, digits beyond the
 * millisecond are cut. A year 0000, a date that no calendar has, and a number of
 * digits that the form does not know are refused, never guessed.
 */
bool hl7_dtm_parse(struct span s, struct civil *out);

#endif
