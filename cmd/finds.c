#include "cmd/finds.h"

#include <stdio.h>

#include "cmd/text.h"

#define WHEN_MAX    32
#define FINDS_ASIDE 160 /* it has room for the names behind it */

static const char *const one_marker =
    "its marker is older than it: it is still being written, or one of the two has a wrong "
    "time; write the marker anew once the file is whole";
static const char *const markers =
    "their markers are older than they are: they are still being written, or have wrong "
    "times; write each marker anew once its file is whole";

const char *
finds_old_markers(const struct look_finds *f, char out[FINDS_WORDS])
{
	if (f->old_markers == 1)
		snprintf(out, FINDS_WORDS, "1 file waits: %s", one_marker);
	else
		snprintf(out, FINDS_WORDS, "%llu files wait: %s",
		    (unsigned long long)f->old_markers, markers);
	return out;
}

/* Of the first of them. */
static const char *const why[] = {[WAITS_TIME] = "not ready yet",
    [WAITS_CHANGES] = "still changing",
    [WAITS_MARKER] = "without its marker file",
    [WAITS_OLD_MARKER] = "with an older marker"};

/* How many lie there, since when, and what there is to say of that; returns its length. */
static size_t
there(const struct look_finds *f, const char *what, char out[FINDS_WORDS])
{
	struct buf when;
	int n;

	buf_init(&when, WHEN_MAX);
	text_time(&when, f->since);
	n = snprintf(out, FINDS_WORDS, "%llu file%s since %.*s, %s",
	    (unsigned long long)f->waiting,
	    f->waiting == 1 ? " is there" : "s are there, the first", (int)when.n, when.p,
	    what);
	buf_release(&when);
	return (size_t)n;
}

const char *
finds_waiting(const struct look_finds *f, char out[FINDS_WORDS])
{
	const char *remedy = f->old_markers == 1 ? one_marker : markers;
	bool all = f->old_markers == f->waiting;
	size_t n = there(f, all ? remedy : why[f->what], out);

	if (f->old_markers > 0 && !all)
		snprintf(out + n, FINDS_WORDS - n, "; for %llu of them, %s",
		    (unsigned long long)f->old_markers, remedy);
	return out;
}

const char *
finds_bad_names(const struct look_finds *f, char out[FINDS_WORDS])
{
	bool one = f->bad_names == 1;

	snprintf(out, FINDS_WORDS,
	    "%llu name%s never taken: %s a control character, or a slash, or %s longer than "
	    "255 bytes; rename %s in the drop (an upload script with CRLF line ends makes "
	    "names that end in one)",
	    (unsigned long long)f->bad_names, one ? " is" : "s are",
	    one ? "it holds" : "they hold", one ? "is" : "are", one ? "it" : "them");
	return out;
}

const char *
finds_aside(const struct look_finds *f, char out[FINDS_WORDS])
{
	char text[FINDS_WORDS];
	size_t n = 0;

	out[0] = '\0';
	if (f->waiting > 0) {
		there(f, why[f->what], text);
		n = (size_t)snprintf(out, FINDS_WORDS, "; but %.*s", FINDS_ASIDE, text);
	}
	if (f->bad_names > 0)
		snprintf(out + n, FINDS_WORDS - n,
		    "; but %llu lie%s there under a name that is never taken",
		    (unsigned long long)f->bad_names, f->bad_names == 1 ? "s" : "");
	return out;
}

void
finds_text(const struct look_finds *f, const char *indent, struct buf *out)
{
	char text[FINDS_WORDS];

	if (f->waiting > 0)
		buf_addf(out, "%s%s\n", indent, finds_waiting(f, text));
	if (f->bad_names > 0)
		buf_addf(out, "%s%s\n", indent, finds_bad_names(f, text));
}

void
finds_json(const struct look_finds *f, uint64_t waiting, struct json *j)
{
	static const char *const what[] = {[WAITS_TIME] = "time",
	    [WAITS_CHANGES] = "changes",
	    [WAITS_MARKER] = "marker",
	    [WAITS_OLD_MARKER] = "old_marker"};

	jw_put_uint(j, "waiting", waiting);
	if (f->waiting > 0) {
		jw_put_int(j, "waiting_since_ms", f->since);
		jw_put_cstr(j, "waits_for", what[f->what]);
	}
	jw_put_uint(j, "old_markers", f->old_markers);
	if (f->old_markers > 0)
		jw_put_int(j, "old_markers_since_ms", f->old_since);
	jw_put_uint(j, "bad_names", f->bad_names);
}
