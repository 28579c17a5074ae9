#include "mappers/csv_feed.h"

#include <stdlib.h>

void
csv_feed_discard(void *self)
{
	struct csv_feed *f = self;

	map_free(f->map);
	free(f);
}

int
csv_feed_compile(void **self, struct conf *c, const struct mapper_conf *mc, struct err *e)
{
	struct csv_feed *f = calloc(1, sizeof(*f));
	size_t before = c->errors->n;

	if (f == NULL)
		return err_nomem(e);
	layout_read(&f->layout, c);
	f->map = map_new(c, mc, e);
	if (f->map != NULL)
		layout_check(&f->layout, f->map, c);
	if (f->map == NULL || c->errors->n != before) {
		if (f->map != NULL)
			err_set(e, ERR_CONFIG, "section [csv] has mistakes");
		csv_feed_discard(f);
		return -1;
	}
	*self = f;
	return 0;
}

const struct map *
csv_feed_map(const void *self)
{
	const struct csv_feed *f = self;

	return f->map;
}

const struct missing *
csv_feed_missing(const void *self)
{
	const struct csv_feed *f = self;

	return map_missing(f->map);
}

bool
csv_feed_made(const void *self)
{
	const struct csv_feed *f = self;

	return map_made(f->map);
}

uint64_t
csv_feed_fingerprint(const void *self)
{
	const struct csv_feed *f = self;

	return (map_fingerprint(f->map) ^ f->layout.fingerprint) * SPAN_FNV_PRIME;
}

/* A file of a feed whose columns have widths can't have four more. */
bool
csv_feed_rejects(const void *self)
{
	const struct csv_feed *f = self;

	return f->layout.reader.nwidths == 0;
}
