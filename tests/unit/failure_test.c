#include "outbound/failure.h"

#include <criterion/criterion.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What libcurl ended so is taken for. */
static struct failure
failure_by(CURLcode transport, const char *detail)
{
	const struct reply r = {
	    .transport = transport, .words = "failed", .detail = detail};
	struct failure f;

	failure_of(&r, &f);
	return f;
}

/* Whose fault is it that there is no TLS connection: the peer's, the line's, or ours? */
Test(failure, tls)
{
	static const struct {
		CURLcode transport;
		const char *detail;
		enum outcome outcome;
		enum err_code code; /* if it ends the run */
	} cases[] = {
	    {CURLE_SSL_CONNECT_ERROR,
		"OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number",
		OUTCOME_END, ERR_PEER},
	    {CURLE_SSL_CONNECT_ERROR,
		"OpenSSL/3.0.19: error:0A000410:SSL routines::sslv3 alert handshake failure",
		OUTCOME_END, ERR_PEER},
	    {CURLE_PEER_FAILED_VERIFICATION,
		"SSL certificate problem: self-signed certificate", OUTCOME_END,
		ERR_PEER},
	    {CURLE_SSL_CACERT_BADFILE, "error setting certificate file: /x.pem",
		OUTCOME_END, ERR_PEER},
	    {CURLE_SSL_CONNECT_ERROR,
		"OpenSSL SSL_connect: Connection reset by peer in connection to api:443",
		OUTCOME_RETRY, ERR_NONE},
	    {CURLE_SSL_CONNECT_ERROR,
		"error:0A000126:SSL routines::unexpected eof while reading",
		OUTCOME_RETRY, ERR_NONE},
	    {CURLE_SSL_CONNECT_ERROR,
		"OpenSSL/3.0.19: error:030000BE:digital envelope routines::not able to copy ctx",
		OUTCOME_RETRY, ERR_NONE},
	    {CURLE_SSL_CONNECT_ERROR,
		"OpenSSL/3.0.19: error:0A0C0103:SSL routines::internal error",
		OUTCOME_RETRY, ERR_NONE},
	    {CURLE_SSL_CONNECT_ERROR,
		"OpenSSL/3.0.19: error:078C0100:common libcrypto routines::malloc failure",
		OUTCOME_END, ERR_NOMEM},
	    {CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: out of memory",
		OUTCOME_END, ERR_NOMEM},
	    {CURLE_OUT_OF_MEMORY, "", OUTCOME_END, ERR_NOMEM},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct failure f = failure_by(cases[i].transport, cases[i].detail);

		cr_expect_eq(f.outcome, cases[i].outcome, "%s", cases[i].detail);
		if (cases[i].outcome == OUTCOME_END)
			cr_expect_eq(f.code, cases[i].code, "%s", cases[i].detail);
	}
}

/* libcurl's own words may quote the reply, which no log shows. */
Test(failure, words)
{
	static const struct {
		CURLcode transport;
		const char *detail, *seen;
	} cases[] = {
	    {CURLE_COULDNT_CONNECT, "Connection refused",
		"got no answer (Connection refused)"},
	    {CURLE_COULDNT_CONNECT, "", "got no answer (failed)"},
	    {CURLE_PEER_FAILED_VERIFICATION, "certificate has expired",
		"got no trusted connection (certificate has expired)"},
	    {CURLE_WEIRD_SERVER_REPLY, "Invalid header: canary",
		"got no answer (failed)"},
	    {CURLE_BAD_CONTENT_ENCODING, "canary", "got no answer (failed)"},
	    {CURLE_RECV_ERROR, "canary", "got no answer (failed)"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct failure f = failure_by(cases[i].transport, cases[i].detail);

		cr_expect_str_eq(f.seen, cases[i].seen);
	}
}
