#include "state/codec.h"

#include <criterion/criterion.h>
#include <string.h>

static struct site_keys keys;

static void
setup(void)
{
	struct err e;

	cr_assert_eq(crypto_init(&e), 0);
	memset(&keys, 0x5a, sizeof(keys));
}

TestSuite(codec, .init = setup);

Test(codec, keys_are_big_endian)
{
	struct key k;

	key_init(&k);
	key_u8(&k, 0xfe);
	key_u32(&k, 0x01020304);
	key_u64(&k, UINT64_C(0x05060708090a0b0c));
	key_bytes(&k, "xy", 2);
	cr_expect_eq(key_span(&k).n, 15);
	cr_expect_arr_eq(key_span(&k).p,
	    "\xfe\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"
	    "xy",
	    15);
	key_init(&k);
	cr_expect_eq(key_span(&k).n, 0);
}

Test(codec, values_are_little_endian)
{
	struct reader r;
	struct buf b;
	char raw[2];

	buf_init(&b, 1000);
	put_u8(&b, 0xfe);
	put_u16(&b, 0x0102);
	put_u32(&b, 0x03040506);
	put_u64(&b, UINT64_C(0x0708090a0b0c0d0e));
	put_i64(&b, -2);
	put_text(&b, SPAN_LIT("abc"));
	put_text(&b, (struct span){NULL, 0});
	buf_add(&b, "\1\2", 2);
	cr_assert_eq(b.n, 32);
	cr_expect_arr_eq(b.p,
	    "\xfe\x02\x01\x06\x05\x04\x03\x0e\x0d\x0c\x0b\x0a\x09\x08\x07"
	    "\xfe\xff\xff\xff\xff\xff\xff\xff\x03\x00"
	    "abc\x00\x00\x01\x02",
	    32);
	r = (struct reader){.in = buf_span(&b)};
	cr_expect_eq(get_u8(&r), 0xfe);
	cr_expect_eq(get_u16(&r), 0x0102);
	cr_expect_eq(get_u32(&r), 0x03040506);
	cr_expect_eq(get_u64(&r), UINT64_C(0x0708090a0b0c0d0e));
	cr_expect_eq(get_i64(&r), -2);
	cr_expect(span_eq(get_text(&r), SPAN_LIT("abc")));
	cr_expect_eq(get_text(&r).n, 0);
	get_bytes(&r, raw, 2);
	cr_expect_arr_eq(raw, "\1\2", 2);
	cr_expect_not(r.bad);
	cr_expect_eq(r.in.n, 0);
	buf_release(&b);
}

/* Every cut of a value is noticed, and nothing is read past its end. */
Test(codec, a_short_value_gives_zeroes)
{
	static const char bytes[] = "\1\2\3\4\5\6\7";
	char raw[16];

	for (size_t n = 0; n < 8; n++) {
		struct reader r = {.in = {bytes, n}};

		cr_expect_eq(get_u64(&r), 0);
		cr_expect(r.bad);
		cr_expect_eq(get_u8(&r), 0, "nothing is read once it is bad");
	}
	for (size_t n = 0; n < 4; n++) {
		struct reader r = {.in = {bytes, n}};

		cr_expect_eq(get_u32(&r), 0);
		cr_expect(r.bad);
	}
	{
		struct reader r = {.in = {"\5\0abcd", 6}};

		cr_expect_null(get_text(&r).p);
		cr_expect(r.bad);
		memset(raw, 'x', sizeof(raw));
		get_bytes(&r, raw, sizeof(raw));
		cr_expect_arr_eq(raw, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(raw));
	}
	{
		struct reader r = {.in = {NULL, 0}};

		cr_expect_eq(get_u16(&r), 0);
		cr_expect_eq(get_i64(&r), 0);
		cr_expect(r.bad);
	}
}

Test(codec, long_text_is_cut_to_what_its_length_can_say)
{
	static char text[70000];
	struct reader r;
	struct buf b;

	memset(text, 't', sizeof(text));
	buf_init(&b, 100000);
	put_text(&b, (struct span){text, sizeof(text)});
	put_u8(&b, 9);
	r = (struct reader){.in = buf_span(&b)};
	cr_expect_eq(get_text(&r).n, 65535);
	cr_expect_eq(get_u8(&r), 9);
	cr_expect_not(r.bad);
	buf_release(&b);
}

static struct span
with_check(struct buf *b, const char *key, const char *value)
{
	buf_clear(b);
	buf_add_str(b, value);
	value_check(&keys, span_of(key), b);
	return buf_span(b);
}

Test(codec, the_check_notices_each_byte_the_key_and_the_site)
{
	struct span key = SPAN_LIT("key"), value;
	struct site_keys other = keys;
	struct buf b;

	buf_init(&b, 1000);
	value = with_check(&b, "key", "some value");
	cr_expect_eq(value.n, 14);
	cr_expect(value_checked(&keys, key, &value));
	cr_expect(span_eq(value, SPAN_LIT("some value")));
	for (size_t i = 0; i < b.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] = (char)(b.p[i] ^ (1 << bit));
			value = buf_span(&b);
			cr_expect_not(value_checked(&keys, key, &value), "%zu", i);
			b.p[i] = (char)(b.p[i] ^ (1 << bit));
		}
	value = buf_span(&b);
	cr_expect_not(value_checked(&keys, SPAN_LIT("kez"), &value));
	value = buf_span(&b);
	other.digest[KEY_CHECK][0] ^= 1;
	cr_expect_not(value_checked(&other, key, &value));
	for (size_t n = 0; n < b.n; n++) {
		value = (struct span){b.p, n};
		cr_expect_not(value_checked(&keys, key, &value), "%zu", n);
	}
	value = with_check(&b, "key", "");
	cr_expect_eq(value.n, 4);
	cr_expect(value_checked(&keys, key, &value));
	cr_expect_eq(value.n, 0);
	/* A value is not taken for that of a key which equals it. */
	value = with_check(&b, "abc", "abc");
	cr_expect_not(memcmp(value.p + 3, "\0\0\0\0", 4) == 0);
	buf_release(&b);
}
