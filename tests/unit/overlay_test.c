#include "state/overlay.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <string.h>

#define MANY      1000000
#define ENTRY_MAX 40 /* bytes, at a million entries */

static struct err e;

/* splitmix64: keys are digests, and look like this. */
static uint64_t
scramble(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static struct record_key
key_of(uint64_t i)
{
	uint64_t half[2] = {scramble(i), scramble(i + MANY * UINT64_C(16))};
	struct record_key k = {.type = RECORD_PATIENT};

	memcpy(k.digest.b, half, sizeof(half));
	return k;
}

Test(overlay, knows_what_was_put_last)
{
	struct overlay *o = overlay_new(&e);
	struct record_key a = key_of(1), b = key_of(2);
	uint64_t content;
	uint32_t batch;

	cr_assert_not_null(o);
	cr_expect_eq(overlay_get(o, &a, &content, &batch), 0);
	cr_expect_eq(overlay_put(o, &a, 10, 1, &e), 0);
	cr_expect_eq(overlay_get(o, &b, &content, &batch), 0);
	cr_expect_eq(overlay_put(o, &b, 20, 1, &e), 0);
	cr_expect_eq(overlay_put(o, &a, 11, 7, &e), 0);
	cr_expect_eq(overlay_get(o, &a, &content, &batch), 1);
	cr_expect_eq(content, 11);
	cr_expect_eq(batch, 7);
	cr_expect_eq(overlay_get(o, &b, &content, &batch), 1);
	cr_expect_eq(content, 20);
	cr_expect_eq(batch, 1);
	overlay_free(o);
	overlay_free(NULL);
}

/* Keys that an open-addressed table may confuse: zeroes, ones, one bit apart. */
Test(overlay, odd_keys)
{
	static const unsigned char bytes[][DIGEST_SIZE] = {
	    {0},
	    {0, 0, 0, 0, 0, 0, 0, 1},
	    {1},
	    {0, 0, 0, 0, 0, 0, 0, 0, 2},
	    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	};
	struct overlay *o = overlay_new(&e);
	uint32_t n = sizeof(bytes) / sizeof(bytes[0]), batch;
	struct record_key k = {.type = RECORD_SLOT};
	uint64_t content;

	for (uint32_t i = 0; i < n; i++) {
		memcpy(k.digest.b, bytes[i], DIGEST_SIZE);
		cr_expect_eq(overlay_get(o, &k, &content, &batch), 0, "%u", i);
		cr_expect_eq(overlay_put(o, &k, 0, i, &e), 0);
	}
	for (uint32_t i = 0; i < n; i++) {
		memcpy(k.digest.b, bytes[i], DIGEST_SIZE);
		cr_expect_eq(overlay_get(o, &k, &content, &batch), 1);
		cr_expect_eq(batch, i);
		cr_expect_eq(content, 0);
	}
	overlay_free(o);
}

/*
 * The reference is arithmetic: record i was put i % 3 times more, the last time
 * with content i * 7 + i % 3 in batch i / 500 + i % 3.
 */
Test(overlay, a_million_records, .timeout = 120)
{
	size_t before = mallinfo2().uordblks, used;
	struct overlay *o = overlay_new(&e);
	struct record_key k;
	uint64_t content;
	uint32_t batch;

	for (uint32_t again = 0; again < 3; again++)
		for (uint32_t i = 0; i < MANY; i++) {
			k = key_of(i);
			if (i % 3 >= again)
				cr_assert_eq(overlay_put(o, &k, i * UINT64_C(7) + again,
						 i / 500 + again, &e),
				    0);
		}
	for (uint32_t i = 0; i < MANY; i++) {
		k = key_of(i);
		cr_assert_eq(overlay_get(o, &k, &content, &batch), 1);
		cr_assert_eq(content, i * UINT64_C(7) + i % 3);
		cr_assert_eq(batch, i / 500 + i % 3);
		k = key_of(i + UINT64_C(2) * MANY);
		cr_assert_eq(overlay_get(o, &k, &content, &batch), 0);
	}
	used = mallinfo2().uordblks + mallinfo2().hblkhd - before;
	cr_expect_leq(used, (size_t)ENTRY_MAX * MANY, "%zu bytes an entry", used / MANY);
#ifndef __SANITIZE_ADDRESS__ /* whose allocator mallinfo2 does not see */
	cr_expect_geq(used, (size_t)24 * MANY, "nothing was measured");
#endif
	overlay_free(o);
}

Test(overlay, content_is_a_prefix_of_the_digest)
{
	struct digest a = {{1, 2, 3, 4, 5, 6, 7, 8, 9}}, b = a;

	b.b[7] ^= 1;
	cr_expect_neq(overlay_content(&a), overlay_content(&b));
	b = a;
	cr_expect_eq(overlay_content(&a), overlay_content(&b));
}
