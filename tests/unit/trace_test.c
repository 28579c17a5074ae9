#include <criterion/criterion.h>
#include <string.h>

#include "base/crypto.h"
#include "base/trace.h"

#define ID   "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

/* Trace Context 3.2.2.4 and 3.2.4, and the first versions to come. */
Test(trace, is_taken_if_it_is_valid)
{
	static const struct {
		const char *given;
		bool taken;
		unsigned flags;
	} cases[] = {{"00-" ID "-" SPAN "-01", true, 1},
	    {"00-" ID "-" SPAN "-00", true, 0}, {"00-" ID "-" SPAN "-03", true, 1},
	    {"00-" ID "-" SPAN "-fe", true, 0},
	    {"01-" ID "-" SPAN "-01-what-the-future-will-be-like", true, 1},
	    {"cc-" ID "-" SPAN "-01", true, 1}, {NULL, false, 1}, {"", false, 1},
	    {"00-" ID "-" SPAN "-01-more", false, 1},
	    {"cc-" ID "-" SPAN "-01.more", false, 1}, {"ff-" ID "-" SPAN "-01", false, 1},
	    {"0-" ID "-" SPAN "-01", false, 1},
	    {"00-00000000000000000000000000000000-" SPAN "-01", false, 1},
	    {"00-" ID "-0000000000000000-01", false, 1},
	    {"00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", false, 1},
	    {"00-" ID "-" SPAN "-1", false, 1}, {"00-" ID "-" SPAN "-0x", false, 1},
	    {"00_" ID "-" SPAN "-01", false, 1}, {"00-" ID "_" SPAN "-01", false, 1},
	    {"00-" ID "-" SPAN "_01", false, 1},
	    {"00-" ID "-b7ad6b716920333-01 ", false, 1},
	    {" 00-" ID "-" SPAN "-01", false, 1}};
	struct trace t;
	struct err e;

	cr_assert_eq(crypto_init(&e), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *given = cases[i].given == NULL ? "(none)" : cases[i].given;

		trace_begin(&t, cases[i].given);
		cr_expect_eq(
		    strcmp(t.id, ID) == 0, cases[i].taken, "%s: %s", given, t.id);
		cr_expect_eq(t.flags, cases[i].flags, "%s", given);
		cr_expect_eq(strspn(t.id, "0123456789abcdef"), 32, "%s: %s", given, t.id);
	}
}

Test(trace, each_request_has_a_span_of_its_own)
{
	char a[TRACE_HEADER_SIZE], b[TRACE_HEADER_SIZE];
	struct trace t, again;
	struct err e;

	cr_assert_eq(crypto_init(&e), 0);
	trace_begin(&t, "00-" ID "-" SPAN "-00");
	trace_header(&t, a);
	trace_header(&t, b);
	cr_expect_eq(strncmp(a, "00-" ID "-", 36), 0, "%s", a);
	cr_expect_eq(strcmp(a + 52, "-00"), 0, "%s", a);
	cr_expect_neq(strncmp(a + 36, b + 36, 16), 0);
	cr_expect_neq(strncmp(a + 36, SPAN, 16), 0);
	trace_begin(&again, a);
	cr_expect_str_eq(again.id, t.id);
	trace_begin(&again, NULL);
	cr_expect_str_neq(again.id, t.id);
}
