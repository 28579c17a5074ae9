/*
 * Where the records go, and how: the options of a feed's [target].
 */
#ifndef OUTBOUND_TARGET_CONF_H
#define OUTBOUND_TARGET_CONF_H

#include "base/conf.h"

#define TARGET_IN_FLIGHT_MAX 64
#define TARGET_HEADERS_MAX   16
#define TARGET_HEADER_NAME   64 /* bytes of a header's name */

/* A header that the API asks for besides: "header.X-Api-Key = env:KEY". */
struct target_header {
	const char *name;
	struct conf_secret value;
};

struct target_conf {
	const char *url;
	int mode;                      /* enum target_mode */
	struct conf_secret token_file; /* bearer token */
	const char *user;              /* basic authentication, with password_file */
	struct conf_secret password_file;
	const char *ca_file; /* NULL: the system's */
	long long in_flight;
	long long batch_records;
	long long batch_bytes;
	long long timeout;         /* ms a request */
	long long connect_timeout; /* ms */
	long long attempts;        /* a batch, within one run */
	long long rate;            /* requests a second; 0: no limit */
	long long backfill_rate;   /* in a backfill; 0: rate */
	bool gzip;                 /* bodies are packed */

	const struct target_header *headers; /* the conf's */
	size_t nheaders;
};

enum target_mode { TARGET_BATCH, TARGET_RECORD };

extern const struct conf_option target_options[];

/* conf_bind for [target], `s` (may be NULL), and its headers. */
void target_bind(struct conf *c, struct conf_section *s, struct target_conf *tc);

/* Mistakes that the table can't see: URL not https (http only to loopback), ... */
void target_check(
    const struct target_conf *tc, const struct conf_section *s, struct conf_errors *errs);

#endif
