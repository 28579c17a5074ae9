/*
 * Who a URL speaks of: its authority, [user@]host[:port] (RFC 3986 3.2), taken apart. All
 * parts are borrowed from the text, and nothing is decoded.
 */
#ifndef BASE_AUTHORITY_H
#define BASE_AUTHORITY_H

#include "base/err.h"
#include "base/span.h"

struct authority {
	struct span user;    /* before the last @; p NULL: there is none */
	struct span host;    /* any bytes but the marks between parts; may be empty */
	bool v6;             /* it stood in brackets, which are left out */
	unsigned short port; /* 0: none was given */
};

/*
 * `s` is what stands between :// and the path. ERR_CONFIG with the reason, which never
 * quotes it: someone may have put a password in.
 */
int authority_parse(struct span s, struct authority *out, struct err *e);

#endif
