#include "mappers/hl7_composite.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mappers/hl7_index.h"
#include "tests/unit/hl7_rig.h"
#include "mappers/transform_list.h"

/* A field in a message of its own, and what takes it apart. */
struct sent {
	struct hl7_message message;
	struct run run;
	struct text raw;
	char text[512];
};

/* A text is taken apart by the message's index, where it is a repetition, or by itself. */
static const bool ways[] = {true, false};

static void
field_open(struct sent *f, const char *charset, const char *raw, bool indexed)
{
	struct err e = {0};
	int n;

	n = snprintf(f->text, sizeof(f->text), "MSH|^~\\&|S\rZZ1|%s\r", raw);
	cr_assert_lt((size_t)n, sizeof(f->text));
	rig_message(&f->message, f->text);
	f->raw = (struct text){.s = hl7_field(&f->message, 1, 1)};
	if (indexed && !hl7_repetition_first(&f->message, 1, 1, &f->raw.from))
		f->raw.from.segment = NULL;
	f->run = (struct run){.message = &f->message};
	arena_init(&f->run.arena, 1 << 16);
	f->run.charsets = hl7_charsets_new(charset, 1 << 16, &e);
	cr_assert_not_null(f->run.charsets, "%s", e.msg);
	(void)hl7_charsets_begin(f->run.charsets, &f->message, span_of(f->text));
}

static void
field_close(struct sent *f)
{
	hl7_charsets_free(f->run.charsets);
	arena_release(&f->run.arena);
	hl7_message_release(&f->message);
}

Test(hl7_composite_types, by_name)
{
	static const struct {
		const char *name;
		enum hl7_type type;
		const char *members;
	} table[HL7_TYPES] = {{"cx", HL7_CX, "value system type "},
	    {"ei", HL7_EI, "value system type "},
	    {"xpn", HL7_XPN, "family given prefix suffix "},
	    {"xad", HL7_XAD, "line city district state postal_code country "},
	    {"xtn", HL7_XTN, "system value use "}, {"xcn", HL7_XCN, "id npi display "},
	    {"pl", HL7_PL, NULL}, {"cwe", HL7_CWE, NULL}};
	static const char *const none[] = {"", "c", "CX", "cxx", "pl ", "hd", "name"};
	enum hl7_type type;

	for (size_t i = 0; i < HL7_TYPES; i++) {
		const char *const *m;
		char got[128] = "", *to = got;

		cr_expect(hl7_type_by_name(span_of(table[i].name), &type));
		cr_expect_eq(type, table[i].type, "%s", table[i].name);
		m = hl7_type_members(type);
		cr_expect_eq(m == NULL, table[i].members == NULL, "%s", table[i].name);
		for (; m != NULL && *m != NULL; m++)
			to = stpcpy(stpcpy(to, *m), " ");
		if (table[i].members != NULL)
			cr_expect_str_eq(got, table[i].members);
	}
	for (size_t i = 0; i < COUNT(none); i++)
		cr_expect_not(hl7_type_by_name(span_of(none[i]), &type), "%s", none[i]);
}

/* Members as "name=text;", null as "name=-;". */
struct taken {
	enum hl7_type type;
	const char *raw, *want;
};

static const struct taken splits[] = {
    /* CX: 2.A.14; the universal id of CX.4 goes before the namespace. */
    {HL7_CX, "100", "value=100;"},
    {HL7_CX, "100^^^MERCY^MR", "value=100;system=MERCY;type=MR;"},
    {HL7_CX, "100^^^MERCY&1.2.3&ISO^MR", "value=100;system=1.2.3;type=MR;"},
    {HL7_CX, "100^^^&1.2.3&ISO^MR", "value=100;system=1.2.3;type=MR;"},
    {HL7_CX, "100^9^M10^^MR", "value=100;type=MR;"},
    {HL7_CX, "1\\T\\2^^^A \\T\\ B", "value=1&2;system=A & B;"},
    {HL7_CX, "\"\"^^^MERCY^\"\"", "value=-;system=MERCY;type=-;"},
    {HL7_CX, "", ""},
    {HL7_CX, "^^^", ""},
    {HL7_CX, " 100 ^^^ MERCY ", "value=100;system=MERCY;"},
    /* EI: 2.A.28. */
    {HL7_EI, "55", "value=55;"},
    {HL7_EI, "55^SCHED", "value=55;system=SCHED;"},
    {HL7_EI, "55^SCHED^1.2.3^ISO", "value=55;system=1.2.3;"},
    {HL7_EI, "55^^1.2.3^ISO", "value=55;system=1.2.3;"},
    {HL7_EI, "\"\"^SCHED", "value=-;system=SCHED;"},
    /* XPN: 2.A.89; further given names are one component. */
    {HL7_XPN, "Lee^Ann^B^Jr^Dr^MD^L",
	"family=Lee;given=Ann;given=B;prefix=Dr;suffix=Jr;"},
    {HL7_XPN, "Lee&van&Lee&de&Boer", "family=Lee;"},
    {HL7_XPN, "Lee", "family=Lee;"},
    {HL7_XPN, "^Ann", "given=Ann;"},
    {HL7_XPN, "Lee^^B", "family=Lee;given=B;"},
    {HL7_XPN, "Lee^Ann^Bea Cia", "family=Lee;given=Ann;given=Bea Cia;"},
    {HL7_XPN, "Lee^\"\"^\"\"^\"\"", "family=Lee;given=-;given=-;suffix=-;"},
    {HL7_XPN, "O\\T\\Neil^A\\S\\", "family=O&Neil;given=A^;"},
    /* XAD: 2.A.87, SAD: 2.A.66. */
    {HL7_XAD, "12 Main St^Apt 3^Springfield^IL^62701^USA^H^^Sangamon",
	"line=12 Main St;line=Apt 3;city=Springfield;district=Sangamon;state=IL;"
	"postal_code=62701;country=USA;"},
    {HL7_XAD, "12 Main St&Main St&12^^Springfield", "line=12 Main St;city=Springfield;"},
    {HL7_XAD, "&Main St&12^^Springfield", "line=12 Main St;city=Springfield;"},
    {HL7_XAD, "&Main St", "line=Main St;"},
    {HL7_XAD, "^Apt 3", "line=Apt 3;"},
    {HL7_XAD, "^^^^02155", "postal_code=02155;"},
    {HL7_XAD, "\"\"^\"\"^\"\"", "line=-;line=-;city=-;"},
    {HL7_XAD, "", ""},
    /* XTN: 2.A.91, tables 0201 and 0202. */
    {HL7_XTN, "(206)555-1234", "system=phone;value=(206)555-1234;"},
    {HL7_XTN, "(206)555-1234^PRN^PH", "system=phone;value=(206)555-1234;use=home;"},
    {HL7_XTN, "555^WPN^PH", "system=phone;value=555;use=work;"},
    {HL7_XTN, "555^ORN^PH", "system=phone;value=555;use=home;"},
    {HL7_XTN, "555^PRN^CP", "system=phone;value=555;use=mobile;"},
    {HL7_XTN, "555^WPN^FX", "system=fax;value=555;use=work;"},
    {HL7_XTN, "555^BPN^BP", "system=pager;value=555;"},
    {HL7_XTN, "555^PRN^TDD", "system=other;value=555;use=home;"},
    {HL7_XTN, "555^prn^ph", "system=phone;value=555;use=home;"},
    {HL7_XTN, "^NET^Internet^a@b.example", "system=email;value=a@b.example;"},
    {HL7_XTN, "^PRN^Internet^a@b.example", "system=email;value=a@b.example;use=home;"},
    {HL7_XTN, "^WPN^X.400^g=a;s=b", "system=email;value=g=a;s=b;use=work;"},
    {HL7_XTN, "^NET^^a@b.example", "system=email;value=a@b.example;"},
    {HL7_XTN, "^^^a@b.example", "system=email;value=a@b.example;"},
    {HL7_XTN, "\"\"^^^a@b.example", "system=email;value=a@b.example;"},
    {HL7_XTN, "(206)555-1234^^^a@b.example", "system=phone;value=(206)555-1234;"},
    {HL7_XTN, "a@b.example^NET^Internet", "system=email;value=a@b.example;"},
    {HL7_XTN, "^PRN^PH^^^206^5551234", "system=phone;value=2065551234;use=home;"},
    {HL7_XTN, "^PRN^PH^^1^206^5551234", "system=phone;value=+12065551234;use=home;"},
    {HL7_XTN, "^PRN^PH^^^206^5551234^^^^^+12065551234",
	"system=phone;value=+12065551234;use=home;"},
    {HL7_XTN, "555^PRN^PH^^^206^5551234^^^^^+12065551234",
	"system=phone;value=555;use=home;"},
    {HL7_XTN, "^PRN^PH", ""},
    {HL7_XTN, "", ""},
    /* XCN: 2.A.88; the check digit of an NPI is not looked at here. */
    {HL7_XCN, "1234567893^Smith^Jane^Q^Jr^Dr^MD^^NPPES^L^^^NPI",
	"id=1234567893;npi=1234567893;display=Dr Jane Q Smith Jr;"},
    {HL7_XCN, "1234567893^Smith^^^^^^^^^^^npi",
	"id=1234567893;npi=1234567893;display=Smith;"},
    {HL7_XCN, "1234567893^Smith^Jane", "id=1234567893;display=Jane Smith;"},
    {HL7_XCN, "1234567893^Smith^^^^^^^^^^^EI", "id=1234567893;display=Smith;"},
    {HL7_XCN, "123456789^Smith^^^^^^^^^^^NPI", "id=123456789;display=Smith;"},
    {HL7_XCN, "12345678X3^Smith^^^^^^^^^^^NPI", "id=12345678X3;display=Smith;"},
    {HL7_XCN, "^Smith&van^Jane", "display=Jane Smith;"},
    {HL7_XCN, "77", "id=77;"},
    {HL7_XCN, "77^\"\"^Jane", "id=77;display=Jane;"},
    {HL7_XCN, "\"\"^Smith", "id=-;display=Smith;"},
    /* One text alone. */
    {HL7_PL, "ICU^101^B", ""},
    {HL7_CWE, "J45^Asthma", ""},
};

Test(hl7_composite_types, split)
{
	for (size_t i = 0; i < 2 * COUNT(splits); i++) {
		const struct taken *row = &splits[i / 2];
		const char *const *names = hl7_type_members(row->type);
		struct hl7_member m[HL7_MEMBERS_MAX];
		enum problem_code code;
		struct sent f;
		struct buf out;
		int n;

		buf_init(&out, 4096);
		field_open(&f, "auto", row->raw, ways[i % 2]);
		n = hl7_type_split(row->type, &f.run, &f.raw, m, &code);
		cr_expect_eq(code, PROBLEM_NONE, "%s", row->raw);
		cr_assert_geq(n, 0, "%s", row->raw);
		for (int k = 0; k < n; k++)
			buf_addf(&out, "%s=%.*s;", names[m[k].at],
			    m[k].null ? 1 : (int)m[k].text.n,
			    m[k].null ? "-" : m[k].text.p);
		buf_add_char(&out, '\0');
		cr_expect_str_eq(
		    out.p, row->want, "%s: want %s, got %s", row->raw, row->want, out.p);
		field_close(&f);
		buf_release(&out);
	}
}

/* As a transform, in a feed that has this authority. */
static const struct {
	const char *type, *authority, *raw, *want; /* null as "-" */
} texts[] = {
    {"cx", "", "100", "100"},
    {"cx", "", "100^^^MERCY^MR", "100^^^MERCY"},
    {"cx", "", "100^^^&1.2.3&ISO^MR", "100^^^1.2.3"},
    {"cx", "MERCY", "100^^^MERCY^MR", "100"},
    {"cx", "MERCY", "100^^^MERCY&1.2.3&ISO^MR", "100"},
    {"cx", "1.2.3", "100^^^MERCY&1.2.3&ISO^MR", "100"},
    {"cx", "MERCY", "100", "100"},
    {"cx", "MERCY", "100^^^^MR", "100"},
    {"cx", "MERCY", "100^^^OTHER^MR", "100^^^OTHER"},
    {"cx", "MERCY", "100^^^MERCY WEST", "100^^^MERCY WEST"},
    {"cx", "MERCY", "^^^OTHER", ""},
    {"cx", "MERCY", "", ""},
    {"cx", "MERCY", "\"\"", "-"},
    /* The value is deleted; of whom it was does not make it an id. */
    {"cx", "MERCY", "\"\"^^^OTHER", "-"},
    {"ei", "", "\"\"^SCHED", "-"},
    {"cx", "", "1\\T\\2^^^A\\T\\B", "1&2^^^A&B"},
    /* The authority is MERCY & CLINIC; a & can't be sent but by its escape. */
    {"cx", "MERCY & CLINIC", "100^^^MERCY \\T\\ CLINIC^MR", "100"},
    {"ei", "", "55", "55"},
    {"ei", "", "55^SCHED", "55^SCHED"},
    {"ei", "", "55^^1.2.3^ISO", "55^1.2.3"},
    {"ei", "SCHED", "55^SCHED^1.2.3^ISO", "55"},
    {"ei", "1.2.3", "55^SCHED^1.2.3^ISO", "55"},
    {"ei", "SCHED", "55^OTHER", "55^OTHER"},
    {"ei", "", "\"\"", "-"},
    {"xpn", "", "Lee^Ann^B^Jr^Dr", "Dr Ann B Lee Jr"},
    {"xpn", "", "Lee&van^Ann", "Ann Lee"},
    {"xpn", "", "Lee", "Lee"},
    {"xpn", "", "^Ann", "Ann"},
    {"xpn", "", "\"\"^Ann", "Ann"},
    {"xpn", "", "\"\"", "-"},
    {"xpn", "", "O\\T\\Neil^Ann", "Ann O&Neil"},
    {"xad", "", "12 Main St^Apt 3^Springfield^IL^62701^USA",
	"12 Main St Apt 3 Springfield IL 62701 USA"},
    {"xad", "", "12 Main St&Main St&12^^Springfield", "12 Main St Springfield"},
    /* Street name and number apart. */
    {"xad", "", "&Main St&12^^Springfield", "12 Main St Springfield"},
    {"xad", "", "^^Springfield", "Springfield"},
    {"xad", "", "\"\"", "-"},
    {"xtn", "", "(206)555-1234^PRN^PH", "(206)555-1234"},
    {"xtn", "", "^PRN^PH^^^206^5551234", "2065551234"},
    {"xtn", "", "^PRN^PH^^^^^^^^^+12065551234", "+12065551234"},
    {"xtn", "", "^NET^Internet^a@b.example", "a@b.example"},
    {"xtn", "", "^PRN^PH", ""},
    {"xtn", "", "\"\"", "-"},
    {"xcn", "", "77^Smith^Jane", "77"},
    {"xcn", "", "^Smith^Jane", ""},
    {"xcn", "", "\"\"^Smith", "-"},
    {"pl", "", "ICU^101^B^MERCY", "MERCY/ICU/101/B"},
    {"pl", "", "ICU^101^B^MERCY&1.2.3&ISO", "MERCY/ICU/101/B"},
    {"pl", "", "ICU", "ICU"},
    {"pl", "", "ICU^^B", "ICU/B"},
    {"pl", "", "^101", "101"},
    {"pl", "", "^^^MERCY", "MERCY"},
    {"pl", "", "\"\"", "-"},
    {"cwe", "", "J45^Asthma^I10", "J45"},
    {"cwe", "", "^Asthma", "Asthma"},
    {"cwe", "", "^Asthma & COPD^L", "Asthma & COPD"},
    {"cwe", "", "A&B^Asthma", "A"},
    {"cwe", "", "^^I10^^^^^^wheezing", "wheezing"},
    {"cwe", "", "^Asthma^I10^^^^^^wheezing", "Asthma"},
    {"cwe", "", "\"\"", "-"},
    {"cwe", "", "", ""},
};

Test(hl7_composite_types, one_text)
{
	for (size_t i = 0; i < 2 * COUNT(texts); i++) {
		struct kit k = {
		    .hl7 = true, .authority = span_of(texts[i / 2].authority)};
		struct step st = {.name = span_of(texts[i / 2].type)};
		struct err e = {0};
		struct sent f;
		struct text t;

		arena_init(&k.arena, 4096);
		cr_assert_eq(composite_compile(&k, &st, &e), 0, "%s", e.msg);
		field_open(&f, "auto", texts[i / 2].raw, ways[i % 2]);
		t = f.raw;
		cr_expect_eq(composite_apply(st.data, &f.run, &t), PROBLEM_NONE);
		if (t.null)
			t.s = SPAN_LIT("-");
		cr_expect(span_eq(t.s, span_of(texts[i / 2].want)),
		    "%s of %s in %s: want %s, got %.*s", texts[i / 2].type,
		    texts[i / 2].raw, texts[i / 2].authority, texts[i / 2].want,
		    (int)t.s.n, t.s.n > 0 ? t.s.p : "");
		field_close(&f);
		arena_release(&k.arena);
	}
}

Test(hl7_composite_types, messages_alone)
{
	struct kit k = {.hl7 = false};
	struct step st = {.name = SPAN_LIT("cx")};
	struct err e = {0};

	arena_init(&k.arena, 4096);
	cr_expect_eq(composite_compile(&k, &st, &e), -1);
	cr_expect_eq(e.code, ERR_CONFIG);
	cr_expect_str_eq(e.msg, "takes a field of an HL7 message");
	arena_release(&k.arena);
}

/* Bytes that are no text, in any component, and escapes that nobody knows. */
Test(hl7_composite_types, what_fails)
{
	static const struct taken rows[] = {{HL7_CX, "1^^^\xff", NULL},
	    {HL7_XPN, "Lee^\xff", NULL}, {HL7_XAD, "&Main \xff&1", NULL},
	    {HL7_XTN, "^PRN^PH^^^\xff^1", NULL}, {HL7_XCN, "1^\xff", NULL}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct hl7_member m[HL7_MEMBERS_MAX];
		enum problem_code code = PROBLEM_NONE;
		struct sent f;

		field_open(&f, "utf-8", rows[i].raw, true);
		cr_expect_eq(
		    hl7_type_split(rows[i].type, &f.run, &f.raw, m, &code), -1, "%zu", i);
		cr_expect_eq(code, PROBLEM_ENCODING, "%zu", i);
		field_close(&f);

		field_open(&f, "auto", "Lee^A\\Z9\\", true);
		cr_expect_eq(hl7_type_split(HL7_XPN, &f.run, &f.raw, m, &code), 2);
		cr_expect(f.run.escape);
		cr_expect(span_eq(m[1].text, SPAN_LIT("A\\Z9\\")));
		field_close(&f);
	}
}
