#include "base/problem.h"

#include <stddef.h>

struct words {
	const char *name, *text, *remedy;
};

static const struct words words[PROBLEM_CODE_COUNT] = {
    [PROBLEM_NONE] = {"none", "", ""},
    [PROBLEM_CSV_QUOTE] = {"csv_quote",
	"A quotation mark is not closed, or stands inside a cell.",
	"In a spreadsheet: take the mark out, and move cells that slipped back under their "
	"titles. In a text editor: put the whole cell in quotation marks and write each one "
	"inside it twice."},
    [PROBLEM_CSV_COLUMNS] = {"csv_columns",
	"The row has more or fewer cells than the header.",
	"If it is no data, such as a total, delete it. If it is, move its cells under their "
	"titles; in a text editor a cell that holds the delimiter needs quotation marks."},
    [PROBLEM_CSV_TOO_LONG] = {"csv_too_long", "The row or one of its cells is too long.",
	"Shorten it, or look for a quotation mark that is not closed."},
    [PROBLEM_ENCODING] = {"encoding",
	"Letters can't be read: they are not in the file's character set.",
	"Type them again, or export the file as UTF-8 (from a spreadsheet: CSV UTF-8)."},
    [PROBLEM_CONTROL] = {"control_character",
	"There is a control character in it, or one that nobody sees.", "Type it again."},
    [PROBLEM_MISSING_ID] = {"missing_id",
	"What identifies the record is empty, or stands for nothing.",
	"Fill it in; if the row is no data, such as a total, delete it."},
    [PROBLEM_MISSING_VALUE] = {"missing_value",
	"What the record needs is empty, or stands for nothing.", "Fill it in."},
    [PROBLEM_SCIENTIFIC] = {"scientific_notation",
	"A spreadsheet has turned the number into scientific notation, and digits are lost.",
	"Format the column as text, and write the whole number or export it again."},
    [PROBLEM_NOT_INTEGER] = {"not_integer", "The value is not a whole number.",
	"Use digits alone."},
    [PROBLEM_NOT_NUMBER] = {"not_number", "The value is not a number.",
	"Use digits and one decimal point."},
    [PROBLEM_NOT_DATE] = {"not_date", "The value is not a date in the agreed format.",
	"Write the date as in the other rows; check that the day exists."},
    [PROBLEM_NOT_DATETIME] = {"not_datetime",
	"The value is not a date and time in the agreed format.",
	"Write it as in the other rows, and check that the day exists."},
    [PROBLEM_TIME_MISSING] = {"time_skipped",
	"The clock change skips this local time: it does not exist.",
	"Correct the time."},
    [PROBLEM_TIME_TWICE] = {"time_twice",
	"Because of the clock change this local time happens twice.",
	"Move it out of that hour, or export times with their offset."},
    [PROBLEM_TIME_FUTURE] = {"time_future",
	"The day or time lies in the future, where it can't.",
	"Correct it; if it is right, check the clock of the system that exports."},
    [PROBLEM_UNKNOWN_CODE] = {"unknown_code",
	"The value is not in the list of known codes.",
	"Use one of the agreed codes, or have the new one added to the feed. If it looks "
	"right, type it again: something in it can't be seen."},
    [PROBLEM_NOT_ALLOWED] = {"not_allowed",
	"The value is not one that the field may have.", "Use one of the agreed values."},
    [PROBLEM_NOT_PHONE] = {"not_phone", "The value is not a complete telephone number.",
	"Write all its digits."},
    [PROBLEM_NOT_EMAIL] = {"not_email", "The value is not an e-mail address.",
	"Correct the address or leave the cell empty."},
    [PROBLEM_NPI_CHECK] = {"npi_check_digit", "The NPI's check digit is wrong.",
	"Compare it with the registry."},
    [PROBLEM_LOINC_CHECK] = {"loinc_check_digit",
	"The value is no LOINC code, or its check digit is wrong.",
	"Compare it with the LOINC table."},
    [PROBLEM_SNOMED_CHECK] = {"snomed_check_digit",
	"The value is no SNOMED CT id, or its check digit is wrong.",
	"Compare it with the SNOMED CT browser; a spreadsheet may have rounded it."},
    [PROBLEM_NOT_ICD10] = {"not_icd10",
	"The value does not have the form of an ICD-10 code.",
	"Write the code alone, such as E11.9."},
    [PROBLEM_PATTERN] = {"pattern_limit",
	"The feed's regular expression takes too long for the value.",
	"Shorten the value, or have the expression made simpler."},
    [PROBLEM_NO_MATCH] = {"no_match", "The value does not have the agreed form.",
	"Write it as in the other rows."},
    [PROBLEM_NOT_MONEY] = {"not_money",
	"The value is not an amount in the agreed form and currency.",
	"Write it as in the other rows, in the agreed currency."},
    [PROBLEM_NOT_BOOL] = {"not_yes_or_no", "The value says neither yes nor no.",
	"Use one of the agreed words."},
    [PROBLEM_NOT_STATE] = {"not_state", "The value is no state of the USA.",
	"Use the state's two letters."},
    [PROBLEM_NOT_ZIP] = {"not_zip", "The value is no ZIP code.",
	"Write 5 digits, or 5 and 4 with a hyphen between them."},
    [PROBLEM_NOT_COUNTRY] = {"not_country", "The value is no country.",
	"Use the country's two letters (ISO 3166)."},
    [PROBLEM_NOT_LANGUAGE] = {"not_language", "The value is no known language.",
	"Use the language's code (ISO 639), such as en or es."},
    [PROBLEM_NOT_PERSON] = {"not_person_name",
	"The name is not in the agreed order, and was kept as one text.",
	"Write family name and given name as in the other rows."},
    [PROBLEM_NOT_LISTED] = {"not_listed",
	"The value is not in the table that it is looked up in.",
	"Correct it, or have the table of the feed completed."},
    [PROBLEM_NO_KEY] = {"no_key",
	"The value is to be hashed, and the site key can't be read here.",
	"Run emrdrop once, and look at the file as the user that runs it."},
    [PROBLEM_NOT_MEASURE] = {"not_measure",
	"The measurement's unit is not known, or measures something else.",
	"Write the agreed unit, or the number alone."},
    [PROBLEM_TOO_LONG] = {"too_long", "The value is longer than the field allows.",
	"Shorten it."},
    [PROBLEM_LIMIT] = {"limit", "The row or message is larger than can be taken.",
	"Split it into smaller ones."},
    [PROBLEM_NO_ZONE] = {"no_zone", "The time has no zone, and none is known.",
	"Send times with their offset, or have the feed name the time zone."},
    [PROBLEM_UNKNOWN_UNIT] = {"unknown_unit",
	"The duration has no unit, or one that is not known.",
	"Send the unit (min), or have the feed name it."},
    [PROBLEM_CONFLICT] = {"conflict",
	"Two places that say the same thing differ; the first was taken.",
	"Correct the one that is wrong in the system that exports."},
    [PROBLEM_RETIRED_ID] = {"retired_id",
	"The patient was merged into another, and the id may not be used again.",
	"Send it for the patient that is left, or undo the merge."},
    [PROBLEM_SAME_ID] = {"same_id",
	"Two different records of one message have the same id.",
	"Send what tells them apart (OBX-4), or have the feed make the id of more."},
    [PROBLEM_HL7_HEADER] = {"hl7_header",
	"The message's MSH segment can't be used: delimiters or message type are missing.",
	"Correct MSH-1, MSH-2 and MSH-9 in the system that exports."},
    [PROBLEM_HL7_EVENT] = {"hl7_event",
	"No section of the feed lists the message's event.",
	"Have the event added to the feed, or its messages left out by [rows]."},
    [PROBLEM_HL7_BATCH] = {"hl7_batch",
	"The batch does not begin with a message, and was not taken.",
	"Let MSH follow BHS, and no BHS stand inside a message."},
    [PROBLEM_HL7_CUT] = {"hl7_cut",
	"The file ends within the message's last segment: it may have been cut.",
	"Send the file again, each segment with a carriage return at its end."},
    [PROBLEM_HL7_JOINED] = {"hl7_joined",
	"A header (MSH) is not in capitals at the beginning of its line: where a message "
	"ends is not sure.",
	"Let each segment end with a carriage return, also the last one of a file."},
    [PROBLEM_HL7_ORPHAN] = {"hl7_orphan", "Segments stand before any message.",
	"Let every message begin with MSH."},
    [PROBLEM_HL7_SEGMENT] = {"hl7_segment", "A line is no segment, and was left out.",
	"Write line breaks within a field as \\.br\\."},
    [PROBLEM_HL7_ESCAPE] = {"hl7_escape",
	"An escape sequence is not known, and was kept as it is.",
	"Write a backslash as \\E\\."},
    [PROBLEM_HL7_CHARSET] = {"hl7_charset",
	"The message is in another character set than MSH-18 says.",
	"Correct MSH-18, or have the feed name the character set."},
    [PROBLEM_HL7_TRAILER] = {"hl7_trailer",
	"The file has FHS or BHS, but no FTS or BTS at its end.",
	"Let the system that exports write the trailers."},
    [PROBLEM_HL7_COUNT] = {"hl7_count",
	"BTS-1 or FTS-1 is not the number of messages or batches that are there.",
	"Send the file again, or correct the count."},
    [PROBLEM_NO_REMOVALS] = {"no_removals",
	"Which record the row is of can't be told, so nothing was removed for this file.",
	"Correct the row and send the export again."},
    [PROBLEM_SHORT_EXPORT] = {"short_export",
	"The export has less than half of the rows that it has on this day of the week.",
	"Look whether it was made in full, and send it again if not."},
    [PROBLEM_CSV_HEADER] = {"repeated_header",
	"The column titles stand there once more; the row was left out.",
	"Nothing is lost. To be rid of it, export without page breaks."},
    [PROBLEM_CSV_COUNT] = {"footer_count",
	"The number of rows in the footer is not the number of rows that are there.",
	"Look whether the export is whole, and send it again if not."},
    [PROBLEM_SERIAL_DATE] = {"serial_date",
	"It looks like a spreadsheet's number for a day or a time, such as 46085 or 0.4375.",
	"Write the date or time as in the other rows, or format the column as a date and "
	"export it again."},
    [PROBLEM_CELL_ERROR] = {"cell_error",
	"The cell has no value, but an error of the spreadsheet, such as #N/A or ####.",
	"Mend the formula or widen the column and export it again, or leave the cell empty."},
    [PROBLEM_LOST_ZERO] = {"lost_zero",
	"A US ZIP code has 5 digits: a spreadsheet has taken off the zero in front.",
	"Format the column as text, put the zero back, and export it again."},
    [PROBLEM_NEGATIVE] = {"negative", "The number is below zero, which it can't be.",
	"Correct it or leave the cell empty."},
    [PROBLEM_SUPERSEDED] = {"superseded",
	"Something newer is known of the record already, and stays as it is.",
	"Look at the record in your own system: if it is wrong there, correct it, and it comes "
	"right with the next export."},
    [PROBLEM_TIME_FAR] = {"time_far",
	"The day is more than 5 years ahead or 30 years back, or that of a birth before "
	"1880; it was taken as it is.",
	"Look at the year, and correct it if it is a slip."},
    [PROBLEM_COLUMN_RENAMED] = {"column_renamed",
	"The column is gone since the last good file; another one stands in its place.",
	"If that was meant, have the new title added to the feed; else take the old one."},
    [PROBLEM_COLUMN_MISSING] = {"column_missing",
	"The column that earlier files had is gone; what it held is left out.",
	"If that was not meant, put it back and send the export again."},
    [PROBLEM_COLUMN_ADDED] = {"column_added",
	"The column is new since the last good file, and is not used.",
	"Nothing is lost. If it is wanted, have it added to the feed."},
    [PROBLEM_COLUMN_ORDER] = {"column_order",
	"The columns stand in another order than in the last good file.",
	"Nothing is lost: columns are found by their titles."},
    [PROBLEM_API_REFUSED] = {"api_refused", "The receiving system refused the record.",
	"Ask its operator, with the file and the row."},
};

const char *
problem_name(enum problem_code code)
{
	return words[code].name;
}

const char *
problem_text(enum problem_code code)
{
	return words[code].text;
}

const char *
problem_remedy(enum problem_code code)
{
	return words[code].remedy;
}

enum problem_code
problem_by_name(struct span name)
{
	for (int i = 1; i < PROBLEM_CODE_COUNT; i++)
		if (span_eq(name, span_of(words[i].name)))
			return (enum problem_code)i;
	return PROBLEM_NONE;
}
