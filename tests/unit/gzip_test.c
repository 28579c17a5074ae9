#include "outbound/gzip.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define TEXT_MAX 300000

/* What zlib makes of it, as another program would. */
static size_t
unpack(const struct buf *packed, char *out)
{
	z_stream z = {.next_in = (z_const Bytef *)packed->p,
	    .avail_in = (uInt)packed->n,
	    .next_out = (Bytef *)out,
	    .avail_out = TEXT_MAX};

	cr_assert_eq(inflateInit2(&z, 15 + 16), Z_OK);
	cr_assert_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	cr_expect_eq(z.avail_in, 0);
	cr_assert_eq(inflateEnd(&z), Z_OK);
	return TEXT_MAX - z.avail_out;
}

/* RFC 1952 2.3: magic, deflate, no flags, no time, no extra flags. */
static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0};

Test(gzip, same_bytes_and_back)
{
	static const size_t sizes[] = {1, 1000, 65536, TEXT_MAX};
	char *text = malloc(TEXT_MAX), *back = malloc(TEXT_MAX);
	unsigned seed = 7;

	cr_assert(text != NULL && back != NULL);
	for (size_t i = 0; i < TEXT_MAX; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)(seed >> 16); /* which packs badly */
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct span in = {text, sizes[i]};
		struct buf one, two;
		struct err e;

		buf_init(&one, 1u << 20);
		buf_init(&two, 1u << 20);
		cr_assert_eq(gzip_pack(in, &one, &e), 0, "%s", e.msg);
		cr_assert_eq(gzip_pack(in, &two, &e), 0, "%s", e.msg);
		cr_expect_eq(one.n, two.n);
		cr_expect_eq(memcmp(one.p, two.p, one.n), 0);
		cr_expect_eq(memcmp(one.p, head, sizeof(head)), 0);
		cr_assert_eq(unpack(&one, back), sizes[i]);
		cr_expect_eq(memcmp(text, back, sizes[i]), 0);
		buf_release(&one);
		buf_release(&two);
	}
	free(text);
	free(back);
}

Test(gzip, as_much_as_there_is_room)
{
	static const char text[100000];
	struct buf out;
	struct err e;

	buf_init(&out, 65536 - 1);
	cr_expect_eq(gzip_pack((struct span){text, sizeof(text)}, &out, &e), -1);
	cr_expect_not_null(strstr(e.msg, "a packed batch"), "%s", e.msg);
	buf_release(&out);
}
