#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/feed.h"
#include "cmd/status.h"
#include "cmd/text.h"
#include "mappers/guide.h"

#define OUT_MAX (16u << 20)

static const char help[] =
    "emrdrop template [options] FEED\n\n"
    "Writes an example export for the clinic: the titles that FEED reads, in its layout,\n"
    "with two rows of synthetic values that its map takes. FEED is a feed's name, or the\n"
    "path of a feed file. Feeds of HL7 messages have no template: their exit status is 64.\n\n"
    "  --guide       instead of the example, what each column is to hold, in plain words,\n"
    "                as text that can be sent to the clinic\n"
    "  --json        one JSON object: the example and its columns\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "No patient's value is in it. A column for which no value can be made up stays empty.\n\n"
    "Exit status: 0 written; 64 no such feed has a template; 78 mistakes in the\n"
    "configuration, or a map that no example fits\n\n"
    "Examples:\n"
    "  emrdrop template northside-appointments >example.csv\n"
    "  emrdrop template ./draft.ini --guide >columns.txt\n";

/* "MRN" or "Patient ID"; column 3. */
static void
add_titles(struct buf *out, const struct guide_column *c)
{
	if (c->titles == NULL)
		buf_addf(out, "Column %u", c->number);
	for (const struct guide_text *t = c->titles; t != NULL; t = t->next) {
		if (t != c->titles)
			buf_add_str(out, " or ");
		text_quote(out, t->text);
	}
	buf_add_char(out, '\n');
}

static void
add_codes(struct buf *out, const struct guide_column *c)
{
	size_t told = 0;

	for (const struct guide_text *t = c->codes; t != NULL; t = t->next, told++) {
		buf_add_str(out, "               ");
		text_quote(out, t->text);
		buf_addf(out, " means %.*s\n", (int)t->means.n, t->means.p);
	}
	if (c->ncodes > told)
		buf_addf(out, "               and %zu more\n", c->ncodes - told);
}

static void
add_column(struct buf *out, const struct guide_column *c)
{
	const char *need = c->required  ? "yes; a row without it is not taken"
			   : c->decides ? "no, but it decides what becomes of the row"
					: "no";

	add_titles(out, c);
	buf_addf(out, "    required:  %s\n", need);
	buf_addf(out, "    holds:     %.*s\n", (int)c->words.n, c->words.p);
	add_codes(out, c);
	if (c->sample[0].n > 0)
		buf_addf(
		    out, "    example:   %.*s\n", (int)c->sample[0].n, c->sample[0].p);
	else
		buf_add_str(out, "    example:   none could be made up\n");
	for (const struct guide_use *u = c->uses; u != NULL; u = u->next)
		buf_addf(out, "%s%s.%s%s", u == c->uses ? "    becomes:   " : ", ",
		    u->type, u->field, u->next == NULL ? "\n" : "");
	if (c->uses == NULL)
		buf_add_str(
		    out, "    becomes:   nothing; it decides which rows are taken\n");
	buf_add_char(out, '\n');
}

static void
add_guide(struct buf *out, const struct feed *f, const struct guide *g)
{
	buf_addf(out, "Columns of the files for %s\n\n", f->feed.name);
	buf_addf(out, "%s\n\n",
	    g->ordered
		? "Columns are known by their place: their order must not change."
		: "Columns are known by their titles: their order does not matter, and "
		  "other columns\nmay stand beside them.");
	for (size_t i = 0; i < g->n; i++)
		add_column(out, &g->columns[i]);
}

static void
put_texts(struct json *j, const char *key, const struct guide_text *t)
{
	jw_key(j, span_of(key));
	jw_array(j);
	for (; t != NULL; t = t->next)
		jw_string(j, t->text);
	jw_array_end(j);
}

static void
put_column(struct json *j, const struct guide_column *c)
{
	jw_object(j);
	put_texts(j, "titles", c->titles);
	if (c->number != 0)
		jw_put_uint(j, "number", c->number);
	jw_put_bool(j, "required", c->required);
	jw_put_string(j, "holds", c->words);
	jw_put_string(j, "example", c->sample[0]);
	put_texts(j, "codes", c->codes);
	jw_key(j, SPAN_LIT("becomes"));
	jw_array(j);
	for (const struct guide_use *u = c->uses; u != NULL; u = u->next) {
		jw_object(j);
		jw_put_cstr(j, "type", u->type);
		jw_put_cstr(j, "field", u->field);
		jw_put_bool(j, "required", u->required);
		jw_object_end(j);
	}
	jw_array_end(j);
	jw_object_end(j);
}

static void
put_json(struct buf *out, const struct feed *f, const struct guide *g,
    const struct buf *example)
{
	struct json j;

	jw_init(&j, out);
	jw_object(&j);
	jw_put_cstr(&j, "feed", f->feed.name);
	jw_put_string(&j, "example", buf_span(example));
	jw_key(&j, SPAN_LIT("columns"));
	jw_array(&j);
	for (size_t i = 0; i < g->n; i++)
		put_column(&j, &g->columns[i]);
	jw_array_end(&j);
	jw_object_end(&j);
	buf_add_char(out, '\n');
}

static int
write_template(struct app *app, struct feed *f, struct err *e)
{
	struct guide g = {.n = 0};
	struct buf example, out;
	int rc;

	buf_init(&example, OUT_MAX);
	buf_init(&out, OUT_MAX);
	rc = mapper_guide(f->mapper, &g, e);
	g.as_utf8 = app->json;
	if (rc == 0)
		rc = mapper_example(f->mapper, &g, clock_wall(app->clock), &example, e);
	if (rc == 0 && app->json)
		put_json(&out, f, &g, &example);
	else if (rc == 0 && app->guide)
		add_guide(&out, f, &g);
	if (rc == 0)
		rc = print_buf(app->json || app->guide ? &out : &example, "the guide", e);
	guide_release(&g);
	buf_release(&example);
	buf_release(&out);
	return rc == 0 ? STATUS_OK : err_exit(e->code);
}

static int
template_feed(struct app *app, struct feed *f, struct err *wrong, void *arg)
{
	struct err *e = arg;

	if (wrong == NULL)
		return write_template(app, f, e);
	app_print_errors(&f->errors);
	*e = *wrong;
	return err_exit(e->code);
}

static int template(struct app *app, struct err *e)
{
	return feed_one(app, app->args[0], &(struct feed_visitor){template_feed, e}, e);
}

const struct command command_template = {"template",
    "write an example export and a guide to its columns", help, OPT_GUIDE, 1, 1, true,
    template};
