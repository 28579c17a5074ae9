#include <criterion/criterion.h>
#include <string.h>

#include "pollers/poller.h"

/* A feed's [source], and the one mistake in it; NULL: none. */
struct source_case {
	const char *url, *key, *known_hosts, *pattern, *order, *after, *marker, *want;
};

static const struct source_case cases[] = {
    {"sftp://u@h/in", "/k", "/kh", "*", "name", "keep", NULL, NULL},
    {"file:///in", NULL, NULL, "*", "mtime", "delete", ".done", NULL},
    {"file://localhost/in", NULL, NULL, "*", "name:%m%d%Y", "archive:/in/done", NULL,
	NULL},
    {"sftp://u@h/in", NULL, "/kh", "*", "name", "keep", NULL, "nothing to log in with"},
    {"sftp://u:p@h/in", "/k", "/kh", "*", "name", "keep", NULL, "use password_file"},
    {"sftp://h/in", "/k", "/kh", "*", "name", "keep", NULL, "no user"},
    {"sftp://u@/in", "/k", "/kh", "*", "name", "keep", NULL, "no host"},
    {"sftp://u@h/in", "/k", NULL, "*", "name", "keep", NULL, "trusting blindly"},
    {"sftp://u@h/in", "/k", "", "*", "name", "keep", NULL, "trusting blindly"},
    {"ftp://u@h/in", "/k", "/kh", "*", "name", "keep", NULL, "unknown scheme ftp"},
    {"file://host/in", NULL, NULL, "*", "name", "keep", NULL, "file:///folder"},
    {"file:///in", NULL, NULL, NULL, "name", "keep", NULL, "no pattern"},
    {"file:///in", NULL, NULL, "in/*", "name", "keep", NULL, "pattern 1 holds a /"},
    {"file:///in", NULL, NULL, "*", "size", "keep", NULL, "name, mtime or name:FORMAT"},
    {"file:///in", NULL, NULL, "*", "name:", "keep", NULL, "name, mtime or name:FORMAT"},
    {"file:///in", NULL, NULL, "*", "name:%m%Q", "keep", NULL, "unknown directive"},
    {"file:///in", NULL, NULL, "*", "name", "move", NULL, "keep, delete or archive"},
    {"file:///in", NULL, NULL, "*", "name", "archive", NULL, "archive needs its folder"},
    {"file:///in", NULL, NULL, "*", "name", "archive:x", NULL, "does not begin with /"},
    {"file:///in", NULL, NULL, "*", "name", "archive:/in/../x", NULL, ". or .."},
    {"file:///in/", NULL, NULL, "*", "name", "archive:/in", NULL, "the drop itself"},
    {"file:///in", NULL, NULL, "*", "name", "keep", "", "suffix"},
    {"file:///in", NULL, NULL, "*", "name", "keep", "/done", "suffix"},
};

Test(source, check)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct source_case *c = &cases[i];
		const struct conf_section s = {
		    .name = SPAN_LIT("source"), .file = "f.ini"};
		const char *patterns[] = {c->pattern};
		struct source_conf sc = {.url = c->url, .known_hosts = c->known_hosts};
		struct conf_errors errs;

		sc.key_file.where = c->key;
		sc.pattern = (struct conf_list){patterns, c->pattern ? 1 : 0};
		sc.order = c->order;
		sc.after = c->after;
		sc.marker = c->marker;
		conf_errors_init(&errs);
		source_check(&sc, &s, &errs);
		cr_expect_eq(
		    errs.n, c->want ? 1 : 0, "case %zu: %zu mistakes", i, errs.n);
		if (errs.n && c->want)
			cr_expect(
			    strstr(errs.text[0], c->want), "%zu: %s", i, errs.text[0]);
		conf_errors_release(&errs);
	}
}

Test(source, after)
{
	struct source_conf sc = {.after = "archive:/a/b"};
	const char *path;

	cr_expect_eq(source_after(&sc, &path), AFTER_ARCHIVE);
	cr_expect_str_eq(path, "/a/b");
	sc.after = "delete";
	cr_expect_eq(source_after(&sc, &path), AFTER_DELETE);
	cr_expect_null(path);
	sc.after = "keep";
	cr_expect_eq(source_after(&sc, &path), AFTER_KEEP);
}

/* The table and the struct fit: what is not in the file has its default. */
Test(source, defaults)
{
	struct source_conf sc = {.url = "x"};
	struct conf_errors errs;
	struct conf c = {.errors = &errs};

	conf_errors_init(&errs);
	arena_init(&c.arena, 1 << 20);
	conf_bind(&c, NULL, source_options, &sc);
	cr_expect_str_eq(sc.known_hosts, "/etc/emrdrop/known_hosts");
	cr_expect_str_eq(sc.order, "name");
	cr_expect_str_eq(sc.after, "keep");
	cr_expect_eq(sc.stable_for, 10000);
	cr_expect_eq(sc.min_age, 0);
	cr_expect_eq(sc.timeout, 30000);
	cr_expect_eq(sc.agent, false);
	cr_expect_null(sc.marker);
	cr_expect_eq(errs.n, 2, "url and pattern are required");
	arena_release(&c.arena);
	conf_errors_release(&errs);
}
