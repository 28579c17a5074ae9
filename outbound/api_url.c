#include "outbound/api_url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define ZONE_MAX 15 /* of an IPv6 address, such as eth0: libcurl's own limit */

static bool
is_label(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* Names beyond ASCII are for libcurl to look up (RFC 5890). */
static bool
is_name(struct span host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!is_label((unsigned char)host.p[i]) &&
		    (unsigned char)host.p[i] < 0x80)
			return false;
	return host.n > 0;
}

/* The address itself, without "%eth0" (RFC 6874: "%25eth0"). */
static bool
v6_address(struct span host, struct in6_addr *out)
{
	const char *zone = memchr(host.p, '%', host.n);
	size_t n = zone == NULL ? host.n : (size_t)(zone - host.p);
	char text[INET6_ADDRSTRLEN];

	if (n >= sizeof(text))
		return false;
	memcpy(text, host.p, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

static bool
is_zone(struct span s)
{
	if (s.n > 2 && memcmp(s.p, "25", 2) == 0)
		s = (struct span){s.p + 2, s.n - 2};
	for (size_t i = 0; i < s.n; i++)
		if (!is_label((unsigned char)s.p[i]))
			return false;
	return s.n > 0 && s.n <= ZONE_MAX;
}

static bool
is_v6(struct span host)
{
	const char *zone = memchr(host.p, '%', host.n);
	struct in6_addr unused;

	if (!v6_address(host, &unused))
		return false;
	return zone == NULL ||
	       is_zone((struct span){zone + 1, (size_t)(host.p + host.n - zone - 1)});
}

/* 127.0.0.0/8, ::1 and localhost (RFC 6761 6.3). */
static bool
is_loopback(const struct authority *a)
{
	char text[INET_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (a->v6)
		return v6_address(a->host, &six) && IN6_IS_ADDR_LOOPBACK(&six);
	if (span_eq_nocase(a->host, SPAN_LIT("localhost")))
		return true;
	if (a->host.n >= sizeof(text))
		return false;
	memcpy(text, a->host.p, a->host.n);
	text[a->host.n] = '\0';
	return inet_pton(AF_INET, text, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

/* No blank and no control character: what a request's first line has none of. */
static bool
is_clean(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

static int
parse(const char *text, struct api_url *out, struct err *e)
{
	const char *sep = strstr(text, "://"), *rest, *path;
	size_t n;

	*out = (struct api_url){.fragment = false};
	if (sep == NULL || !is_clean(text))
		goto bad;
	rest = sep + 3;
	n = strcspn(rest, "/?#");
	path = rest + n;
	out->scheme = (struct span){text, (size_t)(sep - text)};
	out->path = (struct span){path, strcspn(path, "?#")};
	out->query = path[out->path.n] == '?';
	out->fragment = strchr(path, '#') != NULL;
	if (authority_parse((struct span){rest, n}, &out->at, e) != 0)
		return -1;
	if (out->at.v6 ? is_v6(out->at.host) : is_name(out->at.host))
		return 0;
bad:
	return err_set(
	    e, ERR_CONFIG, "not a URL: it looks like https://api.example/v1/batches");
}

int
api_url_check(const char *text, struct api_url *u, struct err *e)
{
	if (parse(text, u, e) != 0)
		return -1;
	if (!span_eq_nocase(u->scheme, SPAN_LIT("https")) &&
	    (!span_eq_nocase(u->scheme, SPAN_LIT("http")) || !is_loopback(&u->at)))
		return err_set(
		    e, ERR_CONFIG, "must be https (http only to this machine itself)");
	if (u->at.user.p != NULL)
		return err_set(e, ERR_CONFIG,
		    "holds credentials: use token_file, or user and password_file");
	if (u->fragment)
		return err_set(e, ERR_CONFIG, "has a #fragment, which is never sent");
	return 0;
}

int
api_url_place(const char *text, char *out, size_t n)
{
	struct api_url u;
	char port[8] = "";

	if (parse(text, &u, NULL) != 0)
		return -1;
	if (u.at.port != 0)
		(void)snprintf(port, sizeof(port), ":%u", u.at.port);
	(void)snprintf(out, n, "%s%.*s%s%s%.*s", u.at.v6 ? "[" : "", (int)u.at.host.n,
	    u.at.host.p, u.at.v6 ? "]" : "", port, u.path.n > 0 ? (int)u.path.n : 1,
	    u.path.n > 0 ? u.path.p : "/");
	return 0;
}
