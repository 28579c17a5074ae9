#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/tests.h"

#define PATH_SIZE 512

/* Where the comparison is, and who is told. */
struct walk {
	char path[PATH_SIZE];
	void (*fn)(void *arg, const char *path, const char *expected, const char *got);
	void *arg;
	size_t n;
};

char *
json_shown(const json_t *value)
{
	if (value == NULL)
		return NULL;
	if (json_is_string(value))
		return strdup(json_string_value(value));
	return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static void
differ(struct walk *w, const json_t *expected, const json_t *got)
{
	char *x = json_shown(expected), *y = json_shown(got);

	w->n++;
	w->fn(w->arg, w->path, x, y);
	free(x);
	free(y);
}

static void compare(struct walk *w, const json_t *x, const json_t *y);

/* Of one member; the path is as before then. */
static void
compare_at(struct walk *w, const char *name, const json_t *x, const json_t *y)
{
	size_t n = strlen(w->path);

	snprintf(w->path + n, sizeof(w->path) - n, "%s%s",
	    n > 0 && name[0] != '[' ? "." : "", name);
	compare(w, x, y);
	w->path[n] = '\0';
}

static void
compare_objects(struct walk *w, const json_t *x, const json_t *y)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)x, key, value)
	    compare_at(w, key, value, json_object_get(y, key));
	json_object_foreach((json_t *)(uintptr_t)y, key,
	    value) if (json_object_get(x, key) == NULL) compare_at(w, key, NULL, value);
}

static void
compare_lists(struct walk *w, const json_t *x, const json_t *y)
{
	size_t n = json_array_size(x), m = json_array_size(y);
	char index[32];

	for (size_t i = 0; i < n || i < m; i++) {
		snprintf(index, sizeof(index), "[%zu]", i + 1);
		compare_at(w, index, json_array_get(x, i), json_array_get(y, i));
	}
}

static void
compare(struct walk *w, const json_t *x, const json_t *y)
{
	if (json_is_object(x) && json_is_object(y))
		compare_objects(w, x, y);
	else if (json_is_array(x) && json_is_array(y))
		compare_lists(w, x, y);
	else if (x == NULL || y == NULL || !json_equal(x, y))
		differ(w, x, y);
}

size_t
json_differences(const json_t *expected, const json_t *got,
    void (*fn)(void *arg, const char *path, const char *expected, const char *got),
    void *arg)
{
	struct walk w = {.fn = fn, .arg = arg};

	compare(&w, expected, got);
	return w.n;
}

/* One part of a path, and its "[2]". */
static const json_t *
member(const json_t *in, const char *part, size_t n)
{
	const char *open = memchr(part, '[', n);
	size_t len = open == NULL ? n : (size_t)(open - part);
	char name[PATH_SIZE];

	snprintf(name, sizeof(name), "%.*s", (int)len, part);
	in = json_object_get(in, name);
	if (open == NULL)
		return in;
	return json_array_get(in, strtoul(open + 1, NULL, 10) - 1);
}

const json_t *
json_at(const json_t *record, const char *path)
{
	const json_t *in = json_object_get(record, "data");
	size_t n = strcspn(path, ".");

	/* What stands beside the data has no member: id, op, event_at. */
	if (path[n] == '\0' && member(in, path, n) == NULL)
		return member(record, path, n);
	/* Names of extras may have dots. */
	if (strncmp(path, "extra.", n + 1) == 0)
		return json_object_get(json_object_get(in, "extra"), path + n + 1);
	for (;; path += n + 1, n = strcspn(path, ".")) {
		in = member(in, path, n);
		if (path[n] == '\0' || in == NULL)
			return in;
	}
}
