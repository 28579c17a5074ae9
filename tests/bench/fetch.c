/*
 * The fetching stage alone: what `run` does with a drop before anything is parsed. Reads
 * each file of the folder once and throws it away.
 *
 *   fetch URL KEY KNOWN_HOSTS [alone]     prints files and bytes
 *
 * `alone`: the poller is not told what comes next, so it reads one file after the other.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pollers/ahead.h"

#define TIME_MS (30 * 60000)

static int
fetch(struct poller *p, const struct drop_file *f, uint64_t *bytes, struct err *e)
{
	struct ahead *a = ahead_open(p, poller_path(p, f->name), f, e);
	struct span s;
	int r;

	if (a == NULL)
		return -1;
	while ((r = ahead_read(a, &s, e)) == 1)
		*bytes += s.n;
	ahead_close(a);
	/* As the verdict does. */
	return r == 0 ? poller_read_check(p, e) : -1;
}

/* As the job does: small files may come together. */
static int
fetch_list(struct poller *p, const struct drop_list *list, bool alone, uint64_t *bytes,
    struct err *e)
{
	const struct drop_file **next = calloc(list->n + 1, sizeof(*next));
	int rc = 0;

	if (next == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < list->n; i++)
		next[i] = &list->v[i];
	poller_expect(p, next, alone ? 0 : list->n);
	for (size_t i = 0; i < list->n && rc == 0; i++)
		rc = fetch(p, next[i], bytes, e);
	poller_expect(p, NULL, 0);
	free(next);
	return rc;
}

int
main(int argc, char **argv)
{
	const char *patterns[] = {"*"};
	struct poller_env env = {
	    &clock_system, clock_mono(&clock_system) + TIME_MS, NULL};
	struct source_conf sc = {
	    .pattern = {patterns, 1}, .order = "name", .after = "keep", .timeout = 60000};
	struct drop_list list = {.n = 0};
	struct err e = {.code = ERR_NONE};
	struct poller *p;
	uint64_t bytes = 0;
	int rc = 0;

	if (argc != 4 && (argc != 5 || strcmp(argv[4], "alone") != 0)) {
		fputs("usage: fetch URL KEY KNOWN_HOSTS [alone]\n", stderr);
		return 64;
	}
	sc.url = argv[1];
	sc.key_file.where = argv[2];
	sc.known_hosts = argv[3];
	p = poller_open(&sc, &env, &e);
	rc = p == NULL ? -1 : poller_list(p, &list, &e);
	if (rc == 0)
		rc = fetch_list(p, &list, argc == 5, &bytes, &e);
	if (rc != 0)
		fprintf(stderr, "fetch: %s\n", e.msg);
	else
		printf("%zu files, %" PRIu64 " bytes\n", list.n, bytes);
	drop_list_release(&list);
	poller_close(p);
	return rc == 0 ? 0 : 1;
}
