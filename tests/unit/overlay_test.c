#include "state/overlay.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <string.h>

#define MANY      1000000
#define SOME      100000
#define ENTRY_MAX 31 /* bytes, however many there are from SOME on */

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

static void
put(struct overlay *o, const struct record_key *k, struct changed c)
{
	cr_assert_eq(overlay_put(o, k, &c, &e), 0, "%s", e.msg);
}

static void
expect(const struct overlay *o, const struct record_key *k, struct changed want)
{
	struct changed c;

	cr_assert_eq(overlay_get(o, k, &c), 1);
	cr_expect_eq(c.content, want.content);
	cr_expect_eq(
	    c.at, want.at, "%lld, not %lld", (long long)c.at, (long long)want.at);
	cr_expect_eq(c.batch, want.batch);
}

Test(overlay, knows_what_was_put_last)
{
	struct overlay *o = overlay_new(&e);
	struct record_key a = key_of(1), b = key_of(2);
	struct changed c;

	cr_assert_not_null(o);
	cr_expect_eq(overlay_get(o, &a, &c), 0);
	put(o, &a, (struct changed){10, 3000, 1});
	cr_expect_eq(overlay_get(o, &b, &c), 0);
	put(o, &b, (struct changed){20, TIME_NONE, 1});
	put(o, &a, (struct changed){11, 4000, 7});
	expect(o, &a, (struct changed){11, 4000, 7});
	expect(o, &b, (struct changed){20, TIME_NONE, 1});
	overlay_free(o);
	overlay_free(NULL);
}

/* Keys that a table of their first 64 bits may confuse: zeroes, ones, one bit apart. */
Test(overlay, odd_keys)
{
	static const unsigned char bytes[][DIGEST_SIZE] = {
	    {0},
	    {0, 0, 0, 0, 0, 0, 0, 1},
	    {1},
	    {0, 0, 0, 0, 0, 0, 0, 2},
	    {0, 1},
	    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	    {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	};
	struct overlay *o = overlay_new(&e);
	uint32_t n = sizeof(bytes) / sizeof(bytes[0]);
	struct record_key k = {.type = RECORD_SLOT};
	struct changed c;

	for (uint32_t i = 0; i < n; i++) {
		memcpy(k.digest.b, bytes[i], DIGEST_SIZE);
		cr_expect_eq(overlay_get(o, &k, &c), 0, "%u", i);
		put(o, &k, (struct changed){0, TIME_NONE, i + 1});
	}
	for (uint32_t i = 0; i < n; i++) {
		memcpy(k.digest.b, bytes[i], DIGEST_SIZE);
		expect(o, &k, (struct changed){0, TIME_NONE, i + 1});
	}
	overlay_free(o);
}

/*
 * More keys at a table's very end than fit behind it, so that it grows though it is nearly
 * empty; their order of coming is neither that of the keys nor its reverse.
 */
Test(overlay, keys_crowd_at_the_end)
{
	enum { CROWD = 97, STEP = 31 };
	struct overlay *o = overlay_new(&e);
	struct record_key k = {.type = 0};
	struct changed c;

	memset(&k.digest, 0xff, sizeof(k.digest));
	for (uint32_t i = 0; i < CROWD; i++) {
		k.digest.b[6] = (unsigned char)(255 - i * STEP % CROWD);
		cr_expect_eq(overlay_get(o, &k, &c), 0, "%u", i);
		put(o, &k, (struct changed){i, TIME_NONE, i + 1});
	}
	for (uint32_t i = 0; i < CROWD; i++) {
		k.digest.b[6] = (unsigned char)(255 - i * STEP % CROWD);
		expect(o, &k, (struct changed){i, TIME_NONE, i + 1});
	}
	overlay_free(o);
}

/*
 * Thousands of keys for one and the same place, at the beginning, in the middle and at both
 * sides of another crowd, among so many others that the table grows again and again around
 * them. Each has its number for content.
 */
Test(overlay, keys_crowd_in_between)
{
	enum { CROWDS = 4, CROWD = 2500, OTHERS = 4 };
	static const uint32_t places[CROWDS] = {0, 0x7fffffff, 0x80000000, 0x80001000};
	struct overlay *o = overlay_new(&e);

	for (uint32_t turn = 0; turn < 2; turn++)
		for (uint32_t i = 0; i < CROWD * CROWDS * OTHERS; i++) {
			struct record_key k = key_of(i);
			uint64_t in = places[i / OTHERS % CROWDS];

			k.type = 0;
			/* 7 has no common divisor with their number: neither up nor down. */
			in = in << 32 | (i / OTHERS / CROWDS * 7 % CROWD + 1);
			if (i % OTHERS == 0)
				memcpy(k.digest.b, &in, sizeof(in));
			if (turn == 0)
				put(o, &k, (struct changed){i, TIME_NONE, i + 1});
			else
				expect(o, &k, (struct changed){i, TIME_NONE, i + 1});
		}
	overlay_free(o);
}

static size_t
allocated(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* Nor does a table that has just grown need more. */
Test(overlay, memory_is_flat)
{
	size_t before = allocated(), most = 0, used;
	struct overlay *o = overlay_new(&e);

	for (uint32_t i = 0; i < MANY; i++) {
		struct record_key k = key_of(i);

		put(o, &k, (struct changed){i, TIME_NONE, 1});
		if (i < SOME || i % 1024 != 0)
			continue;
		used = (allocated() - before) / i;
		most = used > most ? used : most;
	}
	cr_expect_leq(most, ENTRY_MAX, "%zu bytes an entry", most);
#ifndef __SANITIZE_ADDRESS__ /* whose allocator mallinfo2 does not see */
	cr_expect_geq(most, 24, "nothing was measured");
#endif
	overlay_free(o);
}

/*
 * The reference is arithmetic: record i was put i % 3 times more, the last time
 * with content i * 7 + i % 3, at (i + i % 3 + 1) times 280,000,001 ms (far into the
 * upper bits), in batch i / 500 + i % 3 + 1.
 */
Test(overlay, a_million_records, .timeout = 120)
{
	struct overlay *o = overlay_new(&e);
	struct record_key k;
	struct changed c;

	for (uint32_t again = 0; again < 3; again++)
		for (uint32_t i = 0; i < MANY; i++) {
			k = key_of(i);
			c = (struct changed){i * UINT64_C(7) + again,
			    (i + again + 1) * INT64_C(280000001), i / 500 + again + 1};
			if (i % 3 >= again)
				cr_assert_eq(overlay_put(o, &k, &c, &e), 0);
		}
	for (uint32_t i = 0; i < MANY; i++) {
		k = key_of(i);
		cr_assert_eq(overlay_get(o, &k, &c), 1);
		cr_assert_eq(c.content, i * UINT64_C(7) + i % 3);
		cr_assert_eq(c.at, (i + i % 3 + 1) * INT64_C(280000001));
		cr_assert_eq(c.batch, i / 500 + i % 3 + 1);
		k = key_of(i + UINT64_C(2) * MANY);
		cr_assert_eq(overlay_get(o, &k, &c), 0);
	}
	overlay_free(o);
}

/* Milliseconds in 48 bits, from 1970 on; what lies outside has no time. */
Test(overlay, times_are_kept_in_milliseconds)
{
	static const struct {
		int64_t put, got;
	} cases[] = {
	    {TIME_NONE, TIME_NONE},
	    {1, 1},
	    {1999, 1999},
	    {INT64_C(1795203002007), INT64_C(1795203002007)},
	    {INT64_C(4294967295), INT64_C(4294967295)},
	    {INT64_C(4294967296), INT64_C(4294967296)},
	    {INT64_C(4294967296999), INT64_C(4294967296999)},
	    {INT64_C(281474976710655), INT64_C(281474976710655)},
	    {INT64_C(281474976710656), TIME_NONE},
	    {-1, TIME_NONE},
	    {INT64_MIN + 1, TIME_NONE},
	    {INT64_MAX, TIME_NONE},
	};
	struct overlay *o = overlay_new(&e);
	struct record_key k = key_of(1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(o, &k, (struct changed){1, cases[i].put, 1});
		expect(o, &k, (struct changed){1, cases[i].got, 1});
	}
	overlay_free(o);
}

/* The first 64 bits of the digest, and the type, tell records apart. */
Test(overlay, types_are_apart)
{
	struct overlay *o = overlay_new(&e);
	struct record_key k = key_of(1), other = k;
	struct changed c;

	other.type = RECORD_SLOT;
	put(o, &k, (struct changed){1, TIME_NONE, 1});
	cr_expect_eq(overlay_get(o, &other, &c), 0);
	overlay_free(o);
}

/* Neither of the three runs into another. */
Test(overlay, largest_values)
{
	static const struct changed cases[] = {
	    {UINT64_C(0xffffffffffff), TIME_NONE, UINT32_MAX},
	    {0, INT64_C(281474976710655), 1},
	    {UINT64_C(0xffffffffffff), 1, 1},
	    {1, INT64_C(281474976710655), UINT32_MAX},
	};
	struct overlay *o = overlay_new(&e);
	struct record_key k = key_of(1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(o, &k, cases[i]);
		expect(o, &k, cases[i]);
	}
	overlay_free(o);
}

Test(overlay, content_is_a_prefix_of_the_digest)
{
	struct digest a = {{1, 2, 3, 4, 5, 6, 7, 8, 9}}, b = a;

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		b.b[i] ^= 1;
		cr_expect_eq(
		    overlay_content(&a) == overlay_content(&b), i >= 6, "byte %zu", i);
		b = a;
	}
	memset(b.b, 0xff, sizeof(b.b));
	cr_expect_eq(overlay_content(&b), UINT64_C(0xffffffffffff));
}
