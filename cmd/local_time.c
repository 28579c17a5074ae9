#include "cmd/local_time.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCALTIME "/etc/localtime" /* a link into the zones: localtime(5) */
#define ZONES     "zoneinfo/"

/* The name of the machine's zone, or NULL. */
static const char *
machine_zone(char *path, size_t size)
{
	ssize_t n = readlink(LOCALTIME, path, size - 1);
	const char *at;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	at = strstr(path, ZONES);
	return at != NULL ? at + strlen(ZONES) : NULL;
}

struct zone *
local_zone(struct err *e)
{
	const char *name = getenv("TZ");
	char path[4096];
	struct zone *z = NULL;
	struct err none;

	if (name != NULL && name[0] == ':')
		name++;
	if (name == NULL || name[0] == '\0')
		name = machine_zone(path, sizeof(path));
	if (name != NULL)
		z = zone_load(name, &none);
	return z != NULL ? z : zone_load("UTC", e);
}

void
local_time_text(struct buf *out, const struct zone *z, int64_t ms)
{
	int64_t s = ms / 1000;
	struct civil c;

	civil_from_seconds(s + zone_offset_at(z, s), &c);
	buf_addf(
	    out, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

void
local_day_text(struct buf *out, int64_t day)
{
	int year, month, dom;

	civil_from_days(day, &year, &month, &dom);
	buf_addf(out, "%04d-%02d-%02d", year, month, dom);
}

void
local_zone_text(struct buf *out, const struct zone *z, int64_t ms)
{
	int offset = zone_offset_at(z, ms / 1000) / 60;
	int minutes = abs(offset);

	if (strcmp(zone_name(z), "UTC") == 0) {
		buf_add_str(out, "UTC");
		return;
	}
	buf_addf(out, "%s (UTC%c%02d:%02d)", zone_name(z), offset < 0 ? '-' : '+',
	    minutes / 60, minutes % 60);
}
