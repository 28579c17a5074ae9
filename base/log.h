/*
 * The log: one line an event on stderr, key=value or JSON. Fields are typed, and
 * there is no type for free text out of a file: nothing of a patient's can get in.
 * Only cmd/ logs. Control characters are escaped.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/problem.h"
#include "base/span.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log {
	int fd;
	enum log_format format;
	enum log_level level;
	const struct clock *clock;
	const char *run;   /* run id, or NULL */
	const char *trace; /* of W3C Trace Context, or NULL */
};

enum log_kind { LOGF_END, LOGF_UINT, LOGF_NAME, LOGF_TITLE, LOGF_ERR };

/*
 * LOGF_NAME: a word of our own (feed, verdict, file id, URL without query).
 * LOGF_TITLE: a column's title. LOGF_ERR: code and message of a struct err.
 */
struct log_field {
	enum log_kind kind;
	const char *key;
	uint64_t u;
	struct span s;
	const struct err *e;
};

#define LOG_UINT(k, v) ((struct log_field){.kind = LOGF_UINT, .key = (k), .u = (v)})
#define LOG_NAME(k, v) \
	((struct log_field){.kind = LOGF_NAME, .key = (k), .s = span_of(v)})
#define LOG_TITLE(k, v) ((struct log_field){.kind = LOGF_TITLE, .key = (k), .s = (v)})
#define LOG_ERR(v)      ((struct log_field){.kind = LOGF_ERR, .key = "error", .e = (v)})
#define LOG_END         ((struct log_field){.kind = LOGF_END})

/*
 * `fields` ends with LOG_END. Where there is no memory for the line, or no room, the event
 * is told by its name alone.
 */
void log_event(const struct log *l, enum log_level level, const char *event,
    const struct log_field *fields);

#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, LOG_END})

/* One rejected row, or `times` > 0 warnings of one kind of which p is the first. */
void log_problem(const struct log *l, const char *feed, const char *file_id,
    const struct problem *p, uint64_t times);

#endif
