/*
 * HTTP for the sandbox, by libmicrohttpd: listens, collects a request, lets
 * deliver.c or control.c answer it, and sends, drops or cuts the answer.
 */
#ifndef CMD_SANDBOX_SERVER_H
#define CMD_SANDBOX_SERVER_H

#include "base/err.h"
#include "cmd/sandbox/deliver.h"

struct server;

/* Listens and answers in threads of its own. The sandbox is borrowed. */
struct server *server_start(struct sandbox *sb, struct err *e);
unsigned server_port(const struct server *s);

/* Answers what is there, closes all, frees. Takes NULL. */
void server_stop(struct server *s);

#endif
