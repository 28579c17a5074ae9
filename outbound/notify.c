#include "outbound/notify.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "outbound/api_url.h"
#include "outbound/failure.h"
#include "outbound/request.h"

#define PAUSE_MS 500 /* before the second try; twice that before the third */
#define HOST_MAX 100

/* The host alone: the path is the secret. */
static void
host_of(const char *url, char out[HOST_MAX])
{
	char place[NOTIFY_URL_MAX];

	if (api_url_place(url, place, sizeof(place)) != 0)
		place[0] = '\0';
	snprintf(out, HOST_MAX, "%.*s", (int)strcspn(place, "/"), place);
}

/* 0 if it was taken; 1 if another try may help; -1. *f says why. */
static int
try_once(const struct notice *n, const struct target_conf *tc, struct request *r,
    struct failure *f, struct err *e)
{
	const struct auth none = {.n = 0};
	struct reply reply;

	if (request_clear(r, tc, e) != 0)
		return -1;
	r->method = n->body.p == NULL ? "GET" : "POST";
	r->body = n->body;
	if (request_prepare(r, &none, n->env, n->timeout, e) != 0)
		return -1;
	request_reply(r, r->curl->curl_easy_perform(r->easy), &reply);
	failure_of(&reply, f);
	if (f->outcome == OUTCOME_REPLY && reply.status >= 200 && reply.status <= 299)
		return 0;
	return f->outcome == OUTCOME_RETRY ? 1 : -1;
}

static int
send_all(
    const struct notice *n, const struct curl_lib *curl, struct request *r, struct err *e)
{
	const struct target_conf tc = {
	    .url = n->url, .timeout = n->timeout, .connect_timeout = n->timeout / 2 + 1};
	struct failure f = {.seen = ""};
	char host[HOST_MAX];
	int rc = 1;

	e->code = ERR_NONE;
	if (request_init(r, curl, &tc, e) != 0)
		return -1;
	for (unsigned i = 0; i < n->tries && rc == 1; i++) {
		clock_pause(n->env->clock, i == 0 ? 0 : PAUSE_MS << (i - 1));
		rc = try_once(n, &tc, r, &f, e);
	}
	if (rc == 0 || e->code != ERR_NONE)
		return rc;
	host_of(n->url, host);
	return err_set(e, ERR_API, "%s %s", host, f.seen);
}

int
notify_send(const struct notice *n, struct err *e)
{
	struct request r = {.easy = NULL};
	struct curl_lib curl;
	struct api_url url;
	int rc;

	if (strlen(n->url) > NOTIFY_URL_MAX)
		return err_set(e, ERR_CONFIG, "its URL: too long");
	if (api_url_check(n->url, &url, e) != 0)
		return err_prefix(e, "its URL");
	if (curl_lib_load(&curl, e) != 0)
		return -1;
	if (curl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_nomem(e);
	rc = send_all(n, &curl, &r, e);
	if (r.url.p != NULL)
		sodium_memzero(r.url.p, r.url.n);
	request_release(&r);
	curl.curl_global_cleanup();
	return rc;
}
