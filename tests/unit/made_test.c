/* How old a file of several exports is, whatever their order. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/record.h"
#include "mappers/made.h"

#define NONE TIME_NONE
#define MAX  3

struct part {
	int64_t at, latest;
	bool taken;
};

static const struct {
	const char *what;
	struct part parts[MAX];
	size_t n;
	int64_t at, latest;
	unsigned decides; /* export, from 1 */
} cases[] = {
    {"one alone", {{7, 9, true}}, 1, 7, 9, 1},
    {"one that does not tell", {{NONE, NONE, true}}, 1, NONE, NONE, 1},
    {"one of no row", {{NONE, NONE, false}}, 1, NONE, NONE, 1},
    {"the oldest counts", {{7, 8, true}, {5, 6, true}, {9, 9, true}}, 3, 5, 6, 2},
    {"one without rows says nothing", {{NONE, NONE, false}, {7, 8, true}}, 2, 7, 8, 2},
    {"rejected rows may tell", {{5, 6, false}, {7, 8, true}}, 2, 5, 6, 1},
    {"nor is it the one that does not tell",
	{{NONE, NONE, false}, {7, 8, true}, {NONE, NONE, true}}, 3, NONE, NONE, 3},
    {"as late as that may be, of whichever", {{5, 9, true}, {7, 7, true}}, 2, 5, 7, 1},
    {"times before 1970", {{-7, -6, true}, {NONE, NONE, false}}, 2, -7, -6, 1},
};

/* The n parts, the first being number `first`, up or down. */
static void
add_all(const struct part *parts, size_t n, size_t first, bool down, struct made_sum *s)
{
	static const char *const titles[MAX] = {"One", "Two", "Three"};

	made_init(s);
	for (size_t k = 0; k < n; k++) {
		size_t i = (first + (down ? n - k : k)) % n;
		char title[8];
		struct made export = {parts[i].at, parts[i].latest,
		    {title, strlen(titles[i])}, (unsigned)i + 1};
		struct err e;

		/* What it is borrowed from is gone when the next one comes. */
		snprintf(title, sizeof(title), "%s", titles[i]);
		cr_assert_eq(made_add(s, &export, parts[i].taken, &e), 0);
		memset(title, 'x', sizeof(title));
	}
	cr_assert(s->any);
	cr_expect(span_eq(s->made.column, span_of(titles[s->made.export - 1])));
}

Test(made, exports_in_any_order)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t turn = 0; turn < 2 * cases[i].n; turn++) {
			struct made_sum s;

			add_all(cases[i].parts, cases[i].n, turn / 2, turn % 2 == 1, &s);
			cr_expect_eq(s.made.at, cases[i].at, "%s", cases[i].what);
			cr_expect_eq(s.made.latest, cases[i].latest, "%s", cases[i].what);
			cr_expect_eq(
			    s.made.export, cases[i].decides, "%s", cases[i].what);
			made_release(&s);
		}
}
