/*
 * The page's row a feed, with its last days as small charts; and the days in numbers.
 */
#include <string.h>

#include "cmd/html.h"
#include "cmd/local_time.h"
#include "cmd/page.h"
#include "cmd/status.h"

#define BARS_MAX    56
#define REJECT_FULL 1000 /* in 1/100 %: a chart's whole height */
#define LABEL_MAX   512

static const struct page_column columns[] = {{"Feed", "feed"}, {"State", "state"},
    {"Last look", "since"}, {"Files", "n"}, {"Rows", "n"}, {"Changes", "n"},
    {"Rejected rows", "n"}, {"Late files", "n"}};

#define COLUMNS      (sizeof(columns) / sizeof(columns[0]))
#define FIRST_CHART  3
#define MINUTES_FULL 240 /* late; a chart's whole height */

/* What is drawn of a feed: as many bars as there is room for. */
struct charts {
	const struct page *page;
	const struct history_feed *feed;
	struct history_day v[BARS_MAX], sum;
	size_t n, step; /* days a bar */
};

static void
gather(struct charts *c)
{
	size_t days = c->page->history->days;
	size_t lead; /* days that the first bar lacks: the last one ends today */

	c->step = (days + BARS_MAX - 1) / BARS_MAX;
	c->n = (days + c->step - 1) / c->step;
	lead = c->n * c->step - days;
	for (size_t i = 0; i < days; i++) {
		history_add(&c->v[(i + lead) / c->step], &c->feed->days[i]);
	}
	c->sum = history_sum(c->page->history, c->feed);
}

static uint64_t
share(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : part * 10000 / whole;
}

enum measure { FILES, ROWS, CHANGES, REJECTED, LATE };

static uint64_t
of_day(const struct history_day *d, enum measure m)
{
	switch (m) {
	case FILES:
		return d->files;
	case ROWS:
		return d->rows;
	case CHANGES:
		return d->changes;
	case REJECTED:
		return d->rejected;
	case LATE:
		return d->late;
	}
	return 0;
}

static void
put_percent(struct buf *out, uint64_t share)
{
	buf_addf(out, "%llu.%llu %%", (unsigned long long)share / 100,
	    (unsigned long long)share % 100 / 10);
}

/* In words, what the bars show. */
static void
label(const struct charts *c, enum measure m, size_t peak, struct buf *out)
{
	static const char *const what[] = {
	    "files", "rows", "changes", "rejected rows", "late files"};
	const struct history *h = c->page->history;
	size_t lead = c->n * c->step - h->days, day = peak * c->step;
	uint64_t most = of_day(&c->v[peak], m);

	html_count(out, of_day(&c->sum, m));
	buf_addf(out, " %s in %zu days", what[m], h->days);
	if (m == LATE) {
		buf_add_str(out, ", of ");
		html_count(out, c->sum.due);
		buf_add_str(out, " that were due");
	}
	if (most == 0)
		return;
	buf_add_str(out, ", most ");
	html_count(out, most);
	if (m == REJECTED) {
		buf_add_str(out, " (");
		put_percent(out, share(most, c->v[peak].rows));
		buf_add_char(out, ')');
	}
	buf_add_str(out, c->step == 1 ? " on " : " in the days from ");
	local_day_text(out, h->first + (int64_t)(day > lead ? day - lead : 0));
}

/* What the bar is as tall as. */
static uint64_t
height_of(const struct history_day *d, enum measure m)
{
	uint64_t part = share(d->rejected, d->rows);

	if (m == LATE)
		return d->minutes;
	if (m == REJECTED)
		return d->rejected > 0 && part == 0 ? 1 : part;
	return of_day(d, m);
}

static void
chart(const struct charts *c, enum measure m, uint64_t full)
{
	static const char *const classes[] = {
	    "files", "rows", "changes", "rejected", "late"};
	uint64_t v[BARS_MAX], most = 0;
	size_t peak = 0;
	struct buf text;

	for (size_t i = 0; i < c->n; i++) {
		uint64_t n = of_day(&c->v[i], m);

		v[i] = height_of(&c->v[i], m);
		peak = n > most ? i : peak;
		most = n > most ? n : most;
	}
	buf_init(&text, LABEL_MAX);
	label(c, m, peak, &text);
	page_cell(c->page, "n", columns[FIRST_CHART + m].title);
	buf_add_str(c->page->out, "<b>");
	html_count(c->page->out, of_day(&c->sum, m));
	buf_add_str(c->page->out, "</b>");
	html_bars(c->page->out, &(struct html_bars){v, c->n, full > 0 ? full : 1,
				    classes[m], buf_span(&text)});
	buf_add_str(c->page->out, "</td>");
	buf_release(&text);
}

/* Is there a feed that expects anything? Else there is no column for it. */
static bool
any_due(const struct page *p)
{
	for (size_t i = 0; i < p->board->n; i++)
		if (p->board->v[i].ndues > 0)
			return true;
	return false;
}

/* Files by the day, on one scale for all feeds; the scales are told above the table. */
static void
charts(const struct page *p, const struct history_feed *f, uint64_t most_files)
{
	struct charts c = {.page = p, .feed = f};
	uint64_t rows = 0;

	gather(&c);
	for (size_t i = 0; i < c.n; i++) {
		rows = c.v[i].rows > rows ? c.v[i].rows : rows;
		rows = c.v[i].changes > rows ? c.v[i].changes : rows;
	}
	chart(&c, FILES, most_files);
	chart(&c, ROWS, rows);
	chart(&c, CHANGES, rows);
	chart(&c, REJECTED, REJECT_FULL);
	if (!any_due(p))
		return;
	if (c.sum.due > 0) {
		chart(&c, LATE, MINUTES_FULL);
		return;
	}
	page_cell(p, "n", columns[FIRST_CHART + LATE].title);
	buf_add_str(p->out, "<small>none due</small></td>");
}

static const struct history_feed *
history_of(const struct page *p, const struct board_feed *f)
{
	return &p->history->v[f - p->board->v];
}

static void
feed_row(const struct page *p, const struct board_feed *f, uint64_t most_files)
{
	enum health h = board_health(f);

	buf_add_str(p->out, "<tr role=\"row\">");
	page_feed(p, f->state.name);
	page_cell(p, "state", "");
	buf_addf(
	    p->out, "<span class=\"badge %s\">%s</span>", health_name(h), health_word(h));
	if (f->state.last_exit != 0)
		buf_addf(p->out, "<br><small>last run: %s</small>",
		    status_words((int)f->state.last_exit));
	buf_add_str(p->out, "</td>");
	page_cell(p, "since", columns[2].title);
	page_time(p, f->state.last_look);
	buf_add_str(p->out, "<br><small>delivered ");
	page_time(p, f->state.last_delivery);
	buf_add_str(p->out, "</small></td>");
	charts(p, history_of(p, f), most_files);
	buf_add_str(p->out, "</tr>\n");
}

static uint64_t
most_files(const struct page *p, size_t *step)
{
	struct charts c;
	uint64_t most = 0;

	*step = 1;
	for (size_t i = 0; i < p->board->n; i++) {
		c = (struct charts){.page = p, .feed = &p->history->v[i]};
		gather(&c);
		*step = c.step;
		for (size_t k = 0; k < c.n; k++)
			most = c.v[k].files > most ? c.v[k].files : most;
	}
	return most;
}

void
page_feeds(const struct page *p)
{
	struct buf caption;
	size_t step;
	uint64_t most = most_files(p, &step);

	if (p->board->n == 0)
		return;
	buf_init(&caption, 1024);
	buf_addf(&caption, "The feeds, and their last %zu days, from ", p->history->days);
	local_day_text(&caption, p->history->first);
	buf_add_str(&caption, " on");
	buf_add_char(&caption, '\0');
	page_table(p, caption.p, columns, COLUMNS - !any_due(p));
	for (size_t i = 0; i < p->board->n; i++)
		feed_row(p, p->board->order[i], most);
	page_table_end(p);
	buf_release(&caption);
	buf_add_str(p->out, "<p class=\"legend\">A bar is ");
	if (step == 1)
		buf_add_str(p->out, "a day");
	else
		buf_addf(p->out, "%zu days", step);
	buf_add_str(p->out, ". Its whole height is ");
	html_counted(p->out, most, "file", "files");
	buf_add_str(p->out,
	    " for all feeds; for rows and changes the most that the feed "
	    "had of either; for rejected rows 10 % of its rows; for late files 4 hours or "
	    "more, or that none came, and only the last 35 days are known.</p>\n");
}

static void
day_row(const struct page *p, size_t day, const struct history_day *d)
{
	buf_add_str(p->out, "<tr><th scope=\"row\">");
	local_day_text(p->out, p->history->first + (int64_t)day);
	buf_add_str(p->out, "</th>");
	for (enum measure m = FILES; m <= LATE; m++) {
		buf_add_str(p->out, "<td class=\"n\">");
		html_count(p->out, of_day(d, m));
		buf_add_str(p->out, "</td>");
	}
	buf_add_str(p->out, "</tr>\n");
}

static void
feed_days(const struct page *p, const struct board_feed *f)
{
	const struct history_feed *h = history_of(p, f);

	if (history_sum(p->history, h).files + history_sum(p->history, h).due == 0)
		return;
	buf_add_str(p->out, "<details><summary>");
	html_cstr(p->out, f->state.name);
	buf_add_str(p->out, "</summary>\n<table class=\"days\"><thead><tr><th "
			    "scope=\"col\">Day</th>");
	for (size_t i = FIRST_CHART; i < COLUMNS; i++)
		buf_addf(
		    p->out, "<th scope=\"col\" class=\"n\">%s</th>", columns[i].title);
	buf_add_str(p->out, "</tr></thead>\n<tbody>\n");
	for (size_t i = p->history->days; i-- > 0;)
		if (h->days[i].files + h->days[i].due > 0)
			day_row(p, i, &h->days[i]);
	buf_add_str(p->out, "</tbody></table></details>\n");
}

void
page_days(const struct page *p)
{
	buf_add_str(p->out, "<section class=\"bydays\">\n<h2>Day by day</h2>\n");
	for (size_t i = 0; i < p->board->n; i++)
		feed_days(p, p->board->order[i]);
	buf_add_str(p->out, "</section>\n");
}
