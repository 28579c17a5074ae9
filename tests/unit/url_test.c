#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "pollers/url.h"

static const struct {
	const char *text, *scheme, *user, *host;
	int port;
	const char *path;
} good[] = {
    {"sftp://betterhealth@sftp.northside.example:22/outbound", "sftp", "betterhealth",
	"sftp.northside.example", 22, "/outbound"},
    {"SFTP://u@Host.Example/a/b/", "sftp", "u", "host.example", 0, "/a/b"},
    {"sftp://u@h/", "sftp", "u", "h", 0, "/"},
    {"sftp://u@h:65535//", "sftp", "u", "h", 65535, "/"},
    {"sftp://u@[::1]:2222/x", "sftp", "u", "::1", 2222, "/x"},
    {"sftp://u@[FE80::1]/x", "sftp", "u", "fe80::1", 0, "/x"},
    {"sftp://DOM%5cuser@h/x", "sftp", "DOM\\user", "h", 0, "/x"},
    {"sftp://me@corp.example@h/x", "sftp", "me@corp.example", "h", 0, "/x"},
    {"sftp://u@h/To%20Send/100%25", "sftp", "u", "h", 0, "/To Send/100%"},
    {"sftp://u@h/Zur%C3%BCck", "sftp", "u", "h", 0,
	"/Zur\xc3\xbc"
	"ck"},
    {"sftp://h/x", "sftp", "", "h", 0, "/x"},
    {"sftp://u@h/a:b@c", "sftp", "u", "h", 0, "/a:b@c"},
    {"file:///srv/drop", "file", "", "", 0, "/srv/drop"},
    {"file://localhost/srv/drop", "file", "", "localhost", 0, "/srv/drop"},
    {"s3://bucket/x", "s3", "", "bucket", 0, "/x"},
    {"sftp://u@h/..a/b..", "sftp", "u", "h", 0, "/..a/b.."},
};

static const struct {
	const char *text, *part; /* of the message */
} bad[] = {
    {"", "no scheme"},
    {"/srv/drop", "no scheme"},
    {"://u@h/x", "no scheme"},
    {"sf tp://u@h/x", "no scheme"},
    {"averyveryverylongscheme://u@h/x", "no scheme"},
    {"sftp://u@h", "no folder"},
    {"sftp://u:s3cret@h/x", "use password_file"},
    {"sftp://@h/x", "nothing before the @"},
    {"sftp://u@h:/x", "between 1 and 65535"},
    {"sftp://u@h:0/x", "between 1 and 65535"},
    {"sftp://u@h:65536/x", "between 1 and 65535"},
    {"sftp://u@h:99999999999999999999/x", "between 1 and 65535"},
    {"sftp://u@h:22x/x", "not a number"},
    {"sftp://u@[::1/x", "[ without ]"},
    {"sftp://u@[::1]22/x", "only a port"},
    {"sftp://u@ho st/x", "character 3 of the host"},
    {"sftp://u@h/a%2", "two hex digits"},
    {"sftp://u@h/a%zz", "two hex digits"},
    {"sftp://u@h/a%00b", "control character"},
    {"sftp://u@h/a%7fb", "control character in the path"},
    {"sftp://u%0a@h/x", "control character in the user"},
    {"sftp://u@h/a/../b", ". or .."},
    {"sftp://u@h/a/%2e%2e", ". or .."},
    {"sftp://u@h/./a", ". or .."},
    {"sftp://u@h/a//b", "//"},
};

Test(url, parse)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct drop_url u;
		struct err e = {0};

		cr_assert_eq(drop_url_parse(good[i].text, &u, &e), 0, "%s: %s",
		    good[i].text, e.msg);
		cr_expect_str_eq(u.scheme, good[i].scheme, "%s", good[i].text);
		cr_expect_str_eq(u.user, good[i].user, "%s", good[i].text);
		cr_expect_str_eq(u.host, good[i].host, "%s", good[i].text);
		cr_expect_eq(u.port, good[i].port, "%s", good[i].text);
		cr_expect_str_eq(u.path, good[i].path, "%s", good[i].text);
	}
}

Test(url, refuse)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct drop_url u;
		struct err e = {0};

		cr_expect_eq(drop_url_parse(bad[i].text, &u, &e), -1, "%s", bad[i].text);
		cr_expect_eq(e.code, ERR_CONFIG, "%s", bad[i].text);
		cr_expect(strstr(e.msg, bad[i].part), "%s: %s", bad[i].text, e.msg);
		cr_expect_null(strstr(e.msg, "s3cret"));
	}
}

/* Each part at its limit, and one byte over it. */
Test(url, limits)
{
	static const struct {
		const char *before, *after;
		size_t max;
	} parts[] = {{"sftp://", "@h/x", URL_USER_MAX}, {"sftp://u@", "/x", URL_HOST_MAX},
	    {"sftp://u@h/", "", URL_PATH_MAX - 1}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char filler[URL_PATH_MAX + 2], text[URL_PATH_MAX + 64];
		struct drop_url u;

		memset(filler, 'a', sizeof(filler));
		snprintf(text, sizeof(text), "%s%.*s%s", parts[i].before,
		    (int)parts[i].max, filler, parts[i].after);
		cr_expect_eq(drop_url_parse(text, &u, NULL), 0, "%zu at its limit", i);
		snprintf(text, sizeof(text), "%s%.*s%s", parts[i].before,
		    (int)parts[i].max + 1, filler, parts[i].after);
		cr_expect_eq(drop_url_parse(text, &u, NULL), -1, "%zu over its limit", i);
	}
}
