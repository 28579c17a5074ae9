/* What columns hold, which row is the header, and what titles and words mean. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mappers/profile.h"
#include "mappers/titles.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define VALUES_MAX 8
#define LONG       "a word that is longer than the forty bytes of a code"

/* Feeds a whole text, a byte at a time: chunks must not matter. */
static struct profile *
profile_of(const char *text)
{
	struct err e = {.code = ERR_NONE};
	struct profile *p = profile_new(&e);

	cr_assert_not_null(p, "%s", e.msg);
	for (const char *c = text; *c != '\0'; c++)
		cr_assert_eq(profile_feed(p, (struct span){c, 1}, &e), 0, "%s", e.msg);
	cr_assert_eq(profile_end(p, &e), 0, "%s", e.msg);
	return p;
}

Test(profile, contents)
{
	static const struct {
		const char *values[VALUES_MAX];
		enum content content;
		const char *format; /* of dates */
		const char *second;
		bool either;
	} rows[] = {
	    {{""}, CONTENT_EMPTY, NULL, NULL, false},
	    {{"Ann", "Bea", "", "Cy"}, CONTENT_TEXT, NULL, NULL, false},
	    {{"p", "q", "p", "p", "q", "q", "p"}, CONTENT_CODE, NULL, NULL, false},
	    {{"p", "q", "p", "q", "p"}, CONTENT_TEXT, NULL, NULL, false},
	    {{"12", "0", "-3"}, CONTENT_INTEGER, NULL, NULL, false},
	    {{"00344122", "10344564", "0"}, CONTENT_DIGITS, NULL, NULL, false},
	    {{"00344122", "00A1"}, CONTENT_TEXT, NULL, NULL, false},
	    {{"12", "1.5", "-0.25"}, CONTENT_DECIMAL, NULL, NULL, false},
	    {{"Y", "N", "Y"}, CONTENT_BOOLEAN, NULL, NULL, false},
	    {{"ann@example.org", "b.c@example.org"}, CONTENT_EMAIL, NULL, NULL, false},
	    {{"(206) 555-0101", "206.555.0102"}, CONTENT_PHONE, NULL, NULL, false},
	    /* Without a mark two of them may as well be ids. */
	    {{"2065550101", "2065550102"}, CONTENT_INTEGER, NULL, NULL, false},
	    {{"03/04/2026", "05/06/2026"}, CONTENT_DATE, "%m/%d/%Y", NULL, true},
	    {{"03/04/2026", "05/16/2026"}, CONTENT_DATE, "%m/%d/%Y", NULL, false},
	    {{"03/04/2026", "16/05/2026"}, CONTENT_DATE, "%d/%m/%Y", NULL, false},
	    {{"3/4/26", "5/16/26"}, CONTENT_DATE, "%m/%d/%y", NULL, false},
	    {{"16.05.2026"}, CONTENT_DATE, "%d.%m.%Y", NULL, false},
	    {{"20260516", "19801231"}, CONTENT_DATE, "%Y%m%d", NULL, false},
	    {{"16-May-2026"}, CONTENT_DATE, "%d-%b-%Y", NULL, false},
	    {{"05/16/2026", "05/17/2026", "2026-05-18"}, CONTENT_DATE, "%m/%d/%Y",
		"%Y-%m-%d", false},
	    {{"05/16/2026 9:30 AM", "05/17/2026 11:45 PM"}, CONTENT_DATETIME,
		"%m/%d/%Y %I:%M %p", NULL, false},
	    {{"05/16/2026\xc2\xa0"
	      "9:30 AM",
		 "05/17/2026 11:45\xe2\x80\xafPM"},
		CONTENT_DATETIME, "%m/%d/%Y %I:%M %p", NULL, false},
	    {{"2026-05-16T09:30:00", "2026-05-16T23:30:00"}, CONTENT_DATETIME,
		"%Y-%m-%dT%H:%M:%S", NULL, false},
	    {{"2026-05-16T09:30:00Z"}, CONTENT_DATETIME, "%Y-%m-%dT%H:%M:%S%z", NULL,
		false},
	    {{"09:30", "23:45"}, CONTENT_TIME, "%H:%M", NULL, false},
	    {{"9:30 AM", "11:45 PM"}, CONTENT_TIME, "%I:%M %p", NULL, false},
	    /* No calendar has them; one in three is too many for a date. */
	    {{"02/31/2026", "02/30/2026", "02/28/2026"}, CONTENT_TEXT, "%m/%d/%Y", NULL,
		false},
	};
	struct err e = {.code = ERR_NONE};
	struct checks *k = checks_new(&e);
	struct dates_found found;
	struct column c;

	cr_assert_not_null(k, "%s", e.msg);
	for (size_t i = 0; i < COUNT(rows); i++) {
		cr_assert_eq(column_init(&c, &e), 0);
		for (size_t v = 0; v < VALUES_MAX && rows[i].values[v] != NULL; v++)
			column_take(&c, k, span_of(rows[i].values[v]));
		dates_find(&c.dates, &found);
		cr_expect_eq(column_content(&c), rows[i].content, "%s: %s",
		    rows[i].values[0], content_name(column_content(&c)));
		cr_expect_eq(found.n, (rows[i].format != NULL) + (rows[i].second != NULL),
		    "%s: %u formats", rows[i].values[0], found.n);
		if (rows[i].format != NULL)
			cr_expect_str_eq(found.format[0].text, rows[i].format);
		if (rows[i].second != NULL)
			cr_expect_str_eq(found.format[1].text, rows[i].second);
		cr_expect_eq(
		    found.format[0].either, rows[i].either, "%s", rows[i].values[0]);
		column_release(&c);
	}
	checks_free(k);
}

Test(profile, counts)
{
	struct err e = {.code = ERR_NONE};
	struct checks *k = checks_new(&e);
	struct column c;
	char text[32];

	cr_assert_not_null(k, "%s", e.msg);
	cr_assert_eq(column_init(&c, &e), 0);
	for (unsigned i = 0; i < COLUMN_DISTINCT_MAX; i++) {
		snprintf(text, sizeof(text), " id-%u ", i);
		column_take(&c, k, span_of(text));
		column_take(&c, k, span_of(text));
	}
	column_take(&c, k, span_of("   "));
	cr_expect_eq(c.rows, 2001);
	cr_expect_eq(c.filled, 2000);
	cr_expect_eq(c.ndistinct, 1000, "exact up to the limit: %lu", c.ndistinct);
	column_take(&c, k, span_of("M\xc3\xbcller"));
	cr_expect_eq(c.ndistinct, 1001);
	column_take(&c, k, span_of("one more"));
	cr_expect_eq(c.ndistinct, 1001, "and one more is said of all that are more");
	cr_expect_eq(c.shortest, 4, "id-0");
	cr_expect_eq(c.longest, 8, "one more");
	cr_expect_not(column_is_code(&c));
	/* 10 + 90 * 2 + 900 * 3 digits, twice; "id-" twice; two words: 6 and 8. */
	cr_expect_eq(c.digits, 5780);
	cr_expect_eq(c.characters, 5780 + 6000 + 6 + 8);
	column_release(&c);
	checks_free(k);
}

/* A word is kept only as long as the column may be a code. */
Test(profile, words)
{
	struct err e = {.code = ERR_NONE};
	struct checks *k = checks_new(&e);
	struct column c;
	char text[32];

	cr_assert_not_null(k, "%s", e.msg);
	cr_assert_eq(column_init(&c, &e), 0);
	for (unsigned i = 0; i < 3 * COLUMN_WORDS_MAX; i++) {
		snprintf(text, sizeof(text), "w%u", i % COLUMN_WORDS_MAX);
		column_take(&c, k, span_of(text));
	}
	cr_expect(column_is_code(&c));
	cr_expect_eq(c.words[7].times, 3);
	column_take(&c, k, span_of(LONG));
	cr_expect_not(column_is_code(&c));
	cr_expect_eq(c.nwords, COLUMN_WORDS_MAX + 1);
	column_release(&c);
	checks_free(k);
}

Test(profile, headers)
{
	static const struct {
		const char *text;
		uint64_t header;
		size_t columns;
		uint64_t rows, thin, tail;
		const char *delimiter;
	} files[] = {
	    {"MRN,Last Name\n1,Ann\n2,Bea\n", 1, 2, 2, 0, 0, ","},
	    {"Report of all patients\n\nMRN;Last Name;Fee\n1;Ann;1,5\n2;Bea;2,5\n", 3, 3,
		2, 0, 0, ";"},
	    {"Report;;\nMRN;Last Name;DOB\n1;Ann;\n2;Bea;\n", 2, 3, 2, 0, 0, ";"},
	    {"MRN\tLast Name\n1\tAnn\n", 1, 2, 1, 0, 0, "\t"},
	    {"MRN|Last Name|DOB\n1|Ann|\n2|Bea|\nTotal: 2\n", 1, 3, 2, 1, 1, "|"},
	    {"MRN,Last Name,DOB\n1,Ann,\nx\n2,Bea,\nTotal,,\n", 1, 3, 2, 2, 1, ","},
	    /* The header once more is no row of data. */
	    {"MRN,Last Name\n1,Ann\nMRN,LAST NAME\n2,Bea\n", 1, 2, 2, 0, 0, ","},
	    /* No title is known: words above columns of values. */
	    {"Eins,Zwei,Drei\n1,2026-01-02,x\n2,2026-01-03,y\n", 1, 3, 2, 0, 0, ","},
	    /* One column of values may be an accident. */
	    {"Eins,Zwei,Drei\nx,2026-01-02,x\ny,2026-01-03,y\n", 0, 3, 3, 0, 0, ","},
	    {"Smith,Ann,01/02/1980\nJones,Bea,01/03/1980\n", 0, 3, 2, 0, 0, ","},
	    {"Smith,Ann,Unknown,None\nJones,Bea,01/03/1980,5\nJ,C,01/03/1981,6\n", 0, 4,
		3, 0, 0, ","},
	    {"Smith,Ann,Austin,Home,Cell,No way,Q,W,E\nJ,B,B,Home,Cell,x,Q,W,E\n", 0, 9,
		2, 0, 0, ","},
	    /* An address or a number in the row: it is no header. */
	    {"MRN,Last Name,ann@example.org\n1,Ann,b@example.org\n", 0, 3, 2, 0, 0, ","},
	    {"MRN,Last Name,A-2026\n1,Ann,A-2027\n", 0, 3, 2, 0, 0, ","},
	};
	struct profile_file f;
	struct profile *p;

	for (size_t i = 0; i < COUNT(files); i++) {
		p = profile_of(files[i].text);
		profile_file(p, &f);
		cr_expect_eq(f.header, files[i].header, "header of %s", files[i].text);
		cr_expect_eq(f.columns, files[i].columns, "columns of %s", files[i].text);
		cr_expect_eq(f.rows, files[i].rows, "rows of %s", files[i].text);
		cr_expect_eq(f.thin, files[i].thin, "thin rows of %s", files[i].text);
		cr_expect_eq(f.tail, files[i].tail, "tail of %s", files[i].text);
		cr_expect_str_eq(f.delimiter, files[i].delimiter, "%s", files[i].text);
		for (size_t c = 0; c < f.columns; c++)
			cr_expect_eq(profile_title(p, c).n > 0, f.header > 0,
			    "title %zu of %s", c, files[i].text);
		profile_free(p);
	}
}

Test(profile, titles)
{
	enum {
		P = 1u << RECORD_PATIENT,
		A = 1u << RECORD_APPOINTMENT,
		D = 1u << RECORD_PRACTITIONER,
		ALL = P | A | D
	};
	static const struct {
		const char *title;
		unsigned types;
		enum record_type type;
		const char *path; /* NULL: not known */
		bool exact;
	} rows[] = {
	    {"MRN", ALL, RECORD_PATIENT, "id", true},
	    {"Medical Record #", ALL, RECORD_PATIENT, "id", true},
	    {"patient_last_name", ALL, RECORD_PATIENT, "name.family", false},
	    {" LAST-NAME ", ALL, RECORD_PATIENT, "name.family", true},
	    {"Date of birth", ALL, RECORD_PATIENT, "birth_date", true},
	    {"Pt. DOB", ALL, RECORD_PATIENT, "birth_date", true},
	    {"Patient Email Address", ALL, RECORD_PATIENT, "email", false},
	    {"State", ALL, RECORD_APPOINTMENT, "status", true},
	    {"State", P, RECORD_PATIENT, "address.state", true},
	    {"Appt Date", ALL, RECORD_APPOINTMENT, "start.date", true},
	    {"Appt Date", P, RECORD_PATIENT, NULL, false},
	    {"Appointment Room", ALL, RECORD_APPOINTMENT, "room", false},
	    {"Provider NPI", ALL, RECORD_PRACTITIONER, "npi", true},
	    {"Favourite colour", ALL, RECORD_PATIENT, NULL, false},
	    {"", ALL, RECORD_PATIENT, NULL, false},
	    {"Patient", ALL, RECORD_PATIENT, "name", true},
	};
	const struct title *t;
	bool exact;

	for (size_t i = 0; i < COUNT(rows); i++) {
		t = titles_find(span_of(rows[i].title), rows[i].types, &exact);
		cr_expect_eq(t != NULL, rows[i].path != NULL, "%s", rows[i].title);
		if (t == NULL || rows[i].path == NULL)
			continue;
		cr_expect_eq(t->type, rows[i].type, "%s", rows[i].title);
		cr_expect_str_eq(t->path, rows[i].path, "%s", rows[i].title);
		cr_expect_eq(exact, rows[i].exact, "%s", rows[i].title);
	}
}

/* A word that means now this and now that is none of our codes'. */
Test(profile, code_words)
{
	static const struct {
		const char *path, *word, *ours;
		bool likely, unclear;
	} rows[] = {
	    {"status", "No Show", "noshow", false, false},
	    {"status", "SCH", "booked", true, false},
	    {"status", "Scheduled", "booked", false, false},
	    {"status", "Rescheduled", NULL, false, true},
	    {"status", "No status", NULL, false, true},
	    {"status", "Left w/o being seen", NULL, false, true},
	    {"status", "*", NULL, false, false},
	    {"gender", "F", "female", false, false},
	    {"gender", "X", "other", true, false},
	    {"gender", "No Show", NULL, false, false},
	    {"gender", "Rescheduled", NULL, false, false},
	};
	const char *ours;
	bool likely;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span word = span_of(rows[i].word);

		likely = false;
		ours = words_find(rows[i].path, word, &likely);
		cr_expect_eq(ours != NULL, rows[i].ours != NULL, "%s", rows[i].word);
		if (ours != NULL && rows[i].ours != NULL)
			cr_expect_str_eq(ours, rows[i].ours, "%s", rows[i].word);
		cr_expect_eq(likely, rows[i].likely, "%s", rows[i].word);
		cr_expect_eq(words_unclear(rows[i].path, word) != NULL, rows[i].unclear,
		    "%s", rows[i].word);
	}
}

/* What is counted in the first row need not be what the rows are split by. */
Test(profile, delimiters)
{
	static const struct {
		const char *text;
		const char *delimiter;
		bool auto_finds;
	} files[] = {
	    {"a,b\n1,2\n", ",", true},
	    {"sep=;\na,b;c\n1;2\n", ";", true},
	    {"a, b, c;d\nq;w\ne;r\nt;y\n", ";", false},
	};
	struct profile_file f;
	struct profile *p;

	for (size_t i = 0; i < COUNT(files); i++) {
		p = profile_of(files[i].text);
		profile_file(p, &f);
		cr_expect_str_eq(f.delimiter, files[i].delimiter, "%s", files[i].text);
		cr_expect_eq(f.auto_finds, files[i].auto_finds, "%s", files[i].text);
		profile_free(p);
	}
}

/* The last row: the pattern it is known by, never a word that may be a patient's. */
Test(profile, totals)
{
	static const struct {
		const char *last, *total;
		uint64_t said, rows, thin, tail;
	} files[] = {
	    {"Total appointments: 2", "Total appointments: {count}", 2, 2, 1, 1},
	    {"Total appointments: 2,,,", "Total appointments: {count}", 2, 2, 1, 1},
	    {"Total appointments:,2,,", "Total appointments:*{count}", 2, 2, 1, 1},
	    {"TOTAL,,2,", "TOTAL*{count}", 2, 2, 1, 1},
	    {",,Total,2", "*Total*{count}", 2, 2, 1, 1},
	    {"\"1,234\",records", "", 0, 2, 1, 1},
	    {"Total,\"1,234\"", "Total*{count}", 1234, 2, 1, 1},
	    {"Total: 2\n,,,\n", "Total: {count}", 2, 2, 1, 1},
	    {"Total: 2\nTotal: 3", "Total: {count}", 3, 2, 2, 2},
	    {"x,y\nTotal: 3", "Total: {count}", 3, 2, 2, 2},
	    {"Total", "", 0, 2, 1, 1},
	    {"Total: 2 of 3", "", 0, 2, 1, 1},
	    {"Total: 1,2,3", "", 0, 2, 1, 1},
	    {"Total for Quoll: 2", "", 0, 2, 1, 1},
	    {"Total * 2", "", 0, 2, 1, 1},
	    {"2", "", 0, 2, 1, 1},
	    {"3,Total,Ann,", "", 0, 3, 0, 0},
	};
	char text[256];
	struct profile_file f;
	struct profile *p;

	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(text, sizeof(text),
		    "MRN,Last Name,DOB,Sex\n1,Ann,,F\n2,Bea,,F\n%s\n", files[i].last);
		p = profile_of(text);
		profile_file(p, &f);
		cr_expect_str_eq(f.total, files[i].total, "%s", files[i].last);
		if (f.total[0] != '\0')
			cr_expect_eq(f.said, files[i].said, "%s", files[i].last);
		cr_expect_eq(f.rows, files[i].rows, "rows: %s", files[i].last);
		cr_expect_eq(f.thin, files[i].thin, "thin: %s", files[i].last);
		cr_expect_eq(f.tail, files[i].tail, "tail: %s", files[i].last);
		profile_free(p);
	}
}

/* Each row of the table is a field of the schema, or one of its own few words. */
Test(profile, titles_are_fields)
{
	static const char *const own[] = {
	    "id?", "name", "start.date", "start.time", "end.date", "end.time"};

	for (const struct title *t = titles; t->path != NULL; t++) {
		bool known = schema_field(schema_by_type(t->type), span_of(t->path)) >= 0;

		for (size_t i = 0; i < COUNT(own); i++)
			known |= strcmp(t->path, own[i]) == 0;
		cr_expect(known, "%s", t->path);
		for (const char *c = t->words; *c != '\0'; c++)
			cr_expect(*c == ' ' || (*c >= 'a' && *c <= 'z') ||
				      (*c >= '0' && *c <= '9'),
			    "%s: a key has lower case and digits alone", t->words);
	}
}
