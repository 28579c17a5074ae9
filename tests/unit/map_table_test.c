/* Code tables out of CSV files. */
#include "mappers/map.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/map_rows_rig.h"

static char folder[] = "/tmp/map_table_XXXXXX";

static void
put_file(const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
setup(void)
{
	rows_setup();
	cr_assert_not_null(mkdtemp(folder));
}

static void
teardown(void)
{
	static const char *const names[] = {"feed.ini", "base.ini", "t.csv", "u.csv"};
	char path[128];

	rows_teardown();
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

TestSuite(map_table, .init = setup, .fini = teardown);

/* Compiles the text as the feed file of the folder. */
static bool
compile_feed(const char *text, struct err *e)
{
	const struct mapper_conf mc = {.source = "northside", .format = "csv"};
	char path[128];

	put_file("feed.ini", text);
	snprintf(path, sizeof(path), "%s/feed.ini", folder);
	conf_errors_init(&errors);
	cr_assert_eq(conf_load(&conf, path, NULL, &errors, e), 0, "%s", e->msg);
	map = map_new(&conf, &mc, e);
	return map != NULL;
}

#define PATIENT "[patient]\nop = patch\nid = {id}\n"
#define LOOKUP                                                     \
	PATIENT "general_practitioner_id = {D} | lookup doctors\n" \
		"[lookup doctors]\nfile = t.csv\nkey = Name\nvalue = NPI\n"
#define CODE                                   \
	PATIENT "gender = {D} | code gender\n" \
		"[code gender]\nfile = t.csv\nkey = theirs\nvalue = ours\n"

static const struct {
	const char *feed, *table, *cell, *want;
} rows[] = {
    {LOOKUP, "NPI,Name\n1234567893,\"Jones, Ann\"\n1,Li\n", "jones, ann",
	"patch patient 7 {\"general_practitioner_id\":\"1234567893\"}\nmapped 1"},
    {LOOKUP, "\xef\xbb\xbfname;npi\r\nLi;1\r\n", "LI",
	"patch patient 7 {\"general_practitioner_id\":\"1\"}\nmapped 1"},
    {LOOKUP, "NPI,Name\n1,Li\n", "Lee",
	"warn not_listed row 2 \"D\" patient general_practitioner_id\n"
	"patch patient 7 {}\nmapped 1"},
    {LOOKUP, "NPI,Name\n,Li\n", "Li", "patch patient 7 {}\nmapped 1"},
    {LOOKUP, "NPI,Name\n1,Li\n1,Li\n", "Li",
	"patch patient 7 {\"general_practitioner_id\":\"1\"}\nmapped 1"},
    {CODE, "ours,theirs\nmale,M\nfemale,F\n", "f",
	"patch patient 7 {\"gender\":\"female\"}\nmapped 1"},
    {CODE "unknown = *\nother = X, M\n", "ours,theirs\nmale,M\n", "q",
	"patch patient 7 {\"gender\":\"unknown\"}\nmapped 1"},
    {CODE "other = X, M\n", "ours,theirs\nmale,M\n", "m",
	"patch patient 7 {\"gender\":\"other\"}\nmapped 1"},
    {CODE, "ours,theirs\nmale,M\n", "q",
	"warn unknown_code row 2 \"D\" patient gender\npatch patient 7 {}\nmapped 1"},
};

Test(map_table, rows)
{
	char cells[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = {0};

		put_file("t.csv", rows[i].table);
		cr_assert(compile_feed(rows[i].feed, &e), "%zu: %s", i,
		    errors.n > 0 ? errors.text[0] : e.msg);
		conf_release(&conf);
		cr_assert_eq(map_bind_titles("id|D", &e), 0);
		snprintf(cells, sizeof(cells), "7|%s", rows[i].cell);
		cr_expect_str_eq(row(cells), rows[i].want, "%zu: %s", i, out.p);
		map_reset();
	}
}

/* What the file says shapes records; how it is written does, too. */
Test(map_table, the_content_is_in_the_fingerprint)
{
	static const char *const tables[] = {
	    "NPI,Name\n1,Li\n", "NPI,Name\n2,Li\n", "NPI,Name\n1,Li\n3,Lu\n"};
	uint64_t seen[COUNT(tables)];
	struct err e = {0};

	for (size_t i = 0; i < COUNT(tables); i++) {
		put_file("t.csv", tables[i]);
		cr_assert(compile_feed(LOOKUP, &e));
		seen[i] = map_fingerprint(map);
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(seen[i], seen[k]);
		map_reset();
	}
	put_file("t.csv", tables[0]);
	cr_assert(compile_feed(LOOKUP, &e));
	cr_expect_eq(map_fingerprint(map), seen[0]);
}

/* A feed that extends another may name another file; lists still add up. */
Test(map_table, extends)
{
	struct err e = {0};

	put_file("base.ini", CODE "other = X\n");
	put_file("t.csv", "ours,theirs\nmale,M\n");
	put_file("u.csv", "ours,theirs\nfemale,M\n");
	cr_assert(compile_feed("[feed]\nextends = base.ini\n[code gender]\nfile = u.csv\n"
			       "other = Y\n",
		      &e),
	    "%s", errors.n > 0 ? errors.text[0] : e.msg);
	cr_assert_eq(map_bind_titles("id|D", &e), 0);
	cr_expect_str_eq(row("7|m"), "patch patient 7 {\"gender\":\"female\"}\nmapped 1");
	cr_expect_str_eq(row("7|x"), "patch patient 7 {\"gender\":\"other\"}\nmapped 1");
	cr_expect_str_eq(row("7|y"), "patch patient 7 {\"gender\":\"other\"}\nmapped 1");
}

static const struct {
	const char *feed, *table, *want;
} mistakes[] = {
    {LOOKUP, NULL, "feed.ini:6: [lookup doctors] file: "},
    {LOOKUP, "", "t.csv:1: [lookup doctors]: the file is empty"},
    {LOOKUP, "NPI,Nam\n1,Li\n", "feed.ini:7: [lookup doctors] key: "},
    {LOOKUP, "NPI,Nam\n1,Li\n", "t.csv has no column \"Name\" (did you mean \"Nam\"?)"},
    {LOOKUP, "NPI,Name\n1,Li\n2,li\n",
	"t.csv:3: [lookup doctors] li: \"li\" stands for \"1\" already"},
    {LOOKUP, "NPI,Name\n1,\n", "t.csv:2: [lookup doctors]: the column that is looked in"},
    {LOOKUP, "NPI,Name\n1,\"Li\n", "t.csv:2: [lookup doctors]: A quotation mark is not"},
    {LOOKUP "vaule = x\n", "NPI,Name\n",
	"feed.ini:9: [lookup doctors] vaule: no such key; [lookup NAME] has file, key and"},
    {PATIENT "email = {D} | lookup doctor\n[lookup doctors]\nfile = t.csv\nkey = a\n"
	     "value = b\n",
	"a,b\n", "there is no section [lookup doctor] (did you mean [lookup doctors]?)"},
    {PATIENT "[lookup x]\nfile = t.csv\nkey = a\n", "a,b\n",
	":4: [lookup x]: value is missing: a table has file, key and value"},
    {PATIENT "[lookup]\nfile = t.csv\nkey = a\nvalue = b\n", "a,b\n",
	"a lookup table has a name: [lookup NAME]"},
    {CODE, "ours,theirs\nmale,M\nlady,F\n",
	"t.csv:3: [code gender] F: gender cannot be \"lady\""},
    {CODE, "ours,theirs\nmale,M\nfemale,m\n",
	"t.csv:3: [code gender] m: \"m\" stands for"},
};

Test(map_table, mistakes)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/t.csv", folder);
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		struct err e = {0};

		unlink(path);
		if (mistakes[i].table != NULL)
			put_file("t.csv", mistakes[i].table);
		cr_expect_not(compile_feed(mistakes[i].feed, &e), "%zu", i);
		cr_expect_eq(errors.n, 1, "%zu: %zu", i, errors.n);
		cr_expect(
		    errors.n > 0 && strstr(errors.text[0], mistakes[i].want) != NULL,
		    "%zu: %s", i, errors.n > 0 ? errors.text[0] : e.msg);
		map_reset();
	}
	put_file("t.csv", "NPI,Name\n1,Li\n");
	cr_assert_eq(chmod(path, 0666), 0);
	cr_expect_not(compile_feed(LOOKUP, &(struct err){0}));
	cr_expect_not_null(strstr(errors.text[0], "others can write to it"));
}
