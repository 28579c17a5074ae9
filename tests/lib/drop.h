/*
 * For contract tests of pollers: a drop, filled by writing to its folder, and read
 * through a poller.
 */
#ifndef TESTS_LIB_DROP_H
#define TESTS_LIB_DROP_H

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "pollers/poller.h"
#include "tests/lib/server.h"

/*
 * Around what libssh2 itself leaks, so that only that goes unseen.
 */
#if defined(__SANITIZE_ADDRESS__)
#define LEAK_BEGIN() __lsan_disable()
#define LEAK_END()   __lsan_enable()
#else
#define LEAK_BEGIN() (void)0
#define LEAK_END()   (void)0
#endif

/* Is `part` in the message? */
#define HAS(text, part) cr_expect(strstr(text, part), "\"%s\" is not in: %s", part, text)

struct drop {
	struct shell shell;
	char folder[128]; /* on our disk, and by that very path on the server */
	char url[256], known_hosts[128], key[128], password[128];
	const char *patterns[4];
	struct source_conf sc;
	struct poller_env env;
	struct clock clock; /* the system's, but a pause takes no time */
};

static inline int64_t
drop_wall(void *self)
{
	(void)self;
	return clock_wall(&clock_system);
}

static inline int64_t
drop_mono(void *self)
{
	(void)self;
	return clock_mono(&clock_system);
}

static inline void
drop_pause(void *self, int64_t ms)
{
	(void)self;
	(void)ms;
}

/* Defaults for a source whose url stands in d->url. */
static inline void
drop_source(struct drop *d)
{
	d->patterns[0] = "*";
	d->sc = (struct source_conf){.url = d->url,
	    .key_file = {d->key[0] ? d->key : NULL},
	    .known_hosts = d->known_hosts,
	    .pattern = {d->patterns, 1},
	    .order = "name",
	    .after = "keep",
	    .timeout = 10000};
	d->clock = (struct clock){drop_wall, drop_mono, drop_pause, NULL};
	d->env = (struct poller_env){&d->clock, clock_mono(&clock_system) + 120000, NULL};
}

static inline void
drop_start_file(struct drop *d)
{
	*d = (struct drop){0};
	shell_start(&d->shell);
	snprintf(d->folder, sizeof(d->folder), "%s/drop", d->shell.dir);
	cr_assert_eq(mkdir(d->folder, 0700), 0);
	snprintf(d->url, sizeof(d->url), "file://%s", d->folder);
	drop_source(d);
}

static inline void
drop_fetch(struct drop *d, const char *variable, char *out, size_t n)
{
	char line[64], text[SHELL_LINE];

	snprintf(line, sizeof(line), "echo \"$%s\"", variable);
	shell_must(&d->shell, line, text);
	cr_assert_lt(strlen(text), n);
	memcpy(out, text, strlen(text) + 1);
}

/* `settings` come first: "SSHD_SUBSYSTEM=...; ". */
static inline void
drop_start_sshd(struct drop *d, const char *settings)
{
	char line[512];

	*d = (struct drop){0};
	shell_start(&d->shell);
	snprintf(line, sizeof(line), "%s sshd_start \"$1\"", settings);
	shell_must(&d->shell, line, NULL);
	drop_fetch(d, "SSHD_DROP", d->folder, sizeof(d->folder));
	drop_fetch(d, "SSHD_URL", d->url, sizeof(d->url));
	drop_fetch(d, "SSHD_KNOWN_HOSTS", d->known_hosts, sizeof(d->known_hosts));
	drop_fetch(d, "SSHD_KEY", d->key, sizeof(d->key));
	drop_source(d);
}

static inline void
drop_start_proftpd(struct drop *d, const char *settings)
{
	char line[512];

	*d = (struct drop){0};
	shell_start(&d->shell);
	snprintf(line, sizeof(line), "%s proftpd_start \"$1\"", settings);
	shell_must(&d->shell, line, NULL);
	drop_fetch(d, "PROFTPD_DROP", d->folder, sizeof(d->folder));
	drop_fetch(d, "PROFTPD_URL", d->url, sizeof(d->url));
	drop_fetch(d, "PROFTPD_KNOWN_HOSTS", d->known_hosts, sizeof(d->known_hosts));
	drop_fetch(d, "PROFTPD_KEY", d->key, sizeof(d->key));
	drop_fetch(d, "PROFTPD_PASSWORD_FILE", d->password, sizeof(d->password));
	drop_source(d);
}

static inline void
drop_end(struct drop *d)
{
	shell_end(&d->shell);
}

static inline const char *
drop_at(struct drop *d, const char *name, char out[512])
{
	snprintf(out, 512, "%s/%s", d->folder, name);
	return out;
}

/* The byte at `i` of a test file: no period that fits a buffer or a packet. */
static inline unsigned char
drop_byte(uint64_t i)
{
	return (unsigned char)((i * 2654435761u) >> 13 ^ i / 30011);
}

static inline void
drop_put(struct drop *d, const char *name, size_t size)
{
	char path[512];
	FILE *f = fopen(drop_at(d, name, path), "w");

	cr_assert_not_null(f, "%s", path);
	for (size_t i = 0; i < size; i++)
		putc_unlocked(drop_byte(i), f);
	cr_assert_eq(fclose(f), 0);
}

static inline bool
drop_has(struct drop *d, const char *name)
{
	char path[512];
	struct stat st;

	return lstat(drop_at(d, name, path), &st) == 0;
}

static inline struct poller *
drop_open(struct drop *d)
{
	struct err e = {0};
	struct poller *p = poller_open(&d->sc, &d->env, &e);

	cr_assert_not_null(p, "%s: %s", d->url, e.msg);
	return p;
}

/* What opening says, where it must fail; the poller is NULL then. */
static inline struct err
drop_refused(struct drop *d)
{
	struct err e = {0};
	struct poller *p = poller_open(&d->sc, &d->env, &e);

	cr_expect_null(p, "%s was opened", d->url);
	poller_close(p);
	return e;
}

static inline void
expect_login(struct drop *d, const char *what, enum err_code code, const char *message)
{
	struct err e = {0};
	struct poller *p = poller_open(&d->sc, &d->env, &e);

	cr_expect_eq(e.code, code, "%s: %s", what, e.msg);
	cr_expect_eq(p != NULL, code == ERR_NONE, "%s", what);
	poller_close(p);
	if (message)
		HAS(e.msg, message);
}

static inline struct drop_file
drop_stat(struct drop *d, struct poller *p, const char *name)
{
	struct drop_file f = {0};
	struct err e = {0};

	(void)d;
	cr_assert_eq(
	    poller_stat(p, poller_path(p, name), &f, &e), 1, "%s: %s", name, e.msg);
	return f;
}

/* Reads one piece and compares it; as poller_read. */
static inline int
drop_read(struct poller *p, uint64_t *offset, struct err *e)
{
	struct span s = {0};
	int rc = poller_read(p, &s, e);

	for (size_t i = 0; rc == 1 && i < s.n; i++)
		if ((unsigned char)s.p[i] != drop_byte(*offset + i))
			cr_assert_fail(
			    "byte %llu differs", (unsigned long long)(*offset + i));
	*offset += rc == 1 ? s.n : 0;
	return rc;
}

/* Reads to the end. */
static inline int
drop_read_all(struct poller *p, uint64_t *offset, struct err *e)
{
	int rc;

	while ((rc = drop_read(p, offset, e)) == 1)
		;
	return rc;
}

#endif
