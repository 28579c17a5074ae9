#include "cmd/feed.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/status.h"
#include "state/ledger.h"

/* Raised when the same settings would shape a batch otherwise than before. */
#define BATCH_VERSION 1

static const char *const contents[] = {"changes", NULL};

#define AT(member) offsetof(struct feed_conf, member)

const struct conf_option feed_options[] = {
    {.name = "name",
	.type = CONF_STRING,
	.offset = AT(name),
	.help = "a-z 0-9 . _ -; without it the file's name"},
    {.name = "format",
	.type = CONF_STRING,
	.offset = AT(format),
	.dflt = "csv",
	.help = "format of the files: csv"},
    {.name = "contents",
	.type = CONF_ENUM,
	.offset = AT(contents),
	.dflt = "changes",
	.choices = contents,
	.help = "changes: what is not in a file stays as it is"},
    {.name = "timezone",
	.type = CONF_STRING,
	.offset = AT(timezone),
	.help = "zone of times without one, such as America/Chicago"},
    {.name = "source",
	.type = CONF_STRING,
	.offset = AT(source),
	.help = "who assigns the ids; without it the feed's name"},
    {.name = "max_reject",
	.type = CONF_PERCENT,
	.offset = AT(max_reject),
	.dflt = "10 %",
	.max = 10000,
	.help = "a file with more rejected rows is held"},
    {.name = "extends",
	.type = CONF_STRING,
	.offset = AT(extends),
	.help = "feed files or maps that this one builds on"},
    {.name = NULL},
};

static const char *const known_sections[] = {"feed", "source", "csv", "columns", "rows",
    "code", "target", "patient", "appointment", "slot", "practitioner", "location",
    "coverage", "encounter", "observation", NULL};

static const char *const site_sections[] = {"state", "log", "run", NULL};

/* The section and one of its keys, for a mistake that the option table can't see. */
static void
name_error(struct feed *f, const char *key, const char *value)
{
	struct conf_section *s = conf_find(&f->conf, "feed", "");

	conf_error_at(&f->errors, s, s == NULL ? NULL : conf_get(s, key),
	    "'%s' is no name: use a-z, 0-9, dot, dash and underscore, at most %d", value,
	    LEDGER_NAME_MAX);
}

static uint64_t
fingerprint(const struct feed *f)
{
	uint64_t v[] = {BATCH_VERSION, mapper_fingerprint(f->mapper),
	    (uint64_t)f->target.batch_records, (uint64_t)f->target.batch_bytes,
	    (uint64_t)f->target.mode};
	uint64_t h = 0;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		h = (h ^ v[i]) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 29);
	for (const char *p = f->feed.source; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return h;
}

static void
base_name(struct feed *f)
{
	const char *slash = strrchr(f->path, '/');
	const char *name = slash == NULL ? f->path : slash + 1;
	size_t n = strlen(name);

	if (n > 4 && strcmp(name + n - 4, ".ini") == 0)
		n -= 4;
	snprintf(f->base, sizeof(f->base), "%.*s", (int)n, name);
}

static int
bind_all(struct feed *f, struct err *e)
{
	struct mapper_conf mc;

	conf_bind(&f->conf, conf_find(&f->conf, "feed", ""), feed_options, &f->feed);
	conf_bind(
	    &f->conf, conf_find(&f->conf, "source", ""), source_options, &f->source);
	conf_bind(
	    &f->conf, conf_find(&f->conf, "target", ""), target_options, &f->target);
	if (f->feed.name == NULL)
		f->feed.name = f->base;
	if (f->feed.source == NULL)
		f->feed.source = f->feed.name;
	if (!ledger_name_ok(f->feed.name))
		name_error(f, "name", f->feed.name);
	if (!ledger_name_ok(f->feed.source))
		name_error(f, "source", f->feed.source);
	if (f->source.url != NULL)
		source_check(&f->source, conf_find(&f->conf, "source", ""), &f->errors);
	if (f->target.url != NULL)
		target_check(&f->target, conf_find(&f->conf, "target", ""), &f->errors);
	mc = (struct mapper_conf){.source = f->feed.source,
	    .timezone = f->feed.timezone,
	    .format = f->feed.format};
	f->mapper = mapper_new(&f->conf, &mc, e);
	if (f->mapper == NULL && e->code != ERR_CONFIG)
		return -1;
	conf_check_unused(&f->conf, known_sections);
	if (f->errors.n == 0) {
		f->fingerprint = fingerprint(f);
		f->verdict_fingerprint = f->fingerprint ^ (uint64_t)f->feed.max_reject
							      << 1;
	}
	return app_errors(&f->errors, f->path, e);
}

int
feed_load(struct feed *f, struct app *app, const char *path, struct err *e)
{
	memset(f, 0, sizeof(*f));
	conf_errors_init(&f->errors);
	snprintf(f->path, sizeof(f->path), "%s", path);
	base_name(f);
	f->feed.name = f->base;
	if (conf_load(&f->conf, path, NULL, &f->errors, e) != 0 ||
	    conf_defaults(&f->conf, &app->conf, site_sections, e) != 0)
		return -1;
	return bind_all(f, e);
}

void
feed_release(struct feed *f)
{
	mapper_free(f->mapper);
	conf_release(&f->conf);
	conf_errors_release(&f->errors);
}

int
feed_paths(struct app *app, char ***paths, size_t *n, struct err *e)
{
	char pattern[4096];
	glob_t g;
	int r;

	snprintf(pattern, sizeof(pattern), "%s/feeds.d/*.ini", app->config_dir);
	r = glob(pattern, 0, NULL, &g);
	if (r == GLOB_NOSPACE)
		return err_nomem(e);
	if (r != 0)
		return err_set(e, ERR_CONFIG, "no feed file: %s", pattern);
	*paths = calloc(g.gl_pathc, sizeof(**paths));
	*n = 0;
	for (size_t i = 0; *paths != NULL && i < g.gl_pathc; i++)
		if (((*paths)[(*n)++] = strdup(g.gl_pathv[i])) == NULL)
			break;
	r = *paths != NULL && *n == g.gl_pathc && (*paths)[*n - 1] != NULL ? 0
									   : err_nomem(e);
	globfree(&g);
	if (r != 0)
		feed_paths_free(*paths, *n);
	return r;
}

void
feed_paths_free(char **paths, size_t n)
{
	for (size_t i = 0; paths != NULL && i < n; i++)
		free(paths[i]);
	free(paths);
}

/* Who puts which record types whole in which scope: two would erase each other's fields. */
struct owner {
	char feed[LEDGER_NAME_MAX + 1], source[LEDGER_NAME_MAX + 1];
	unsigned types; /* bit n: record type n */
};

static unsigned
types_put(struct feed *f, struct conf_section **of)
{
	unsigned types = 0;

	for (size_t i = 0; i < f->conf.n; i++) {
		struct conf_section *s = &f->conf.sections[i];
		const struct schema *schema = schema_by_name(s->name);
		const struct conf_entry *op = schema == NULL ? NULL : conf_get(s, "op");

		if (schema == NULL ||
		    (op != NULL && !span_eq(op->value, SPAN_LIT("put"))))
			continue;
		types |= 1u << schema->type;
		of[schema->type] = s;
	}
	return types;
}

static int
check_owner(struct feed *f, struct owner *owners, size_t n, struct err *e)
{
	struct conf_section *of[RECORD_TYPE_MAX + 1] = {NULL};
	struct owner *own = &owners[n];

	snprintf(own->feed, sizeof(own->feed), "%s", f->feed.name);
	snprintf(own->source, sizeof(own->source), "%s", f->feed.source);
	own->types = types_put(f, of);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(owners[i].source, own->source) != 0)
			continue;
		for (unsigned t = 1; t <= RECORD_TYPE_MAX; t++)
			if (owners[i].types & own->types & (1u << t))
				conf_error_at(&f->errors, of[t], conf_get(of[t], "op"),
				    "feed %s puts this type whole for source %s already: "
				    "one of the two must say op = patch",
				    owners[i].feed, own->source);
	}
	return app_errors(&f->errors, f->path, e);
}

/* Is the feed asked for? Its place in `seen` is marked. */
static bool
wanted(const struct feed *f, char **names, size_t n, bool *seen)
{
	bool yes = n == 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], f->feed.name) == 0)
			yes = seen[i] = true;
	return yes;
}

static int
check_seen(char **names, size_t n, const bool *seen, struct app *app, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!seen[i])
			return err_set(e, ERR_CONFIG,
			    "no feed is named %.64s in %s/feeds.d", names[i],
			    app->config_dir);
	return 0;
}

int
feed_each(
    struct app *app, char **names, size_t n, const struct feed_visitor *v, struct err *e)
{
	struct owner *owners = NULL;
	bool *seen = NULL;
	char **paths;
	size_t np;
	int exit = 0;

	if (feed_paths(app, &paths, &np, e) != 0)
		return err_exit(e->code);
	if ((seen = calloc(n + 1, sizeof(*seen))) == NULL ||
	    (owners = calloc(np, sizeof(*owners))) == NULL)
		err_nomem(e);
	for (size_t i = 0; i < np && owners != NULL; i++) {
		struct err own = {.code = ERR_NONE};
		struct feed f;
		int rc = feed_load(&f, app, paths[i], &own);

		if (rc == 0)
			rc = check_owner(&f, owners, i, &own);
		if (wanted(&f, names, n, seen))
			exit = status_worse(
			    exit, v->fn(app, &f, rc == 0 ? NULL : &own, v->arg));
		feed_release(&f);
	}
	if (owners == NULL)
		exit = err_exit(e->code);
	else if (check_seen(names, n, seen, app, e) != 0)
		exit = status_worse(exit, err_exit(e->code));
	free(owners);
	free(seen);
	feed_paths_free(paths, np);
	return exit;
}
