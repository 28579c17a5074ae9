#include <stdlib.h>
#include <string.h>

#include "base/schema.h"
#include "cmd/commands.h"
#include "cmd/query.h"
#include "cmd/text.h"
#include "state/files.h"
#include "state/records.h"

static const char help[] =
    "emrdrop find FEED TYPE ID\n\n"
    "What became of one record: whether the API took it, in which version and of what time,\n"
    "refused it, was told that it is gone, or never answered. ID is the record's id as it is\n"
    "sent, such as the MRN of a patient. Touches no network, and prints no field's value.\n\n"
    "A feed's patches of a record and what is put whole are known apart.\n\n"
    "  --json        one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop find northside-appointments appointment A-77\n"
    "  emrdrop find northside-adt patient 00343166 --json\n";

/* The histories that a record may have. */
enum history { WHOLE, PATCHES, MERGED, HISTORIES };

static const char *const history_names[HISTORIES] = {"whole", "patches", "merged"};

static const char *
state_of(const struct known *k)
{
	if (k->flags & KNOWN_MERGE)
		return "merged into another patient";
	if (k->flags & KNOWN_DOUBT)
		return "sent, and never answered: it goes out again with its next file";
	if (k->flags & KNOWN_EMPTY)
		return "refused by the API; nothing of it was ever taken";
	if (k->flags & KNOWN_REFUSED)
		return "taken, but its newest version was refused by the API";
	return k->flags & KNOWN_TOMBSTONE ? "told to be gone" : "taken";
}

static bool
has_content(const struct known *k)
{
	return (k->flags & (KNOWN_EMPTY | KNOWN_TOMBSTONE)) == 0;
}

static void
show_json(struct json *j, const char *name, const struct known *k)
{
	char hex[2 * DIGEST_SIZE + 1];

	jw_key(j, span_of(name));
	jw_object(j);
	jw_put_cstr(j, "state", state_of(k));
	if (has_content(k)) {
		digest_hex(&k->content, hex);
		jw_put_cstr(j, "version", hex);
	}
	if (k->flags & KNOWN_REFUSED) {
		digest_hex(&k->refused, hex);
		jw_put_cstr(j, "refused", hex);
	}
	if (k->at != TIME_NONE)
		jw_put_int(j, "event_ms", k->at);
	jw_object_end(j);
}

static void
show_text(struct buf *out, const char *name, const struct known *k)
{
	char hex[2 * DIGEST_SIZE + 1];

	buf_addf(out, "%-8s %s\n", name, state_of(k));
	if (has_content(k)) {
		digest_hex(&k->content, hex);
		buf_addf(out, "         version %s\n", hex);
	}
	if (k->flags & KNOWN_REFUSED) {
		digest_hex(&k->refused, hex);
		buf_addf(out, "         refused version %s\n", hex);
	}
	if (k->at != TIME_NONE && k->at != 0) {
		buf_add_str(out, "         as of ");
		text_time(out, k->at);
		buf_add_char(out, '\n');
	}
}

/* The record's keys in the three histories. */
static void
make_keys(const struct query *q, const struct schema *s, struct lookup out[HISTORIES])
{
	const struct site_keys *keys = ledger_keys(q->ledger);
	const struct digest section = patch_section(keys, q->feed->feed.name);
	const char *source = q->feed->feed.source;
	struct span id = span_of(q->app->args[2]);

	out[WHOLE].key = record_key(keys, source, s->type, id);
	out[PATCHES].key = record_key_patch(&out[WHOLE].key, &section);
	out[MERGED].key = record_key(keys, source, RECORD_RETIRED, id);
}

static void
show(struct query *q, const struct lookup *known, size_t n)
{
	bool found = false;

	if (q->app->json)
		jw_object(&q->json);
	for (size_t i = 0; i < n; i++) {
		if (!known[i].known.found)
			continue;
		found = true;
		if (q->app->json)
			show_json(&q->json, history_names[i], &known[i].known);
		else
			show_text(&q->out, history_names[i], &known[i].known);
	}
	if (q->app->json)
		jw_object_end(&q->json);
	else if (!found)
		buf_addf(&q->out,
		    "not known: no file of %s gave such a record, or its row was rejected\n",
		    q->feed->feed.source);
}

static int
find_one(struct query *q)
{
	const struct schema *s = schema_by_name(span_of(q->app->args[1]));
	struct lookup known[HISTORIES];
	uint32_t scope;

	if (s == NULL)
		/* Not repeated: it may be the id, in the wrong place. */
		return err_set(q->e, ERR_USAGE,
		    "TYPE, before the ID, is a type of record such as patient or "
		    "appointment");
	make_keys(q, s, known);
	if (ledger_scope_get(q->ledger, q->feed->feed.source, false, &scope, q->e) != 0 ||
	    ledger_known(q->ledger, scope, known, HISTORIES, q->e) != 0)
		return -1;
	show(q, known, s->type == RECORD_PATIENT ? HISTORIES : MERGED);
	return 0;
}

static int
find(struct app *app, struct err *e)
{
	return query_feed(app, find_one, e);
}

const struct command command_find = {
    "find", "what became of one record", help, 0, 3, 3, true, find};
