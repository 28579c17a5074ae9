#include "cmd/feed.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/overlap.h"
#include "cmd/status.h"
#include "state/ledger.h"

/* Raised when the same settings would shape a batch otherwise than before. */
#define BATCH_VERSION 1

static const char *const contents[] = {
    [CONTENTS_CHANGES] = "changes", [CONTENTS_SNAPSHOT] = "snapshot", NULL};

#define PATH_SIZE       4096
#define REJECT_ROWS_MIN 20 /* fewer rejected rows hold no file, unless all are */
#define AT(member)      offsetof(struct feed_conf, member)

const struct conf_option feed_options[] = {
    {.name = "name",
	.type = CONF_STRING,
	.offset = AT(name),
	.help = "a-z 0-9 . _ -; without it the file's name"},
    {.name = "format",
	.type = CONF_STRING,
	.offset = AT(format),
	.dflt = "csv",
	.help = "format of the files: csv or hl7"},
    {.name = "contents",
	.type = CONF_ENUM,
	.offset = AT(contents),
	.dflt = "changes",
	.choices = contents,
	.help =
	    "changes: what is not in a file stays as it is; snapshot: each file is the "
	    "whole truth, and on_missing of a section says what becomes of the rest"},
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
    {.name = "max_remove",
	.type = CONF_PERCENT,
	.offset = AT(max_remove),
	.dflt = "20 %",
	.max = 10000,
	.help = "a snapshot that would remove more is held; fewer than 20 never hold"},
    {.name = "extends",
	.type = CONF_STRING,
	.offset = AT(extends),
	.help = "feed files or maps that this one builds on"},
    {.name = NULL},
};

static const char *const known_sections[] = {"feed", "source", "unpack", "csv", "hl7",
    "columns", "fields", "rows", "code", "lookup", "target", "expect", "test", "patient",
    "appointment", "slot", "practitioner", "location", "coverage", "encounter",
    "observation", NULL};

static const char *const site_sections[] = {
    "state", "log", "run", "trigger", "alarms", "metrics", NULL};

#define NAME_RULE "is no name: use a-z, 0-9, dot, dash and underscore, at most 64"

/* The section and one of its keys, for a mistake that the option table can't see. */
static void
section_error(struct feed *f, const char *section, const char *key, const char *why)
{
	struct conf_section *s = conf_find(&f->conf, section, "");

	conf_error_at(&f->errors, s, conf_get(s, key), "%s", why);
}

static void
name_error(struct feed *f, const char *key, const char *why)
{
	section_error(f, "feed", key, why);
}

static uint64_t
fingerprint(const struct feed *f)
{
	uint64_t v[] = {BATCH_VERSION, mapper_fingerprint(f->mapper),
	    unpack_fingerprint(&f->unpack), (uint64_t)f->target.batch_records,
	    (uint64_t)f->target.batch_bytes, (uint64_t)f->target.mode};
	uint64_t h = 0;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		h = (h ^ v[i]) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 29);
	for (const char *p = f->feed.source; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return f->feed.contents == CONTENTS_SNAPSHOT ? ~h : h;
}

/* A snapshot is held for what it would remove, too. */
static uint64_t
verdict_fingerprint(const struct feed *f)
{
	uint64_t h = f->fingerprint ^ (uint64_t)f->feed.max_reject << 1 ^
		     unpack_verdict_fingerprint(&f->unpack);

	if (f->feed.contents == CONTENTS_SNAPSHOT)
		h ^= (uint64_t)f->feed.max_remove << 32;
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

static void
bind_unpack(struct feed *f)
{
	struct conf_section *s = conf_find(&f->conf, "unpack", "");

	if (conf_bind(&f->conf, s, unpack_options, &f->unpack) == 0)
		unpack_check(&f->unpack, s, &f->errors);
}

/* What is in them is for `test` and `check`: a run does not ask. */
static void
leave_tests(struct feed *f)
{
	for (size_t i = 0; i < f->conf.n; i++) {
		struct conf_section *s = &f->conf.sections[i];

		if (!span_eq(s->name, SPAN_LIT("test")))
			continue;
		s->used = true;
		for (size_t n = 0; n < s->n; n++)
			s->entries[n].used = true;
	}
}

/* What no option and no rule took offence at: a text may be anything. */
static void
check_todo(struct feed *f)
{
	for (size_t i = 0; i < f->conf.n; i++) {
		const struct conf_section *s = &f->conf.sections[i];

		for (size_t n = 0; n < s->n; n++)
			if (conf_is_todo(s->entries[n].value))
				conf_error_at(&f->errors, s, &s->entries[n],
				    "is still TODO: fill it in");
	}
}

static int
bind_all(struct feed *f, struct err *e)
{
	struct mapper_conf mc;

	conf_bind(&f->conf, conf_find(&f->conf, "feed", ""), feed_options, &f->feed);
	/* What they require is missed there, even if they are not there. */
	conf_bind(&f->conf, conf_section(&f->conf, "source"), source_options, &f->source);
	bind_unpack(f);
	target_bind(&f->conf, conf_section(&f->conf, "target"), &f->target);
	expect_bind(
	    &f->conf, conf_find(&f->conf, "expect", ""), f->feed.timezone, &f->expect);
	if (f->feed.name == NULL)
		f->feed.name = f->base;
	if (f->feed.source == NULL)
		f->feed.source = f->feed.name;
	if (!ledger_name_ok(f->feed.name))
		name_error(f, "name", NAME_RULE);
	if (!ledger_name_ok(f->feed.source))
		name_error(f, "source", NAME_RULE);
	if (f->source.url != NULL)
		source_check(&f->source, conf_find(&f->conf, "source", ""), &f->errors);
	if (f->target.url != NULL)
		target_check(&f->target, conf_find(&f->conf, "target", ""), &f->errors);
	mc = (struct mapper_conf){.source = f->feed.source,
	    .timezone = f->feed.timezone,
	    .format = f->feed.format,
	    .snapshot = f->feed.contents == CONTENTS_SNAPSHOT};
	f->mapper = mapper_new(&f->conf, &mc, e);
	if (f->mapper == NULL && e->code != ERR_CONFIG)
		return -1;
	if (f->mapper != NULL && mapper_receipts(f->mapper) && f->source.feedback == NULL)
		section_error(f, "hl7", "ack",
		    "acknowledgements need a folder to go to: feedback in [source]");
	if (f->mapper != NULL && mc.snapshot && mapper_missing(f->mapper) == NULL)
		section_error(f, "feed", "contents",
		    "messages tell of changes: a snapshot is a file of rows");
	leave_tests(f);
	conf_check_unused(&f->conf, known_sections);
	check_todo(f);
	if (f->errors.n == 0) {
		f->fingerprint = fingerprint(f);
		f->verdict_fingerprint = verdict_fingerprint(f);
	}
	return app_errors(&f->errors, f->path, e);
}

struct digest
feed_settings(const struct feed *f, const struct site_keys *k)
{
	struct digest sum = {{0}};

	for (size_t i = 0; i < f->conf.n; i++) {
		const struct conf_section *s = &f->conf.sections[i];

		for (size_t n = 0; n < s->n; n++) {
			const struct span parts[] = {{(const char *)sum.b, DIGEST_SIZE},
			    s->name, s->label, s->entries[n].key, s->entries[n].value};

			sum = digest_parts(k, KEY_NAME, parts, 5);
		}
	}
	return sum;
}

/*
 * Mistakes are in f->errors, and ERR_CONFIG tells how many; the feed is to be released all
 * the same.
 */
static int
feed_load(struct feed *f, struct app *app, const char *path, struct err *e)
{
	memset(f, 0, sizeof(*f));
	conf_errors_init(&f->errors);
	conf_errors_init(&f->warnings);
	snprintf(f->path, sizeof(f->path), "%s", path);
	base_name(f);
	f->feed.name = f->base;
	if (conf_load(&f->conf, path, app->run_conf.maps, &f->errors, e) != 0 ||
	    conf_defaults(&f->conf, &app->conf, site_sections, e) != 0)
		return -1;
	return bind_all(f, e);
}

static void
feed_release(struct feed *f)
{
	mapper_free(f->mapper);
	conf_release(&f->conf);
	conf_errors_release(&f->errors);
	conf_errors_release(&f->warnings);
}

static int
is_feed_file(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 4 && strcmp(d->d_name + n - 4, ".ini") == 0;
}

/* The names of all feed files, sorted; -1 if there are none. */
static int
list_files(const char *dir, struct dirent ***names, struct err *e)
{
	int n = scandir(dir, names, is_feed_file, alphasort);

	if (n > 0)
		return n;
	if (n == 0)
		free(*names);
	if (n == 0 || errno == ENOENT)
		return err_set(e, ERR_CONFIG, "no feed file: %s/*.ini", dir);
	return err_sys(
	    e, errno == EACCES ? ERR_PERM : ERR_CONFIG, errno, "%s: cannot be read", dir);
}

/* A feed file, read: with its mistakes, if `err` says so. */
struct loaded {
	struct feed feed;
	struct err err;
	unsigned types; /* bit n: record type n is put whole */
};

static unsigned
types_put(struct feed *f, struct conf_section **of)
{
	/* What comes in messages is patched, unless the section says otherwise. */
	bool messages = strcmp(f->feed.format, "hl7") == 0;
	unsigned types = 0;

	for (size_t i = 0; i < f->conf.n; i++) {
		struct conf_section *s = &f->conf.sections[i];
		const struct schema *schema = schema_by_name(s->name);
		const struct conf_entry *op = schema == NULL ? NULL : conf_get(s, "op");

		if (schema == NULL || (op == NULL && messages) ||
		    (op != NULL && !span_eq(op->value, SPAN_LIT("put"))))
			continue;
		types |= 1u << schema->type;
		of[schema->type] = s;
	}
	return types;
}

/* Two feeds that put one type whole in a scope would erase each other's fields. */
static void
check_types(struct loaded *l, const struct loaded *other, struct conf_section **of)
{
	if (strcmp(other->feed.feed.source, l->feed.feed.source) != 0)
		return;
	for (unsigned t = 1; t <= RECORD_TYPE_MAX; t++)
		if (other->types & l->types & (1u << t))
			conf_error_at(&l->feed.errors, of[t], conf_get(of[t], "op"),
			    "feed %s puts this type whole for source %s already: "
			    "one of the two must say op = patch",
			    other->feed.feed.name, l->feed.feed.source);
}

/* Which of the two is meant nobody can tell, so neither is run. */
static void
check_name(struct loaded *l, struct loaded *other)
{
	struct loaded *both[] = {l, other};

	for (size_t i = 0; strcmp(other->feed.feed.name, l->feed.feed.name) == 0 && i < 2;
	    i++) {
		if (both[i]->err.code != ERR_NONE)
			continue;
		name_error(
		    &both[i]->feed, "name", "is the name of another feed file too");
		app_errors(&both[i]->feed.errors, both[i]->feed.path, &both[i]->err);
	}
}

/* Against the feeds that were read before it. */
static void
check_others(struct loaded *all, size_t n)
{
	struct conf_section *of[RECORD_TYPE_MAX + 1] = {NULL};
	struct loaded *l = &all[n];

	for (size_t i = 0; i < n; i++)
		check_name(l, &all[i]);
	if (l->err.code != ERR_NONE)
		return;
	l->types = types_put(&l->feed, of);
	for (size_t i = 0; i < n; i++) {
		if (all[i].err.code != ERR_NONE)
			continue;
		check_types(l, &all[i], of);
		overlap_warn(&all[i].feed, &l->feed);
	}
	app_errors(&l->feed.errors, l->feed.path, &l->err);
}

static bool
wanted(const struct feed *f, char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], f->feed.name) == 0)
			return true;
	return n == 0;
}

static int
check_names(
    struct app *app, char **names, size_t n, const struct loaded *all, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct loaded *l = all;

		while (
		    l->feed.feed.name != NULL && strcmp(l->feed.feed.name, names[i]) != 0)
			l++;
		if (l->feed.feed.name == NULL)
			return err_set(e, ERR_CONFIG,
			    "no feed is named %.64s in %s/feeds.d", names[i],
			    app->config_dir);
	}
	return 0;
}

/* All feed files, ended by one without a name; NULL if there is none. */
static struct loaded *
load_all(struct app *app, struct err *e)
{
	char dir[PATH_SIZE], path[PATH_SIZE + NAME_MAX + 2];
	struct dirent **names;
	struct loaded *all;
	int n;

	snprintf(dir, sizeof(dir), "%s/feeds.d", app->config_dir);
	if ((n = list_files(dir, &names, e)) < 0)
		return NULL;
	if ((all = calloc((size_t)n + 1, sizeof(*all))) == NULL)
		err_nomem(e);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		free(names[i]);
		if (all == NULL)
			continue;
		feed_load(&all[i].feed, app, path, &all[i].err);
		check_others(all, (size_t)i);
	}
	free(names);
	return all;
}

int
feed_each(
    struct app *app, char **names, size_t n, const struct feed_visitor *v, struct err *e)
{
	struct loaded *all = load_all(app, e), *l;
	int exit = 0;

	if (all == NULL || check_names(app, names, n, all, e) != 0)
		exit = err_exit(e->code);
	for (l = all; l != NULL && l->feed.feed.name != NULL; l++) {
		if (e->code == ERR_NONE && wanted(&l->feed, names, n))
			exit = status_worse(
			    exit, v->fn(app, &l->feed,
				      l->err.code == ERR_NONE ? NULL : &l->err, v->arg));
		feed_release(&l->feed);
	}
	free(all);
	return exit;
}

int
feed_one(struct app *app, char *name, const struct feed_visitor *v, struct err *e)
{
	struct err wrong = {.code = ERR_NONE};
	struct feed f;
	int exit;

	if (strchr(name, '/') == NULL) {
		exit = feed_each(app, &name, 1, v, e);
		wrong = *e;
		if (e->code == ERR_CONFIG && access(name, F_OK) == 0)
			err_set(e, ERR_CONFIG, "%s; a path has a slash in it: ./%s",
			    wrong.msg, name);
		return exit;
	}
	feed_load(&f, app, name, &wrong);
	exit = v->fn(app, &f, wrong.code == ERR_NONE ? NULL : &wrong, v->arg);
	feed_release(&f);
	return exit;
}

bool
feed_exists(struct app *app, const char *name, const char *source)
{
	struct err ignored = {.code = ERR_NONE};
	struct loaded *all = load_all(app, &ignored), *l;
	bool found = all == NULL; /* can't tell: then it may be */

	for (l = all; l != NULL && l->feed.feed.name != NULL; l++) {
		found |= strcmp(l->feed.feed.name, name) == 0 &&
			 (source == NULL || l->err.code != ERR_NONE ||
			     strcmp(l->feed.feed.source, source) == 0);
		feed_release(&l->feed);
	}
	free(all);
	return found;
}

bool
feed_rejects_too_many(
    const struct feed *f, uint64_t rows, uint64_t rejected, char why[FILE_REASON_MAX + 1])
{
	const uint64_t most = (uint64_t)f->feed.max_reject;
	const char *what = strcmp(f->feed.format, "hl7") == 0 ? "messages" : "rows";
	bool all = rows > 0 && rejected == rows;

	if (!all && (rejected < REJECT_ROWS_MIN || rejected * 10000 <= most * rows))
		return false;
	if (all)
		snprintf(why, FILE_REASON_MAX + 1,
		    "%llu of %llu %s were rejected: all there are",
		    (unsigned long long)rejected, (unsigned long long)rows, what);
	else
		snprintf(why, FILE_REASON_MAX + 1,
		    "%llu of %llu %s were rejected, more than max_reject allows (%g %%)",
		    (unsigned long long)rejected, (unsigned long long)rows, what,
		    (double)most / 100);
	return true;
}
