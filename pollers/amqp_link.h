/*
 * One connection to an AMQP broker, with one channel: TLS with the peer and its name
 * verified, login, and what an answer means as an error. Not shared between threads.
 */
#ifndef POLLERS_AMQP_LINK_H
#define POLLERS_AMQP_LINK_H

#include "pollers/amqp_lib.h"
#include "pollers/events.h"
#include "pollers/url.h"

#define AMQP_CHANNEL 1

struct amqp_link {
	const struct amqp_lib *lib; /* borrowed, as the others */
	const struct drop_url *url;
	const struct trigger_conf *conf;
	amqp_connection_state_t state; /* NULL: closed */
};

/* amqps://user@host:port/vhost, where the port and the vhost may be missing. */
int amqp_url_parse(const char *text, struct drop_url *out, struct err *e);

/* `beats`: with a heartbeat, for which it must be used every second. */
int amqp_link_open(struct amqp_link *l, bool beats, struct err *e);
void amqp_link_close(struct amqp_link *l);

/* What the last call answered: 0, or -1 and *e, whose message says `doing` what. */
int amqp_link_check(const struct amqp_link *l, const char *doing, struct err *e);
int amqp_link_reply(
    const struct amqp_link *l, amqp_rpc_reply_t reply, const char *doing, struct err *e);
int amqp_link_status(
    const struct amqp_link *l, int status, const char *doing, struct err *e);

/* A method that nobody asked for and that ends the channel or connection: -1. */
int amqp_link_ended(const struct amqp_link *l, const amqp_method_t *m, struct err *e);

/*
 * Publishes, and waits until the broker has taken it: the channel is in confirm mode.
 * ERR_CONFIG if no queue gets it.
 */
struct amqp_letter {
	const char *exchange, *key;
	const amqp_basic_properties_t *props;
	amqp_bytes_t body;
};
int amqp_link_publish(
    struct amqp_link *l, const struct amqp_letter *letter, struct err *e);

#endif
