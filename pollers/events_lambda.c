/*
 * Invocations of an AWS Lambda function, by the runtime interface that AWS publishes for
 * container images: /2018-06-01/runtime/invocation/next, .../ID/response, .../ID/error
 * and /runtime/init/error, HTTP to the address in $AWS_LAMBDA_RUNTIME_API.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/curl_lib.h"
#include "base/json.h"
#include "pollers/events_ops.h"

#define VERSION      "/2018-06-01/runtime/"
#define API_MAX      255
#define ID_MAX       127 /* a request's id is a UUID */
#define URL_MAX      (API_MAX + ID_MAX + 64)
#define ANSWER_MS    10000L /* the runtime is on this machine, and answers at once */
#define ERROR_TYPE   "Lambda-Runtime-Function-Error-Type: Emrdrop."
#define API_VARIABLE "AWS_LAMBDA_RUNTIME_API"

struct runtime {
	struct curl_lib curl;
	CURL *easy;
	char api[API_MAX + 1];
	char id[ID_MAX + 1]; /* of the invocation in hand; "": none */
	struct buf body;
	bool headers_whole; /* of the last invocation's */
	int stop_fd;
};

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct runtime *r = arg;

	buf_add(&r->body, p, size * n);
	return r->body.failed ? 0 : size * n;
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	static const char name[] = "Lambda-Runtime-Aws-Request-Id:";
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_";
	struct runtime *r = arg;
	struct span line = {p, size * n}, id;

	curl_note_header(&r->headers_whole, line);
	if (line.n < sizeof(name) || !span_same_nocase(p, name, sizeof(name) - 1))
		return line.n;
	id = span_trim((struct span){p + sizeof(name) - 1, line.n - (sizeof(name) - 1)});
	if (id.n > ID_MAX)
		return line.n;
	memcpy(r->id, id.p, id.n);
	r->id[id.n] = '\0';
	if (strspn(r->id, allowed) != id.n)
		r->id[0] = '\0';
	return line.n;
}

/* An invocation may be hours away: whoever wants us to stop does not wait for it. */
static int
shall_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct runtime *r = arg;
	struct pollfd p = {.fd = r->stop_fd, .events = POLLIN};

	(void)a, (void)b, (void)c, (void)d;
	return r->id[0] == '\0' && poll(&p, 1, 0) > 0;
}

static int
begin(struct runtime *r, const char *what, struct err *e)
{
	char url[URL_MAX];
	const struct curl_lib *curl = &r->curl;
	CURL *c = r->easy;

	snprintf(url, sizeof(url), "http://%s" VERSION "%s", r->api, what);
	curl->curl_easy_reset(c);
	buf_clear(&r->body);
	if (curl->curl_easy_setopt(c, CURLOPT_URL, url) != CURLE_OK ||
	    curl->curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http") != CURLE_OK ||
	    curl->curl_easy_setopt(c, CURLOPT_NOPROXY, "*") != CURLE_OK)
		return err_nomem(e);
	curl->curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl->curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl->curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	return 0;
}

static int
perform(struct runtime *r, const char *what, struct err *e)
{
	CURLcode code = r->curl.curl_easy_perform(r->easy);
	long status = 0;

	if (code != CURLE_OK)
		return err_set(e, ERR_IO, "Lambda's runtime interface at %s: %s: %s",
		    r->api, what, r->curl.curl_easy_strerror(code));
	r->curl.curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 != 2)
		return err_set(e, ERR_IO,
		    "Lambda's runtime interface at %s: %s: HTTP status %ld", r->api, what,
		    status);
	return 0;
}

/* `type` NULL: an answer; else an error of that type. */
static int
post(struct runtime *r, const char *what, struct span json, const char *type,
    struct err *e)
{
	const struct curl_lib *curl = &r->curl;
	char kind[128];
	struct curl_slist *headers = NULL;
	int rc;

	if (begin(r, what, e) != 0)
		return -1;
	snprintf(kind, sizeof(kind), ERROR_TYPE "%s", type == NULL ? "" : type);
	headers = curl->curl_slist_append(NULL, "Content-Type: application/json");
	if (headers == NULL ||
	    (type != NULL && !curl->curl_slist_append(headers, kind))) {
		curl->curl_slist_free_all(headers);
		return err_nomem(e);
	}
	curl->curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, headers);
	curl->curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	curl->curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, json.p);
	curl->curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE, (long)json.n);
	rc = perform(r, "answering", e);
	curl->curl_slist_free_all(headers);
	return rc;
}

static int
post_error(struct runtime *r, const char *what, const char *type, const char *message,
    struct err *e)
{
	struct buf out;
	struct json j;
	int rc;

	buf_init(&out, 16384);
	jw_init(&j, &out);
	jw_object(&j);
	jw_put_cstr(&j, "errorMessage", message);
	jw_put_cstr(&j, "errorType", type);
	jw_object_end(&j);
	rc = buf_check(&out, "the answer", e);
	if (rc == 0)
		rc = post(r, what, buf_span(&out), type, e);
	buf_release(&out);
	return rc;
}

static void
runtime_close(void *self)
{
	struct runtime *r = self;

	if (r->easy != NULL)
		r->curl.curl_easy_cleanup(r->easy);
	buf_release(&r->body);
	free(r);
}

static int
runtime_open(void **self, const struct events_conf *c, struct err *e)
{
	const char *api = getenv(API_VARIABLE);
	struct runtime *r;

	if (api == NULL || api[0] == '\0' || strlen(api) > API_MAX)
		return err_set(e, ERR_USAGE,
		    "--lambda is for a container image that Lambda runs: "
		    "$" API_VARIABLE " is not set");
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return err_nomem(e);
	snprintf(r->api, sizeof(r->api), "%s", api);
	r->stop_fd = c->stop_fd;
	buf_init(&r->body, EVENT_BYTES_MAX + 1);
	if (curl_lib_load(&r->curl, e) == 0 &&
	    (r->easy = r->curl.curl_easy_init()) == NULL)
		err_nomem(e);
	if (r->easy == NULL) {
		runtime_close(r);
		return -1;
	}
	*self = r;
	return 0;
}

static int
runtime_next(void *self, struct event_message *out, struct err *e)
{
	struct runtime *r = self;
	const struct curl_lib *curl = &r->curl;
	struct err failed;

	if (r->id[0] != '\0')
		return EVENTS_NONE;
	if (begin(r, "invocation/next", e) != 0)
		return -1;
	r->headers_whole = false;
	curl->curl_easy_setopt(r->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl->curl_easy_setopt(r->easy, CURLOPT_HEADERDATA, r);
	curl->curl_easy_setopt(r->easy, CURLOPT_XFERINFOFUNCTION, shall_stop);
	curl->curl_easy_setopt(r->easy, CURLOPT_XFERINFODATA, r);
	curl->curl_easy_setopt(r->easy, CURLOPT_NOPROGRESS, 0L);
	if (perform(r, "the next invocation", &failed) != 0) {
		r->id[0] = '\0';
		if (shall_stop(r, 0, 0, 0, 0))
			return EVENTS_NONE;
		*e = failed;
		return -1;
	}
	if (r->id[0] == '\0' || !r->headers_whole) {
		r->id[0] = '\0';
		return err_set(e, ERR_IO,
		    "Lambda's runtime interface at %s: an invocation %s", r->api,
		    r->headers_whole ? "without an id" : "that is cut");
	}
	out->body = buf_span(&r->body);
	return EVENTS_MESSAGE;
}

/* Whoever asked for each message by itself has his answer, whatever became of them. */
static int
runtime_settle(void *self, const struct event_message *m,
    const struct event_outcome *outcome, struct err *e)
{
	struct runtime *r = self;
	bool bad = outcome->fate != EVENT_DONE;
	char what[URL_MAX];
	int rc;

	(void)m;
	snprintf(
	    what, sizeof(what), "invocation/%s/%s", r->id, bad ? "error" : "response");
	if (bad)
		rc = post_error(r, what, outcome->fate == EVENT_LATER ? "Later" : "Event",
		    outcome->reason, e);
	else
		rc = post(r, what, outcome->answer, NULL, e);
	r->id[0] = '\0';
	return rc;
}

/* So that the function's log and console say what is wrong, and not only that it is. */
static void
runtime_refuse(const struct err *why)
{
	const struct events_conf c = {.stop_fd = -1};
	struct err ignored;
	void *r;

	if (runtime_open(&r, &c, &ignored) != 0)
		return;
	post_error(r, "init/error", "Init", why->msg, &ignored);
	runtime_close(r);
}

const struct events_ops events_lambda = {.open = runtime_open,
    .close = runtime_close,
    .next = runtime_next,
    .settle = runtime_settle,
    .refuse = runtime_refuse};
