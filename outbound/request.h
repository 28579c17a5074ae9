/*
 * One HTTP request on an easy handle of libcurl, and the reply to it. The handle,
 * its buffers and its TLS settings are made once and used for many requests.
 */
#ifndef OUTBOUND_REQUEST_H
#define OUTBOUND_REQUEST_H

#include "base/buf.h"
#include "base/curl_lib.h"
#include "outbound/auth.h"
#include "outbound/target.h"

#define REQUEST_URL_MAX   8192
#define REQUEST_WHAT_SIZE 128 /* "batch PATH, record N" */

struct request {
	const struct curl_lib *curl; /* borrowed */
	CURL *easy;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE]; /* libcurl writes here as long as easy lives */
	struct buf reply;
	bool reply_too_long;
	bool headers_whole; /* of the last reply: the empty line behind them has come */

	/* What the target fills in: */
	const char *method; /* static */
	struct buf url;     /* starts as the target's own */
	struct span body;   /* borrowed until the reply: libcurl does not copy it */
	struct buf packed;  /* the body, where it is packed */
	char key[2 * DIGEST_SIZE + 1]; /* Idempotency-Key, or empty */
	char what[REQUEST_WHAT_SIZE];  /* "batch 3", for messages */
};

struct reply {
	CURLcode transport; /* CURLE_OK: the other fields are good */
	long status;
	int64_t retry_after; /* ms, 0: not given */
	bool json;           /* announced as JSON */
	bool too_long;
	bool cut;           /* within its headers: it says nothing, whatever its status */
	struct span body;   /* valid until the request is prepared again */
	const char *words;  /* libcurl's for transport; static */
	const char *detail; /* its own of this reply, may be empty */
};

int request_init(struct request *r, const struct curl_lib *curl,
    const struct target_conf *tc, struct err *e);

/* Takes a zeroed one. */
void request_release(struct request *r);

/* Forgets the last request; the url is the target's own again. */
int request_clear(struct request *r, const struct target_conf *tc, struct err *e);

/* Packs the body with gzip, once for all attempts. */
int request_pack(struct request *r, struct err *e);

/* Sets url, method, body and headers on the handle, for at most `timeout` ms. */
int request_prepare(struct request *r, const struct auth *a, const struct target_env *env,
    int64_t timeout, struct err *e);

/* When the server's certificate expires, ms; 0 if no handshake was made for it. */
int64_t request_expiry(const struct request *r);

/* What came of it. Forgets the headers, and the credentials with them. */
void request_reply(struct request *r, CURLcode transport, struct reply *out);

#endif
