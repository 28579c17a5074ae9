/*
 * Exports that are much like the one of the day before, in pieces of any size, with lines
 * that end in every way: rows that are known by their bytes are passed over, and each of
 * the others gives what is in it, which is known from when the export was made up.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "tests/unit/csv_rig.h"

#define LINES_MAX 2600
#define LINE_SIZE 200
#define DAYS      40   /* or EMRDROP_DAYS */
#define HEAD      1300 /* lines that are more than what decides the character set */
#define NOW       INT64_C(1772323200000) /* 2026-03-01 */
#define MAP                                     \
	"[rows]\nwhen = {Status} not in HOLD\n" \
	"[patient]\nid = {MRN}\nname.family = {Last}\n"

/* BROKEN: by the style of the day, what was written is no text. */
enum kind { HELD, NO_ID, TWO_LINES, BLANK, PLAIN, BROKEN, KINDS };

struct line {
	unsigned id, name;
	enum kind kind;
	bool one_byte, two_bytes; /* how its accent is written, where there may be one */
	const char *end;
};

/* How a day's export is written. LATE: its head is ASCII, and decides nothing. */
static struct style {
	char delimiter;
	bool swapped; /* titles */
	enum charset_of { ASCII, UTF_8, WINDOWS, LATE_UTF_8, LATE_WINDOWS } charset;
} style = {.delimiter = ','};

/* A row that has a digest, and what it meant. */
struct seen {
	struct digest digest;
	struct known_row row;
	bool settled;
	struct style style;
	char text[LINE_SIZE], family[40];
};

static struct line lines[LINES_MAX];
static size_t nlines;
static struct seen last[LINES_MAX], now[LINES_MAX]; /* export */
static size_t nlast, nnow, next;                    /* of last */
static size_t at;    /* in lines: behind the last one that was asked for, or mapped */
static bool mapping; /* a line that has a digest */
static bool came[LINES_MAX], passed[LINES_MAX];
static uint64_t passed_over, dice = 1;

static unsigned
roll(unsigned n)
{
	dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(dice >> 33) % n;
}

/* ---- exports ---- */

static struct line
any_line(void)
{
	static const char *const ends[] = {"\n", "\r\n", "\r"};
	unsigned kind = roll(40), accent = roll(20);
	struct line l = {.id = roll(100000),
	    .name = roll(1000),
	    .kind = kind < PLAIN ? (enum kind)kind : PLAIN,
	    .one_byte = accent < 3,
	    .two_bytes = accent == 3,
	    .end = ends[roll(20) == 0 ? 2 : roll(2)]};

	if (l.kind == BLANK)
		l.end = "\r\n"; /* behind a CR alone there may be no LF */
	return l;
}

/* Those of the day before, but for some: changed, gone, put in, pasted twice. */
static void
next_lines(void)
{
	static struct line before[LINES_MAX];
	size_t n = 0, nbefore = nlines;

	memcpy(before, lines, sizeof(lines));
	for (size_t i = 0; i < nbefore && n + 2 < LINES_MAX; i++) {
		unsigned what = roll(100);

		if (what > 0)
			lines[n++] = what < 3 ? any_line() : before[i];
		if (what == 3)
			lines[n++] = any_line();
		if (what == 4)
			lines[n++] = before[i];
	}
	while (n < HEAD + 400 || (n < LINES_MAX && roll(30) > 0))
		lines[n++] = any_line();
	nlines = n;
}

static void
next_style(void)
{
	static const char delimiters[] = {',', ';', '\t'};

	if (roll(3) == 0)
		style.charset = (enum charset_of)roll(LATE_WINDOWS + 1);
	if (roll(4) == 0)
		style.delimiter = delimiters[roll(3)];
	style.swapped ^= roll(4) == 0;
}

static bool
is_late(void)
{
	return style.charset >= LATE_UTF_8;
}

static bool
is_utf_8(void)
{
	return style.charset == UTF_8 || style.charset == LATE_UTF_8;
}

/* Where the head decides nothing the first accent behind it does. */
static size_t
decider(void)
{
	size_t i = HEAD;

	while (i < nlines && (lines[i].kind == BLANK ||
				 !(is_utf_8() ? lines[i].two_bytes : lines[i].one_byte)))
		i++;
	return i;
}

static enum kind
kind_of(size_t i)
{
	const struct line *l = &lines[i];
	bool broken = style.charset == LATE_UTF_8 && i > decider() && l->one_byte;

	return broken && l->kind != BLANK ? BROKEN : l->kind;
}

/* *meant: as it should come out. */
static const char *
accent_of(size_t i, const char **meant)
{
	const struct line *l = &lines[i];
	bool may = style.charset != ASCII && (!is_late() || i >= decider());

	*meant = "\xc3\xab";
	if (may && l->one_byte)
		return is_utf_8() && kind_of(i) != BROKEN ? "\xc3\xab" : "\xeb";
	if (may && l->two_bytes) {
		/* One character, or two. */
		*meant = is_utf_8() ? "\xc9\x92" : "\xc3\x89\xe2\x80\x99";
		return "\xc9\x92";
	}
	return *meant = "e";
}

static void
write_line(size_t i, char text[LINE_SIZE], char family[40])
{
	const struct line *l = &lines[i];
	const char *meant, *accent = accent_of(i, &meant);
	char id[20] = "", name[40], note[40] = "as long as it takes";
	char d = style.delimiter;

	if (l->kind != NO_ID)
		snprintf(id, sizeof(id), "M%u", l->id);
	if (l->kind == TWO_LINES)
		snprintf(note, sizeof(note), "\"a%s%c\"\"b\"\"\"",
		    l->id % 2 == 0 ? "\r\n" : "\n", d);
	snprintf(name, sizeof(name), "Zo%s Testcase %u", accent, l->name);
	if (style.swapped)
		snprintf(family, 40, "Synthetic");
	else
		snprintf(family, 40, "Zo%s Testcase %u", meant, l->name);
	if (l->kind == BLANK)
		snprintf(text, LINE_SIZE, "%s", l->end);
	else
		snprintf(text, LINE_SIZE, "%s%c%s%cSynthetic%c%s%c%s%s", id, d, name, d,
		    d, l->kind == HELD ? "HOLD" : "ok", d, note, l->end);
}

static void
write_export(struct buf *out)
{
	char text[LINE_SIZE], family[40];
	const char *titles = style.swapped ? "MRN,First,Last,Status,Note"
					   : "MRN,Last,First,Status,Note";

	for (const char *p = titles; *p != '\0'; p++)
		buf_add_char(out, *p == ',' ? style.delimiter : *p);
	buf_add_str(out, "\r\n");
	for (size_t i = 0; i < nlines; i++) {
		write_line(i, text, family);
		buf_add_str(out, text);
	}
	cr_assert_eq(out->failed, 0);
}

/* ---- who knows rows ---- */

/* The line that is taken, or about to be mapped; such as end in no LF have no digest. */
static size_t
line_at_hand(void)
{
	while (kind_of(at) == BLANK || kind_of(at) == BROKEN ||
	       strchr(lines[at].end, '\n') == NULL)
		at++;
	cr_assert_lt(at, nlines);
	return at++;
}

/* Now and then any size; the digest must then be another. */
static size_t
known_next(void *arg)
{
	(void)arg;
	if (roll(20) == 0)
		return roll(300);
	return next < nlast ? strlen(last[next].text) : 0;
}

static int
known_take(void *arg, const struct digest *d, struct known_row *out, struct err *e)
{
	char text[LINE_SIZE], family[40];
	const struct seen *s = &last[next];
	size_t i;

	(void)arg;
	(void)e;
	if (next == nlast || !digest_eq(&s->digest, d) || !s->settled || roll(5) == 0)
		return 0;
	i = line_at_hand();
	write_line(i, text, family);
	cr_assert_str_eq(text, s->text);
	cr_assert_str_eq(family, s->family);
	cr_assert(
	    s->style.delimiter == style.delimiter && s->style.swapped == style.swapped);
	passed[i] = true;
	passed_over++;
	*out = s->row;
	now[nnow++] = *s;
	next++;
	return 1;
}

static int
known_begin(void *arg, const struct digest *d, size_t n, struct err *e)
{
	struct seen *s = &now[nnow++];

	(void)arg;
	(void)e;
	*s = (struct seen){.digest = *d, .style = style};
	mapping = true;
	write_line(line_at_hand(), s->text, s->family);
	cr_assert_eq(n, strlen(s->text));
	for (size_t i = next; i < nlast && i < next + 50; i++)
		if (digest_eq(&last[i].digest, d)) {
			next = i + 1;
			break;
		}
	return 0;
}

static int
known_end(void *arg, const struct known_row *row, bool settled, struct err *e)
{
	(void)arg;
	(void)e;
	if (mapping) {
		now[nnow - 1].row = *row;
		now[nnow - 1].settled = settled;
	}
	mapping = false;
	return 0;
}

static const struct mapper_known known = {
    known_next, known_take, known_begin, known_end, NULL};

/* ---- what comes of it ---- */

static int
take_record(void *arg, const struct record *r, struct err *e)
{
	size_t i = (size_t)r->row - 2; /* below the header */
	char text[LINE_SIZE], family[40], id[20];

	(void)arg;
	(void)e;
	cr_assert_lt(i, nlines);
	cr_assert(!came[i] && !passed[i], "row %zu", i + 2);
	came[i] = true;
	write_line(i, text, family);
	snprintf(id, sizeof(id), "M%u", lines[i].id);
	cr_expect(span_eq(r->id, span_of(id)), "row %zu", i + 2);
	cr_expect(r->nvalues == 1 && span_eq(r->values[0].text, span_of(family)),
	    "row %zu: %.*s", i + 2, (int)r->values[0].text.n, r->values[0].text.p);
	return 0;
}

static void
take_problem(void *arg, const struct problem *p)
{
	(void)arg;
	cr_expect_eq(kind_of((size_t)p->row - 2), p->code == PROBLEM_MISSING_ID ? NO_ID
						  : p->code == PROBLEM_ENCODING ? BROKEN
										: KINDS);
}

static void
check_lines(const struct mapper_counts *counts)
{
	uint64_t n[KINDS] = {0}, mapped;

	for (size_t i = 0; i < nlines; i++) {
		bool gives = kind_of(i) == PLAIN || kind_of(i) == TWO_LINES;

		n[kind_of(i)]++;
		cr_expect_eq(came[i], gives && !passed[i], "row %zu", i + 2);
	}
	mapped = n[PLAIN] + n[TWO_LINES];
	cr_expect_eq(counts->rows, nlines - n[BLANK]);
	cr_expect_eq(counts->mapped, mapped);
	cr_expect_eq(counts->records, mapped);
	cr_expect_eq(counts->filtered, n[HELD]);
	cr_expect_eq(counts->rejected, n[NO_ID] + n[BROKEN]);
}

static void
read_export(struct reading *r, struct span text, struct err *e)
{
	static const unsigned sizes[] = {40, 4000, 200000};

	while (text.n > 0) {
		size_t n = 1 + roll(sizes[roll(3)]);

		n = n < text.n ? n : text.n;
		cr_assert_eq(
		    reading_feed(r, (struct span){text.p, n}, e), 0, "%s", e->msg);
		text = (struct span){text.p + n, text.n - n};
	}
	cr_assert_eq(reading_end(r, e), 0, "%s", e->msg);
}

static void
play_day(struct feed *f, const struct site_keys *keys)
{
	const struct mapper_sink sink = {.record = take_record,
	    .problem = take_problem,
	    .known = &known,
	    .keys = keys};
	struct reading *r = mapper_open(f->mapper, &sink, NOW, &f->err);
	struct buf text;

	cr_assert_not_null(r, "%s", f->err.msg);
	buf_init(&text, 1u << 20);
	write_export(&text);
	nnow = next = at = 0;
	memset(came, 0, sizeof(came));
	memset(passed, 0, sizeof(passed));
	read_export(r, buf_span(&text), &f->err);
	check_lines(reading_counts(r));
	reading_free(r);
	buf_release(&text);
	memcpy(last, now, sizeof(now));
	nlast = nnow;
}

Test(csv_known, days)
{
	const char *many = getenv("EMRDROP_DAYS");
	unsigned long days = many != NULL ? strtoul(many, NULL, 10) : DAYS;
	struct site_keys keys;
	struct feed f;

	memset(&keys, 7, sizeof(keys));
	feed_open(&f, MAP);
	cr_assert_not_null(f.mapper, "%s", f.err.msg);
	for (unsigned long day = 0; day < days; day++) {
		next_style();
		next_lines();
		play_day(&f, &keys);
	}
	cr_expect_gt(passed_over, days * 300, "%llu", (unsigned long long)passed_over);
	feed_close(&f);
}
