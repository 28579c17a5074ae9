#include "base/json.h"

#include <criterion/criterion.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct buf out;
static struct json j;

static void
setup(void)
{
	buf_init(&out, 1 << 20);
	jw_init(&j, &out);
}

static void
teardown(void)
{
	buf_release(&out);
}

TestSuite(json, .init = setup, .fini = teardown);

static void
expect_text(const char *want)
{
	cr_expect(span_eq(buf_span(&out), span_of(want)), "%.*s is not %s", (int)out.n,
	    out.p, want);
}

Test(json, strings_are_escaped_as_rfc_8259_says)
{
	const struct {
		struct span in;
		const char *out;
	} cases[] = {
	    {SPAN_LIT(""), "\"\""},
	    {{NULL, 0}, "\"\""},
	    {SPAN_LIT("plain"), "\"plain\""},
	    {SPAN_LIT("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
	    {SPAN_LIT("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""},
	    {SPAN_LIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\""},
	    {SPAN_LIT("caf\xc3\xa9 \xf0\x9f\x98\x80"),
		"\"caf\xc3\xa9 \xf0\x9f\x98\x80\""},
	    {SPAN_LIT("caf\xe9"), "\"caf\xef\xbf\xbd\""},
	    {SPAN_LIT("\xff\xfe"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
	    {SPAN_LIT("\xc3"), "\"\xef\xbf\xbd\""},
	    {SPAN_LIT("\xc3\""), "\"\xef\xbf\xbd\\\"\""},
	    {SPAN_LIT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		jw_init(&j, &out);
		jw_string(&j, cases[i].in);
		expect_text(cases[i].out);
	}
}

Test(json, numbers)
{
	jw_array(&j);
	jw_int(&j, 0);
	jw_int(&j, -1);
	jw_int(&j, INT64_MIN);
	jw_int(&j, INT64_MAX);
	jw_uint(&j, UINT64_MAX);
	jw_array_end(&j);
	expect_text(
	    "[0,-1,-9223372036854775808,9223372036854775807,18446744073709551615]");
}

Test(json, commas_are_its_affair)
{
	jw_object(&j);
	jw_key(&j, SPAN_LIT("empty"));
	jw_object(&j);
	jw_object_end(&j);
	jw_key(&j, SPAN_LIT("list"));
	jw_array(&j);
	jw_array(&j);
	jw_array_end(&j);
	jw_object(&j);
	jw_put_int(&j, "i", -3);
	jw_put_uint(&j, "u", 3);
	jw_object_end(&j);
	jw_cstr(&j, NULL);
	jw_cstr(&j, "s");
	jw_raw(&j, SPAN_LIT("1.50"));
	jw_null(&j);
	jw_array_end(&j);
	jw_put_bool(&j, "t", true);
	jw_put_bool(&j, "f", false);
	jw_put_cstr(&j, "none", NULL);
	jw_put_string(&j, "a\"b", SPAN_LIT("x"));
	jw_object_end(&j);
	expect_text("{\"empty\":{},\"list\":[[],{\"i\":-3,\"u\":3},null,\"s\",1.50,null],"
		    "\"t\":true,\"f\":false,\"none\":null,\"a\\\"b\":\"x\"}");
}

Test(json, a_full_buffer_is_no_overrun)
{
	struct err e;
	struct buf small;

	for (size_t max = 0; max < 12; max++) {
		buf_init(&small, max);
		jw_init(&j, &small);
		jw_string(&j, SPAN_LIT("a\n\xff\xc3\xa9"));
		/* "a\n, U+FFFD, e acute, quotes: 2 + 1 + 2 + 3 + 2 */
		cr_expect_eq(buf_check(&small, "x", &e), max < 10 ? -1 : 0, "%zu", max);
		cr_expect_leq(small.n, max);
		buf_release(&small);
	}
}
