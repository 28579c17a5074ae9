#include "cmd/local_time.h"
#include "cmd/page.h"

static void
day_json(const struct page *p, size_t day, const struct history_day *d, struct json *j)
{
	struct buf text;

	buf_init(&text, 32);
	local_day_text(&text, p->history->first + (int64_t)day);
	jw_object(j);
	jw_put_string(j, "day", buf_span(&text));
	jw_put_uint(j, "files", d->files);
	jw_put_uint(j, "rows", d->rows);
	jw_put_uint(j, "changes", d->changes);
	jw_put_uint(j, "rejected", d->rejected);
	jw_put_uint(j, "due", d->due);
	jw_put_uint(j, "late", d->late);
	jw_put_uint(j, "latest_minutes", d->minutes);
	jw_object_end(j);
	buf_release(&text);
}

/* Days with nothing in them are left out, as on the page. */
static void
feed_json(const struct page *p, const struct board_feed *f, struct json *j)
{
	const struct history_feed *h = &p->history->v[f - p->board->v];

	jw_object(j);
	jw_put_cstr(j, "feed", f->state.name);
	jw_put_cstr(j, "state", health_name(board_health(f)));
	jw_put_int(j, "last_look_ms", f->state.last_look);
	jw_put_int(j, "last_delivery_ms", f->state.last_delivery);
	jw_put_uint(j, "last_exit", f->state.last_exit);
	ailments_json(f, j);
	board_arrival_json(f, j);
	jw_key(j, SPAN_LIT("days"));
	jw_array(j);
	for (size_t i = 0; i < p->history->days; i++)
		if (h->days[i].files + h->days[i].due > 0)
			day_json(p, i, &h->days[i], j);
	jw_array_end(j);
	jw_object_end(j);
}

static void
slowest_json(const struct page *p, struct json *j)
{
	const struct history_feed *top[PAGE_TOP];
	size_t n = history_slowest(p->history, top, PAGE_TOP);

	jw_key(j, SPAN_LIT("slowest"));
	jw_array(j);
	for (size_t i = 0; i < n; i++) {
		jw_object(j);
		jw_put_cstr(j, "feed", top[i]->name);
		jw_put_uint(j, "files", top[i]->pace.files);
		jw_put_uint(j, "rows", top[i]->pace.rows);
		jw_put_uint(j, "ms", top[i]->pace.ms);
		jw_put_uint(j, "longest_ms", top[i]->pace.longest);
		jw_object_end(j);
	}
	jw_array_end(j);
}

static void
worst_json(const struct page *p, struct json *j)
{
	const struct history_column *top[PAGE_TOP];
	size_t n = history_worst(p->history, top, PAGE_TOP);

	jw_key(j, SPAN_LIT("rejected_columns"));
	jw_array(j);
	for (size_t i = 0; i < n; i++) {
		jw_object(j);
		jw_put_cstr(j, "feed", top[i]->feed);
		jw_put_cstr(j, "column", top[i]->title);
		jw_put_cstr(j, "code", problem_name(top[i]->code));
		jw_put_uint(j, "rows", top[i]->rows);
		jw_put_uint(j, "files", top[i]->files);
		jw_put_int(j, "last_ms", top[i]->last);
		jw_object_end(j);
	}
	jw_array_end(j);
}

void
page_json(const struct page *p, struct json *j)
{
	jw_object(j);
	jw_put_int(j, "made_ms", p->board->now);
	jw_put_cstr(j, "timezone", zone_name(p->history->zone));
	jw_put_uint(j, "days", p->history->days);
	jw_put_uint(j, "sick", p->board->sick);
	jw_key(j, SPAN_LIT("feeds"));
	jw_array(j);
	for (size_t i = 0; i < p->board->n; i++)
		feed_json(p, p->board->order[i], j);
	jw_array_end(j);
	slowest_json(p, j);
	worst_json(p, j);
	jw_object_end(j);
}
