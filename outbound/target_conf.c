#include "outbound/target_conf.h"

#include <string.h>

#include <curl/curl.h>

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

static const struct conf_entry *
entry(const struct conf_section *s, const char *key)
{
	size_t i;

	for (i = 0; s != NULL && i < s->n; i++)
		if (span_eq_nocase(s->entries[i].key, span_of(key)))
			return &s->entries[i];
	return NULL;
}

/* 127.0.0.0/8, ::1 and localhost (RFC 6761 6.3). */
static bool
is_loopback(const char *host)
{
	size_t digits = strspn(host, "0123456789.");

	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && host[digits] == '\0');
}

static bool
has_part(CURLU *u, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(u, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

/* What is wrong with a URL, or NULL. */
static const char *
url_fault(CURLU *u, const char *url, int mode)
{
	char *scheme = NULL, *host = NULL;
	const char *fault = NULL;

	if (curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		fault = "not a URL: it looks like https://api.example/v1/batches";
	else if (strcmp(scheme, "https") != 0 &&
		 (strcmp(scheme, "http") != 0 || !is_loopback(host)))
		fault = "must be https (http only to this machine itself)";
	else if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
		fault = "holds credentials: use token_file, or user and password_file";
	else if (has_part(u, CURLUPART_FRAGMENT))
		fault = "has a #fragment, which is never sent";
	else if (mode == TARGET_RECORD && has_part(u, CURLUPART_QUERY))
		fault = "has a ?query, but mode = record puts /type/id behind it";
	curl_free(scheme);
	curl_free(host);
	return fault;
}

const char *
target_url_fault(const char *url)
{
	CURLU *u = curl_url();
	const char *fault = u == NULL ? "there is no memory for it"
				      : url_fault(u, url, TARGET_BATCH);

	curl_url_cleanup(u);
	return fault;
}

void
target_check(
    const struct target_conf *tc, const struct conf_section *s, struct conf_errors *errs)
{
	CURLU *u = tc->url != NULL ? curl_url() : NULL;
	const char *fault = u != NULL ? url_fault(u, tc->url, tc->mode) : NULL;

	if (fault != NULL)
		conf_error_at(errs, s, entry(s, "url"), "%s", fault);
	if ((tc->user != NULL) != (tc->password_file.where != NULL))
		conf_error_at(errs, s,
		    entry(s, tc->user != NULL ? "user" : "password_file"),
		    "user and password_file go together");
	if (tc->user != NULL && strpbrk(tc->user, ":\r\n") != NULL)
		conf_error_at(errs, s, entry(s, "user"), "may not hold a colon");
	if (tc->token_file.where != NULL && tc->password_file.where != NULL)
		conf_error_at(errs, s, entry(s, "token_file"),
		    "either a token or a password, not both");
	curl_url_cleanup(u);
}
