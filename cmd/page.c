#include "cmd/page.h"

#include <sodium.h>
#include <string.h>

#include "cmd/html.h"
#include "cmd/local_time.h"
#include "cmd/page_css.h" /* made of page.css */

void
page_time(const struct page *p, int64_t ms)
{
	if (ms == 0)
		buf_add_str(p->out, "never");
	else
		local_time_text(p->out, p->history->zone, ms);
}

/* Narrow screens show rows as blocks; the roles keep a table a table for the blind. */
void
page_table(
    const struct page *p, const char *caption, const struct page_column *v, size_t n)
{
	buf_add_str(p->out, "<table role=\"table\"><caption>");
	html_cstr(p->out, caption);
	buf_add_str(p->out, "</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">");
	for (size_t i = 0; i < n; i++)
		buf_addf(p->out,
		    "<th role=\"columnheader\" scope=\"col\" class=\"%s\">%s</th>",
		    v[i].class, v[i].title);
	buf_add_str(p->out, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

void
page_table_end(const struct page *p)
{
	buf_add_str(p->out, "</tbody></table>\n");
}

void
page_feed(const struct page *p, const char *name)
{
	buf_add_str(p->out, "<th role=\"rowheader\" scope=\"row\" class=\"feed\">");
	html_cstr(p->out, name);
	buf_add_str(p->out, "</th>");
}

void
page_cell(const struct page *p, const char *class, const char *title)
{
	buf_addf(
	    p->out, "<td role=\"cell\" class=\"%s\" data-title=\"%s\">", class, title);
}

/* Inline styles are allowed by the digest of this very sheet, and nothing else at all. */
static int
head(const struct page *p, struct err *e)
{
	struct sha256 *s = sha256_new(e);
	unsigned char digest[SHA256_SIZE];
	char text[64];

	if (s == NULL)
		return -1;
	sha256_add(s, page_css, strlen(page_css));
	sha256_end(s, digest);
	sha256_free(s);
	sodium_bin2base64(
	    text, sizeof(text), digest, SHA256_SIZE, sodium_base64_VARIANT_ORIGINAL);
	buf_addf(p->out,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	    "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<meta name=\"robots\" content=\"noindex\">\n"
	    "<meta name=\"generator\" content=\"emrdrop " EMRDROP_VERSION "\">\n"
	    "<title>emrdrop: ",
	    text);
	board_headline(p->board, p->out);
	buf_add_str(p->out, "</title>\n<style>");
	buf_add_str(p->out, page_css);
	buf_add_str(p->out, "</style>\n</head>\n");
	return 0;
}

static void
masthead(const struct page *p)
{
	const struct history *h = p->history;

	buf_addf(p->out, "<body>\n<header>\n<h1 class=\"%s\">",
	    p->board->sick > 0 ? "bad" : "good");
	board_headline(p->board, p->out);
	buf_add_str(p->out, "</h1>\n<p>Made ");
	page_time(p, p->board->now);
	buf_add_str(p->out, ", as of the last look of each feed. Times are ");
	local_zone_text(p->out, h->zone, p->board->now);
	buf_add_str(
	    p->out, ", but for those with a Z, which are UTC.</p>\n</header>\n<main>\n");
}

static void
commands(const struct page *p, const struct ailment *a)
{
	buf_add_str(p->out, "<ul>");
	for (size_t i = 0; i < AILMENT_COMMANDS && a->commands[i] != NULL; i++) {
		buf_add_str(p->out, "<li><code>");
		html_cstr(p->out, a->commands[i]);
		buf_add_str(p->out, "</code></li>");
	}
	buf_add_str(p->out, "</ul>");
}

static void
ailment(const struct page *p, const struct board_feed *f, const struct ailment *a)
{
	char id[FILE_ID_HEX_SIZE];

	buf_add_str(p->out, "<tr role=\"row\">");
	page_cell(p, "state", "");
	buf_addf(p->out, "<span class=\"badge %s\">%s</span></td>",
	    health_name(a->health), health_word(a->health));
	page_feed(p, f->state.name);
	page_cell(p, "why", "");
	if (a->file != NULL) {
		digest_hex(&a->file->id, id);
		buf_addf(p->out, "File <code>%.8s</code>: ", id);
	}
	html_cstr(p->out, a->what);
	buf_add_str(p->out, "</td>");
	page_cell(p, "since", "Since");
	if (a->since != 0)
		page_time(p, a->since);
	buf_add_str(p->out, "</td>");
	page_cell(p, "type", "Type");
	commands(p, a);
	buf_add_str(p->out, "</td></tr>\n");
}

/* Of feeds in their order; of those that need somebody, or of the others. */
static void
ailments(const struct page *p, bool needs, const char *caption)
{
	static const struct page_column columns[] = {{"State", "state"}, {"Feed", "feed"},
	    {"Why", "why"}, {"Since", "since"}, {"Type", "type"}};
	bool begun = false;

	for (size_t i = 0; i < p->board->n; i++) {
		const struct board_feed *f = p->board->order[i];

		for (size_t k = 0; k < f->n; k++) {
			if ((f->ailments[k].health < HEALTH_NEEDS_NOBODY) != needs)
				continue;
			if (!begun)
				page_table(p, caption, columns, 5);
			begun = true;
			ailment(p, f, &f->ailments[k]);
		}
	}
	if (begun)
		page_table_end(p);
}

static void
slowest(const struct page *p)
{
	static const struct page_column columns[] = {{"Feed", "feed"}, {"Files", "n"},
	    {"Seconds a file", "n"}, {"Longest, s", "n"}, {"Rows a second", "n"}};
	const struct history_feed *top[PAGE_TOP];
	size_t n = history_slowest(p->history, top, PAGE_TOP);

	if (n == 0)
		return;
	page_table(p, "Slowest feeds, by the time that a file takes", columns, 5);
	for (size_t i = 0; i < n; i++) {
		const struct history_pace *pace = &top[i]->pace;

		buf_add_str(p->out, "<tr role=\"row\">");
		page_feed(p, top[i]->name);
		page_cell(p, "n", columns[1].title);
		html_count(p->out, pace->files);
		buf_add_str(p->out, "</td>");
		page_cell(p, "n", columns[2].title);
		buf_addf(
		    p->out, "%.1f</td>", (double)pace->ms / (double)pace->files / 1000.0);
		page_cell(p, "n", columns[3].title);
		buf_addf(p->out, "%.1f</td>", (double)pace->longest / 1000.0);
		page_cell(p, "n", columns[4].title);
		html_count(p->out, pace->rows * 1000 / pace->ms);
		buf_add_str(p->out, "</td></tr>\n");
	}
	page_table_end(p);
}

static void
worst_columns(const struct page *p)
{
	static const struct page_column columns[] = {{"Feed", "feed"},
	    {"Column", "title"}, {"Why", "why"}, {"Rows", "n"}, {"Files", "n"},
	    {"Last", "since"}};
	const struct history_column *top[PAGE_TOP];
	size_t n = history_worst(p->history, top, PAGE_TOP);

	if (n == 0)
		return;
	page_table(p, "Columns that most rows were rejected for", columns, 6);
	for (size_t i = 0; i < n; i++) {
		buf_add_str(p->out, "<tr role=\"row\">");
		page_feed(p, top[i]->feed);
		page_cell(p, "title", columns[1].title);
		buf_add_str(p->out, "<bdi>");
		html_cstr(p->out, top[i]->title[0] != '\0' ? top[i]->title : "(none)");
		buf_add_str(p->out, "</bdi></td>");
		page_cell(p, "why", "");
		html_cstr(p->out, problem_text(top[i]->code));
		buf_add_str(p->out, "</td>");
		page_cell(p, "n", columns[3].title);
		html_count(p->out, top[i]->rows);
		buf_add_str(p->out, "</td>");
		page_cell(p, "n", columns[4].title);
		html_count(p->out, top[i]->files);
		buf_add_str(p->out, "</td>");
		page_cell(p, "since", columns[5].title);
		page_time(p, top[i]->last);
		buf_add_str(p->out, "</td></tr>\n");
	}
	page_table_end(p);
}

int
page_write(const struct page *p, struct err *e)
{
	if (head(p, e) != 0)
		return -1;
	masthead(p);
	ailments(p, true, "What is stuck, and what to type, the sickest first");
	page_feeds(p);
	ailments(p, false, "What needs nobody now");
	slowest(p);
	worst_columns(p);
	page_days(p);
	buf_add_str(p->out,
	    "</main>\n<footer><p>Counts, ids of files and titles of columns; no name of a "
	    "file and no value out of one. Of each file the first 1,000 problems are "
	    "counted by column. emrdrop " EMRDROP_VERSION
	    "</p></footer>\n</body>\n</html>\n");
	return 0;
}
