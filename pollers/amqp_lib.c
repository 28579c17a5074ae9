#include "pollers/amqp_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define SONAME "librabbitmq.so.4" /* the same since librabbitmq 0.5 */

static const struct {
	const char *name;
	size_t offset;
} calls[] = {
#define AMQP_PLACE(name) {#name, offsetof(struct amqp_lib, name)},
    AMQP_CALLS(AMQP_PLACE)
#undef AMQP_PLACE
};

int
amqp_lib_load(struct amqp_lib *out, struct err *e)
{
	/* Loaded once; RTLD_NODELETE keeps it, so that nothing needs to be closed. */
	void *lib = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		void *at = lib == NULL ? NULL : dlsym(lib, calls[i].name);

		if (at == NULL)
			return err_set(e, ERR_CONFIG,
			    SONAME " can't be used: install the package librabbitmq4");
		memcpy((char *)out + calls[i].offset, &at, sizeof(at));
	}
	return 0;
}
