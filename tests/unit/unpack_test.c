/*
 * Files that other programs packed, encrypted and signed (tests/lib/packed.py), in
 * chunks of several sizes: what comes out, or why nothing may.
 */
#include "mappers/unpack.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

#define FIELDS   4
#define LIST_MAX 4
#define ALL      (1u << 30) /* a chunk that holds any file */
#define OUT_MAX  (128u << 20)

struct chunks {
	struct span rest;
	size_t size;
};

static int
next_chunk(void *arg, struct span *out, struct err *e)
{
	struct chunks *c = arg;
	size_t n = c->rest.n < c->size ? c->rest.n : c->size;

	(void)e;
	*out = (struct span){c->rest.p, n};
	c->rest.p += n;
	c->rest.n -= n;
	return n > 0;
}

struct result {
	struct buf exports;
	struct err err;
	char found[128];
	bool ended; /* all was read */
};

static void
take_exports(struct unpack *u, struct result *r)
{
	struct span bytes;
	int step;

	buf_add_str(&r->exports, "== export ==\n");
	while ((step = unpack_next(u, &bytes, &r->err)) > 0) {
		if (step == UNPACK_EXPORT)
			buf_add_str(&r->exports, "== export ==\n");
		else
			buf_add_span(&r->exports, bytes);
	}
	r->ended = step == UNPACK_END;
	if (r->ended)
		unpack_verdict(u, &r->err);
	snprintf(r->found, sizeof(r->found), "%s", unpack_found(u, FOUND_KEYS));
}

static struct result
unpack_all(const struct unpack_conf *uc, struct span file, size_t chunk)
{
	const struct unpack_env env = {.clock = &clock_system};
	struct chunks c = {file, chunk};
	struct result r = {.ended = false};
	struct unpack *u = unpack_open(
	    uc, &env, (struct byte_source){next_chunk, &c}, &r.err);

	cr_assert_not_null(u);
	buf_init(&r.exports, OUT_MAX);
	take_exports(u, &r);
	unpack_close(u);
	return r;
}

static struct span
load(const char *dir, const char *name, const char *suffix)
{
	char path[512];
	struct stat st;
	char *p;
	int fd;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	fd = open(path, O_RDONLY);
	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "%s", path);
	p = malloc((size_t)st.st_size + 1);
	cr_assert_eq(read(fd, p, (size_t)st.st_size), st.st_size, "%s", path);
	close(fd);
	p[st.st_size] = '\0';
	return (struct span){p, (size_t)st.st_size};
}

/* The settings of one case. */
struct settings {
	struct unpack_conf conf;
	const char *words[LIST_MAX];
	char keyring[512], passphrase[512], text[512];
};

static void
set_one(struct settings *s, const char *dir, const char *key, const char *value)
{
	struct unpack_conf *c = &s->conf;

	s->words[0] = value;
	if (strcmp(key, "max_size") == 0)
		c->max_size = strtoll(value, NULL, 10);
	else if (strcmp(key, "max_ratio") == 0)
		c->max_ratio = strtoll(value, NULL, 10);
	else if (strcmp(key, "pgp") == 0)
		c->pgp = strcmp(value, "require") == 0 ? UNPACK_PGP_REQUIRE
						       : UNPACK_PGP_DECRYPT;
	else if (strcmp(key, "members") == 0)
		c->members = (struct conf_list){s->words, 1};
	else if (strcmp(key, "signed_by") == 0)
		c->signed_by = (struct conf_list){s->words, 1};
	else if (strcmp(key, "keyring") == 0)
		snprintf(s->keyring, sizeof(s->keyring), "%s/%s", dir, value);
	else if (strcmp(key, "passphrase") == 0)
		snprintf(s->passphrase, sizeof(s->passphrase), "%s/%s", dir, value);
	else
		cr_assert_fail("no setting is called %s", key);
}

static void
read_settings(struct settings *s, const char *dir, const char *text)
{
	char *rest = s->text, *word, *value;

	memset(s, 0, sizeof(*s));
	s->conf.max_size = 1LL << 33;
	s->conf.max_ratio = 200;
	snprintf(s->keyring, sizeof(s->keyring), "%s/us", dir);
	snprintf(s->text, sizeof(s->text), "%s", text);
	while ((word = strsep(&rest, ";")) != NULL && strcmp(word, "-") != 0) {
		value = strchr(word, '=');
		cr_assert_not_null(value, "%s", word);
		*value = '\0';
		set_one(s, dir, word, value + 1);
	}
	s->conf.keyring = s->keyring;
	if (s->passphrase[0] != '\0')
		s->conf.passphrase.where = s->passphrase;
}

static void
expect_good(const char *dir, const char *name, const struct result *r)
{
	struct span expected = load(dir, name, ".out");

	cr_expect(r->ended && r->err.code == ERR_NONE, "%s: %s", name, r->err.msg);
	cr_expect(span_eq(expected, buf_span(&r->exports)), "%s: %zu bytes for %zu", name,
	    r->exports.n, expected.n);
	free((char *)(uintptr_t)expected.p);
}

static void
expect_bad(const char *const field[FIELDS], const struct result *r)
{
	enum err_code code = ERR_REFUSED;

	if (strcmp(field[2], "held") == 0)
		code = ERR_HELD;
	else if (strcmp(field[2], "config") == 0)
		code = ERR_CONFIG;
	cr_expect_eq(
	    r->err.code, code, "%s: %s %s", field[0], err_name(r->err.code), r->err.msg);
	cr_expect_eq(r->ended, code == ERR_HELD, "%s", field[0]);
	cr_expect(strstr(r->err.msg, field[3]) != NULL, "%s: %s", field[0], r->err.msg);
}

/* Each PGP case runs gpg a few times, and many small chunks cost time: so not all of all. */
static size_t
chunk_sizes(const char *settings, size_t n, size_t sizes[3])
{
	sizes[0] = 997;
	sizes[1] = ALL;
	sizes[2] = 1;
	if (strstr(settings, "pgp=") != NULL)
		return 1;
	return n < 100000 ? 3 : 2;
}

static void
try_case(const char *dir, const char *const field[FIELDS])
{
	struct span file = load(dir, field[0], "");
	struct settings s;
	size_t sizes[3], n = chunk_sizes(field[1], file.n, sizes);

	read_settings(&s, dir, field[1]);
	for (size_t i = 0; i < n; i++) {
		struct result r = unpack_all(&s.conf, file, sizes[i]);

		if (strcmp(field[2], "good") == 0)
			expect_good(dir, field[0], &r);
		else
			expect_bad(field, &r);
		buf_release(&r.exports);
	}
	free((char *)(uintptr_t)file.p);
}

static void
spawn(char *const argv[])
{
	int status;
	pid_t pid;

	cr_assert_eq(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "%s", argv[1]);
}

Test(unpack_cases, what_comes_out)
{
	char dir[] = "/tmp/unpack_test.XXXXXX", line[512];
	char python[] = "python3", script[] = "tests/lib/packed.py";
	char *const pack[] = {python, script, dir, NULL};
	char rm[] = "rm", option[] = "-rf";
	char *const clean[] = {rm, option, dir, NULL};
	struct span cases;
	FILE *in;
	int n = 0;

	cr_assert_not_null(mkdtemp(dir));
	spawn(pack);
	cases = load(dir, "cases", ".tsv");
	in = fmemopen((char *)(uintptr_t)cases.p, cases.n, "r");
	while (fgets(line, sizeof(line), in) != NULL) {
		char *rest = line;
		const char *field[FIELDS];

		line[strcspn(line, "\n")] = '\0';
		for (int i = 0; i < FIELDS; i++)
			cr_assert_not_null(field[i] = strsep(&rest, "\t"), "%d", n);
		try_case(dir, field);
		n++;
	}
	fclose(in);
	free((char *)(uintptr_t)cases.p);
	spawn(clean);
	cr_expect_gt(n, 80);
}

/* Reads a little of a large file, and leaves the rest. */
Test(unpack_stop, in_the_middle)
{
	static char zeros[1 << 20];
	const struct unpack_env env = {.clock = &clock_system};
	const struct unpack_conf uc = {.max_size = 1 << 30, .max_ratio = 200};
	struct chunks c = {{zeros, sizeof(zeros)}, 4096};
	struct err e = {.code = ERR_NONE};
	struct unpack *u = unpack_open(
	    &uc, &env, (struct byte_source){next_chunk, &c}, &e);
	struct span bytes;

	cr_assert_not_null(u);
	cr_expect_eq(unpack_next(u, &bytes, &e), UNPACK_BYTES);
	cr_expect_str_eq(unpack_found(u, FOUND_KEYS), "");
	unpack_close(u);
	unpack_close(NULL);
}

static int
fail_to_read(void *arg, struct span *out, struct err *e)
{
	struct chunks *c = arg;

	if (c->rest.n > 0)
		return next_chunk(c, out, e);
	return err_set(e, ERR_IO, "the connection is gone");
}

/* What the source says is no verdict on the file, however deep it is packed. */
Test(unpack_source, its_errors_are_its_own)
{
	static const char *const heads[] = {
	    "a,b\n1,2\n", "\x1f\x8b\x08", "PK\3\4", "\x28\xb5\x2f\xfd"};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		const struct unpack_env env = {.clock = &clock_system};
		const struct unpack_conf uc = {.max_size = 1 << 30, .max_ratio = 200};
		struct chunks c = {span_of(heads[i]), 1};
		struct err e = {.code = ERR_NONE};
		struct unpack *u = unpack_open(
		    &uc, &env, (struct byte_source){fail_to_read, &c}, &e);
		struct span bytes;
		int r;

		while ((r = unpack_next(u, &bytes, &e)) > 0)
			;
		cr_expect_eq(r, -1);
		cr_expect_eq(e.code, ERR_IO, "%zu: %s", i, e.msg);
		unpack_close(u);
	}
}

Test(unpack_settings, mistakes)
{
	static const char *const words[] = {"D0A0601B8BCCD11D9243A02030C0239643FB583D",
	    "D0A0 601B", "D0A0601B8BCCD11D9243A02030C0239643FB583X"};
	static const struct {
		struct unpack_conf conf;
		size_t mistakes;
	} table[] = {
	    {{.pgp = UNPACK_PGP_NO}, 0},
	    {{.pgp = UNPACK_PGP_DECRYPT}, 1},
	    {{.pgp = UNPACK_PGP_DECRYPT, .keyring = "/k"}, 0},
	    {{.pgp = UNPACK_PGP_REQUIRE, .keyring = "k"}, 1},
	    {{.pgp = UNPACK_PGP_NO, .keyring = "/k"}, 1},
	    {{.pgp = UNPACK_PGP_NO, .signed_by = {(const char **)(uintptr_t)words, 1}},
		1},
	    {{.pgp = UNPACK_PGP_DECRYPT,
		 .keyring = "/k",
		 .signed_by = {(const char **)(uintptr_t)words, 3}},
		2},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct conf_errors errs;

		conf_errors_init(&errs);
		unpack_check(&table[i].conf, NULL, &errs);
		cr_expect_eq(errs.n, table[i].mistakes, "%zu: %zu", i, errs.n);
		conf_errors_release(&errs);
	}
}
