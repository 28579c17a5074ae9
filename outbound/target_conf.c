#include "outbound/target_conf.h"

#include <string.h>

#include "outbound/api_url.h"
#include "outbound/pace.h"

static const char *const modes[] = {
    [TARGET_BATCH] = "batch",
    [TARGET_RECORD] = "record",
    NULL,
};

#define AT(member) offsetof(struct target_conf, member)

const struct conf_option target_options[] = {
    {.name = "url",
	.type = CONF_STRING,
	.offset = AT(url),
	.required = true,
	.help = "where batches are posted: https, or http to this machine itself"},
    {.name = "mode",
	.type = CONF_ENUM,
	.offset = AT(mode),
	.dflt = "batch",
	.choices = modes,
	.help = "batch: POST whole batches; record: PUT url/type/id each"},
    {.name = "token_file",
	.type = CONF_SECRET,
	.offset = AT(token_file),
	.help = "where the bearer token is"},
    {.name = "user",
	.type = CONF_STRING,
	.offset = AT(user),
	.help = "user name for basic authentication"},
    {.name = "password_file",
	.type = CONF_SECRET,
	.offset = AT(password_file),
	.help = "where the password for basic authentication is"},
    {.name = "ca_file",
	.type = CONF_STRING,
	.offset = AT(ca_file),
	.help = "the only CAs to trust, PEM; without it the system's"},
    {.name = "in_flight",
	.type = CONF_INT,
	.offset = AT(in_flight),
	.dflt = "8",
	.min = 1,
	.max = TARGET_IN_FLIGHT_MAX,
	.help = "requests at a time"},
    {.name = "batch_records",
	.type = CONF_INT,
	.offset = AT(batch_records),
	.dflt = "500",
	.min = 1,
	.max = 10000,
	.help = "records in a batch, at most"},
    {.name = "batch_bytes",
	.type = CONF_SIZE,
	.offset = AT(batch_bytes),
	.dflt = "1M",
	.min = 64 << 10,
	.max = 32 << 20,
	.help = "bytes in a batch, at most"},
    {.name = "timeout",
	.type = CONF_DURATION,
	.offset = AT(timeout),
	.dflt = "2m",
	.min = 100,
	.max = 3600000,
	.help = "how long a request may take"},
    {.name = "connect_timeout",
	.type = CONF_DURATION,
	.offset = AT(connect_timeout),
	.dflt = "10s",
	.min = 100,
	.max = 300000,
	.help = "how long connecting may take"},
    {.name = "attempts",
	.type = CONF_INT,
	.offset = AT(attempts),
	.dflt = "6",
	.min = 1,
	.max = 100,
	.help = "tries of one batch within a run"},
    {.name = "rate",
	.type = CONF_INT,
	.offset = AT(rate),
	.dflt = "0",
	.max = PACE_RATE_MAX,
	.help = "requests a second, at most and evenly; 0: no limit"},
    {.name = "backfill_rate",
	.type = CONF_INT,
	.offset = AT(backfill_rate),
	.dflt = "0",
	.max = PACE_RATE_MAX,
	.help = "requests a second in a backfill; 0: as rate says"},
    {.name = "gzip",
	.type = CONF_BOOL,
	.offset = AT(gzip),
	.dflt = "no",
	.help = "bodies are packed: Content-Encoding: gzip"},
    {.name = NULL},
};

/* What is wrong with [target] url, if anything. */
static int
check_url(const struct target_conf *tc, struct err *e)
{
	struct api_url u;

	if (api_url_check(tc->url, &u, e) != 0)
		return -1;
	if (tc->mode == TARGET_RECORD && u.query)
		return err_set(e, ERR_CONFIG,
		    "has a ?query, but mode = record puts /type/id behind it");
	return 0;
}

void
target_check(
    const struct target_conf *tc, const struct conf_section *s, struct conf_errors *errs)
{
	struct err e;

	if (tc->url != NULL && check_url(tc, &e) != 0)
		conf_error_at(errs, s, conf_get(s, "url"), "%s", e.msg);
	if ((tc->user != NULL) != (tc->password_file.where != NULL))
		conf_error_at(errs, s,
		    conf_get(s, tc->user != NULL ? "user" : "password_file"),
		    "user and password_file go together");
	if (tc->user != NULL && strpbrk(tc->user, ":\r\n") != NULL)
		conf_error_at(errs, s, conf_get(s, "user"), "may not hold a colon");
	if (tc->token_file.where != NULL && tc->password_file.where != NULL)
		conf_error_at(errs, s, conf_get(s, "token_file"),
		    "either a token or a password, not both");
}
