/*
 * Any text as a value, a condition, a list of references or a map, of messages and of
 * columns: it compiles, or something says why and where. What compiles is put to work on
 * a message, or on rows.
 *
 * An input begins with a letter that says what it is (small: of messages, capital: of
 * columns), and one byte for the eye: "v {PID-3 | cx}".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/value.h"
#include "tests/fuzz/work.h"

#define HEAD      2
#define ARENA_MAX (8 << 20)
#define FEED_MAX  (1 << 20)

#define COLUMNS  "[patient]\nop = patch\n"
#define MESSAGES "[patient]\n"

static const char message[] =
    "MSH|^~\\&|EHR|CLINIC|HUB|HUB|20250601080000-0500||ADT^A08|M1|P|2.5.1\r"
    "EVN||20250601080000\r"
    "PID|1||100^^^CLINIC^MR~200^^^OTHER&1.2.3&ISO^PI~300||Test&von^Ann^B.^Jr^Dr^^L~Other^"
    "Name^^^^^M||19800304|F^Female||2106-3^White~2028-9|1 Main St&Main^Apt 2^Town^TX^75001"
    "^USA^H||(555)555-0100^PRN^PH~^NET^Internet^a@example.org~^PRN^CP^^1^214^5550101||en\r"
    "PD1||||1234^Doc^Dora\r"
    "NK1|1|Kin^Ken|FTH|2 Side St|555-0102\rNK1|2|Kin^Kay|MTH\rNK1|\"\"\r"
    "PV1|1|I|W1^R2^B3^F4|||||||CAR|||||||||V77^^^CLINIC||||||||||||||||01|||||||||"
    "20250601120000|20250602\r"
    "SCH|P1^EHR|F1||||R^Routine|NORMAL|30|min|60^MIN||^^^202506011000^202506011030"
    "|||||||||||||||Booked\r"
    "AIS|1|A|S1^Visit|202506011000|||30|min\rAIP|1|D|9^Doc\rAIP|2|U|8^Doc^Dee\r"
    "NTE|1||one\\.br\\two~three\r"
    "ORC|RE|O1|F1\rOBR|1|O1^EHR|F1^LAB|24331-1^Lipid^LN|||20250601070000\r"
    "OBX|1|NM|2093-3^Chol^LN|1|182|mg/dL|<200|N|||F|||20250601073000\r"
    "NTE|1||note \\T\\ more\rOBX|2|SN|18262-6^LDL^LN||>^100|mg/dL|||||P\r"
    "OBX|3|ST|X^\\XE9\\^L||\"\"||||||F\rZZZ|a&b^c~d|\r";

static const char rows[] =
    "MRN,Name,DOB,Status,Phone,Minutes,Notes,odd | title,When,C1,C2\n"
    "100,\"Test, Ann\",03/04/1980,Booked,(555) 555-0100,30,\"a; b\",x,06/01/2025 10:00,,c\n"
    "200,,1980-13-40,HOLD,,1.5,,,2025-03-09 02:30,\"Dr. Ann van Test, Jr.\",5 ft 3 in\n"
    "76164006,en-us,58410-2,e119,2155,\"(1,234.50)\",Texas,S2,1783272600,a;b,\n"
    ",Other,,,,,,,,,\n";

/* A map that has the text somewhere. */
static void
compile_within(char what, struct span text, bool hl7)
{
	static const char *const before[][2] = {{COLUMNS "id = ", MESSAGES "id = "},
	    {COLUMNS "id = {MRN}\nwhen = ", MESSAGES "id = {PID-3}\nwhen = "},
	    {COLUMNS "id = {a}\n[columns]\na = ",
		MESSAGES "id = {a | cx}\n[fields]\na = "},
	    {COLUMNS "id = {MRN}\nname.given = ", MESSAGES "id = {PID-3}\nname.given = "},
	    {COLUMNS "id = {MRN}\ndeceased_at = ",
		MESSAGES "id = {PID-3}\ndeceased_at = "},
	    {COLUMNS "id = {MRN}\ngender = {Name} | code a\n[code a]\nfemale = ",
		MESSAGES "id = {PID-3}\ngender = {PID-8} | code a\n[code a]\nfemale = "},
	    {"", ""}};
	static const char letters[] = "vwnltkf";
	struct buf all;

	buf_init(&all, FEED_MAX);
	buf_add_str(&all, before[strchr(letters, what) - letters][hl7]);
	buf_add_span(&all, text);
	buf_add_char(&all, '\n');
	if (!all.failed)
		fuzz_compile(buf_span(&all), hl7 ? "hl7" : "csv",
		    hl7 ? span_of(message) : span_of(rows));
	buf_release(&all);
}

/* "character N: expected ...", with N within the text or just behind it. */
static void
check_error(const struct err *e, struct span text)
{
	static const char word[] = "character ";
	const char *at = strstr(e->msg, word);
	unsigned long n;
	char *end;

	if (e->code == ERR_NOMEM)
		return;
	FUZZ_CHECK(e->code == ERR_CONFIG && at == e->msg, "an error without a place: %s",
	    e->msg);
	n = strtoul(at + sizeof(word) - 1, &end, 10);
	FUZZ_CHECK(n >= 1 && n <= text.n + 1, "a place that there is not: %s", e->msg);
	FUZZ_CHECK(strncmp(end, ": expected ", 11) == 0 && end[11] != '\0',
	    "an error without a reason: %s", e->msg);
}

static void
parse(char what, struct span text, bool hl7)
{
	struct arena arena;
	struct value_text in = {.arena = &arena, .text = text, .hl7 = hl7};
	struct err e = {.code = ERR_NONE};
	struct condition *condition;
	struct expr expr;
	struct item *items;
	struct ref *refs;
	int rc;

	arena_init(&arena, ARENA_MAX);
	if (what == 'e')
		rc = expr_parse(&in, &expr, &e);
	else if (what == 'c')
		rc = condition_parse(&in, &condition, &e);
	else if (what == 'r')
		rc = refs_parse(&in, &refs, &e);
	else
		rc = items_parse(&arena, text, &items, &e);
	if (rc != 0)
		check_error(&e, text);
	else
		FUZZ_CHECK(e.code == ERR_NONE, "no failure, but: %s", e.msg);
	arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char letters[] = "ecrivwnltkf";
	struct span text;
	bool hl7;
	char what;

	if (size < HEAD)
		return 0;
	hl7 = (data[0] & 0x20) != 0;
	what = (char)(data[0] | 0x20);
	if (strchr(letters, what) == NULL || what == '\0')
		what = letters[data[0] % (sizeof(letters) - 1)];
	text = (struct span){(const char *)data + HEAD, size - HEAD};
	if (memchr("ecri", what, 4) != NULL)
		parse(what, text, hl7);
	else
		compile_within(what, text, hl7);
	return 0;
}
