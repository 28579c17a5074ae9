#include "cmd/sandbox/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/schema.h"

static int
refuse(struct refusal *r, const char *code, const char *at, const char *message)
{
	*r = (struct refusal){.code = code, .message = message};
	snprintf(r->at, sizeof(r->at), "%s", at);
	return -1;
}

static int
malformed(struct refusal *r, const char *at, const char *message)
{
	return refuse(r, "malformed", at, message);
}

static bool
is_of(const char *s, const char *set, size_t min, size_t max)
{
	size_t n = strlen(s);

	return n >= min && n <= max && strspn(s, set) == n;
}

#define HEX "0123456789abcdef"

bool
contract_key(const char *key)
{
	return is_of(key, HEX, CONTRACT_KEY_SIZE, CONTRACT_KEY_SIZE);
}

static bool
is_text(const json_t *v)
{
	return json_is_string(v) && json_string_length(v) > 0 &&
	       json_string_length(v) <= CONTRACT_TEXT_MAX;
}

static bool
is_sha256(const json_t *v)
{
	return json_is_string(v) && is_of(json_string_value(v), HEX, 64, 64);
}

static bool
is_version(const json_t *v)
{
	return json_is_string(v) && is_of(json_string_value(v), HEX, 16, 64);
}

/* "3", and "3.0.1" for a half of a half. */
static bool
is_path(const json_t *v)
{
	const char *s = json_string_value(v);

	if (!s || !is_of(s, "0123456789.", 1, CONTRACT_TEXT_MAX))
		return false;
	return s[0] != '.' && s[strlen(s) - 1] != '.' && !strstr(s, "..");
}

static bool
is_count(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

/* FHIR instant or date: the shape is looked at, not the calendar. */
static bool
is_time(const json_t *v)
{
	const char *s = json_string_value(v);

	return s && is_of(s, "0123456789-+:.TZ", 4, 40) && strspn(s, "0123456789") == 4;
}

static bool
is_object(const json_t *v)
{
	return json_is_object(v);
}

static bool
is_records(const json_t *v)
{
	return json_is_array(v) && json_array_size(v) > 0 &&
	       json_array_size(v) <= CONTRACT_RECORDS_MAX;
}

static const char *const op_names[] = {"put", "patch", "delete", "merge"};

const char *
change_op_name(enum change_op op)
{
	return op_names[op];
}

static int
op_of(const char *name)
{
	for (int op = CHANGE_PUT; op <= CHANGE_MERGE; op++)
		if (strcmp(op_names[op], name) == 0)
			return op;
	return -1;
}

static bool
is_op(const json_t *v)
{
	return json_is_string(v) && op_of(json_string_value(v)) >= 0;
}

static bool
is_type(const json_t *v)
{
	return json_is_string(v) && schema_by_name(span_of(json_string_value(v)));
}

struct member {
	const char *name;
	bool required;
	bool (*check)(const json_t *v);
	const char *message;
};

static const struct member batch_members[] = {
    {"schema", true, is_text, "must be \"" CONTRACT_SCHEMA "\""},
    {"feed", true, is_text, "must be the feed's name"},
    {"file", true, is_object, "must be an object with id and sha256"},
    {"pass", true, is_count, "must be a whole number"},
    {"batch", true, is_path, "must be a batch path such as \"3\" or \"3.0\""},
    {"records", true, is_records, "must be a list of 1 to 100000 records"}, {0}};

static const struct member file_members[] = {
    {"id", true, is_text, "must be text of 1 to 1024 bytes"},
    {"sha256", true, is_sha256, "must be 64 lower-case hex digits"}, {0}};

static const struct member record_members[] = {
    {"n", true, is_count, "must be a whole number"},
    {"op", true, is_op, "must be put, patch, delete or merge"},
    {"type", true, is_type, "must be one of the record types"},
    {"source", true, is_text, "must be text of 1 to 1024 bytes"},
    {"id", true, is_text, "must be text of 1 to 1024 bytes"},
    {"version", false, is_version, "must be 16 to 64 lower-case hex digits"},
    {"event", false, is_text, "must be text of 1 to 1024 bytes"},
    {"event_at", false, is_time, "must be a FHIR date or dateTime"},
    {"origin", false, is_object, "must be an object"},
    {"data", false, is_object, "must be an object"}, {0}};

static const struct member *
member_of(const struct member *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static void
place(char *out, size_t n, const char *prefix, const char *name)
{
	snprintf(out, n, "%s%s%s", prefix, *prefix ? "." : "", name);
}

static int
check_members(
    json_t *object, const struct member *table, const char *prefix, struct refusal *r)
{
	const char *name;
	json_t *v;
	char at[sizeof(r->at)];

	json_object_foreach(object, name, v)
	{
		const struct member *m = member_of(table, name);
		if (!m)
			return malformed(
			    r, prefix, "has a member that is not in the contract");
		place(at, sizeof(at), prefix, name);
		if (!m->check(v))
			return malformed(r, at, m->message);
	}
	for (; table->name; table++) {
		place(at, sizeof(at), prefix, table->name);
		if (table->required && !json_object_get(object, table->name))
			return malformed(r, at, "is missing");
	}
	return 0;
}

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* What one member demands of another. */
static int
check_change(const struct change *c, const char *prefix, struct refusal *r)
{
	char at[sizeof(r->at)];

	if (c->op == CHANGE_DELETE) {
		place(at, sizeof(at), prefix, "data");
		return c->data ? malformed(r, at, "must not stand in a delete") : 0;
	}
	if (!c->data) {
		place(at, sizeof(at), prefix, "data");
		return malformed(r, at, "is missing");
	}
	if (!c->version) {
		place(at, sizeof(at), prefix, "version");
		return malformed(r, at, "is missing");
	}
	if (c->op != CHANGE_MERGE)
		return 0;
	if (strcmp(c->type, "patient") != 0) {
		place(at, sizeof(at), prefix, "type");
		return malformed(r, at, "must be patient in a merge");
	}
	if (!is_text(json_object_get(c->data, "retired_id"))) {
		place(at, sizeof(at), prefix, "data.retired_id");
		return malformed(r, at, "must be the id of the patient who is merged");
	}
	return 0;
}

static int
read_change(json_t *object, const char *prefix, struct change *c, struct refusal *r)
{
	if (!json_is_object(object))
		return malformed(r, prefix, "must be an object");
	if (check_members(object, record_members, prefix, r) < 0)
		return -1;
	c->n = json_integer_value(json_object_get(object, "n"));
	c->op = (enum change_op)op_of(text_of(object, "op"));
	c->type = text_of(object, "type");
	c->source = text_of(object, "source");
	c->id = text_of(object, "id");
	c->version = text_of(object, "version");
	c->event_at = text_of(object, "event_at");
	c->data = json_object_get(object, "data");
	return check_change(c, prefix, r);
}

static int
compare_n(const void *a, const void *b)
{
	json_int_t x = *(const json_int_t *)a, y = *(const json_int_t *)b;

	return (x > y) - (x < y);
}

/* Answers name records by n, so each n stands for one record. */
static int
check_distinct(const struct delivery *d, struct refusal *r)
{
	json_int_t *n = calloc(d->n, sizeof(*n));
	int rc = 0;

	if (!n)
		return refuse(r, "no_memory", "", "out of memory");
	for (size_t i = 0; i < d->n; i++)
		n[i] = d->changes[i].n;
	qsort(n, d->n, sizeof(*n), compare_n);
	for (size_t i = 1; i < d->n && rc == 0; i++)
		if (n[i] == n[i - 1])
			rc = malformed(r, "records", "hold the same n twice");
	free(n);
	return rc;
}

static int
parse(struct span body, struct delivery *out, struct refusal *r)
{
	json_error_t je;
	char at[sizeof(r->at)];

	*out = (struct delivery){0};
	out->root = json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &je);
	if (!out->root) {
		/* je.text quotes the body */
		snprintf(at, sizeof(at), "line %d column %d", je.line, je.column);
		return malformed(r, at, "is no JSON");
	}
	if (!json_is_object(out->root))
		return malformed(r, "", "the body must be an object");
	return 0;
}

static int
check_envelope(json_t *root, struct refusal *r)
{
	const char *schema = text_of(root, "schema");

	if (!schema || strcmp(schema, CONTRACT_SCHEMA) != 0)
		return refuse(
		    r, "schema_unknown", "schema", "must be \"" CONTRACT_SCHEMA "\"");
	if (check_members(root, batch_members, "", r) < 0)
		return -1;
	return check_members(json_object_get(root, "file"), file_members, "file", r);
}

static int
alloc_changes(struct delivery *d, size_t n, struct refusal *r)
{
	d->changes = calloc(n, sizeof(*d->changes));
	if (!d->changes)
		return refuse(r, "no_memory", "", "out of memory");
	d->n = n;
	return 0;
}

int
contract_batch(struct span body, struct delivery *out, struct refusal *r)
{
	char at[32];
	json_t *records;

	if (parse(body, out, r) < 0 || check_envelope(out->root, r) < 0)
		return -1;
	records = json_object_get(out->root, "records");
	if (alloc_changes(out, json_array_size(records), r) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		snprintf(at, sizeof(at), "records[%zu]", i);
		if (read_change(json_array_get(records, i), at, &out->changes[i], r) < 0)
			return -1;
	}
	return check_distinct(out, r);
}

int
contract_record(struct span body, struct delivery *out, struct refusal *r)
{
	if (parse(body, out, r) < 0 || alloc_changes(out, 1, r) < 0)
		return -1;
	return read_change(out->root, "", out->changes, r);
}

void
delivery_release(struct delivery *d)
{
	json_decref(d->root);
	free(d->changes);
	*d = (struct delivery){0};
}
