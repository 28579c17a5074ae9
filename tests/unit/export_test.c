#include <jansson.h>

#include "base/record.h"
#include "tests/unit/whole_rig.h"

TestSuite(export, .init = whole_init, .fini = whole_release);

static int
add_line(void *arg, struct span line)
{
	cr_expect_eq(line.p[line.n - 1], '\n');
	buf_add_span(arg, line);
	return 0;
}

/* The export, ended with a NUL. */
static struct buf export(void)
{
	struct buf out;
	const struct line_visitor each = {add_line, &out};

	buf_init(&out, 1u << 20);
	cr_assert_eq(ledger_export(l, &each, &e), 0, "%s", e.msg);
	buf_add_char(&out, '\0');
	return out;
}

/* Each line, parsed, with its table. */
static void
each_line(
    struct buf *out, void (*fn)(const char *table, json_t *line, void *arg), void *arg)
{
	for (char *at = out->p, *end; *at != '\0'; at = end + 1) {
		json_t *line;

		end = strchr(at, '\n');
		line = json_loadb(at, (size_t)(end - at), JSON_REJECT_DUPLICATES, NULL);
		cr_assert_not_null(line, "%.*s", (int)(end - at), at);
		fn(json_string_value(json_object_get(line, "table")), line, arg);
		json_decref(line);
	}
}

static void
count_line(const char *table, json_t *line, void *arg)
{
	int *counts = arg;

	(void)line;
	for (int i = 0; i < TABLE_COUNT; i++)
		counts[i] += strcmp(table, table_name((enum table)i)) == 0;
}

Test(export, every_value_of_every_table_is_a_line_of_json)
{
	static const int want[TABLE_COUNT] = {[TABLE_META] = 8,
	    [TABLE_SCOPES] = 1,
	    [TABLE_FEEDS] = 2,
	    [TABLE_NAMES] = 1,
	    [TABLE_SETTLING] = 1,
	    [TABLE_FILES] = 1,
	    [TABLE_RECORDS] = 6,
	    [TABLE_PASSES] = 1,
	    [TABLE_INTENTS] = 2,
	    [TABLE_ACKS] = 1,
	    [TABLE_PROBLEMS] = 1,
	    [TABLE_RUNS] = 1,
	    [TABLE_AUDIT] = 5,
	    [TABLE_CONTROLS] = 7,
	    [TABLE_HEADERS] = 2};
	struct buf out = export();
	int counts[TABLE_COUNT] = {0};

	each_line(&out, count_line, counts);
	for (int i = 0; i < TABLE_COUNT; i++)
		cr_expect_eq(
		    counts[i], want[i], "%s: %d", table_name((enum table)i), counts[i]);
	buf_release(&out);
}

Test(export, nothing_of_a_patient_is_in_it)
{
	struct buf out = export();

	for (char *p = out.p; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	cr_expect_null(strstr(out.p, "quoll"));
	cr_expect_null(strstr(out.p, "/archive"));
	buf_release(&out);
}

/* Lines and parts of lines, as state/README.md has their values. */
Test(export, columns_have_their_names_and_are_decoded)
{
	static const char *const lines[] = {
	    "{\"table\":\"scopes\",\"name\":\"northside\",\"number\":1}\n",
	    "{\"table\":\"meta\",\"what\":\"format\",\"number\":",
	    "{\"table\":\"meta\",\"what\":\"ordinal\",\"scope\":1,\"number\":6}\n",
	    "{\"table\":\"feeds\",\"feed\":\"north\",\"scope\":1,\"next_pass\":3,"
	    "\"last_look\":\"2026-11-20T19:30:02.007Z\","
	    "\"last_delivery\":\"2026-11-20T19:30:02.007Z\",\"last_error\":null,",
	    "\"state\":\"done\",\"size\":100,\"mtime\":\"1970-01-01T00:00:00.000Z\",",
	    "\"mtime\":\"2026-11-20T18:40:00.000Z\",\"sha256\":\"0808080808",
	    "\"read\":\"2026-11-20T19:30:02.007Z\",\"verdict\":\"deliver\",\"reason\":\"\","
	    "\"pass\":0,\"rows\":3,\"mapped\":2,\"filtered\":0,\"rejected\":1,",
	    "\"flags\":[\"removed\"],\"ordinal\":",
	    "\"flags\":[\"refused\",\"never\"],\"ordinal\":",
	    "\"flags\":[\"doubt\",\"never\"],\"ordinal\":",
	    "\"flags\":[\"merge\"],\"ordinal\":5,\"at\":\"2026-11-20T19:30:02.007Z\",\"window\":12,",
	    "{\"table\":\"passes\",\"scope\":1,\"number\":2,\"feed\":\"north\",",
	    "\"size\":1234,\"clock\":\"1970-01-01T00:00:05.678Z\",",
	    "\"batches\":3,\"closing\":false,\"merged\":0,\"mode\":\"run\",\"file_at\":\"1970-01-01T00:00:00.000Z\",\"records\":0,\"removals\":0,\"unchanged\":0,\"duplicate\":0,\"stale\":0,\"refused\":0,\"left\":0,\"told\":0}\n",
	    "{\"table\":\"intents\",\"scope\":1,\"batch\":2,\"entries\":[{\"type\":\"retired\","
	    "\"key\":\"",
	    "\"window\":13,\"removed\":false}]}\n",
	    "{\"table\":\"acks\",\"scope\":1,\"batch\":1,\"round\":1,"
	    "\"outcomes\":[\"taken\",2]}\n",
	    "\"number\":0,\"code\":\"not_date\",\"weight\":\"rejected\",\"row\":3,"
	    "\"column\":\"DOB\",\"type\":\"patient\",\"field\":\"birth_date\"}\n",
	    "{\"table\":\"headers\",\"what\":\"feed\",\"feed\":\"north\",\"profiles\":"
	    "[0,0,0,0,0,0,0,60,3,50,2,1,399,0]}\n",
	    "\"lacks\":true,\"before_profiles\":[0,0,0,0,0,0,0,60,3,50,2,1,399,0],"
	    "\"now_profiles\":[0,0,0,0,0,0,0,60,3,50,2,1,399,0]}\n",
	    "{\"table\":\"runs\",\"run\":\"" WHOLE_RUN "\",\"feed\":\"north\","
	    "\"report\":{\"feed\":\"north\",\"files\":[{\"file\":\"",
	    "{\"table\":\"audit\",\"number\":4,\"line\":{\"number\":4,\"at\":\"2026-11-20T19:30:02.007Z\",",
	    "{\"table\":\"meta\",\"what\":\"audit\",\"number\":5,\"link\":\"",
	    "{\"table\":\"meta\",\"what\":\"snapshot\",\"feed\":\"north\",\"clock\":\"mtime\","
	    "\"at\":\"2026-11-20T19:30:02.007Z\",\"removals\":7,\"rows\":[0,0,0,0,3,0,0,0,0,",
	    "{\"table\":\"controls\",\"what\":\"decision\",\"digest\":\"",
	    "\"decision\":\"approve\",\"feed\":\"north\",\"file\":\"",
	    "\"feed\":\"south\",\"since\":\"2026-11-20T19:30:02.007Z\",\"expect\":\"",
	    "\"last_run\":\"2026-11-20T19:30:02.007Z\",\"last_success\":null,",
	    "\"since\":\"2026-11-20T19:30:02.007Z\",\"feed\":\"south\"}\n",
	    "\"closed\":true,\"removals\":0,\"made\":\"1970-01-01T00:00:00.000Z\",\"took\":0,\"file_at\":\"1970-01-01T00:00:00.000Z\",\"came_back\":false,\"settings\":\"0000000000000000\"}\n",
	};
	struct buf out = export();

	for (size_t i = 0; i < COUNT(lines); i++)
		cr_expect_not_null(strstr(out.p, lines[i]), "%s", lines[i]);
	buf_release(&out);
}

static void
expect_at(const char *table, json_t *line, void *arg)
{
	json_t *at = json_object_get(line, "at");

	if (strcmp(table, "records") != 0 ||
	    strcmp(json_string_value(json_object_get(line, "type")), "slot") != 0)
		return;
	cr_expect(json_equal(at, arg), "%s", json_string_value(at));
}

/* An event's time is the clinic's: any that fits into 64 bits. */
Test(export, times_that_no_calendar_has_stand_in_milliseconds)
{
	static const struct {
		int64_t at; /* rising, since a record's time never goes back */
		const char *json;
	} cases[] = {
	    {1795203002008, "\"2026-11-20T19:30:02.008Z\""},
	    {253402300799999, "\"9999-12-31T23:59:59.999Z\""},
	    {253402300800000, "253402300800000"},
	    {INT64_MAX, "9223372036854775807"},
	};
	const unsigned char taken = OUTCOME_TAKEN;
	struct pass p;

	cr_assert_eq(pass_get(l, whole_scope, &p, &e), 1);
	whole_close(&p);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entry en = whole_entry(RECORD_SLOT, "QUOLL5", "five");
		json_t *want = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
		struct buf out;

		en.at = cases[i].at;
		p = whole_pass(1);
		rig_intent(&p, 1, &en, 1);
		rig_ack(&p, 1, &taken, 1);
		whole_close(&p);
		out = export();
		each_line(&out, expect_at, want);
		buf_release(&out);
		json_decref(want);
	}
}

Test(export, damage_ends_it_with_what_to_do)
{
	struct buf out;
	const struct line_visitor each = {add_line, &out};

	buf_init(&out, 1u << 20);
	rig_damage(TABLE_RECORDS, 3);
	cr_expect_eq(ledger_export(l, &each, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	cr_expect_not_null(strstr(e.msg, "records"), "%s", e.msg);
	cr_expect_not_null(strstr(e.msg, "emrdrop ledger verify"), "%s", e.msg);
	cr_expect_gt(out.n, 0, "what stands before it is written");
	buf_release(&out);
}

static int
stop(void *arg, struct span line)
{
	(void)line;
	++*(int *)arg;
	return -1;
}

Test(export, ends_where_nobody_reads_it)
{
	int n = 0;
	const struct line_visitor each = {stop, &n};

	cr_expect_eq(ledger_export(l, &each, &e), -1);
	cr_expect_eq(n, 1);
}
