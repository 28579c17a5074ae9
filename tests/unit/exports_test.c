#include "mappers/format.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define FOLDER        "fixtures/hostile/csv"
#define LOG_MAX       (1 << 20)
#define FILE_MAX      (4 << 20)
#define PATH_MAX_SIZE 512
#define FIELDS        9
#define LEAST         200                    /* lines that the table has at least */
#define NOW           INT64_C(1772323200000) /* 2026-03-01: what is the future */

/* A line of exports.tsv. */
enum {
	FIELD_FILE,
	FIELD_FEED,
	FIELD_VERDICT,
	FIELD_ROWS,
	FIELD_MAPPED,
	FIELD_REJECTED,
	FIELD_FOUND,
	FIELD_PROBLEMS,
	FIELD_SAYS
};

struct line {
	char *field[FIELDS];
};

static bool
split(char *text, struct line *out)
{
	size_t n = 0;

	text[strcspn(text, "\n")] = '\0';
	if (text[0] == '#' || text[0] == '\0')
		return false;
	for (char *p; (p = strsep(&text, "\t")) != NULL; n++) {
		cr_assert_lt(n, FIELDS, "%s: too many fields", out->field[0]);
		out->field[n] = p;
	}
	cr_assert_eq(n, FIELDS, "%s: too few fields", out->field[0]);
	return true;
}

static int
ignore_record(void *arg, const struct record *r, struct err *e)
{
	(void)arg;
	(void)r;
	(void)e;
	return 0;
}

static void
log_problem_line(void *arg, const struct problem *p)
{
	struct buf *log = arg;

	cr_expect_gt(strlen(problem_remedy(p->code)), 0, "%s", problem_name(p->code));
	buf_addf(log, "%s%d %.*s %s%s", log->n == 0 ? "" : "; ", (int)p->row,
	    p->column.n == 0 ? 1 : (int)p->column.n, p->column.n == 0 ? "-" : p->column.p,
	    problem_name(p->code), p->weight == WEIGHT_REJECT ? "!" : "");
}

static struct buf
read_file(const char *path)
{
	char bytes[16384];
	struct buf b;
	FILE *f = fopen(path, "rb");
	size_t n;

	cr_assert_not_null(f, "%s", path);
	buf_init(&b, FILE_MAX);
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(&b, bytes, n);
	cr_assert_not(b.failed || ferror(f), "%s", path);
	fclose(f);
	return b;
}

static const char *
verdict_of(int rc, const struct err *e)
{
	return rc == 0 ? "deliver" : e->code == ERR_HELD ? "hold" : "refuse";
}

static int
feed_pieces(struct reading *r, struct span in, size_t piece, struct err *e)
{
	for (size_t at = 0, n; at < in.n; at += n) {
		n = in.n - at < piece ? in.n - at : piece;
		if (reading_feed(r, (struct span){in.p + at, n}, e) != 0)
			return -1;
	}
	return reading_end(r, e);
}

#define EXPECT(got, want, what)                                                          \
	cr_expect_str_eq(got, want, "%s, %s: %s: want %s, got %s", l->field[FIELD_FILE], \
	    l->field[FIELD_FEED], what, want, got)

static void
check_counts(const struct line *l, const struct mapper_counts *n)
{
	char counts[3][24];

	snprintf(counts[0], sizeof(counts[0]), "%d", (int)n->rows);
	snprintf(counts[1], sizeof(counts[1]), "%d", (int)n->mapped);
	snprintf(counts[2], sizeof(counts[2]), "%d", (int)n->rejected);
	EXPECT(counts[0], l->field[FIELD_ROWS], "rows");
	EXPECT(counts[1], l->field[FIELD_MAPPED], "mapped");
	EXPECT(counts[2], l->field[FIELD_REJECTED], "rejected");
}

static void
check_reading(const struct line *l, struct mapper *m, struct span in, size_t piece)
{
	struct buf log;
	struct mapper_sink sink = {
	    .record = ignore_record, .problem = log_problem_line, .arg = &log};
	struct err e = {0};
	struct reading *r = mapper_open(m, &sink, NOW, &e);
	int rc;

	cr_assert_not_null(r, "%s", e.msg);
	buf_init(&log, LOG_MAX);
	rc = feed_pieces(r, in, piece, &e);
	if (log.n == 0)
		buf_add_char(&log, '-');
	buf_add_char(&log, '\0');
	EXPECT(verdict_of(rc, &e), l->field[FIELD_VERDICT], e.msg);
	EXPECT(log.p, l->field[FIELD_PROBLEMS], "problems");
	if (strcmp(l->field[FIELD_FOUND], "-") != 0)
		EXPECT(reading_found(r, FOUND_KEYS), l->field[FIELD_FOUND], "found");
	cr_expect_eq(strcmp(l->field[FIELD_SAYS], "-") == 0, rc == 0);
	if (rc != 0)
		cr_expect_not_null(strstr(e.msg, l->field[FIELD_SAYS]), "%s: %s",
		    l->field[FIELD_FILE], e.msg);
	check_counts(l, reading_counts(r));
	reading_free(r);
	buf_release(&log);
}

/* Each in one piece, and cut everywhere. */
static void
check_line(const struct line *l)
{
	static const struct mapper_conf mc = {
	    .source = "exports", .format = "csv", .timezone = "America/New_York"};
	char path[PATH_MAX_SIZE];
	struct conf_errors errors;
	struct conf conf;
	struct err e = {0};
	struct mapper *m;
	struct buf in;

	conf_errors_init(&errors);
	snprintf(path, sizeof(path), FOLDER "/feeds/%s.ini", l->field[FIELD_FEED]);
	cr_assert_eq(conf_load(&conf, path, NULL, &errors, &e), 0, "%s", e.msg);
	m = mapper_new(&conf, &mc, &e);
	cr_assert_not_null(m, "%s: %s", path, errors.n > 0 ? errors.text[0] : e.msg);
	snprintf(path, sizeof(path), FOLDER "/exports/%s.csv", l->field[FIELD_FILE]);
	in = read_file(path);
	check_reading(l, m, buf_span(&in), in.n + 1);
	check_reading(l, m, buf_span(&in), 1);
	check_reading(l, m, buf_span(&in), 11);
	buf_release(&in);
	mapper_free(m);
	conf_release(&conf);
	conf_errors_release(&errors);
}

/* The table says what must come of each file. */
Test(exports, read)
{
	FILE *f = fopen(FOLDER "/exports.tsv", "r");
	char text[1024];
	struct line l;
	size_t n = 0;

	cr_assert_not_null(f);
	while (fgets(text, sizeof(text), f) != NULL) {
		if (!split(text, &l))
			continue;
		check_line(&l);
		n++;
	}
	fclose(f);
	cr_expect_geq(n, LEAST);
}
