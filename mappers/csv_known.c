#include "mappers/csv_known.h"

#include <string.h>

#include "base/civil.h"
#include "mappers/csv_marks.h"

#define TITLES_MAX (1u << 20) /* bytes of all titles; with more nothing is known */

static uint64_t
year_of(int64_t now)
{
	int year, month, day;

	civil_from_days(civil_day_of(now), &year, &month, &day);
	return (uint64_t)year;
}

/* -1: no memory, or too long. */
static int
join_titles(const struct header *h, struct buf *out)
{
	for (size_t i = 0; i < h->n; i++) {
		uint64_t n = h->titles[i].n;

		buf_add(out, &n, sizeof(n));
		buf_add_span(out, h->titles[i]);
	}
	return out->failed ? -1 : 0;
}

/* The year is that of two-digit years; what the day decides is not settled. */
void
csv_known_start(struct csv_known *k, const struct format_run *run, uint64_t settings,
    const struct header *h, const struct reader *r)
{
	const struct mapper_sink *sink = run->sink;
	const uint64_t numbers[] = {settings, year_of(run->now), h->row > 0};
	struct buf titles;

	k->to = NULL;
	if (sink->known == NULL || sink->keys == NULL)
		return;
	buf_init(&titles, TITLES_MAX);
	if (join_titles(h, &titles) == 0) {
		const struct span parts[] = {SPAN_LIT("row"), SPAN_LIT(EMRDROP_VERSION),
		    {(const char *)numbers, sizeof(numbers)}, buf_span(&titles),
		    span_of(reader_delimiter(r))};

		k->to = sink->known;
		k->run = run;
		k->reader = r;
		k->base = digest_parts(sink->keys, KEY_NAME, parts, 5);
		k->charset = NULL;
	}
	buf_release(&titles);
}

/* The set that was found may still change while a file is ASCII so far. */
static struct digest
digest_of(struct csv_known *k, struct span row)
{
	const char *charset = reader_charset(k->reader);

	if (k->charset == NULL || strcmp(k->charset, charset) != 0) {
		k->charset = charset;
		k->key = digest_under(&k->base, charset, strlen(charset));
	}
	return digest_under(&k->key, row.p, row.n);
}

/* The facade sees none of its records. */
static void
count(struct csv_known *k)
{
	struct mapper_counts *counts = k->run->counts;

	counts->rows++;
	counts->mapped += !k->row.filtered;
	counts->filtered += k->row.filtered;
	counts->records += k->row.records;
	k->coming = false;
}

bool
csv_known_came(struct csv_known *k)
{
	if (!k->coming)
		return false;
	count(k);
	return true;
}

int
csv_known_skip(struct csv_known *k, struct span ahead, size_t *n, struct err *e)
{
	struct digest d;
	int rc;

	*n = 0;
	k->coming = false;
	if (k->to == NULL || (*n = k->to->next(k->to->arg)) == 0 || *n > ahead.n)
		return 0;
	ahead.n = *n;
	*n = 0;
	if (!reader_steady(k->reader, ahead))
		return 0;
	d = digest_of(k, ahead);
	if ((rc = k->to->take(k->to->arg, &d, &k->row, e)) != 1)
		return rc;
	k->coming = true;
	if (marks_wanted(k->run->counts->rows))
		return 0;
	count(k);
	*k->run->last = reader_number(k->reader) + 1;
	*n = ahead.n;
	return 0;
}

/* Its end must be sure: what follows a CR alone might be the other half of a CRLF. */
int
csv_known_begin(struct csv_known *k, struct err *e)
{
	struct digest d;
	struct span row;

	if (k->to == NULL)
		return 0;
	row = reader_bytes(k->reader);
	if (row.n == 0 || row.p[row.n - 1] != '\n')
		return 0;
	d = digest_of(k, row);
	return k->to->begin(k->to->arg, &d, row.n, e);
}

int
csv_known_end(struct csv_known *k, const struct row_result *result, struct err *e)
{
	const struct known_row row = {result->fate == ROW_FILTERED, result->records};

	if (k->to == NULL)
		return 0;
	return k->to->end(
	    k->to->arg, &row, result->fate != ROW_REJECTED && !result->fleeting, e);
}
