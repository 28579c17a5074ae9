#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/status.h"
#include "cmd/tests.h"
#include "cmd/text.h"

#define OUT_MAX (64u << 20)

static const char help[] =
    "emrdrop test [options] FEED\n\n"
    "Runs the sections [test NAME] of a feed file: a row, and the record that its map must\n"
    "make of it; or a sample file beside it, and the records of a golden file. FEED is a\n"
    "feed's name, or the path of a feed file. No network, no ledger.\n\n"
    "  --json        one JSON object: each test, and where it failed\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "  [test new booking]\n"
    "  row.MRN                   = T-1\n"
    "  row.Status                = Confirmed\n"
    "  expect.appointment.status = booked\n\n"
    "What fails is printed with the values that were expected and got: test files hold\n"
    "synthetic values, never a patient's. A golden file is what `preview` prints.\n\n"
    "Exit status: 0 all passed, or there are none; 65 some failed; 78 mistakes in the\n"
    "configuration\n\n"
    "Examples:\n"
    "  emrdrop test northside-appointments\n"
    "  emrdrop test ./draft.ini --json\n";

struct run {
	struct app *app;
	struct buf out;
	struct json json;
	unsigned passed, failed;
};

static void
put_failure(struct json *j, const struct failure *f)
{
	jw_object(j);
	jw_put_cstr(j, "file", f->file);
	jw_put_uint(j, "line", f->line);
	jw_put_cstr(j, "field", f->field);
	jw_put_cstr(j, "expected", f->expected);
	jw_put_cstr(j, "got", f->got);
	jw_object_end(j);
}

static void
tell(void *arg, const struct failure *f)
{
	struct run *r = arg;

	if (r->app->json) {
		put_failure(&r->json, f);
		return;
	}
	buf_addf(&r->out, "%s:%u: [test %.*s] %s: expected ", f->file, f->line,
	    (int)f->test->section->label.n, f->test->section->label.p, f->field);
	text_quote(&r->out, span_of(f->expected));
	buf_add_str(&r->out, ", got ");
	text_quote(&r->out, span_of(f->got));
	buf_add_char(&r->out, '\n');
}

static int
run_one(struct run *r, const struct tests *all, const struct test *t, struct err *e)
{
	const struct failures to = {tell, r};
	int n;

	if (r->app->json) {
		jw_object(&r->json);
		jw_put_string(&r->json, "name", t->section->label);
		jw_put_cstr(&r->json, "file", t->section->file);
		jw_put_uint(&r->json, "line", t->section->line);
		jw_key(&r->json, SPAN_LIT("failures"));
		jw_array(&r->json);
	}
	n = test_run(all, t, &to, e);
	if (r->app->json) {
		jw_array_end(&r->json);
		jw_put_bool(&r->json, "passed", n == 0);
		jw_object_end(&r->json);
	}
	r->passed += n == 0;
	r->failed += n > 0;
	return n < 0 ? -1 : 0;
}

static void
sum_up(struct run *r)
{
	if (!r->app->json) {
		buf_addf(&r->out, "%u passed, %u failed\n", r->passed, r->failed);
		return;
	}
	jw_array_end(&r->json);
	jw_put_uint(&r->json, "passed", r->passed);
	jw_put_uint(&r->json, "failed", r->failed);
	jw_object_end(&r->json);
	buf_add_char(&r->out, '\n');
}

static int
run_all(struct run *r, const struct tests *all, struct err *e)
{
	int rc = 0;

	if (r->app->json) {
		jw_object(&r->json);
		jw_put_cstr(&r->json, "feed", all->feed->feed.name);
		jw_key(&r->json, SPAN_LIT("tests"));
		jw_array(&r->json);
	}
	for (size_t i = 0; i < all->n && rc == 0; i++)
		rc = run_one(r, all, &all->v[i], e);
	sum_up(r);
	if (rc == 0)
		rc = print_buf(&r->out, "the result", e);
	if (rc != 0)
		return err_exit(e->code);
	return r->failed > 0 ? STATUS_FILE_REFUSED : STATUS_OK;
}

static int
test_feed(struct app *app, struct feed *f, struct err *wrong, void *arg)
{
	struct err *e = arg;
	struct run r = {.app = app};
	struct tests all = {.n = 0};
	int exit;

	if (wrong != NULL)
		*e = *wrong;
	else if (tests_read(&all, app, f, e) == 0)
		app_errors(&f->errors, f->path, e);
	buf_init(&r.out, OUT_MAX);
	jw_init(&r.json, &r.out);
	if (e->code == ERR_NONE) {
		exit = run_all(&r, &all, e);
	} else {
		app_print_errors(&f->errors);
		exit = err_exit(e->code);
	}
	buf_release(&r.out);
	tests_release(&all);
	return exit;
}

static int
test(struct app *app, struct err *e)
{
	return feed_one(app, app->args[0], &(struct feed_visitor){test_feed, e}, e);
}

const struct command command_test = {
    "test", "run the tests of a feed file", help, 0, 1, 1, true, test};
