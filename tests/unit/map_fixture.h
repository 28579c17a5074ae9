/* What the tests of the map share: a feed file from text, and a header. */
#ifndef TESTS_UNIT_MAP_FIXTURE_H
#define TESTS_UNIT_MAP_FIXTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "mappers/map.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define CELLS_MAX 32

static struct conf_errors errors;
static struct conf conf;
static struct map *map;
static struct binding *binding;
static bool snapshot; /* the next one compiled is of a feed of snapshots */

static void
map_reset(void)
{
	binding_free(binding);
	map_free(map);
	binding = NULL;
	map = NULL;
	conf_release(&conf);
	conf_errors_release(&errors);
}

/* Compiles `text` as a feed file. */
static struct map *
map_compile(const char *text, const char *timezone, struct err *e)
{
	char path[] = "/tmp/map_test_XXXXXX";
	struct mapper_conf mc = {.source = "northside",
	    .timezone = timezone,
	    .format = "csv",
	    .snapshot = snapshot};
	int fd = mkstemp(path);
	int ret;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	conf_errors_init(&errors);
	ret = conf_load(&conf, path, NULL, &errors, e);
	unlink(path);
	cr_assert_eq(ret, 0, "%s", e->msg);
	cr_assert_eq(errors.n, 0, "%s", errors.n > 0 ? errors.text[0] : "");
	map = map_new(&conf, &mc, e);
	return map;
}

/* "a|b|c" to cells. */
static size_t
map_split(char *text, struct span *cells)
{
	size_t n = 0;

	for (char *p = text, *end; p != NULL; p = end == NULL ? NULL : end + 1) {
		end = strchr(p, '|');
		cr_assert_lt(n, CELLS_MAX);
		cells[n++] = (struct span){
		    p, end == NULL ? strlen(p) : (size_t)(end - p)};
	}
	return n;
}

static int
map_bind_titles(const char *titles, struct err *e)
{
	struct span cells[CELLS_MAX];
	char *copy = strdup(titles);

	binding = map_bind(map, cells, map_split(copy, cells), NULL, e);
	free(copy);
	return binding == NULL ? -1 : 0;
}

#endif
