#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pollers/expected.h"

#define FILES 200
#define SMALL 10240
#define LARGE (EXPECTED_SIZE + 1)

struct rig {
	char name[FILES][8];
	struct drop_file file[FILES];
	const struct drop_file *next[FILES];
	struct expected x;
};

static void
rig_init(struct rig *r, uint64_t size)
{
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < FILES; i++) {
		snprintf(r->name[i], sizeof(r->name[i]), "f%03zu", i);
		r->file[i].name = r->name[i];
		r->file[i].size = size;
		r->file[i].mtime = (int64_t)i;
		r->next[i] = &r->file[i];
	}
	expected_set(&r->x, r->next, FILES);
}

/* As a backend does that succeeds with all. */
static void
fetch(struct rig *r, size_t n, int64_t now)
{
	for (size_t i = 0; i < n; i++) {
		r->x.got[i].bytes = malloc(1);
		r->x.got[i].whole = true;
	}
	expected_done(&r->x, n, now);
}

static const struct {
	const char *what;
	uint64_t size;
	size_t large[2]; /* these are large; 0: none is */
	size_t at, want;
} together[] = {
    {"as many as may be", SMALL, {0}, 0, EXPECTED_FILES},
    {"as many as there are", SMALL, {0}, FILES - 5, 5},
    {"the last one has nobody to come with", SMALL, {0}, FILES - 1, 0},
    {"up to a large one", SMALL, {7, 9}, 0, 7},
    {"the large one comes alone", SMALL, {7, 9}, 7, 0},
    {"one between two large ones", SMALL, {7, 9}, 8, 0},
    {"behind them", SMALL, {7, 9}, 10, EXPECTED_FILES},
    {"up to the bytes that may be in memory", EXPECTED_SIZE, {0}, 0,
	EXPECTED_BYTES / EXPECTED_SIZE},
    {"empty ones", 0, {0}, 3, EXPECTED_FILES},
};

Test(expected, together)
{
	struct rig r;

	for (size_t i = 0; i < sizeof(together) / sizeof(together[0]); i++) {
		size_t at = together[i].at, n;

		rig_init(&r, together[i].size);
		for (size_t k = 0; k < 2; k++)
			if (together[i].large[k] > 0)
				r.file[together[i].large[k]].size = LARGE;
		n = expected_begin(&r.x, "/in", &r.file[at], 0);
		cr_expect_eq(n, together[i].want, "%s: %zu", together[i].what, n);
		if (n > 0) {
			char last[16];

			snprintf(last, sizeof(last), "/in/f%03zu", at + n - 1);
			cr_expect_str_eq(
			    r.x.got[n - 1].path, last, "%s", together[i].what);
			cr_expect_eq(r.x.got[n - 1].mtime, (int64_t)(at + n - 1));
		}
		expected_set(&r.x, NULL, 0);
	}
}

/* In its turn each is there once, for a while; the next ones are fetched behind the last. */
Test(expected, turns)
{
	struct rig r;
	const struct fetched *got;
	struct drop_file stranger;

	rig_init(&r, SMALL);
	stranger = r.file[0];
	cr_assert_eq(expected_begin(&r.x, "/", &r.file[0], 1000), (size_t)EXPECTED_FILES);
	fetch(&r, 10, 2000);
	got = expected_find(&r.x, "/f000", &r.file[0], 2000);
	cr_assert_not_null(got);
	expected_used(&r.x, got);
	cr_expect_null(
	    expected_find(&r.x, "/f000", &r.file[0], 2000), "it was lent once");
	cr_expect_eq(expected_begin(&r.x, "/", &r.file[0], 2000), 0,
	    "nor is it fetched together with others once more");
	cr_expect_null(expected_find(&r.x, "/f001", &stranger, 2000));
	cr_expect_null(expected_find(&r.x, "/old/f001", &r.file[1], 2000),
	    "it lies elsewhere by now");
	cr_expect_not_null(expected_find(&r.x, "/f001", &r.file[1], 2000 + EXPECTED_AGE));
	cr_expect_null(
	    expected_find(&r.x, "/f001", &r.file[1], 2001 + EXPECTED_AGE), "too old");
	cr_expect_null(expected_find(&r.x, "/f010", &r.file[10], 2000),
	    "the time was over before it was begun");
	cr_expect_eq(
	    expected_begin(&r.x, "/", &r.file[10], 2000), (size_t)EXPECTED_FILES);
	fetch(&r, EXPECTED_FILES, 3000);
	cr_expect_eq(expected_begin(&r.x, "/", &r.file[40], 3001 + EXPECTED_AGE),
	    (size_t)EXPECTED_FILES, "what is too old is fetched again");
	expected_done(&r.x, 0, 0);
	cr_expect_null(expected_find(&r.x, "/f040", &r.file[40], 0));
	expected_set(&r.x, NULL, 0);
	cr_expect_eq(expected_begin(&r.x, "/", &r.file[0], 0), 0, "nothing is expected");
}
