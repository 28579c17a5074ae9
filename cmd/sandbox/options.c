#include "cmd/sandbox/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"

/* Bounds of the numbers on the command line. */
#define THREADS_MAX 64
#define LATENCY_MAX 600000 /* ms */
#define COUNT_MAX   1000000000
#define NAME_SLIPS  3 /* letters a mistyped option may be off to be named */

const char options_help[] =
    "usage: emrdrop-sandbox [OPTION...]\n"
    "       emrdrop-sandbox --dump FILE\n"
    "A receiver of emrdrop's batches: keeps them, shows them, misbehaves when told to.\n"
    "  --port N --listen ADDR --port-file FILE   where to listen; 127.0.0.1, a free port\n"
    "  --db FILE            where to keep what was sent; default :memory:\n"
    "  --cert FILE --key FILE   TLS, in PEM; without them plain HTTP, loopback only\n"
    "  --token-file FILE    ask for this bearer token; read at each request\n"
    "  --user NAME --password-file FILE   ask for basic authentication\n"
    "  --threads N          default 4\n"
    "  --discard            count bytes and answer 200, for benchmarks\n"
    "  --latency MS         wait before each delivery\n"
    "  --status-429 N --retry-after S --status-500 N   answer so to the first N\n"
    "  --drop-after-commit N --drop-every K   commit, then close without an answer\n"
    "  --cut-answer N       send half of the answer to the first N\n"
    "  --refuse ID --later ID   answer so for this record; repeatable\n"
    "  --refuse-batch       400 for a batch that holds a refused record\n"
    "  --dump FILE          print the state kept in FILE and end; --help, --version\n"
    "GET /_sandbox/table, /_sandbox/state, /_sandbox/batches; POST /_sandbox/faults.\n"
    "Examples:\n"
    "  emrdrop-sandbox --port 8080 --db /tmp/sandbox.db\n"
    "  emrdrop-sandbox --cert s.pem --key s.key --token-file token --status-429 3\n";

enum kind { OPT_TEXT, OPT_NUMBER, OPT_FLAG, OPT_IDS };

struct option_row {
	const char *name;
	enum kind kind;
	size_t offset;
	long min, max;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row table[] = {
    {"listen", OPT_TEXT, AT(listen), 0, 0},
    {"port", OPT_NUMBER, AT(port), 0, 65535},
    {"port-file", OPT_TEXT, AT(port_file), 0, 0},
    {"db", OPT_TEXT, AT(db), 0, 0},
    {"cert", OPT_TEXT, AT(cert), 0, 0},
    {"key", OPT_TEXT, AT(key), 0, 0},
    {"token-file", OPT_TEXT, AT(token_file), 0, 0},
    {"user", OPT_TEXT, AT(user), 0, 0},
    {"password-file", OPT_TEXT, AT(password_file), 0, 0},
    {"threads", OPT_NUMBER, AT(threads), 1, THREADS_MAX},
    {"discard", OPT_FLAG, AT(discard), 0, 0},
    {"latency", OPT_NUMBER, AT(latency), 0, LATENCY_MAX},
    {"status-429", OPT_NUMBER, AT(status_429), 0, COUNT_MAX},
    {"retry-after", OPT_NUMBER, AT(retry_after), 0, COUNT_MAX},
    {"status-500", OPT_NUMBER, AT(status_500), 0, COUNT_MAX},
    {"drop-after-commit", OPT_NUMBER, AT(drop_after_commit), 0, COUNT_MAX},
    {"drop-every", OPT_NUMBER, AT(drop_every), 0, COUNT_MAX},
    {"cut-answer", OPT_NUMBER, AT(cut_answer), 0, COUNT_MAX},
    {"refuse", OPT_IDS, AT(refuse), 0, 0},
    {"later", OPT_IDS, AT(later), 0, 0},
    {"refuse-batch", OPT_FLAG, AT(refuse_batch), 0, 0},
    {"dump", OPT_TEXT, AT(dump), 0, 0},
    {"help", OPT_FLAG, AT(help), 0, 0},
    {"version", OPT_FLAG, AT(version), 0, 0},
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

static const struct option_row *
find_row(struct span name)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (span_eq(span_of(table[i].name), name))
			return &table[i];
	return NULL;
}

static int
unknown_option(const char *arg, struct span name, struct err *e)
{
	struct near near;

	near_start(&near, name);
	near.limit = NAME_SLIPS;
	for (size_t i = 0; i < TABLE_SIZE; i++)
		near_try(&near, span_of(table[i].name));
	if (near.found.p)
		return err_set(e, ERR_USAGE, "%s is no option; did you mean --%s?", arg,
		    near.found.p);
	return err_set(e, ERR_USAGE, "%s is no option; see --help", arg);
}

static int
set_number(const struct option_row *row, const char *text, long *out, struct err *e)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	if (end == text || *end || errno || *out < row->min || *out > row->max)
		return err_set(e, ERR_USAGE, "--%s takes a whole number from %ld to %ld",
		    row->name, row->min, row->max);
	return 0;
}

static int
set_value(
    struct options *o, const struct option_row *row, const char *text, struct err *e)
{
	void *at = (char *)o + row->offset;
	struct id_list *ids = at;

	switch (row->kind) {
	case OPT_TEXT:
		if (!*text)
			return err_set(e, ERR_USAGE, "--%s must not be empty", row->name);
		*(const char **)at = text;
		return 0;
	case OPT_NUMBER:
		return set_number(row, text, at, e);
	case OPT_IDS:
		if (ids->n == OPTIONS_IDS_MAX)
			return err_set(e, ERR_USAGE,
			    "--%s more than %d times; use "
			    "/_sandbox/faults",
			    row->name, OPTIONS_IDS_MAX);
		ids->v[ids->n++] = text;
		return 0;
	case OPT_FLAG:
		break;
	}
	*(bool *)at = true;
	return 0;
}

/* One option, as "--name value" or "--name=value"; *i moves over what was used. */
static int
take_option(struct options *o, int argc, char **argv, int *i, struct err *e)
{
	const char *arg = argv[*i];
	const char *equals = strchr(arg, '=');
	const struct option_row *row;
	struct span name;

	if (strncmp(arg, "--", 2) != 0)
		return err_set(
		    e, ERR_USAGE, "%s: only options are taken; see --help", arg);
	name.p = arg + 2;
	name.n = equals ? (size_t)(equals - name.p) : strlen(name.p);
	row = find_row(name);
	if (!row)
		return unknown_option(arg, name, e);
	if (row->kind == OPT_FLAG) {
		if (equals)
			return err_set(e, ERR_USAGE, "--%s takes no value", row->name);
		return set_value(o, row, NULL, e);
	}
	if (equals)
		return set_value(o, row, equals + 1, e);
	if (*i + 1 == argc)
		return err_set(e, ERR_USAGE, "--%s needs a value", row->name);
	return set_value(o, row, argv[++*i], e);
}

bool
options_loopback(const char *address)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcmp(address, "::1") == 0;
}

static int
check_together(const struct options *o, struct err *e)
{
	if (!o->cert != !o->key)
		return err_set(e, ERR_USAGE, "--cert and --key go together");
	if (!o->user != !o->password_file)
		return err_set(e, ERR_USAGE, "--user and --password-file go together");
	if (!o->cert && !options_loopback(o->listen))
		return err_set(e, ERR_USAGE,
		    "--listen %s without --cert and --key: plain "
		    "HTTP is only for 127.0.0.1 and ::1",
		    o->listen);
	return 0;
}

int
options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	*o = (struct options){
	    .listen = "127.0.0.1", .db = ":memory:", .threads = 4, .retry_after = 1};
	for (int i = 1; i < argc; i++)
		if (take_option(o, argc, argv, &i, e) < 0)
			return -1;
	return check_together(o, e);
}
