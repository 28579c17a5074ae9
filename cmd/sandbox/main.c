#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "cmd/sandbox/file.h"
#include "cmd/sandbox/options.h"
#include "cmd/sandbox/server.h"
#include "cmd/sandbox/view.h"

#define NAME "emrdrop-sandbox"

static int
dump(const char *path, struct err *e)
{
	struct store *s = store_open_existing(path, e);
	struct buf out;
	int rc = -1;

	buf_init(&out, REPLY_MAX);
	if (s && view_state(s, &out, e) == 0) {
		rc = 0;
		if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0)
			rc = err_set(e, ERR_IO, "cannot write to the standard output");
	}
	buf_release(&out);
	store_close(s);
	return rc;
}

/* The signals that end the sandbox wait, in every thread, until they are asked for. */
static void
block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int
serve(struct sandbox *sb, const sigset_t *ends, struct err *e)
{
	const struct options *o = sb->options;
	struct server *server = server_start(sb, e);
	int rc = 0, signal_number;

	if (!server)
		return -1;
	if (o->port_file)
		rc = file_write_port(o->port_file, server_port(server), e);
	if (rc == 0) {
		printf(NAME ": listening on %s, port %u (%s)\n", o->listen,
		    server_port(server), o->cert ? "https" : "http");
		fflush(stdout);
		sigwait(ends, &signal_number);
	}
	server_stop(server);
	return rc;
}

static int
run(const struct options *o, struct err *e)
{
	struct sandbox sb = {.options = o};
	sigset_t ends;
	int rc = -1;

	block_signals(&ends);
	umask(077);
	if (crypto_init(e) < 0)
		return -1;
	sb.store = store_open(o->db, e);
	if (sb.store)
		sb.fault = fault_new(o, e);
	if (sb.fault)
		rc = serve(&sb, &ends, e);
	fault_free(sb.fault);
	store_close(sb.store);
	return rc;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct err e = {0};
	int rc;

	if (options_parse(&o, argc, argv, &e) < 0) {
		rc = -1;
	} else if (o.help) {
		rc = fputs(options_help, stdout) < 0 ? -1 : 0;
	} else if (o.version) {
		rc = puts(NAME " " EMRDROP_VERSION) < 0 ? -1 : 0;
	} else {
		rc = o.dump ? dump(o.dump, &e) : run(&o, &e);
	}
	if (rc == 0)
		return 0;
	fprintf(stderr, NAME ": %s\n", e.msg);
	return err_exit(e.code);
}
