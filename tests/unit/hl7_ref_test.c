#include "mappers/hl7_ref.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "mappers/scan.h"
#include "tests/unit/hl7_rig.h"

#define HITS_MAX 32

static struct arena arena;
static struct hl7_charsets *charsets;

static void
setup(void)
{
	struct err e = {0};

	arena_init(&arena, 1 << 20);
	charsets = hl7_charsets_new("auto", 4096, &e);
}

static void
teardown(void)
{
	arena_release(&arena);
	hl7_charsets_free(charsets);
}

TestSuite(hl7_ref_scanning, .init = setup, .fini = teardown);
TestSuite(hl7_ref_finding, .init = setup, .fini = teardown);

/* What is taken, up to a mark: all of it unless `rest` says what is left. */
static const struct {
	const char *text, *rest;
} good[] = {
    {"PID-3", ""},
    {"PID-3.4.2", ""},
    {"PID-999.999.999", ""},
    {"PID-3[5=MR].4.2", ""},
    {"PID-3[4.2=1.2.3].1", ""},
    {"PID-3[5!=MR].1", ""},
    {"PID-3[5=\"\"].1", ""},
    {"PID-3[4.1=\"MERCY & CLINIC\" & 5=MR].1", ""},
    {"PID-3[4.1=\"a]b\"].1", ""},
    {"PID-3[4.1=two words & 5=MR]", ""},
    {"PID-3[4={mrn} & 5=MR].1", ""},
    {"PID-3[#2].1", ""},
    {"PID-13[*]", ""},
    {"PID-3[5=MR][#2].1", ""},
    {"PID-3[5=MR][*].1", ""},
    {"OBX[3.1=8480-6]-5", ""},
    {"OBX[3.1.1=8480-6]-5", ""},
    {"AIS[2!=D][#1]-4", ""},
    {"NK1[*]-5[*].1", ""},
    {"SCH/NTE[*]-3", ""},
    {"ORC/OBR[4=X]/OBX[#2]-5.1", ""},
    {"event", ""},
    {"PID-3 ?? PID-2", " ?? PID-2"},
    {"PID-3.1 | upper", " | upper"},
    {"PID-3}", "}"},
    {"PID-3[*], PID-2", ", PID-2"},
    {"event}", "}"},
};

static int
scan_ref(const char *text, struct scan *s, struct hl7_ref **out, struct err *e)
{
	*s = (struct scan){.arena = &arena, .text = span_of(text), .hl7 = true, .e = e};
	return hl7_ref_scan(s, out);
}

Test(hl7_ref_scanning, taken)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct hl7_ref *ref;
		struct err e = {0};
		struct scan s;

		cr_expect_eq(scan_ref(good[i].text, &s, &ref, &e), 0, "%s: %s",
		    good[i].text, e.msg);
		cr_expect(hl7_ref_at(
			      &(struct scan){.text = span_of(good[i].text), .hl7 = true}),
		    "%s", good[i].text);
		cr_expect_str_eq(good[i].text + s.at, good[i].rest, "%s: left is %s",
		    good[i].text, good[i].text + s.at);
	}
}

Test(hl7_ref_scanning, short_names_are_none)
{
	static const char *const names[] = {"mrn", "PID", "PID3", "PID 3", "pid-3",
	    "PIDX-3", "events", "event_at", "eventual-3", "", "#2", "\"PID-3\""};

	for (size_t i = 0; i < COUNT(names); i++)
		cr_expect_not(
		    hl7_ref_at(&(struct scan){.text = span_of(names[i]), .hl7 = true}),
		    "%s", names[i]);
}

/* The position is that of what was not expected, in characters from 1. */
static const struct {
	const char *text, *want;
} bad[] = {
    {"PID", "character 4: expected - and the field's number, as in PID-3"},
    {"PID.3", "character 4: expected - and the field's number, as in PID-3"},
    {"pid-3", "character 1: expected a segment's name, such as PID"},
    {"PID-x", "character 5: expected a number from 1 to 999"},
    {"PID-3.", "character 7: expected a number from 1 to 999"},
    {"PID-3[#x]", "character 8: expected a number from 1 to 999"},
    {"PID-3[5.=MR]", "character 9: expected a number from 1 to 999"},
    {"PID-3[]", "character 7: expected a number from 1 to 999"},
    {"PID-3.1.2.3", "character 10: expected no further level"},
    {"PID-3[4.1.1=x]", "character 10: expected no further level"},
    {"OBX[3.1.1.1=x]-5", "character 10: expected no further level"},
    {"PID-3[5]", "character 8: expected = or !="},
    {"PID-3[5 MR]", "character 9: expected = or !="},
    {"PID-3[5=]", "character 9: expected a value (\"\" is empty)"},
    {"PID-3[5= & 4=x]", "character 10: expected a value (\"\" is empty)"},
    {"PID-3[5=\"MR]", "character 9: expected a second quote that closes this one"},
    {"PID-3[5=\"MR\"x]", "character 13: expected & or ]"},
    {"PID-3[5=MR", "character 11: expected & or ]"},
    {"PID-3[5=MR & ]", "character 14: expected a number from 1 to 999"},
    {"PID-3[*", "character 8: expected ]"},
    {"PID-3[#2", "character 9: expected ]"},
    {"PID-3[#2 & 5=x]", "character 9: expected ]"},
    {"PID-3[4={mrn]", "character 9: expected a name of [fields] in braces"},
    {"PID-3[4={ }]", "character 9: expected a name of [fields] in braces"},
    {"OBX[3={mrn}]-5",
	"character 7: expected a value; {name} is for repetitions of a field"},
    {"PID-3[*][5=MR]", "character 9: expected no selection behind [#N] or [*]"},
    {"PID-3[#2][*]", "character 10: expected no selection behind [#N] or [*]"},
    {"PID-3[#1][*]", "character 10: expected no selection behind [#N] or [*]"},
    {"PID-3[5=MR][#2][*]", "character 16: expected no selection behind [#N] or [*]"},
    {"PID-3[5=MR][*][#2]", "character 15: expected no selection behind [#N] or [*]"},
    {"NK1[*][2=x]-1", "character 7: expected no selection behind [#N] or [*]"},
    {"PID/-3", "character 5: expected a segment's name, such as PID"},
    {"PID/PV1/ORC/OBR-1", "character 13: expected fewer segments"},
    /* A place behind letters that have two bytes each. */
    {"PID-3[4=\xc3\xa9\xc3\xa9 & x]", "character 14: expected a number from 1 to 999"},
    /* A number that is out of bounds: where it begins. */
    {"PID-0", "character 5: expected a number from 1 to 999"},
    {"PID-1000", "character 5: expected a number from 1 to 999"},
    {"PID-3[#0].1", "character 8: expected a number from 1 to 999"},
    {"PID-3[5=MR][#1][*]", "character 16: expected no selection behind [#N] or [*]"},
};

Test(hl7_ref_scanning, mistakes)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct hl7_ref *ref;
		struct err e = {0};
		struct scan s;

		cr_expect_eq(scan_ref(bad[i].text, &s, &ref, &e), -1, "%s", bad[i].text);
		cr_expect_str_eq(e.msg, bad[i].want, "%s: %s", bad[i].text, e.msg);
	}
}

static const char adt[] =
    "MSH|^~\\&|S|F|R|RF|20260110||ADT^A08^ADT_A01|C1|P|2.5.1\r"
    "EVN|A31|20260110\r"
    "PID|1||100^^^MERCY&1.2.3&ISO^MR~200^^^OTHER^PI~300^^^^mr~400||Lee&van^Ann^B"
    "||19800101|F^Female||||||\"\"^BUSINESS|\"\"|5~\"\"~7|a&b^c\r"
    "NTE|1||about the patient\r"
    "PD1|x\r"
    "NK1|1|Doe^Jo|SPO|a|1^PRN~2^WPN\r"
    "NK1|2||CHD|b|3^WPN\r"
    "NK1|3|Roe^Al|SPO|c\r"
    "GT1|\"\"\r"
    "IN1|\"\"|||\r"
    "ZPI|\"\"|x\r";

static const char oru[] = "MSH|^~\\&|S|F|R|RF|20260110||ORU|C1|P|2.5.1\r"
			  "EVN|R01\r"
			  "PID|1||1^^^A^MR\r"
			  "NTE|1||p1\r"
			  "PV1|1|I\r"
			  "ORC|RE|o1\r"
			  "OBR|1||f1|LIPID\r"
			  "NTE|1||n1\r"
			  "NTE|2||n2\r"
			  "OBX|1|NM|8480-6^SYS||120\r"
			  "NTE|1||x1\r"
			  "OBX|2|NM|8462-4^DIA||80\r"
			  "OBR|2||f2|CBC\r"
			  "OBX|1|ST|718-7^HB||13\r"
			  "NTE|1||x2\r"
			  "NTE|2||x3\r"
			  "PID|2||2^^^A^MR\r"
			  "ORC|RE|o2\r"
			  "OBR|1||f3|GLU\r"
			  "OBX|1|NM|2345-7^GLU||90\r";

static const char siu[] = "MSH|^~\\&|S|F|R|RF|20260110||SIU^S12|C1|P|2.5.1\r"
			  "SCH|5\r"
			  "NTE|1||s1\r"
			  "NTE|2||s2\r"
			  "PID|1||1\r"
			  "NTE|1||p1\r"
			  "RGS|1\r"
			  "AIS|1|D|A|t1\r"
			  "AIS|2|A|B|t2\r"
			  "NTE|1||a1\r"
			  "AIS|3||C|t3\r"
			  "AIL|1|A|room\r";

struct found {
	const char *ref;
	const char *want; /* "[raw][raw]", null as "[-]"; "" if one that is empty */
};

/* From group `at`; 0: the whole message. */
static void
check(const char *text, const struct found *table, size_t n, size_t at)
{
	struct hl7_message m;
	struct hl7_place place = {.charsets = charsets, .arena = &arena};
	struct buf out;

	buf_init(&out, 4096);
	rig_message(&m, text);
	(void)hl7_charsets_begin(charsets, &m, span_of(text));
	if (at == 0)
		hl7_place_init(&place, &m);
	else
		hl7_place_group(&place, &m, at);
	for (size_t i = 0; i < n; i++) {
		struct hl7_hit hits[HITS_MAX];
		struct hl7_ref *ref;
		struct err e = {0};
		struct scan s;
		size_t found;

		cr_assert_eq(scan_ref(table[i].ref, &s, &ref, &e), 0, "%s", e.msg);
		found = hl7_ref_find(
		    ref, &place, hits, hl7_ref_is_list(ref) ? HITS_MAX : 1);
		buf_clear(&out);
		for (size_t k = 0; k < found; k++)
			if (hits[k].null)
				buf_add_str(&out, "[-]");
			else if (hits[k].raw.n > 0 || hl7_ref_is_list(ref))
				buf_addf(&out, "[%.*s]", (int)hits[k].raw.n,
				    hits[k].raw.n > 0 ? hits[k].raw.p : "");
		buf_add_char(&out, '\0');
		cr_expect_str_eq(out.p, table[i].want, "%s at %zu: want %s, got %s",
		    table[i].ref, at, table[i].want, out.p);
	}
	hl7_message_release(&m);
	buf_release(&out);
}

static const struct found fields[] = {
    {"PID-5", "[Lee]"},
    {"PID-5.1.1", "[Lee]"},
    {"PID-5.1.2", "[van]"},
    {"PID-5.2", "[Ann]"},
    {"PID-5.9", ""},
    {"PID-5.2.2", ""},
    {"PID-8", "[F]"},
    {"PID-8.2", "[Female]"},
    {"PID-3.4.2", "[1.2.3]"},
    {"PID-3.4", "[MERCY]"},
    {"ZZZ-1", ""},
    {"MSH-1", "[|]"},
    {"MSH-2", "[^~\\&]"},
    {"MSH-9.2", "[A08]"},
    {"event", "[A08]"},
    {"EVN-1", "[A31]"},
    /* Repetitions. */
    {"PID-3", "[100]"},
    {"PID-3[5=MR].1", "[100]"},
    {"PID-3[5=mR].1", "[100]"},
    {"PID-3[5=PI].1", "[200]"},
    {"PID-3[5=XX].1", ""},
    {"PID-3[5=\"\"].1", "[400]"},
    {"PID-3[5!=\"\"][#3].1", "[300]"},
    {"PID-3[5!=MR].1", "[200]"},
    {"PID-3[5!=MR][*].1", "[200][400]"},
    {"PID-3[5=MR][#2].1", "[300]"},
    {"PID-3[5=MR][#3].1", ""},
    {"PID-3[5=MR][*].1", "[100][300]"},
    {"PID-3[5=MR & 4=\"\"].1", "[300]"},
    {"PID-3[4=OTHER & 5=PI].1", "[200]"},
    {"PID-3[4=OTHER & 5=MR].1", ""},
    {"PID-3[4.1=mercy].1", "[100]"},
    {"PID-3[4.2=1.2.3].1", "[100]"},
    {"PID-3[1=400].5", ""},
    {"PID-3[#2].1", "[200]"},
    {"PID-3[#2].4", "[OTHER]"},
    {"PID-3[*].1", "[100][200][300][400]"},
    {"PID-3[*].5", "[MR][PI][mr][]"},
    /* "" is null, with all that it would have; a component of its own is not. */
    {"PID-15", "[-]"},
    {"PID-15.1", "[-]"},
    {"PID-15.2.2", "[-]"},
    {"PID-14", "[-]"},
    {"PID-14.1", "[-]"},
    {"PID-14.2", "[BUSINESS]"},
    {"PID-15[*]", "[-]"},
    {"PID-16[*]", "[5][-][7]"},
    {"PID-16[#2]", "[-]"},
    {"PID-17[*]", "[a]"},
    /* A segment that is there to say that there is none. */
    {"GT1-1", "[-]"},
    {"GT1-3", "[-]"},
    {"GT1-3.1", "[-]"},
    {"GT1[*]-3", "[-]"},
    {"ZPI-1", "[-]"},
    {"ZPI-2", "[x]"},
    {"ZPI-3", ""},
    /* Segments; a list has its empty elements too. */
    {"NK1-2", "[Doe]"},
    {"NK1[*]-2", "[Doe][][Roe]"},
    {"NK1[*]-2.2", "[Jo][][Al]"},
    {"NK1[3=SPO]-4", "[a]"},
    {"NK1[3=SPO][#2]-4", "[c]"},
    {"NK1[3=spo][*]-4", "[a][c]"},
    {"NK1[3!=SPO]-4", "[b]"},
    {"NK1[2.1=\"\"]-3", "[CHD]"},
    {"NK1[2.2=Al]-4", "[c]"},
    {"NK1[3=SPO & 2=Roe]-4", "[c]"},
    {"NK1[3=XXX][*]-4", ""},
    {"NK1[*]-5[2=WPN]", "[2][3][]"},
    {"NK1[*]-5[#2]", "[2][][]"},
    {"NK1[*]-5[*]", "[1][2][3][]"},
};

Test(hl7_ref_finding, fields_and_segments)
{
	check(adt, fields, COUNT(fields), 0);
}

/* A value with a delimiter in it is sent with an escape (2.6.1). */
Test(hl7_ref_finding, tests_are_of_text)
{
	static const char text[] = "MSH|^~\\&|S\r"
				   "PID|1||1^^^OTHER^MR~2^^^MERCY \\T\\ CLINIC^MR\r"
				   "OBX|1|ST|A \\T\\ B||5\r";
	static const struct found table[] = {
	    {"PID-3[4.1=\"MERCY & CLINIC\" & 5=MR].1", "[2]"},
	    {"PID-3[4.1!=\"MERCY & CLINIC\"][*].1", "[1]"},
	    {"OBX[3=\"A & B\"]-5", "[5]"},
	};

	check(text, table, COUNT(table), 0);
}

/* Empty is what has nothing in any of its parts, or is deleted; not what begins so. */
Test(hl7_ref_finding, empty_as_a_whole)
{
	static const char text[] =
	    "MSH|^~\\&|S\r"
	    "PID|1||1^^^&1.2&ISO^MR~2^^^&&^MR~3^^^\"\"^MR||||||||||||^WPN\r"
	    "PV1|1||^^|\"\"|^^B|||||&1\r";
	static const struct found table[] = {
	    {"PID-3[4=\"\"][*].1", "[2][3]"},
	    {"PID-3[4!=\"\"][*].1", "[1]"},
	    {"PID-3[4.1=\"\"][*].1", "[1][2][3]"},
	    {"PID[15=\"\"]-1", ""},
	    {"PID[15!=\"\"]-15.2", "[WPN]"},
	    {"PID[15.1=\"\"]-1", "[1]"},
	    {"PV1[3!=\"\"]-1", ""},
	    {"PV1[4!=\"\"]-1", ""},
	    {"PV1[5!=\"\"]-1", "[1]"},
	    {"PV1[6!=\"\"]-1", ""},
	    {"PV1[10.1!=\"\"]-1", "[1]"},
	    {"PV1[10.1.1!=\"\"]-1", ""},
	};

	check(text, table, COUNT(table), 0);
}

static const struct found paths[] = {
    {"event", "[R01]"},
    {"PID/NTE[*]-3", "[p1]"},
    {"OBR/NTE[*]-3", "[n1][n2]"},
    {"OBX/NTE[*]-3", "[x1]"},
    {"OBX[*]/NTE[*]-3", "[x1][x2][x3]"},
    {"OBX[#2]/NTE[*]-3", ""},
    {"OBR[#2]/NTE[*]-3", ""},
    {"OBR[#2]/OBX[*]-5", "[13]"},
    {"OBR[4=CBC]/OBX[*]-5", "[13]"},
    {"OBR[*]/OBX[*]-5", "[120][80][13][90]"},
    {"OBR[*]/OBX[#2]-5", "[80]"},
    {"OBR[*]/OBX[2=NM]-5", "[120][90]"},
    {"ORC/OBR/OBX[*]-5", "[120][80]"},
    {"ORC/OBR[#2]/OBX-5", "[13]"},
    {"ORC/OBX[*]-5", "[120][80][13]"},
    {"PID/OBX[*]-5", "[120][80][13]"},
    {"PID[#2]/OBX[*]-5", "[90]"},
    {"PID[3.1=2]/ORC/OBR-3", "[f3]"},
    {"PID[#2]/PV1-2", ""},
    {"OBX/OBR-3", ""},
    {"OBX[3.1=718-7]-5", "[13]"},
    {"OBX[3=8462-4 & 2=NM]/NTE-3", ""},
};

Test(hl7_ref_finding, paths)
{
	check(oru, paths, COUNT(paths), 0);
}

Test(hl7_ref_finding, notes_and_services)
{
	static const struct found table[] = {
	    {"SCH/NTE[*]-3", "[s1][s2]"},
	    {"PID/NTE[*]-3", "[p1]"},
	    {"AIS[*]/NTE[*]-3", "[a1]"},
	    {"AIS/NTE[*]-3", ""},
	    {"RGS/NTE[*]-3", ""},
	    {"RGS/AIS[*]-4", "[t1][t2][t3]"},
	    {"AIS[2!=D]-4", "[t2]"},
	    {"AIS[2!=D][#1]-4", "[t2]"},
	    {"AIS[2!=D][#2]-4", "[t3]"},
	    {"AIS[2!=D][*]-4", "[t2][t3]"},
	    {"AIS[2=D]-4", "[t1]"},
	    {"AIS/AIL-3", ""},
	};

	check(siu, table, COUNT(table), 0);
}

/* As `each` has it: the segment's own group first, then those around it. */
Test(hl7_ref_finding, from_a_group)
{
	static const struct found first[] = {/* OBX 1 of f1 */
	    {"OBX-5", "[120]"}, {"OBX[*]-5", "[120]"}, {"NTE[*]-3", "[x1]"},
	    {"OBX/NTE[*]-3", "[x1]"}, {"OBR-3", "[f1]"}, {"OBR[*]-3", "[f1]"},
	    {"OBR/NTE[*]-3", "[n1][n2]"}, {"ORC-2", "[o1]"}, {"PV1-2", "[I]"},
	    {"PID-3", "[1]"}, {"PID/NTE-3", "[p1]"}, {"MSH-10", "[C1]"},
	    {"EVN-1", "[R01]"}, {"event", "[R01]"}, {"ZZZ-1", ""}};
	static const struct found second[] = {/* OBX 2 of f1 */
	    {"OBX-5", "[80]"}, {"NTE-3", ""}, {"NTE[*]-3", ""}, {"OBR-3", "[f1]"}};
	static const struct found third[] = {/* OBX 1 of f2 */
	    {"OBX-5", "[13]"}, {"NTE[*]-3", "[x2][x3]"}, {"OBR-3", "[f2]"},
	    {"OBR/NTE[*]-3", ""}, {"ORC-2", "[o1]"}};
	static const struct found last[] = {/* of the second patient */
	    {"OBX-5", "[90]"}, {"OBR-3", "[f3]"}, {"ORC-2", "[o2]"}, {"PID-3", "[2]"},
	    {"MSH-10", "[C1]"}, {"NTE-3", ""}};
	static const struct found order[] = {/* OBR 1 */
	    {"OBX[*]-5", "[120][80]"}, {"NTE-3", "[n1]"}, {"OBR-3", "[f1]"},
	    {"PID-3", "[1]"}};
	static const struct found note[] = {/* NTE 2 of OBR 1, a leaf */
	    {"NTE-3", "[n2]"}, {"NTE[*]-3", "[n2]"}, {"OBR-3", "[f1]"}, {"PID-3", "[1]"}};

	check(oru, first, COUNT(first), 9);
	check(oru, second, COUNT(second), 11);
	check(oru, third, COUNT(third), 13);
	check(oru, last, COUNT(last), 19);
	check(oru, order, COUNT(order), 6);
	check(oru, note, COUNT(note), 8);
}

Test(hl7_ref_finding, events)
{
	static const struct {
		const char *text, *want;
	} table[] = {{"MSH|^~\\&|||||||ADT^A08\rEVN|A31\r", "[A08]"},
	    {"MSH|^~\\&|||||||ADT\rEVN|A31\r", "[A31]"},
	    {"MSH|^~\\&|||||||ADT^\rPID|1\rEVN|A31^x\r", "[A31]"},
	    {"MSH|^~\\&|||||||ACK\r", ""}, {"MSH|^~\\&\r", ""},
	    {"MSH#!@%*#######SIU!S12!x\r", "[S12]"}};

	for (size_t i = 0; i < COUNT(table); i++)
		check(table[i].text, &(struct found){"event", table[i].want}, 1, 0);
}

Test(hl7_ref_finding, no_more_than_asked_for)
{
	struct hl7_hit hits[4] = {0};
	struct hl7_message m;
	struct hl7_place place = {.charsets = NULL};
	struct hl7_ref *ref;
	struct err e = {0};
	struct scan s;

	rig_message(&m, adt);
	hl7_place_init(&place, &m);
	cr_assert_eq(scan_ref("NK1[*]-5[*]", &s, &ref, &e), 0);
	cr_expect_eq(hl7_ref_find(ref, &place, hits, 3), 3);
	cr_expect(span_eq(hits[2].raw, SPAN_LIT("3")));
	cr_expect_null(hits[3].raw.p);
	hl7_message_release(&m);
}

/* What `each` has: a segment with its conditions. */
Test(hl7_ref_finding, next_of_each)
{
	static const struct {
		const char *path;
		size_t at[4];
	} table[] = {{"AIS", {7, 8, 10, 12}}, {"AIS[2!=D]", {8, 10, 12, 12}},
	    {"AIS[2=D]", {7, 12, 12, 12}}, {"NTE", {2, 3, 5, 9}}, {"ZZZ", {12}},
	    {"MSH", {0, 12}}};
	struct hl7_place place = {.charsets = NULL};
	struct hl7_message m;

	rig_message(&m, siu);
	hl7_place_init(&place, &m);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hl7_path path = {.name = 0};
		struct err e = {0};
		struct scan s = {.arena = &arena,
		    .text = span_of(table[i].path),
		    .hl7 = true,
		    .e = &e};
		size_t at = 0;

		cr_assert_eq(hl7_path_scan(&s, &path), 0, "%s", e.msg);
		cr_expect_eq(s.at, s.text.n);
		for (size_t k = 0; k < 4 && at < m.n; k++, at++) {
			at = hl7_path_next(&path, &place, at);
			cr_expect_eq(
			    at, table[i].at[k], "%s, %zu: %zu", table[i].path, k, at);
		}
	}
	hl7_message_release(&m);
}
