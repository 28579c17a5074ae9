/*
 * W3C Trace Context: the trace that a run belongs to, so that a log line here, one of
 * the API, and whatever started us can be found together.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#define TRACE_ID_SIZE     33 /* 32 hex digits */
#define TRACE_HEADER_SIZE 56 /* "00-TRACE-SPAN-FLAGS" */

struct trace {
	char id[TRACE_ID_SIZE];
	unsigned flags; /* 1: sampled; others are not handed on */
};

/*
 * The trace of `traceparent`, as $TRACEPARENT or a header has it; a new one, sampled, if
 * that is NULL or invalid (Trace Context 3.2.2, 4.3).
 */
void trace_begin(struct trace *t, const char *traceparent);

/* A traceparent for one request: a span of its own within the trace. */
void trace_header(const struct trace *t, char out[TRACE_HEADER_SIZE]);

#endif
