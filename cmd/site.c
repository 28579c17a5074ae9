#include "cmd/site.h"

#include "cmd/ledger_alarm.h"

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
