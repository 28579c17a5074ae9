#include "pollers/event.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TRACE    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/*
 * What an event says, a line a hint: ITEM feed=.. file=.. path=.. trace=.., and of an item
 * without sense ITEM fault: its first words.
 */
static void
write_event(const struct event *ev, struct buf *out)
{
	for (size_t i = 0; i < ev->nitems; i++)
		if (ev->items[i].fault != NULL)
			buf_addf(out, "%zu fault: %s\n", i, ev->items[i].fault);
	for (size_t i = 0; i < ev->nhints; i++) {
		const struct event_hint *h = &ev->hints[i];
		const char *trace = ev->items[h->item].traceparent;

		buf_addf(out, "%zu%s%s%s%s%s%s%s\n", h->item,
		    h->feed != NULL ? " feed=" : "", h->feed != NULL ? h->feed : "",
		    h->file != NULL ? " file=" : "", h->file != NULL ? h->file : "",
		    h->path != NULL ? " path=" : "", h->path != NULL ? h->path : "",
		    trace != NULL ? " traced" : "");
	}
}

#define S3(event, key)                                                                \
	"{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":\"" event \
	"\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"" key           \
	"\",\"size\":1024}}}"
#define RECORDS(r) "{\"Records\":[" r "]}"

static const struct {
	const char *text, *says;
} cases[] = {
    /* ours */
    {"{\"feed\":\"north\"}", "0 feed=north\n"},
    {" {\"feed\":\"north\",\"file\":\"a b.csv\",\"more\":1}\n",
	"0 feed=north file=a b.csv\n"},
    {"{\"feed\":\"north\",\"file\":null}", "0 feed=north\n"},
    {"{\"feed\":\"n\",\"traceparent\":\"" TRACE "\"}", "0 feed=n traced\n"},
    {"{\"feed\":\"n\",\"traceparent\":\"x\\ny\"}", "0 feed=n\n"},
    {"{\"feed\":7}", "0 fault: \"feed\" is not the name of a feed\n"},
    {"{\"feed\":\"\"}", "0 fault: \"feed\" is not the name of a feed\n"},
    {"{\"feed\":\"n\",\"file\":[\"a\"]}", "0 fault: \"file\" is not a file's name\n"},
    /* S3: keys are encoded as in forms; what is removed is not looked at */
    {RECORDS(S3("ObjectCreated:Put", "in/a+b%2Bc%C3%A9.csv")),
	"0 path=b/in/a b+c\xc3\xa9.csv\n"},
    {RECORDS(S3("ObjectCreated:CompleteMultipartUpload", "x") "," S3(
	 "ObjectRemoved:Delete", "y") "," S3("ObjectCreated:Copy", "z")),
	"0 path=b/x\n0 path=b/z\n"},
    {RECORDS(S3("ObjectCreated:Put", "a%zz")),
	"0 fault: its key is not encoded as S3 does\n"},
    {RECORDS(S3("ObjectCreated:Put", "a%00b")),
	"0 fault: its key is not encoded as S3 does\n"},
    {RECORDS(S3("ObjectCreated:Put", "a%")),
	"0 fault: its key is not encoded as S3 does\n"},
    {RECORDS("{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"}"),
	"0 fault: it names no bucket and key\n"},
    {RECORDS("{\"eventSource\":\"aws:s3\"}"), "0 fault: it has no eventName\n"},
    {"{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}", ""},
    /* EventBridge's form of it: keys as they are */
    {"{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"detail\":{\"bucket\":"
     "{\"name\":\"b\"},\"object\":{\"key\":\"in/a+b.csv\"}}}",
	"0 path=b/in/a+b.csv\n"},
    {"{\"source\":\"aws.s3\",\"detail-type\":\"Object Deleted\",\"detail\":{}}", ""},
    /* Transfer Family */
    {"{\"source\":\"aws.transfer\",\"detail-type\":\"SFTP Server File Upload Completed\","
     "\"detail\":{\"status-code\":\"COMPLETED\",\"file-path\":\"/b/in/a.csv\"}}",
	"0 path=/b/in/a.csv\n"},
    {"{\"source\":\"aws.transfer\",\"detail-type\":\"SFTP Server File Upload Failed\","
     "\"detail\":{\"file-path\":\"/b/in/a.csv\"}}",
	""},
    {"{\"source\":\"aws.transfer\",\"detail-type\":\"SFTP Server File Upload Completed\"}",
	"0 fault: it has no file-path\n"},
    {"{\"token\":\"t\",\"serviceMetadata\":{},\"fileLocation\":{\"domain\":\"S3\","
     "\"bucket\":\"b\",\"key\":\"in/a.csv\"}}",
	"0 path=b/in/a.csv\n"},
    {"{\"fileLocation\":{\"domain\":\"EFS\",\"fileSystemId\":\"fs-1\",\"path\":\"/in/a.csv\"}}",
	"0 path=fs-1/in/a.csv\n"},
    {"{\"fileLocation\":{}}", "0 fault: it names no bucket and key\n"},
    /* SNS, by HTTP or queue, and as Lambda has it */
    {"{\"Type\":\"Notification\",\"Message\":\"{\\\"feed\\\":\\\"n\\\"}\"}",
	"0 feed=n\n"},
    {RECORDS(
	 "{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":\"{\\\"feed\\\":\\\"n\\\"}\"}}"),
	"0 feed=n\n"},
    {"{\"Type\":\"Notification\",\"Message\":{\"feed\":\"n\"}}",
	"0 fault: there is no text in it\n"},
    /* SQS: an item each */
    {RECORDS(
	 "{\"eventSource\":\"aws:sqs\",\"messageId\":\"m1\",\"body\":\"{\\\"feed\\\":\\\"n\\\"}\","
	 "\"messageAttributes\":{\"traceparent\":{\"stringValue\":\"" TRACE
	 "\"}}},{\"eventSource\":\"aws:sqs\",\"messageId\":\"m2\",\"body\":\"no JSON\"}"),
	"2 fault: it is not a JSON object\n1 feed=n traced\n"},
    {RECORDS("{\"eventSource\":\"aws:sqs\",\"body\":\"{}\"}"),
	"0 fault: a record has no messageId\n"},
    {RECORDS("{\"eventSource\":\"aws:kinesis\"}"),
	"0 fault: a record is none of S3, SNS or SQS\n"},
    /* items are answered to the queue that handed them over: a text has none */
    {"{\"Type\":\"Notification\",\"Message\":\"{\\\"Records\\\":[{"
     "\\\"eventSource\\\":\\\"aws:sqs\\\",\\\"messageId\\\":\\\"m1\\\","
     "\\\"body\\\":\\\"{}\\\"}]}\"}",
	"0 fault: a record is none of S3, SNS or SQS\n"},
    {RECORDS("7,null,[]"), "0 fault: a record is none of S3, SNS or SQS\n"},
    {RECORDS(""), ""},
    /* nonsense */
    {"", "0 fault: it is not a JSON object\n"},
    {"[]", "0 fault: it is not a JSON object\n"},
    {"\"feed\"", "0 fault: it is not a JSON object\n"},
    {"{\"feed\":\"a\",\"feed\":\"b\"}", "0 fault: it is not a JSON object\n"},
    {"{\"feed\":\"a\\u0000b\"}", "0 fault: it is not a JSON object\n"},
    {"{\"feed\":\"\xff\"}", "0 fault: it is not a JSON object\n"},
    {"{\"feed\":\"a\"} {}", "0 fault: it is not a JSON object\n"},
    {"{}",
	"0 fault: it has no shape that is known: it names no \"feed\", and is no event of "
	"S3, SNS, SQS or Transfer Family\n"},
};

Test(event, what_it_says)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct event ev;
		struct buf got;
		struct err e;

		buf_init(&got, 65536);
		cr_assert_eq(event_read(&ev, span_of(cases[i].text), &e), 0);
		write_event(&ev, &got);
		buf_add_char(&got, '\0');
		cr_expect_str_eq(got.p, cases[i].says, "case %zu: %s", i, cases[i].text);
		event_release(&ev);
		buf_release(&got);
	}
}

/* Wraps what is in `b` in SNS, which makes a string of it. */
static void
wrap(struct buf *b)
{
	struct buf out;

	buf_init(&out, b->max);
	buf_add_str(&out, "{\"Type\":\"Notification\",\"Message\":\"");
	for (size_t i = 0; i < b->n; i++) {
		if (b->p[i] == '"' || b->p[i] == '\\')
			buf_add_char(&out, '\\');
		buf_add_char(&out, b->p[i]);
	}
	buf_add_str(&out, "\"}");
	buf_release(b);
	*b = out;
}

Test(event, nested_and_large)
{
	struct buf text;
	struct event ev;
	struct err e;

	buf_init(&text, 16u << 20);
	buf_add_str(&text, "{\"feed\":\"n\"}");
	for (size_t i = 1; i <= 5; i++) {
		wrap(&text);
		cr_assert_eq(event_read(&ev, buf_span(&text), &e), 0);
		cr_expect_eq(ev.nhints, i < 4 ? 1 : 0, "%zu", i);
		cr_expect_eq(ev.items[0].fault != NULL, i >= 4, "%zu", i);
		event_release(&ev);
	}
	/* The deepest and the longest that may come: no crash, and an answer. */
	for (size_t i = 0; i < 3; i++) {
		static const char *const units[] = {"[", "{\"a\":", "0,"};

		buf_clear(&text);
		buf_add_str(&text, "{\"Records\":[");
		while (text.n < 1000000)
			buf_add_str(&text, units[i]);
		cr_assert_eq(event_read(&ev, buf_span(&text), &e), 0);
		cr_expect_str_eq(ev.items[0].fault, "it is not a JSON object");
		event_release(&ev);
	}
	while (text.n <= EVENT_BYTES_MAX)
		buf_add_char(&text, ' ');
	cr_assert_eq(event_read(&ev, buf_span(&text), &e), 0);
	cr_expect_str_eq(ev.items[0].fault, "it is too long");
	event_release(&ev);
	buf_release(&text);
}

Test(event, many)
{
	struct buf text, answer;
	struct event ev;
	bool failed[5001] = {false};
	struct err e;

	buf_init(&text, EVENT_BYTES_MAX);
	buf_init(&answer, 1u << 20);
	buf_add_str(&text, "{\"Records\":[");
	for (unsigned i = 0; i < 5000; i++)
		buf_addf(&text,
		    "%s{\"eventSource\":\"aws:sqs\",\"messageId\":\"m%u\","
		    "\"body\":\"{\\\"feed\\\":\\\"f%u\\\"}\"}",
		    i == 0 ? "" : ",", i, i);
	buf_add_str(&text, "]}");
	cr_assert_eq(event_read(&ev, buf_span(&text), &e), 0);
	cr_assert_eq(ev.nitems, 5001);
	cr_assert_eq(ev.nhints, 5000);
	cr_expect_str_eq(ev.hints[4999].feed, "f4999");
	cr_expect_eq(ev.hints[4999].item, 5000);
	cr_expect(ev.answered);
	failed[1] = failed[5000] = true;
	event_answer(&ev, failed, &answer);
	buf_add_char(&answer, '\0');
	cr_expect_str_eq(answer.p, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m0\"},"
				   "{\"itemIdentifier\":\"m4999\"}]}");
	event_release(&ev);
	buf_release(&text);
	buf_release(&answer);
}

Test(event, traceparents)
{
	static const struct {
		const char *text;
		bool good;
	} all[] = {{TRACE, true}, {"", false},
	    {"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
	    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", false},
	    {"00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01", false},
	    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333\n-01", false}};

	for (size_t i = 0; i < COUNT(all); i++)
		cr_expect_eq(
		    event_traceparent_ok(span_of(all[i].text)), all[i].good, "%zu", i);
}

/* A bucket's name, a slash and a key: what fits, and one byte more. */
Test(event, long_keys)
{
	for (int over = 0; over < 2; over++) {
		char key[2047 + 1], text[4096];
		struct event ev;
		struct err e;

		memset(key, 'k', sizeof(key));
		snprintf(text, sizeof(text), RECORDS(S3("ObjectCreated:Put", "%.*s")),
		    2045 + over, key);
		cr_assert_eq(event_read(&ev, span_of(text), &e), 0);
		cr_expect_eq(ev.nhints, 1 - (size_t)over);
		if (over)
			cr_expect_str_eq(ev.items[0].fault, "its key is too long");
		else
			cr_expect_eq(strlen(ev.hints[0].path), 2047);
		event_release(&ev);
	}
}
