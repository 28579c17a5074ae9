/* What the tests of changes share: rows that become batches, and are delivered. */
#ifndef TESTS_UNIT_CHANGES_RIG_H
#define TESTS_UNIT_CHANGES_RIG_H

#include "cmd/changes.h"
#include "tests/unit/ledger_rig.h"

#define VALUES_MAX 10
#define NO_LIMIT   ((size_t)1 << 30)
#define SEC(n)     ((n) * INT64_C(1000))

static struct changes_conf conf;
static struct changes *c;
static struct frame frame;
static uint32_t scope;
static unsigned char list[SHA256_SIZE];
static int64_t rows_window; /* of the rows that are added from now on, */
static bool rows_timed;     /* and whether their map has event times */

static inline void
setup(void)
{
	rig_init();
	frame_init(&frame);
	rows_window = TIME_NONE;
	rows_timed = false;
	cr_assert_eq(ledger_scope_get(l, "northside", true, &scope, &e), 0);
	conf = (struct changes_conf){.ledger = l,
	    .keys = ledger_keys(l),
	    .scope = scope,
	    .source = "northside",
	    .feed = "north",
	    .batch_records = 500,
	    .batch_bytes = NO_LIMIT,
	    .outbox_dir = rig_dir,
	    .outbox_memory = 1 << 20,
	    .file_at = TIME_NONE};
}

static inline void
teardown(void)
{
	changes_free(c);
	frame_release(&frame);
	rig_release();
}

static inline void
begin(void)
{
	changes_free(c);
	c = changes_new(&conf, &e);
	cr_assert_not_null(c, "%s", e.msg);
}

/* A row's record: `fields` are pairs of path and text, and end with NULL. */
struct row {
	const char *type, *id;
	const char *fields[2 * VALUES_MAX + 1];
	int64_t at; /* 0: it has no event time */
	enum record_op op;
};

static inline int
add(const struct row *row, uint64_t number)
{
	struct value values[VALUES_MAX];
	struct record r = {.schema = schema_by_name(span_of(row->type)),
	    .op = row->op,
	    .patched = row->op == OP_PATCH,
	    .id = span_of(row->id),
	    .values = values,
	    .event_at = row->at == 0 ? TIME_NONE : row->at,
	    .event_latest = row->at == 0 ? TIME_NONE : row->at,
	    .event_at_text = span_of(row->at == 0 ? NULL : "2026-11-20T19:30:02Z"),
	    .window = rows_window,
	    .timed = rows_timed,
	    .row = number};

	for (const char *const *f = row->fields; f[0] != NULL; f += 2) {
		int at = schema_field(r.schema, span_of(f[0]));
		unsigned short index = 0;

		cr_assert_geq(at, 0, "%s", f[0]);
		if (r.nvalues > 0 && strstr(r.schema->fields[at].path, "[]") != NULL &&
		    values[r.nvalues - 1].field == at)
			index = (unsigned short)(values[r.nvalues - 1].index + 1);
		values[r.nvalues++] = (struct value){
		    .field = (unsigned short)at, .index = index, .text = span_of(f[1])};
	}
	return changes_add(c, &r, &e);
}

static inline void
add_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(add(&rows[i], i + 2), 0, "%s", e.msg);
}

static inline void
end(void)
{
	cr_assert_eq(changes_end(c, list, &e), 0, "%s", e.msg);
}

static inline bool
next(void)
{
	int r = changes_next(c, &frame, &e);

	cr_assert_geq(r, 0, "%s", e.msg);
	return r == 1;
}

/* Patient `id`, whose content is one text. */
static inline struct row
patient(const char *id, const char *text, int64_t at)
{
	return (struct row){"patient", id, {"preferred_name", text}, at, OP_PUT};
}

/*
 * Delivers all batches; `outcome` is what the API says to each record. It is not asked
 * about touches, and a batch of nothing else is acknowledged without it.
 */
static inline void
deliver(enum outcome outcome)
{
	struct pass p = rig_pass(scope, changes_counts(c)->batches);
	unsigned char outcomes[500];
	struct merged sum;

	rig_open_pass(&p);
	while (next()) {
		struct entry entries[500];
		bool sent = false;

		for (size_t i = 0; i < frame.n; i++) {
			bool touch = frame.records[i].length == 0;

			entries[i] = frame.records[i].entry;
			outcomes[i] = (unsigned char)(touch ? OUTCOME_TOUCHED : outcome);
			sent |= !touch;
		}
		rig_intent(&p, frame.number, entries, frame.n);
		if (!sent || outcome != OUTCOME_NONE)
			rig_ack(&p, frame.number, outcomes, frame.n);
	}
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
}

static inline void
deliver_rows(const struct row *rows, size_t n, enum outcome outcome)
{
	begin();
	add_all(rows, n);
	end();
	deliver(outcome);
}

#endif
