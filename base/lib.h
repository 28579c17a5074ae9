/*
 * Shared libraries that are loaded when something needs them: what a job does not use costs
 * it nothing at its start. The functions of one are a struct of pointers, a member for each,
 * which belongs to whoever needs them; a table of their names makes it, and the library's
 * own header gives the types, so that none can differ.
 */
#ifndef BASE_LIB_H
#define BASE_LIB_H

#include <stddef.h>

#include "base/err.h"

/* A function's name, and where the struct has its pointer. */
struct lib_call {
	const char *name;
	size_t offset;
};

struct lib {
	const char *soname;
	const char *package; /* what to install */
	const struct lib_call *calls;
	size_t n;
};

/* As a member, of a table such as #define X_CALLS(X) X(function) X(other) */
#define LIB_MEMBER(name) __typeof__(name) *name;

/*
 * Fills in the struct at `out`, which stays valid: what is loaded stays. ERR_CONFIG says
 * why it can't be, and names the package.
 */
int lib_load(const struct lib *l, void *out, struct err *e);

#endif
