/* [rows] snapshot_at: when an export was made, as its rows tell. */
#include "mappers/map.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/record.h"
#include "tests/unit/map_fixture.h"

#define NOW      INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */
#define ROWS_MAX 8

#define MINUTE "snapshot_at = {Export Date} | datetime \"%m/%d/%Y %H:%M\""
#define DAY    "snapshot_at = {Export Date} | date %m/%d/%Y"

static struct buf told;

static void
setup(void)
{
	snapshot = true;
	buf_init(&told, 4096);
}

static void
teardown(void)
{
	map_reset();
	buf_release(&told);
}

TestSuite(map_made, .init = setup, .fini = teardown);

static int
on_record(void *arg, const struct record *r, struct err *e)
{
	(void)arg;
	(void)e;
	buf_addf(&told, "%.*s;", (int)r->id.n, r->id.p);
	return 0;
}

static void
on_problem(void *arg, const struct problem *p)
{
	(void)arg;
	buf_addf(&told, "%s %s %llu <%.*s> %s %s;",
	    p->weight == WEIGHT_REJECT ? "reject" : "warn", problem_name(p->code),
	    (unsigned long long)p->row, (int)p->column.n, p->column.p,
	    p->type != NULL ? p->type : "-", p->field);
}

static const struct mapper_sink sink = {.record = on_record, .problem = on_problem};

static void
begin(const char *rows, const char *titles)
{
	char text[512];
	struct err e = {0};

	snprintf(
	    text, sizeof(text), "[rows]\n%s\n[patient]\nop = patch\nid = {id}\n", rows);
	cr_assert_not_null(map_compile(text, "America/Chicago", &e), "%s: %s", rows,
	    errors.n > 0 ? errors.text[0] : e.msg);
	cr_assert_eq(map_bind_titles(titles, &e), 0, "%s", e.msg);
	binding_start(binding, &sink, NOW);
}

static void
feed_row(const char *cells_text, uint64_t number)
{
	struct span cells[CELLS_MAX];
	char *copy = strdup(cells_text);
	struct row r = {.cells = cells, .n = map_split(copy, cells), .number = number};
	struct row_result result;
	struct err e = {0};

	cr_assert_eq(map_row(binding, &r, &result, &e), 0, "%s", e.msg);
	free(copy);
}

static const struct {
	const char *rule, *rows[ROWS_MAX];
	int64_t at, latest;
	const char *told;
} cases[] = {
    /* The newest counts, wherever it stands, and a row need not have any. */
    {MINUTE, {"1|11/19/2026 06:31", "2|", "3|11/18/2026 23:59"}, 1795091460000,
	1795091519999, "1;2;3;"},
    {MINUTE, {"1|", "2|11/18/2026 23:59", "3|11/19/2026 06:31"}, 1795091460000,
	1795091519999, "1;2;3;"},
    {MINUTE, {"1|", "2| "}, TIME_NONE, TIME_NONE, "1;2;"},
    {MINUTE, {NULL}, TIME_NONE, TIME_NONE, ""},
    /* A day begins at the clinic, and is 24 hours long. */
    {DAY, {"1|11/19/2026"}, 1795068000000, 1795154399999, "1;"},
    {"snapshot_at = {Export Date}", {"1|2026-11-19T06:31:00-06:00"}, 1795091460000,
	1795091460999, "1;"},
    /* The hour that the clocks repeat. */
    {MINUTE, {"1|11/01/2026 01:30"}, 1793514600000, 1793518259999, "1;"},
    /* What fails costs no row. */
    {MINUTE, {"1|11/19/2026 06:31", "2|soon", "3|02/30/2026 06:00"}, 1795091460000,
	1795091519999,
	"1;warn not_datetime 3 <EXPORT DATE> - snapshot_at;2;"
	"warn not_datetime 4 <EXPORT DATE> - snapshot_at;3;"},
    /* More than a day ahead. */
    {MINUTE, {"1|11/21/2026 06:01", "2|11/21/2026 06:00"}, 1795262400000, 1795262459999,
	"warn time_future 2 <EXPORT DATE> - snapshot_at;1;2;"},
    /* But as the map has it. */
    {MINUTE " | required", {"1|"}, TIME_NONE, TIME_NONE,
	"warn missing_value 2 <EXPORT DATE> - snapshot_at;1;"},
    {MINUTE " | else reject", {"1|soon"}, TIME_NONE, TIME_NONE,
	"reject not_datetime 2 <EXPORT DATE> - snapshot_at;"},
    {"snapshot_at = {Export Date | date %m/%d/%Y | else drop}", {"1|x"}, TIME_NONE,
	TIME_NONE, "warn not_date 2 <EXPORT DATE> - snapshot_at;1;"},
    {"snapshot_at = [{Export Date}, {id}] | join \" \" | datetime \"%m/%d/%Y %H\"",
	{"6|11/19/2026"}, 1795089600000, 1795093199999, "6;"},
    {"snapshot_at = {Export Date} ?? {id} | date %m/%d/%Y | agree",
	{"11/18/2026|11/19/2026"}, 1795068000000, 1795154399999,
	"warn conflict 2 <id> - snapshot_at;11/18/2026;"},
    /* What gives no record tells all the same. */
    {MINUTE "\nwhen = {id} is not x", {"x|11/19/2026 06:31"}, 1795091460000,
	1795091519999, ""},
    {MINUTE, {"|11/19/2026 06:31"}, 1795091460000, 1795091519999,
	"reject missing_id 2 <id> patient id;"},
};

Test(map_made, the_newest_that_rows_tell)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct made *made;

		begin(cases[i].rule, "id|EXPORT  DATE ");
		buf_clear(&told);
		for (uint64_t k = 0; cases[i].rows[k] != NULL; k++)
			feed_row(cases[i].rows[k], k + 2);
		buf_add_char(&told, '\0');
		made = binding_made(binding);
		cr_assert_not_null(made);
		cr_expect_eq(made->at, cases[i].at, "%zu: %lld", i, (long long)made->at);
		cr_expect_eq(made->latest, cases[i].latest, "%zu: %lld", i,
		    (long long)made->latest);
		cr_expect(span_eq(made->column, SPAN_LIT("EXPORT DATE")));
		cr_expect_str_eq(told.p, cases[i].told, "%zu: %s", i, told.p);
		map_reset();
	}
}

/* A map that does not ask, and a row that is explained. */
Test(map_made, is_asked_of_those_maps_alone)
{
	static const char want[] =
	    "{\"type\":\"rows\",\"field\":\"snapshot_at\","
	    "\"rule\":\"{Export Date} | date %m/%d/%Y\",\"columns\":[\"Export Date\"],"
	    "\"steps\":[{\"transform\":\"date\",\"result\":\"2026-11-19\"}],"
	    "\"result\":\"2026-11-19\"},{\"type\":\"patient\",\"field\":\"id\",";
	struct json j;

	begin("when = {id} present", "id|Export Date");
	feed_row("1|11/19/2026", 2);
	cr_expect_null(binding_made(binding));
	cr_expect_not(map_made(map));
	map_reset();
	begin(DAY, "id|Export Date");
	cr_expect(map_made(map));
	buf_clear(&told);
	jw_init(&j, &told);
	binding_explain(binding, &j);
	feed_row("1|11/19/2026", 2);
	buf_add_char(&told, '\0');
	cr_expect_eq(strncmp(told.p, want, sizeof(want) - 1), 0, "%s", told.p);
}
