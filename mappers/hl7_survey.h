/*
 * What a file of HL7 v2 messages holds, as far as the draft of a feed needs it: which
 * kinds of messages, and who assigns the patients' ids. Neither is a patient's value.
 */
#ifndef MAPPERS_HL7_SURVEY_H
#define MAPPERS_HL7_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define SURVEY_AUTHORITIES   8 /* that are told apart */
#define SURVEY_AUTHORITY_MAX 64

enum survey_kind { SURVEY_SIU, SURVEY_ADT, SURVEY_ORU, SURVEY_OTHER, SURVEY_KINDS };

struct survey_authority {
	char name[SURVEY_AUTHORITY_MAX + 1];
	uint64_t times;
};

struct hl7_survey_found {
	uint64_t messages, bad;
	uint64_t kind[SURVEY_KINDS];
	uint64_t identified; /* messages with a PID-3 that names an authority */
	struct survey_authority
	    authority[SURVEY_AUTHORITIES]; /* the first is the usual */
	unsigned nauthorities;
};

struct hl7_survey;

/* Does a file that begins so hold messages? */
bool hl7_survey_is(struct span head);

struct hl7_survey *hl7_survey_new(struct err *e);
void hl7_survey_free(struct hl7_survey *s); /* takes NULL */

/* As hl7_reader_feed and hl7_reader_end. */
int hl7_survey_feed(struct hl7_survey *s, struct span bytes, struct err *e);
int hl7_survey_end(struct hl7_survey *s, struct err *e);
const struct hl7_survey_found *hl7_survey_found(const struct hl7_survey *s);

#endif
