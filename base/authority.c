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
	const char *at = memrchr(s.p, '@', s.n), *end = s.p + s.n;
	const char *host = at != NULL ? at + 1 : s.p, *stop;

	*out = (struct authority){.v6 = host < end && *host == '['};
	if (at != NULL)
		out->user = (struct span){s.p, (size_t)(at - s.p)};
	host += out->v6;
	stop = memchr(host, out->v6 ? ']' : ':', (size_t)(end - host));
	if (out->v6 && stop == NULL)
		return err_set(e, ERR_CONFIG, "[ without ]");
	if (stop == NULL)
		stop = end;
	out->host = (struct span){host, (size_t)(stop - host)};
	stop += out->v6;
	if (stop == end)
		return 0;
	if (*stop != ':')
		return err_set(e, ERR_CONFIG, "only a port may follow the ]");
	return parse_port((struct span){stop + 1, (size_t)(end - stop - 1)}, out, e);
}
