#include "base/lib.h"

#include <dlfcn.h>
#include <string.h>

static int
refuse(const struct lib *l, struct err *e)
{
	const char *why = dlerror();

	return err_set(e, ERR_CONFIG, "%s can't be used: install the package %s (%s)",
	    l->soname, l->package, why != NULL ? why : "no reason is given");
}

int
lib_load(const struct lib *l, void *out, struct err *e)
{
	/* Loaded once; RTLD_NODELETE keeps it, so that nothing needs to be closed. */
	void *lib = dlopen(l->soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (lib == NULL)
		return refuse(l, e);
	for (size_t i = 0; i < l->n; i++) {
		void *at = dlsym(lib, l->calls[i].name);

		if (at == NULL)
			return refuse(l, e);
		memcpy((char *)out + l->calls[i].offset, &at, sizeof(at));
	}
	return 0;
}
