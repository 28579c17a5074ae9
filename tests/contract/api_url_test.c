/*
 * URLs of an API: what is accepted, libcurl takes for the very same, so that no record goes
 * elsewhere than where the configuration was judged to send it.
 */
#include "outbound/api_url.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define RANDOM    60000
#define PARTS_MAX 8
#define NOT_A_URL "not a URL: it looks like https://api.example/v1/batches"
#define NOT_HTTPS "must be https (http only to this machine itself)"

static const struct {
	const char *text;
	const char *place; /* or, if `wrong`, the message */
	bool wrong, query;
} cases[] = {
    {"https://api.example/v1/batches", "api.example/v1/batches", false, false},
    {"HTTPS://Api.Example:8443", "Api.Example:8443/", false, false},
    {"https://api.example?tenant=3", "api.example/", false, true},
    {"https://api.example/v1?", "api.example/v1", false, true},
    {"https://api.example/a@b:c", "api.example/a@b:c", false, false},
    {"https://api.example/a?to=/b", "api.example/a", false, true},
    {"https://api_1.example./", "api_1.example./", false, false},
    {"https://b\xc3\xbc"
     "cher.example/",
	"b\xc3\xbc"
	"cher.example/",
	false, false},
    {"https://10.0.0.7:443/", "10.0.0.7:443/", false, false},
    {"https://[2001:db8::7]:8443/x", "[2001:db8::7]:8443/x", false, false},
    {"https://[fe80::1%25eth0]/", "[fe80::1%25eth0]/", false, false},
    {"http://127.0.0.1:8080/x", "127.0.0.1:8080/x", false, false},
    {"http://127.255.1.2/", "127.255.1.2/", false, false},
    {"http://LocalHost/", "LocalHost/", false, false},
    {"http://[::1]:80/", "[::1]:80/", false, false},
    {"http://[0:0:0:0:0:0:0:1]/", "[0:0:0:0:0:0:0:1]/", false, false},
    {"", NOT_A_URL, true, false},
    {"api.example/v1", NOT_A_URL, true, false},
    {"https:/api.example/", NOT_A_URL, true, false},
    {"https:///v1", NOT_A_URL, true, false},
    {"https://", NOT_A_URL, true, false},
    {"https://:443/", NOT_A_URL, true, false},
    {"https://api example/", NOT_A_URL, true, false},
    {"https://api.example/a b", NOT_A_URL, true, false},
    {" https://api.example/", NOT_A_URL, true, false},
    {"https://api.example/\r\nX: y", NOT_A_URL, true, false},
    {"https://api.example/\x7f", NOT_A_URL, true, false},
    {"https://127.0.0.1\\evil.example/", NOT_A_URL, true, false},
    {"https://api%2eexample/", NOT_A_URL, true, false},
    {"https://a;b/", NOT_A_URL, true, false},
    {"https://[::1/", "[ without ]", true, false},
    {"https://[::1]x/", "only a port may follow the ]", true, false},
    {"https://[::g]/", NOT_A_URL, true, false},
    {"https://[1.2.3.4]/", NOT_A_URL, true, false},
    {"https://[fe80::1%]/", NOT_A_URL, true, false},
    {"https://[fe80::1%25a/b]/", "[ without ]", true, false},
    {"https://[fe80::1%sixteen-letters-]/", NOT_A_URL, true, false},
    {"https://[]/", NOT_A_URL, true, false},
    {"https://api.example:x/", "the port is not a number", true, false},
    {"https://api.example:/", "the port is not between 1 and 65535", true, false},
    {"https://api.example:0/", "the port is not between 1 and 65535", true, false},
    {"https://api.example:65536/", "the port is not between 1 and 65535", true, false},
    {"ftp://api.example/", NOT_HTTPS, true, false},
    {"http://api.example/", NOT_HTTPS, true, false},
    {"http://127.0.0.1.example/", NOT_HTTPS, true, false},
    {"http://127.0.0.1.1/", NOT_HTTPS, true, false},
    {"http://127.0.0.256/", NOT_HTTPS, true, false},
    {"http://0177.0.0.1/", NOT_HTTPS, true, false},
    {"http://localhost.example/", NOT_HTTPS, true, false},
    {"http://[::ffff:127.0.0.1]/", NOT_HTTPS, true, false},
    {"http://127.0.0.1@evil.example/", NOT_HTTPS, true, false},
    {"http://evil.example@127.0.0.1/",
	"holds credentials: use token_file, or user and password_file", true, false},
    {"https://u:s3cret@api.example/",
	"holds credentials: use token_file, or user and password_file", true, false},
    {"https://@api.example/",
	"holds credentials: use token_file, or user and password_file", true, false},
    {"https://api.example/#x", "has a #fragment, which is never sent", true, false},
    {"https://api.example#?x", "has a #fragment, which is never sent", true, false},
};

Test(api_url, judged)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err e = {.code = ERR_NONE};
		struct api_url u;
		char place[128];
		int rc = api_url_check(cases[i].text, &u, &e);

		cr_expect_eq(rc, cases[i].wrong ? -1 : 0, "%s", cases[i].text);
		if (cases[i].wrong) {
			cr_expect_eq(e.code, ERR_CONFIG, "%s", cases[i].text);
			cr_expect_str_eq(e.msg, cases[i].place, "%s", cases[i].text);
			continue;
		}
		cr_expect_eq(u.query, cases[i].query, "%s", cases[i].text);
		cr_assert_eq(api_url_place(cases[i].text, place, sizeof(place)), 0);
		cr_expect_str_eq(place, cases[i].place);
	}
}

/* ---- beside libcurl ---- */

/* As a request reads it: curl_easy_setopt(CURLOPT_URL) with CURLOPT_PATH_AS_IS. */
#define FLAGS (CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME | CURLU_PATH_AS_IS)

static bool
is_text(const char *text, struct span s)
{
	return text != NULL && strlen(text) == s.n && memcmp(text, s.p, s.n) == 0;
}

/* Addresses are told in another spelling by libcurl: 0:0:0:0:0:0:0:1 as ::1. */
static bool
same_v6(const char *curls, struct span host)
{
	char text[64];
	struct in6_addr ours, theirs;

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(curls + 1, "]%"), curls + 1);
	if (inet_pton(AF_INET6, text, &theirs) != 1)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)host.n, host.p);
	text[strcspn(text, "%")] = '\0';
	return inet_pton(AF_INET6, text, &ours) == 1 &&
	       memcmp(&ours, &theirs, sizeof(ours)) == 0;
}

/* A name is the same one; "1.2", which is no name, is an address to libcurl. */
static bool
same_host(const char *curls, const struct api_url *u)
{
	struct in_addr four;
	bool loopback = strncmp(curls, "127.", 4) == 0;

	if (u->at.v6)
		return curls[0] == '[' && same_v6(curls, u->at.host);
	if (is_text(curls, u->at.host))
		return true;
	return inet_pton(AF_INET, curls, &four) == 1 &&
	       (u->scheme.n == 5 || loopback == span_eq(u->at.host, span_of(curls)));
}

static bool
has(CURLU *c, CURLUPart part, char **text)
{
	*text = NULL;
	return curl_url_get(c, part, text, 0) == CURLUE_OK;
}

static void
compare(const char *text, const struct api_url *u)
{
	char *host, *port, *scheme, *path, *none, want[8];
	CURLU *c = curl_url();

	cr_assert_eq(curl_url_set(c, CURLUPART_URL, text, FLAGS), CURLUE_OK, "%s", text);
	cr_expect(has(c, CURLUPART_HOST, &host) && same_host(host, u), "%s: host", text);
	cr_expect(has(c, CURLUPART_SCHEME, &scheme) &&
		      span_eq_nocase(span_of(scheme), u->scheme),
	    "%s: scheme", text);
	snprintf(want, sizeof(want), "%u", u->at.port);
	cr_expect(has(c, CURLUPART_PORT, &port) == (u->at.port != 0), "%s: port", text);
	if (port != NULL)
		cr_expect_str_eq(port, want, "%s", text);
	cr_expect(has(c, CURLUPART_PATH, &path) &&
		      is_text(path, u->path.n > 0 ? u->path : SPAN_LIT("/")),
	    "%s: path", text);
	cr_expect(!has(c, CURLUPART_USER, &none), "%s: user", text);
	cr_expect(!has(c, CURLUPART_PASSWORD, &none), "%s: password", text);
	cr_expect(!has(c, CURLUPART_FRAGMENT, &none), "%s: fragment", text);
	curl_free(host);
	curl_free(port);
	curl_free(scheme);
	curl_free(path);
	curl_url_cleanup(c);
}

static uint32_t
draw(uint32_t *state, uint32_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % n;
}

/* Pieces that mean something to somebody, in any order behind a scheme. */
static void
make(uint32_t *state, char *out, size_t size)
{
	static const char *const schemes[] = {
	    "https://", "http://", "https:/", "HTTPS://"};
	static const char *const parts[] = {"127.0.0.1", "localhost", "[::1]",
	    "[fe80::1%1]", "a.example", "0x7f.1", "127.1", "1", ".", "..", ":", ":443",
	    ":0443", "@", "/", "?", "#", "\\", "%2f", "%40", "%00", "[", "]", "\xc3\xbc",
	    "\xe3\x80\x82", " ", "\t", ";", "//", "://", "_", "-", "~", "|", "*", "&",
	    "=", "{", "`"};
	size_t n = draw(state, PARTS_MAX) + 1, at;

	at = (size_t)snprintf(out, size, "%s", schemes[draw(state, COUNT(schemes))]);
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(
		    out + at, size - at, "%s", parts[draw(state, COUNT(parts))]);
}

Test(api_url, as_libcurl_reads_it)
{
	uint32_t state = 2463534242u;
	struct api_url u;
	size_t taken = 0;
	char text[256];

	for (size_t i = 0; i < COUNT(cases); i++)
		if (!cases[i].wrong && api_url_check(cases[i].text, &u, NULL) == 0)
			compare(cases[i].text, &u);
	for (size_t i = 0; i < RANDOM; i++) {
		make(&state, text, sizeof(text));
		if (api_url_check(text, &u, NULL) != 0)
			continue;
		taken++;
		compare(text, &u);
	}
	cr_expect_gt(taken, RANDOM / 100, "%zu", taken);
}
