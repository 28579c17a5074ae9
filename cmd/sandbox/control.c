#include "cmd/sandbox/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sandbox/dump.h"
#include "cmd/sandbox/view.h"

#define TABLE_ROWS 20 /* rows of the table if the URL has no limit */

static int64_t
limit_of(const char *text)
{
	char *end;
	long long v;

	if (!text)
		return TABLE_ROWS;
	errno = 0;
	v = strtoll(text, &end, 10);
	return end == text || *end || errno || v < 0 ? -1 : v;
}

static void
show_faults(struct fault *f, struct reply *out)
{
	dump_json(&out->body, fault_get(f));
	buf_add_char(&out->body, '\n');
}

static void
set_faults(struct fault *f, struct span body, struct reply *out)
{
	json_t *faults = json_loadb(body.p ? body.p : "", body.n, 0, NULL);
	struct err e;

	if (!faults)
		reply_error(out, 400, "malformed", "is no JSON", "");
	else if (fault_set(f, faults, &e) < 0)
		reply_failure(out, 400, &e);
	else
		show_faults(f, out);
	json_decref(faults);
}

static int
show(struct sandbox *sb, const struct query *q, const char *name, struct reply *out,
    struct err *e)
{
	if (strcmp(name, "state") == 0)
		return q->counts ? view_counts(sb->store, &out->body, e)
				 : view_state(sb->store, &out->body, e);
	if (strcmp(name, "batches") == 0)
		return view_batches(sb->store, &out->body, e);
	if (strcmp(name, "faults") == 0) {
		show_faults(sb->fault, out);
		return 0;
	}
	out->type = "text/plain; charset=utf-8";
	return view_table(sb->store, limit_of(q->limit), &out->body, e);
}

static bool
is_page(const char *name)
{
	return strcmp(name, "state") == 0 || strcmp(name, "batches") == 0 ||
	       strcmp(name, "faults") == 0 || strcmp(name, "table") == 0;
}

void
control(struct sandbox *sb, const struct query *q, struct reply *out)
{
	const char *name = q->path + strlen(CONTROL_PREFIX);
	bool faults = strcmp(name, "faults") == 0;
	struct err e;

	out->status = 200;
	out->type = "application/json";
	if (!is_page(name)) {
		reply_error(out, 404, "not_found",
		    "there are state, batches, table and faults", "");
	} else if (faults && strcmp(q->method, "POST") == 0) {
		set_faults(sb->fault, q->body, out);
	} else if (strcmp(q->method, "GET") != 0) {
		out->allow = faults ? "GET, POST" : "GET";
		reply_error(out, 405, "method", "see the Allow header", "");
	} else if (show(sb, q, name, out, &e) < 0) {
		reply_failure(out, 500, &e);
	}
}
