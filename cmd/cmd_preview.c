#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/drift.h"
#include "cmd/feed.h"
#include "cmd/local.h"
#include "cmd/show.h"
#include "cmd/status.h"
#include "cmd/text.h"
#include "mappers/reading_header.h"

#define CHUNK   65536
#define OUT_MAX (1u << 30)

static const char help[] =
    "emrdrop preview [options] FEED FILE\n\n"
    "Reads FILE with the map of FEED and prints the records as they would be sent, one JSON\n"
    "object a line; what was not taken, and columns that are not as in the last good file,\n"
    "goes to standard error. No network. FEED is a feed's name, or the path of a feed file.\n\n"
    "  --row N       only spreadsheet row N, or message N, with each field's source\n"
    "                columns, transforms and result\n"
    "  --fields      of HL7 messages: every value with the reference that finds it,\n"
    "                such as PID-3[#2].4.1, instead of records\n"
    "  --json        one JSON object: records, problems, counts\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "It prints patients' data: mind where its output goes.\n\n"
    "Exit status: 0 every row was taken; 3 some rows were rejected; 4 a run would hold the\n"
    "file; 65 it cannot be read; 78 mistakes in the configuration\n\n"
    "Examples:\n"
    "  emrdrop preview northside-appointments 'Appt Report 03052026.csv'\n"
    "  emrdrop preview ./draft.ini sample.hl7 --row 12 --fields\n";

struct preview {
	const struct app *app;
	const struct feed *feed;
	struct span source; /* the feed's, measured once */
	struct buf out, explain, problems, fields;
	struct json json, explained, told, listed;
	char unpacked[LOCAL_FOUND_SIZE]; /* what the file was packed with */
	struct file_header header;       /* beside that of the last good file */
	bool mended;                     /* a reject file: max_reject does not hold it */
};

/* Without --json the records go out as they come. */
static int
drain(struct preview *p, struct err *e)
{
	if (p->app->json || p->out.n < CHUNK)
		return 0;
	if (print_out(buf_span(&p->out), e) != 0)
		return -1;
	buf_clear(&p->out);
	return 0;
}

static int
take_record(void *arg, const struct record *r, struct err *e)
{
	struct preview *p = arg;

	if ((p->app->row != 0 && (uint64_t)p->app->row != r->row) ||
	    (p->app->fields && !p->app->json))
		return 0;
	if (!p->app->json)
		jw_init(&p->json, &p->out);
	show_record(&p->json, p->source, r);
	if (!p->app->json)
		buf_add_char(&p->out, '\n');
	return buf_check(&p->out, "the preview", e) == 0 ? drain(p, e) : -1;
}

static void
take_field(void *arg, uint64_t row, struct span ref, struct span value)
{
	struct preview *p = arg;

	if (p->app->json) {
		jw_object(&p->listed);
		jw_put_uint(&p->listed, "row", row);
		jw_put_string(&p->listed, "field", ref);
		jw_put_string(&p->listed, "value", value);
		jw_object_end(&p->listed);
		return;
	}
	buf_addf(&p->out, "%llu %-16.*s ", (unsigned long long)row, (int)ref.n, ref.p);
	text_quote(&p->out, value);
	buf_add_char(&p->out, '\n');
}

static void
take_problem(void *arg, const struct problem *problem)
{
	struct preview *p = arg;
	struct buf line;

	if (p->app->row != 0 && (uint64_t)p->app->row != problem->row)
		return;
	if (p->app->json) {
		jw_object(&p->told);
		jw_put_uint(&p->told, "row", problem->row);
		jw_put_string(&p->told, "column", problem->column);
		jw_put_cstr(&p->told, "code", problem_name(problem->code));
		jw_put_bool(&p->told, "rejected", problem->weight == WEIGHT_REJECT);
		jw_object_end(&p->told);
		return;
	}
	buf_init(&line, 4096);
	buf_addf(&line, "row %llu", (unsigned long long)problem->row);
	if (problem->column.n > 0) {
		buf_add_str(&line, ", column ");
		text_quote(&line, problem->column);
	}
	buf_addf(&line, ": %s %s (%s)\n", problem_text(problem->code),
	    problem_remedy(problem->code),
	    problem->weight == WEIGHT_REJECT ? "row not taken" : "warning");
	fwrite(line.p, 1, line.n, stderr);
	buf_release(&line);
}

/* The ledger is looked at if there is one that may be; it is no error if not. */
static void
know_header(struct preview *p, struct app *app)
{
	struct err ignored;
	struct ledger *l = app_ledger(app, false, &ignored);

	if (l != NULL)
		ledger_header_get(l, p->feed->feed.name, &p->header.before, &ignored);
	app_ledger_close(app, l);
}

/* What is not as in the last good file. */
static int
tell_header(struct preview *p, const struct reading *r, struct err *e)
{
	struct buf lines;
	int rc = header_mark_copy(&p->header.now, &reading_header(r)->now, e);

	if (rc != 0 || p->header.now.n == 0)
		return rc;
	if (p->app->json)
		return drift_json(&p->header, &p->json, e);
	buf_init(&lines, OUT_MAX);
	rc = drift_text(&p->header, &lines, e);
	if (rc == 0 && lines.n > 0)
		fwrite(lines.p, 1, lines.n, stderr);
	buf_release(&lines);
	return rc;
}

static int
take_mended(void *arg, bool mended, struct err *e)
{
	struct preview *p = arg;

	(void)e;
	p->mended |= mended;
	return 0;
}

/* Objects that were written aside, with commas between them. */
static void
put_list(struct preview *p, const char *name, const struct buf *objects)
{
	jw_key(&p->json, span_of(name));
	jw_array(&p->json);
	jw_raw(&p->json, buf_span(objects));
	jw_array_end(&p->json);
}

static int
write_json(struct preview *p, const struct reading *r, const char *held, struct err *e)
{
	const struct mapper_counts *n = reading_counts(r);

	jw_array_end(&p->json);
	put_list(p, "problems", &p->problems);
	if (p->app->row != 0)
		put_list(p, "explained", &p->explain);
	if (p->app->fields)
		put_list(p, "fields", &p->fields);
	jw_put_cstr(&p->json, "found", reading_found(r, FOUND_KEYS));
	if (p->unpacked[0] != '\0')
		jw_put_cstr(&p->json, "unpacked", p->unpacked);
	if (held != NULL)
		jw_put_cstr(&p->json, "held", held);
	if (tell_header(p, r, e) != 0)
		return -1;
	jw_put_uint(&p->json, "rows", n->rows);
	jw_put_uint(&p->json, "mapped", n->mapped);
	jw_put_uint(&p->json, "filtered", n->filtered);
	jw_put_uint(&p->json, "rejected", n->rejected);
	jw_object_end(&p->json);
	buf_add_char(&p->out, '\n');
	return 0;
}

/* One field a line is easier on the eye than one row a line. */
static int
write_explained(struct preview *p, const struct reading *r, struct err *e)
{
	int depth = 0;
	bool quoted = false, escaped = false;

	for (size_t i = 0; i < p->explain.n; i++) {
		char c = p->explain.p[i];

		if (c == '"' && !escaped)
			quoted = !quoted;
		escaped = c == '\\' && !escaped;
		depth += !quoted && (c == '{' || c == '[');
		depth -= !quoted && (c == '}' || c == ']');
		buf_add_char(&p->out, !quoted && depth == 0 && c == ',' ? '\n' : c);
	}
	if (p->explain.n > 0)
		buf_add_char(&p->out, '\n');
	else if (p->app->row != 0 && !p->app->fields)
		fprintf(stderr, "row %lld is left out by `when`, or is no row of data\n",
		    (long long)p->app->row);
	return tell_header(p, r, e);
}

/* `held` says why a run would hold the file, or is NULL. */
static int
finish(struct preview *p, const struct reading *r, const char *held, struct err *e)
{
	const struct mapper_counts *n = reading_counts(r);
	int rc = p->app->json ? write_json(p, r, held, e) : write_explained(p, r, e);

	if (rc != 0 || print_buf(&p->out, "the preview", e) != 0)
		return err_exit(e->code);
	if (held != NULL && !p->app->json)
		fprintf(stderr, "a run would hold the file: %s\n", held);
	if (!p->app->json)
		fprintf(stderr,
		    "%llu rows: %llu mapped, %llu filtered, %llu rejected (%s%s%s)\n",
		    (unsigned long long)n->rows, (unsigned long long)n->mapped,
		    (unsigned long long)n->filtered, (unsigned long long)n->rejected,
		    reading_found(r, FOUND_WORDS), p->unpacked[0] != '\0' ? ", " : "",
		    p->unpacked);
	if (held != NULL)
		return STATUS_HELD;
	return n->rejected > 0 ? STATUS_SOME_LOST : STATUS_OK;
}

/* The whole was read: by its rows a run would hold it, or not. */
static int
preview_read(struct preview *p, const struct reading *r, struct err *e)
{
	const struct mapper_counts *n = reading_counts(r);
	char held[FILE_REASON_MAX + 1];

	if (p->mended || !feed_rejects_too_many(p->feed, n->rows, n->rejected, held))
		return finish(p, r, NULL, e);
	return finish(p, r, held, e);
}

/* What was read is shown all the same. */
static int
preview_held(struct preview *p, const struct reading *r, struct err *e)
{
	const struct err held = *e;

	e->code = ERR_NONE;
	return finish(p, r, held.msg, e);
}

static int
preview_file(struct app *app, struct feed *f, const char *path, struct err *e)
{
	struct preview p = {.app = app, .feed = f, .source = span_of(f->feed.source)};
	struct site_keys keys;
	struct mapper_sink sink = {.record = take_record,
	    .problem = take_problem,
	    .mended = take_mended,
	    .arg = &p,
	    .before = &p.header.before,
	    .keys = app_keys(app, &keys) ? &keys : NULL};
	struct reading *r = mapper_open(f->mapper, &sink, clock_wall(app->clock), e);
	const struct mapper_fields fields = {take_field, &p};
	const struct local_file file = {
	    app, f, path, app->json ? FOUND_KEYS : FOUND_WORDS};
	int exit;
	bool wrong = false;

	know_header(&p, app);
	buf_init(&p.out, OUT_MAX);
	buf_init(&p.explain, OUT_MAX);
	buf_init(&p.problems, OUT_MAX);
	buf_init(&p.fields, OUT_MAX);
	jw_init(&p.json, &p.out);
	jw_init(&p.explained, &p.explain);
	jw_init(&p.told, &p.problems);
	jw_init(&p.listed, &p.fields);
	if (app->json) {
		jw_object(&p.json);
		jw_key(&p.json, SPAN_LIT("records"));
		jw_array(&p.json);
	}
	if (r != NULL && app->row != 0 && !app->fields)
		reading_explain(r, (uint64_t)app->row, &p.explained);
	if (r != NULL && app->fields &&
	    reading_fields(r, (uint64_t)app->row, &fields, e) != 0)
		wrong = true;
	if (r == NULL || wrong)
		exit = err_exit(e->code);
	else if (local_read(&file, r, p.unpacked, e) == 0)
		exit = preview_read(&p, r, e);
	else
		exit = e->code == ERR_HELD ? preview_held(&p, r, e) : err_exit(e->code);
	reading_free(r);
	site_keys_wipe(&keys);
	file_header_release(&p.header);
	buf_release(&p.out);
	buf_release(&p.explain);
	buf_release(&p.problems);
	buf_release(&p.fields);
	return exit;
}

static int
preview_feed(struct app *app, struct feed *f, struct err *e, void *arg)
{
	if (e != NULL) {
		app_print_errors(&f->errors);
		*(struct err *)arg = *e;
		return err_exit(e->code);
	}
	return preview_file(app, f, app->args[1], arg);
}

static int
preview(struct app *app, struct err *e)
{
	return feed_one(app, app->args[0], &(struct feed_visitor){preview_feed, e}, e);
}

const struct command command_preview = {"preview",
    "show the records that a file would give", help, OPT_ROW | OPT_FIELDS, 2, 2, true,
    preview};
