#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/whole.h"

/* What write(2) does with each call, one after the other: it takes so many, or fails. */
struct turn {
	ssize_t takes;
	int error;
};

static const struct turn *turns;
static char got[32];
static size_t got_n;

/* In place of write in what is tested. */
ssize_t
__wrap_write(int fd, const void *p, size_t n)
{
	struct turn t = *turns++;

	cr_assert_eq(fd, 77);
	if (t.takes < 0) {
		errno = t.error;
		return -1;
	}
	cr_assert_leq((size_t)t.takes, n);
	memcpy(got + got_n, p, (size_t)t.takes);
	got_n += (size_t)t.takes;
	return t.takes;
}

Test(whole, write)
{
	static const struct {
		const char *story;
		struct turn turns[5];
		int rc, error;
		const char *got;
	} rows[] = {
	    {"at once", {{9, 0}}, 0, 0, "all of it"},
	    {"in parts", {{3, 0}, {1, 0}, {5, 0}}, 0, 0, "all of it"},
	    {"a signal", {{-1, EINTR}, {3, 0}, {-1, EINTR}, {6, 0}}, 0, 0, "all of it"},
	    {"no room", {{3, 0}, {-1, ENOSPC}}, -1, ENOSPC, "all"},
	    {"nothing is taken", {{3, 0}, {0, 0}}, -1, EIO, "all"},
	};
	int rc;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		turns = rows[i].turns;
		got_n = 0;
		rc = write_whole(77, SPAN_LIT("all of it"));
		cr_expect_eq(rc, rows[i].rc, "%s", rows[i].story);
		cr_expect(rc == 0 || errno == rows[i].error, "%s", rows[i].story);
		cr_expect_eq(got_n, strlen(rows[i].got), "%s", rows[i].story);
		cr_expect_arr_eq(got, rows[i].got, got_n, "%s", rows[i].story);
	}
	turns = NULL;
	cr_expect_eq(write_whole(77, SPAN_LIT("")), 0);
}
