#include "base/lib.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct fns {
	double (*trunc)(double);
	int (*absent)(void);
};

static const struct lib_call calls[] = {{"trunc", offsetof(struct fns, trunc)},
    {"no_such_function", offsetof(struct fns, absent)}};

Test(lib, load)
{
	static const struct {
		struct lib lib;
		const char *want; /* of the message; NULL: it is loaded */
	} cases[] = {
	    {{"libm.so.6", "libc6", calls, 1}, NULL},
	    {{"libm.so.6", "libc6", calls, 2}, "undefined symbol: no_such_function"},
	    {{"libnone.so.9", "libnone9", calls, 1}, "No such file"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fns f = {NULL, NULL};
		struct err e = {.code = ERR_NONE};
		char head[128];

		cr_assert_eq(lib_load(&cases[i].lib, &f, &e), cases[i].want ? -1 : 0);
		if (cases[i].want == NULL) {
			cr_expect_eq(f.trunc(2.5), 2.0);
			continue;
		}
		snprintf(head, sizeof(head), "%s can't be used: install the package %s (",
		    cases[i].lib.soname, cases[i].lib.package);
		cr_expect_eq(e.code, ERR_CONFIG);
		cr_expect_eq(strncmp(e.msg, head, strlen(head)), 0, "%s", e.msg);
		cr_expect_not_null(strstr(e.msg, cases[i].want), "%s", e.msg);
	}
}
