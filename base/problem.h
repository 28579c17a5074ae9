/*
 * Problems: what can be wrong with a row or a field, as stable codes with plain
 * words and a remedy. A problem never carries the value that caused it.
 */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include <stdint.h>

#include "base/span.h"

enum problem_code {
	PROBLEM_NONE,
	PROBLEM_CSV_QUOTE,     /* a quote that is not closed, or stands inside a cell */
	PROBLEM_CSV_COLUMNS,   /* more or fewer cells than titles */
	PROBLEM_CSV_TOO_LONG,  /* line, cell or row over its limit */
	PROBLEM_ENCODING,      /* bytes that are no text in the file's charset */
	PROBLEM_CONTROL,       /* a control character in a cell */
	PROBLEM_MISSING_ID,    /* the record's id is empty */
	PROBLEM_MISSING_VALUE, /* a required field is empty */
	PROBLEM_SCIENTIFIC,    /* an id that a spreadsheet turned into 1.2E+10 */
	PROBLEM_NOT_INTEGER,
	PROBLEM_NOT_NUMBER,
	PROBLEM_NOT_DATE, /* matches none of the formats, or no such day */
	PROBLEM_NOT_DATETIME,
	PROBLEM_TIME_MISSING, /* a local time that the clock change skips */
	PROBLEM_TIME_TWICE,   /* a local time that happens twice */
	PROBLEM_TIME_FUTURE,  /* an event time, or a birth, in the future */
	PROBLEM_UNKNOWN_CODE, /* not in its code table */
	PROBLEM_NOT_ALLOWED,  /* not among the values the field may have */
	PROBLEM_NOT_PHONE,
	PROBLEM_NOT_EMAIL,
	PROBLEM_NPI_CHECK,    /* check digit; a warning */
	PROBLEM_LOINC_CHECK,  /* check digit; a warning */
	PROBLEM_SNOMED_CHECK, /* check digit; a warning */
	PROBLEM_NOT_ICD10,
	PROBLEM_PATTERN,  /* a regular expression that reached its limit of work */
	PROBLEM_NO_MATCH, /* an extract that finds nothing */
	PROBLEM_NOT_MONEY,
	PROBLEM_NOT_BOOL,
	PROBLEM_NOT_STATE,
	PROBLEM_NOT_ZIP,
	PROBLEM_NOT_COUNTRY,
	PROBLEM_NOT_LANGUAGE,
	PROBLEM_NOT_PERSON,   /* a name that is not in the agreed order; a warning */
	PROBLEM_NOT_LISTED,   /* not in the table that it is looked up in */
	PROBLEM_NO_KEY,       /* a value to be hashed, and no site key */
	PROBLEM_NOT_MEASURE,  /* a measurement in a unit that can't be converted */
	PROBLEM_TOO_LONG,     /* max_length */
	PROBLEM_LIMIT,        /* a row's memory or record limit */
	PROBLEM_API_REFUSED,  /* the API took the batch but not this record */
	PROBLEM_NO_ZONE,      /* a time without offset, and no zone is known */
	PROBLEM_UNKNOWN_UNIT, /* a duration without a unit, or in an unknown one */
	PROBLEM_CONFLICT,     /* parts that say the same thing differ; a warning */
	PROBLEM_RETIRED_ID,   /* the patient was merged into another */
	PROBLEM_SAME_ID,      /* two different records of a message have one id */
	PROBLEM_HL7_HEADER,   /* an MSH that can't be used */
	PROBLEM_HL7_EVENT,    /* an event that no section lists; a warning */
	PROBLEM_HL7_BATCH,    /* of a batch that does not begin with a message */
	PROBLEM_HL7_CUT,      /* the last segment has no end */
	PROBLEM_HL7_JOINED,   /* an MSH within a line */
	PROBLEM_HL7_ORPHAN,   /* segments that belong to no message */
	PROBLEM_HL7_SEGMENT,  /* a line that is no segment; a warning */
	PROBLEM_HL7_ESCAPE,   /* an unknown escape sequence, kept; a warning */
	PROBLEM_HL7_CHARSET,  /* bytes are not what MSH-18 says; a warning */
	PROBLEM_HL7_TRAILER,  /* FHS or BHS without FTS or BTS; a warning */
	PROBLEM_HL7_COUNT,    /* BTS-1 or FTS-1 is wrong; a warning */
	PROBLEM_NO_REMOVALS,  /* of a snapshot: an id can't be read; a warning */
	PROBLEM_SHORT_EXPORT, /* far fewer rows than usual; a warning */
	PROBLEM_CSV_HEADER,   /* the titles once more; the row is left out; a warning */
	PROBLEM_CSV_COUNT,    /* the footer's number of rows is wrong; a warning */
	PROBLEM_SERIAL_DATE,  /* a spreadsheet's day number in place of a date */
	PROBLEM_CELL_ERROR,   /* #N/A and the like */
	PROBLEM_LOST_ZERO,    /* a US ZIP code of 4 digits or 3; a warning */
	PROBLEM_NEGATIVE,     /* a number below zero, where none is */
	PROBLEM_SUPERSEDED,   /* of a mended row: something newer is known; a warning */
	PROBLEM_TIME_FAR,     /* a visit in a year that is hardly meant; a warning */
	/* Of a header that is not that of the last good file: warnings. */
	PROBLEM_COLUMN_RENAMED,
	PROBLEM_COLUMN_MISSING,
	PROBLEM_COLUMN_ADDED,
	PROBLEM_COLUMN_ORDER,
	PROBLEM_CODE_COUNT
};

enum problem_weight {
	WEIGHT_WARNING, /* the field was left out, or kept as it is; the row goes on */
	WEIGHT_REJECT   /* the row was not taken */
};

struct problem {
	enum problem_code code;
	enum problem_weight weight;
	uint64_t row; /* spreadsheet row (the header is 1), or message; 0: the file */
	struct span column; /* title as the clinic wrote it, or PID-7; empty if none */
	const char *type;   /* record type, or NULL */
	const char *field;  /* schema path, or NULL */
	struct span detail; /* what else helps to find it, for the log and the report */
};

/* "unknown_code": stable, for JSON and the ledger. */
const char *problem_name(enum problem_code code);
/* "The value is not in the list of known codes." */
const char *problem_text(enum problem_code code);
/* What the clinic can do: "Use one of the codes agreed on, or ask for a new one." */
const char *problem_remedy(enum problem_code code);
/* The code with this name, or PROBLEM_NONE. */
enum problem_code problem_by_name(struct span name);

#endif
