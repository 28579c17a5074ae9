#include "base/curl_lib.h"

#include <string.h>

static const struct lib_call calls[] = {
#define CURL_PLACE(name) {#name, offsetof(struct curl_lib, name)},
    CURL_CALLS(CURL_PLACE)
#undef CURL_PLACE
};

static const struct lib libcurl = {
    .soname = "libcurl.so.4", /* the same since libcurl 7.16 */
    .package = "libcurl4 or, from Debian 13 on, libcurl4t64",
    .calls = calls,
    .n = sizeof(calls) / sizeof(calls[0]),
};

int
curl_lib_load(struct curl_lib *out, struct err *e)
{
	return lib_load(&libcurl, out, e);
}

void
curl_note_header(bool *whole, struct span line)
{
	static const char status[] = "HTTP/";

	if (line.n >= sizeof(status) - 1 &&
	    memcmp(line.p, status, sizeof(status) - 1) == 0)
		*whole = false;
	else if (span_eq(line, SPAN_LIT("\r\n")) || span_eq(line, SPAN_LIT("\n")))
		*whole = true;
}
