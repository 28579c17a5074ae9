#include "cmd/frame.h"

#include <criterion/criterion.h>
#include <string.h>

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

static void
add(struct frame *f, unsigned char key, const char *id, const char *object)
{
	struct entry en = entry_of(key, id);
	struct frame_record *r = frame_add(f, &en, span_of(object));

	cr_assert_not_null(r);
	r->n = key * 10u;
	r->row = key * 100u;
}

static void
expect_record(const struct frame *f, size_t i, unsigned char key, const char *id,
    const char *object)
{
	const struct frame_record *r = &f->records[i];
	struct entry want = entry_of(key, id);

	cr_expect_eq(r->n, key * 10u);
	cr_expect_eq(r->row, key * 100u);
	cr_expect(span_eq((struct span){f->json.p + r->at, r->length}, span_of(object)));
	cr_expect(span_eq(r->entry.id, span_of(id)));
	cr_expect_eq(r->entry.at, want.at);
	cr_expect_eq(r->entry.window, -1);
	cr_expect_eq(r->entry.removed, want.removed);
	cr_expect_eq(r->entry.key.type, RECORD_SLOT);
	cr_expect(digest_eq(&r->entry.key.digest, &want.key.digest));
	cr_expect(digest_eq(&r->entry.content, &want.content));
}

Test(frame, comes_back_as_it_was)
{
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	a.number = 7;
	a.after = 5;
	add(&a, 1, "A-1", "{\"n\":1}");
	add(&a, 2, "", "{}");
	add(&a, 3, "C", "{\"x\":[]}");
	cr_expect(span_eq(buf_span(&a.json), SPAN_LIT("{\"n\":1},{},{\"x\":[]}")));
	frame_encode(&a, &out);
	frame_release(&a);
	cr_assert_eq(frame_decode(&b, buf_span(&out), &e), 0, "%s", e.msg);
	memset(out.p, 0, out.n); /* nothing of it is borrowed */
	cr_expect_eq(b.number, 7);
	cr_expect_eq(b.after, 5);
	cr_assert_eq(b.n, 3);
	expect_record(&b, 0, 1, "A-1", "{\"n\":1}");
	expect_record(&b, 1, 2, "", "{}");
	expect_record(&b, 2, 3, "C", "{\"x\":[]}");
	cr_expect(span_eq(buf_span(&b.json), SPAN_LIT("{\"n\":1},{},{\"x\":[]}")));
	frame_release(&b);
	buf_release(&out);
}

/* A record with an empty object is a touch: in the frame, but not in its JSON. */
Test(frame, touches_leave_no_trace_in_the_json)
{
	static const struct {
		const char *objects[4]; /* NULL: no more */
		const char *json;
	} cases[] = {
	    {{""}, ""},
	    {{"", "", ""}, ""},
	    {{"", "{\"n\":1}"}, "{\"n\":1}"},
	    {{"{\"n\":1}", ""}, "{\"n\":1}"},
	    {{"{\"n\":1}", "", "{}", ""}, "{\"n\":1},{}"},
	    {{"", "{}", "", "{\"n\":1}"}, "{},{\"n\":1}"},
	};
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned char n = 0;

		frame_clear(&a);
		for (; n < 4 && cases[i].objects[n] != NULL; n++)
			add(&a, n, "A-1", cases[i].objects[n]);
		cr_expect(span_eq(buf_span(&a.json), span_of(cases[i].json)),
		    "case %zu: %.*s", i, (int)a.json.n, a.json.p);
		buf_clear(&out);
		frame_encode(&a, &out);
		cr_assert_eq(frame_decode(&b, buf_span(&out), &e), 0, "%s", e.msg);
		cr_assert_eq(b.n, n);
		cr_expect(span_eq(buf_span(&b.json), span_of(cases[i].json)));
		for (unsigned char k = 0; k < n; k++)
			expect_record(&b, k, k, "A-1", cases[i].objects[k]);
	}
	frame_release(&a);
	frame_release(&b);
	buf_release(&out);
}

Test(frame, what_is_added_is_copied)
{
	char id[] = "A-1", object[] = "{\"n\":1}";
	struct entry en = entry_of(1, id);
	struct frame_record *r;
	struct frame a, b;
	struct buf out;

	frame_init(&a);
	frame_init(&b);
	buf_init(&out, 1 << 20);
	r = frame_add(&a, &en, span_of(object));
	cr_assert_not_null(r);
	r->n = 10;
	r->row = 100;
	memset(id, 'x', sizeof(id) - 1);
	memset(object, 'x', sizeof(object) - 1);
	frame_encode(&a, &out);
	cr_assert_eq(frame_decode(&b, buf_span(&out), &e), 0, "%s", e.msg);
	expect_record(&b, 0, 1, "A-1", "{\"n\":1}");
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
			add(&a, i, "id", "{}");
		buf_clear(&out);
		frame_encode(&a, &out);
		frame_clear(&a);
		cr_expect_eq(a.n, 0);
		cr_expect_eq(a.after, 0);
		cr_expect_eq(a.json.n, 0);
		cr_assert_eq(frame_decode(&b, buf_span(&out), &e), 0);
		cr_expect_eq(b.n, 100);
		cr_expect_eq(b.number, turn + 1);
		expect_record(&b, 99, 99, "id", "{}");
	}
	buf_clear(&out);
	frame_encode(&a, &out);
	cr_assert_eq(frame_decode(&b, buf_span(&out), &e), 0);
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
	add(&a, 1, "A-1", "{\"n\":1}");
	frame_encode(&a, &out);
	whole = out.n;
	for (size_t n = 0; n < whole; n++) {
		e.code = ERR_NONE;
		cr_expect_eq(frame_decode(&a, (struct span){out.p, n}, &e), -1, "%zu", n);
		cr_expect_eq(e.code, ERR_INTERNAL);
		cr_expect_eq(a.n, 0);
	}
	buf_add_char(&out, 'x');
	cr_expect_eq(frame_decode(&a, buf_span(&out), &e), -1);
	frame_release(&a);
	buf_release(&out);
}

Test(frame, no_bytes_are_no_frame)
{
	struct frame a;

	frame_init(&a);
	cr_expect_eq(frame_decode(&a, (struct span){NULL, 0}, &e), -1);
	cr_expect_eq(e.code, ERR_INTERNAL);
	frame_release(&a);
}
