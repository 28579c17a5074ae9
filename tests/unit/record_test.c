#include "base/record.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define VALUES_MAX 12

struct given {
	const char *path; /* "extra.NAME" for those */
	unsigned short index;
	const char *text; /* NULL: JSON null */
};

static struct value
value_of(const struct schema *s, const struct given *g)
{
	struct value v = {.index = g->index, .text = span_of(g->text)};
	int at = schema_field(s, span_of(g->path));

	v.kind = g->text == NULL ? VALUE_NULL : VALUE_TEXT;
	if (strncmp(g->path, "extra.", 6) == 0) {
		v.field = FIELD_EXTRA;
		v.name = span_of(g->path + 6);
		return v;
	}
	cr_assert_geq(at, 0, "%s", g->path);
	v.field = (unsigned short)at;
	return v;
}

static struct record
record_of(const char *type, const struct given *g, struct value *values)
{
	struct record r = {.schema = schema_by_name(span_of(type)), .values = values};

	while (r.nvalues < VALUES_MAX && g[r.nvalues].path != NULL) {
		values[r.nvalues] = value_of(r.schema, &g[r.nvalues]);
		r.nvalues++;
	}
	return r;
}

Test(record, data_is_nested_by_path)
{
	static const struct {
		const char *type;
		struct given values[VALUES_MAX];
		const char *json;
	} cases[] = {
	    {"patient", {{NULL, 0, NULL}}, "{}"},
	    {"patient", {{"id", 0, "7"}, {"birth_date", 0, "1970-01"}},
		"{\"id\":\"7\",\"birth_date\":\"1970-01\"}"},
	    {"patient",
		{{"id", 0, "7"}, {"name.family", 0, "O\"Hara"}, {"name.given", 0, "Ann"},
		    {"name.given", 1, "B."}, {"name.text", 0, "x"},
		    {"gender", 0, "female"}, {"phone.mobile", 0, "+1"},
		    {"phone.work", 0, "+2"}},
		"{\"id\":\"7\",\"name\":{\"family\":\"O\\\"Hara\",\"given\":[\"Ann\",\"B.\"],"
		"\"text\":\"x\"},\"gender\":\"female\",\"phone\":{\"mobile\":\"+1\","
		"\"work\":\"+2\"}}"},
	    {"patient",
		{{"id", 0, "7"}, {"identifier.value", 0, "a"},
		    {"identifier.type", 0, "MR"}, {"identifier.value", 1, "b"},
		    {"active", 0, "true"}, {"name.given", 0, "Ann"}},
		"{\"id\":\"7\",\"identifier\":[{\"value\":\"a\",\"type\":\"MR\"},"
		"{\"value\":\"b\"}],\"active\":true,\"name\":{\"given\":[\"Ann\"]}}"},
	    {"patient", {{"name.given", 0, NULL}, {"birth_date", 0, NULL}},
		"{\"name\":{\"given\":null},\"birth_date\":null}"},
	    {"patient", {{"race", 0, "a"}, {"race", 1, "b"}, {"deceased", 0, NULL}},
		"{\"race\":[\"a\",\"b\"],\"deceased\":null}"},
	    {"patient", {{"race", 0, NULL}, {"deceased", 0, "false"}},
		"{\"race\":null,\"deceased\":false}"},
	    {"appointment",
		{{"duration_minutes", 0, "15"}, {"practitioner.id", 0, "P1"},
		    {"practitioner.npi", 0, NULL}, {"practitioner.id", 1, "P2"},
		    {"order_id", 0, "1"}, {"order_id", 1, "2"}},
		"{\"duration_minutes\":15,\"practitioner\":[{\"id\":\"P1\",\"npi\":null},"
		"{\"id\":\"P2\"}],\"order_id\":[\"1\",\"2\"]}"},
	    {"coverage",
		{{"subscriber.name.family", 0, "F"}, {"subscriber.name.given", 0, "G"},
		    {"subscriber.birth_date", 0, "2000"}, {"period.start", 0, "2001"}},
		"{\"subscriber\":{\"name\":{\"family\":\"F\",\"given\":[\"G\"]},"
		"\"birth_date\":\"2000\"},\"period\":{\"start\":\"2001\"}}"},
	    {"patient", {{"id", 0, "7"}, {"extra.a.b", 0, "1"}, {"extra.z", 0, NULL}},
		"{\"id\":\"7\",\"extra\":{\"a.b\":\"1\",\"z\":null}}"},
	    {"observation", {{"value", 0, "\n\xff"}}, "{\"value\":\"\\n\xef\xbf\xbd\"}"},
	};
	struct value values[VALUES_MAX];
	struct json j;
	struct buf out;

	buf_init(&out, 1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct record r = record_of(cases[i].type, cases[i].values, values);

		buf_clear(&out);
		jw_init(&j, &out);
		record_write_data(&r, &j);
		cr_expect(span_eq(buf_span(&out), span_of(cases[i].json)),
		    "%.*s is not %s", (int)out.n, out.p, cases[i].json);
	}
	buf_release(&out);
}

static void
note_ref(void *arg, enum record_type type, struct span id)
{
	buf_addf(arg, "%s=%.*s ", schema_by_type(type)->name, (int)id.n, id.p);
}

Test(record, names_what_it_refers_to)
{
	static const struct given given[VALUES_MAX] = {{"id", 0, "A1"},
	    {"patient_id", 0, "7"}, {"practitioner.id", 0, "P1"},
	    {"practitioner.id", 1, "P2"}, {"location_id", 0, NULL}, {"slot_id", 0, "S"},
	    {"rescheduled_from", 0, "A0"}, {"extra.patient_id", 0, "8"}};
	struct value values[VALUES_MAX];
	struct record r = record_of("appointment", given, values);
	struct buf out;

	buf_init(&out, 1000);
	record_each_ref(&r, note_ref, &out);
	cr_expect(span_eq(buf_span(&out),
		      SPAN_LIT("patient=7 practitioner=P1 practitioner=P2 slot=S ")),
	    "%.*s", (int)out.n, out.p);
	buf_release(&out);
}

Test(record, operations_have_names)
{
	cr_expect_str_eq(record_op_name(OP_PUT), "put");
	cr_expect_str_eq(record_op_name(OP_PATCH), "patch");
	cr_expect_str_eq(record_op_name(OP_DELETE), "delete");
	cr_expect_str_eq(record_op_name(OP_MERGE), "merge");
}
