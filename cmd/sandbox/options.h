/*
 * The sandbox's command line: one table that is parsed and checked. Text points
 * into argv.
 */
#ifndef CMD_SANDBOX_OPTIONS_H
#define CMD_SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define OPTIONS_IDS_MAX 64 /* --refuse and --later, each; more by /_sandbox/faults */

struct id_list {
	const char *v[OPTIONS_IDS_MAX];
	size_t n;
};

struct options {
	const char *listen;
	long port; /* 0: any free one */
	const char *port_file;
	const char *db;
	const char *cert, *key;
	const char *token_file;
	const char *user, *password_file;
	long threads;
	bool discard;
	long latency; /* ms */
	long status_429, retry_after, status_500;
	long drop_after_commit, drop_every, cut_answer;
	bool refuse_batch;
	struct id_list refuse, later;
	const char *dump;
	bool help, version;
};

/* Defaults, then argv. -1 with ERR_USAGE. */
int options_parse(struct options *o, int argc, char **argv, struct err *e);

extern const char options_help[];

/* Is this address one that only this machine can reach? */
bool options_loopback(const char *address);

#endif
