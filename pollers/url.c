#include "pollers/url.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/authority.h"
#include "base/crypto.h"

/* Where a part goes, and what it is called when it does not fit. */
struct part {
	char *out;
	size_t max;
	const char *name;
};

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static int
part_decode(struct span in, const struct part *part, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '%') {
			struct span hex = {in.p + i + 1, i + 2 < in.n ? 2 : 0};

			if (hex_decode(hex, &c, 1) != 0)
				return err_set(e, ERR_CONFIG,
				    "url: %s: %% is not followed by two "
				    "hex digits; a percent sign itself is %%25",
				    part->name);
			i += 2;
		}
		if (is_control(c))
			return err_set(e, ERR_CONFIG, "url: control character in the %s",
			    part->name);
		if (n == part->max)
			return err_set(e, ERR_CONFIG, "url: %s longer than %zu bytes",
			    part->name, part->max);
		part->out[n++] = c;
	}
	part->out[n] = '\0';
	return 0;
}

static int
parse_user(struct span s, struct drop_url *u, struct err *e)
{
	const struct part part = {u->user, URL_USER_MAX, "user"};

	if (memchr(s.p, ':', s.n))
		return err_set(e, ERR_CONFIG,
		    "url: a password does not belong here; use password_file");
	if (s.n == 0)
		return err_set(e, ERR_CONFIG, "url: nothing before the @");
	return part_decode(s, &part, e);
}

static bool
host_char(char c, bool v6)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.')
		return true;
	return v6 ? c == ':' || c == '%' : c == '-' || c == '_';
}

static int
parse_host(struct span s, bool v6, struct drop_url *u, struct err *e)
{
	if (s.n > URL_HOST_MAX)
		return err_set(
		    e, ERR_CONFIG, "url: host longer than %d bytes", URL_HOST_MAX);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!host_char(c, v6))
			return err_set(e, ERR_CONFIG,
			    "url: character %zu of the host is none that a host name has",
			    i + 1);
		u->host[i] = c;
	}
	u->host[s.n] = '\0';
	return 0;
}

static int
parse_authority(struct span s, struct drop_url *u, struct err *e)
{
	struct authority a;

	if (authority_parse(s, &a, e))
		return err_prefix(e, "url");
	if (a.user.p && parse_user(a.user, u, e))
		return -1;
	u->port = a.port;
	return parse_host(a.host, a.v6, u, e);
}

static bool
dot_segment(const char *p, size_t n)
{
	return (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.');
}

int
drop_path_check(const char *path, struct err *e)
{
	size_t len = strlen(path);

	if (path[0] != '/')
		return err_set(e, ERR_CONFIG, "the path does not begin with /");
	if (len > URL_PATH_MAX)
		return err_set(
		    e, ERR_CONFIG, "the path is longer than %d bytes", URL_PATH_MAX);
	if (len > 1 && path[len - 1] == '/')
		return err_set(e, ERR_CONFIG, "the path ends with /");
	for (size_t i = 0; i < len; i++) {
		size_t n = strcspn(path + i + 1, "/");

		if (is_control(path[i]))
			return err_set(e, ERR_CONFIG, "control character in the path");
		if (path[i] == '/' && dot_segment(path + i + 1, n))
			return err_set(
			    e, ERR_CONFIG, "the path may not hold . or .. segments");
		if (path[i] == '/' && n == 0 && len > 1)
			return err_set(e, ERR_CONFIG, "the path holds //");
	}
	return 0;
}

static int
parse_path(struct span s, struct drop_url *u, struct err *e)
{
	const struct part part = {u->path, URL_PATH_MAX, "path"};
	size_t n;

	if (part_decode(s, &part, e))
		return -1;
	n = strlen(u->path);
	while (n > 1 && u->path[n - 1] == '/')
		u->path[--n] = '\0';
	return drop_path_check(u->path, e) ? err_prefix(e, "url") : 0;
}

static int
parse_scheme(const char *text, size_t n, struct drop_url *u, struct err *e)
{
	if (n == 0 || n > URL_SCHEME_MAX)
		return err_set(
		    e, ERR_CONFIG, "url: no scheme; write sftp://user@host/folder");
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			return err_set(e, ERR_CONFIG,
			    "url: no scheme; write sftp://user@host/folder");
		u->scheme[i] = c;
	}
	u->scheme[n] = '\0';
	return 0;
}

int
drop_url_parse(const char *text, struct drop_url *out, struct err *e)
{
	const char *sep = strstr(text, "://");
	const char *rest, *slash;

	*out = (struct drop_url){0};
	if (!sep)
		return err_set(
		    e, ERR_CONFIG, "url: no scheme; write sftp://user@host/folder");
	if (parse_scheme(text, (size_t)(sep - text), out, e))
		return -1;
	rest = sep + 3;
	slash = strchr(rest, '/');
	if (!slash)
		return err_set(
		    e, ERR_CONFIG, "url: no folder; write %s://.../folder", out->scheme);
	if (parse_authority((struct span){rest, (size_t)(slash - rest)}, out, e))
		return -1;
	return parse_path(span_of(slash), out, e);
}
