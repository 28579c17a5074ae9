#include "mappers/archive_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define SONAME "libarchive.so.13" /* the same since libarchive 3.0 */

static const struct {
	const char *name;
	size_t offset;
} calls[] = {
#define ARCHIVE_PLACE(name) {#name, offsetof(struct archive_lib, name)},
    ARCHIVE_CALLS(ARCHIVE_PLACE)
#undef ARCHIVE_PLACE
};

int
archive_lib_load(struct archive_lib *out, struct err *e)
{
	/* Loaded once; RTLD_NODELETE keeps it, so that nothing needs to be closed. */
	void *lib = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *at = lib == NULL ? NULL : dlsym(lib, calls[i].name);

		if (at == NULL)
			return err_set(e, ERR_CONFIG,
			    SONAME " can't be used: install the package libarchive13 "
				   "(libarchive13t64 from Debian 13 on)");
		memcpy((char *)out + calls[i].offset, &at, sizeof(at));
	}
	return 0;
}
