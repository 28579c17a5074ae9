#include "pollers/order.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"

#define NO_DATE INT64_MIN /* sorts before every date */

/* Suffixes of names that an upload has while it goes on; case does not matter. */
static const char *const in_progress[] = {
    ".tmp", ".part", ".filepart", ".writing", ".crdownload", NULL};

static bool
name_bad(struct span s)
{
	if (s.n == 0 || s.n > DROP_NAME_MAX)
		return true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || c == '/')
			return true;
	}
	return span_eq(s, SPAN_LIT(".")) || span_eq(s, SPAN_LIT(".."));
}

static bool
ends_with(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n > n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool
unfinished(struct span s)
{
	if (s.p[0] == '.')
		return true;
	for (size_t i = 0; in_progress[i]; i++) {
		size_t n = strlen(in_progress[i]);

		if (s.n >= n && span_eq_nocase((struct span){s.p + s.n - n, n},
				    span_of(in_progress[i])))
			return true;
	}
	return false;
}

/* `name` is NUL-terminated here. A backslash in a pattern stands for itself. */
static bool
fits(const struct conf_list *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->v[i], name, FNM_NOESCAPE) == 0)
			return true;
	return false;
}

enum name_kind
order_judge(const struct source_conf *sc, struct span name)
{
	char text[DROP_NAME_MAX + 1];

	if (name_bad(name))
		return span_eq(name, SPAN_LIT(".")) || span_eq(name, SPAN_LIT(".."))
			   ? NAME_OTHER
			   : NAME_BAD;
	if (sc->marker && ends_with(name, sc->marker))
		return NAME_MARKER;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	return !unfinished(name) && fits(&sc->pattern, text) ? NAME_FILE : NAME_OTHER;
}

/* Bytes of a name that is looked at to tell what it was meant to be. */
#define RESEMBLING_MAX 1024

static size_t
behind_last_slash(struct span s)
{
	size_t i = s.n;

	while (i > 0 && s.p[i - 1] != '/')
		i--;
	return i;
}

bool
order_resembles(const struct source_conf *sc, struct span name)
{
	char text[RESEMBLING_MAX + 1], bare[RESEMBLING_MAX + 1];
	size_t n = 0, k = 0;

	for (size_t i = behind_last_slash(name); i < name.n && n < RESEMBLING_MAX; i++) {
		unsigned char c = (unsigned char)name.p[i];

		text[n++] = name.p[i];
		if (c >= 0x20 && c != 0x7f)
			bare[k++] = name.p[i];
	}
	text[n] = bare[k] = '\0';
	if (sc->marker && ends_with((struct span){bare, k}, sc->marker))
		bare[k -= strlen(sc->marker)] = '\0';
	return k > 0 && !unfinished((struct span){bare, k}) &&
	       (fits(&sc->pattern, bare) || fits(&sc->pattern, text));
}

/* How few and how many bytes a date in this format has. */
static void
format_width(const char *format, size_t *min, size_t *max)
{
	static const struct {
		char directive;
		unsigned char min, max;
	} widths[] = {{'Y', 4, 4}, {'y', 2, 2}, {'m', 1, 2}, {'d', 1, 2}, {'H', 1, 2},
	    {'I', 1, 2}, {'M', 1, 2}, {'S', 1, 2}, {'f', 1, 9}, {'p', 2, 2}, {'b', 3, 9},
	    {'B', 3, 9}, {'a', 3, 9}, {'A', 3, 9}, {'j', 1, 3}, {'z', 1, 6}, {'s', 1, 20},
	    {'%', 1, 1}};

	*min = *max = 0;
	for (; *format; format++) {
		size_t i = 0, n = sizeof(widths) / sizeof(widths[0]);

		if (*format != '%' || !format[1]) {
			(*min)++;
			*max += *format == ' ' ? DROP_NAME_MAX : 1;
			continue;
		}
		format++;
		while (i < n && widths[i].directive != *format)
			i++;
		*min += i < n ? widths[i].min : 1;
		*max += i < n ? widths[i].max : DROP_NAME_MAX;
	}
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Does [from, to) cut a run of digits in two? */
static bool
cuts_number(const char *name, size_t from, size_t to)
{
	return (from > 0 && digit(name[from - 1]) && digit(name[from])) ||
	       (digit(name[to - 1]) && digit(name[to]));
}

struct date_format {
	const char *text;
	size_t min, max;
	int pivot;
};

/* The first and then longest date in the name; `whole`: not out of a longer number. */
static bool
find_date(const char *name, const struct date_format *df, bool whole, int64_t *out)
{
	size_t len = strlen(name);
	struct civil c;

	for (size_t from = 0; from + df->min <= len; from++) {
		size_t n = len - from < df->max ? len - from : df->max;

		for (; n >= df->min && n > 0; n--) {
			if (whole && cuts_number(name, from, from + n))
				continue;
			if (!civil_parse(
				(struct span){name + from, n}, df->text, df->pivot, &c))
				continue;
			*out = civil_seconds(&c) * 1000 + c.milli;
			return true;
		}
	}
	return false;
}

/* `now` settles the century of two digits: until next year. */
static struct date_format
format_of(const char *text, int64_t now)
{
	struct date_format df = {.text = text};
	int month, day;

	format_width(text, &df.min, &df.max);
	civil_from_days(civil_day_of(now), &df.pivot, &month, &day);
	df.pivot++;
	return df;
}

static bool
name_date(const struct date_format *df, const char *name, int64_t *out)
{
	return find_date(name, df, true, out) || find_date(name, df, false, out);
}

struct keyed {
	int64_t key;
	struct drop_file file;
};

static int
compare_name(const void *a, const void *b)
{
	const struct drop_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
compare_mtime(const void *a, const void *b)
{
	const struct drop_file *x = a, *y = b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
compare_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return strcmp(x->file.name, y->file.name);
}

static int
sort_by_date(const char *format, struct drop_list *l, int64_t now, struct err *e)
{
	const struct date_format df = format_of(format, now);
	struct keyed *v = calloc(l->n, sizeof(*v));

	if (!v)
		return err_nomem(e);
	for (size_t i = 0; i < l->n; i++) {
		v[i].file = l->v[i];
		if (!name_date(&df, l->v[i].name, &v[i].key))
			v[i].key = NO_DATE;
	}
	qsort(v, l->n, sizeof(*v), compare_keyed);
	for (size_t i = 0; i < l->n; i++)
		l->v[i] = v[i].file;
	free(v);
	return 0;
}

void
order_by_name(struct drop_list *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare_name);
}

const struct drop_file *
order_find(const struct drop_list *l, const char *name)
{
	const struct drop_file key = {.name = name};

	if (l->n == 0)
		return NULL;
	return bsearch(&key, l->v, l->n, sizeof(*l->v), compare_name);
}

static const char *
by_date(const struct source_conf *sc)
{
	static const char word[] = "name:";
	size_t n = sizeof(word) - 1;

	return strncmp(sc->order, word, n) == 0 ? sc->order + n : NULL;
}

int
order_date(const struct source_conf *sc, const char *name, int64_t now, int64_t *out)
{
	struct date_format df;

	if (by_date(sc) == NULL)
		return -1;
	df = format_of(by_date(sc), now);
	return name_date(&df, name, out);
}

int
order_sort(const struct source_conf *sc, struct drop_list *l, int64_t now, struct err *e)
{
	if (l->n == 0)
		return 0;
	if (by_date(sc) != NULL)
		return sort_by_date(by_date(sc), l, now, e);
	if (strcmp(sc->order, "mtime") == 0)
		qsort(l->v, l->n, sizeof(*l->v), compare_mtime);
	else
		order_by_name(l);
	return 0;
}
