#include "state/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/files_impl.h"

/* It stands in `meta`, as the counters of scopes and ordinals do. */
#define SNAPSHOT_KEY_SIZE (sizeof("snapshot ") + LEDGER_NAME_MAX)

static struct span
snapshot_key(char key[SNAPSHOT_KEY_SIZE], const char *feed)
{
	snprintf(key, SNAPSHOT_KEY_SIZE, "snapshot %s", feed);
	return span_of(key);
}

static int
snapshot_decode(void *out, struct span key, struct span value)
{
	struct snapshot_state *s = out;
	struct reader r = {.in = value};

	(void)key;
	s->clock = (enum snapshot_clock)get_u8(&r);
	s->at = get_i64(&r);
	s->removals = get_u64(&r);
	for (size_t d = 0; d < 7; d++)
		for (size_t w = 0; w < SNAPSHOT_WEEKS; w++)
			s->rows[d][w] = get_u32(&r);
	return r.bad || s->clock > SNAPSHOT_COLUMN ? -1 : 0;
}

int
ledger_snapshot_get(
    struct ledger *l, const char *feed, struct snapshot_state *out, struct err *e)
{
	char key[SNAPSHOT_KEY_SIZE];
	int r;

	memset(out, 0, sizeof(*out));
	r = ledger_read_one(l, TABLE_META, snapshot_key(key, feed),
	    &(struct visitor){snapshot_decode, out}, e);
	return r < 0 ? -1 : 0;
}

int
snapshot_write(const struct act *a, const char *feed, const struct snapshot_state *s)
{
	char key[SNAPSHOT_KEY_SIZE];
	struct buf b;
	int r;

	buf_init(&b, VALUE_MAX);
	put_u8(&b, s->clock);
	put_i64(&b, s->at);
	put_u64(&b, s->removals);
	for (size_t d = 0; d < 7; d++)
		for (size_t w = 0; w < SNAPSHOT_WEEKS; w++)
			put_u32(&b, s->rows[d][w]);
	r = ledger_write(a, TABLE_META, snapshot_key(key, feed), &b);
	buf_release(&b);
	return r;
}

void
snapshot_add_rows(struct snapshot_state *s, unsigned weekday, uint64_t rows)
{
	uint32_t *v = s->rows[weekday];

	memmove(v + 1, v, (SNAPSHOT_WEEKS - 1) * sizeof(*v));
	v[0] = rows > UINT32_MAX ? UINT32_MAX : (uint32_t)rows;
}

static int
compare_rows(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint64_t
snapshot_usual_twice(const struct snapshot_state *s, unsigned weekday)
{
	uint32_t v[SNAPSHOT_WEEKS];

	memcpy(v, s->rows[weekday], sizeof(v));
	qsort(v, SNAPSHOT_WEEKS, sizeof(*v), compare_rows);
	if (v[0] == 0)
		return 0;
	return (uint64_t)v[(SNAPSHOT_WEEKS - 1) / 2] + v[SNAPSHOT_WEEKS / 2];
}
