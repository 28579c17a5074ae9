/*
 * The delivery contract, the same table of scenarios against each mode. The API is
 * tests/lib/fake_api.py, whose steps stand in the URL's path.
 */
#include "outbound/target.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/target_rig.h"

/* ---- scenarios ---- */

enum token { TOKEN_NONE, TOKEN_OLD, TOKEN_ROTATED };

/* 3 batches of 4 records, the second of each bad, the third a removal. */
struct scenario {
	const char *steps;
	int code;
	const char *says;           /* in the message */
	const char *batch, *record; /* results by mode; "": all taken, or none answered */
	int extra;                  /* requests beyond one a batch or record */
	int64_t waited;             /* at least, ms */
	int64_t deadline;           /* ms; 0: an hour */
	enum token token;
	int in_flight; /* 0: 2 */
};

#define PARTLY "TRTTTRTTTRTT"

static const struct scenario scenarios[] = {
    {.steps = "200"},
    {.steps = "204"},
    {.steps = "refuse", .batch = PARTLY, .record = PARTLY},
    {.steps = "late", .batch = "TLTTTLTTTLTT", .record = "TLTTTLTTTLTT"},
    {.steps = "both", .batch = "LRLLLRLLLRLL", .record = PARTLY},
    /* transient */
    {.steps = "429:7,200", .extra = 1, .waited = 7000},
    {.steps = "503:date,200", .extra = 1, .waited = 7000},
    {.steps = "500,502,503,504,408,200", .extra = 5, .waited = 15500, .in_flight = 1},
    {.steps = "425,409,200", .extra = 2, .waited = 500},
    {.steps = "500,500,500,500,500,500,200", .extra = 6, .waited = 1500},
    {.steps = "drop,200", .extra = 1, .waited = 500},
    /* on a kept connection, where libcurl sends again by itself */
    {.steps = "200,drop,200", .extra = 1, .in_flight = 1},
    {.steps = "cut,200", .extra = 1, .waited = 500},
    /* within the status line, behind it, within a header, before the empty line */
    {.steps = "head:12,head:17,head:40,head:68,200", .extra = 4, .in_flight = 1},
    {.steps = "bye:12,bye:17,bye:40,bye:68,200", .extra = 4, .in_flight = 1},
    {.steps = "early:17,early:40,early", .extra = 2, .in_flight = 1},
    {.steps = "json,200", .extra = 1, .waited = 500},
    {.steps = "html,200", .extra = 1, .waited = 500},
    {.steps = "unknown,200", .extra = 1, .waited = 500},
    {.steps = "big,200", .extra = 1, .waited = 500},
    /* tried, and given up */
    {.steps = "503",
	.code = ERR_API,
	.waited = 15500,
	.says = "503: the API is unavailable after 6"},
    {.steps = "409",
	.code = ERR_API,
	.waited = 15500,
	.says = "409: the API is unavailable after 6"},
    {.steps = "html", .code = ERR_API, .says = "HTTP 200 with a web page"},
    {.steps = "json",
	.code = ERR_API,
	.says = "HTTP 200 with a body that is no valid JSON"},
    {.steps = "big", .code = ERR_API, .says = "HTTP 200 with more than 4194304 bytes"},
    {.steps = "bye:40",
	.code = ERR_API,
	.says = "HTTP 200 with headers that are cut: the API is unavailable after 6"},
    {.steps = "unknown", .code = ERR_API, .says = "not in the batch"},
    {.steps = "drop", .code = ERR_API, .says = "got no answer ("},
    {.steps = "429:3600",
	.code = ERR_API,
	.deadline = 600000,
	.says = "due in 3600 s, is past"},
    {.steps = "503",
	.code = ERR_API,
	.deadline = 6000,
	.waited = 3500,
	.says = "due in 4 s, is past"},
    {.steps = "200",
	.code = ERR_DEADLINE,
	.deadline = -1,
	.says = "the run's time is over"},
    /* what no try will mend */
    {.steps = "moved", .code = ERR_API, .says = "HTTP 302: redirects are not followed"},
    {.steps = "404", .code = ERR_API, .says = "HTTP 404: this is our configuration"},
    {.steps = "405", .code = ERR_API, .says = "HTTP 405: this is our configuration"},
    {.steps = "415", .code = ERR_API, .says = "HTTP 415: this is our configuration"},
    /* credentials */
    {.steps = "401", .code = ERR_PERM, .says = "set token_file"},
    {.steps = "token",
	.code = ERR_PERM,
	.says = "HTTP 401: the API does not accept",
	.token = TOKEN_OLD},
    {.steps = "403",
	.code = ERR_PERM,
	.says = "HTTP 403: the API does not accept",
	.token = TOKEN_OLD},
    {.steps = "token", .extra = 1, .token = TOKEN_ROTATED, .in_flight = 1},
    {.steps = "403,200", .extra = 1, .token = TOKEN_OLD},
};

static void
check_state(
    const struct server *s, const char *name, const struct scenario *row, int sent)
{
	char path[64], want[256];
	struct page state;

	snprintf(path, sizeof(path), "state/%s", name);
	get_page(s, s->port, path, &state);
	cr_expect_not_null(strstr(state.text, "wrong=0"), "%s: %s", name, state.text);
	if (row->code != ERR_NONE)
		return;
	snprintf(want, sizeof(want), "requests=%d keys=%d applied=12 wrong=0",
	    sent + row->extra, sent);
	cr_expect_str_eq(
	    state.text, want, "%s %s: %s, not %s", name, row->steps, state.text, want);
}

static void
play(const struct server *s, const struct scenario *row, int mode, size_t number)
{
	char name[24], url[256], ca[128], token[128];
	struct job job = {.deadline = row->deadline == 0 ? HOUR : row->deadline};
	struct outcome o;
	struct load load;
	const char *want;

	snprintf(name, sizeof(name), "%s%zu", mode == TARGET_BATCH ? "batch" : "record",
	    number);
	snprintf(
	    url, sizeof(url), "https://127.0.0.1:%u/%s/%s/v1", s->port, name, row->steps);
	path_in(s, "ca.pem", ca);
	path_in(s, "token", token);
	job.tc = conf_for(url, ca, mode);
	if (row->in_flight > 0)
		job.tc.in_flight = row->in_flight;
	if (row->token != TOKEN_NONE) {
		job.tc.token_file.where = token;
		write_file(s, "token", "stale-token\n");
	}
	job.rotate = row->token == TOKEN_ROTATED ? s : NULL;
	load_make(&load, 3, 4, false);
	deliver(&job, &load, &o);
	cr_expect_eq(
	    o.code, row->code, "%s %s: code %d: %s", name, row->steps, o.code, o.msg);
	if (row->says != NULL)
		cr_expect_not_null(strstr(o.msg, row->says), "%s: %s", name, o.msg);
	want = mode == TARGET_BATCH ? row->batch : row->record;
	if (want == NULL)
		want = row->code == ERR_NONE ? "TTTTTTTTTTTT" : "------------";
	cr_expect_str_eq(o.results, want, "%s %s: %s", name, row->steps, o.results);
	cr_expect_geq(
	    o.waited, row->waited, "%s %s: %ld ms", name, row->steps, (long)o.waited);
	check_state(s, name, row, mode == TARGET_BATCH ? 3 : 12);
}

Test(target_contract, scenarios, .timeout = 120)
{
	struct server s;
	struct err e;
	size_t i;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		play(&s, &scenarios[i], TARGET_BATCH, i);
		play(&s, &scenarios[i], TARGET_RECORD, i);
	}
	server_stop(&s);
}

/* Delivers to the API's script at `path`, with the mode, in_flight and rate of `job`. */
static void
deliver_to(const struct server *s, const char *path, struct job *job,
    const struct load *load, struct outcome *o)
{
	const struct target_conf wanted = job->tc;
	char url[256], ca[128];

	path_in(s, "ca.pem", ca);
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/%s", s->port, path);
	job->tc = conf_for(url, ca, wanted.mode);
	job->tc.in_flight = wanted.in_flight;
	job->tc.rate = wanted.rate;
	job->tc.gzip = wanted.gzip;
	job->tc.headers = wanted.headers;
	job->tc.nheaders = wanted.nheaders;
	job->deadline = HOUR;
	deliver(job, load, o);
}

/*
 * A bare 4xx about a batch says nothing about its records (H); about a record alone it
 * does (R), if the API takes others, and else nothing can be told (D).
 */
Test(target_contract, refused_whole)
{
	static const struct {
		const char *steps;
		int mode, code;
		const char *says, *results;
		bool all_bad;
		size_t each;
		int in_flight;
	} rows[] = {
	    {"400", TARGET_BATCH, ERR_NONE, "", "HHHHHH", false, 2, 1},
	    {"422", TARGET_BATCH, ERR_NONE, "", "HHHHHH", false, 2, 1},
	    {"413", TARGET_BATCH, ERR_NONE, "", "HHHHHH", false, 2, 2},
	    {"200,400,200", TARGET_BATCH, ERR_NONE, "", "TTHHTT", false, 2, 1},
	    {"410", TARGET_BATCH, ERR_API, "answered HTTP 410 to batch 0", "------",
		false, 2, 1},
	    /* each batch is one record */
	    {"400,422,200", TARGET_BATCH, ERR_NONE, "", "RRT", false, 1, 1},
	    {"200,400,413", TARGET_BATCH, ERR_NONE, "", "TRR", false, 1, 1},
	    {"400", TARGET_BATCH, ERR_API, "took no record, and refused 3, the last",
		"DDD", false, 1, 1},
	    /* by name is no doubt, but shows nothing either */
	    {"400,late", TARGET_BATCH, ERR_NONE, "", "RTT", false, 1, 1},
	    {"400,refuse", TARGET_BATCH, ERR_API, "Idempotency-Key 00", "DRR", true, 1,
		1},
	    {"400,413,422,410,200", TARGET_RECORD, ERR_NONE, "", "RRRRTT", false, 2, 1},
	    /* a removal of what is gone is done */
	    {"200,200,410,200", TARGET_RECORD, ERR_NONE, "", "TTTTTTTTT", false, 3, 1},
	    /* few refusals stand if anything was taken, twenty in a row are not believed */
	    {"200,400", TARGET_RECORD, ERR_NONE, "", "TRRRRR", false, 2, 1},
	    {"400", TARGET_RECORD, ERR_API, "it may not understand us, so nothing was",
		"DDDDDD", false, 2, 1},
	    {"400", TARGET_RECORD, ERR_API, "refused 20 records in a row, the last with",
		"DDDDDDDDDD--------------------", true, 10, 1},
	    {"400", TARGET_RECORD, ERR_API, "20 of them were not marked",
		"DDDDDDDDDD--------------------", true, 10, 1},
	    {"200,400", TARGET_RECORD, ERR_API, "look at [target] url",
		"TDDDDDDDDDDDDDDDDDDD----------", true, 10, 1},
	    {"400,200,400", TARGET_RECORD, ERR_API, "", "RTDDDDDDDDDDDDDDDDDD----------",
		true, 10, 1},
	};
	struct outcome o;
	struct server s;
	struct load load;
	struct err e;
	char path[64];
	size_t i;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct job job = {
		    .tc = {.mode = rows[i].mode, .in_flight = rows[i].in_flight}};

		snprintf(path, sizeof(path), "whole%zu/%s", i, rows[i].steps);
		load_make(&load, 3, rows[i].each, rows[i].all_bad);
		deliver_to(&s, path, &job, &load, &o);
		cr_expect_eq(o.code, rows[i].code, "row %zu: %s", i, o.msg);
		cr_expect_not_null(strstr(o.msg, rows[i].says), "row %zu: %s", i, o.msg);
		cr_expect_str_eq(o.results, rows[i].results, "row %zu: %s", i, o.results);
	}
	server_stop(&s);
}

/*
 * P6: of mode = record, what refers to a record before it is not sent once one is wanted
 * later; what stands in front of that, or refers to nothing, is. The API takes batches as
 * they are, and sees to it itself.
 */
Test(target_contract, behind_later)
{
	static const struct {
		int mode;
		const char *results, *state;
	} rows[] = {
	    {TARGET_BATCH, "TLTTTTTLTTTT", "requests=2 keys=2 applied=12 wrong=0"},
	    {TARGET_RECORD, "TLBTBTTLBTBT", "requests=8 keys=8 applied=8 wrong=0"},
	};
	struct outcome o;
	struct server s;
	struct load load;
	struct page state;
	struct err e;
	char path[64];
	size_t i, k;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	load_make(&load, 2, 6, false);
	for (k = 0; k < 12; k++)
		load.records[k].refers = k % 6 == 0 || k % 6 == 2 || k % 6 == 4;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct job job = {.tc = {.mode = rows[i].mode, .in_flight = 1}};

		snprintf(path, sizeof(path), "behind%zu/late", i);
		deliver_to(&s, path, &job, &load, &o);
		cr_expect_eq(o.code, ERR_NONE, "%s", o.msg);
		cr_expect_str_eq(o.results, rows[i].results, "row %zu: %s", i, o.results);
		snprintf(path, sizeof(path), "state/behind%zu", i);
		get_page(&s, s.port, path, &state);
		cr_expect_str_eq(state.text, rows[i].state, "row %zu: %s", i, state.text);
	}
	server_stop(&s);
}

/* ---- pace ---- */

/* All of a load's records taken, in the order of its batches. */
static void
all_taken(const struct outcome *o, size_t n)
{
	cr_expect_eq(strspn(o->results, "T"), n, "%s", o->results);
}

/*
 * A sick API gets one request of each batch in flight, and then one at a time, of the
 * batch whose tries come to an end first.
 */
Test(target_contract, no_hammering)
{
	static const struct {
		const char *steps;
		int code;
		const char *state;
	} rows[] = {
	    {"503", ERR_API, "requests=13 keys=8 applied=0 wrong=0"},
	    {"drop", ERR_API, "requests=13 keys=8 applied=16 wrong=0"},
	    {"503,503,503,503,503,503,503,503,200", ERR_NONE,
		"requests=16 keys=8 applied=16 wrong=0"},
	    /* one that is sick in between */
	    {"503,503,503,503,200", ERR_NONE, "requests=12 keys=8 applied=16 wrong=0"},
	};
	struct page state;
	struct outcome o;
	struct server s;
	struct load load;
	struct err e;
	char path[64];
	size_t i;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	load_make(&load, 8, 2, false);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct job job = {.tc = {.mode = TARGET_BATCH, .in_flight = 8}};

		snprintf(path, sizeof(path), "pace%zu/%s", i, rows[i].steps);
		deliver_to(&s, path, &job, &load, &o);
		cr_expect_eq(o.code, rows[i].code, "row %zu: %s", i, o.msg);
		all_taken(&o, rows[i].code == ERR_NONE ? 16 : 0);
		snprintf(path, sizeof(path), "state/pace%zu", i);
		get_page(&s, s.port, path, &state);
		cr_expect_str_eq(state.text, rows[i].state, "row %zu: %s", i, state.text);
	}
	server_stop(&s);
}

/* Three batches of four, all taken. */
static void
deliver_twelve(const char *path, struct job *job, struct outcome *o)
{
	struct server s;
	struct load load;
	struct err e;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	load_make(&load, 3, 4, false);
	deliver_to(&s, path, job, &load, o);
	all_taken(o, 12);
	server_stop(&s);
}

/* Whoever has something else to do meanwhile gets the time for it, and all answers. */
Test(target_contract, patience)
{
	struct job job = {.tc = {.mode = TARGET_BATCH, .in_flight = 3}, .patience = 100};
	struct outcome o;

	deliver_twelve("patience/429:7,200", &job, &o);
	cr_expect_geq(o.waited, 7000, "%lld ms", (long long)o.waited);
	cr_expect(o.in_vain >= 50 && o.in_vain <= 80, "%u times", o.in_vain);
}

/* 12 records, and one try that failed: 13 requests have 12 gaps. */
Test(target_contract, rate)
{
	struct job job = {.tc = {.mode = TARGET_RECORD, .in_flight = 3, .rate = 4}};
	struct outcome o;

	deliver_twelve("rate/500,200", &job, &o);
	cr_expect_eq(o.stats.requests, 13);
	cr_expect_geq(o.waited, 12 * 250, "%lld ms", (long long)o.waited);
}

/* ---- packed bodies ---- */

/* Tried again, a body is the same bytes: the API compares them as they come. */
Test(target_contract, packed)
{
	struct outcome o;
	struct server s;
	struct load load;
	struct page state;
	struct err e;
	int mode;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	load_make(&load, 3, 4, false);
	for (mode = TARGET_BATCH; mode <= TARGET_RECORD; mode++) {
		struct job job = {.tc = {.mode = mode, .in_flight = 2, .gzip = true}};

		deliver_to(&s, mode == TARGET_BATCH ? "p0/500,gzip" : "p1/500,gzip", &job,
		    &load, &o);
		cr_expect_eq(o.code, ERR_NONE, "%s", o.msg);
		all_taken(&o, 12);
		get_page(
		    &s, s.port, mode == TARGET_BATCH ? "state/p0" : "state/p1", &state);
		cr_expect_not_null(
		    strstr(state.text, "applied=12 wrong=0"), "%s", state.text);
	}
	server_stop(&s);
}

/* ---- headers of the API's own ---- */

Test(target_contract, own_header)
{
	static const struct {
		const char *key;
		int code;
	} rows[] = {{"k-2", ERR_NONE}, {"k-1", ERR_PERM}};
	static const struct target_header headers[] = {
	    {"X-Api-Key", {"env:TARGET_TEST_KEY"}}};
	struct outcome o;
	struct server s;
	struct load load;
	struct err e;
	size_t i;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	load_make(&load, 3, 4, false);
	for (i = 0; i < 2; i++) {
		struct job job = {.tc = {.mode = TARGET_BATCH,
				      .in_flight = 2,
				      .headers = headers,
				      .nheaders = 1}};

		setenv("TARGET_TEST_KEY", rows[i].key, 1);
		deliver_to(&s, "header/key", &job, &load, &o);
		cr_expect_eq(o.code, rows[i].code, "%s: %s", rows[i].key, o.msg);
		cr_expect_null(strstr(o.msg, "k-1"), "%s", o.msg);
	}
	server_stop(&s);
}

/* ---- TLS ---- */

/* openssl's own server; returns its port. */
static unsigned
s_server(const struct server *s, const char *address, const char *protocol, pid_t *pid)
{
	char cert[128], key[128], accept[64], line[256] = "";
	const char *argv[] = {"openssl", "s_server", "-accept", accept, "-cert", cert,
	    "-key", key, "-www", "-cipher", "DEFAULT@SECLEVEL=0", protocol, NULL};
	unsigned port = 0;
	int fds[2];
	FILE *f;

	path_in(s, "server.pem", cert);
	path_in(s, "server.key", key);
	snprintf(accept, sizeof(accept), "%s:0", address);
	cr_assert_eq(pipe(fds), 0);
	*pid = spawn(argv, fds[1]);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	while (port == 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "ACCEPT ", 7) == 0)
			port = (unsigned)strtoul(strrchr(line, ':') + 1, NULL, 10);
	fclose(f);
	cr_assert_neq(port, 0, "openssl s_server: %s", line);
	return port;
}

struct tls_row {
	const char *host; /* with "%u" for the port */
	unsigned port;
	const char *ca;
	int code;
	const char *says;
};

static void
check_tls(const struct server *s, const struct tls_row *row)
{
	char url[256], ca[128];
	struct job job = {.deadline = HOUR};
	struct outcome o;
	struct load load;

	snprintf(url, sizeof(url), "https://%s:%u/tls/200", row->host, row->port);
	path_in(s, row->ca != NULL ? row->ca : "", ca);
	job.tc = conf_for(url, row->ca != NULL ? ca : NULL, TARGET_BATCH);
	job.tc.attempts = 2;
	load_make(&load, 1, 2, false);
	deliver(&job, &load, &o);
	cr_expect_eq(o.code, row->code, "%s: %d %s", url, o.code, o.msg);
	cr_expect_not_null(strstr(o.msg, row->says), "%s: %s", url, o.msg);
}

Test(target_tls, peers, .timeout = 60)
{
	pid_t old_pid, other_pid;
	unsigned old, other;
	struct server s;
	struct err e;
	size_t i;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	old = s_server(&s, "127.0.0.1", "-tls1_1", &old_pid);
	other = s_server(&s, "127.0.0.2", "-tls1_2", &other_pid);
	const struct tls_row rows[] = {
	    {"127.0.0.1", s.port, "ca.pem", ERR_NONE, ""},
	    {"localhost", s.port, "ca.pem", ERR_NONE, ""},
	    /* signed by nobody we know: neither the system's CAs nor this file's */
	    {"127.0.0.1", s.port, NULL, ERR_PEER, "look at [target] url"},
	    {"127.0.0.1", s.port, "no-such.pem", ERR_PEER, "must be a readable file"},
	    {"127.0.0.1", s.port, "san", ERR_PEER, "must be a readable file"},
	    /* another name than the certificate's */
	    {"127.0.0.2", other, "ca.pem", ERR_PEER, "POST 127.0.0.2:"},
	    {"127.0.0.1", old, "ca.pem", ERR_PEER, "TLS 1.2 or newer"},
	    /* nobody there */
	    {"127.0.0.1", 1, "ca.pem", ERR_API, "unavailable after 2 tries"},
	};
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_tls(&s, &rows[i]);
	stop(old_pid);
	stop(other_pid);
	server_stop(&s);
}

/* ---- check --connect ---- */

Test(target_contract, probe)
{
	static const struct {
		const char *step;
		int code;
	} rows[] = {{"200", ERR_NONE}, {"204", ERR_NONE}, {"405", ERR_NONE},
	    {"501", ERR_NONE}, {"400", ERR_NONE}, {"401", ERR_PERM}, {"403", ERR_PERM},
	    {"404", ERR_API}, {"302", ERR_API}, {"503", ERR_API}, {"early", ERR_NONE},
	    {"bye:40", ERR_API}, {"html", ERR_API}};
	struct fake_clock self = {0};
	struct clock clock = {fake_wall, fake_mono, fake_pause, &self};
	char url[256], ca[128];
	struct page state;
	struct server s;
	struct err e;
	size_t i;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	path_in(&s, "ca.pem", ca);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct target_env env = {.clock = &clock,
		    .deadline = clock_mono(&clock) + HOUR,
		    .run = "01RUN",
		    .random = longest};
		struct target_conf tc = conf_for(url, ca, TARGET_BATCH);
		struct target *t;

		snprintf(url, sizeof(url), "https://127.0.0.1:%u/probe/%s", s.port,
		    rows[i].step);
		e.code = ERR_NONE;
		t = target_open(&tc, &env, &e);
		cr_expect_eq(target_probe(t, &e) < 0, rows[i].code != ERR_NONE);
		cr_expect_eq((int)e.code, rows[i].code, "%s: %s", rows[i].step, e.msg);
		target_close(t);
	}
	get_page(&s, s.port, "state/probe", &state);
	cr_expect_str_eq(state.text, "requests=0 keys=0 applied=0 wrong=0");
	server_stop(&s);
}
