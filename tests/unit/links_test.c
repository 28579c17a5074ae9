/* Connections that are handed from feed to feed, with a backend that only counts. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "pollers/links.h"
#include "pollers/url.h"

#define IDLE_MAX 30000 /* ms, as links.c has it */
#define KEPT_MAX 8

struct line {
	int ended;
};

static void
line_end(void *self)
{
	((struct line *)self)->ended++;
}

static const struct poller_ops ops = {.scheme = "sftp", .disconnect = line_end};
static const struct poller_ops others = {.scheme = "sftp", .disconnect = line_end};

static const struct source_conf conf = {.key_file = {"/etc/key"},
    .key_passphrase = {"/etc/phrase"},
    .known_hosts = "/etc/known_hosts",
    .timeout = 1000};
static const struct drop_url url = {
    .scheme = "sftp", .user = "clinic", .host = "a.example", .path = "/drop"};

static void *
take(struct links *l, const struct source_conf *sc, const struct drop_url *u)
{
	return links_take(l, &(struct link_login){&ops, sc, u}, 0);
}

static void
give(struct links *l, const struct drop_url *u, struct line *line, int64_t now)
{
	links_give(l, &(struct link_login){&ops, &conf, u}, line, now);
}

Test(links, same_login_gets_it_once)
{
	struct links *l = links_new(NULL);
	struct drop_url other = url;
	struct source_conf slow = conf;
	struct line line = {0};

	cr_assert_null(take(l, &conf, &url));
	give(l, &url, &line, 0);
	snprintf(other.path, sizeof(other.path), "/elsewhere");
	other.port = SSH_PORT;
	slow.timeout = 5;
	cr_expect_eq(take(l, &slow, &other), &line, "folder and time-out are no login");
	cr_expect_null(take(l, &conf, &url), "it was taken");
	links_free(l);
	cr_expect_eq(line.ended, 0, "whoever took it ends it");
}

Test(links, another_login_does_not)
{
	struct links *l = links_new(NULL);
	struct source_conf sc[7];
	struct drop_url u[7];
	struct line line = {0};

	for (size_t i = 0; i < 7; i++) {
		sc[i] = conf;
		u[i] = url;
	}
	sc[0].key_file.where = "/etc/key2";
	sc[1].key_passphrase.where = NULL;
	sc[2].password_file.where = "";
	sc[3].agent = true;
	sc[4].known_hosts = "/etc/known_hosts2";
	snprintf(u[5].user, sizeof(u[5].user), "clinic2");
	u[6].port = 2222;
	give(l, &url, &line, 0);
	for (size_t i = 0; i < 7; i++)
		cr_expect_null(take(l, &sc[i], &u[i]), "difference %zu", i);
	snprintf(u[0].host, sizeof(u[0].host), "b.example");
	cr_expect_null(take(l, &conf, &u[0]), "another host");
	cr_expect_null(links_take(l, &(struct link_login){&others, &conf, &url}, 0),
	    "another backend");
	/* The end of one value is not the beginning of the next. */
	sc[0].key_file.where = "/etc/key=/etc/phrase";
	sc[0].key_passphrase.where = NULL;
	cr_expect_null(take(l, &sc[0], &url));
	links_free(l);
	cr_expect_eq(line.ended, 1, "what nobody takes is ended");
}

Test(links, silent_ones_are_ended)
{
	struct links *l = links_new(NULL);
	struct line lines[3] = {{0}};
	struct drop_url u = url;

	give(l, &url, &lines[0], 1000);
	cr_expect_eq(
	    links_take(l, &(struct link_login){&ops, &conf, &url}, 1000 + IDLE_MAX),
	    &lines[0]);
	give(l, &url, &lines[0], 1000);
	cr_expect_null(
	    links_take(l, &(struct link_login){&ops, &conf, &url}, 1001 + IDLE_MAX));
	cr_expect_eq(lines[0].ended, 1);
	give(l, &url, &lines[1], 2000);
	snprintf(u.host, sizeof(u.host), "b.example");
	give(l, &u, &lines[2], 2001 + IDLE_MAX);
	cr_expect_eq(lines[1].ended, 1, "another feed's turn ends it too");
	cr_expect_eq(lines[2].ended, 0);
	links_free(l);
	cr_expect_eq(lines[2].ended, 1);
}

Test(links, the_oldest_makes_room)
{
	struct links *l = links_new(NULL);
	struct line lines[KEPT_MAX + 1] = {{0}};
	struct drop_url u = url;

	for (int i = 0; i <= KEPT_MAX; i++) {
		snprintf(u.host, sizeof(u.host), "host%d.example", i);
		give(l, &u, &lines[i], (i + 3) % (KEPT_MAX + 1));
	}
	for (int i = 0; i <= KEPT_MAX; i++)
		cr_expect_eq(lines[i].ended, i == 6, "line %d", i);
	links_free(l);
	for (int i = 0; i <= KEPT_MAX; i++)
		cr_expect_eq(lines[i].ended, 1, "line %d in the end", i);
}
