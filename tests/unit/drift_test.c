#include "mappers/drift.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define COLUMNS 16

/* "MRN,Last,DOB" */
static struct header_mark
mark(const char *titles)
{
	struct span v[COLUMNS];
	struct header_mark out;
	struct err e;
	size_t n = 0;

	for (const char *p = titles; *titles != '\0'; p += strcspn(p, ",") + 1) {
		cr_assert_lt(n, COLUMNS);
		v[n++] = (struct span){p, strcspn(p, ",")};
		if (p[strcspn(p, ",")] == '\0')
			break;
	}
	cr_assert_eq(header_mark_set(&out, v, n, &e), 0);
	return out;
}

/* "Last=Last name -Fax +Cell order": what is not the same. */
static void
write_drift(struct buf *out, const struct drift *d, const struct header_mark *before,
    const struct header_mark *now)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct drift_pair *p = &d->v[i];
		struct span old = {"", 0}, new = {"", 0};

		if (p->before != DRIFT_NONE)
			old = before->v[p->before].title;
		if (p->now != DRIFT_NONE)
			new = now->v[p->now].title;
		if (p->kind == DRIFT_SAME)
			continue;
		buf_addf(out, "%s%.*s%s%.*s ", p->kind == DRIFT_MISSING ? "-" : "",
		    (int)old.n, old.p,
		    p->kind == DRIFT_RENAMED ? "="
		    : p->kind == DRIFT_ADDED ? "+"
					     : "",
		    (int)new.n, new.p);
	}
	buf_add_str(out, d->reordered ? "order" : "");
	buf_add_char(out, '\0');
}

/* Each by hand: what a person would say of the two headers. */
static const struct {
	const char *before, *now, *want;
} headers[] = {
    {"A,B,C", "A,B,C", ""},
    {"Mrn,Dob", "MRN,DOB", ""},
    {"A,B,C,,", "A,B,C", ""},
    {"Älter,B", "älter,B", ""},
    /* one thing at a time */
    {"MRN,DOB,Sex", "MRN,Birthday,Sex", "DOB=Birthday "},
    {"MRN,Cell,Sex", "MRN,Sex", "-Cell "},
    {"MRN,Sex", "MRN,Cell,Sex", "+Cell "},
    {"MRN,Sex,Cell", "Sex,MRN,Cell", "order"},
    {"A,B,C,D", "D,C,B,A", "order"},
    /* at the ends */
    {"MRN,DOB", "Patient,DOB", "MRN=Patient "},
    {"MRN,DOB", "MRN,Birthday", "DOB=Birthday "},
    {"MRN,DOB", "DOB", "-MRN "},
    {"MRN,DOB", "MRN", "-DOB "},
    {"MRN,DOB", "Row,MRN,DOB", "+Row "},
    {"MRN,DOB", "MRN,DOB,Row", "+Row "},
    /* spelt alike, wherever it stands; two letters of three are not enough */
    {"MRN,Status,Start", "Starts,MRN,Status", "Start=Starts order"},
    {"MRN,Phone,Sex", "Mobile phone,MRN,Sex", "Phone=Mobile phone order"},
    {"MRN,Sex,Zip", "ZIP code,MRN,Sex", "+ZIP code -Zip "},
    {"MRN,Fax,Sex", "Sex,MRN,Fox", "Fax=Fox order"},
    {"MRN,Fax,Sex", "Sex,MRN,Foo,Bar", "Fax=Foo +Bar order"},
    /* several */
    {"A1,Bcdef,Ghijk,Z9", "A1,Lmnop,Qrstu,Z9", "Bcdef=Lmnop Ghijk=Qrstu "},
    {"A1,Bcdef,Ghijk,Z9", "A1,Lmnop,Z9", "Bcdef=Lmnop -Ghijk "},
    {"MRN,Cell,DOB,Sex", "Sex,DOB,Email,MRN", "+Email -Cell order"},
    /* the same title twice: the first is the first */
    {"Phone,Phone", "Phone,Phone", ""},
    {"Phone,Phone,X", "Phone,X", "-Phone "},
    {"Phone,X", "Phone,Phone,X", "+Phone "},
    /* nothing was known, or nothing is left */
    {"", "A,B", "+A +B "},
    {"A,B", "Y9,Z8", "A=Y9 B=Z8 "},
};

Test(drift, headers_side_by_side)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct header_mark before = mark(headers[i].before);
		struct header_mark now = mark(headers[i].now);
		struct buf got;
		struct drift d;
		struct err e;

		buf_init(&got, 10000);
		cr_assert_eq(drift_compare(&d, &before, &now, &e), 0);
		write_drift(&got, &d, &before, &now);
		cr_expect_str_eq(got.p, headers[i].want, "%s -> %s", headers[i].before,
		    headers[i].now);
		cr_expect_eq(d.differs, strpbrk(headers[i].want, "=+-") != NULL);
		buf_release(&got);
		drift_release(&d);
		header_mark_release(&before);
		header_mark_release(&now);
	}
}

#define FULL(n)       {n, 0, 0, 0, 0, 8 * n}
#define DATES(n)      {n, 0, 0, 0, n, 10 * n}
#define NUMBERS(n, l) {n, 0, 0, n, 0, (l) * n}
#define WORDS(n, l)   {n, 0, n, 0, 0, (l) * n}
#define SPARSE(n)     {n, n - 19, 19, 0, 0, 19 * 5}

/* Two columns, A and B: what they held, and what they hold. */
static const struct {
	const char *label;
	struct column_profile before[2], now[2];
	int swapped;
} contents[] = {
    {"the same", {DATES(60), WORDS(60, 6)}, {DATES(90), WORDS(90, 6)}, 0},
    {"dates and words", {DATES(60), WORDS(60, 6)}, {WORDS(90, 6), DATES(90)}, 1},
    {"dates and numbers", {DATES(60), NUMBERS(60, 5)}, {NUMBERS(60, 5), DATES(60)}, 1},
    {"numbers of another length", {NUMBERS(60, 5), NUMBERS(60, 14)},
	{NUMBERS(60, 14), NUMBERS(60, 5)}, 1},
    {"ids and dates", {FULL(60), DATES(60)}, {DATES(60), FULL(60)}, 1},
    {"names and names", {WORDS(60, 6), WORDS(60, 7)}, {WORDS(60, 7), WORDS(60, 6)}, 0},
    {"one became the other", {DATES(60), WORDS(60, 6)}, {WORDS(60, 6), WORDS(60, 6)}, 0},
    {"both became something else", {DATES(60), WORDS(60, 6)},
	{NUMBERS(60, 5), NUMBERS(60, 5)}, 0},
    {"too few rows", {DATES(60), WORDS(60, 6)}, {WORDS(19, 6), DATES(19)}, 0},
    {"too few rows before", {DATES(19), WORDS(19, 6)}, {WORDS(60, 6), DATES(60)}, 0},
    {"just enough", {DATES(20), WORDS(20, 6)}, {WORDS(20, 6), DATES(20)}, 1},
    {"mostly empty", {DATES(60), SPARSE(60)}, {SPARSE(60), DATES(60)}, 0},
    {"one filled, the other emptied", {{60, 60, 0, 0, 0, 0}, DATES(60)},
	{DATES(60), {60, 60, 0, 0, 0, 0}}, 0},
    {"a third was that all along", {{60, 0, 20, 0, 40, 520}, WORDS(60, 6)},
	{{60, 0, 40, 0, 20, 440}, DATES(60)}, 0},
};

Test(drift, contents_that_changed_places)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		struct header_mark before = mark("A,B"), now = mark("B,A");
		size_t columns[2];
		struct drift d;
		struct err e;

		for (size_t c = 0; c < 2; c++) {
			before.v[c].profile = contents[i].before[c];
			now.v[1 - c].profile = contents[i].now[c];
		}
		cr_assert_eq(drift_compare(&d, &before, &now, &e), 0);
		cr_expect_eq(drift_swapped(&d, &before, &now, columns),
		    contents[i].swapped, "%s", contents[i].label);
		if (contents[i].swapped)
			cr_expect(columns[0] + columns[1] == 1, "%s", contents[i].label);
		drift_release(&d);
		header_mark_release(&before);
		header_mark_release(&now);
	}
}

/* What one column became can't be what a column of another kind was. */
Test(drift, contents_tell_what_was_renamed)
{
	struct header_mark before = mark("MRN,DOB,Sex"), now = mark("MRN,Notes,Sex");
	struct buf got;
	struct drift d;
	struct err e;

	buf_init(&got, 10000);
	before.v[1].profile = (struct column_profile)DATES(60);
	now.v[1].profile = (struct column_profile)WORDS(60, 30);
	cr_assert_eq(drift_compare(&d, &before, &now, &e), 0);
	write_drift(&got, &d, &before, &now);
	cr_expect_str_eq(got.p, "-DOB +Notes ");
	buf_release(&got);
	drift_release(&d);
	header_mark_release(&before);
	header_mark_release(&now);
}

Test(drift, a_header_that_is_too_wide_is_not_remembered)
{
	static char long_title[HEADER_TITLE_MAX + 10];
	static struct span titles[HEADER_COLUMNS_MAX + 1];
	struct header_mark h;
	struct err e;

	memset(long_title, 'x', sizeof(long_title));
	memcpy(long_title + HEADER_TITLE_MAX - 1, "\xc3\xa9", 2);
	titles[0] = (struct span){long_title, sizeof(long_title)};
	cr_assert_eq(header_mark_set(&h, titles, 1, &e), 0);
	cr_expect_eq(h.v[0].title.n, HEADER_TITLE_MAX - 1); /* not within a letter */
	header_mark_release(&h);
	for (size_t i = 0; i <= HEADER_COLUMNS_MAX; i++)
		titles[i] = (struct span){"x", 1};
	cr_assert_eq(header_mark_set(&h, titles, HEADER_COLUMNS_MAX, &e), 0);
	cr_expect_eq(h.n, HEADER_COLUMNS_MAX);
	header_mark_release(&h);
	cr_assert_eq(header_mark_set(&h, titles, HEADER_COLUMNS_MAX + 1, &e), 0);
	cr_expect_eq(h.n, 0);
	header_mark_release(&h);
}
