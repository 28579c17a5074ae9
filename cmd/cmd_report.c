#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/local_time.h"
#include "cmd/page.h"
#include "cmd/query.h"
#include "cmd/replace_file.h"

static const char help[] =
    "emrdrop report [options]\n\n"
    "One HTML page of how all feeds are: what is stuck and the command that helps, the\n"
    "sickest feed first; files, rows, changes and rejected rows of the last days as small\n"
    "charts; slow feeds, and columns that rows are rejected for. It needs no network and\n"
    "no script, and holds no name of a file and nothing out of one. Times are of the zone\n"
    "that TZ names, or of the machine's. Runs beside a running job.\n\n"
    "  --out FILE    written aside and renamed to FILE, of mode 0640 if it is new; without\n"
    "                it, or with -, the page goes to standard output\n"
    "  --days N      how many days, this one too: 1 to 400 (28)\n"
    "  --json        the same figures as one JSON object on standard output; the page is\n"
    "                written only if --out names a file\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Examples:\n"
    "  emrdrop report --out /var/www/feeds/index.html\n"
    "  emrdrop report --days 7 --json\n";

#define PAGE_MODE 0640
#define PAGE_MAX  (128u << 20)

static bool
to_file(const struct app *app)
{
	return app->out != NULL && strcmp(app->out, "-") != 0;
}

static int
write_file(struct query *q, struct page *p)
{
	struct buf out;
	int rc;

	buf_init(&out, PAGE_MAX);
	p->out = &out;
	rc = page_write(p, q->e);
	if (rc == 0)
		rc = buf_check(&out, "the page", q->e);
	if (rc == 0)
		rc = replace_file(q->app->out, buf_span(&out), PAGE_MODE, q->e);
	buf_release(&out);
	return rc;
}

static int
print(struct query *q, struct page *p)
{
	if (to_file(q->app) && write_file(q, p) != 0)
		return -1;
	p->out = &q->out;
	if (q->app->json)
		page_json(p, &q->json);
	else if (!to_file(q->app))
		return page_write(p, q->e);
	return 0;
}

static int
make(struct query *q)
{
	struct zone *zone = local_zone(q->e);
	struct history history;
	struct board board;
	struct page page = {.board = &board, .history = &history};
	size_t days = q->app->days > 0 ? (size_t)q->app->days : HISTORY_DAYS;
	int rc;

	if (zone == NULL)
		return -1;
	history_init(&history, zone, clock_wall(q->app->clock), days);
	rc = board_make(&board, q->app, q->ledger, &history, q->e);
	if (rc == 0)
		rc = history_problems(&history, q->ledger, q->e);
	if (rc == 0)
		rc = print(q, &page);
	history_release(&history);
	board_release(&board);
	zone_free(zone);
	return rc;
}

static int
report(struct app *app, struct err *e)
{
	return query_run(app, make, e);
}

const struct command command_report = {"report", "one HTML page of how all feeds are",
    help, OPT_OUT | OPT_DAYS, 0, 0, true, report};
