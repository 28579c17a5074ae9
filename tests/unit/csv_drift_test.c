/* A header that is not the last good one: what a map goes on without, and what holds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mappers/reading_header.h"
#include "tests/unit/csv_rig.h"

#define MAP                                                                 \
	"[columns]\nmrn = \"MRN\", \"Chart No\"\n"                          \
	"[rows]\nwhen = {Kind} not in HOLD\n"                               \
	"[patient]\nop = patch\nid = {mrn}\nname.given = [{First}]\n"       \
	"birth_date = {DOB} | date \"%m/%d/%Y\" | required\n"               \
	"phone.home = ({Area}) {Home}\nphone.mobile = {#9}\n"               \
	"updated_at = {Changed} | datetime \"%m/%d/%Y %H:%M\"\n"            \
	"[appointment]\nid = {Appt}\npatient_id = {mrn}\nstatus = booked\n" \
	"when = {Room} present\nstart = {Start} | datetime \"%m/%d/%Y %H:%M\"\n"

#define TITLES "MRN,Kind,First,DOB,Area,Home,Changed,Appt,Cell,Room,Start"

struct log {
	struct buf text;
};

static int
take_record(void *arg, const struct record *r, struct err *e)
{
	(void)arg;
	(void)r;
	(void)e;
	return 0;
}

static void
take_problem(void *arg, const struct problem *p)
{
	struct log *l = arg;

	if (strncmp(problem_name(p->code), "column_", 7) == 0)
		buf_addf(&l->text, "%s %.*s %s; ", problem_name(p->code) + 7,
		    (int)p->column.n, p->column.n > 0 ? p->column.p : "",
		    p->field == NULL ? "-" : p->field);
}

static struct header_mark
mark(const char *titles)
{
	struct span v[20];
	struct header_mark h;
	size_t n = 0;

	for (const char *p = titles; *titles != '\0' && n < 20;) {
		v[n] = (struct span){p, strcspn(p, ",")};
		p += v[n++].n;
		if (*p++ == '\0')
			break;
	}
	cr_assert_eq(header_mark_set(&h, v, n, NULL), 0);
	return h;
}

/* The header alone: 0, or the error's code; what it told is in the log. */
static enum err_code
read_header(struct feed *f, const struct header_mark *before, const char *titles,
    struct log *l, bool *lacks)
{
	const struct mapper_sink sink = {
	    .record = take_record, .problem = take_problem, .arg = l, .before = before};
	struct reading *r = mapper_open(f->mapper, &sink, 0, &f->err);
	int rc;

	cr_assert_not_null(r);
	f->err = (struct err){.code = ERR_NONE};
	rc = reading_feed(r, span_of(titles), &f->err);
	if (rc == 0)
		rc = reading_feed(r, SPAN_LIT("\n"), &f->err);
	if (rc == 0)
		rc = reading_end(r, &f->err);
	buf_add_char(&l->text, '\0');
	*lacks = reading_header(r)->lacks;
	/* Of what is no header nothing is known. */
	if (rc != 0 && f->err.code == ERR_REFUSED)
		cr_expect_eq(reading_header(r)->now.n, 0, "%s", titles);
	reading_free(r);
	return rc == 0 ? ERR_NONE : f->err.code;
}

static const struct {
	const char *before, *now;
	enum err_code want;
	const char *told; /* problems, or a part of the message */
} cases[] = {
    {TITLES, TITLES, ERR_NONE, ""},
    /* fields that cost no row */
    {TITLES, "MRN,Kind,DOB,Area,Home,Changed,Appt,X,Cell,Room,Start", ERR_NONE,
	"missing First name.given[]; added X -; "},
    {TITLES, "MRN,Kind,Vorname,DOB,Area,Home,Changed,Appt,Cell,Room,Start", ERR_NONE,
	"renamed First name.given[]; "},
    {TITLES, "MRN,Kind,First,DOB,Tel,Home,Changed,Appt,Cell,Room,Start", ERR_NONE,
	"renamed Area phone.home; "},
    /* another title that the map knows */
    {TITLES, "Chart No,Kind,First,DOB,Area,Home,Changed,Appt,Cell,Room,Start", ERR_NONE,
	""},
    /* id, required, start, event time, conditions of rows and sections */
    {TITLES, "Nr,Kind,First,DOB,Area,Home,Changed,Appt,Cell,Room,Start", ERR_HELD,
	"good file: \"MRN\" or \"Chart No\" (there is \"Nr\")"},
    {TITLES, "MRN,Kind,First,Born,Area,Home,Changed,Appt,Cell,Room,Start", ERR_HELD,
	"good file: \"DOB\" (there is \"Born\")"},
    {TITLES, "MRN,Kind,First,DOB,Area,Home,Changed,Appt,Cell,Room,Starts", ERR_HELD,
	"good file: \"Start\" (there is \"Starts\")"},
    {TITLES, "MRN,Kind,First,DOB,Area,Home,When,Appt,Cell,Room,Start", ERR_HELD,
	"good file: \"Changed\""},
    {TITLES, "MRN,Sort,First,DOB,Area,Home,Changed,Appt,Cell,Room,Start", ERR_HELD,
	"good file: \"Kind\" (there is \"Sort\")"},
    {TITLES, "MRN,Kind,First,DOB,Area,Home,Changed,Appt,Cell,Raum,Start", ERR_HELD,
	"good file: \"Room\" (there is \"Raum\")"},
    /* only what is needed is named */
    {TITLES, "MRN,Kind,DOB,Area,Home,Changed,Appt,X,Cell,Y,Start", ERR_HELD,
	"good file: \"Room\" (there is \"Y\")"},
    /* a column by its number */
    {TITLES, "MRN,Kind,First,DOB,Area,Home,Changed,Appt,New,Cell,Room,Start", ERR_HELD,
	"column \"Cell\" by its number, #9, and since the last good file it has become #10"},
    /* no header, another report, or nothing known: as a first file */
    {TITLES, "00017,VISIT,Ann,03/04/1980,555,1234567,x,A-1,2,R1,x", ERR_REFUSED,
	"columns of the map are not in the header"},
    {TITLES, "MRN,A,B,C,D,E,F,G,H,I,J", ERR_REFUSED, "are not in the header"},
    {"", "MRN,Kind,Vorname,DOB,Area,Home,Changed,Appt,Cell,Room,Start", ERR_REFUSED,
	"are not in the header: \"First\""},
    /* a column that the map asks for since */
    {"MRN,Kind,X,DOB,Area,Home,Changed,Appt,Cell,Room,Start",
	"MRN,Kind,X,DOB,Area,Home,Changed,Appt,Cell,Room,Start", ERR_REFUSED,
	"are not in the header: \"First\""},
};

Test(csv_drift, what_a_map_goes_on_without)
{
	struct feed f;

	feed_open(&f, MAP);
	cr_assert_not_null(f.mapper, "%s", f.errors.n > 0 ? f.errors.text[0] : f.err.msg);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct header_mark before = mark(cases[i].before);
		struct log l;
		bool lacks;
		enum err_code got;

		buf_init(&l.text, 10000);
		got = read_header(&f, &before, cases[i].now, &l, &lacks);
		cr_expect_eq(
		    got, cases[i].want, "%s: %d %s", cases[i].now, got, f.err.msg);
		cr_expect_eq(lacks, cases[i].want == ERR_HELD, "%s", cases[i].now);
		if (cases[i].want == ERR_NONE)
			cr_expect_str_eq(l.text.p, cases[i].told, "%s", cases[i].now);
		else
			cr_expect_not_null(strstr(f.err.msg, cases[i].told), "%s: %s",
			    cases[i].now, f.err.msg);
		buf_release(&l.text);
		header_mark_release(&before);
	}
	feed_close(&f);
}

#define WHOLE                                                                   \
	"[patient]\nid = {ID}\nname.family = {Last}\n"                          \
	"name.given = [{First}, {Middle?}]\nphone.mobile = {Cell} ?? {Other}\n" \
	"[appointment]\nop = patch\nid = {Appt}\npatient_id = {ID}\ncomment = {Note}\n"

/* What is put whole would erase what it lacks: it is held, and may be approved. */
Test(csv_drift, a_put_erases_nothing_unseen)
{
	static const struct {
		const char *now;
		enum err_code want;
		const char *told;
	} lost[] = {
	    {"ID,Last,First,Middle,Cell,Other,Appt,Note", ERR_NONE, ""},
	    {"ID,Last,First,Middle,Cell,Other,Appt,Remark", ERR_NONE,
		"renamed Note comment; "},
	    {"ID,Last,First,Middle,Mobile,Other,Appt,Note", ERR_HELD,
		"column \"Cell\" is gone since the last good file, and each record would "
		"lose its phone.mobile"},
	    {"ID,Last,First,Cell,Other,Appt,Note", ERR_HELD,
		"column \"Middle\" is gone since the last good file"},
	    {"ID,Last,First,Cell,Appt,Note", ERR_HELD,
		"column \"Middle\" (and 1 more) is gone"},
	};
	struct header_mark before = mark("ID,Last,First,Middle,Cell,Other,Appt,Note");
	struct feed f;

	feed_open(&f, WHOLE);
	cr_assert_not_null(f.mapper, "%s", f.errors.n > 0 ? f.errors.text[0] : f.err.msg);
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		struct log l;
		bool lacks;

		buf_init(&l.text, 10000);
		cr_expect_eq(read_header(&f, &before, lost[i].now, &l, &lacks),
		    lost[i].want, "%s: %s", lost[i].now, f.err.msg);
		cr_expect_not(lacks, "%s", lost[i].now);
		if (lost[i].want == ERR_NONE)
			cr_expect_str_eq(l.text.p, lost[i].told, "%s", lost[i].now);
		else
			cr_expect_not_null(
			    strstr(f.err.msg, lost[i].told), "%s", f.err.msg);
		buf_release(&l.text);
	}
	header_mark_release(&before);
	feed_close(&f);
}

/* A title that is named for a missing one is known to mean the same, or is spelt like it. */
Test(csv_drift, what_a_missing_title_may_be_now)
{
	static const char map[] =
	    "[patient]\nop = patch\nid = {MRN}\nname.family = {Last Name}\n"
	    "birth_date = {DOB}\nphone.mobile = {Cell}\nextra.colour = {Colour}\n"
	    "[appointment]\nid = {Appt ID}\npatient_id = {MRN}\nstatus = booked\n"
	    "start = {Appt Date} {Appt Time} | datetime \"%m/%d/%Y %H:%M\"\n";
	static const char now[] =
	    "Medical Record Number,Surname,Date of Birth,Color,"
	    "Mobile Phone,Visit Date,Appt Time,Visit Number,Appt ID";
	static const char *const told[] = {"\"MRN\" (there is \"Medical Record Number\")",
	    "\"Last Name\" (there is \"Surname\")",
	    "\"DOB\" (there is \"Date of Birth\")",
	    "\"Cell\" (there is \"Mobile Phone\")", "\"Colour\" (there is \"Color\")",
	    "\"Appt Date\" (there is \"Visit Date\")"};
	struct header_mark none = mark("");
	struct log l;
	struct feed f;
	bool lacks;

	feed_open(&f, map);
	cr_assert_not_null(f.mapper, "%s", f.errors.n > 0 ? f.errors.text[0] : f.err.msg);
	buf_init(&l.text, 10000);
	cr_expect_eq(read_header(&f, &none, now, &l, &lacks), ERR_REFUSED);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		cr_expect_not_null(
		    strstr(f.err.msg, told[i]), "%s: %s", told[i], f.err.msg);
	buf_release(&l.text);
	header_mark_release(&none);
	feed_close(&f);
}
