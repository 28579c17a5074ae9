/*
 * The draft's text: a feed file whose TODO lines `check` refuses, until a person has
 * filled them in.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/draft.h"
#include "cmd/text.h"
#include "mappers/ascii.h"

static void
put_head(struct buf *out, const char *name)
{
	buf_addf(out,
	    "# Drafted by emrdrop init from a sample: every line is a guess, with how sure it\n"
	    "# is. Fill in what says TODO, look through the rest, then\n"
	    "#   emrdrop check %s\n"
	    "#   emrdrop preview %s SAMPLE\n\n",
	    name, name);
}

static void
put_zone(struct buf *out)
{
	buf_add_str(out,
	    "# TODO: the zone of the clinic's times, such as America/Chicago\n"
	    "timezone = TODO\n");
}

/* Between two numbers, as in 2026-03-05: one star stands for all of it. */
static bool
is_joint(const char *p)
{
	return strchr("-_. ", *p) != NULL && ascii_digit(p[1]);
}

/* The sample's name, with a star for each number in it but in what stands behind the dot. */
static void
put_pattern(struct buf *out, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	const char *dot = strrchr(name, '.');
	bool star = false;

	buf_add_str(out, "pattern = \"");
	for (const char *p = name; *p != '\0'; p++) {
		bool digit = ascii_digit(*p) && (dot == NULL || p < dot);
		bool odd = strchr("\"[]*?\\", *p) != NULL || (unsigned char)*p < ' ';

		if (!digit && !odd && !(star && is_joint(p) && p != dot))
			buf_add_char(out, *p);
		else if (!star)
			buf_add_char(out, '*');
		star = digit || odd || (star && is_joint(p) && p != dot);
	}
	buf_add_str(out, "\"\n");
}

static void
put_source(struct buf *out, const struct draft_for *of)
{
	buf_add_str(out,
	    "\n[source]\n"
	    "# TODO: where the clinic puts its files, such as sftp://user@host/folder\n"
	    "url = TODO\n"
	    "# TODO: the private key to log in with, such as /etc/emrdrop/keys/NAME\n"
	    "key_file = TODO\n"
	    "# likely: the sample's name, with a star for each number\n");
	put_pattern(out, of->sample);
	draft_order(out, of);
}

static void
put_target(struct buf *out, const struct draft_for *of)
{
	if (!of->target)
		return;
	buf_add_str(out,
	    "\n[target]\n"
	    "# TODO: where records go, such as https://api.internal.example/v1/batches\n"
	    "url = TODO\n"
	    "# TODO: the file with the API's token, such as /etc/emrdrop/keys/api-token\n"
	    "token_file = TODO\n");
}

static void
put_delimiter(struct buf *out, const char *delimiter)
{
	if (strcmp(delimiter, "\t") == 0)
		buf_add_str(out, "delimiter = tab\n");
	else if (strcmp(delimiter, "|") == 0)
		buf_add_str(out, "delimiter = pipe\n");
	else
		buf_addf(out, "delimiter = \"%s\"\n", delimiter);
}

/* The number of rows that the total should say: those that would be rejected count. */
static uint64_t
rows_before(const struct profile_file *f)
{
	return f->rows + f->thin - f->tail + f->bad;
}

/* A number of rows would take the last row of data where the total is missing. */
static void
put_footer(struct buf *out, const struct profile_file *f)
{
	bool total = f->tail == 1 && f->total[0] != '\0';

	if (total && f->said == rows_before(f))
		buf_addf(out,
		    "# likely: the last row says how many stand before it; a file that does\n"
		    "# not end so is held\nfooter = \"%s\"\n",
		    f->total);
	else if (f->tail > 0)
		buf_addf(out,
		    "# not sure: rows at the end that look like no data: %" PRIu64
		    ". They are rejected,\n"
		    "# unless you say what stands there at the end of each export: "
		    "emrdrop.conf(5)\n# footer = \"%s\"\n",
		    f->tail, total ? f->total : "TEXT");
	if (f->thin > f->tail)
		buf_addf(out,
		    "# Rows with too few cells or too many, which would be rejected: "
		    "%" PRIu64 "\n",
		    f->thin - f->tail);
}

/* Does the draft name a column by its title, so that the header can be known by it? */
static bool
has_titles(const struct draft *d)
{
	for (size_t i = 0; i < d->n; i++)
		for (unsigned k = 0; k < d->field[i].n; k++)
			if (!draft_by_number(d->profile, d->field[i].column[k]))
				return true;
	return false;
}

static void
put_header(struct buf *out, const struct draft *d)
{
	buf_addf(out,
	    "# likely: row %" PRIu64 " is the header, what stands above it is none\n",
	    d->file.header);
	if (has_titles(d))
		buf_add_str(out, "header_match = auto\n");
	else
		buf_addf(out, "skip_top = %" PRIu64 "\n", d->file.header - 1);
}

/* With titles each delimiter is tried for them, without them it is counted. */
static bool
finds_delimiter(const struct draft *d)
{
	const struct profile_file *f = &d->file;

	return f->columns < 2 || has_titles(d) || (f->auto_finds && f->header < 2);
}

/* What is found in each file is right after a spreadsheet has saved it, too. */
static void
put_found(struct buf *out, const struct draft *d)
{
	const struct profile_file *f = &d->file;

	if (finds_delimiter(d)) {
		buf_addf(out,
		    "# sure: found in each file; here \"%s\"\ndelimiter = auto\n",
		    strcmp(f->delimiter, "\t") == 0 ? "tab" : f->delimiter);
	} else {
		buf_addf(out, "# likely: found in %" PRIu64 " rows of %zu columns\n",
		    f->rows, f->columns);
		put_delimiter(out, f->delimiter);
	}
	buf_addf(out, "# %s: found in each file; here %s\ncharset = auto\n",
	    strncmp(f->charset, "utf-", 4) == 0 ? "sure" : "likely", f->charset);
}

static void
put_layout(struct buf *out, const struct draft *d)
{
	const struct profile_file *f = &d->file;

	buf_add_str(out, "\n[csv]\n");
	put_found(out, d);
	if (f->header == 0)
		buf_add_str(out, "# not sure: no row is surely a header\nheader = no\n");
	if (f->header > 1)
		put_header(out, d);
	put_footer(out, f);
}

/* Of a patient without a name only fields that are there can be set. */
static void
put_patient(struct buf *out, const struct draft *d)
{
	bool named = draft_find(d, RECORD_PATIENT, "name.family") != NULL ||
		     draft_find(d, RECORD_PATIENT, "name") != NULL;

	buf_add_str(out, "\n[patient]\n");
	if (draft_find(d, RECORD_APPOINTMENT, "id") != NULL || d->unnamed || !named)
		buf_add_str(out, "# likely: this export does not know all of a patient\n"
				 "op = patch\n");
	if (draft_find(d, RECORD_PATIENT, "id") == NULL)
		buf_add_str(out,
		    "# TODO: the column that says which patient it is, such as {MRN}: no title\n"
		    "# does; if rows are no patients, a section of another type, see\n"
		    "# emrdrop.conf(5)\n"
		    "id = TODO\n");
}

/* What an appointment has of other columns than its own. */
static void
put_appointment(struct buf *out, const struct draft *d)
{
	const struct draft_field *status = draft_find(d, RECORD_APPOINTMENT, "status");

	buf_add_str(out, "# sure: the patient of this row\npatient_id = ");
	draft_ref(out, d->profile, draft_find(d, RECORD_PATIENT, "id")->column[0]);
	buf_add_str(out, " | not_scientific\n");
	if (status == NULL) {
		buf_add_str(out, "# not sure: no column says it\nstatus = booked\n");
		return;
	}
	buf_add_str(out, "# sure: the clinic's own word\nstatus_raw = ");
	draft_ref(out, d->profile, status->column[0]);
	buf_add_char(out, '\n');
}

static void
put_practitioner(struct buf *out, const struct draft *d)
{
	buf_add_str(out, "\n[practitioner]\n");
	if (draft_find(d, RECORD_PRACTITIONER, "name.text") == NULL &&
	    draft_find(d, RECORD_PRACTITIONER, "name.family") == NULL)
		buf_add_str(out, "op = patch\n");
	buf_add_str(out, "when = ");
	draft_ref(out, d->profile, draft_find(d, RECORD_PRACTITIONER, "id")->column[0]);
	buf_add_str(out, " present\n");
}

static void
put_fields(struct buf *out, const struct draft *d, enum record_type type)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->field[i].title->type == type)
			draft_rule(out, d, &d->field[i]);
}

static void
put_sections(struct buf *out, const struct draft *d)
{
	if (d->types >> RECORD_PATIENT & 1) {
		put_patient(out, d);
		put_fields(out, d, RECORD_PATIENT);
	}
	if (draft_find(d, RECORD_APPOINTMENT, "id") != NULL) {
		buf_add_str(out, "\n[appointment]\n");
		put_fields(out, d, RECORD_APPOINTMENT);
		put_appointment(out, d);
	} else if (d->unnamed) {
		buf_add_str(out,
		    "\n# No [appointment] is drafted: no column is surely its id. Ask the clinic for\n"
		    "# one, or make it of what says which visit it is, see emrdrop.conf(5).\n");
	}
	if (draft_find(d, RECORD_PRACTITIONER, "id") != NULL) {
		put_practitioner(out, d);
		put_fields(out, d, RECORD_PRACTITIONER);
	}
}

static void
put_codes(struct buf *out, const struct draft *d, enum record_type type, const char *path)
{
	const struct draft_field *f = draft_find(d, type, path);
	const struct schema *s = schema_by_type(type);

	if (f != NULL)
		draft_codes(out,
		    strcmp(path, "status") == 0 ? "appointment-status" : path,
		    &s->fields[schema_field(s, span_of(path))],
		    profile_column(d->profile, f->column[0]));
}

/* Titles are not a patient's; a column without one has its number. */
static void
put_unused(struct buf *out, const struct draft *d)
{
	bool first = true;

	for (size_t i = 0; i < d->file.columns; i++) {
		const struct column *c = profile_column(d->profile, i);

		if (draft_uses(d, i))
			continue;
		if (first)
			buf_add_str(out, "\n# Columns that are not used:\n");
		first = false;
		buf_addf(out, "#   #%zu ", i + 1);
		text_quote(out, profile_title(d->profile, i));
		buf_addf(out, ", %s\n", content_name(column_content(c)));
	}
}

void
draft_rows(struct buf *out, const struct draft *d, const struct draft_for *of)
{
	put_head(out, of->name);
	buf_addf(out, "[feed]\nname = %s\nformat = csv\n", of->name);
	buf_addf(out,
	    "# who assigns the ids; feeds of one source share what is known\n"
	    "source = %s\n",
	    of->name);
	if (draft_needs_zone(d))
		put_zone(out);
	put_source(out, of);
	put_layout(out, d);
	put_sections(out, d);
	put_codes(out, d, RECORD_PATIENT, "gender");
	put_codes(out, d, RECORD_APPOINTMENT, "status");
	put_target(out, of);
	put_unused(out, d);
}

static void
put_authority(struct buf *out, const struct hl7_survey_found *f)
{
	const struct survey_authority *a = &f->authority[0];

	buf_add_str(out, "\n[hl7]\n");
	if (f->nauthorities == 0) {
		buf_add_str(out, "# not sure: no PID-3 says who assigns the ids\n"
				 "# authority = NAME\n");
		return;
	}
	buf_addf(out,
	    "# %s: PID-3.4 of %" PRIu64 " in %" PRIu64 " messages\nauthority = %s\n",
	    a->times == f->messages ? "sure" : "likely", a->times, f->messages, a->name);
}

void
draft_messages(
    struct buf *out, const struct hl7_survey_found *f, const struct draft_for *of)
{
	static const char *const maps[] = {[SURVEY_SIU] = " hl7-siu.ini",
	    [SURVEY_ADT] = " hl7-adt.ini",
	    [SURVEY_ORU] = " hl7-oru.ini"};
	unsigned n = 0;

	put_head(out, of->name);
	buf_addf(out, "[feed]\nname = %s\nsource = %s\n", of->name, of->name);
	buf_addf(out,
	    "# sure: SIU %" PRIu64 ", ADT %" PRIu64 ", ORU %" PRIu64 ", others %" PRIu64
	    ", unreadable %" PRIu64 "\nextends =",
	    f->kind[SURVEY_SIU], f->kind[SURVEY_ADT], f->kind[SURVEY_ORU],
	    f->kind[SURVEY_OTHER], f->bad);
	for (unsigned i = 0; i < SURVEY_OTHER; i++) {
		if (f->kind[i] == 0)
			continue;
		buf_add_str(out, maps[i]);
		n++;
	}
	buf_add_str(out, n > 0 ? "\n" : " hl7-base.ini\n");
	put_zone(out);
	put_source(out, of);
	put_authority(out, f);
	put_target(out, of);
}
