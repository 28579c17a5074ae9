#include "mappers/hl7_message.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mappers/hl7_index.h"
#include "tests/unit/hl7_rig.h"

/* v2.9.1 2.4.4, 2.6.1: the separator is the fourth character, MSH-2 what follows. */
static const struct {
	const char *header;
	const char *want; /* field component repetition escape subcomponent truncation */
} headers[] = {
    {"MSH|^~\\&", "|^~\\&"},
    {"MSH|^~\\&|", "|^~\\&"},
    {"MSH|^~\\&|SND|FAC", "|^~\\&"},
    {"FHS|^~\\&|SND", "|^~\\&"},
    {"BHS|^~\\&|SND", "|^~\\&"},
    {"MSH|^~\\&#|SND", "|^~\\&#"},
    {"MSH|^~\\&#", "|^~\\&#"},
    {"MSH#!@%*#SND", "#!@%*"},
    {"MSH@~&#\\@SND", "@~&#\\"},
    {"MSH$%/~;$SND", "$%/~;"},
    {"MSH", NULL},
    {"MSH|", NULL},
    {"MSH|^~\\", NULL},
    {"MSH|^~\\|SND|FAC", NULL},
    {"MSH||^~\\&|SND", NULL},
    {"MSH|^~\\&#!|SND", NULL},
    {"MSH|^~^&|SND", NULL},
    {"MSH|^^\\&|SND", NULL},
    {"MSH|^~\\&&|SND", NULL},
    {"MSH|^~\\&^|SND", NULL},
    {"MSH|a~\\&|SND", NULL},
    {"MSH|^Z\\&|SND", NULL},
    {"MSH|^~\\1|SND", NULL},
    {"MSHX^~\\&XSND", NULL},
    {"MSH1^~\\&1SND", NULL},
    {"MSH\t^~\\&\tSND", NULL},
    {"MSH|^~\x01&|SND", NULL},
    {"MSH|^~\x7f&|SND", NULL},
};

Test(hl7_lexer, delimiters)
{
	for (size_t i = 0; i < COUNT(headers); i++) {
		const char *want = headers[i].want;
		struct hl7_delimiters d;
		bool good = hl7_delimiters(span_of(headers[i].header), &d);
		char got[7] = {0};

		cr_expect_eq(good, want != NULL, "%s", headers[i].header);
		if (!good || want == NULL)
			continue;
		got[0] = d.field;
		got[1] = d.component;
		got[2] = d.repetition;
		got[3] = d.escape;
		got[4] = d.subcomponent;
		got[5] = d.truncation;
		cr_expect_str_eq(got, want, "%s: %s", headers[i].header, got);
	}
}

static const char adt[] =
    "MSH|^~\\&|SND|FAC^1.2^ISO||RF|20260110||ADT^A08^ADT_A01|42|P|2.5.1\r"
    "EVN\r"
    "PID|1||7^^^A^MR~8||Lee^Ann||19800101|F\r"
    "NK1|\r"
    "PV1|1|I|\r"
    "ZZZ|\"\"||x\r";

/* 2.5.3, 2.14.9: MSH-1 is the separator itself, MSH-2 stands behind it. */
static const struct {
	size_t segment;
	unsigned field;
	const char *want;
} fields[] = {
    {0, 1, "|"},
    {0, 2, "^~\\&"},
    {0, 3, "SND"},
    {0, 4, "FAC^1.2^ISO"},
    {0, 5, ""},
    {0, 6, "RF"},
    {0, 9, "ADT^A08^ADT_A01"},
    {0, 10, "42"},
    {0, 12, "2.5.1"},
    {0, 13, ""},
    {0, 18, ""},
    {1, 1, ""},
    {2, 8, "F"},
    {2, 1, "1"},
    {2, 2, ""},
    {2, 3, "7^^^A^MR~8"},
    {2, 5, "Lee^Ann"},
    {2, 9, ""},
    {2, 999, ""},
    {3, 1, ""},
    {3, 2, ""},
    {4, 2, "I"},
    {4, 3, ""},
    {4, 4, ""},
    {5, 1, "\"\""},
    {5, 2, ""},
    {5, 3, "x"},
};

static void
expect_span(struct span got, const char *want, const char *what, unsigned n)
{
	cr_expect(span_eq(got, span_of(want)), "%s, %u: want \"%s\", got \"%.*s\"", what,
	    n, want, (int)got.n, got.n > 0 ? got.p : "");
}

Test(hl7_lexer, fields)
{
	struct hl7_message m;

	rig_message(&m, adt);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT(fields); i++)
			expect_span(hl7_field(&m, fields[i].segment, fields[i].field),
			    fields[i].want, m.segments[fields[i].segment].text.p,
			    fields[i].field);
	hl7_message_release(&m);
}

Test(hl7_lexer, fields_behind_other_delimiters)
{
	struct hl7_message m;

	rig_message(&m, "MSH#!@%*#S|1##x\rPID#1|2#3!4\r");
	expect_span(hl7_field(&m, 0, 1), "#", "MSH", 1);
	expect_span(hl7_field(&m, 0, 2), "!@%*", "MSH", 2);
	expect_span(hl7_field(&m, 0, 3), "S|1", "MSH", 3);
	expect_span(hl7_field(&m, 0, 5), "x", "MSH", 5);
	expect_span(hl7_field(&m, 1, 1), "1|2", "PID", 1);
	expect_span(hl7_field(&m, 1, 2), "3!4", "PID", 2);
	hl7_message_release(&m);
}

Test(hl7_lexer, a_header_alone)
{
	struct hl7_message m;

	rig_message(&m, "MSH|^~\\&");
	expect_span(hl7_field(&m, 0, 1), "|", "MSH", 1);
	expect_span(hl7_field(&m, 0, 2), "^~\\&", "MSH", 2);
	expect_span(hl7_field(&m, 0, 3), "", "MSH", 3);
	hl7_message_release(&m);
}

static const struct {
	const char *text;
	char separator;
	unsigned n;
	const char *want;
} parts[] = {
    {"a^b^c", '^', 1, "a"},
    {"a^b^c", '^', 2, "b"},
    {"a^b^c", '^', 3, "c"},
    {"a^b^c", '^', 4, ""},
    {"a^b^c", '~', 1, "a^b^c"},
    {"a^b^c", '~', 2, ""},
    {"", '^', 1, ""},
    {"", '^', 2, ""},
    {"^b", '^', 1, ""},
    {"^b", '^', 2, "b"},
    {"a^", '^', 1, "a"},
    {"a^", '^', 2, ""},
    {"^^", '^', 3, ""},
    {"a^b&c^d", '^', 2, "b&c"},
    {"a^^c", '^', 3, "c"},
};

Test(hl7_lexer, parts)
{
	for (size_t i = 0; i < COUNT(parts); i++)
		expect_span(
		    hl7_part(span_of(parts[i].text), parts[i].separator, parts[i].n),
		    parts[i].want, parts[i].text, parts[i].n);
}

/* Asked in any order, more of them than are noted, of more fields than are kept. */
/* The repetition number `n` of a field, from 1. */
static bool
repetition(struct hl7_message *m, unsigned field, unsigned n, struct hl7_repetition *out)
{
	bool there = hl7_repetition_first(m, 1, field, out);

	while (there && --n > 0)
		there = hl7_repetition_next(m, out);
	return there;
}

Test(hl7_lexer, components)
{
	static const char text[] =
	    "MSH|^~\\&\r"
	    "ZZ1|a^b&c^^d|1^2^3^4^5^6^7^8^9^10^11^12^13^14^15^16^17^18^19^20^21^22^23^24"
	    "^25^26^27|^|x|k1^l1~m^n&o&p~~q~|~|~r||\"\"^s|&t&|long enough, and more~u\r";
	static const struct {
		unsigned field, repetition, component, subcomponent;
		const char *want;
	} table[] = {{1, 1, 4, 0, "d"}, {1, 1, 1, 0, "a"}, {1, 1, 2, 0, "b"},
	    {1, 1, 2, 1, "b"}, {1, 1, 2, 2, "c"}, {1, 1, 2, 3, ""}, {1, 1, 3, 0, ""},
	    {1, 1, 3, 1, ""}, {1, 1, 5, 0, ""}, {1, 1, 0, 0, "a"}, {2, 1, 27, 0, "27"},
	    {2, 1, 1, 0, "1"}, {2, 1, 24, 0, "24"}, {2, 1, 28, 0, ""}, {3, 1, 1, 0, ""},
	    {3, 1, 2, 0, ""}, {3, 1, 3, 0, ""}, {4, 1, 1, 0, "x"}, {4, 1, 2, 0, ""},
	    {5, 1, 1, 0, "k1"}, {5, 1, 2, 0, "l1"}, {5, 1, 3, 0, ""}, {5, 2, 1, 0, "m"},
	    {5, 2, 2, 0, "n"}, {5, 2, 2, 3, "p"}, {5, 2, 2, 4, ""}, {5, 2, 3, 0, ""},
	    {5, 3, 1, 0, ""}, {5, 4, 1, 0, "q"}, {6, 1, 1, 0, ""}, {7, 1, 1, 0, ""},
	    {7, 2, 1, 0, "r"}, {9, 1, 1, 0, "\"\""}, {9, 1, 2, 0, "s"}, {10, 1, 1, 1, ""},
	    {10, 1, 1, 2, "t"}, {10, 1, 1, 3, ""}, {11, 1, 1, 0, "long enough, and more"},
	    {11, 2, 1, 0, "u"}};
	static const struct {
		unsigned field, repetition;
		const char *want; /* NULL: there is none */
	} texts[] = {{1, 1, "a^b&c^^d"}, {1, 2, NULL}, {5, 1, "k1^l1"}, {5, 2, "m^n&o&p"},
	    {5, 3, ""}, {5, 4, "q"}, {5, 5, NULL}, {6, 1, ""}, {6, 2, NULL}, {7, 1, ""},
	    {7, 2, "r"}, {7, 3, NULL}, {8, 1, NULL}, {10, 1, "&t&"}, {11, 2, "u"},
	    {12, 1, NULL}, {99, 1, NULL}};
	struct hl7_message m;
	struct hl7_repetition r;

	rig_message(&m, text);
	hl7_index(&m);
	for (size_t i = 0; i < COUNT(table); i++) {
		cr_assert(repetition(&m, table[i].field, table[i].repetition, &r));
		expect_span(hl7_repetition_leaf(
				&m, &r, table[i].component, table[i].subcomponent),
		    table[i].want, "leaf", (unsigned)i);
	}
	for (size_t i = 0; i < COUNT(texts); i++) {
		bool there = repetition(&m, texts[i].field, texts[i].repetition, &r);

		cr_expect_eq(there, texts[i].want != NULL, "text %zu", i);
		if (there)
			expect_span(hl7_repetition_text(&m, &r), texts[i].want, "text",
			    (unsigned)i);
	}
	cr_expect_not(hl7_repetition_first(&m, 0, 1, &r), "MSH-1");
	cr_expect(hl7_repetition_first(&m, 0, 2, &r), "MSH-2");
	hl7_message_release(&m);
}

/* Parts, and pieces of a segment, around what is looked at together. */
Test(hl7_lexer, parts_of_any_length)
{
	static const char text[] = "ab^^c^defg^^^hijklmnopqrstuvw^x^yz0123456789ABCDEF^"
				   "^^^^^^^^^^^^^^^^G^HIJKLMNOPQRSTUVWXYZabcdef^";
	struct span got[64];
	size_t n;

	for (size_t from = 0; from < sizeof(text); from++) {
		for (size_t end = from; end < sizeof(text); end++) {
			struct span s = {text + from, end - from};

			n = hl7_parts(s, '^', got, COUNT(got));
			for (unsigned i = 0; i < n; i++)
				cr_assert(span_eq(got[i], hl7_part(s, '^', i + 1)),
				    "%zu to %zu", from, end);
			cr_assert_eq(hl7_part(s, '^', (unsigned)n + 1).n, 0);
			cr_assert_eq(hl7_parts(s, '^', got, 2), n < 2 ? n : 2);
			cr_assert(span_eq(got[0], hl7_part(s, '^', 1)));
		}
	}
}

Test(hl7_lexer, first_leaf)
{
	static const char *const table[][2] = {{"plain", "plain"}, {"A&B^C~D", "A"},
	    {"A^B", "A"}, {"A~B", "A"}, {"~x", ""}, {"^x", ""}, {"&x", ""}, {"", ""},
	    {"a|b^c", "a|b"}, {"\"\"^b", "\"\""}, {"a\\S\\b^c", "a\\S\\b"}};
	static const struct hl7_delimiters d = {'|', '^', '~', '\\', '&', '\0'};

	for (unsigned i = 0; i < COUNT(table); i++)
		expect_span(hl7_leaf(&d, span_of(table[i][0])), table[i][1], "leaf", i);
}

Test(hl7_lexer, nulls)
{
	cr_expect(hl7_is_null(SPAN_LIT("\"\"")));
	cr_expect_not(hl7_is_null(SPAN_LIT("")));
	cr_expect_not(hl7_is_null(SPAN_LIT("\"")));
	cr_expect_not(hl7_is_null(SPAN_LIT("\"\"\"")));
	cr_expect_not(hl7_is_null(SPAN_LIT("\"\"^\"\"")));
	cr_expect_not(hl7_is_null(SPAN_LIT("''")));
}

Test(hl7_lexer, names_of_segments)
{
	static const char *const good[] = {
	    "PID|1", "PID", "Z01|", "ZZZ", "OBX\\", "IN1|1", "MSH|^~\\&", "PID ", "PV1^"};
	static const char *const bad[] = {"", "PI", "pid|1", "Pid|", "1ID|", "P_D|",
	    "PI|1", "PIDX|1", "PIDx|1", "PID1", " PID|1", "[SOM]", "hello", "|||",
	    "P D|"};

	for (size_t i = 0; i < COUNT(good); i++)
		cr_expect(hl7_line_is_segment(span_of(good[i])), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect_not(hl7_line_is_segment(span_of(bad[i])), "%s", bad[i]);
	cr_expect_eq(hl7_name("PID"), hl7_name("PID|1"));
	cr_expect_neq(hl7_name("PID"), hl7_name("PIE"));
}

/* Ranks: MSH 0; PID 1; PV1, ORC 2; OBR 3; OBX 4; all others are leaves. */
static const struct {
	const char *text;
	size_t end, parent;
} tree[] = {
    {"MSH|^~\\&", 16, 0},
    {"EVN|", 2, 0},
    {"PID|1", 14, 0},
    {"PD1|", 4, 2},
    {"PV1|", 6, 2},
    {"PV2|", 6, 4},
    {"ORC|", 14, 2},
    {"OBR|1", 12, 6},
    {"NTE|1", 9, 7},
    {"OBX|1", 11, 7},
    {"NTE|2", 11, 9},
    {"SPM|1", 12, 7},
    {"OBR|2", 14, 6},
    {"OBX|2", 14, 12},
    {"PID|2", 16, 0},
    {"ZZ1|", 16, 14},
};

Test(hl7_lexer, groups)
{
	struct hl7_message m;
	struct err e = {0};

	hl7_message_init(&m);
	for (size_t i = 0; i < COUNT(tree); i++)
		cr_assert_eq(hl7_message_add(&m, span_of(tree[i].text), &e), 0);
	for (size_t i = 0; i < COUNT(tree); i++) {
		cr_expect_eq(hl7_group_end(&m, i), tree[i].end, "%s: end %zu",
		    tree[i].text, hl7_group_end(&m, i));
		cr_expect_eq(hl7_parent(&m, i), tree[i].parent, "%s: parent %zu",
		    tree[i].text, hl7_parent(&m, i));
	}
	hl7_message_release(&m);
}

Test(hl7_lexer, ranks)
{
	static const struct {
		const char *names;
		int rank;
	} table[] = {{"MSH", 0}, {"SCH PID RGS", 1},
	    {"PV1 ORC AIS AIG AIL AIP NK1 AL1 DG1 PR1 GT1 IN1 MRG", 2}, {"OBR", 3},
	    {"OBX SPM", 4}, {"NTE EVN PD1 PV2 TQ1 IN2 ROL ZPI", HL7_RANK_LEAF}};
	struct hl7_message m;
	struct err e = {0};

	hl7_message_init(&m);
	for (size_t i = 0; i < COUNT(table); i++) {
		for (const char *p = table[i].names; *p != '\0';
		    p += p[3] == ' ' ? 4 : 3) {
			hl7_message_clear(&m);
			cr_assert_eq(hl7_message_add(&m, (struct span){p, 3}, &e), 0);
			cr_expect_eq((int)m.segments[0].rank, table[i].rank, "%.3s", p);
		}
	}
	hl7_message_release(&m);
}

/* Many segments, many fields: what was indexed stays where it was. */
Test(hl7_lexer, a_large_message)
{
	static char wide[20000];
	struct hl7_message m;
	struct err e = {0};

	rig_message(&m, adt);
	memcpy(wide, "ZZ1", 3);
	for (size_t i = 3; i + 1 < sizeof(wide); i += 2)
		memcpy(wide + i, i % 4 == 3 ? "|a" : "|b", 2);
	for (int i = 0; i < 40; i++)
		cr_assert_eq(hl7_message_add(&m, span_of(wide), &e), 0);
	expect_span(hl7_field(&m, 2, 8), "F", "PID", 8);
	for (size_t i = 0; i < 40; i++) {
		expect_span(hl7_field(&m, 6 + i, 1), "a", "ZZ1", 1);
		expect_span(hl7_field(&m, 6 + i, 9998), "b", "ZZ1", 9998);
		expect_span(hl7_field(&m, 6 + i, 9999), "", "ZZ1", 9999);
	}
	expect_span(hl7_field(&m, 2, 5), "Lee^Ann", "PID", 5);
	hl7_message_clear(&m);
	cr_expect_eq(m.n, 0);
	cr_assert_eq(hl7_message_add(&m, SPAN_LIT("MSH|^~\\&|again"), &e), 0);
	expect_span(hl7_field(&m, 0, 3), "again", "MSH", 3);
	hl7_message_release(&m);
}

Test(hl7_lexer, limit_of_segments)
{
	struct hl7_message m;
	struct err e = {0};

	rig_message(&m, "MSH|^~\\&");
	for (size_t i = 1; i < HL7_SEGMENTS_MAX; i++)
		cr_assert_eq(hl7_message_add(&m, SPAN_LIT("OBX|1"), &e), 0);
	cr_expect_eq(m.n, HL7_SEGMENTS_MAX);
	cr_expect_eq(hl7_message_add(&m, SPAN_LIT("OBX|2"), &e), 1);
	cr_expect_eq(m.n, HL7_SEGMENTS_MAX);
	expect_span(hl7_field(&m, HL7_SEGMENTS_MAX - 1, 1), "1", "OBX", 1);
	hl7_message_release(&m);
}
