#include "pollers/expected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
forget(struct fetched *got)
{
	free(got->path);
	free(got->bytes);
	*got = (struct fetched){0};
}

static void
forget_all(struct expected *x)
{
	for (size_t i = 0; i < x->to - x->from; i++)
		forget(&x->got[i]);
	x->from = x->to = 0;
}

void
expected_set(struct expected *x, const struct drop_file *const *files, size_t n)
{
	forget_all(x);
	x->files = files;
	x->n = n;
}

static bool
fetched_already(const struct expected *x, const struct drop_file *f, int64_t now)
{
	if (now - x->since > EXPECTED_AGE)
		return false;
	for (size_t i = x->from; i < x->to; i++)
		if (x->files[i] == f)
			return true;
	return false;
}

/* Files come in their order, so what is behind the last ones is looked at first. */
static size_t
place_of(const struct expected *x, const struct drop_file *f)
{
	for (size_t i = x->to; i < x->n; i++)
		if (x->files[i] == f)
			return i;
	for (size_t i = 0; i < x->to; i++)
		if (x->files[i] == f)
			return i;
	return x->n;
}

/* How many there are from there on, up to one that is large. */
static size_t
count_small(const struct expected *x, size_t from)
{
	uint64_t bytes = 0;
	size_t i = from;

	while (i < x->n && i - from < EXPECTED_FILES &&
	       x->files[i]->size <= EXPECTED_SIZE &&
	       (bytes += x->files[i]->size) <= EXPECTED_BYTES)
		i++;
	return i - from;
}

static bool
describe(struct fetched *got, const char *folder, const struct drop_file *f)
{
	char *path;

	if (asprintf(&path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, f->name) < 0)
		return false;
	*got = (struct fetched){.path = path, .size = f->size, .mtime = f->mtime};
	return true;
}

size_t
expected_begin(
    struct expected *x, const char *folder, const struct drop_file *f, int64_t now)
{
	size_t from, n;

	if (x->n == 0 || fetched_already(x, f, now))
		return 0;
	from = place_of(x, f);
	n = count_small(x, from);
	if (n < 2)
		return 0;
	forget_all(x);
	x->from = x->to = from;
	while (
	    x->to - from < n && describe(&x->got[x->to - from], folder, x->files[x->to]))
		x->to++;
	return x->to - from;
}

void
expected_done(struct expected *x, size_t n, int64_t now)
{
	while (x->to - x->from > n)
		forget(&x->got[--x->to - x->from]);
	x->since = now;
}

const struct fetched *
expected_find(
    struct expected *x, const char *path, const struct drop_file *f, int64_t now)
{
	for (size_t i = x->from; i < x->to; i++) {
		const struct fetched *got = &x->got[i - x->from];

		if (x->files[i] == f && got->whole && strcmp(got->path, path) == 0)
			return now - x->since <= EXPECTED_AGE ? got : NULL;
	}
	return NULL;
}

void
expected_used(struct expected *x, const struct fetched *got)
{
	if (got)
		forget(&x->got[got - x->got]);
}
