/* What mappers/guide.h promises, of CSV files. */
#include "mappers/csv_feed.h"
#include "mappers/guide_impl.h"

static int
columns(const void *self, struct guide *out, struct err *e)
{
	const struct csv_feed *f = self;

	out->ordered = f->layout.reader.nwidths > 0;
	return guide_columns(out, f->map) == 0 ? 0 : err_nomem(e);
}

static int
example(const void *self, struct guide *g, int64_t now, struct buf *out, struct err *e)
{
	const struct csv_feed *f = self;

	layout_cut(&f->layout, g);
	if (guide_prove(f->map, g, now, e) != 0)
		return -1;
	return layout_example(&f->layout, g, out, e);
}

static int
try_row(const void *self, const struct guide_cells *row, const struct format_run *run,
    struct err *e)
{
	const struct csv_feed *f = self;

	return guide_try(f->map, row, run, e);
}

const struct format_guide csv_guide = {columns, example, try_row};
