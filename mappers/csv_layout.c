#include "mappers/csv_layout.h"

#include <stdlib.h>
#include <string.h>

#include "mappers/decode.h"

static const char *const mismatches[] = {[FOOTER_HOLD] = "hold",
    [FOOTER_DELIVER] = "deliver",
    [FOOTER_REFUSE] = "refuse",
    NULL};

struct settings {
	const char *delimiter;
	const char *charset;
	long long skip_top;
	bool header;
	struct conf_list header_match;
	struct conf_list footer;
	int on_count_mismatch;
	struct conf_list widths;
	long long max_line;
	long long max_columns;
	long long max_span;
};

#define AT(member) offsetof(struct settings, member)

const struct conf_option csv_options[] = {
    {.name = "delimiter",
	.type = CONF_STRING,
	.offset = AT(delimiter),
	.dflt = "auto",
	.help =
	    "What stands between cells: auto, tab, pipe or 1 to 8 bytes, such as ~|~"},
    {.name = "charset",
	.type = CONF_STRING,
	.offset = AT(charset),
	.dflt = "auto",
	.help =
	    "Character set: auto, utf-8, utf-16le, windows-1252, or another of iconv's"},
    {.name = "skip_top",
	.type = CONF_INT,
	.offset = AT(skip_top),
	.dflt = "0",
	.min = 0,
	.max = 1000,
	.help = "Rows above the header that are left out, blank ones counted"},
    {.name = "header",
	.type = CONF_BOOL,
	.offset = AT(header),
	.dflt = "yes",
	.help = "no: the first row is data, and the map names columns by number: {#3}"},
    {.name = "header_match",
	.type = CONF_LIST,
	.offset = AT(header_match),
	.help =
	    "The header is the first of 50 rows with these titles; auto: with the map's"},
    {.name = "footer",
	.type = CONF_LIST,
	.offset = AT(footer),
	.help =
	    "Rows at the end that are no data: how many, or \"Total: {count}\", \"Page *\""},
    {.name = "on_count_mismatch",
	.type = CONF_ENUM,
	.offset = AT(on_count_mismatch),
	.dflt = "hold",
	.choices = mismatches,
	.help =
	    "{count} is not the number of rows: hold, deliver (with a warning) or refuse"},
    {.name = "widths",
	.type = CONF_LIST,
	.offset = AT(widths),
	.help = "Columns of these widths in characters, instead of a delimiter: 10 20 8"},
    {.name = "max_line",
	.type = CONF_SIZE,
	.offset = AT(max_line),
	.dflt = "1M",
	.min = 1 << 10,
	.max = 64 << 20,
	.help = "Longest row in bytes, all its lines together; a longer one is rejected"},
    {.name = "max_columns",
	.type = CONF_INT,
	.offset = AT(max_columns),
	.dflt = "1000",
	.min = 1,
	.max = 16384,
	.help = "Most columns that a file may have"},
    {.name = "max_span",
	.type = CONF_INT,
	.offset = AT(max_span),
	.dflt = "200",
	.min = 1,
	.max = 100000,
	.help = "Most lines of one row; a quotation mark left open costs no more"},
    {.name = NULL},
};

static void
mistake(struct conf *c, const char *key, const char *text)
{
	struct conf_section *s = conf_find(c, "csv", NULL);

	conf_error_at(c->errors, s, conf_get(s, key), "%s", text);
}

/* NULL: to be found. */
static const char *
read_delimiter(struct conf *c, const char *s)
{
	if (strcmp(s, "auto") == 0)
		return NULL;
	if (strcmp(s, "tab") == 0 || strcmp(s, "\\t") == 0)
		return "\t";
	if (strcmp(s, "pipe") == 0)
		return "|";
	if (s[0] == '\0' || strlen(s) > DELIMITER_MAX || strpbrk(s, "\"\r\n") != NULL)
		mistake(c, "delimiter",
		    "must be auto, tab, pipe or 1 to 8 bytes without quotation mark");
	return s;
}

static void
read_widths(struct layout *l, struct conf *c, const struct settings *set)
{
	const struct conf_list *list = &set->widths;
	char *end;

	if (list->n == 0)
		return;
	/* Characters behind the last width are one cell more. */
	if (list->n > WIDTHS_MAX || (long long)list->n >= set->max_columns)
		mistake(c, "widths", "more columns than max_columns allows");
	for (size_t i = 0; i < list->n && i < WIDTHS_MAX; i++) {
		l->widths[i] = strtoul(list->v[i], &end, 10);
		if (list->v[i][0] >= '1' && list->v[i][0] <= '9' && *end == '\0' &&
		    l->widths[i] <= (size_t)set->max_line)
			continue;
		mistake(c, "widths", "must be widths in characters, such as 10 20 8");
		return;
	}
	if (strcmp(set->delimiter, "auto") != 0)
		mistake(
		    c, "widths", "with widths there is no delimiter: set one of them");
	l->reader.widths = l->widths;
	l->reader.nwidths = list->n;
}

static void
read_header(struct layout *l, struct conf *c, const struct settings *set)
{
	const struct conf_list *match = &set->header_match;

	l->skip_top = (size_t)set->skip_top;
	l->header = set->header;
	l->by_map = match->n == 1 && strcmp(match->v[0], "auto") == 0;
	if (!l->by_map)
		l->match = *match;
	if (!l->header && match->n > 0)
		mistake(c, "header_match", "with header = no there is no header to find");
}

static bool
is_number(const char *s)
{
	return s[0] != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* Words without quotes would each be a row. */
static bool
is_quoted(struct conf *c, const char *key)
{
	struct conf_section *s = conf_find(c, "csv", NULL);
	const struct conf_entry *en = conf_get(s, key);

	return en == NULL || (en->value.n > 0 && en->value.p[0] == '"');
}

static void
read_footer(struct layout *l, struct conf *c, const struct settings *set)
{
	const struct conf_list *list = &set->footer;
	const char *why = NULL;

	if (list->n == 0)
		return;
	l->footer.on_mismatch = (enum footer_mismatch)set->on_count_mismatch;
	l->footer.n = list->n;
	if (list->n == 1 && is_number(list->v[0])) {
		l->footer.n = strtoul(list->v[0], NULL, 10);
		if (l->footer.n < 1 || l->footer.n > FOOTER_ROWS_MAX)
			mistake(c, "footer", "must be 1 to 20 rows");
		return;
	}
	l->footer.patterns = list->v;
	if (list->n > 1 && !is_quoted(c, "footer"))
		why = "put the text of each row in quotation marks";
	else if (list->n > FOOTER_ROWS_MAX)
		why = "must be 1 to 20 rows";
	for (size_t i = 0; i < list->n && why == NULL; i++)
		why = footer_pattern_check(list->v[i]);
	if (why != NULL)
		mistake(c, "footer", why);
}

/* What is to be done about a count that nothing tells is a slip. */
static void
check_mismatch(struct conf *c, const struct conf_list *footer)
{
	struct conf_section *s = conf_find(c, "csv", NULL);

	for (size_t i = 0; i < footer->n; i++)
		if (strstr(footer->v[i], "{count}") != NULL)
			return;
	if (conf_get(s, "on_count_mismatch") != NULL)
		mistake(c, "on_count_mismatch", "no footer has {count}");
}

/* The NUL goes in: "ab" "c" is not "a" "bc". */
static uint64_t
mix_text(uint64_t h, const char *s)
{
	return span_fnv(h, (struct span){s, strlen(s) + 1});
}

static uint64_t
mix_list(uint64_t h, const struct conf_list *list)
{
	h = span_fnv(h, (struct span){(const char *)&list->n, sizeof(list->n)});
	for (size_t i = 0; i < list->n; i++)
		h = mix_text(h, list->v[i]);
	return h;
}

static uint64_t
fingerprint(const struct settings *set)
{
	const long long numbers[] = {set->skip_top, set->header, set->on_count_mismatch,
	    set->max_line, set->max_columns, set->max_span};
	uint64_t h = span_fnv(
	    SPAN_FNV_NONE, (struct span){(const char *)numbers, sizeof(numbers)});

	h = mix_text(mix_text(h, set->delimiter), set->charset);
	h = mix_list(h, &set->header_match);
	return mix_list(mix_list(h, &set->footer), &set->widths);
}

void
layout_read(struct layout *l, struct conf *c)
{
	struct conf_section *s = conf_find(c, "csv", NULL);
	struct settings set = {0};

	l->header = true;
	if (conf_bind(c, s, csv_options, &set) != 0)
		return;
	if (!decode_charset_known(set.charset))
		mistake(c, "charset",
		    "not a set that can be read line by line: try auto, utf-8, utf-16le "
		    "or windows-1252 (iconv -l lists others)");
	l->reader = (struct reader_conf){
	    .delimiter = read_delimiter(c, set.delimiter),
	    .charset = set.charset,
	    .max_line = (size_t)set.max_line,
	    .max_columns = (size_t)set.max_columns,
	    .max_span = (size_t)set.max_span,
	    .skip = (size_t)set.skip_top,
	};
	read_widths(l, c, &set);
	read_header(l, c, &set);
	read_footer(l, c, &set);
	check_mismatch(c, &set.footer);
	l->fingerprint = fingerprint(&set);
}

void
layout_check(const struct layout *l, const struct map *m, struct conf *c)
{
	if (!l->header && map_has_titles(m))
		mistake(c, "header",
		    "with header = no there are no titles: name columns by number, {#3}");
	if (l->by_map && !map_has_titles(m))
		mistake(c, "header_match",
		    "the map names columns by number alone: give titles of the header");
}
