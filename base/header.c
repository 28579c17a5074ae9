#include "base/header.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* Its length if it is cut where it must be, between two characters. */
static size_t
cut(struct span title)
{
	if (title.n > HEADER_TITLE_MAX)
		title.n = HEADER_TITLE_MAX;
	return utf8_valid(title);
}

static void
copy_titles(struct header_mark *out, const struct span *titles, size_t n)
{
	char *to = out->text;

	for (; out->n < n; out->n++) {
		struct span s = {to, cut(titles[out->n])};

		if (s.n > 0)
			memcpy(to, titles[out->n].p, s.n);
		to += s.n;
		out->v[out->n].title = s;
	}
}

int
header_mark_set(
    struct header_mark *out, const struct span *titles, size_t n, struct err *e)
{
	size_t bytes = 0;

	*out = (struct header_mark){.n = 0};
	for (size_t i = 0; i < n && n <= HEADER_COLUMNS_MAX; i++)
		bytes += cut(titles[i]);
	if (n == 0 || n > HEADER_COLUMNS_MAX || bytes > HEADER_TITLES_MAX)
		return 0;
	out->v = calloc(n, sizeof(*out->v));
	out->text = malloc(bytes + 1);
	if (out->v == NULL || out->text == NULL) {
		header_mark_release(out);
		return err_nomem(e);
	}
	copy_titles(out, titles, n);
	return 0;
}

int
header_mark_copy(struct header_mark *out, const struct header_mark *from, struct err *e)
{
	struct span titles[HEADER_COLUMNS_MAX];

	for (size_t i = 0; i < from->n; i++)
		titles[i] = from->v[i].title;
	if (header_mark_set(out, titles, from->n, e) != 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].profile = from->v[i].profile;
		out->v[i].gone = from->v[i].gone;
	}
	return 0;
}

void
header_mark_release(struct header_mark *h)
{
	free(h->v);
	free(h->text);
	*h = (struct header_mark){.n = 0};
}
