#include "mappers/csv_reader.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/problem.h"

/* Somebody else's files with somebody else's idea of what they say. */
struct spectrum {
	json_t *want; /* one object a row */
	size_t row;
	size_t bad;
	size_t n;
	char titles[16][64];
};

/* The file with CRLF in a cell has come to us with LF. */
static bool
same_but_cr(const char *want, struct span got)
{
	size_t i = 0;

	for (; *want != '\0'; want++) {
		if (*want == '\r')
			continue;
		if (i == got.n || got.p[i++] != *want)
			return false;
	}
	return i == got.n;
}

static int
spectrum_row(
    void *arg, const struct span *cells, size_t n, uint64_t number, struct err *e)
{
	struct spectrum *s = arg;
	json_t *object = json_array_get(s->want, s->row);
	const char *want;

	(void)e;
	if (s->n == 0) {
		for (; s->n < n; s->n++)
			snprintf(s->titles[s->n], sizeof(s->titles[0]), "%.*s",
			    (int)cells[s->n].n, cells[s->n].p);
		return 0;
	}
	cr_assert_eq(n, s->n);
	cr_expect_eq(number, s->row + 2);
	for (size_t i = 0; i < n; i++) {
		want = json_string_value(json_object_get(object, s->titles[i]));
		cr_assert_not_null(want);
		cr_expect(same_but_cr(want, cells[i]), "row %zu", s->row + 2);
	}
	s->row++;
	return 0;
}

static int
spectrum_bad(void *arg, const struct bad_row *bad, struct err *e)
{
	struct spectrum *s = arg;

	(void)e;
	cr_expect_eq(bad->code, PROBLEM_CSV_QUOTE);
	s->bad++;
	return 0;
}

static void
read_spectrum(const char *folder, const char *name)
{
	/* Its one row has lone quotes, which we reject, and its JSON is no list. */
	bool lone = strcmp(name, "location_coordinates.csv") == 0;
	struct reader_conf conf = {
	    .charset = "auto", .max_line = 1 << 20, .max_columns = 100, .max_span = 200};
	struct spectrum s = {0};
	struct reader_sink sink = {.row = spectrum_row, .bad = spectrum_bad, .arg = &s};
	struct err e = {0};
	char path[1024], bytes[16384];
	size_t n;
	struct reader *r = reader_new(&conf, &sink, &e);
	FILE *f;

	cr_assert_not_null(r);
	snprintf(path, sizeof(path), "%s/csv-spectrum/json/%.*s.json", folder,
	    (int)(strlen(name) - 4), name);
	s.want = json_load_file(path, 0, NULL);
	cr_assert_not_null(s.want, "%s", path);
	snprintf(path, sizeof(path), "%s/csv-spectrum/csvs/%s", folder, name);
	f = fopen(path, "rb");
	cr_assert_not_null(f, "%s", path);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	cr_expect_eq(reader_feed(r, (struct span){bytes, n}, &e), 0);
	cr_expect_eq(reader_end(r, &e), 0);
	reader_free(r);
	cr_expect_eq(s.row, json_array_size(s.want), "%s", name);
	cr_expect_eq(s.bad, lone, "%s", name);
	json_decref(s.want);
}

Test(csv_spectrum, files)
{
	const char *folder = getenv("EMRDROP_REALDATA");
	char path[1024];
	struct dirent *entry;
	size_t files = 0;
	DIR *d;

	snprintf(
	    path, sizeof(path), "%s/csv-spectrum/csvs", folder != NULL ? folder : "");
	if ((d = opendir(path)) == NULL) {
		/* Not cr_skip_test: a suite with nothing tested counts as failed. */
		fprintf(stderr, "SKIPPED: no csv-spectrum (set EMRDROP_REALDATA)\n");
		return;
	}
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.') {
			read_spectrum(folder, entry->d_name);
			files++;
		}
	closedir(d);
	cr_expect_eq(files, 12);
}
