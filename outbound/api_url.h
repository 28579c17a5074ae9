/*
 * The URL of an API, taken apart and judged while a feed is read, long before libcurl is
 * asked for. What is accepted here libcurl takes for the same (tests/contract), or a URL
 * that seems to be this machine's could send records to another one in the clear.
 */
#ifndef OUTBOUND_API_URL_H
#define OUTBOUND_API_URL_H

#include "base/authority.h"

/* Borrowed from the text. */
struct api_url {
	struct span scheme;
	struct authority at;
	struct span path; /* may be empty */
	bool query;       /* there is a ?, even with nothing behind it */
	bool fragment;    /* a # likewise */
};

/*
 * https, or http to this machine; no credentials and no fragment in it. ERR_CONFIG says what
 * is wrong, and does not quote it.
 */
int api_url_check(const char *text, struct api_url *out, struct err *e);

/* "host:port/path": no credentials, no query. -1 if it is no URL. */
int api_url_place(const char *text, char *out, size_t n);

#endif
