#include "pollers/event.h"

#include <string.h>

#include "base/json.h"
#include "pollers/event_impl.h"

#define TEXTS_MAX (4 * EVENT_BYTES_MAX) /* for its own texts, and a place for each */

int
event_fault(const struct event_place *at, const char *why)
{
	struct event_item *item = &at->event->items[at->item];

	if (item->fault == NULL)
		item->fault = why;
	return 0;
}

/* Room for one more of `size` bytes; the array is moved within the arena. */
static void *
grow(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return v;
	more = arena_alloc(a, (*cap * 2 + 4) * size);
	if (more == NULL)
		return NULL;
	if (n > 0)
		memcpy(more, v, n * size);
	*cap = *cap * 2 + 4;
	return more;
}

static const char *
copy(struct arena *a, const char *s, bool *full)
{
	const char *c = s == NULL ? NULL : arena_str(a, s);

	*full |= s != NULL && c == NULL;
	return c;
}

int
event_hint_add(const struct event_place *at, const struct event_hint *hint)
{
	struct event *ev = at->event;
	struct event_hint *v = grow(
	    &ev->arena, ev->hints, ev->nhints, &ev->hints_cap, sizeof(*v));
	bool full = v == NULL;

	if (full)
		return -1;
	ev->hints = v;
	v[ev->nhints++] = (struct event_hint){.item = at->item,
	    .feed = copy(&ev->arena, hint->feed, &full),
	    .file = copy(&ev->arena, hint->file, &full),
	    .path = copy(&ev->arena, hint->path, &full)};
	return full ? -1 : 0;
}

int
event_item_add(const struct event_place *at, const char *id, struct event_place *out)
{
	struct event *ev = at->event;
	struct event_item *v = grow(
	    &ev->arena, ev->items, ev->nitems, &ev->items_cap, sizeof(*v));
	bool full = v == NULL;

	if (full)
		return -1;
	ev->items = v;
	*out = (struct event_place){ev, ev->nitems, at->nesting};
	v[ev->nitems++] = (struct event_item){.id = copy(&ev->arena, id, &full)};
	return full ? -1 : 0;
}

const char *
event_text(const json_t *o, const char *const *keys)
{
	for (; *keys != NULL; keys++)
		o = json_object_get(o, *keys);
	return json_string_value(o);
}

static bool
is_ours(const json_t *o)
{
	return json_object_get(o, "feed") != NULL;
}

static int
note_trace(const struct event_place *at, const json_t *o)
{
	const char *trace = json_string_value(json_object_get(o, "traceparent"));
	struct event_item *item = &at->event->items[at->item];

	if (trace == NULL || !event_traceparent_ok(span_of(trace)))
		return 0;
	item->traceparent = arena_str(&at->event->arena, trace);
	return item->traceparent == NULL ? -1 : 0;
}

static int
read_ours(const struct event_place *at, const json_t *o)
{
	const json_t *feed = json_object_get(o, "feed"),
		     *file = json_object_get(o, "file");
	const struct event_hint hint = {
	    .feed = json_string_value(feed), .file = json_string_value(file)};

	if (hint.feed == NULL || hint.feed[0] == '\0')
		return event_fault(at, "\"feed\" is not the name of a feed");
	if (file != NULL && !json_is_null(file) && hint.file == NULL)
		return event_fault(at, "\"file\" is not a file's name");
	if (note_trace(at, o) != 0)
		return -1;
	return event_hint_add(at, &hint);
}

static const struct event_shape ours = {is_ours, read_ours};

/* The first that fits; adding one is a line here. */
static const struct event_shape *const shapes[] = {&ours, &event_records, &event_sns,
    &event_s3_bridge, &event_transfer_bridge, &event_transfer_step, &event_s3_test};

static int
read_text(const struct event_place *at, struct span text)
{
	json_t *o = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	int rc = 0;

	if (!json_is_object(o)) {
		json_decref(o);
		return event_fault(at, "it is not a JSON object");
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (shapes[i]->is(o)) {
			rc = shapes[i]->read(at, o);
			json_decref(o);
			return rc;
		}
	json_decref(o);
	return event_fault(at, "it has no shape that is known: it names no \"feed\", and "
			       "is no event of S3, SNS, SQS or Transfer Family");
}

int
event_nested(const struct event_place *at, const json_t *text)
{
	const struct event_place below = {at->event, at->item, at->nesting + 1};

	if (!json_is_string(text))
		return event_fault(at, "there is no text in it");
	if (below.nesting >= EVENT_NESTING_MAX)
		return event_fault(at, "it is nested too deeply");
	return read_text(
	    &below, (struct span){json_string_value(text), json_string_length(text)});
}

int
event_read(struct event *ev, struct span text, struct err *e)
{
	struct event_place at = {.event = ev};
	int rc;

	memset(ev, 0, sizeof(*ev));
	arena_init(&ev->arena, TEXTS_MAX);
	rc = event_item_add(&at, NULL, &at);
	if (rc == 0 && text.n > EVENT_BYTES_MAX)
		rc = event_fault(&at, "it is too long");
	else if (rc == 0)
		rc = read_text(&at, text);
	if (rc != 0 && (ev->nitems == 0 || ev->arena.nomem))
		return err_nomem(e);
	if (rc != 0)
		ev->items[0].fault = "it names too much";
	return 0;
}

void
event_release(struct event *ev)
{
	arena_release(&ev->arena);
}

void
event_answer(const struct event *ev, const bool *failed, struct buf *out)
{
	struct json j;

	jw_init(&j, out);
	jw_object(&j);
	jw_key(&j, SPAN_LIT("batchItemFailures"));
	jw_array(&j);
	for (size_t i = 0; i < ev->nitems; i++) {
		if (!failed[i] || ev->items[i].id == NULL)
			continue;
		jw_object(&j);
		jw_put_cstr(&j, "itemIdentifier", ev->items[i].id);
		jw_object_end(&j);
	}
	jw_array_end(&j);
	jw_object_end(&j);
}

/* Version, trace-id, parent-id, flags: W3C Trace Context 3.2.2. */
bool
event_traceparent_ok(struct span s)
{
	static const char form[] =
	    "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";

	if (s.n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (form[i] == '-'
			? s.p[i] != '-'
			: s.p[i] == '\0' || strchr("0123456789abcdef", s.p[i]) == NULL)
			return false;
	return true;
}
