#include "cmd/app.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/who.h"

#define PATH_SIZE 4096

static const char *const formats[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json", NULL};
static const char *const levels[] = {[LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
    NULL};

const struct conf_option state_options[] = {
    {.name = "dir",
	.type = CONF_STRING,
	.offset = offsetof(struct state_conf, dir),
	.dflt = "/var/lib/emrdrop",
	.help = "folder of the ledger and its key; on a local disk"},
    {.name = "key_file",
	.type = CONF_STRING,
	.offset = offsetof(struct state_conf, key_file),
	.help = "the site key; without it DIR/site.key, made on first use"},
    {.name = "keep",
	.type = CONF_DURATION,
	.offset = offsetof(struct state_conf, keep),
	.dflt = "400d",
	.min = 86400000,
	.max = 315360000000,
	.help = "how long files, runs and removed records are remembered"},
    {.name = NULL},
};

const struct conf_option log_options[] = {
    {.name = "format",
	.type = CONF_ENUM,
	.offset = offsetof(struct log_conf, format),
	.dflt = "text",
	.choices = formats,
	.help = "text: key=value; json: one object a line"},
    {.name = "level",
	.type = CONF_ENUM,
	.offset = offsetof(struct log_conf, level),
	.dflt = "info",
	.choices = levels,
	.help = "the least that is logged"},
    {.name = NULL},
};

const struct conf_option run_options[] = {
    {.name = "deadline",
	.type = CONF_DURATION,
	.offset = offsetof(struct run_conf, deadline),
	.dflt = "1h",
	.min = 1000,
	.max = 86400000,
	.help = "a run ends by then; the next one goes on where it stopped"},
    {.name = "outbox_memory",
	.type = CONF_SIZE,
	.offset = offsetof(struct run_conf, outbox_memory),
	.dflt = "16M",
	.min = 262144,
	.max = 1073741824,
	.help = "bytes kept in memory before the encrypted, unlinked file is used"},
    {.name = "maps",
	.type = CONF_STRING,
	.offset = offsetof(struct run_conf, maps),
	.dflt = EMRDROP_MAPS_DIR,
	.help = "folder of the maps that feeds extend by name"},
    {.name = NULL},
};

void
app_print_errors(const struct conf_errors *errs)
{
	size_t shown = errs->n < CONF_ERRORS_MAX ? errs->n : CONF_ERRORS_MAX;

	for (size_t i = 0; i < shown; i++)
		fprintf(stderr, "%s\n", errs->text[i]);
	if (errs->n > shown)
		fprintf(stderr, "and %zu more\n", errs->n - shown);
}

int
app_errors(const struct conf_errors *errs, const char *where, struct err *e)
{
	if (errs->n == 0)
		return 0;
	return err_set(e, ERR_CONFIG, "%s: %zu mistake%s; see `emrdrop check`", where,
	    errs->n, errs->n == 1 ? "" : "s");
}

int
app_load(struct app *app, struct err *e)
{
	char path[PATH_SIZE];

	conf_errors_init(&app->errors);
	snprintf(path, sizeof(path), "%s/emrdrop.ini", app->config_dir);
	conf_init(&app->conf, &app->errors);
	if ((access(path, F_OK) == 0 || errno != ENOENT) &&
	    conf_load(&app->conf, path, NULL, &app->errors, e) != 0)
		return -1;
	conf_bind(
	    &app->conf, conf_find(&app->conf, "state", ""), state_options, &app->state);
	conf_bind(
	    &app->conf, conf_find(&app->conf, "log", ""), log_options, &app->log_conf);
	conf_bind(
	    &app->conf, conf_find(&app->conf, "run", ""), run_options, &app->run_conf);
	alarms_bind(&app->conf, &app->alarms, &app->metrics);
	conf_bind(&app->conf, conf_find(&app->conf, "trigger", ""), trigger_options,
	    &app->trigger);
	/* The other sections are defaults for feeds, and judged with them. */
	app->log.format = (enum log_format)app->log_conf.format;
	app->log.level = (enum log_level)app->log_conf.level;
	return app_errors(&app->errors, path, e);
}

void
app_release(struct app *app)
{
	conf_release(&app->conf);
	conf_errors_release(&app->errors);
}

struct ledger *
app_ledger(struct app *app, bool create, struct err *e)
{
	struct ledger *l;

	if (app->ledger != NULL) {
		err_set(e, ERR_INTERNAL, "this process has the ledger open already");
		return NULL;
	}
	l = ledger_open(app->state.dir, app->state.key_file, create, e);
	if (l == NULL)
		return NULL;
	app->ledger = l;
	app->ledger_opened = true;
	app->auditor.clock = app->clock;
	app->auditor.run = app->run;
	who_runs(&app->auditor);
	ledger_audit_by(l, &app->auditor);
	return l;
}

void
app_ledger_close(struct app *app, struct ledger *l)
{
	if (l == NULL)
		return;
	app->ledger = NULL;
	ledger_close(l);
}

bool
app_has_ledger(const struct app *app)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/ledger.id", app->state.dir);
	return access(path, F_OK) == 0;
}

bool
app_keys(const struct app *app, struct site_keys *out)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/site.key", app->state.dir);
	return site_keys_load(out,
		   app->state.key_file != NULL ? app->state.key_file : path, false,
		   NULL) == 0;
}
