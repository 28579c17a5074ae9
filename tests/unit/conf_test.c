#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATHS    8

static char folder[] = "/tmp/conf_test_XXXXXX";
static struct conf_errors errors;
static struct conf conf;
static struct err e;

static void
setup(void)
{
	umask(022);
	cr_assert_not_null(mkdtemp(folder));
	conf_errors_init(&errors);
}

static int
drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void
teardown(void)
{
	conf_release(&conf);
	conf_errors_release(&errors);
	nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(conf_read, .init = setup, .fini = teardown);
TestSuite(conf_extends, .init = setup, .fini = teardown);
TestSuite(conf_bind, .init = setup, .fini = teardown);
TestSuite(conf_words, .init = setup, .fini = teardown);
TestSuite(conf_secret, .init = setup, .fini = teardown);

/* A path in the test's folder, good for the next few calls. */
static const char *
path_of(const char *name)
{
	static char paths[PATHS][128];
	static unsigned next;
	char *path = paths[next++ % PATHS];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *
put_bytes(const char *name, const char *text, size_t n)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	cr_assert_eq(fwrite(text, 1, n, f), n);
	fclose(f);
	return path;
}

static const char *
put(const char *name, const char *text)
{
	return put_bytes(name, text, strlen(text));
}

static void
start_again(void)
{
	conf_release(&conf);
	conf_errors_release(&errors);
	conf_errors_init(&errors);
}

static void
load(const char *text)
{
	start_again();
	cr_assert_eq(
	    conf_load(&conf, put("feed.ini", text), NULL, &errors, &e), 0, "%s", e.msg);
}

static const char *
value(const char *section, const char *label, const char *key)
{
	struct conf_entry *en = conf_get(conf_find(&conf, section, label), key);

	return en == NULL ? NULL : en->value.p;
}

static bool
told(const char *part)
{
	for (size_t i = 0; i < errors.n && i < CONF_ERRORS_MAX; i++)
		if (strstr(errors.text[i], part) != NULL)
			return true;
	for (size_t i = 0; i < errors.n && i < CONF_ERRORS_MAX; i++)
		fprintf(stderr, "told: %s\n", errors.text[i]);
	return false;
}

static void
expect_value(
    const char *section, const char *label, const char *key, const char *expected)
{
	const char *got = value(section, label, key);

	if (expected == NULL)
		cr_expect_null(got, "[%s %s] %s is %s", section, label, key, got);
	else
		cr_expect(got != NULL && strcmp(got, expected) == 0,
		    "[%s %s] %s: %s, not %s", section, label, key, got ? got : "(none)",
		    expected);
}

static const char feed[] = "\xef\xbb\xbf[feed]\r\n"
			   "name = northside\r\n"
			   "; a comment = no key\n"
			   "# another\n"
			   "\n"
			   "   \t \n"
			   "[ csv ]\n"
			   "delimiter = ;\n"
			   "quote=;\n"
			   "when = {a} ; {b} # not a comment\n"
			   "url = sftp://u@h:22/x = y\n"
			   "[empty]\n"
			   "[patient]\n"
			   "name.given  = [{First Name}, {Middle}]  \n"
			   "practitioner[1].npi = \"x\"\n"
			   "[code appointment-status]\n"
			   "cancelled = Cancelled, x, \"CANC: <24h\"\n"
			   "entered-in-error = Pr\xc3\xa9nom\n"
			   "[practitioner  rendering one]\n"
			   "last = no newline";

Test(conf_read, takes_what_is_there)
{
	static const struct {
		const char *section, *label, *key, *value;
	} cases[] = {
	    {"feed", "", "name", "northside"},
	    {"csv", "", "delimiter", ";"},
	    {"csv", "", "quote", ";"},
	    {"csv", "", "when", "{a} ; {b} # not a comment"},
	    {"csv", "", "url", "sftp://u@h:22/x = y"},
	    {"patient", "", "name.given", "[{First Name}, {Middle}]"},
	    {"patient", "", "practitioner[1].npi", "\"x\""},
	    {"code", "appointment-status", "cancelled", "Cancelled, x, \"CANC: <24h\""},
	    {"code", "appointment-status", "entered-in-error", "Pr\xc3\xa9nom"},
	    {"practitioner", "rendering one", "last", "no newline"},
	    {"feed", "", "Name", NULL},
	    {"code", "", "cancelled", NULL},
	};

	load(feed);
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_value(
		    cases[i].section, cases[i].label, cases[i].key, cases[i].value);
	cr_expect_eq(errors.n, 0, "%s", errors.n ? errors.text[0] : "");
	cr_expect_eq(conf.n, 6);
	cr_expect_not_null(
	    conf_find(&conf, "empty", NULL), "a section without keys is seen");
	cr_expect_eq(conf_find(&conf, "empty", "")->line, 12);
	cr_expect_eq(
	    conf_get(conf_find(&conf, "code", "appointment-status"), "cancelled")->line,
	    17);
	cr_expect_null(conf_get(NULL, "x"));
	cr_expect_str_eq(conf.path, conf.sections[0].file);
}

static const struct {
	const char *text, *told;
} mistakes[] = {
    {"name = x\n[feed]\n", "feed.ini:1: a key stands before the first [section]"},
    {"[feed]\n[feed]\n", "feed.ini:2: the section [feed] is already there, in line 1"},
    {"[code x]\n[code  x ]\n", "feed.ini:2: the section [code  x] is already there"},
    {"[feed]\na = 1\n\nb = 2\na = 3\n",
	"feed.ini:5: [feed] a: is already set, in line 2"},
    {"[feed]\na = 1\n  b = 2\n", "feed.ini:3: [feed]: begins with a blank"},
    {"[feed]\n\ta = 1\n", "feed.ini:2: [feed]: begins with a blank"},
    {"[feed]\nPID:3 = mrn\n", "feed.ini:2: [feed]: keys and values are separated by ="},
    {"[feed]\nname: x\n", "feed.ini:2: [feed]: is no [section], and no key = value"},
    {"[feed]\nhello\n", "feed.ini:2: [feed]: is no [section]"},
    {"[feed]\n = 3\n", "begins with a blank"},
    {"[feed]\n= 3\n", "feed.ini:2: [feed]: there is no key before the ="},
    {"[feed\na = 1\n", "feed.ini:1: a section line ends with its first ]"},
    {"[feed] ; main\n", "feed.ini:1: a section line ends with its first ]"},
    {"[a]b]\n", "feed.ini:1: a section line ends with its first ]"},
    {"[]\n", "feed.ini:1: a section name has 1 to 49 bytes"},
    {"[  ]\n", "feed.ini:1: a section name has 1 to 49 bytes"},
    {"[12345678901234567890123456789012345678901234567890]\n", "has 1 to 49 bytes"},
    {"[feed]\na = \x01\n", "feed.ini:2: [feed]: a control character"},
    {"[feed]\ra = 1\r", "feed.ini:1: a control character"},
    {"[feed]\na = Pr\xe9nom\n", "feed.ini:2: [feed]: is not UTF-8"},
};

Test(conf_read, tells_mistakes_with_their_place)
{
	for (size_t i = 0; i < COUNT(mistakes); i++) {
		load(mistakes[i].text);
		cr_expect(told(mistakes[i].told), "case %zu: %s", i, mistakes[i].told);
		cr_expect_eq(errors.n, 1, "case %zu: %zu mistakes", i, errors.n);
	}
	load("[1234567890123456789012345678901234567890123456789]\na = 1\n");
	cr_expect_eq(errors.n, 0, "49 bytes fit");
	load("[a\nx\ny : 1\n[b]\nz\n");
	cr_expect_eq(errors.n, 4, "all are told at once");
	load("[feed]\na = 1\n[csv]\n[feed]\na = 3\n");
	cr_expect_eq(errors.n, 2, "the keys of a repeated section are looked at");
	cr_expect(told("feed.ini:5: [feed] a: is already set, in line 2"));
}

Test(conf_read, lines_up_to_64_kib)
{
	static char text[2 * CONF_LINE_MAX];
	const size_t head = strlen("[s]\nk = ");

	for (size_t over = 0; over < 2; over++) {
		size_t n = head - 4 + CONF_LINE_MAX - 4 + over + 4;

		memset(text, 'v', sizeof(text));
		memcpy(text, "[s]\nk = ", head);
		memcpy(text + n, "\nl = 1\n", 8);
		load(text);
		cr_expect_eq(errors.n, over);
		expect_value("s", "", "l", "1");
		if (over)
			cr_expect(
			    told("feed.ini:2: [s]: the line is longer than 65536 bytes"));
		else
			cr_expect_eq(strlen(value("s", "", "k")), CONF_LINE_MAX - 4);
	}
}

Test(conf_read, nul_bytes_and_other_encodings)
{
	static const char nul[] = "[s]\na = 1\0b\nc = 2\n";
	static const char utf16[] = "\xff\xfe[\0s\0]\0\n\0a\0=\0001\0\n\0";
	const char *path = put_bytes("nul.ini", nul, sizeof(nul) - 1);

	cr_assert_eq(conf_load(&conf, path, NULL, &errors, &e), 0);
	cr_expect(told("nul.ini:2: [s]: a NUL byte"));
	expect_value("s", "", "a", NULL);
	expect_value("s", "", "c", "2");
	start_again();
	path = put_bytes("utf16.ini", utf16, sizeof(utf16) - 1);
	cr_assert_eq(conf_load(&conf, path, NULL, &errors, &e), 0);
	cr_expect(told("utf16.ini:1: a NUL byte: save the file as UTF-8 text"));
}

Test(conf_read, refuses_files_it_cannot_trust)
{
	static const struct {
		mode_t mode;
		int rc;
	} modes[] = {{0600, 0}, {0644, 0}, {0444, 0}, {0664, -1}, {0646, -1}, {0666, -1},
	    {0620, -1}};
	const char *path = put("feed.ini", "[feed]\n");

	for (size_t i = 0; i < COUNT(modes); i++) {
		start_again();
		cr_assert_eq(chmod(path, modes[i].mode), 0);
		cr_expect_eq(conf_load(&conf, path, NULL, &errors, &e), modes[i].rc, "%o",
		    modes[i].mode);
		if (modes[i].rc == 0)
			continue;
		cr_expect_eq(e.code, ERR_CONFIG);
		cr_expect_not_null(strstr(e.msg, "chmod go-w"));
	}
	cr_expect_eq(conf_load(&conf, path_of("none.ini"), NULL, &errors, &e), -1);
	cr_expect_eq(e.code, ERR_CONFIG);
	cr_expect_not_null(strstr(e.msg, "none.ini"));
	cr_expect_eq(conf_load(&conf, folder, NULL, &errors, &e), -1);
	cr_expect_eq(e.code, ERR_CONFIG);
	path = put("large.ini", "[feed]\n");
	cr_assert_eq(truncate(path, CONF_FILE_MAX + 1), 0);
	cr_expect_eq(conf_load(&conf, path, NULL, &errors, &e), -1);
	cr_expect_not_null(strstr(e.msg, "larger than 4 MiB"));
}

Test(conf_read, is_bounded)
{
	static char text[200000];
	size_t n = 0;

	for (int i = 0; i < 11000; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%sk%d=1\n", i ? "" : "[s]\n", i);
	cr_expect_eq(conf_load(&conf, put("keys.ini", text), NULL, &errors, &e), -1);
	cr_expect_eq(e.code, ERR_CONFIG);
	cr_expect_not_null(strstr(e.msg, "more than 10000 keys"));
	start_again();
	for (n = 0; n < 3 * 1001;)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "x\n%s", n ? "" : "[s]\n");
	load(text);
	cr_expect_gt(errors.n, CONF_ERRORS_MAX, "counted");
	cr_expect_not_null(errors.text[CONF_ERRORS_MAX - 1]);
	n = 0;
	for (int k = 0; k < 1001; k++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "[s%d]\n", k);
	start_again();
	cr_expect_eq(conf_load(&conf, put("sections.ini", text), NULL, &errors, &e), -1);
	cr_expect_not_null(strstr(e.msg, "more than 1000 sections"));
	load("");
	cr_expect_eq(conf.n, 0);
}

Test(conf_extends, merges_key_by_key)
{
	static const struct {
		const char *section, *label, *key, *value;
	} cases[] = {
	    {"feed", "", "format", "csv"},
	    {"feed", "", "timezone", "Europe/Berlin"},
	    {"patient", "", "id", "{b}"},
	    {"patient", "", "gone", NULL},
	    {"patient", "", "kept", "1"},
	    {"patient", "", "added", "2"},
	    {"only-a", "", "x", "1"},
	    {"code", "s", "booked", "Scheduled, \"PEN, x\", Confirmed, Own"},
	    {"code", "s", "noshow", NULL},
	    {"code", "s", "arrived", "Arrived"},
	    {"maps", "", "x", "1"},
	};
	char maps[128];

	snprintf(maps, sizeof(maps), "%s/maps", folder);
	cr_assert_eq(mkdir(maps, 0755), 0);
	put("a.ini", "[feed]\nformat = csv\ntimezone = America/Chicago\n[only-a]\nx = 1\n"
		     "[patient]\nid = {a}\ngone = 1\nkept = 1\n"
		     "[code s]\nbooked = Scheduled, \"PEN, x\"\nnoshow = N/S\n");
	put("b.ini",
	    "[feed]\nextends = c.ini\n[patient]\nid = {b}\n[code s]\nbooked = Confirmed\n");
	put("maps/c.ini", "[maps]\nx = 1\n[patient]\nid = {c}\n");
	put("feed.ini", "[feed]\nextends = a.ini, \"b.ini\"\ntimezone = Europe/Berlin\n"
			"[patient]\ngone =\nadded = 2\n"
			"[code s]\nbooked = Own\nnoshow =\narrived = Arrived\n");
	cr_assert_eq(
	    conf_load(&conf, path_of("feed.ini"), maps, &errors, &e), 0, "%s", e.msg);
	cr_expect_eq(errors.n, 0, "%s", errors.n ? errors.text[0] : "");
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_value(
		    cases[i].section, cases[i].label, cases[i].key, cases[i].value);
	cr_expect(conf_get(conf_find(&conf, "feed", ""), "extends")->used);
	cr_expect_not_null(
	    strstr(conf_get(conf_find(&conf, "patient", ""), "id")->file, "/b.ini"),
	    "an entry remembers where it was written");
	cr_expect_eq(conf_get(conf_find(&conf, "code", "s"), "booked")->line, 8);
}

Test(conf_extends, takes_each_file_once)
{
	put("base.ini", "[p]\nid = base\n[code s]\nbooked = B\n");
	put("a.ini", "[feed]\nextends = base.ini\n[p]\nid = a\n");
	put("b.ini", "[feed]\nextends = base.ini\n");
	load("[feed]\nextends = a.ini b.ini\n");
	cr_expect_eq(errors.n, 0, "%s", errors.n ? errors.text[0] : "");
	expect_value("p", "", "id", "a");
	expect_value("code", "s", "booked", "B");
}

Test(conf_extends, tells_what_cannot_be_extended)
{
	static const struct {
		const char *extends, *told;
	} cases[] = {
	    {"none.ini", "feed.ini:2: [feed] extends: "},
	    {"none.ini", "none.ini: cannot be read"},
	    {"loop.ini", "loop.ini:2: [feed] extends: "},
	    {"loop.ini", "feed.ini: extends itself"},
	    {"feed.ini", "feed.ini: extends itself"},
	    {"open.ini", "open.ini: others can write to it"},
	    {"deep0.ini", "deep7.ini:2: [feed] extends: more than 8 files"},
	    {"\"open", "feed.ini:2: [feed] extends: a quote is not closed"},
	    {"bad.ini", "bad.ini:1: a section line ends"},
	    {"quote.ini", "quote.ini:2: [code s] x: a quote is not closed"},
	};
	char text[128], name[32];

	put("loop.ini", "[feed]\nextends = feed.ini\n");
	put("bad.ini", "[feed\n");
	put("quote.ini", "[code s]\nx = \"a\n");
	cr_assert_eq(chmod(put("open.ini", "[feed]\n"), 0666), 0);
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "deep%d.ini", i);
		snprintf(text, sizeof(text), "[feed]\nextends = deep%d.ini\n", i + 1);
		put(name, text);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text),
		    "[feed]\nextends = %s\nname = x\n[code s]\nx = b\n",
		    cases[i].extends);
		load(text);
		cr_expect(told(cases[i].told), "case %zu: %s", i, cases[i].told);
		cr_expect_eq(errors.n, 1, "case %zu: %zu mistakes", i, errors.n);
		expect_value("feed", "", "name", "x");
	}
}

struct bound {
	const char *string, *other;
	struct conf_list list;
	bool flag;
	long long number, size, duration, percent;
	int choice;
	struct conf_secret secret;
};

static const char *const choices[] = {"snapshot", "changes", NULL};

#define AT(member) offsetof(struct bound, member)
static const struct conf_option table[] = {
    {.name = "string", .type = CONF_STRING, .offset = AT(string), .dflt = "x y"},
    {.name = "other", .type = CONF_STRING, .offset = AT(other)},
    {.name = "list", .type = CONF_LIST, .offset = AT(list), .dflt = "a, b"},
    {.name = "flag", .type = CONF_BOOL, .offset = AT(flag), .dflt = "yes"},
    {.name = "number",
	.type = CONF_INT,
	.offset = AT(number),
	.dflt = "7",
	.min = 1,
	.max = 9},
    {.name = "size", .type = CONF_SIZE, .offset = AT(size), .dflt = "16M"},
    {.name = "stable_for",
	.type = CONF_DURATION,
	.offset = AT(duration),
	.dflt = "10s",
	.min = 1000,
	.max = 7200000},
    {.name = "max_reject", .type = CONF_PERCENT, .offset = AT(percent), .dflt = "10 %"},
    {.name = "contents",
	.type = CONF_ENUM,
	.offset = AT(choice),
	.dflt = "changes",
	.choices = choices},
    {.name = "password_file", .type = CONF_SECRET, .offset = AT(secret)},
    {.name = NULL},
};

Test(conf_bind, sets_defaults)
{
	struct bound b;

	memset(&b, 0xff, sizeof(b));
	load("[feed]\nnumber =\n");
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(
		    conf_bind(&conf, i ? conf_find(&conf, "feed", "") : NULL, table, &b),
		    0);
		cr_expect_str_eq(b.string, "x y");
		cr_expect_null(b.other);
		cr_assert_eq(b.list.n, 2);
		cr_expect_str_eq(b.list.v[1], "b");
		cr_expect(b.flag);
		cr_expect_eq(b.number, 7);
		cr_expect_eq(b.size, 16777216);
		cr_expect_eq(b.duration, 10000);
		cr_expect_eq(b.percent, 1000);
		cr_expect_eq(b.choice, 1);
		cr_expect_null(b.secret.where);
	}
	cr_expect_eq(errors.n, 0);
}

static bool
numbers_are(const struct bound *b, const long long expected[4])
{
	return b->number == expected[0] && b->size == expected[1] &&
	       b->duration == expected[2] && b->percent == expected[3];
}

Test(conf_bind, takes_values)
{
	static const struct {
		const char *line;
		long long expected[4];
	} cases[] = {
	    {"number = 9", {9, 16777216, 10000, 1000}},
	    {"number = 01", {1, 16777216, 10000, 1000}},
	    {"size = 64K", {7, 65536, 10000, 1000}},
	    {"size = 64k", {7, 65536, 10000, 1000}},
	    {"size = 2 G", {7, 2147483648, 10000, 1000}},
	    {"size = 512", {7, 512, 10000, 1000}},
	    {"size = 0", {7, 0, 10000, 1000}},
	    {"stable_for = 1500ms", {7, 16777216, 1500, 1000}},
	    {"stable_for = 5m", {7, 16777216, 300000, 1000}},
	    {"stable_for = 2 h", {7, 16777216, 7200000, 1000}},
	    {"max_reject = 2.5%", {7, 16777216, 10000, 250}},
	    {"max_reject = 2.05 %", {7, 16777216, 10000, 205}},
	    {"max_reject = 0%", {7, 16777216, 10000, 0}},
	    {"max_reject = 100%", {7, 16777216, 10000, 10000}},
	};
	struct bound b;
	char text[128];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "[feed]\n%s\n", cases[i].line);
		load(text);
		cr_expect_eq(conf_bind(&conf, conf_find(&conf, "feed", ""), table, &b), 0,
		    "%s", cases[i].line);
		cr_expect(numbers_are(&b, cases[i].expected), "%s: %lld %lld %lld %lld",
		    cases[i].line, b.number, b.size, b.duration, b.percent);
	}
	load(
	    "[feed]\nstring = \" a \"\"b\"\" \"\nlist = \"Appt Report *.csv\" appts_*.csv.gz,x\n"
	    "flag = OFF\ncontents = Snapshot\nother = a \"b\npassword_file = env:PW\n");
	cr_expect_eq(conf_bind(&conf, conf_find(&conf, "feed", ""), table, &b), 0);
	cr_expect_str_eq(b.string, " a \"b\" ");
	cr_expect_str_eq(b.other, "a \"b");
	cr_assert_eq(b.list.n, 3);
	cr_expect_str_eq(b.list.v[0], "Appt Report *.csv");
	cr_expect_str_eq(b.list.v[2], "x");
	cr_expect_not(b.flag);
	cr_expect_eq(b.choice, 0);
	cr_expect_str_eq(b.secret.where, "env:PW");
}

static const struct {
	const char *line, *told;
} faults[] = {
    {"max_reject = 12 apples",
	"feed.ini:2: [feed] max_reject: '12 apples' is not a percentage such as 10 % or 2.5%"},
    {"max_reject = 10", "'10' is not a percentage"},
    {"max_reject = 2.555%", "is not a percentage"},
    {"max_reject = 2.%", "is not a percentage"},
    {"max_reject = -1%", "is not a percentage"},
    {"max_reject = %", "is not a percentage"},
    {"max_reject = 99999999999999999999%", "is not a percentage"},
    {"number = 10", "'10' is out of bounds: from 1 to 9"},
    {"number = -1", "'-1' is out of bounds: from 1 to 9"},
    {"number = 1.5", "is not a whole number"},
    {"number = 0x10", "is not a whole number"},
    {"number = 9223372036854775808", "is not a whole number"},
    {"number = -", "is not a whole number"},
    {"size = 16 apples", "is not a size such as 64K"},
    {"size = 9223372036854775807K", "is not a size"},
    {"size = M", "is not a size"},
    {"stable_for = 10", "is not a duration such as 500ms, 10s"},
    {"stable_for = 1h30m", "is not a duration"},
    {"stable_for = 0", "'0' is out of bounds: from 1s to 2h"},
    {"flag = ja", "'ja' is not yes or no"},
    {"contents = snapshoot",
	"'snapshoot' is not one of snapshot, changes; did you mean snapshot?"},
    {"contents = x", "'x' is not one of snapshot, changes"},
    {"list = \"open", "[feed] list: a quote is not closed"},
    {"list = a\"b", "[feed] list: a quote stands within a word"},
    {"string = \"a\" b", "is not one \"quoted text\""},
    {"string = \"a", "is not one \"quoted text\""},
    {"strnig = a",
	"feed.ini:2: [feed] strnig: there is no such key here; did you mean string?"},
    {"max_rejects = a", "did you mean max_reject?"},
    {"zzz = a", "[feed] zzz: there is no such key here"},
    {"password_file = hunter2", "password_file: names no place of a secret"},
    {"password_file = \"hunter2", "names no place of a secret"},
    {"password_file = env:", "names no place of a secret"},
    {"password_file = $CREDENTIALS_DIRECTORY/a/b", "names no place of a secret"},
};

Test(conf_bind, tells_what_is_expected)
{
	struct bound b;
	char text[256];

	for (size_t i = 0; i < COUNT(faults); i++) {
		snprintf(text, sizeof(text), "[feed]\n%s\n", faults[i].line);
		load(text);
		cr_expect_eq(conf_bind(&conf, conf_find(&conf, "feed", ""), table, &b), 1,
		    "%s", faults[i].line);
		cr_expect_eq(errors.n, 1, "%s", faults[i].line);
		cr_expect(told(faults[i].told), "%s", faults[i].line);
		cr_expect_null(
		    strstr(errors.text[0], "hunter2"), "a secret is never shown");
		conf_check_unused(&conf, (const char *const[]){"feed", NULL});
		cr_expect_eq(errors.n, 1, "told once: %s", faults[i].line);
	}
}

Test(conf_bind, tells_mistakes_by_line)
{
	static const char *const by_line[] = {":2: [feed] flag: 'perhaps'",
	    ":3: [feed] string: is still TODO", ":4: [feed] password_file: is still TODO",
	    ":5: [feed] max_rejekt: there is no such key"};
	struct conf_section *s;
	struct bound b;

	load("[feed]\nflag = perhaps\nstring = TODO\npassword_file = TODO: a path\n"
	     "max_rejekt = 5 %\nother = TODOS\n");
	s = conf_find(&conf, "feed", "");
	cr_expect_eq(conf_bind(&conf, s, table, &b), 4);
	conf_error_at(&errors, s, conf_get(s, "string"), "is no address");
	cr_expect_eq(errors.n, 4);
	for (size_t i = 0; i < COUNT(by_line); i++)
		cr_expect(strstr(errors.text[i], by_line[i]), "%s", errors.text[i]);
}

Test(conf_bind, requires_and_knows_what_is_used)
{
	static const struct conf_option need[] = {{.name = "url",
						      .type = CONF_STRING,
						      .required = true,
						      .help = "where batches are posted"},
	    {.name = NULL}};
	static const char *const known[] = {"feed", "source", "csv", NULL};
	const char *url;

	load("[feed]\n[sorce]\nx = 1\n[zzzzzz]\n[csv]\n[source]\nlocal = 1\n[CSV]\n");
	cr_expect_eq(conf_bind(&conf, conf_find(&conf, "feed", ""), need, &url), 1);
	cr_expect(told("feed.ini:1: [feed] url: is required: where batches are posted"));
	cr_expect_eq(conf_bind(&conf, conf_find(&conf, "target", ""), need, &url), 1);
	cr_expect(told("feed.ini: url: is required"));
	conf_find(&conf, "source", "")->used = true;
	conf_check_unused(&conf, known);
	cr_expect(
	    told("feed.ini:2: [sorce]: there is no such section; did you mean source?"));
	cr_expect(told("feed.ini:4: [zzzzzz]: there is no such section"));
	cr_expect(told("feed.ini:5: [csv]: nothing in this feed uses it"));
	cr_expect(told("feed.ini:7: [source] local: there is no such key here"));
	cr_expect(told("feed.ini:8: [CSV]: there is no such section; did you mean csv?"));
	cr_expect_eq(errors.n, 7);
	conf_get(conf_find(&conf, "sorce", ""), "x")->used = true;
	cr_expect_eq(conf_bind(&conf, conf_find(&conf, "sorce", ""), need, &url), 1,
	    "a key that somebody has used is not unknown");
}

Test(conf_words, splits)
{
	static const struct {
		const char *value;
		size_t n;
		const char *words[4];
	} cases[] = {
	    {"", 0, {NULL}},
	    {" , ,\t,", 0, {NULL}},
	    {"a", 1, {"a"}},
	    {"a b,c", 3, {"a", "b", "c"}},
	    {",a,,b ,", 2, {"a", "b"}},
	    {"\"a b\", \"c,d\"", 2, {"a b", "c,d"}},
	    {"\"\"", 1, {""}},
	    {"\"\"\"\"", 1, {"\""}},
	    {"\"say \"\"hi\"\"\",x", 2, {"say \"hi\"", "x"}},
	    {"Pr\xc3\xa9nom \"\xc3\xa9 x\"", 2, {"Pr\xc3\xa9nom", "\xc3\xa9 x"}},
	};
	static const char *const bad[] = {
	    "\"", "\"a", "a \"b", "\"a\"b", "\"a\"\"", "a\"b", "a\"", "\"a\" \"\"\""};
	struct conf_list list;
	struct arena a;

	arena_init(&a, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_assert_eq(conf_words(&a, span_of(cases[i].value), &list, &e), 0);
		cr_assert_eq(list.n, cases[i].n, "%s: %zu", cases[i].value, list.n);
		for (size_t j = 0; j < list.n; j++)
			cr_expect_str_eq(list.v[j], cases[i].words[j]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		cr_expect_eq(
		    conf_words(&a, span_of(bad[i]), &list, &e), -1, "%s", bad[i]);
		cr_expect_eq(e.code, ERR_CONFIG);
	}
	arena_release(&a);
	arena_init(&a, 16);
	cr_expect_eq(conf_words(&a, SPAN_LIT("a b c d e f g h"), &list, &e), -1);
	cr_expect_eq(e.code, ERR_NOMEM);
	arena_release(&a);
}

static char *
secret(const char *where)
{
	e.code = ERR_NONE;
	return secret_read(&(struct conf_secret){where}, &e);
}

Test(conf_secret, reads_and_wipes)
{
	static const struct {
		const char *text, *secret;
	} cases[] = {
	    {"hunter2\n", "hunter2"},
	    {"hunter2\r\n", "hunter2"},
	    {"hunter2", "hunter2"},
	    {" hunter2 \n\n", " hunter2 \n"},
	    {"\n", NULL},
	    {"", NULL},
	};
	const char *path;
	char *s;

	secret_free(NULL);
	for (size_t i = 0; i < COUNT(cases); i++) {
		path = put("secret", cases[i].text);
		cr_assert_eq(chmod(path, 0600), 0);
		s = secret(path);
		cr_expect_eq(
		    s == NULL, cases[i].secret == NULL, "case %zu: %s", i, e.msg);
		if (s != NULL)
			cr_expect_str_eq(s, cases[i].secret);
		else
			cr_expect_eq(e.code, ERR_CONFIG);
		secret_free(s);
	}
}

Test(conf_secret, files_others_can_read)
{
	static const mode_t refused[] = {0640, 0604, 0620, 0602, 0666, 0777, 0610};
	static const mode_t taken[] = {0600, 0400, 0700};
	const char *path = put("secret", "hunter2\n");
	char *s;

	for (size_t i = 0; i < COUNT(refused); i++) {
		cr_assert_eq(chmod(path, refused[i]), 0);
		cr_expect_null(secret(path), "%o", refused[i]);
		cr_expect_eq(e.code, ERR_CONFIG);
		cr_expect_not_null(strstr(e.msg, "chmod 0600 /tmp/conf_test_"));
		cr_expect_null(strstr(e.msg, "hunter2"));
	}
	for (size_t i = 0; i < COUNT(taken); i++) {
		cr_assert_eq(chmod(path, taken[i]), 0);
		cr_expect_not_null(s = secret(path), "%o: %s", taken[i], e.msg);
		secret_free(s);
	}
}

Test(conf_secret, places)
{
	static const struct {
		const char *where, *secret, *told;
	} cases[] = {
	    {"env:CONF_TEST_PW", "from env", NULL},
	    {"env:CONF_TEST_NONE", NULL, "CONF_TEST_NONE is not set"},
	    {"env:CONF_TEST_EMPTY", NULL, "CONF_TEST_EMPTY is not set"},
	    {"$CREDENTIALS_DIRECTORY/token", "from systemd", NULL},
	    {"$CREDENTIALS_DIRECTORY/none", NULL, "cannot be read"},
	    {"$CREDENTIALS_DIRECTORY/../x", NULL, "is not the name of a credential"},
	    {"$CREDENTIALS_DIRECTORY/", NULL, "is not the name of a credential"},
	    {"hunter2", NULL, "a secret is named by"},
	    {"relative/file", NULL, "a secret is named by"},
	    {"/dev/null", NULL, "is not a file"},
	    {"/nonexistent/secret", NULL, "/nonexistent/secret"},
	    {NULL, NULL, "no secret is named"},
	};
	char *s;

	/* With an access list, the group bits are its mask. */
	cr_assert_eq(chmod(put("token", "from systemd\n"), 0440), 0);
	setenv("CONF_TEST_PW", "from env", 1);
	setenv("CONF_TEST_EMPTY", "", 1);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		s = secret(cases[i].where);
		if (cases[i].secret != NULL)
			cr_expect(s != NULL && strcmp(s, cases[i].secret) == 0, "%zu: %s",
			    i, e.msg);
		else
			cr_expect(s == NULL && strstr(e.msg, cases[i].told) != NULL,
			    "%zu: %s", i, e.msg);
		cr_expect_null(strstr(e.msg, "hunter2"));
		secret_free(s);
	}
	unsetenv("CREDENTIALS_DIRECTORY");
	cr_expect_null(secret("$CREDENTIALS_DIRECTORY/token"));
	cr_expect_not_null(strstr(e.msg, "LoadCredential=token"));
}

Test(conf_secret, sizes)
{
	const char *path = put_bytes("nul", "a\0b", 3);
	char *s;

	cr_assert_eq(chmod(path, 0600), 0);
	cr_expect_null(secret(path));
	cr_expect_not_null(strstr(e.msg, "NUL"));
	cr_assert_eq(truncate(path, 65537), 0);
	cr_expect_null(secret(path));
	cr_expect_not_null(strstr(e.msg, "64 KiB"));
	s = calloc(1, 65537);
	memset(s, 'x', 65536);
	cr_assert_eq(chmod(put("full", s), 0600), 0);
	free(s);
	s = secret(path_of("full"));
	cr_assert_not_null(s, "%s", e.msg);
	cr_expect_eq(strlen(s), 65536);
	secret_free(s);
}
