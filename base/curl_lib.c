#include "base/curl_lib.h"

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
