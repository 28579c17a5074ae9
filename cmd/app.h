/*
 * What every command has: the site's settings, the log, the options that all
 * commands share. Made by main, borrowed by the rest.
 */
#ifndef CMD_APP_H
#define CMD_APP_H

#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/trace.h"
#include "pollers/trigger_conf.h"
#include "state/audit.h"

#define CONFIG_DIR "/etc/emrdrop"

struct state_conf {
	const char *dir;
	const char *key_file;
	long long keep; /* ms */
};

struct log_conf {
	int format, level;
};

struct run_conf {
	long long deadline;      /* ms */
	long long outbox_memory; /* bytes */
	const char *maps;        /* folder of the maps that feeds extend by name */
};

struct alarms_conf {
	struct conf_list on_problem;
	struct conf_secret webhook_file, ping_file;
	long long timeout, warn_before; /* ms */
};

struct metrics_conf {
	const char *textfile;
};

struct app {
	const char *command;
	const char *config_dir;
	bool json, dry_run, connect, fields, reveal, guide, arrivals;
	bool lambda, drain, wait, libraries;
	long long row;            /* preview --row; 0: all */
	const char *from, *to;    /* backfill --from, --to: as given, or NULL */
	const char *out;          /* report --out, or NULL */
	long long days;           /* report --days; 0: not given */
	const char *file;         /* run --file, or NULL */
	const char *amqp, *event; /* trigger --amqp, --event, or NULL */
	char **args;              /* what is left after the options */
	int nargs;

	struct conf conf; /* emrdrop.ini */
	struct conf_errors errors;
	struct state_conf state;
	struct log_conf log_conf;
	struct run_conf run_conf;
	struct alarms_conf alarms;
	struct metrics_conf metrics;
	struct trigger_conf trigger;

	const struct clock *clock;
	struct log log;
	char run[ULID_SIZE];
	struct trace trace;
	struct auditor auditor;
	struct ledger *ledger; /* while it is open: a process has it open once */
	bool ledger_opened, ledger_ails; /* in this process; see ledger_alarm.h */
	bool watched; /* nobody looks at this command: what it finds is told */
	int64_t vain; /* ms: spent on alarms that nobody took */
	bool unheard; /* a ping failed: the others are tried once */
};

/* The option tables of emrdrop.ini, for the manual. */
extern const struct conf_option state_options[];
extern const struct conf_option log_options[];
extern const struct conf_option run_options[];
extern const struct conf_option alarms_options[];
extern const struct conf_option metrics_options[];

/* Binds [alarms] and [metrics]; mistakes go to the conf's errors. */
void alarms_bind(struct conf *c, struct alarms_conf *ac, struct metrics_conf *mc);

/*
 * Reads CONFIG/emrdrop.ini, which may be missing. Mistakes are in app->errors, and
 * ERR_CONFIG tells how many.
 */
int app_load(struct app *app, struct err *e);
void app_release(struct app *app);

/*
 * The site's ledger, opened in the name of whoever runs this; `create` as ledger_open. It
 * is ERR_INTERNAL while it is open: LMDB takes its lock file for that of nobody if a process
 * opens it again, and drops that process's locks when one of the two is closed.
 */
struct ledger *app_ledger(struct app *app, bool create, struct err *e);
void app_ledger_close(struct app *app, struct ledger *l); /* takes NULL */

/* Is there one that may be looked at? */
bool app_has_ledger(const struct app *app);

/* The site's keys, if there are any that we may read. */
bool app_keys(const struct app *app, struct site_keys *out);

/* Prints the mistakes of a configuration to stderr, one a line. */
void app_print_errors(const struct conf_errors *errs);

/* "N mistakes in the configuration": returns -1 if there are any, else 0. */
int app_errors(const struct conf_errors *errs, const char *where, struct err *e);

#endif
