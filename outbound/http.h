/*
 * The engine: a fixed number of slots, each with one request that is under way or
 * waits for its next try, over kept-alive HTTP/1.1 connections of libcurl's multi
 * interface. It tries again, obeys Retry-After, reads the credentials again when
 * they are denied, and ends with the run's deadline.
 *
 * What a batch is, and what a reply says about it, is its user's affair.
 */
#ifndef OUTBOUND_HTTP_H
#define OUTBOUND_HTTP_H

#include "outbound/request.h"
#include "outbound/target.h"

enum http_next {
	HTTP_DONE,  /* the slot is idle */
	HTTP_NEXT,  /* the slot has another request at once */
	HTTP_AGAIN, /* a failed attempt: e->msg says what was seen, "answered ..." */
	HTTP_END    /* the delivery ends with *e */
};

struct http_user {
	/* Fills in a cleared request: method, what, and as needed url's tail, body, key. */
	int (*request)(void *arg, size_t slot, struct request *r, struct err *e);
	/* Reads a reply with status 2xx, 400, 410, 413 or 422. */
	enum http_next (*reply)(
	    void *arg, size_t slot, const struct reply *r, struct err *e);
	void *arg;
};

struct http;

/* tc, env and what user->arg points to are borrowed until http_close. */
struct http *http_open(const struct target_conf *tc, const struct target_env *env,
    size_t slots, const struct http_user *user, struct err *e);
void http_close(struct http *h);

/* Starts an idle slot: its request is asked for now, and sent by http_turn. */
int http_start(struct http *h, size_t slot, struct err *e);

/*
 * Does what is due and waits for a while, `patience` ms at most: user->reply is called for
 * what came. -1 ends the delivery; other replies that came in the same turn were handed
 * out before.
 */
int http_turn(struct http *h, int64_t patience, struct err *e);

/* "host:port/path" of the target, for messages. */
const char *http_place(const struct http *h);

void http_stats(const struct http *h, struct target_stats *out);

/* One OPTIONS request on the URL and `tail`, outside the slots, without another try. */
int http_probe(struct http *h, const char *tail, struct err *e);

#endif
