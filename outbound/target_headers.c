#include "outbound/target_conf.h"

#include <string.h>

static const char prefix[] = "header.";

#define PREFIX_SIZE (sizeof(prefix) - 1)

/* What we, or libcurl, set by ourselves. */
static const char *const ours[] = {"Accept", "Accept-Encoding", "Connection",
    "Content-Encoding", "Content-Length", "Content-Type", "Emrdrop-Run", "Expect", "Host",
    "Idempotency-Key", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    "User-Agent", "traceparent", "tracestate"};

static bool
is_header(const struct conf_entry *en)
{
	return en->key.n >= PREFIX_SIZE && memcmp(en->key.p, prefix, PREFIX_SIZE) == 0;
}

/* RFC 9110 5.6.2: a token. */
static bool
is_token(struct span s)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "!#$%&'*+-.^_`|~";
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(allowed, s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.n <= TARGET_HEADER_NAME;
}

/* What is wrong with a header's name, or NULL. */
static const char *
name_fault(const struct target_conf *tc, struct span name)
{
	size_t i;

	if (!is_token(name))
		return "is no header's name: letters, digits and dashes, at most 64";
	if (span_eq_nocase(name, SPAN_LIT("Authorization")))
		return "is made of token_file, or of user and password_file";
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (span_eq_nocase(name, span_of(ours[i])))
			return "is set by emrdrop itself";
	for (i = 0; i < tc->nheaders; i++)
		if (span_eq_nocase(name, span_of(tc->headers[i].name)))
			return "is there already: case makes no difference";
	return tc->nheaders == TARGET_HEADERS_MAX ? "is one header too many" : NULL;
}

static void
add_header(struct conf *c, struct conf_section *s, struct conf_entry *en,
    struct target_conf *tc, struct target_header *to)
{
	const struct span name = {en->key.p + PREFIX_SIZE, en->key.n - PREFIX_SIZE};
	const char *fault = name_fault(tc, name);

	en->used = true;
	if (en->value.n == 0)
		return;
	if (fault != NULL) {
		conf_error_at(c->errors, s, en, "%s", fault);
		return;
	}
	if (conf_bind_entry(c, s, en, CONF_SECRET, &to->value) != 0)
		return;
	to->name = arena_span(&c->arena, name).p;
	if (to->name == NULL)
		conf_error_at(c->errors, s, en, "there is no memory for this");
	else
		tc->nheaders++;
}

void
target_bind(struct conf *c, struct conf_section *s, struct target_conf *tc)
{
	struct target_header *headers = NULL;
	size_t i;

	*tc = (struct target_conf){.url = NULL};
	for (i = 0; s != NULL && i < s->n; i++) {
		if (!is_header(&s->entries[i]))
			continue;
		if (headers == NULL)
			headers = arena_alloc(
			    &c->arena, TARGET_HEADERS_MAX * sizeof(*headers));
		if (headers == NULL) {
			conf_error_at(c->errors, s, &s->entries[i], "there is no memory");
			break;
		}
		tc->headers = headers;
		add_header(c, s, &s->entries[i], tc, &headers[tc->nheaders]);
	}
	conf_bind(c, s, target_options, tc);
}
