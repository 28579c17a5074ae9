/*
 * [alarms] and [metrics] of emrdrop.ini.
 */
#include <string.h>

#include "base/spawn.h"
#include "cmd/app.h"

#define AT(member) offsetof(struct alarms_conf, member)

const struct conf_option alarms_options[] = {
    {.name = "on_problem",
	.type = CONF_LIST,
	.offset = AT(on_problem),
	.help =
	    "a program and its arguments, run without a shell when a problem begins or "
	    "ends; it reads one JSON object"},
    {.name = "webhook_file",
	.type = CONF_SECRET,
	.offset = AT(webhook_file),
	.help = "where the URL is that the same object is posted to"},
    {.name = "ping_file",
	.type = CONF_SECRET,
	.offset = AT(ping_file),
	.help =
	    "where the URL of a dead-man's switch is: URL/start, URL, URL/STATUS; with "
	    "{feed} in it one a feed, else one a run"},
    {.name = "timeout",
	.type = CONF_DURATION,
	.offset = AT(timeout),
	.dflt = "10s",
	.min = 100,
	.max = 300000,
	.help = "how long the command, or a try to reach one of the URLs, may take"},
    {.name = "warn_before",
	.type = CONF_DURATION,
	.offset = AT(warn_before),
	.dflt = "30d",
	.max = 31536000000,
	.help = "how long before a certificate or a key expires this is a problem"},
    {.name = NULL},
};

const struct conf_option metrics_options[] = {
    {.name = "textfile",
	.type = CONF_STRING,
	.offset = offsetof(struct metrics_conf, textfile),
	.help = "folder of node_exporter's textfile collector: a file a feed is written "
		"there"},
    {.name = NULL},
};

static void
fault(struct conf_section *s, struct conf_errors *errs, const char *key, const char *why)
{
	conf_error_at(errs, s, conf_get(s, key), "%s", why);
}

void
alarms_bind(struct conf *c, struct alarms_conf *ac, struct metrics_conf *mc)
{
	struct conf_section *alarms = conf_find(c, "alarms", "");
	struct conf_section *metrics = conf_find(c, "metrics", "");

	conf_bind(c, alarms, alarms_options, ac);
	conf_bind(c, metrics, metrics_options, mc);
	if (ac->on_problem.n > 0 && ac->on_problem.v[0][0] != '/')
		fault(alarms, c->errors, "on_problem",
		    "begins with no absolute path of a program: it is run without a shell");
	if (ac->on_problem.n > SPAWN_ARGS_MAX)
		fault(alarms, c->errors, "on_problem", "has too many arguments");
	if (mc->textfile != NULL && mc->textfile[0] != '/')
		fault(metrics, c->errors, "textfile",
		    "must be the absolute path of a folder");
}
