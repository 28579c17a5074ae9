/*
 * The machine's [trigger]: how events are taken, and what becomes of those that fail.
 */
#ifndef POLLERS_TRIGGER_CONF_H
#define POLLERS_TRIGGER_CONF_H

#include "base/conf.h"

#define TRIGGER_JOBS_MAX 64

struct trigger_conf {
	const char *queue;       /* AMQP's: where messages are taken from */
	const char *dead_letter; /* exchange for those that no try can help */
	struct conf_secret password_file;
	const char *ca_file;
	long long heartbeat, timeout; /* ms */
	long long prefetch;           /* messages in hand, at most */
	long long tries;              /* of one message, then it is dead */
	long long retry_delay;        /* ms between two */
	long long jobs;               /* at a time, of all feeds */
};

extern const struct conf_option trigger_options[];

#endif
