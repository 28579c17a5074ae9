/*
 * The fetching stage alone: what `run` does with a drop before anything is parsed. Reads
 * each file of the folder once and throws it away.
 *
 *   fetch URL KEY KNOWN_HOSTS       prints files and bytes
 */
#include <inttypes.h>
#include <stdio.h>

#include "pollers/ahead.h"

#define TIME_MS (30 * 60000)

static int
fetch(struct poller *p, const struct drop_file *f, uint64_t *bytes, struct err *e)
{
	struct ahead *a = ahead_open(p, poller_path(p, f->name), f, e);
	struct drop_file now;
	struct span s;
	int r;

	if (a == NULL)
		return -1;
	while ((r = ahead_read(a, &s, e)) == 1)
		*bytes += s.n;
	ahead_close(a);
	/* As the verdict does. */
	if (r == 0)
		r = poller_stat(p, poller_path(p, f->name), &now, e) == 1 ? 0 : -1;
	return r;
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

	if (argc != 4) {
		fputs("usage: fetch URL KEY KNOWN_HOSTS\n", stderr);
		return 64;
	}
	sc.url = argv[1];
	sc.key_file.where = argv[2];
	sc.known_hosts = argv[3];
	p = poller_open(&sc, &env, &e);
	rc = p == NULL ? -1 : poller_list(p, &list, &e);
	for (size_t i = 0; i < list.n && rc == 0; i++)
		rc = fetch(p, &list.v[i], &bytes, &e);
	if (rc != 0)
		fprintf(stderr, "fetch: %s\n", e.msg);
	else
		printf("%zu files, %" PRIu64 " bytes\n", list.n, bytes);
	drop_list_release(&list);
	poller_close(p);
	return rc == 0 ? 0 : 1;
}
