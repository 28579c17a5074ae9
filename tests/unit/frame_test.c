#include "cmd/frame.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SOURCE "east"

static struct err e;

static struct entry
entry_of(unsigned char key, const char *id)
{
	struct entry en = {
	    .at = key, .window = -1, .removed = key == 2, .id = span_of(id)};

	en.key.type = RECORD_SLOT;
	memset(en.key.digest.b, key, DIGEST_SIZE);
	memset(en.content.b, key + 1, DIGEST_SIZE);
	return en;
}

static struct outgoing
outgoing_of(unsigned char key, const char *id, const char *rest)
{
	struct outgoing o = {.op = key == 2 ? OP_DELETE : OP_PUT,
	    .n = key * 10u,
	    .row = key * 100u,
	    .refers = key == 3,
	    .entry = entry_of(key, id),
	    .name = span_of(id),
	    .rest = span_of(rest)};

	o.size = *rest != '\0' ? frame_size(&o, SOURCE) : 0;
	return o;
}

static void
add(struct frame *f, unsigned char key, const char *id, const char *rest)
{
	struct outgoing o = outgoing_of(key, id, rest);

	cr_assert_eq(frame_add(f, &o), 0);
}

/* What the API is sent. */
static const char *
object_of(unsigned char key, const char *id, const char *rest)
{
	static char text[1000];
	char version[2 * DIGEST_SIZE + 1];

	if (*rest == '\0')
		return "";
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(version + 2 * i, 3, "%02x", (unsigned char)(key + 1));
	snprintf(text, sizeof(text),
	    "{\"n\":%u,\"op\":\"%s\",\"type\":\"slot\",\"source\":\"" SOURCE
	    "\",\"id\":\"%s\",\"version\":\"%s\"%s",
	    key * 10u, key == 2 ? "delete" : "put", id, version, rest);
	return text;
}

static void
expect_record(
    const struct frame *f, size_t i, unsigned char key, const char *id, const char *rest)
{
	const struct frame_record *r = &f->records[i];
	struct span want_object = span_of(object_of(key, id, rest));
	struct entry want = entry_of(key, id);

	cr_expect_eq(r->n, key * 10u);
	cr_expect_eq(r->row, key * 100u);
	cr_expect_eq(r->op, key == 2 ? OP_DELETE : OP_PUT);
	cr_expect_eq(r->refers, key == 3);
	cr_assert_eq(r->length, want_object.n);
	cr_expect(span_eq((struct span){f->json.p + r->at, r->length}, want_object),
	    "%.*s", (int)r->length, f->json.p + r->at);
	cr_expect(span_eq(r->entry.id, span_of(id)));
	cr_expect(span_eq(r->name, span_of(id)));
	cr_expect_eq(r->entry.at, want.at);
	cr_expect_eq(r->entry.window, -1);
	cr_expect_eq(r->entry.removed, want.removed);
	cr_expect_eq(r->entry.key.type, RECORD_SLOT);
	cr_expect(digest_eq(&r->entry.key.digest, &want.key.digest));
	cr_expect(digest_eq(&r->entry.content, &want.content));
}

/* The objects of all its records that are sent, with commas between them. */
static void
expect_json(const struct frame *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct frame_record *r = &f->records[i];

		if (r->length == 0)
			continue;
		if (n > 0)
			cr_expect_eq(f->json.p[n++], ',');
		cr_expect_eq(r->at, n);
		n += r->length;
	}
	cr_expect_eq(f->json.n, n);
	cr_expect_eq(f->size, n, "%zu is not %zu", f->size, n);
}

Test(frame, comes_back_as_it_was)
{
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	a.lane = 3;
	a.number = 7;
	a.after = 5;
	add(&a, 1, "A-1", ",\"x\":1}");
	add(&a, 2, "", "}");
	add(&a, 3, "C", ",\"x\":[]}");
	frame_encode(&a, &out);
	frame_release(&a);
	cr_expect_eq(frame_lane(buf_span(&out)), 3);
	cr_assert_eq(frame_decode(&b, buf_span(&out), SOURCE, &e), 0, "%s", e.msg);
	memset(out.p, 0, out.n); /* nothing of it is borrowed */
	cr_expect_eq(b.lane, 3);
	cr_expect_eq(b.number, 7);
	cr_expect_eq(b.after, 5);
	cr_assert_eq(b.n, 3);
	expect_record(&b, 0, 1, "A-1", ",\"x\":1}");
	expect_record(&b, 1, 2, "", "}");
	expect_record(&b, 2, 3, "C", ",\"x\":[]}");
	expect_json(&b);
	frame_release(&b);
	buf_release(&out);
}

/* A record without a rest is a touch: in the frame, but not in its JSON. */
Test(frame, touches_leave_no_trace_in_the_json)
{
	static const char *const cases[][4] = {
	    {""},
	    {"", "", ""},
	    {"", ",\"x\":1}"},
	    {",\"x\":1}", ""},
	    {",\"x\":1}", "", "}", ""},
	    {"", "}", "", ",\"x\":1}"},
	};
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char n = 0;

		frame_clear(&a);
		for (; n < 4 && cases[i][n] != NULL; n++)
			add(&a, n, "A-1", cases[i][n]);
		buf_clear(&out);
		frame_encode(&a, &out);
		cr_assert_eq(
		    frame_decode(&b, buf_span(&out), SOURCE, &e), 0, "%s", e.msg);
		cr_assert_eq(b.n, n);
		expect_json(&b);
		for (unsigned char k = 0; k < n; k++)
			expect_record(&b, k, k, "A-1", cases[i][k]);
	}
	frame_release(&a);
	frame_release(&b);
	buf_release(&out);
}

/* A merge is kept under the retired id, and goes out under the other one's, as a patient's. */
Test(frame, a_merge_has_two_ids)
{
	struct outgoing o = outgoing_of(1, "OLD", ",\"x\":1}");
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	o.op = OP_MERGE;
	o.entry.key.type = RECORD_RETIRED;
	o.name = SPAN_LIT("NEW");
	o.size = frame_size(&o, SOURCE);
	cr_assert_eq(frame_add(&a, &o), 0);
	add(&a, 3, "C", "}");
	frame_encode(&a, &out);
	cr_assert_eq(frame_decode(&b, buf_span(&out), SOURCE, &e), 0, "%s", e.msg);
	cr_expect(span_eq(b.records[0].entry.id, SPAN_LIT("OLD")));
	cr_expect(span_eq(b.records[0].name, SPAN_LIT("NEW")));
	cr_expect_eq(b.records[0].op, OP_MERGE);
	cr_expect(span_eq((struct span){b.json.p, b.records[0].length},
	    SPAN_LIT(
		"{\"n\":10,\"op\":\"merge\",\"type\":\"patient\",\"source\":\"" SOURCE
		"\",\"id\":\"NEW\",\"version\":\"02020202020202020202020202020202\""
		",\"x\":1}")));
	expect_record(&b, 1, 3, "C", "}");
	expect_json(&b);
	frame_release(&a);
	frame_release(&b);
	buf_release(&out);
}

/* The size is known before the object is made, whatever JSON makes of the id. */
Test(frame, sizes_are_those_of_the_objects)
{
	static const char *const ids[] = {"", "A-1", "say \"it\"", "back\\slash", "tab\t",
	    "bell\a", "\xc3\xa9t\xc3\xa9", "no \xff utf-8", "cut \xc3",
	    "long enough that it is copied in wide steps, with one \" near the end"};
	static const uint64_t numbers[] = {
	    0, 1, 9, 10, 99, 100, 4294967295, 10000000000, UINT64_MAX};
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]); n++) {
			struct outgoing o = outgoing_of(1, ids[i], "}");

			o.n = numbers[n];
			o.size = frame_size(&o, SOURCE);
			cr_assert_eq(frame_add(&a, &o), 0);
		}
	frame_encode(&a, &out);
	cr_assert_eq(frame_decode(&b, buf_span(&out), SOURCE, &e), 0, "%s", e.msg);
	expect_json(&b);
	frame_release(&a);
	frame_release(&b);
	buf_release(&out);
}

Test(frame, what_is_added_is_copied)
{
	char id[] = "A-1", rest[] = ",\"x\":1}";
	struct outgoing o = outgoing_of(1, id, rest);
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	cr_assert_eq(frame_add(&a, &o), 0);
	memset(id, 'x', sizeof(id) - 1);
	memset(rest, 'x', sizeof(rest) - 1);
	frame_encode(&a, &out);
	cr_assert_eq(frame_decode(&b, buf_span(&out), SOURCE, &e), 0, "%s", e.msg);
	expect_record(&b, 0, 1, "A-1", ",\"x\":1}");
	frame_release(&a);
	frame_release(&b);
	buf_release(&out);
}

Test(frame, is_used_again)
{
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	for (unsigned turn = 0; turn < 3; turn++) {
		a.number = turn + 1;
		a.after = turn;
		for (unsigned char i = 0; i < 100; i++)
			add(&a, i, "id", "}");
		buf_clear(&out);
		frame_encode(&a, &out);
		frame_clear(&a);
		cr_expect_eq(a.n, 0);
		cr_expect_eq(a.after, 0);
		cr_expect_eq(a.size, 0);
		cr_assert_eq(frame_decode(&b, buf_span(&out), SOURCE, &e), 0);
		cr_expect_eq(b.n, 100);
		cr_expect_eq(b.number, turn + 1);
		expect_record(&b, 99, 99, "id", "}");
		expect_json(&b);
	}
	buf_clear(&out);
	frame_encode(&a, &out);
	cr_assert_eq(frame_decode(&b, buf_span(&out), SOURCE, &e), 0);
	cr_expect_eq(b.n, 0);
	frame_release(&a);
	frame_release(&b);
	frame_release(&b);
	buf_release(&out);
}

Test(frame, other_bytes_are_no_frame)
{
	struct frame a;
	struct buf out;
	size_t whole;

	frame_init(&a);
	buf_init(&out, 1 << 20);
	add(&a, 1, "A-1", ",\"x\":1}");
	frame_encode(&a, &out);
	whole = out.n;
	for (size_t n = 0; n < whole; n++) {
		e.code = ERR_NONE;
		cr_expect_eq(
		    frame_decode(&a, (struct span){out.p, n}, SOURCE, &e), -1, "%zu", n);
		cr_expect_eq(e.code, ERR_INTERNAL);
		cr_expect_eq(a.n, 0);
	}
	buf_add_char(&out, 'x');
	cr_expect_eq(frame_decode(&a, buf_span(&out), SOURCE, &e), -1);
	frame_release(&a);
	buf_release(&out);
}

Test(frame, no_bytes_are_no_frame)
{
	struct frame a;

	frame_init(&a);
	cr_expect_eq(frame_decode(&a, (struct span){NULL, 0}, SOURCE, &e), -1);
	cr_expect_eq(e.code, ERR_INTERNAL);
	frame_release(&a);
}
