#include <stdio.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/status.h"
#include "mappers/unpack.h"
#include "outbound/target.h"
#include "pollers/poller.h"
#include "state/ledger.h"

static const char help[] =
    "emrdrop version [--json]\n\n"
    "Prints the version of the program, of its ledger format, and of the libraries it\n"
    "runs with, and which SSH algorithms those know: the first thing to look at when a\n"
    "server and the program do not meet.\n\n"
    "Examples:\n"
    "  emrdrop version\n"
    "  emrdrop version --json\n";

static int
version(struct app *app, struct err *e)
{
	struct buf out, sftp, unpack;
	struct json j;
	int r;

	buf_init(&out, 65536);
	buf_init(&sftp, 16384);
	poller_versions(&sftp);
	buf_add_char(&sftp, '\0');
	buf_init(&unpack, 16384);
	unpack_versions(&unpack);
	buf_add_char(&unpack, '\0');
	if (app->json) {
		jw_init(&j, &out);
		jw_object(&j);
		jw_put_cstr(&j, "emrdrop", EMRDROP_VERSION);
		jw_put_uint(&j, "ledger_format", LEDGER_FORMAT);
		jw_put_cstr(&j, "sftp", sftp.p);
		jw_put_cstr(&j, "http", target_versions());
		jw_put_cstr(&j, "unpack", unpack.p);
		jw_object_end(&j);
		buf_add_char(&out, '\n');
	} else {
		buf_addf(&out,
		    "emrdrop %s, ledger format %d\nSFTP: %s\nHTTP: %s\nUnpack: %s\n",
		    EMRDROP_VERSION, LEDGER_FORMAT, sftp.p, target_versions(), unpack.p);
	}
	r = print_out(buf_span(&out), e);
	buf_release(&out);
	buf_release(&sftp);
	buf_release(&unpack);
	return r == 0 ? STATUS_OK : err_exit(e->code);
}

const struct command command_version = {"version",
    "versions of the program and its libraries", help, 0, 0, 0, false, version};
