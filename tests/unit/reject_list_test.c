#include "cmd/reject_list.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FEED "clinic"
#define ID   "000102030405060708090a0b0c0d0e0f"

/* A folder that is the test's alone, and what is kept in it. */
struct kept {
	char dir[32];
	int fd;
};

static void
kept_open(struct kept *k)
{
	snprintf(k->dir, sizeof(k->dir), "/tmp/reject_list.XXXXXX");
	cr_assert_not_null(mkdtemp(k->dir));
	k->fd = -1;
}

static void
remove_file(const char *dir, const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	remove(full);
}

static void
kept_close(struct kept *k)
{
	if (k->fd >= 0)
		close(k->fd);
	remove_file(k->dir, "answers/" FEED "/" ID ".rejects");
	remove_file(k->dir, "answers/" FEED);
	remove_file(k->dir, "answers");
	rmdir(k->dir);
}

/* Writes the list, or these bytes, and opens what was kept. */
static void
keep(struct kept *k, struct reject_list *l, const char *bytes)
{
	const struct answer_place at = {k->dir, FEED, ANSWERS_TO_GIVE};
	char path[128];
	struct err e;
	struct answer *a = answer_new(&at, ID ".rejects", &e);

	cr_assert_not_null(a, "%s", e.msg);
	if (l != NULL)
		cr_assert_eq(reject_list_write(l, a, &e), 0, "%s", e.msg);
	else
		cr_assert_eq(answer_add(a, span_of(bytes), &e), 0, "%s", e.msg);
	cr_assert_eq(answer_keep(a, &e), 0, "%s", e.msg);
	answer_free(a);
	snprintf(path, sizeof(path), "%s/answers/" FEED "/" ID ".rejects", k->dir);
	k->fd = open(path, O_RDONLY);
	cr_assert_geq(k->fd, 0);
}

static void
add(struct reject_list *l, uint64_t row, enum problem_code code, const char *title)
{
	reject_list_add(l, &(struct problem){.code = code,
			       .weight = WEIGHT_REJECT,
			       .row = row,
			       .column = span_of(title)});
}

/* What was found late stands where its row is, once for each reason. */
Test(reject_list, rows_in_their_order)
{
	static const char expected[] =
	    "2 not_date DOB\n3 api_refused \n7 unknown_code A title\n7 missing_id \n"
	    "9 retired_id \n12 csv_quote M\xc3\xbcller\n20 api_refused \n20 retired_id \n";
	char got[sizeof(expected) + 64];
	struct kept k;
	struct err e;
	struct reject_list *l = reject_list_new("/tmp", 1 << 20, &e);
	ssize_t n;

	kept_open(&k);
	cr_expect(reject_list_is_empty(l));
	reject_list_add(
	    l, &(struct problem){
		   .code = PROBLEM_NOT_DATE, .weight = WEIGHT_WARNING, .row = 1});
	reject_list_add_late(l, 0, PROBLEM_API_REFUSED);
	cr_expect(reject_list_is_empty(l), "a warning, and what stands in no row");
	add(l, 2, PROBLEM_NOT_DATE, "DOB");
	reject_list_add_late(l, 20, PROBLEM_API_REFUSED);
	add(l, 7, PROBLEM_UNKNOWN_CODE, "A\ntitle");
	reject_list_add_late(l, 3, PROBLEM_API_REFUSED);
	add(l, 7, PROBLEM_MISSING_ID, "");
	reject_list_add_late(l, 9, PROBLEM_RETIRED_ID);
	reject_list_add_late(l, 3, PROBLEM_API_REFUSED);
	reject_list_add_late(l, 20, PROBLEM_RETIRED_ID);
	add(l, 12, PROBLEM_CSV_QUOTE, "M\xc3\xbcller");
	cr_expect_not(reject_list_is_empty(l));
	keep(&k, l, NULL);
	n = read(k.fd, got, sizeof(got));
	cr_assert_eq(n, (ssize_t)strlen(expected), "%.*s", (int)n, got);
	cr_expect_eq(memcmp(got, expected, (size_t)n), 0, "%.*s", (int)n, got);
	reject_list_free(l);
	kept_close(&k);
}

Test(reject_list, what_a_row_is_told)
{
	struct kept k;
	struct err e;
	struct reject_reader *r;
	struct reject out;

	kept_open(&k);
	keep(&k, NULL,
	    "4 not_date DOB\n4 not_date Seen on\n4 missing_id \n9 of_a_later_version X\n");
	r = reject_reader_new(k.fd, &e);
	cr_assert_not_null(r, "%s", e.msg);
	cr_expect_eq(reject_reader_wanted(r, 3, &out, &e), 0);
	cr_expect_eq(reject_reader_wanted(r, 4, &out, &e), 1);
	cr_expect(span_eq(out.column, SPAN_LIT("DOB, Seen on")));
	cr_expect(
	    span_eq(out.problem,
		SPAN_LIT(
		    "The value is not a date in the agreed format. [not_date] / "
		    "What identifies the record is empty, or stands for nothing. [missing_id]")),
	    "%.*s", (int)out.problem.n, out.problem.p);
	cr_expect(span_eq(out.remedy,
	    SPAN_LIT("Write the date as in the other rows; check that the day exists. / "
		     "Fill it in; if the row is no data, such as a total, delete it.")));
	cr_expect_not(reject_reader_at_end(r));
	cr_expect_eq(reject_reader_wanted(r, 9, &out, &e), 1);
	cr_expect(span_eq(out.column, SPAN_LIT("X")));
	cr_expect(reject_reader_at_end(r));
	cr_expect_eq(reject_reader_wanted(r, 10, &out, &e), 0);
	reject_reader_free(r);
	kept_close(&k);
}

Test(reject_list, damaged)
{
	static const char *const lists[] = {
	    "no row\n", "12\n", "12 not_date", "0 not_date DOB\n", "\n"};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct kept k;
		struct err e = {.code = ERR_NONE};

		kept_open(&k);
		keep(&k, NULL, lists[i]);
		cr_expect_null(reject_reader_new(k.fd, &e), "%s", lists[i]);
		cr_expect_eq(e.code, ERR_IO, "%s", lists[i]);
		kept_close(&k);
	}
}

/* Whose answers are on their way, and which receipts are old. */
Test(reject_list, names)
{
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct kept k;
	struct err e;
	struct answer *a;
	char path[128];

	kept_open(&k);
	keep(&k, NULL, "2 not_date DOB\n");
	cr_expect(answer_kept(k.dir, FEED, ID));
	cr_expect_not(answer_kept(k.dir, FEED, "000102"), "no id is another's beginning");
	cr_expect_not(answer_kept(k.dir, "other", ID));
	for (int i = 0; i < 2; i++) {
		const struct answer_place at = {k.dir, FEED, RECEIPTS_HERE};

		snprintf(path, sizeof(path), "%d", i);
		cr_assert_not_null(a = answer_new(&at, path, &e));
		cr_assert_eq(answer_keep(a, &e), 0);
		answer_free(a);
	}
	snprintf(path, sizeof(path), "%s/receipts/" FEED "/0", k.dir);
	cr_assert_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	cr_expect_eq(receipts_forget(k.dir, FEED, 2000, &e), 0);
	cr_expect_eq(access(path, F_OK), -1, "the old one is gone");
	snprintf(path, sizeof(path), "%s/receipts/" FEED "/1", k.dir);
	cr_expect_eq(access(path, F_OK), 0, "the other is not");
	cr_expect_eq(receipts_forget(k.dir, "other", 2000, &e), 0, "there are none");
	remove_file(k.dir, "receipts/" FEED "/1");
	remove_file(k.dir, "receipts/" FEED);
	remove_file(k.dir, "receipts");
	kept_close(&k);
}
