/*
 * The sending stage alone, as `run` does it: batches of made-up records to an API, several
 * in flight.
 *
 *   deliver URL CA TOKEN-FILE BYTES BATCHES IN-FLIGHT
 *
 * BYTES are those of all bodies together. Prints the seconds that it took.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "outbound/target.h"

#define RECORDS 500 /* a batch, as is the default */
#define TIME_MS (10 * 60000)

static uint32_t
no_jitter(void *arg)
{
	(void)arg;
	return 0;
}

/* A body that the receiver takes for a batch without records, blown up by blanks. */
static char *
make_body(size_t n)
{
	static const char head[] =
	    "{\"schema\":\"emrdrop/1\",\"feed\":\"deliver\",\"file\":{},"
	    "\"pass\":1,\"batch\":\"0\",\"records\":[";
	char *body = malloc(n + sizeof(head) + 2);

	if (body == NULL)
		return NULL;
	memset(body, ' ', n + sizeof(head) + 2);
	memcpy(body, head, sizeof(head) - 1);
	memcpy(body + n - 2, "]}", 3);
	return body;
}

static void
make_batch(struct batch *b, uint64_t number, struct span body)
{
	static const struct batch_record records[RECORDS];

	*b = (struct batch){
	    .number = number, .body = body, .records = records, .n = RECORDS};
	snprintf(b->path, sizeof(b->path), "%llu", (unsigned long long)number);
	snprintf(b->key, sizeof(b->key), "%032llx", (unsigned long long)number);
}

static int
deliver(struct target *t, struct span body, uint64_t batches, uint64_t in_flight,
    struct err *e)
{
	struct batch ring[TARGET_IN_FLIGHT_MAX];
	struct batch_answer answers[TARGET_IN_FLIGHT_MAX];
	uint64_t sent = 0, answered = 0;
	size_t place = 0;
	int r;

	/* Answers come in any order: a place is free once its batch is answered. */
	bool used[TARGET_IN_FLIGHT_MAX] = {false};

	while (answered < batches) {
		while (sent < batches && sent - answered < in_flight) {
			while (used[place])
				place = (place + 1) % TARGET_IN_FLIGHT_MAX;
			used[place] = true;
			make_batch(&ring[place], ++sent, body);
			if (target_submit(t, &ring[place], e) != 0)
				return -1;
		}
		if ((r = target_wait(t, answers, TARGET_IN_FLIGHT_MAX, INT32_MAX, e)) < 0)
			return -1;
		for (int i = 0; i < r; i++)
			used[answers[i].batch - ring] = false;
		answered += (uint64_t)r;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct target_env env = {.clock = &clock_system,
	    .deadline = clock_mono(&clock_system) + TIME_MS,
	    .run = "01BENCH",
	    .random = no_jitter};
	struct target_conf tc = {.mode = TARGET_BATCH,
	    .timeout = 60000,
	    .connect_timeout = 10000,
	    .attempts = 1};
	struct err e = {.code = ERR_NONE};
	int64_t start = clock_mono(&clock_system);
	struct target *t;
	uint64_t batches;
	char *body;
	size_t n;
	int rc;

	if (argc != 7) {
		fputs(
		    "usage: deliver URL CA TOKEN-FILE BYTES BATCHES IN-FLIGHT\n", stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	tc.url = argv[1];
	tc.ca_file = argv[2];
	tc.token_file.where = argv[3];
	batches = strtoull(argv[5], NULL, 10);
	tc.in_flight = strtoll(argv[6], NULL, 10);
	n = (size_t)(strtoull(argv[4], NULL, 10) / (batches > 0 ? batches : 1));
	body = make_body(n < 1024 ? 1024 : n);
	if (body == NULL || crypto_init(&e) != 0 ||
	    (t = target_open(&tc, &env, &e)) == NULL) {
		fprintf(stderr, "deliver: %s\n", e.msg);
		return 74;
	}
	rc = deliver(
	    t, (struct span){body, strlen(body)}, batches, (uint64_t)tc.in_flight, &e);
	if (rc != 0)
		fprintf(stderr, "deliver: %s\n", e.msg);
	target_close(t);
	free(body);
	printf("%.3f\n", (double)(clock_mono(&clock_system) - start) / 1000);
	return rc == 0 ? 0 : 69;
}
