/*
 * Any text as an event: each item makes sense or says why not, each hint is of an item and
 * says where to look, what is handed on is clean, and the answer is JSON.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "pollers/event.h"
#include "tests/fuzz/fuzz.h"

static void
check_text(const char *text, const char *what)
{
	FUZZ_CHECK(text == NULL || utf8_valid(span_of(text)) == strlen(text),
	    "%s that is no text", what);
}

static void
check_answer(const struct event *ev)
{
	bool *failed = malloc(ev->nitems);
	struct buf out;
	json_t *o;

	FUZZ_CHECK(failed != NULL, "no memory");
	memset(failed, true, ev->nitems);
	buf_init(&out, 1u << 20);
	event_answer(ev, failed, &out);
	o = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
	FUZZ_CHECK(json_is_array(json_object_get(o, "batchItemFailures")), "no answer");
	json_decref(o);
	buf_release(&out);
	free(failed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event ev;
	struct err e;

	if (event_read(&ev, (struct span){(const char *)data, size}, &e) != 0)
		fuzz_fail("%s", e.msg);
	FUZZ_CHECK(ev.nitems > 0, "no item");
	for (size_t i = 0; i < ev.nitems; i++) {
		const char *trace = ev.items[i].traceparent;

		check_text(ev.items[i].id, "an id");
		FUZZ_CHECK(trace == NULL || event_traceparent_ok(span_of(trace)),
		    "a trace that may not be handed on");
	}
	for (size_t i = 0; i < ev.nhints; i++) {
		const struct event_hint *h = &ev.hints[i];

		FUZZ_CHECK(h->item < ev.nitems, "a hint of no item");
		FUZZ_CHECK((h->feed != NULL) != (h->path != NULL),
		    "a hint leads to a feed or by a path");
		check_text(h->feed, "a feed");
		check_text(h->file, "a file");
	}
	check_answer(&ev);
	event_release(&ev);
	return 0;
}
