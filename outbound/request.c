#include "outbound/request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "outbound/gzip.h"

#define STALL_BYTES 1L  /* a request slower than this, bytes/s, ... */
#define STALL_S     60L /* ... for so long is given up */
#define IDLE_S      30L /* a kept connection older than this is not used again */
#define HEADER_MAX  128 /* of our own making, but Authorization */

/* A batch that can't be made smaller is a little larger. */
#define REQUEST_PACKED_MAX (65u << 20)

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct request *r = arg;

	buf_add(&r->reply, p, size * n);
	if (!r->reply.failed)
		return size * n;
	r->reply_too_long = true;
	return 0;
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct request *r = arg;

	curl_note_header(&r->headers_whole, (struct span){p, size * n});
	return size * n;
}

/* Everything that is the same for each request. A setting that is not taken is fatal. */
static CURLcode
set_connection(const struct request *r, const struct target_conf *tc)
{
	CURLcode rc = CURLE_OK;

#define SET(option, value)                                                      \
	do {                                                                    \
		if (rc == CURLE_OK)                                             \
			rc = r->curl->curl_easy_setopt(r->easy, option, value); \
	} while (0)

	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR,
	    strncasecmp(tc->url, "http:", 5) == 0 ? "http" : "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CERTINFO, 1L);
	if (tc->ca_file != NULL) {
		/* Debian's libcurl would trust /etc/ssl/certs beside it. */
		SET(CURLOPT_CAINFO, tc->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)tc->connect_timeout);
	SET(CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, STALL_S);
	SET(CURLOPT_MAXAGE_CONN, IDLE_S);
	SET(CURLOPT_USERAGENT, "emrdrop/" EMRDROP_VERSION);
#undef SET
	return rc;
}

int
request_init(struct request *r, const struct curl_lib *curl, const struct target_conf *tc,
    struct err *e)
{
	CURLcode rc;

	buf_init(&r->reply, TARGET_RESPONSE_MAX);
	buf_init(&r->url, REQUEST_URL_MAX);
	buf_init(&r->packed, REQUEST_PACKED_MAX);
	r->curl = curl;
	r->easy = curl->curl_easy_init();
	if (r->easy == NULL)
		return err_nomem(e);
	rc = set_connection(r, tc);
	if (rc == CURLE_OUT_OF_MEMORY)
		return err_nomem(e);
	if (rc != CURLE_OK)
		return err_set(e, ERR_INTERNAL,
		    "libcurl takes one of our settings for wrong: %s",
		    curl->curl_easy_strerror(rc));
	curl->curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	curl->curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl->curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	curl->curl_easy_setopt(r->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl->curl_easy_setopt(r->easy, CURLOPT_HEADERDATA, r);
	return 0;
}

/* libcurl frees a list's text as it is: the credentials would stay in memory. */
static void
free_headers(struct request *r)
{
	struct curl_slist *h;

	for (h = r->headers; h != NULL; h = h->next)
		sodium_memzero(h->data, strlen(h->data));
	r->curl->curl_slist_free_all(r->headers);
	r->headers = NULL;
}

void
request_release(struct request *r)
{
	if (r->curl == NULL)
		return;
	r->curl->curl_easy_cleanup(r->easy);
	r->easy = NULL;
	free_headers(r);
	buf_release(&r->reply);
	buf_release(&r->url);
	buf_release(&r->packed);
}

int
request_clear(struct request *r, const struct target_conf *tc, struct err *e)
{
	r->method = NULL;
	r->body = (struct span){NULL, 0};
	r->key[0] = '\0';
	r->what[0] = '\0';
	buf_clear(&r->packed);
	buf_clear(&r->url);
	buf_add_str(&r->url, tc->url);
	return buf_check(&r->url, "[target] url", e);
}

int
request_pack(struct request *r, struct err *e)
{
	if (gzip_pack(r->body, &r->packed, e) < 0)
		return -1;
	r->body = buf_span(&r->packed);
	return 0;
}

static int
add_header(struct request *r, const char *text)
{
	struct curl_slist *longer = r->curl->curl_slist_append(r->headers, text);

	if (longer == NULL)
		return -1;
	r->headers = longer;
	return 0;
}

static int
add_named(struct request *r, const char *name, const char *value)
{
	char line[HEADER_MAX];

	if (value == NULL || value[0] == '\0')
		return 0;
	(void)snprintf(line, sizeof(line), "%s: %s", name, value);
	return add_header(r, line);
}

static int
set_headers(struct request *r, const struct auth *a, const struct target_env *env)
{
	char trace[TRACE_HEADER_SIZE] = "";
	size_t i;

	if (env->trace != NULL)
		trace_header(env->trace, trace);

	free_headers(r);
	/* "Expect:" alone takes the header away: it would cost a round trip a batch. */
	if (add_header(r, "Content-Type: application/json") < 0 ||
	    add_header(r, "Accept: application/json") < 0 ||
	    add_header(r, "Expect:") < 0 || add_named(r, "Idempotency-Key", r->key) < 0 ||
	    add_named(r, "Emrdrop-Run", env->run) < 0 ||
	    add_named(r, "traceparent", trace) < 0 ||
	    add_named(r, "Content-Encoding", r->packed.n > 0 ? "gzip" : NULL) < 0)
		return -1;
	for (i = 0; i < a->n; i++)
		if (add_header(r, a->lines[i]) < 0)
			return -1;
	return 0;
}

int
request_prepare(struct request *r, const struct auth *a, const struct target_env *env,
    int64_t timeout, struct err *e)
{
	const struct curl_lib *curl = r->curl;
	CURL *h = r->easy;

	buf_clear(&r->reply);
	r->reply_too_long = r->headers_whole = false;
	r->error[0] = '\0';
	buf_add_char(&r->url, '\0');
	if (buf_check(&r->url, "the URL of a record", e) < 0)
		return -1;
	r->url.n--;
	if (set_headers(r, a, env) < 0 ||
	    curl->curl_easy_setopt(h, CURLOPT_URL, r->url.p) != CURLE_OK ||
	    curl->curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, r->method) != CURLE_OK)
		return err_nomem(e);
	if (r->body.p != NULL) {
		curl->curl_easy_setopt(h, CURLOPT_POSTFIELDS, r->body.p);
		curl->curl_easy_setopt(
		    h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	} else {
		curl->curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
	}
	curl->curl_easy_setopt(h, CURLOPT_HTTPHEADER, r->headers);
	curl->curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)timeout);
	return 0;
}

/* "application/json", "application/problem+json; charset=utf-8" */
static bool
is_json(const char *type)
{
	size_t n = type == NULL ? 0 : strcspn(type, "; ");

	return (n >= 5 && strncasecmp(type + n - 5, "/json", 5) == 0) ||
	       (n >= 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

int64_t
request_expiry(const struct request *r)
{
	static const char label[] = "Expire date:";
	struct curl_certinfo *chain = NULL;
	const struct curl_slist *line;

	if (r->curl->curl_easy_getinfo(r->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK ||
	    chain == NULL || chain->num_of_certs < 1)
		return 0;
	for (line = chain->certinfo[0]; line != NULL; line = line->next)
		if (strncmp(line->data, label, sizeof(label) - 1) == 0)
			return (int64_t)r->curl->curl_getdate(
				   line->data + sizeof(label) - 1, NULL) *
			       1000;
	return 0;
}

/* Another each time: one trouble of many feeds is to be told in the same words. */
static void
cut_duration(char *words)
{
	static const char after[] = " after ", ms[] = " ms", full[] = " milliseconds";
	char *at = strstr(words, after), *end;

	if (at == NULL)
		return;
	end = at + strlen(after);
	end += strspn(end, "0123456789");
	if (strncmp(end, full, strlen(full)) == 0)
		end += strlen(full);
	else if (strncmp(end, ms, strlen(ms)) == 0)
		end += strlen(ms);
	else
		return;
	memmove(at, end, strlen(end) + 1);
}

void
request_reply(struct request *r, CURLcode transport, struct reply *out)
{
	const struct curl_lib *curl = r->curl;
	curl_off_t wait = 0;
	char *type = NULL;

	cut_duration(r->error);
	*out = (struct reply){.transport = transport,
	    .too_long = r->reply_too_long,
	    .cut = transport == CURLE_OK && !r->headers_whole,
	    .body = buf_span(&r->reply),
	    .words = curl->curl_easy_strerror(transport),
	    .detail = r->error};
	curl->curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &out->status);
	if (curl->curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK &&
	    wait > 0)
		out->retry_after = wait > INT32_MAX ? INT32_MAX : (int64_t)wait * 1000;
	if (curl->curl_easy_getinfo(r->easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK)
		out->json = is_json(type);
	curl->curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, NULL);
	free_headers(r);
}
