/*
 * Which column may be which field. Titles say it first; where a column's values
 * contradict, the title does not count.
 */
#include "cmd/draft.h"

#include <string.h>

#define ONLY(type) (1u << (type))
#define ALL_TYPES \
	(ONLY(RECORD_PATIENT) | ONLY(RECORD_APPOINTMENT) | ONLY(RECORD_PRACTITIONER))

static const struct title *
row_of(enum record_type type, const char *path)
{
	const struct title *t = titles;

	while (t->path != NULL && (t->type != type || strcmp(t->path, path) != 0))
		t++;
	return t->path == NULL ? NULL : t;
}

/* d->n if there is none. */
static size_t
index_of(const struct draft *d, enum record_type type, const char *path)
{
	size_t i = 0;

	while (i < d->n && (d->field[i].title->type != type ||
			       strcmp(d->field[i].title->path, path) != 0))
		i++;
	return i;
}

const struct draft_field *
draft_find(const struct draft *d, enum record_type type, const char *path)
{
	size_t i = index_of(d, type, path);

	return i == d->n ? NULL : &d->field[i];
}

bool
draft_uses(const struct draft *d, size_t column)
{
	for (size_t i = 0; i < d->n; i++)
		for (unsigned k = 0; k < d->field[i].n; k++)
			if (d->field[i].column[k] == column)
				return true;
	return false;
}

bool
draft_by_number(const struct profile *p, size_t column)
{
	struct span title = profile_title(p, column);
	struct profile_file f;

	profile_file(p, &f);
	for (size_t i = 0; i < f.columns && title.n > 0; i++)
		if (i != column && span_eq_nocase(profile_title(p, i), title))
			return true;
	return title.n == 0;
}

/* A list takes several columns. False: the field has what it can take. */
static bool
add(struct draft *d, const struct title *t, size_t column, bool exact, bool by_content)
{
	size_t at = index_of(d, t->type, t->path), end = strlen(t->path);
	struct draft_field *f = &d->field[at];
	bool list = t->path[end - 1] == ']';

	if (at == DRAFT_FIELDS_MAX || (at < d->n && (!list || f->n == DRAFT_PARTS_MAX)))
		return false;
	if (at == d->n) {
		*f = (struct draft_field){
		    .title = t, .exact = exact, .by_content = by_content};
		d->n++;
	}
	f->exact &= exact;
	f->column[f->n++] = column;
	return true;
}

static bool
half(const struct column *c, uint64_t n)
{
	return n * 2 >= c->filled && n > 0;
}

/* No two rows have the same, as far as that is counted. */
static bool
differs(const struct column *c)
{
	return c->ndistinct == c->filled || c->ndistinct > COLUMN_DISTINCT_MAX;
}

static bool
is_id(const char *path)
{
	return strcmp(path, "id") == 0 || strcmp(path, "id?") == 0;
}

/* Are digits two in five characters or more, as in numbers and UUIDs, and in no name? */
static bool
numbered(const struct column *c)
{
	return c->filled > 0 && c->digits * 5 >= c->characters * 2;
}

/* Values that the field surely can't take. */
static bool
contradicts(const struct title *t, const struct column *c)
{
	const struct schema *s = schema_by_type(t->type);
	int at = schema_field(s, span_of(t->path));
	enum field_kind kind = at < 0 ? FIELD_STRING : s->fields[at].kind;

	if (strcmp(t->path, "status") == 0)
		return half(c, c->fits[CHECK_STATE]);
	if (strcmp(t->path, "name") == 0)
		return numbered(c);
	if (strcmp(t->path, "id?") == 0 && !differs(c))
		return true;
	if (kind == FIELD_DATE || kind == FIELD_DATETIME || strstr(t->path, ".date") ||
	    strstr(t->path, ".time"))
		return !half(c, c->dated);
	if (kind == FIELD_BOOLEAN)
		return !half(c, c->fits[CHECK_BOOL]);
	if (kind == FIELD_INTEGER)
		return !half(c, c->fits[CHECK_INTEGER]);
	return is_id(t->path) && (c->filled == 0 || half(c, c->dated));
}

/* A "Start" may be the time alone, with the date in another column. */
static const struct title *
by_halves(const struct title *t, const struct column *c)
{
	if (t->type != RECORD_APPOINTMENT || column_content(c) != CONTENT_TIME)
		return t;
	if (strcmp(t->path, "start") == 0)
		return row_of(RECORD_APPOINTMENT, "start.time");
	if (strcmp(t->path, "end") == 0)
		return row_of(RECORD_APPOINTMENT, "end.time");
	return t;
}

/* The first column whose title is `path` of a type, and may be; DRAFT_NONE if none. */
static size_t
seek(const struct draft *d, enum record_type type, const char *path)
{
	const struct title *t;
	bool exact;

	for (size_t i = 0; i < d->file.columns; i++) {
		t = titles_find(profile_title(d->profile, i), ONLY(type), &exact);
		if (t != NULL && strcmp(t->path, path) == 0 &&
		    !contradicts(t, profile_column(d->profile, i)))
			return i;
	}
	return DRAFT_NONE;
}

/* By its title; or "Patient", of which the values say that it is no name. */
static size_t
seek_patient(const struct draft *d)
{
	size_t at = seek(d, RECORD_PATIENT, "id");
	const struct title *t;
	bool exact;

	for (size_t i = 0; at == DRAFT_NONE && i < d->file.columns; i++) {
		t = titles_find(
		    profile_title(d->profile, i), ONLY(RECORD_PATIENT), &exact);
		if (t != NULL && strcmp(t->path, "name") == 0 &&
		    numbered(profile_column(d->profile, i)))
			at = i;
	}
	return at;
}

/* Ids say which records there are; one without a name is the appointment's, or nobody's. */
static unsigned
find_types(struct draft *d, size_t *appointment, size_t *patient)
{
	size_t any = seek(d, RECORD_PATIENT, "id?");
	bool starts = seek(d, RECORD_APPOINTMENT, "start") != DRAFT_NONE ||
		      seek(d, RECORD_APPOINTMENT, "start.date") != DRAFT_NONE;

	*appointment = seek(d, RECORD_APPOINTMENT, "id");
	if (*appointment == DRAFT_NONE)
		*appointment = seek(d, RECORD_APPOINTMENT, "id?");
	*patient = seek_patient(d);
	if (*patient == DRAFT_NONE)
		*patient = any;
	else if (*appointment == DRAFT_NONE && starts)
		*appointment = any;
	if (starts && *appointment != DRAFT_NONE && *patient != DRAFT_NONE)
		return ALL_TYPES;
	d->unnamed = starts && *appointment == DRAFT_NONE;
	*appointment = DRAFT_NONE;
	return ALL_TYPES & ~ONLY(RECORD_APPOINTMENT);
}

/* A title that contradicts, or whose field is taken, may be another type's. */
static void
take_title(struct draft *d, size_t column, unsigned types)
{
	const struct column *c = profile_column(d->profile, column);
	const struct title *t;
	bool exact;

	while (
	    (t = titles_find(profile_title(d->profile, column), types, &exact)) != NULL) {
		types &= ~ONLY(t->type);
		t = by_halves(t, c);
		if (!is_id(t->path) && !contradicts(t, c) &&
		    add(d, t, column, exact, false))
			return;
		if (is_id(t->path) && t->type == RECORD_PRACTITIONER &&
		    add(d, t, column, exact, false))
			return;
	}
}

static void
add_id(struct draft *d, enum record_type type, size_t column)
{
	const struct title *t;
	bool exact;

	if (column == DRAFT_NONE)
		return;
	t = titles_find(profile_title(d->profile, column), ONLY(type), &exact);
	/* "Id" and the like don't say of what. */
	exact = exact && strcmp(t->path, "id") == 0;
	add(d, row_of(type, "id"), column, exact, false);
}

static void
by_titles(struct draft *d, size_t appointment, size_t patient, unsigned types)
{
	add_id(d, RECORD_PATIENT, patient);
	add_id(d, RECORD_APPOINTMENT, appointment);
	for (size_t i = 0; i < d->file.columns; i++)
		if (i != patient && i != appointment)
			take_title(d, i, types);
}

static bool
nearly_all(const struct column *c, uint64_t n)
{
	return c->filled > 0 && n * 10 >= c->filled * 9;
}

static void
add_content(struct draft *d, enum record_type type, const char *path, size_t column)
{
	if (draft_find(d, type, path) == NULL)
		add(d, row_of(type, path), column, false, true);
}

/* A ZIP code looks like many a number: only behind a state. */
static void
take_content(struct draft *d, size_t column)
{
	const struct column *c = profile_column(d->profile, column);
	const struct draft_field *state = draft_find(d, RECORD_PATIENT, "address.state");
	enum content content = column_content(c);

	if (content == CONTENT_EMAIL)
		add_content(d, RECORD_PATIENT, "email", column);
	else if (nearly_all(c, c->fits[CHECK_NPI]))
		add_content(d, RECORD_PRACTITIONER, "npi", column);
	else if (content == CONTENT_PHONE)
		add_content(d, RECORD_PATIENT, "phone.home", column);
	else if (nearly_all(c, c->fits[CHECK_STATE]))
		add_content(d, RECORD_PATIENT, "address.state", column);
	else if (nearly_all(c, c->fits[CHECK_ZIP]) && state != NULL &&
		 column == state->column[0] + 1)
		add_content(d, RECORD_PATIENT, "address.postal_code", column);
}

/* Is anything known of a record but which one it is, and when it was changed? */
static bool
knows(const struct draft *d, enum record_type type)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->field[i].title->type == type && !is_id(d->field[i].title->path) &&
		    strcmp(d->field[i].title->path, "updated_at") != 0)
			return true;
	return false;
}

static bool
names_visit(const struct draft *d, size_t column)
{
	bool exact;
	const struct title *t = titles_find(
	    profile_title(d->profile, column), ONLY(RECORD_APPOINTMENT), &exact);

	return t != NULL && is_id(t->path);
}

/*
 * A patient's id that no title tells: the first column that differs in every row and is
 * nothing else. A name is none, for two people may have it; nor is a visit's id.
 */
static void
guess_id(struct draft *d)
{
	size_t best = DRAFT_NONE;

	for (size_t i = d->file.columns; i-- > 0;) {
		const struct column *c = profile_column(d->profile, i);
		enum content content = column_content(c);

		if (c->filled == c->rows && differs(c) && !draft_uses(d, i) &&
		    !names_visit(d, i) &&
		    (content == CONTENT_TEXT || content == CONTENT_DIGITS ||
			content == CONTENT_INTEGER))
			best = i;
	}
	if (best != DRAFT_NONE)
		add_content(d, RECORD_PATIENT, "id", best);
}

/* The provider's id is the appointment's too; without one the NPI is his id. */
static void
share_practitioner(struct draft *d)
{
	const struct draft_field *id = draft_find(d, RECORD_PRACTITIONER, "id");
	const struct draft_field *of = draft_find(
	    d, RECORD_APPOINTMENT, "practitioner_id");
	const struct draft_field *npi = draft_find(d, RECORD_PRACTITIONER, "npi");

	if (id == NULL && of != NULL)
		add(d, row_of(RECORD_PRACTITIONER, "id"), of->column[0], of->exact,
		    false);
	else if (id == NULL && npi != NULL)
		add(d, row_of(RECORD_PRACTITIONER, "id"), npi->column[0], false, true);
	id = draft_find(d, RECORD_PRACTITIONER, "id");
	if (of == NULL && id != NULL && (d->types & ONLY(RECORD_APPOINTMENT)))
		add(d, row_of(RECORD_APPOINTMENT, "practitioner_id"), id->column[0],
		    id->exact, id->by_content);
}

/* A provider who has no id is a name in the appointment, and no record. */
static void
name_practitioner(struct draft *d)
{
	const struct draft_field *name = draft_find(d, RECORD_PRACTITIONER, "name.text");

	if (name != NULL && (d->types & ONLY(RECORD_APPOINTMENT)))
		add(d, row_of(RECORD_APPOINTMENT, "practitioner[].display"),
		    name->column[0], name->exact, false);
}

static void
drop(struct draft *d, enum record_type type)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->field[i].title->type != type)
			d->field[kept++] = d->field[i];
	d->n = kept;
}

/* In the order of the table: it is that of the sections and of their fields. */
static void
sort(struct draft *d)
{
	struct draft_field f;
	size_t k;

	for (size_t i = 1; i < d->n; i++) {
		f = d->field[i];
		for (k = i; k > 0 && d->field[k - 1].title > f.title; k--)
			d->field[k] = d->field[k - 1];
		d->field[k] = f;
	}
}

void
draft_make(struct draft *d, const struct profile *p)
{
	size_t appointment, patient;

	*d = (struct draft){.profile = p};
	profile_file(p, &d->file);
	if (d->file.columns == 0)
		return;
	d->types = find_types(d, &appointment, &patient);
	by_titles(d, appointment, patient, d->types);
	for (size_t i = 0; i < d->file.columns; i++)
		if (!draft_uses(d, i))
			take_content(d, i);
	if (patient == DRAFT_NONE && knows(d, RECORD_PATIENT))
		guess_id(d);
	share_practitioner(d);
	if (draft_find(d, RECORD_PRACTITIONER, "id") == NULL) {
		name_practitioner(d);
		drop(d, RECORD_PRACTITIONER);
		d->types &= ~ONLY(RECORD_PRACTITIONER);
	} else if (patient == DRAFT_NONE && !knows(d, RECORD_PATIENT)) {
		drop(d, RECORD_PATIENT);
		d->types &= ~ONLY(RECORD_PATIENT);
	}
	sort(d);
}
