#include "base/buf.h"

#include <criterion/criterion.h>
#include <string.h>

static void
expect_text(const struct buf *b, const char *want)
{
	cr_expect(
	    span_eq(buf_span(b), span_of(want)), "%.*s is not %s", (int)b->n, b->p, want);
}

Test(buf, appends_what_it_is_given)
{
	struct buf b;
	struct err e;

	buf_init(&b, 1000);
	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	buf_add_span(&b, (struct span){NULL, 0});
	cr_expect_eq(b.n, 3);
	cr_expect_arr_eq(b.p, "a\0b", 3);
	buf_clear(&b);
	buf_add_str(&b, "x=");
	buf_add_u64(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	buf_addf(&b, " %s:%d", "y", -7);
	buf_add_span(&b, SPAN_LIT("!"));
	expect_text(&b, "x=0 18446744073709551615 y:-7!");
	cr_expect_eq(buf_check(&b, "a line", &e), 0);
	buf_release(&b);
	cr_expect_null(b.p);
	cr_expect_eq(b.max, 1000);
}

Test(buf, never_grows_past_its_cap)
{
	struct err e = {.code = ERR_NONE};
	struct buf b;

	buf_init(&b, 300);
	for (int i = 0; i < 300; i++)
		buf_add_char(&b, 'a');
	cr_expect_eq(buf_check(&b, "a line", &e), 0);
	cr_expect_leq(b.cap, 301, "the cap, and buf_addf's NUL");
	buf_add_char(&b, 'b');
	cr_expect_eq(b.n, 300);
	cr_expect_eq(buf_check(&b, "a line", &e), -1);
	cr_expect_eq(e.code, ERR_REFUSED);
	cr_expect_str_eq(e.msg, "a line is larger than 300 bytes");
	buf_release(&b);
}

Test(buf, failure_sticks_until_cleared)
{
	struct err e;
	struct buf b;

	buf_init(&b, 8);
	buf_add_str(&b, "12345678");
	buf_add_char(&b, '9');
	buf_clear(&b);
	cr_expect_eq(buf_check(&b, "x", &e), 0);
	buf_add_str(&b, "1234567");
	buf_add_str(&b, "89");
	buf_add_str(&b, "8"); /* would fit, but not in its place */
	expect_text(&b, "1234567");
	cr_expect_null(buf_reserve(&b, 0));
	cr_expect_neq(b.failed, 0);
	buf_release(&b);
	cr_expect_eq(b.failed, 0);
	buf_add_str(&b, "again");
	expect_text(&b, "again");
	buf_release(&b);
}

Test(buf, no_length_wraps_around)
{
	struct buf b;

	buf_init(&b, 100);
	buf_add_str(&b, "abc");
	cr_expect_null(buf_reserve(&b, SIZE_MAX));
	buf_clear(&b);
	buf_add_str(&b, "abc");
	cr_expect_null(buf_reserve(&b, SIZE_MAX - 2));
	buf_clear(&b);
	cr_expect_not_null(buf_reserve(&b, 100));
	cr_expect_null(buf_reserve(&b, 101));
	buf_release(&b);
	buf_init(&b, 0);
	buf_add_char(&b, 'a');
	cr_expect_eq(b.n, 0);
	cr_expect_neq(b.failed, 0);
	buf_release(&b);
}

Test(buf, reserve_gives_room_and_adds_nothing)
{
	struct buf b;
	char *to;

	buf_init(&b, 1 << 20);
	to = buf_reserve(&b, 5000);
	cr_assert_not_null(to);
	memset(to, 'z', 5000);
	cr_expect_eq(b.n, 0);
	b.n += 5000;
	buf_add_char(&b, '.');
	cr_expect_eq(b.p[4999], 'z');
	cr_expect_eq(b.p[5000], '.');
	buf_release(&b);
	buf_release(&b);
	b = (struct buf){.n = 0};
	buf_release(&b);
}

/* What was too large is told as that, and not as a lack of memory. */
Test(buf, one_append_over_the_cap_names_the_cap)
{
	struct err e;
	struct buf b;

	buf_init(&b, 16);
	buf_add_str(&b, "this is more than sixteen bytes");
	cr_expect_eq(b.n, 0);
	cr_expect_eq(buf_check(&b, "a row", &e), -1);
	cr_expect_eq(e.code, ERR_REFUSED, "%s", e.msg);
	buf_release(&b);
}

Test(buf, a_lack_of_memory_is_told_as_that)
{
	struct err e;
	struct buf b;

	buf_init(&b, 16);
	buf_no_memory(&b);
	buf_add_str(&b, "x");
	cr_expect_eq(b.n, 0);
	cr_expect_eq(buf_check(&b, "a row", &e), -1);
	cr_expect_eq(e.code, ERR_NOMEM, "%s", e.msg);
	buf_release(&b);
}

Test(buf, formatted_text_fits_to_the_last_byte)
{
	struct buf b;

	buf_init(&b, 4);
	buf_addf(&b, "%d", 1234);
	cr_expect_eq(b.failed, 0);
	expect_text(&b, "1234");
	buf_release(&b);
}
