/* A CSV feed compiled from text. */
#ifndef TESTS_UNIT_CSV_RIG_H
#define TESTS_UNIT_CSV_RIG_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mappers/format.h"

struct feed {
	struct conf conf;
	struct conf_errors errors;
	struct mapper *mapper; /* NULL: there are mistakes */
	struct err err;
};

static inline void
feed_open(struct feed *f, const char *text)
{
	static const struct mapper_conf mc = {.source = "northside",
	    .format = "csv",
	    .timezone = "America/Chicago",
	    .snapshot = true};
	char path[] = "/tmp/csv_rig.XXXXXX";
	int fd = mkstemp(path);
	ssize_t n;

	memset(f, 0, sizeof(*f));
	conf_errors_init(&f->errors);
	cr_assert_geq(fd, 0);
	n = write(fd, text, strlen(text));
	cr_assert_eq(n, (ssize_t)strlen(text));
	close(fd);
	cr_assert_eq(
	    conf_load(&f->conf, path, NULL, &f->errors, &f->err), 0, "%s", f->err.msg);
	unlink(path);
	f->mapper = mapper_new(&f->conf, &mc, &f->err);
}

static inline void
feed_close(struct feed *f)
{
	mapper_free(f->mapper);
	conf_release(&f->conf);
	conf_errors_release(&f->errors);
}

#endif
