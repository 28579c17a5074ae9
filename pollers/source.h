/*
 * The [source] of a feed: where its files lie, and what becomes of them.
 */
#ifndef POLLERS_SOURCE_H
#define POLLERS_SOURCE_H

#include <stdbool.h>

#include "base/conf.h"

#define DROP_LIST_MAX 1000000 /* names a drop may hold before it is refused */

/* Where receipts go: with the rest of `feedback`, or beside the ledger. */
enum receipts_where { RECEIPTS_DROP, RECEIPTS_LOCAL, RECEIPTS_OFF };

/* Where the files lie: the feed's [source]. */
struct source_conf {
	const char *url;             /* sftp://user@host:port/path or file:///path */
	struct conf_secret key_file; /* private key */
	struct conf_secret key_passphrase;
	struct conf_secret password_file;
	bool agent; /* try the keys of $SSH_AUTH_SOCK */
	const char *known_hosts;
	struct conf_list pattern; /* glob patterns; a name must match one */
	const char *order;    /* "name", "mtime", or "name:FORMAT" (a date in the name) */
	long long max_files;  /* a run, after sorting; 0: no cap */
	long long min_age;    /* ms since its mtime */
	long long stable_for; /* ms between two equal looks; 0: one look is enough */
	const char *marker;   /* suffix of the file that says NAME is whole; NULL: none */
	const char *after;    /* "keep", "delete", "archive:PATH" */
	const char *feedback; /* folder for what we write for the clinic; NULL: none */
	int receipts;         /* enum receipts_where; NULL feedback: not into the drop */
	long long timeout;    /* ms for each step on the network */
	struct conf_list event_path; /* bucket/folder, as events name the drop */
};

/* The option table that fills a struct source_conf. */
extern const struct conf_option source_options[];

enum after_kind { AFTER_KEEP, AFTER_DELETE, AFTER_ARCHIVE };

/*
 * Mistakes that the option table can't see (bad URL, unknown scheme, order,
 * after, no known_hosts for sftp): each goes to conf_error_at. `s` is the section.
 */
void source_check(
    const struct source_conf *sc, const struct conf_section *s, struct conf_errors *errs);
enum after_kind source_after(const struct source_conf *sc, const char **path);

/* What stands behind sftp://, for an account and a host key; NULL: files on this machine. */
const char *source_server(const struct source_conf *sc);

#endif
