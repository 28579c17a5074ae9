#include <stdio.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/status.h"
#include "mappers/unpack.h"
#include "outbound/target.h"
#include "pollers/events.h"
#include "pollers/poller.h"
#include "state/ledger.h"

static const char help[] =
    "emrdrop version [options]\n\n"
    "Prints the version of the program, of its ledger format and of libssh2, and which\n"
    "SSH algorithms that knows: the first thing to look at when a server and the program\n"
    "do not meet.\n\n"
    "  --libraries   also what is loaded or run when it is needed: libcurl, libarchive,\n"
    "                librabbitmq and gpg; or which package is missing\n"
    "  --json        one JSON object on standard output\n\n"
    "Examples:\n"
    "  emrdrop version\n"
    "  emrdrop version --libraries --json\n";

/* Libraries of one purpose. */
struct part {
	const char *title, *key;
	void (*versions)(struct buf *out);
};

static const struct part parts[] = {{"SFTP", "sftp", poller_versions},
    {"HTTP", "http", target_versions}, {"Unpack", "unpack", unpack_versions},
    {"Queue", "queue", events_versions}};

/* The first one is linked: it tells its version without being loaded for it. */
static size_t
parts_told(const struct app *app)
{
	return app->libraries ? sizeof(parts) / sizeof(parts[0]) : 1;
}

static void
tell_json(const struct app *app, struct buf *out)
{
	struct buf text;
	struct json j;

	jw_init(&j, out);
	jw_object(&j);
	jw_put_cstr(&j, "emrdrop", EMRDROP_VERSION);
	jw_put_uint(&j, "ledger_format", LEDGER_FORMAT);
	buf_init(&text, 16384);
	for (size_t i = 0; i < parts_told(app); i++) {
		buf_clear(&text);
		parts[i].versions(&text);
		jw_put_string(&j, parts[i].key, buf_span(&text));
	}
	buf_release(&text);
	jw_object_end(&j);
	buf_add_char(out, '\n');
}

static void
tell_text(const struct app *app, struct buf *out)
{
	buf_addf(out, "emrdrop %s, ledger format %d\n", EMRDROP_VERSION, LEDGER_FORMAT);
	for (size_t i = 0; i < parts_told(app); i++) {
		buf_addf(out, "%s: ", parts[i].title);
		parts[i].versions(out);
		buf_add_char(out, '\n');
	}
}

static int
version(struct app *app, struct err *e)
{
	struct buf out;
	int r;

	buf_init(&out, 65536);
	if (app->json)
		tell_json(app, &out);
	else
		tell_text(app, &out);
	r = print_buf(&out, "what is printed", e);
	buf_release(&out);
	return r == 0 ? STATUS_OK : err_exit(e->code);
}

const struct command command_version = {"version",
    "versions of the program and its libraries", help, OPT_LIBRARIES, 0, 0, false,
    version};
