#include "outbound/failure.h"

#include <stdio.h>
#include <string.h>

#define ADVICE_CA                                                                   \
	"look at [target] url; ca_file must hold the CA that signed this server's " \
	"certificate"
#define ADVICE_FILE "[target] ca_file must be a readable file of certificates in PEM"
#define ADVICE_TLS  "the server must speak TLS 1.2 or newer, with ciphers that we know"
#define ADVICE_URL \
	"this is our configuration, not their data: look at [target] url and mode"
#define ADVICE_MOVED  "redirects are not followed: give the final address in [target] url"
#define ADVICE_REPORT "this should not happen: report it"

/* OpenSSL's and libcurl's words for it; the code that they come with is any. */
static bool
is_memory(const struct reply *r)
{
	return r->transport == CURLE_OUT_OF_MEMORY ||
	       strstr(r->detail, "malloc failure") != NULL ||
	       strstr(r->detail, "out of memory") != NULL;
}

/*
 * OpenSSL's own complaint of the peer, such as a protocol version or a cipher that
 * don't meet. A connection cut in the middle of the handshake is worth another try, and
 * so is what failed on our side.
 */
static bool
is_tls_verdict(const char *detail)
{
	return strstr(detail, ":SSL routines:") != NULL &&
	       strstr(detail, "unexpected eof") == NULL &&
	       strstr(detail, "internal error") == NULL;
}

static bool
is_peer_fault(const struct reply *r)
{
	if (is_memory(r))
		return false;
	switch (r->transport) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		return true;
	case CURLE_SSL_CONNECT_ERROR:
		return is_tls_verdict(r->detail);
	default:
		return false;
	}
}

/* May libcurl's words be shown? Some of them quote the reply. */
static bool
is_about_connection(CURLcode rc)
{
	return rc == CURLE_COULDNT_CONNECT || rc == CURLE_COULDNT_RESOLVE_HOST ||
	       rc == CURLE_SSL_CONNECT_ERROR;
}

static void
end_with(struct failure *out, enum err_code code, const char *advice)
{
	out->outcome = OUTCOME_END;
	out->code = code;
	out->advice = advice;
}

static const char *
peer_advice(CURLcode rc)
{
	if (rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_SSL_CRL_BADFILE)
		return ADVICE_FILE;
	if (rc == CURLE_SSL_CONNECT_ERROR || rc == CURLE_SSL_CIPHER)
		return ADVICE_TLS;
	return ADVICE_CA;
}

static void
transport_failure(const struct reply *r, struct failure *out)
{
	const char *words = r->words;
	bool peer = is_peer_fault(r);

	if ((peer || is_about_connection(r->transport)) && r->detail[0] != '\0')
		words = r->detail;
	out->outcome = OUTCOME_RETRY;
	if (r->too_long) {
		(void)snprintf(out->seen, sizeof(out->seen),
		    "answered HTTP %ld with more than %d bytes", r->status,
		    TARGET_RESPONSE_MAX);
		return;
	}
	(void)snprintf(out->seen, sizeof(out->seen), "got no %s (%s)",
	    peer ? "trusted connection" : "answer", words);
	if (peer)
		end_with(out, ERR_PEER, peer_advice(r->transport));
	else if (is_memory(r))
		end_with(out, ERR_NOMEM, "there is not enough memory");
	else if (r->transport == CURLE_URL_MALFORMAT ||
		 r->transport == CURLE_UNSUPPORTED_PROTOCOL)
		end_with(out, ERR_CONFIG, ADVICE_URL);
	else if (r->transport == CURLE_BAD_FUNCTION_ARGUMENT ||
		 r->transport == CURLE_FAILED_INIT)
		end_with(out, ERR_INTERNAL, ADVICE_REPORT);
}

static bool
is_transient(long status)
{
	/* 409: a request with the same key is still under way. */
	return status == 408 || status == 409 || status == 425 || status == 429 ||
	       (status >= 500 && status <= 599);
}

void
failure_of(const struct reply *r, struct failure *out)
{
	long s = r->status;

	*out = (struct failure){.outcome = OUTCOME_REPLY};
	if (r->transport != CURLE_OK) {
		transport_failure(r, out);
		return;
	}
	(void)snprintf(out->seen, sizeof(out->seen), "answered HTTP %ld%s", s,
	    r->cut ? " with headers that are cut" : "");
	if (r->cut || is_transient(s) || s < 200 || s > 599)
		out->outcome = OUTCOME_RETRY;
	else if (s == 401 || s == 403)
		out->outcome = OUTCOME_DENIED;
	else if (s >= 300 && s < 400)
		end_with(out, ERR_API, ADVICE_MOVED);
	else if (s >= 400 && s != 400 && s != 410 && s != 413 && s != 422)
		end_with(out, ERR_API, ADVICE_URL);
}
