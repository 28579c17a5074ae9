/* A person's name in one cell. */
#include "mappers/map.h"

#include <criterion/criterion.h>

#include "tests/unit/map_rows_rig.h"

TestSuite(map_person, .init = rows_setup, .fini = rows_teardown);

#define COMMA "last, first middle"
#define PLAIN "first middle last"
#define WARN  "warn not_person_name row 2 \"N\" patient name\n"

static const struct {
	const char *order, *cell,
	    *want; /* the name's members, or NULL: text, with a warning */
} names[] = {
    {COMMA, "SMITH, JOHN Q", "\"family\":\"SMITH\",\"given\":[\"JOHN\",\"Q\"]"},
    {COMMA, "Smith, John Q., Jr.",
	"\"family\":\"Smith\",\"given\":[\"John\",\"Q.\"],\"suffix\":\"Jr.\""},
    {COMMA, "Smith Jr., John",
	"\"family\":\"Smith\",\"given\":[\"John\"],\"suffix\":\"Jr.\""},
    {COMMA, "Smith, John Jr",
	"\"family\":\"Smith\",\"given\":[\"John\"],\"suffix\":\"Jr\""},
    {COMMA, "van der Berg, Jane", "\"family\":\"van der Berg\",\"given\":[\"Jane\"]"},
    {COMMA, "Garcia Lopez,Ana  Maria",
	"\"family\":\"Garcia Lopez\",\"given\":[\"Ana\",\"Maria\"]"},
    {COMMA, "Jones, Dr. Ann, MD, PhD",
	"\"family\":\"Jones\",\"given\":[\"Ann\"],\"prefix\":\"Dr.\",\"suffix\":\"MD PhD\""},
    {COMMA, "O'Neil-Smith, Zo\xc3\xab",
	"\"family\":\"O'Neil-Smith\",\"given\":[\"Zo\xc3\xab\"]"},
    {COMMA, "Do, Kim", "\"family\":\"Do\",\"given\":[\"Kim\"]"},
    {COMMA, "John Q Smith", NULL},
    {COMMA, "Smith\xc2\xa0Jr,\xc2\xa0John\xc2\xa0 A",
	"\"family\":\"Smith\",\"given\":[\"John\",\"A\"],\"suffix\":\"Jr\""},
    {PLAIN, "John\xe2\x80\xafSmith", "\"family\":\"Smith\",\"given\":[\"John\"]"},
    {COMMA, "Smith,", NULL},
    {COMMA, ", John", NULL},
    {COMMA, "Smith, Dr.", NULL},
    {COMMA, "Smith, Jr.", NULL},
    {COMMA, "Smith, John, Ann", NULL},
    {COMMA, "Smith, John (Jack)", NULL},
    {COMMA, "Smith, John & Mary", NULL},
    {COMMA, "Smith, John and Mary", NULL},
    {COMMA, "Smith, Andrea", "\"family\":\"Smith\",\"given\":[\"Andrea\"]"},
    {COMMA, "Smith, A B C D E F", NULL},
    {"last, first", "Smith, Mary  Ann", "\"family\":\"Smith\",\"given\":[\"Mary  Ann\"]"},
    {PLAIN, "John Q Smith", "\"family\":\"Smith\",\"given\":[\"John\",\"Q\"]"},
    {PLAIN, "John Smith", "\"family\":\"Smith\",\"given\":[\"John\"]"},
    {PLAIN, "Dr. Jane van der Berg",
	"\"family\":\"van der Berg\",\"given\":[\"Jane\"],\"prefix\":\"Dr.\""},
    {PLAIN, "JANE VAN DER BERG", "\"family\":\"VAN DER BERG\",\"given\":[\"JANE\"]"},
    {PLAIN, "Minh Van Nguyen", "\"family\":\"Nguyen\",\"given\":[\"Minh\",\"Van\"]"},
    {PLAIN, "John Smith MD",
	"\"family\":\"Smith\",\"given\":[\"John\"],\"suffix\":\"MD\""},
    {PLAIN, "John Smith, DO",
	"\"family\":\"Smith\",\"given\":[\"John\"],\"suffix\":\"DO\""},
    {PLAIN, "JOHN AND MARY SMITH", NULL},
    {PLAIN, "Mr. and Mrs. Smith", NULL},
    {PLAIN, "Mr. John Smith III",
	"\"family\":\"Smith\",\"given\":[\"John\"],\"prefix\":\"Mr.\",\"suffix\":\"III\""},
    {PLAIN, "SMITH, JOHN Q", NULL},
    {PLAIN, "Cher", NULL},
    {PLAIN, "Dr. Smith", NULL},
    {PLAIN, "John Jr", NULL},
    {PLAIN, "TEST PATIENT 2", NULL},
    {"first last", "John Smith", "\"family\":\"Smith\",\"given\":[\"John\"]"},
    {"first last", "John Q Smith", NULL},
    {"last first middle", "Nguyen Van Minh",
	"\"family\":\"Nguyen\",\"given\":[\"Van\",\"Minh\"]"},
    {"last first middle", "van der Berg Jane",
	"\"family\":\"van der Berg\",\"given\":[\"Jane\"]"},
    {"last first", "Smith John", "\"family\":\"Smith\",\"given\":[\"John\"]"},
    {"last first", "Smith John Q", NULL},
    {COMMA "\" \"" PLAIN, "John Q Smith",
	"\"family\":\"Smith\",\"given\":[\"John\",\"Q\"]"},
    {COMMA "\" \"" PLAIN, "Smith, John Q",
	"\"family\":\"Smith\",\"given\":[\"John\",\"Q\"]"},
};

Test(map_person, names)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		char rule[128], want[256];

		snprintf(
		    rule, sizeof(rule), "name = {N} | person \"%s\"", names[i].order);
		if (names[i].want != NULL)
			snprintf(want, sizeof(want),
			    "patch patient 7 {\"name\":{%s}}\nmapped 1", names[i].want);
		else
			snprintf(want, sizeof(want),
			    WARN "patch patient 7 {\"name\":{\"text\":\"%s\"}}\nmapped 1",
			    names[i].cell);
		char cells[128];
		snprintf(cells, sizeof(cells), "7|%s", names[i].cell);
		check_rows(&(struct fields){rule, "id|N", cells, want});
	}
}

static const struct fields rules[] = {
    {"name = {N} | person \"" COMMA "\"", "id|N", "7|", "patch patient 7 {}\nmapped 1"},
    {"name = {N} | title | person \"" COMMA "\"", "id|N", "7|SMITH, JO",
	"patch patient 7 {\"name\":{\"family\":\"Smith\",\"given\":[\"Jo\"]}}\nmapped 1"},
    {"name = {N} | person \"" COMMA "\" | else reject", "id|N", "7|Cher",
	"reject not_person_name row 2 \"N\" patient name\nrejected 0"},
    {"name = {N} | person \"" COMMA "\" | else drop", "id|N", "7|Cher",
	WARN "patch patient 7 {}\nmapped 1"},
    {"name = {N} | person \"" COMMA "\" | else \"Doe, Jane\"", "id|N", "7|Cher",
	"patch patient 7 {\"name\":{\"family\":\"Doe\",\"given\":[\"Jane\"]}}\nmapped 1"},
    {"previous_name = {N} | person \"" COMMA "\"", "id|N", "7|Doe, Ann",
	"patch patient 7 {\"previous_name\":[{\"family\":\"Doe\",\"given\":\"Ann\"}]}\n"
	"mapped 1"},
};

Test(map_person, rules)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		check_rows(&rules[i]);
}

/* A whole record is named by either member. */
Test(map_person, names_a_whole_record)
{
	static const char text[] =
	    "[patient]\nid = {id}\nname = {N} | person \"last, first\"\n";
	struct err e = {0};

	cr_assert_not_null(map_compile(text, NULL, &e));
	cr_assert_eq(map_bind_titles("id|N", &e), 0);
	cr_expect_str_eq(row("7|Doe, Ann"),
	    "put patient 7 {\"name\":{\"family\":\"Doe\",\"given\":[\"Ann\"]}}\nmapped 1");
	cr_expect_str_eq(
	    row("7|Ann"), WARN "put patient 7 {\"name\":{\"text\":\"Ann\"}}\nmapped 1");
	cr_expect_str_eq(
	    row("7|"), "reject missing_value row 2 \"N\" patient name\nrejected 0");
}

Test(map_person, mistakes)
{
	static const struct {
		const char *rule, *want;
	} cases[] = {
	    {"name = {N}",
		":4: [patient] name: is no field, but its parts are, such as "
		"name.family (a name in one cell: | person \"last, first middle\")"},
	    {"name = {N} | person", "person: takes 1 to 4 arguments, not 0"},
	    {"name = {N} | person \"first, last\"",
		"person: \"first, last\" is no order; write \"last, first middle\""},
	    {"name = {N} | person \"last, first\" | upper", "person stands last"},
	    {"name = {N | person \"last, first\"}", "person stands behind the braces"},
	    {"name.family = {N} | person \"last, first\"",
		"person fills the parts of a name: name = ..."},
	    {"address = {N} | person \"last, first\"", "address is no person's name"},
	    {"name = {N} | person \"last, first\"\nname.family = {M}",
		"name.family is mapped twice"},
	    {"name = {N} | prson \"last, first\"",
		"no such transform (did you mean person?)"},
	};
	char text[256];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = {0};

		snprintf(text, sizeof(text), "[patient]\nop = patch\nid = {id}\n%s\n",
		    cases[i].rule);
		cr_expect_null(map_compile(text, NULL, &e), "%s", text);
		cr_expect(errors.n == 1 && strstr(errors.text[0], cases[i].want) != NULL,
		    "%s: %s", cases[i].rule,
		    errors.n > 0 ? errors.text[0] : "no mistake");
		map_reset();
	}
}
