#include "outbound/answer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N 3

/* Not dense: the second number is not the first plus one. */
static const struct batch_record records[N] = {{.n = 1501}, {.n = 1503}, {.n = 1504}};

/* "T" taken, "R" refused, "L" later, a letter a record. */
static void
show(const struct record_result *r, char out[N + 1])
{
	size_t i;

	for (i = 0; i < N; i++)
		out[i] = "TRL"[r[i].taken];
	out[N] = '\0';
}

/* As heap memory of the very size, so that a read past the end is seen. */
static int
read_text(const char *text, bool json, struct record_result *out, struct err *e)
{
	size_t n = strlen(text);
	char *copy = malloc(n);
	struct answer_scope scope = {records, N, out};
	int rc;

	memcpy(copy, text, n);
	rc = answer_read((struct span){copy, n}, json, &scope, e);
	free(copy);
	return rc;
}

#define ONE(fields) "{\"results\":[{" fields "}]}"

Test(answer, reads)
{
	static const struct {
		const char *text;
		bool json;
		int want;
		const char *results;
	} rows[] = {
	    /* all taken: nothing, no JSON, JSON without results */
	    {"", false, 0, "TTT"},
	    {"", true, 0, "TTT"},
	    {" \r\n", true, 0, "TTT"},
	    {"OK", false, 0, "TTT"},
	    {"{}", true, 0, "TTT"},
	    {"{\"ok\":true}", true, 0, "TTT"},
	    {"[]", true, 0, "TTT"},
	    {"true", true, 0, "TTT"},
	    {"{\"results\":[]}", true, 0, "TTT"},
	    /* named records */
	    {ONE("\"n\":1501,\"status\":\"refused\""), true, 1, "RTT"},
	    {ONE("\"n\":1503,\"status\":\"later\",\"more\":[1,{}]"), true, 1, "TLT"},
	    {ONE("\"n\":1504,\"status\":\"refused\""), false, 1, "TTR"},
	    {"{\"results\":[{\"n\":1504,\"status\":\"refused\"},{\"n\":1501,\"status\":"
	     "\"later\"}]}",
		true, 2, "LTR"},
	    {ONE("\"n\":1503,\"status\":\"refused\",\"message\":\"\\u0000\""), true, 1,
		"TRT"},
	    {"\xEF\xBB\xBF" ONE("\"n\":1504,\"status\":\"refused\""), true, 1, "TTR"},
	    {"\xEF\xBB\xBF" ONE("\"n\":1504,\"status\":\"refused\""), false, 1, "TTR"},
	    {"\xEF\xBB\xBF", false, 0, "TTT"},
	    /* senseless */
	    {"\xEF\xBB\xBF{", false, -1, NULL},
	    {"{\"results\":[", true, -1, NULL},
	    {"{\"results\":[", false, -1, NULL},
	    {"OK", true, -1, NULL},
	    {"<html>", false, -1, NULL},
	    {"\n <!doctype html>", true, -1, NULL},
	    {"{\"results\":{}}", true, -1, NULL},
	    {"{\"results\":null}", true, -1, NULL},
	    {"{\"results\":[1]}", true, -1, NULL},
	    {"{} {}", true, -1, NULL},
	    {"{\"results\":[],\"results\":[]}", true, -1, NULL},
	    {ONE("\"n\":1502,\"status\":\"refused\""), true, -1, NULL},
	    {ONE("\"n\":0,\"status\":\"refused\""), true, -1, NULL},
	    {ONE("\"n\":-1,\"status\":\"refused\""), true, -1, NULL},
	    {ONE("\"n\":1501.0,\"status\":\"refused\""), true, -1, NULL},
	    {ONE("\"n\":\"1501\",\"status\":\"refused\""), true, -1, NULL},
	    {ONE("\"n\":18446744073709553117,\"status\":\"refused\""), true, -1, NULL},
	    {ONE("\"status\":\"refused\""), true, -1, NULL},
	    {ONE("\"n\":1501"), true, -1, NULL},
	    {ONE("\"n\":1501,\"status\":\"accepted\""), true, -1, NULL},
	    {ONE("\"n\":1501,\"status\":\"refused\\u0000\""), true, -1, NULL},
	    {"{\"results\":[{\"n\":1501,\"status\":\"refused\"},{\"n\":1501,\"status\":"
	     "\"refused\"}]}",
		true, -1, NULL},
	    {"{\"x\":\"\xff\"}", true, -1, NULL},
	};
	struct record_result results[N];
	struct err e = {.code = ERR_NONE};
	char shown[N + 1];
	size_t i;
	int rc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = read_text(rows[i].text, rows[i].json, results, &e);
		cr_expect_eq(rc, rows[i].want, "%s gives %d", rows[i].text, rc);
		show(results, shown);
		if (rows[i].results != NULL)
			cr_expect_str_eq(shown, rows[i].results, "%s", rows[i].text);
		if (rc < 0)
			cr_expect_eq(e.code, ERR_API);
	}
}

Test(answer, codes)
{
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	static const struct {
		const char *given, *want;
	} rows[] = {
	    {"unknown_patient", "unknown_patient"},
	    {"e-12.3", "e-12.3"},
	    {A63, A63},
	    {A63 "a", ""},
	    {"", ""},
	    {"Smith", ""},
	    {"born 1962", ""},
	    {"m\xc3\xbcller", ""},
	    {"a\nb", ""},
	};
	struct record_result r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&r, 'x', sizeof(r));
		answer_code(&r, span_of(rows[i].given));
		cr_expect_str_eq(r.code, rows[i].want);
	}
	answer_code(&r, (struct span){"a\0b", 3});
	cr_expect_str_eq(r.code, "");
	answer_refusal(SPAN_LIT("{\"code\":\"no_patient\",\"message\":\"Smith\"}"), &r);
	cr_expect_str_eq(r.code, "no_patient");
	answer_refusal(SPAN_LIT("{\"code\":12}"), &r);
	cr_expect_str_eq(r.code, "");
	answer_refusal(SPAN_LIT("no JSON"), &r);
	cr_expect_str_eq(r.code, "");
}

/* Memory for an answer is bounded by the batch, not by what the API sends. */
Test(answer, bounds)
{
	struct record_result results[N];
	struct err e;
	size_t n = 1 << 20, i;
	char *text = malloc(n + 1);

	memset(text, '[', n);
	text[n] = '\0';
	cr_expect_eq(read_text(text, true, results, &e), -1);
	for (i = 0; i < n; i++)
		text[i] = i % 2 == 1 ? ',' : i == 0 ? '[' : '0';
	text[n - 1] = ']';
	cr_expect_eq(read_text(text, true, results, &e), -1);
	/* Commas inside text are no values. */
	memset(text, ',', n);
	memcpy(text, "{\"a\\\"b\":\"", 9);
	memcpy(text + n - 2, "\"}", 2);
	cr_expect_eq(read_text(text, true, results, &e), 0);
	free(text);
}
