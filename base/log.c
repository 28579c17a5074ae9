#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/json.h"
#include "base/utf8.h"

#define LOG_LINE_MAX  65536
#define LOG_TITLE_MAX 200 /* a title may be a megabyte long */

static const char *const levels[] = {"debug", "info", "warn", "error"};

/* A word as it is; anything else quoted and escaped as in JSON. */
static void
text_value(struct buf *out, struct span s)
{
	struct json j;
	bool bare = s.n > 0;

	for (size_t i = 0; i < s.n && bare; i++)
		bare = s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '=' &&
		       s.p[i] != '\\';
	if (bare) {
		buf_add_span(out, s);
		return;
	}
	jw_init(&j, out);
	jw_string(&j, s);
}

static void
text_pair(struct buf *out, const char *key, struct span value)
{
	buf_add_char(out, ' ');
	buf_add_str(out, key);
	buf_add_char(out, '=');
	text_value(out, value);
}

static struct span
cut(const struct log_field *f)
{
	if (f->kind != LOGF_TITLE || f->s.n <= LOG_TITLE_MAX)
		return f->s;
	return (struct span){f->s.p, utf8_valid((struct span){f->s.p, LOG_TITLE_MAX})};
}

static void
text_field(struct buf *out, const struct log_field *f)
{
	switch (f->kind) {
	case LOGF_UINT:
		buf_addf(out, " %s=%llu", f->key, (unsigned long long)f->u);
		break;
	case LOGF_NAME:
	case LOGF_TITLE:
		text_pair(out, f->key, cut(f));
		break;
	case LOGF_ERR:
		text_pair(out, f->key, span_of(err_name(f->e->code)));
		text_pair(out, "message", span_of(f->e->msg));
		break;
	case LOGF_END:
		break;
	}
}

static void
json_field(struct json *j, const struct log_field *f)
{
	switch (f->kind) {
	case LOGF_UINT:
		jw_put_uint(j, f->key, f->u);
		break;
	case LOGF_NAME:
	case LOGF_TITLE:
		jw_put_string(j, f->key, cut(f));
		break;
	case LOGF_ERR:
		jw_put_cstr(j, f->key, err_name(f->e->code));
		jw_put_cstr(j, "message", f->e->msg);
		break;
	case LOGF_END:
		break;
	}
}

static void
line_text(const struct log *l, struct buf *out, enum log_level level, const char *event,
    const struct log_field *fields)
{
	char when[CIVIL_TEXT_SIZE];

	civil_format_ms(clock_wall(l->clock), when);
	buf_addf(out, "%s %-5s %s", when, levels[level], event);
	for (; fields->kind != LOGF_END; fields++)
		text_field(out, fields);
	if (l->run != NULL)
		text_pair(out, "run", span_of(l->run));
	if (l->trace != NULL)
		text_pair(out, "trace", span_of(l->trace));
}

static void
line_json(const struct log *l, struct buf *out, enum log_level level, const char *event,
    const struct log_field *fields)
{
	struct json j;
	char when[CIVIL_TEXT_SIZE];

	civil_format_ms(clock_wall(l->clock), when);
	jw_init(&j, out);
	jw_object(&j);
	jw_put_cstr(&j, "time", when);
	jw_put_cstr(&j, "level", levels[level]);
	jw_put_cstr(&j, "event", event);
	for (; fields->kind != LOGF_END; fields++)
		json_field(&j, fields);
	if (l->run != NULL)
		jw_put_cstr(&j, "run", l->run);
	if (l->trace != NULL)
		jw_put_cstr(&j, "trace", l->trace);
	jw_object_end(&j);
}

/* What happened is told in any case: without memory, or with too much to say, no more. */
static void
bare_line(const struct log *l, enum log_level level, const char *event)
{
	static const char why[] = "no memory, or no room, for what else there is to say";
	char when[CIVIL_TEXT_SIZE], line[512];
	int n;

	civil_format_ms(clock_wall(l->clock), when);
	if (l->format == LOG_JSON)
		n = snprintf(line, sizeof(line),
		    "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"message\":\"%s\"}\n",
		    when, levels[level], event, why);
	else
		n = snprintf(line, sizeof(line), "%s %-5s %s message=\"%s\"\n", when,
		    levels[level], event, why);
	if (n > 0 && (size_t)n < sizeof(line) && write(l->fd, line, (size_t)n) < 0)
		return; /* nowhere left to say so */
}

void
log_event(const struct log *l, enum log_level level, const char *event,
    const struct log_field *fields)
{
	struct buf out;

	if (level < l->level)
		return;
	buf_init(&out, LOG_LINE_MAX);
	if (l->format == LOG_JSON)
		line_json(l, &out, level, event, fields);
	else
		line_text(l, &out, level, event, fields);
	buf_add_char(&out, '\n');
	/* One write a line, so that lines of several processes don't mix. */
	if (out.failed)
		bare_line(l, level, event);
	else if (write(l->fd, out.p, out.n) < 0)
		(void)out; /* nowhere left to say so */
	buf_release(&out);
}

void
log_problem(const struct log *l, const char *feed, const char *file_id,
    const struct problem *p, uint64_t times)
{
	log_event(l, LOG_WARN, times == 0 ? "row-rejected" : "column-warning",
	    LOG_FIELDS(LOG_NAME("feed", feed), LOG_NAME("file", file_id),
		LOG_UINT("row", p->row), LOG_TITLE("column", p->column),
		LOG_UINT("times", times == 0 ? 1 : times),
		LOG_NAME("code", problem_name(p->code)),
		LOG_NAME("reason", problem_text(p->code)),
		LOG_NAME("remedy", problem_remedy(p->code)),
		p->detail.n > 0 ? LOG_TITLE("detail", p->detail) : LOG_END));
}
