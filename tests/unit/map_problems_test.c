/* What a row's problems are told as: the column that a person has to look at, each once. */
#include "mappers/map.h"

#include <criterion/criterion.h>

#include "tests/unit/map_rows_rig.h"

TestSuite(map_problems, .init = rows_setup, .fini = rows_teardown);

static void
tell(void *arg, const struct problem *p)
{
	(void)arg;
	buf_addf(&out, "%s%s \"%.*s\"%s%.*s\n", problem_name(p->code),
	    p->weight == WEIGHT_REJECT ? "!" : "", (int)p->column.n, p->column.p,
	    p->detail.n > 0 ? " " : "", (int)p->detail.n, p->detail.p);
}

static int
count(void *arg, const struct record *r, struct err *e)
{
	(void)arg, (void)r, (void)e;
	return 0;
}

/* Row 2 of "a|b|c": its problems, a line each. */
static const char *
problems_of(const char *cells_text)
{
	static const struct mapper_sink telling = {.record = count, .problem = tell};
	struct span cells[CELLS_MAX];
	char *copy = strdup(cells_text);
	struct row r = {.cells = cells, .n = map_split(copy, cells), .number = 2};
	struct row_result result;
	struct err e = {0};

	buf_clear(&out);
	binding_start(binding, &telling, NOW);
	cr_assert_eq(map_row(binding, &r, &result, &e), 0, "%s", e.msg);
	buf_add_char(&out, '\0');
	free(copy);
	return out.p;
}

struct told {
	const char *cells, *want;
};

static void
check(const char *rules, const char *titles, const struct told *v, size_t n)
{
	struct err e = {0};

	cr_assert_not_null(map_compile(rules, "America/Chicago", &e), "%s: %s", rules,
	    errors.n > 0 ? errors.text[0] : e.msg);
	conf_release(&conf);
	cr_assert_eq(map_bind_titles(titles, &e), 0, "%s", e.msg);
	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(problems_of(v[i].cells), v[i].want,
		    "%s\ngot  %s\nwant %s", v[i].cells, out.p, v[i].want);
	map_reset();
}

#define HALVES(format)                                                    \
	"[appointment]\nid = {Id}\npatient_id = {Pat}\nstatus = booked\n" \
	"start = {Appt Date} {Appt Time} | datetime " format "\n"

/* Of a date and a time in two cells it is the wrong one that is named. */
Test(map_problems, halves_of_a_time)
{
	static const struct told us[] = {
	    {"1|2|03/04/2027|9:30 AM", ""},
	    {"1|2|03/04/2027|14:30", "not_datetime! \"Appt Time\"\n"},
	    {"1|2|03/04/2027|9:75 AM", "not_datetime! \"Appt Time\"\n"},
	    {"1|2|03/04/2027|13:30 PM", "not_datetime! \"Appt Time\"\n"},
	    {"1|2|03/04/2027|9:30", "not_datetime! \"Appt Time\"\n"},
	    {"1|2|03/04/2027|soon", "not_datetime! \"Appt Time\"\n"},
	    {"1|2|03/04/2027|9:30 AM (CT)", "not_datetime! \"Appt Time\"\n"},
	    {"1|2|02/30/2027|9:30 AM", "not_datetime! \"Appt Date\"\n"},
	    {"1|2|13/04/2027|9:30 AM", "not_datetime! \"Appt Date\"\n"},
	    {"1|2|03/04/27|9:30 AM", "not_datetime! \"Appt Date\"\n"},
	    {"1|2|03/04/20271|9:30 AM", "not_datetime! \"Appt Date\"\n"},
	    {"1|2|2027-03-04|9:30 AM", "not_datetime! \"Appt Date\"\n"},
	    {"1|2|tomorrow|soon", "not_datetime! \"Appt Date\"\n"},
	    {"1|2||9:30 AM", "missing_value! \"Appt Date\"\n"},
	    {"1|2|03/04/2027|", "missing_value! \"Appt Time\"\n"},
	    {"1|2|03/14/2027|2:30 AM", "time_skipped! \"Appt Time\"\n"},
	    {"1|2|11/07/2027|1:30 AM", "time_twice! \"Appt Time\"\n"},
	    {"1|2|46450|9:30 AM", "serial_date! \"Appt Date\"\n"},
	    {"1|2|46450|0.4375", "serial_date! \"Appt Date\"\n"},
	    {"1|2|03/04/2027|0.5", "serial_date! \"Appt Time\"\n"},
	    {"1|2|03/04/2027|0,395833333333333", "serial_date! \"Appt Time\"\n"},
	    {"1|2|03/04/2027|#N/A", "cell_error! \"Appt Time\"\n"},
	};
	static const struct told several[] = {
	    {"1|2|2027-03-04|14:30", ""},
	    {"1|2|2027-03-04|2:30 PM", "not_datetime! \"Appt Time\"\n"},
	    {"1|2|4.3.2027|14:30", "not_datetime! \"Appt Date\"\n"},
	};
	const char *titles = "Id|Pat|Appt Date|Appt Time";

	check(HALVES("\"%m/%d/%Y %I:%M %p\""), titles, us, COUNT(us));
	check(HALVES("\"%m/%d/%Y %H:%M\" \"%Y-%m-%d %H:%M\""), titles, several,
	    COUNT(several));
	check(HALVES(""), titles, several, COUNT(several));
}

/* One cell may be asked for by several records. */
Test(map_problems, a_cell_is_told_once)
{
	static const struct told cases[] = {
	    {"|1|Booked|2027-03-04", "missing_id! \"MRN\"\n"},
	    {"|||2027-03-04",
		"missing_id! \"MRN\"\nmissing_id! \"Appt\"\nmissing_value! \"Status\"\n"},
	    {"1E+10|1|Booked|2027-03-04", "scientific_notation! \"MRN\"\n"},
	    {"NULL|1|Booked|2027-03-04", "missing_id! \"MRN\"\n"},
	    {"7|null|Booked|2027-03-04", "missing_id! \"Appt\"\n"},
	    {"7|1|Booked|2027-03-04", ""},
	    {"n/a|--|Booked|2027-03-04", "missing_id! \"MRN\"\nmissing_id! \"Appt\"\n"},
	    {".|..|Booked|2027-03-04", "missing_id! \"MRN\"\nmissing_id! \"Appt\"\n"},
	    {"\xe2\x80\x93|\xe2\x80\x94\xe2\x80\x94|Booked|2027-03-04",
		"missing_id! \"MRN\"\nmissing_id! \"Appt\"\n"},
	    {"\xe2\x80\x93"
	     "7|\xe2\x82\xac|Booked|2027-03-04",
		""},
	    {"-7|\xc3\xa9|Booked|2027-03-04", ""},
	    {"N/A1|.1|Booked|2027-03-04", ""},
	};

	check("[patient]\nop = patch\nid = {MRN} | not_scientific\n"
	      "[appointment]\nid = {Appt}\npatient_id = {MRN} | not_scientific\n"
	      "status = {Status} | code s\nstart = {Start}\n[code s]\nbooked = Booked\n",
	    "MRN|Appt|Status|Start", cases, COUNT(cases));
}

#define TABLE                                            \
	"[appointment]\nid = {Id}\npatient_id = {Pat}\n" \
	"status = {Status} | code s\nstart = {Start}\n"  \
	"comment = {Why} | code w | required\n[code s]\n"
#define WHY "[code w]\nx = Sick\n"

/* Known codes are told, for the feed's author has agreed on them; not endlessly many. */
Test(map_problems, known_codes)
{
	static const struct told few[] = {
	    {"1|2|Nope|2027-03-04|Sick",
		"unknown_code! \"Status\" known: Booked, \"No, not yet\", Gone\n"},
	    {"1|2|Gone|2027-03-04|Tired", "unknown_code! \"Why\" known: Sick\n"},
	};
	static const struct told many[] = {
	    {"1|2|Nope|2027-03-04|Sick",
		"unknown_code! \"Status\" known: "
		"0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		"1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		"2aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		"3aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
		"and 6 more\n"},
	};
	static const struct told fields[] = {
	    {"1|x", "not_allowed \"Sex\" known: male, female, other, unknown\n"},
	};
	const char *titles = "Id|Pat|Status|Start|Why";
	char text[2048];
	size_t n;

	check(TABLE "booked = Booked, \"No, not yet\"\nnoshow = Gone\n" WHY, titles, few,
	    COUNT(few));
	n = (size_t)snprintf(text, sizeof(text), TABLE "booked = ");
	for (int i = 0; i < 10; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "%s%d%060d", i > 0 ? ", " : "", i, 0);
	for (char *p = strstr(text, "0000"); p != NULL && *p != '\0'; p++)
		if (p[0] == '0' && p[-1] != ' ')
			*p = 'a';
	snprintf(text + n, sizeof(text) - n, "\n" WHY);
	check(text, titles, many, COUNT(many));
	check("[patient]\nop = patch\nid = {Id}\ngender = {Sex}\n", "Id|Sex", fields,
	    COUNT(fields));
}

/* The clock stands at 2026-11-20. */
Test(map_problems, what_cannot_be)
{
	static const struct told cases[] = {
	    {"1|11/20/2031|30|03/04/1980", ""},
	    {"1|03/04/2062|30|03/04/1980", "time_far \"Start\"\n"},
	    {"1|03/04/1926|0|03/04/1980", "time_far \"Start\"\n"},
	    {"1|11/21/1997|30|11/21/2026", ""},
	    {"1|03/04/0026|30|03/04/1980", "time_far \"Start\"\n"},
	    {"1|03/04/2026|-30|03/04/1980", "negative \"Minutes\"\n"},
	    {"1|03/04/2026|30|11/22/2026", "time_future \"DOB\"\n"},
	    {"1|03/04/2026|30|03/04/2062", "time_future \"DOB\"\n"},
	    {"1\xe2\x80\x8b|03/04/2026|30|03/04/1980",
		"control_character \"Id\"\ncontrol_character \"Id\"\n"
		"control_character \"Id\"\n"},
	    /* An isolate as telephones paste it, a soft hyphen, NEL. */
	    {"1\xe2\x81\xa9|03/04/2026|30|03/04/1980",
		"control_character \"Id\"\ncontrol_character \"Id\"\n"
		"control_character \"Id\"\n"},
	    {"1\xc2\xad|03/04/2026|30|03/04/1980",
		"control_character \"Id\"\ncontrol_character \"Id\"\n"
		"control_character \"Id\"\n"},
	    {"1\xc2\x85|03/04/2026|30|03/04/1980",
		"control_character \"Id\"\ncontrol_character \"Id\"\n"
		"control_character \"Id\"\n"},
	    {"1\xc2\xa2|03/04/2026|30|03/04/1980", ""},
	    {"1\xe2\x80\xaf"
	     "2|03/04/2026|30|03/04/1980",
		""},
	    {"1|03/04/2026|30|03/04/0080", "time_far \"DOB\"\n"},
	    {"1|03/04/2026|30|12/31/1879", "time_far \"DOB\"\n"},
	    {"1|03/04/2026|30|01/01/1880", ""},
	};

	check("[patient]\nop = patch\nid = {Id}\nbirth_date = {DOB} | date \"%m/%d/%Y\"\n"
	      "[appointment]\nid = {Id}\npatient_id = {Id}\nstatus = booked\n"
	      "start = {Start} | datetime \"%m/%d/%Y\"\nduration_minutes = {Minutes}\n",
	    "Id|Start|Minutes|DOB", cases, COUNT(cases));
}
