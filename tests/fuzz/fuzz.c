#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_read.h"
#include "base/utf8.h"

#define JSON_MAX  (16 << 20) /* bytes of one record */
#define PATH_SIZE 32
#define REASON    8 /* characters that the shortest reason has */

void
fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("fuzz: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

unsigned
fuzz_any(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*state >> 56);
}

/* "FILE:LINE: [section] key: reason", or a reason alone. */
static void
check_mistakes(const struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n && i < CONF_ERRORS_MAX; i++) {
		struct span text = span_of(errors->text[i]);
		const char *place = strstr(text.p, ": ");

		FUZZ_CHECK(strlen(place == NULL ? text.p : place) > REASON,
		    "a mistake without a reason: %s", text.p);
		FUZZ_CHECK(
		    utf8_valid(text) == text.n, "a mistake that is no text: %s", text.p);
	}
}

static void
compile(struct fuzz_feed *f, const char *format, const char *zone)
{
	struct mapper_conf mc = {.source = "fuzz",
	    .timezone = zone,
	    .format = format,
	    .snapshot = strcmp(format, "csv") == 0};

	f->mapper = mapper_new(&f->conf, &mc, &f->err);
	FUZZ_CHECK(f->mapper != NULL || f->err.code != ERR_NONE,
	    "no mapper, and no error either");
	FUZZ_CHECK(
	    f->mapper != NULL || strlen(f->err.msg) > REASON, "an error without a text");
	FUZZ_CHECK(f->mapper != NULL || f->err.code == ERR_NOMEM || f->errors.n > 0,
	    "nothing says what is wrong: %s", f->err.msg);
	check_mistakes(&f->errors);
}

void
fuzz_feed_read(
    struct fuzz_feed *f, struct span text, const char *format, const char *zone)
{
	struct sections read = {.n = 0};
	struct conf_text in = {.file = "feed.ini", .text = text};

	*f = (struct fuzz_feed){.mapper = NULL};
	conf_errors_init(&f->errors);
	conf_init(&f->conf, &f->errors);
	in.arena = &f->conf.arena;
	in.errors = &f->errors;
	if (conf_read(&in, &read, &f->err) != 0) {
		FUZZ_CHECK(
		    strlen(f->err.msg) > REASON, "a feed refused without a reason");
		return;
	}
	f->conf.sections = read.v;
	f->conf.n = read.n;
	f->conf.cap = read.cap;
	compile(f, format, zone);
}

void
fuzz_feed_load(
    struct fuzz_feed *f, const char *text, const char *format, const char *zone)
{
	char path[PATH_SIZE];
	int fd = memfd_create("feed.ini", MFD_CLOEXEC);

	*f = (struct fuzz_feed){.mapper = NULL};
	conf_errors_init(&f->errors);
	FUZZ_CHECK(fd >= 0 && fchmod(fd, S_IRUSR) == 0 &&
		       write(fd, text, strlen(text)) == (ssize_t)strlen(text),
	    "no file in memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	FUZZ_CHECK(conf_load(&f->conf, path, FUZZ_MAPS_DIR, &f->errors, &f->err) == 0,
	    "%s", f->err.msg);
	close(fd);
	compile(f, format, zone);
	FUZZ_CHECK(f->mapper != NULL && f->errors.n == 0, "%s",
	    f->errors.n > 0 ? f->errors.text[0] : f->err.msg);
}

void
fuzz_feed_release(struct fuzz_feed *f)
{
	mapper_free(f->mapper);
	conf_release(&f->conf);
	conf_errors_release(&f->errors);
}

/* Bounds that everybody behind the mapper relies on. */
static void
check_record(const struct record *r)
{
	FUZZ_CHECK(
	    r->id.n > 0 && r->id.n <= RECORD_ID_MAX, "an id of %zu bytes", r->id.n);
	FUZZ_CHECK(utf8_valid(r->id) == r->id.n, "an id that is not UTF-8");
	FUZZ_CHECK(r->op <= OP_MERGE, "an op that there is not");
	FUZZ_CHECK((r->event_at == TIME_NONE) == (r->event_at_text.n == 0),
	    "an event time without a text, or the other way round");
	FUZZ_CHECK(r->event_at <= r->event_latest, "an event that ends first");
	for (size_t i = 0; i < r->nvalues; i++)
		FUZZ_CHECK(r->values[i].kind != VALUE_TEXT ||
			       utf8_valid(r->values[i].text) == r->values[i].text.n,
		    "a value that is not UTF-8");
}

void
fuzz_record(struct buf *log, const struct record *r)
{
	json_error_t why;
	struct buf out;
	struct json j;
	json_t *v;

	check_record(r);
	buf_init(&out, JSON_MAX);
	jw_init(&j, &out);
	record_write_data(r, &j);
	FUZZ_CHECK(!out.failed, "a record that is too long");
	v = json_loadb(out.p, out.n, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
	FUZZ_CHECK(json_is_object(v), "no JSON object: %s at byte %d of %.*s", why.text,
	    why.position, (int)out.n, out.p);
	json_decref(v);
	buf_addf(log, "%llu %s %s %d%d %lld %lld %lld ", (unsigned long long)r->row,
	    record_op_name(r->op), r->schema->name, r->unmerge, r->patched,
	    (long long)r->event_at, (long long)r->event_latest, (long long)r->window);
	buf_add_span(log, r->event_at_text);
	buf_add_char(log, ' ');
	buf_add_span(log, r->id);
	buf_add_char(log, ' ');
	buf_add_span(log, buf_span(&out));
	buf_add_char(log, '\n');
	buf_release(&out);
}

void
fuzz_problem(struct buf *log, const struct problem *p)
{
	FUZZ_CHECK(p->code > PROBLEM_NONE && p->code < PROBLEM_CODE_COUNT,
	    "a code that there is not");
	buf_addf(log, "%llu %s %d %s %s ", (unsigned long long)p->row,
	    problem_name(p->code), p->weight, p->type == NULL ? "" : p->type,
	    p->field == NULL ? "" : p->field);
	buf_add_span(log, p->column);
	buf_add_char(log, ' ');
	buf_add_span(log, p->detail);
	buf_add_char(log, '\n');
}
