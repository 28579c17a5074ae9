#include "outbound/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_file.h"
#include "outbound/answer.h"
#include "outbound/api_url.h"
#include "outbound/backoff.h"
#include "outbound/failure.h"
#include "outbound/lines.h"
#include "outbound/pace.h"

#define POLL_MAX_MS    1000 /* the deadline is looked at this often */
#define PLACE_SIZE     100
#define AUTH_TRIES_MAX 3 /* a request, however often the secret's file changes */

enum slot_state { SLOT_IDLE, SLOT_WAITING, SLOT_SENDING };

struct slot {
	enum slot_state state;
	struct request req;
	unsigned failed; /* attempts in a row */
	unsigned denied;
	unsigned generation; /* of the credentials it was sent with */
	int64_t next_try;    /* monotonic ms, if waiting */
};

struct http {
	const struct target_conf *tc;
	const struct target_env *env;
	struct http_user user;
	struct api_lines *own; /* where none are handed in */
	/* Of the lines; borrowed. */
	const struct curl_lib *curl;
	CURLM *multi;
	struct auth auth;
	struct pace pace;
	char place[PLACE_SIZE];
	struct target_stats stats;
	size_t n, sending;
	struct slot slots[];
};

struct complaint {
	enum err_code code;
	const char *seen; /* "answered HTTP 503" */
	const char *advice;
};

/* Fails with "POST host/path (batch 3) SEEN: ADVICE". */
static int
say(const struct http *h, const struct request *r, struct complaint c, struct err *e)
{
	return err_set(e, c.code, "%s %s (%s) %s: %s", r->method, h->place, r->what,
	    c.seen, c.advice);
}

static int64_t
now_ms(const struct http *h)
{
	return clock_mono(h->env->clock);
}

static int
out_of_time(struct err *e)
{
	return err_set(e, ERR_DEADLINE,
	    "the run's time is over while the API has yet to answer: the next run goes on "
	    "with what was not acknowledged");
}

struct http *
http_open(const struct target_conf *tc, const struct target_env *env, size_t slots,
    const struct http_user *user, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h) + slots * sizeof(h->slots[0]));

	if (h == NULL) {
		err_nomem(e);
		return NULL;
	}
	h->tc = tc;
	h->env = env;
	h->user = *user;
	h->n = slots;
	pace_init(&h->pace, tc->rate);
	if (env->lines == NULL && (h->own = api_lines_new(e)) == NULL)
		goto out;
	if (api_lines_start(
		env->lines != NULL ? env->lines : h->own, &h->curl, &h->multi, e) < 0)
		goto out;
	if (api_url_place(tc->url, h->place, sizeof(h->place)) < 0) {
		err_set(e, ERR_CONFIG, "[target] url: not a URL");
		goto out;
	}
	h->curl->curl_multi_setopt(
	    h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)tc->in_flight);
	h->curl->curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)tc->in_flight);
	if (tc->ca_file != NULL && conf_file_ours(tc->ca_file, e) != 0) {
		err_prefix(e, "[target] ca_file");
		goto out;
	}
	if (auth_init(&h->auth, tc, e) < 0)
		goto out;
	return h;
out:
	http_close(h);
	return NULL;
}

void
http_close(struct http *h)
{
	size_t i;

	if (h == NULL)
		return;
	for (i = 0; i < h->n; i++) {
		if (h->slots[i].state == SLOT_SENDING)
			h->curl->curl_multi_remove_handle(h->multi, h->slots[i].req.easy);
		request_release(&h->slots[i].req);
	}
	api_lines_free(h->own);
	auth_release(&h->auth);
	free(h);
}

static int
start(struct http *h, struct slot *s, struct err *e)
{
	struct request *r = &s->req;

	if (r->easy == NULL && request_init(r, h->curl, h->tc, e) < 0)
		return -1;
	if (request_clear(r, h->tc, e) < 0 ||
	    h->user.request(h->user.arg, (size_t)(s - h->slots), r, e) < 0 ||
	    (h->tc->gzip && request_pack(r, e) < 0))
		return -1;
	s->state = SLOT_WAITING;
	s->failed = s->denied = 0;
	s->next_try = now_ms(h);
	return 0;
}

int
http_start(struct http *h, size_t slot, struct err *e)
{
	return start(h, &h->slots[slot], e);
}

/* A request may not outlast the run. 0 would mean forever. */
static int64_t
time_left(const struct http *h, int64_t now)
{
	int64_t left = h->env->deadline - now;

	if (left > h->tc->timeout)
		left = h->tc->timeout;
	return left > 0 ? left : 1;
}

static int
send_slot(struct http *h, struct slot *s, int64_t now, struct err *e)
{
	struct request *r = &s->req;

	if (request_prepare(r, &h->auth, h->env, time_left(h, now), e) < 0)
		return -1;
	h->curl->curl_easy_setopt(r->easy, CURLOPT_PRIVATE, s);
	if (h->curl->curl_multi_add_handle(h->multi, r->easy) != CURLM_OK)
		return err_nomem(e);
	s->state = SLOT_SENDING;
	s->generation = h->auth.generation;
	h->sending++;
	h->stats.requests++;
	h->stats.bytes += r->body.n;
	return 0;
}

/*
 * The waiting slot that is next: that which is due first or, to probe an API that seems
 * to be down, that which has failed most often, so that its tries come to an end.
 */
static struct slot *
next_slot(struct http *h)
{
	bool probe = pace_probes(&h->pace);
	struct slot *best = NULL, *s;

	for (s = h->slots; s < h->slots + h->n; s++) {
		if (s->state != SLOT_WAITING)
			continue;
		if (best == NULL ||
		    (probe ? s->failed > best->failed : s->next_try < best->next_try))
			best = s;
	}
	return best;
}

/* How long until the slot may send, if nothing else happens; 0 or less: now. */
static int64_t
wait_of(const struct http *h, const struct slot *s, int64_t now)
{
	int64_t left = s->next_try - now, pause = pace_wait(&h->pace, now);

	if (h->sending > 0 && pace_probes(&h->pace))
		return POLL_MAX_MS;
	return pause > left ? pause : left;
}

/* Sends what is due; *wait is how long until something else is, POLL_MAX_MS at most. */
static int
send_due(struct http *h, int64_t now, int64_t *wait, struct err *e)
{
	struct slot *s;
	int64_t left;

	*wait = h->env->deadline - now;
	if (*wait > POLL_MAX_MS)
		*wait = POLL_MAX_MS;
	while ((s = next_slot(h)) != NULL) {
		left = wait_of(h, s, now);
		if (left > 0) {
			*wait = left < *wait ? left : *wait;
			break;
		}
		if (send_slot(h, s, now, e) < 0)
			return -1;
		pace_sent(&h->pace, now);
	}
	return 0;
}

static int
later(
    struct http *h, struct slot *s, const char *seen, int64_t retry_after, struct err *e)
{
	int64_t now = now_ms(h), wait;
	char advice[120];
	struct complaint c = {.code = ERR_API, .seen = seen, .advice = advice};

	s->failed++;
	pace_failed(&h->pace);
	if (s->failed >= h->tc->attempts) {
		(void)snprintf(advice, sizeof(advice),
		    "the API is unavailable after %u tries; the next run sends it again",
		    s->failed);
		return say(h, &s->req, c, e);
	}
	wait = backoff_wait(s->failed, h->env->random(h->env->random_arg), retry_after);
	if (now + wait >= h->env->deadline) {
		(void)snprintf(advice, sizeof(advice),
		    "the next try, due in %lld s, is past the run's deadline; the next run "
		    "sends it again",
		    (long long)(wait + 999) / 1000);
		if (now >= h->env->deadline)
			c.code = ERR_DEADLINE;
		return say(h, &s->req, c, e);
	}
	s->state = SLOT_WAITING;
	s->next_try = now + wait;
	h->stats.retries++;
	return 0;
}

/* The secret may have been renewed since it was read: look once more, and try again. */
static int
denied(struct http *h, struct slot *s, const char *seen, struct err *e)
{
	struct complaint c = {.code = ERR_PERM, .seen = seen};
	char place[256], advice[384];
	int changed = s->generation != h->auth.generation;

	c.advice = "set token_file, or user and password_file, in [target]";
	if (h->auth.n == 0)
		return say(h, &s->req, c, e);
	if (!changed)
		changed = auth_refresh(&h->auth, e);
	if (changed < 0)
		return -1;
	s->denied++;
	if (s->denied == 1 || (changed && s->denied < AUTH_TRIES_MAX)) {
		s->state = SLOT_WAITING;
		s->next_try = now_ms(h);
		h->stats.retries++;
		return 0;
	}
	snprintf(advice, sizeof(advice),
	    "the API does not accept our credentials: renew %s; nothing of it was marked",
	    auth_place(&h->auth, place, sizeof(place)));
	c.advice = advice;
	return say(h, &s->req, c, e);
}

static int
reply(struct http *h, struct slot *s, const struct reply *r, struct err *e)
{
	struct err seen = {.code = ERR_NONE};

	switch (h->user.reply(h->user.arg, (size_t)(s - h->slots), r, &seen)) {
	case HTTP_DONE:
		pace_answered(&h->pace);
		return 0;
	case HTTP_NEXT:
		pace_answered(&h->pace);
		return start(h, s, e);
	case HTTP_AGAIN:
		return later(h, s, seen.msg, 0, e);
	case HTTP_END:
		break;
	}
	if (e != NULL)
		*e = seen;
	return -1;
}

static void
note_expiry(struct http *h, const struct request *r)
{
	int64_t at = request_expiry(r);

	h->stats.expires = at > 0 ? at : h->stats.expires;
}

static int
finish(struct http *h, struct slot *s, CURLcode transport, struct err *e)
{
	struct failure f;
	struct reply r;

	h->curl->curl_multi_remove_handle(h->multi, s->req.easy);
	h->sending--;
	s->state = SLOT_IDLE;
	note_expiry(h, &s->req);
	request_reply(&s->req, transport, &r);
	failure_of(&r, &f);
	switch (f.outcome) {
	case OUTCOME_REPLY:
		return reply(h, s, &r, e);
	case OUTCOME_RETRY:
		return later(h, s, f.seen, r.retry_after, e);
	case OUTCOME_DENIED:
		return denied(h, s, f.seen, e);
	case OUTCOME_END:
		break;
	}
	return say(h, &s->req, (struct complaint){f.code, f.seen, f.advice}, e);
}

/* Everything that has come, even if one of it ends the delivery. Counts it in *n. */
static int
reap(struct http *h, size_t *n, struct err *e)
{
	struct err other;
	struct slot *s;
	CURLMsg *m;
	int left, rc = 0;

	for (*n = 0; (m = h->curl->curl_multi_info_read(h->multi, &left)) != NULL;
	    (*n)++) {
		if (m->msg != CURLMSG_DONE)
			continue;
		h->curl->curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&s);
		if (finish(h, s, m->data.result, rc == 0 ? e : &other) < 0)
			rc = -1;
	}
	return rc;
}

int
http_turn(struct http *h, int64_t patience, struct err *e)
{
	int64_t now = now_ms(h), wait;
	int running;
	size_t n;

	if (now >= h->env->deadline)
		return out_of_time(e);
	if (send_due(h, now, &wait, e) < 0)
		return -1;
	if (wait > patience)
		wait = patience;
	if (h->sending == 0) {
		clock_pause(h->env->clock, wait);
		return 0;
	}
	if (h->curl->curl_multi_perform(h->multi, &running) != CURLM_OK)
		return err_set(e, ERR_INTERNAL, "libcurl lost track of its connections");
	if (reap(h, &n, e) < 0)
		return -1;
	if (n == 0)
		(void)h->curl->curl_multi_poll(h->multi, NULL, 0, (int)wait, NULL);
	return 0;
}

const char *
http_place(const struct http *h)
{
	return h->place;
}

void
http_stats(const struct http *h, struct target_stats *out)
{
	*out = h->stats;
}

static int
probe(struct http *h, struct request *r, const char *tail, struct err *e)
{
	struct failure f;
	struct reply seen;

	if (request_init(r, h->curl, h->tc, e) < 0 || request_clear(r, h->tc, e) < 0)
		return -1;
	buf_add_str(&r->url, tail);
	r->method = "OPTIONS";
	(void)snprintf(r->what, sizeof(r->what), "no record sent");
	if (request_prepare(r, &h->auth, h->env, time_left(h, now_ms(h)), e) < 0)
		return -1;
	request_reply(r, h->curl->curl_easy_perform(r->easy), &seen);
	note_expiry(h, r);
	failure_of(&seen, &f);
	/* An API need not know OPTIONS: that it answers so is all we ask. */
	if (seen.transport == CURLE_OK && !seen.cut &&
	    (seen.status == 405 || seen.status == 501))
		return 0;
	switch (f.outcome) {
	case OUTCOME_REPLY:
		if (seen.status / 100 != 2 || !answer_is_page(seen.body))
			return 0;
		return say(h, r,
		    (struct complaint){
			ERR_API, f.seen, "a web page and no API: look at [target] url"},
		    e);
	case OUTCOME_RETRY:
		return say(h, r,
		    (struct complaint){ERR_API, f.seen, "the API is unavailable now"}, e);
	case OUTCOME_DENIED:
		return say(h, r,
		    (struct complaint){ERR_PERM, f.seen,
			"the API does not accept our credentials: look at [target]"},
		    e);
	case OUTCOME_END:
		break;
	}
	return say(h, r, (struct complaint){f.code, f.seen, f.advice}, e);
}

int
http_probe(struct http *h, const char *tail, struct err *e)
{
	struct request r = {.easy = NULL};
	int rc = probe(h, &r, tail, e);

	request_release(&r);
	return rc;
}
