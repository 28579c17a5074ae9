/* What jansson reads out of our JSON is what went in; invalid bytes are U+FFFD. */
#include "base/json.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#define ROUNDS   20000
#define TEXT_MAX 60

static uint64_t state = 20261120;

static uint32_t
any(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % below;
}

/* A Unicode scalar value as UTF-8, by RFC 3629 section 3. */
static size_t
encode(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static uint32_t
any_scalar(void)
{
	static const uint32_t below[] = {0x20, 0x80, 0x80, 0x800, 0x10000, 0x110000};
	uint32_t c = any(below[any(6)]);

	return c >= 0xd800 && c <= 0xdfff ? 0x2028 : c;
}

/*
 * Appends one item to both texts: a character, or a byte that is wrong whatever
 * stands beside it, which is to become U+FFFD.
 */
static void
append(struct buf *in, struct buf *want)
{
	static const unsigned char wrong[] = {0xc0, 0xc1, 0xf5, 0xf8, 0xfe, 0xff};
	char c[4];

	if (any(8) == 0) {
		buf_add(in, &wrong[any(sizeof(wrong))], 1);
		buf_add(want, "\xef\xbf\xbd", 3);
	} else {
		size_t n = encode(any_scalar(), c);

		buf_add(in, c, n);
		buf_add(want, c, n);
	}
}

static void
make(struct buf *in, struct buf *want)
{
	buf_clear(in);
	buf_clear(want);
	for (uint32_t n = any(TEXT_MAX); n > 0; n--)
		append(in, want);
}

static void
expect_string(const json_t *v, const struct buf *want)
{
	cr_assert(json_is_string(v));
	cr_assert_eq(json_string_length(v), want->n);
	cr_assert(want->n == 0 || memcmp(json_string_value(v), want->p, want->n) == 0);
}

static json_t *
parse(const struct buf *out)
{
	json_error_t why;
	json_t *v = json_loadb(out->p, out->n,
	    JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);

	cr_assert_not_null(v, "%s at byte %d", why.text, why.position);
	return v;
}

Test(json_fuzz, known_text_comes_back)
{
	struct buf in, want, out;
	struct json j;
	json_t *root;

	buf_init(&in, 1 << 16);
	buf_init(&want, 1 << 16);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t number = (int64_t)((uint64_t)any(UINT32_MAX) << 32 |
					   any(UINT32_MAX));

		make(&in, &want);
		buf_clear(&out);
		jw_init(&j, &out);
		jw_object(&j);
		jw_put_string(&j, "text", buf_span(&in));
		jw_put_int(&j, "number", number);
		jw_key(&j, SPAN_LIT("list"));
		jw_array(&j);
		jw_string(&j, buf_span(&in));
		jw_array_end(&j);
		jw_object_end(&j);
		root = parse(&out);
		expect_string(json_object_get(root, "text"), &want);
		expect_string(json_array_get(json_object_get(root, "list"), 0), &want);
		cr_assert_eq(json_integer_value(json_object_get(root, "number")), number);
		json_decref(root);
	}
	buf_release(&in);
	buf_release(&want);
	buf_release(&out);
}

/* Bytes without any order: always JSON, and what was UTF-8 in them is kept. */
Test(json_fuzz, any_bytes_give_json)
{
	char bytes[TEXT_MAX];
	struct buf out;
	struct json j;
	json_t *v;

	buf_init(&out, 1 << 16);
	for (int i = 0; i < ROUNDS; i++) {
		size_t n = any(TEXT_MAX), ascii = 0, kept = 0;

		for (size_t k = 0; k < n; k++) {
			bytes[k] = (char)(any(2) ? any(256) : 0x70 + any(0x90));
			ascii += (unsigned char)bytes[k] < 0x80;
		}
		buf_clear(&out);
		jw_init(&j, &out);
		jw_string(&j, (struct span){bytes, n});
		v = parse(&out);
		for (size_t k = 0; k < json_string_length(v); k++)
			kept += (unsigned char)json_string_value(v)[k] < 0x80;
		cr_assert_eq(kept, ascii);
		json_decref(v);
	}
	buf_release(&out);
}
