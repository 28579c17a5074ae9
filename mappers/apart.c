#include "mappers/apart.h"

#define TITLES_MAX (256u << 20) /* bytes; the longest row has less */

void
apart_init(struct apart *a)
{
	a->is = false;
	buf_init(&a->titles, TITLES_MAX);
}

void
apart_release(struct apart *a)
{
	buf_release(&a->titles);
}

/* Each behind its length. */
static void
write_titles(const struct span *titles, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "%zu:", titles[i].n);
		buf_add_span(out, titles[i]);
	}
}

int
apart_add(struct apart *a, const struct span *titles, size_t n, struct err *e)
{
	struct buf now;
	int rc;

	if (a->titles.n == 0) {
		write_titles(titles, n, &a->titles);
		return buf_check(&a->titles, "a header", e);
	}
	buf_init(&now, TITLES_MAX);
	write_titles(titles, n, &now);
	rc = buf_check(&now, "a header", e);
	a->is |= rc == 0 && !span_eq(buf_span(&now), buf_span(&a->titles));
	buf_release(&now);
	return rc;
}
