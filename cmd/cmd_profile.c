#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/sample.h"
#include "cmd/status.h"
#include "cmd/text.h"

#define OUT_MAX (16u << 20)

static const char help[] =
    "emrdrop profile [options] FILE\n\n"
    "What the columns of a CSV export hold, read and unpacked as a run does, with the\n"
    "delimiter, the character set, the header and the rows behind the data found: how many\n"
    "cells are empty, how many values differ (exact up to 1000), the type of nine in ten of\n"
    "them, the shortest and longest in characters, the share of digits. No value is shown.\n"
    "A first row that is not surely a header is taken for a patient's data: then columns\n"
    "have numbers instead of titles. It is one if no cell is a number, date, phone number\n"
    "or address and two titles are known, or all are words above columns of values.\n\n"
    "  --reveal      also the shortest and longest values; only to a terminal\n"
    "  --json        one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Messages have no columns: `emrdrop preview --fields` shows what is in an HL7 file.\n\n"
    "Exit status: 0 all well; 64 usage; 65 it is no export that can be read; 74 no such file\n\n"
    "Examples:\n"
    "  emrdrop profile 'Appt Report 03052026.csv'\n"
    "  emrdrop profile export.csv.gz --json | jq '.columns[] | select(.empty > 0.5)'\n";

static double
share(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (double)part / (double)whole;
}

/* "date %m/%d/%Y, %Y-%m-%d or other" */
static void
put_type(struct buf *out, const struct column *c)
{
	enum content content = column_content(c);
	struct dates_found found;

	buf_add_str(out, content_name(content));
	if (content == CONTENT_DIGITS)
		buf_add_str(out, " with zeros in front, which must stay");
	if (content != CONTENT_DATE && content != CONTENT_TIME &&
	    content != CONTENT_DATETIME)
		return;
	dates_find(&c->dates, &found);
	for (unsigned i = 0; i < found.n; i++)
		buf_addf(out, "%s%s%s", i == 0 ? " " : ", ", found.format[i].text,
		    found.format[i].either ? " (or day before month)" : "");
}

static void
put_column(struct buf *out, const struct profile *p, size_t at, bool reveal)
{
	const struct column *c = profile_column(p, at);
	struct span title = profile_title(p, at);
	bool more = c->ndistinct > COLUMN_DISTINCT_MAX;

	buf_addf(out, "%3zu  ", at + 1);
	if (title.n > 0)
		text_quote(out, title);
	else
		buf_addf(out, "#%zu", at + 1);
	buf_addf(
	    out, "\n     empty %.1f %%, ", 100 * share(c->rows - c->filled, c->rows));
	buf_addf(out, "%s%" PRIu64 " different, type ", more ? "more than " : "",
	    more ? COLUMN_DISTINCT_MAX : c->ndistinct);
	put_type(out, c);
	buf_addf(out, ", %zu to %zu characters, digits %.0f %%\n", c->shortest,
	    c->longest, 100 * share(c->digits, c->characters));
	if (!reveal || c->filled == 0)
		return;
	buf_add_str(out, "     shortest ");
	text_quote(out, span_of(c->low));
	buf_add_str(out, ", longest ");
	text_quote(out, span_of(c->high));
	buf_add_char(out, '\n');
}

static void
put_text(struct buf *out, const struct sample *s, bool reveal)
{
	struct profile_file f;

	profile_file(s->profile, &f);
	buf_addf(out,
	    "%" PRIu64 " rows of data, %zu columns, delimiter \"%s\", charset %s", f.rows,
	    f.columns, strcmp(f.delimiter, "\t") == 0 ? "tab" : f.delimiter, f.charset);
	if (f.header > 0)
		buf_addf(out, ", header in row %" PRIu64, f.header);
	else
		buf_add_str(out, ", no header that is surely one");
	buf_addf(out, "%s%s\n", s->unpacked[0] != '\0' ? ", " : "", s->unpacked);
	if (f.thin > 0)
		buf_addf(out,
		    "%" PRIu64 " rows have too few cells or too many, %" PRIu64
		    " of them at the end\n",
		    f.thin, f.tail);
	if (f.bad > 0)
		buf_addf(out, "%" PRIu64 " rows cannot be read\n", f.bad);
	if (s->others)
		buf_add_str(
		    out, "the archive has other files, which were not looked at\n");
	buf_add_char(out, '\n');
	for (size_t i = 0; i < f.columns; i++)
		put_column(out, s->profile, i, reveal);
}

/* A number between 0 and 1, which the writer of JSON has no word for. */
static void
put_share(struct json *j, const char *key, double value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.4f", value);

	jw_key(j, span_of(key));
	jw_raw(j, (struct span){text, (size_t)n});
}

static void
json_formats(struct json *j, const struct column *c)
{
	struct dates_found found;

	dates_find(&c->dates, &found);
	jw_key(j, SPAN_LIT("formats"));
	jw_array(j);
	for (unsigned i = 0; i < found.n; i++) {
		jw_object(j);
		jw_put_cstr(j, "format", found.format[i].text);
		jw_put_uint(j, "fits", found.format[i].fits);
		jw_put_bool(j, "day_month_unsure", found.format[i].either);
		jw_object_end(j);
	}
	jw_array_end(j);
}

static void
json_column(struct json *j, const struct profile *p, size_t at)
{
	const struct column *c = profile_column(p, at);
	struct span title = profile_title(p, at);
	bool more = c->ndistinct > COLUMN_DISTINCT_MAX;

	jw_object(j);
	jw_put_uint(j, "column", at + 1);
	if (title.n > 0)
		jw_put_string(j, "title", title);
	put_share(j, "empty", share(c->rows - c->filled, c->rows));
	jw_put_uint(j, "distinct", more ? COLUMN_DISTINCT_MAX : c->ndistinct);
	jw_put_bool(j, "distinct_more", more);
	jw_put_cstr(j, "type", content_name(column_content(c)));
	if (c->dated > 0)
		json_formats(j, c);
	jw_put_uint(j, "shortest", c->shortest);
	jw_put_uint(j, "longest", c->longest);
	put_share(j, "digits", share(c->digits, c->characters));
	jw_object_end(j);
}

static void
put_json(struct buf *out, const struct sample *s)
{
	struct profile_file f;
	struct json j;

	profile_file(s->profile, &f);
	jw_init(&j, out);
	jw_object(&j);
	jw_put_uint(&j, "rows", f.rows);
	jw_put_cstr(&j, "delimiter", f.delimiter);
	jw_put_cstr(&j, "charset", f.charset);
	if (f.header > 0)
		jw_put_uint(&j, "header", f.header);
	jw_put_uint(&j, "thin", f.thin);
	jw_put_uint(&j, "thin_at_end", f.tail);
	jw_put_uint(&j, "unreadable", f.bad);
	if (s->unpacked[0] != '\0')
		jw_put_cstr(&j, "unpacked", s->unpacked);
	jw_put_bool(&j, "other_exports", s->others);
	jw_key(&j, SPAN_LIT("columns"));
	jw_array(&j);
	for (size_t i = 0; i < f.columns; i++)
		json_column(&j, s->profile, i);
	jw_array_end(&j);
	jw_object_end(&j);
	buf_add_char(out, '\n');
}

static int
show(struct app *app, const struct sample *s, struct err *e)
{
	struct buf out;
	int rc;

	if (s->profile == NULL)
		return err_set(e, ERR_USAGE,
		    "%s holds HL7 messages, which have no columns: `emrdrop init NAME FILE` "
		    "drafts a feed, and `emrdrop preview FEED FILE --fields` shows what is in "
		    "them",
		    app->args[0]);
	buf_init(&out, OUT_MAX);
	if (app->json)
		put_json(&out, s);
	else
		put_text(&out, s, app->reveal);
	rc = print_buf(&out, "the profile", e);
	buf_release(&out);
	return rc;
}

static int
profile(struct app *app, struct err *e)
{
	struct sample s = {.profile = NULL};
	int rc = 0;

	if (app->reveal && (app->json || !isatty(STDOUT_FILENO)))
		rc = err_set(e, ERR_USAGE,
		    "--reveal shows patients' values: only to a terminal, and not as JSON");
	if (rc == 0)
		rc = sample_read(&s, app, app->args[0], e);
	if (rc == 0)
		rc = show(app, &s, e);
	sample_release(&s);
	return rc == 0 ? STATUS_OK : err_exit(e->code);
}

const struct command command_profile = {"profile",
    "what the columns of a file hold, "
    "without a value",
    help, OPT_REVEAL, 1, 1, false, profile};
