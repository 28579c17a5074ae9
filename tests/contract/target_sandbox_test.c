/*
 * Each mode against emrdrop-sandbox, which checks the contract for itself: a batch
 * that it takes is a good one. Run from the build, beside which the sandbox is.
 */
#include "outbound/target.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/target_rig.h"

#define FLAGS_MAX 4

/* 3 batches of 4 records, the second of each bad. */
struct sandbox_row {
	const char *flags[FLAGS_MAX];
	const char *bad;        /* option that is given each bad id */
	const char *results[2]; /* by mode; NULL: all taken */
	int changes[2];         /* that the sandbox applied, each once */
};

static const struct sandbox_row sandbox_rows[] = {
    {.changes = {12, 12}},
    {.flags = {"--latency", "20"}, .changes = {12, 12}},
    {.flags = {"--status-429", "3", "--retry-after", "5"}, .changes = {12, 12}},
    {.flags = {"--status-500", "4"}, .changes = {12, 12}},
    {.flags = {"--drop-after-commit", "2"}, .changes = {12, 12}},
    {.flags = {"--drop-every", "3"}, .changes = {12, 12}},
    {.flags = {"--cut-answer", "2"}, .changes = {12, 12}},
    {.bad = "--refuse", .results = {"TRTTTRTTTRTT", "TRTTTRTTTRTT"}, .changes = {9, 9}},
    {.bad = "--later", .results = {"TLTTTLTTTLTT", "TLTTTLTTTLTT"}, .changes = {9, 9}},
    {.flags = {"--refuse-batch"},
	.bad = "--refuse",
	.results = {"HHHHHHHHHHHH", "TRTTTRTTTRTT"},
	.changes = {0, 9}},
};

/* build/tests/x and build/cmd/sandbox/emrdrop-sandbox */
static void
sandbox_path(char *out, size_t n)
{
	char self[256] = "";
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = len > 0 ? strrchr(self, '/') : NULL;

	cr_assert_not_null(slash);
	*slash = '\0';
	snprintf(out, n, "%s/../cmd/sandbox/emrdrop-sandbox", self);
	cr_assert_eq(access(out, X_OK), 0, "%s is not built", out);
}

static pid_t
sandbox_start(
    const struct server *certs, const struct sandbox_row *row, const struct load *load)
{
	char exe[300], cert[128], key[128], port[128], token[128];
	const char *argv[48] = {exe, "--cert", cert, "--key", key, "--port-file", port,
	    "--token-file", token};
	size_t n = 9, all = load->nbatches * load->each, i;

	sandbox_path(exe, sizeof(exe));
	path_in(certs, "server.pem", cert);
	path_in(certs, "server.key", key);
	path_in(certs, "sandbox.port", port);
	path_in(certs, "token", token);
	write_file(certs, "token", "stale-token\n");
	for (i = 0; i < FLAGS_MAX && row->flags[i] != NULL; i++)
		argv[n++] = row->flags[i];
	for (i = 1; row->bad != NULL && i < all; i += load->each) {
		argv[n++] = row->bad;
		argv[n++] = load->ids[i];
	}
	return spawn(argv, open("/dev/null", O_WRONLY));
}

static void
check_changes(const struct server *s, unsigned port, int want)
{
	struct page page;
	char text[32];

	get_page(s, port, "_sandbox/state", &page);
	snprintf(text, sizeof(text), "{\"changes\":%d,", want);
	cr_expect_eq(strncmp(page.text, text, strlen(text)), 0, "%s", page.text);
	cr_expect_null(strstr(page.text, "\"changes\":2"), "%s", page.text);
}

static void
play(const struct server *s, const struct sandbox_row *row, int mode)
{
	char url[128], ca[128], token[128];
	struct job job = {.deadline = HOUR};
	const char *want = row->results[mode];
	struct outcome o;
	struct load load;
	unsigned port;
	pid_t pid;

	load_make(&load, 3, 4, false);
	pid = sandbox_start(s, row, &load);
	port = read_port(s, "sandbox.port");
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/v1/%s", port,
	    mode == TARGET_BATCH ? "batches" : "records");
	path_in(s, "ca.pem", ca);
	path_in(s, "token", token);
	job.tc = conf_for(url, ca, mode);
	job.tc.token_file.where = token;
	deliver(&job, &load, &o);
	cr_expect_eq(o.code, ERR_NONE, "%s: %s", url, o.msg);
	cr_expect_str_eq(
	    o.results, want != NULL ? want : "TTTTTTTTTTTT", "%s", o.results);
	check_changes(s, port, row->changes[mode]);
	stop(pid);
}

Test(target_sandbox, modes, .timeout = 120)
{
	struct server s;
	struct err e;
	size_t i;

	cr_assert_eq(crypto_init(&e), 0);
	server_start(&s);
	for (i = 0; i < sizeof(sandbox_rows) / sizeof(sandbox_rows[0]); i++) {
		play(&s, &sandbox_rows[i], TARGET_BATCH);
		play(&s, &sandbox_rows[i], TARGET_RECORD);
	}
	server_stop(&s);
}
