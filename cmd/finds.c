#include "cmd/finds.h"

#include <stdio.h>

const char *
finds_old_markers(const struct look_finds *f, char out[FINDS_WORDS])
{
	if (f->old_markers == 1)
		snprintf(out, FINDS_WORDS,
		    "1 file waits: its marker is older than it: it is still being written, "
		    "or one of the two has a wrong time; write the marker anew once the file "
		    "is whole");
	else
		snprintf(out, FINDS_WORDS,
		    "%llu files wait: their markers are older than they are: they are still "
		    "being written, or have wrong times; write each marker anew once its "
		    "file is whole",
		    (unsigned long long)f->old_markers);
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
	int n = 0;

	out[0] = '\0';
	if (f->old_markers > 0)
		n = snprintf(out, FINDS_WORDS,
		    "; but %llu lie%s there with an older marker",
		    (unsigned long long)f->old_markers, f->old_markers == 1 ? "s" : "");
	if (f->bad_names > 0)
		snprintf(out + n, FINDS_WORDS - (size_t)n,
		    "; but %llu lie%s there under a name that is never taken",
		    (unsigned long long)f->bad_names, f->bad_names == 1 ? "s" : "");
	return out;
}

void
finds_text(const struct look_finds *f, const char *indent, struct buf *out)
{
	char text[FINDS_WORDS];

	if (f->old_markers > 0)
		buf_addf(out, "%s%s\n", indent, finds_old_markers(f, text));
	if (f->bad_names > 0)
		buf_addf(out, "%s%s\n", indent, finds_bad_names(f, text));
}

void
finds_json(const struct look_finds *f, struct json *j)
{
	jw_put_uint(j, "old_markers", f->old_markers);
	if (f->old_markers > 0)
		jw_put_int(j, "old_markers_since_ms", f->old_since);
	jw_put_uint(j, "bad_names", f->bad_names);
}
