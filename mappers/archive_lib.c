#include "mappers/archive_lib.h"

static const struct lib_call calls[] = {
#define ARCHIVE_PLACE(name) {#name, offsetof(struct archive_lib, name)},
    ARCHIVE_CALLS(ARCHIVE_PLACE)
#undef ARCHIVE_PLACE
};

static const struct lib libarchive = {
    .soname = "libarchive.so.13", /* the same since libarchive 3.0 */
    .package = "libarchive13 or, from Debian 13 on, libarchive13t64",
    .calls = calls,
    .n = sizeof(calls) / sizeof(calls[0]),
};

int
archive_lib_load(struct archive_lib *out, struct err *e)
{
	return lib_load(&libarchive, out, e);
}
