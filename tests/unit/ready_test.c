#include <criterion/criterion.h>

#include "pollers/ready.h"

#define NOW   1800000000000LL /* ms */
#define NOW_S 1800000000LL

struct ready_case {
	const char *what;
	long long min_age, stable_for;
	const char *marker;
	struct drop_file file;
	struct look before;
	bool want;
	int64_t wait;
	bool restart;
};

static const struct ready_case cases[] = {
    {"never seen: wait for the second look", 0, 10000, NULL, {.size = 5, .mtime = 1}, {0},
	false, 10000, true},
    {"seen the same 10 s ago", 0, 10000, NULL, {.size = 5, .mtime = 1},
	{5, 1, NOW - 10000}, true, 0, false},
    {"seen the same 4 s ago: 6 s to go, the old look stays", 0, 10000, NULL,
	{.size = 5, .mtime = 1}, {5, 1, NOW - 4000}, false, 6000, false},
    {"seen the same two days ago", 0, 10000, NULL, {.size = 5, .mtime = 1},
	{5, 1, NOW - 172800000}, true, 0, false},
    {"grown since", 0, 10000, NULL, {.size = 6, .mtime = 1}, {5, 1, NOW - 60000}, false,
	10000, true},
    {"same size, other time", 0, 10000, NULL, {.size = 5, .mtime = 2},
	{5, 1, NOW - 60000}, false, 10000, true},
    {"one look is enough", 0, 0, NULL, {.size = 5, .mtime = 1}, {0}, true, 0, true},
    {"too young by 20 s", 60000, 0, NULL, {.size = 5, .mtime = NOW_S - 40}, {0}, false,
	20000, true},
    {"just old enough", 60000, 0, NULL, {.size = 5, .mtime = NOW_S - 60}, {0}, true, 0,
	true},
    {"age and looks both: the longer wait", 60000, 10000, NULL,
	{.size = 5, .mtime = NOW_S - 40}, {0}, false, 20000, true},
    {"age and looks both: the longer wait, other way", 60000, 10000, NULL,
	{.size = 5, .mtime = NOW_S - 55}, {5, NOW_S - 55, NOW - 1000}, false, 9000,
	false},
    {"a time in the future counts from our first look", 60000, 10000, NULL,
	{.size = 5, .mtime = NOW_S + 86400}, {5, NOW_S + 86400, NOW - 59000}, false, 1000,
	false},
    {"a time in the future, seen long enough", 60000, 10000, NULL,
	{.size = 5, .mtime = NOW_S + 86400}, {5, NOW_S + 86400, NOW - 60000}, true, 0,
	false},
    {"a time in the future is no matter without min_age", 0, 0, NULL,
	{.size = 5, .mtime = NOW_S + 86400}, {0}, true, 0, true},
    {"a time before 1970", 60000, 0, NULL, {.size = 5, .mtime = -1}, {0}, true, 0, true},
    {"our clock was set back: the old look is worthless", 0, 10000, NULL,
	{.size = 5, .mtime = 1}, {5, 1, NOW + 5000}, false, 10000, true},
    {"empty file, same rules", 0, 10000, NULL, {.size = 0, .mtime = 1},
	{0, 1, NOW - 10000}, true, 0, false},
    {"marker there: ready at the first look", 60000, 10000, ".done",
	{.size = 5, .mtime = NOW_S, .marked = true, .marked_at = NOW_S + 3}, {0}, true, 0,
	true},
    {"marker of the very second", 0, 0, ".done",
	{.size = 5, .mtime = NOW_S, .marked = true, .marked_at = NOW_S}, {0}, true, 0,
	true},
    {"marker older than the file, however long that lies there", 0, 10000, ".done",
	{.size = 5, .mtime = NOW_S - 900, .marked = true, .marked_at = NOW_S - 901},
	{5, NOW_S - 900, NOW - 800000}, false, -1, false},
    {"a file from the future is newer than its marker", 0, 0, ".done",
	{.size = 5, .mtime = NOW_S + 86400, .marked = true, .marked_at = NOW_S}, {0},
	false, -1, true},
    {"marker not there: only the clinic can help", 0, 0, ".done", {.size = 5, .mtime = 1},
	{5, 1, NOW - 999999}, false, -1, false},
};

Test(ready, judge)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ready_case *c = &cases[i];
		struct source_conf sc = {.min_age = c->min_age,
		    .stable_for = c->stable_for,
		    .marker = c->marker};
		struct readiness r = ready_judge(&sc, &c->file, &c->before, NOW);

		cr_expect_eq(r.ready, c->want, "%s", c->what);
		cr_expect_eq(
		    r.wait, c->wait, "%s: wait %lld", c->what, (long long)r.wait);
		cr_expect_eq(r.restart, c->restart, "%s: restart", c->what);
		cr_expect_eq(
		    r.outdated, c->file.marked && !c->want, "%s: outdated", c->what);
	}
}
