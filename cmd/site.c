#include "cmd/site.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#include "cmd/ledger_alarm.h"

#define ROOM_LITTLE (256u << 20) /* bytes */

int
site_ledger(struct app *app, struct err *e)
{
	struct ledger *l;

	if (!app_has_ledger(app))
		return 0;
	if ((l = app_ledger(app, false, e)) == NULL)
		return e->code == ERR_BUSY ? 0 : -1;
	app_ledger_close(app, l);
	return ledger_alarm_lasts(app, e);
}

int
site_room(const struct app *app, struct err *e)
{
	struct statvfs fs;
	uint64_t left;

	if (statvfs(app->state.dir, &fs) != 0)
		return 0; /* no run has made it yet */
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (left >= ROOM_LITTLE)
		return 0;
	return err_set(e, ERR_IO,
	    "%" PRIu64
	    " MiB are free in the state folder %s: a run needs room there for the records "
	    "of a large file that wait to be sent, and the ledger grows",
	    left >> 20, app->state.dir);
}
