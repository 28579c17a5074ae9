#include "base/authority.h"

#include <string.h>

static int
parse_port(struct span s, struct authority *out, struct err *e)
{
	unsigned long port = 0;

	for (size_t i = 0; i < s.n && port <= 65535; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return err_set(e, ERR_CONFIG, "the port is not a number");
		port = port * 10 + (unsigned long)(s.p[i] - '0');
	}
	if (port == 0 || port > 65535)
		return err_set(e, ERR_CONFIG, "the port is not between 1 and 65535");
	out->port = (unsigned short)port;
	return 0;
}

int
authority_parse(struct span s, struct authority *out, struct err *e)
{
	const char *at = memrchr(s.p, '@', s.n), *stop;
	size_t user = at == NULL ? 0 : (size_t)(at - s.p) + 1, n;
	struct span rest = {s.p + user, s.n - user};

	*out = (struct authority){.v6 = rest.n > 0 && rest.p[0] == '['};
	if (at != NULL)
		out->user = (struct span){s.p, user - 1};
	if (out->v6)
		rest = (struct span){rest.p + 1, rest.n - 1};
	stop = memchr(rest.p, out->v6 ? ']' : ':', rest.n);
	if (out->v6 && stop == NULL)
		return err_set(e, ERR_CONFIG, "[ without ]");
	n = stop == NULL ? rest.n : (size_t)(stop - rest.p);
	out->host = (struct span){rest.p, n};
	n += out->v6;
	if (n == rest.n)
		return 0;
	if (rest.p[n] != ':')
		return err_set(e, ERR_CONFIG, "only a port may follow the ]");
	return parse_port((struct span){rest.p + n + 1, rest.n - n - 1}, out, e);
}
