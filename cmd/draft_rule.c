/*
 * One field of the draft: its comment and its line.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "cmd/draft.h"
#include "mappers/ascii.h"

#define UNSURE_SHARE 20 /* one in so many that does not fit is no slip any more */
#define NOTE_SIZE    160
#define FORMATS_MAX  4

enum sureness { SURE, LIKELY, UNSURE };

struct note {
	enum sureness how;
	char text[NOTE_SIZE];
};

/* Transforms that a field's values are tried with. */
static const struct {
	const char *path; /* the whole, or with a dot at its end the front */
	enum check_kind check;
	const char *transform;
} checked[] = {
    {"phone.", CHECK_PHONE, "phone US"},
    {"email", CHECK_EMAIL, "email"},
    {"npi", CHECK_NPI, "npi"},
    {"address.state", CHECK_STATE, "state"},
    {"address.postal_code", CHECK_ZIP, "zip"},
};

static void __attribute__((format(printf, 3, 4)))
doubt(struct note *n, enum sureness how, const char *fmt, ...)
{
	va_list args;

	if (how < n->how || (how == n->how && how == SURE))
		return;
	n->how = how;
	va_start(args, fmt);
	vsnprintf(n->text, sizeof(n->text), fmt, args);
	va_end(args);
}

static void
doubt_misfits(struct note *n, uint64_t fits, uint64_t filled)
{
	uint64_t odd = filled - fits;

	if (odd > 0)
		doubt(n, odd * UNSURE_SHARE > filled ? UNSURE : LIKELY,
		    "%" PRIu64 " of %" PRIu64 " rows do not fit", odd, filled);
}

static void
doubt_empty(struct note *n, const struct column *c)
{
	uint64_t none = c->rows - c->filled;

	if (none > 0)
		doubt(n, none * UNSURE_SHARE > c->rows ? UNSURE : LIKELY,
		    "%" PRIu64 " of %" PRIu64 " rows have none, and would be rejected",
		    none, c->rows);
}

static void
start_note(struct note *n, const struct draft *d, const struct draft_field *f)
{
	*n = (struct note){.how = SURE, .text = "by its title"};
	if (!f->exact)
		doubt(n, LIKELY, "its title says it in part");
	if (f->by_content)
		doubt(n, UNSURE, "no title says so, only the values");
	else if (draft_by_number(d->profile, f->column[0]))
		doubt(n, UNSURE, "its title stands there more than once");
}

static void
put_note(struct buf *out, const struct note *n)
{
	static const char *const words[] = {
	    [SURE] = "sure", [LIKELY] = "likely", [UNSURE] = "not sure"};

	buf_addf(out, "# %s: %s\n", words[n->how], n->text);
}

static bool
is_bare(struct span s)
{
	if (!ascii_letter(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && s.p[i] != ' ' &&
		    s.p[i] != '_')
			return false;
	return true;
}

void
draft_ref(struct buf *out, const struct profile *p, size_t column)
{
	struct span title = profile_title(p, column);

	if (draft_by_number(p, column)) {
		buf_addf(out, "{#%zu}", column + 1);
		return;
	}
	if (is_bare(title)) {
		buf_addf(out, "{%.*s}", (int)title.n, title.p);
		return;
	}
	buf_add_str(out, "{\"");
	for (size_t i = 0; i < title.n; i++) {
		if (title.p[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, title.p[i]);
	}
	buf_add_str(out, "\"}");
}

/* Behind the formats: what a year of two digits means. */
static void
put_year(struct buf *out, const char *format, bool birth)
{
	if (!civil_format_has(format, 'y'))
		return;
	if (birth)
		buf_add_str(out, " past");
	else
		buf_addf(out, " pivot=%d", DATES_PIVOT);
}

static void
doubt_dates(struct note *n, const struct dates_found *found, const struct column *c)
{
	doubt_misfits(n, found->fits, c->filled);
	for (unsigned i = 0; i < found->n; i++)
		if (found->format[i].either)
			doubt(n, UNSURE,
			    "all rows fit with day and month changed too; %s is taken",
			    found->format[i].text);
}

/* Of one column, "| date FORMAT..." or datetime. */
static void
put_dates(struct buf *out, const struct column *c, bool clock, bool birth, struct note *n)
{
	struct dates_found found;
	const char *short_year = NULL;

	dates_find(&c->dates, &found);
	buf_addf(out, " | %s", clock ? "datetime" : "date");
	for (unsigned i = 0; i < found.n; i++) {
		buf_addf(out, " \"%s\"", found.format[i].text);
		if (civil_format_has(found.format[i].text, 'y'))
			short_year = found.format[i].text;
	}
	if (short_year != NULL)
		put_year(out, short_year, birth);
	doubt_dates(n, &found, c);
}

/* Of a date and a time that stand in two columns: each format of one with each of the other. */
static void
put_halves(
    struct buf *out, const struct draft *d, size_t day, size_t clock, struct note *n)
{
	const struct column *of_day = profile_column(d->profile, day);
	const struct column *of_clock = profile_column(d->profile, clock);
	struct dates_found days, clocks;

	dates_find(&of_day->dates, &days);
	dates_find(&of_clock->dates, &clocks);
	draft_ref(out, d->profile, day);
	buf_add_char(out, ' ');
	draft_ref(out, d->profile, clock);
	buf_add_str(out, " | datetime");
	for (unsigned i = 0; i < days.n * clocks.n && i < FORMATS_MAX; i++)
		buf_addf(out, " \"%s %s\"", days.format[i / clocks.n].text,
		    clocks.format[i % clocks.n].text);
	for (unsigned i = 0; i < days.n; i++)
		if (civil_format_has(days.format[i].text, 'y')) {
			put_year(out, days.format[i].text, false);
			break;
		}
	doubt_dates(n, &days, of_day);
	doubt_dates(n, &clocks, of_clock);
}

/* The column with the date, or the time, that goes with a half; DRAFT_NONE if none. */
static size_t
other_half(const struct draft *d, const char *path)
{
	const struct draft_field *f = draft_find(d, RECORD_APPOINTMENT, path);

	if (f == NULL && strcmp(path, "end.date") == 0)
		f = draft_find(d, RECORD_APPOINTMENT, "start.date");
	return f == NULL ? DRAFT_NONE : f->column[0];
}

/* "start" or "end" out of its halves, each line once: at its time, or alone at its date. */
static void
put_split(struct buf *out, const struct draft *d, const struct draft_field *f,
    struct note *n, const char *whole)
{
	bool start = strcmp(whole, "start") == 0, date = strstr(f->title->path, ".date");
	size_t day = other_half(d, start ? "start.date" : "end.date");
	size_t clock = other_half(d, start ? "start.time" : "end.time");
	const struct column *c;
	struct buf value;

	if (draft_find(d, RECORD_APPOINTMENT, whole) != NULL || day == DRAFT_NONE ||
	    (date && clock != DRAFT_NONE))
		return;
	c = profile_column(d->profile, day);
	buf_init(&value, 4096);
	if (!date && column_content(c) == CONTENT_DATE) {
		put_halves(&value, d, day, clock, n);
	} else {
		draft_ref(&value, d->profile, day);
		put_dates(&value, c, true, false, n);
	}
	if (start)
		doubt_empty(n, c);
	put_note(out, n);
	buf_addf(out, "%s = ", whole);
	buf_add_span(out, buf_span(&value));
	buf_add_char(out, '\n');
	out->failed |= value.failed;
	buf_release(&value);
}

static void
put_columns(struct buf *out, const struct draft *d, const struct draft_field *f)
{
	bool list = f->title->path[strlen(f->title->path) - 1] == ']';

	if (list)
		buf_add_char(out, '[');
	for (unsigned i = 0; i < f->n; i++) {
		if (i > 0)
			buf_add_str(out, ", ");
		draft_ref(out, d->profile, f->column[i]);
	}
	if (list)
		buf_add_char(out, ']');
}

static void
put_checked(struct buf *out, const char *path, const struct column *c, struct note *n)
{
	for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++) {
		const char *want = checked[i].path;
		size_t end = strlen(want);
		uint64_t fits = c->fits[checked[i].check];

		if (want[end - 1] == '.' ? strncmp(path, want, end) != 0
					 : strcmp(path, want) != 0)
			continue;
		doubt_misfits(n, fits, c->filled);
		/* What most values are not would be lost: better as it stands. */
		if (fits * 2 >= c->filled)
			buf_addf(out, " | %s", checked[i].transform);
		return;
	}
}

/* What stands behind the columns, by the kind of the field. */
static void
put_transform(
    struct buf *out, const struct draft *d, const struct draft_field *f, struct note *n)
{
	const struct schema *s = schema_by_type(f->title->type);
	const char *path = f->title->path;
	int at = schema_field(s, span_of(path));
	const struct column *c = profile_column(d->profile, f->column[0]);

	if (strcmp(path, "name") == 0) {
		buf_add_str(
		    out, " | person \"last, first middle\" \"first middle last\"");
		doubt_misfits(n, c->fits[CHECK_PERSON], c->filled);
	}
	if (at < 0)
		return;
	switch (s->fields[at].kind) {
	case FIELD_ID:
		buf_add_str(out, " | not_scientific");
		if (strcmp(path, "id") == 0 && f->title->type != RECORD_PRACTITIONER)
			doubt_empty(n, c);
		break;
	case FIELD_CODE:
		if (strcmp(path, "status") == 0)
			doubt_empty(n, c);
		buf_addf(out, " | code %s",
		    strcmp(path, "status") == 0 ? "appointment-status" : path);
		break;
	case FIELD_DATE:
	case FIELD_DATETIME:
		if (strcmp(path, "start") == 0)
			doubt_empty(n, c);
		put_dates(out, c, s->fields[at].kind == FIELD_DATETIME,
		    strcmp(path, "birth_date") == 0, n);
		break;
	case FIELD_INTEGER:
		buf_add_str(out, " | integer");
		doubt_misfits(n, c->fits[CHECK_INTEGER], c->filled);
		break;
	case FIELD_BOOLEAN:
		buf_add_str(out, " | bool");
		doubt_misfits(n, c->fits[CHECK_BOOL], c->filled);
		break;
	default:
		put_checked(out, path, c, n);
	}
}

/* The field's name as a feed file has it: of a list the whole, of objects the first. */
static void
put_path(struct buf *out, const char *path)
{
	const char *list = strstr(path, "[]");

	if (list == NULL)
		buf_add_str(out, path);
	else
		buf_addf(out, "%.*s%s%s", (int)(list - path), path,
		    list[2] == '\0' ? "" : "[1]", list + 2);
}

void
draft_rule(struct buf *out, const struct draft *d, const struct draft_field *f)
{
	const char *path = f->title->path;
	struct buf value;
	struct note n;

	start_note(&n, d, f);
	if (strncmp(path, "start.", 6) == 0) {
		put_split(out, d, f, &n, "start");
		return;
	}
	if (strncmp(path, "end.", 4) == 0) {
		put_split(out, d, f, &n, "end");
		return;
	}
	buf_init(&value, 4096);
	put_columns(&value, d, f);
	put_transform(&value, d, f, &n);
	put_note(out, &n);
	put_path(out, path);
	buf_add_str(out, " = ");
	buf_add_span(out, buf_span(&value));
	buf_add_char(out, '\n');
	out->failed |= value.failed;
	buf_release(&value);
}

/* A date alone, and a time with its offset, need none. */
static bool
lacks_zone(const struct column *c)
{
	struct dates_found found;

	dates_find(&c->dates, &found);
	for (unsigned i = 0; i < found.n; i++)
		if (found.format[i].clock && !civil_format_has(found.format[i].text, 'z'))
			return true;
	return false;
}

bool
draft_needs_zone(const struct draft *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (lacks_zone(profile_column(d->profile, d->field[i].column[0])))
			return true;
	return false;
}
