#include "base/zone.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"
#include "base/zone_tzif.h"

#define ZONE_DIR      "/usr/share/zoneinfo"
#define ZONE_FILE_MAX (1 << 20)
#define FIXED_MAX     (14 * 3600)

/* Stretches of 194 days, from when zones began to have clock changes on. */
#define STRETCH_BITS  24
#define STRETCH_FROM  (-INT64_C(1830000000)) /* 1912 */
#define STRETCHES_MAX 1024                   /* past the year 2400 */

static bool
name_ok(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				"0123456789_+-/");

	/* "localtime" is the server's own zone. */
	return n > 0 && n < ZONE_NAME_MAX && name[n] == '\0' && name[0] != '/' &&
	       name[n - 1] != '/' && strstr(name, "//") == NULL &&
	       strcmp(name, "localtime") != 0;
}

static int
open_fail(const struct zone *z, int sys, struct err *e)
{
	if (access(ZONE_DIR, F_OK) != 0)
		return err_set(e, ERR_CONFIG,
		    "there is no " ZONE_DIR ": install the package tzdata");
	if (sys == ENOENT || sys == ENOTDIR)
		return err_set(e, ERR_CONFIG,
		    "there is no time zone %s: write it as in "
		    "America/Chicago (old names as US/Central need the package tzdata-legacy)",
		    z->name);
	return err_sys(e, ERR_CONFIG, sys, "time zone %s cannot be read", z->name);
}

/* The zone's file, for the caller to free; NULL with *e. */
static char *
file_read(const struct zone *z, size_t *n, struct err *e)
{
	char path[sizeof(ZONE_DIR) + 1 + ZONE_NAME_MAX], *text = NULL;
	struct stat st;
	ssize_t got;
	size_t size;
	int fd;

	snprintf(path, sizeof(path), ZONE_DIR "/%s", z->name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0 ||
	    fstat(fd, &st) != 0) {
		open_fail(z, errno, e);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > ZONE_FILE_MAX) {
		open_fail(z, ENOENT, e);
		goto out;
	}
	size = (size_t)st.st_size;
	if ((text = malloc(size + 1)) == NULL) {
		err_nomem(e);
		goto out;
	}
	if ((got = read_whole(fd, text, size)) >= 0) {
		*n = (size_t)got;
		goto out;
	}
	open_fail(z, errno, e);
	free(text);
	text = NULL;
out:
	if (fd >= 0)
		close(fd);
	return text;
}

/* "+02:00" or "-05:00" */
static bool
fixed_parse(const char *name, int *off)
{
	static const char digits[] = "0123456789";

	if (strlen(name) != 6 || strspn(name + 1, digits) != 2 || name[3] != ':' ||
	    strspn(name + 4, digits) != 2 || name[4] > '5')
		return false;
	*off = ((name[1] - '0') * 10 + name[2] - '0') * 3600 +
	       ((name[4] - '0') * 10 + name[5] - '0') * 60;
	if (*off > FIXED_MAX || (name[0] != '+' && name[0] != '-'))
		return false;
	if (name[0] == '-')
		*off = -*off;
	return true;
}

static int
file_load(struct zone *z, struct err *e)
{
	struct span s;
	char *text;
	int rc;

	if ((text = file_read(z, &s.n, e)) == NULL)
		return -1;
	s.p = text;
	rc = zone_tzif_load(z, s, e);
	free(text);
	return rc;
}

/* The last period that has begun at `t`, going on from one that has. */
static size_t
period_from(const struct zone *z, size_t i, int64_t t)
{
	while (i + 1 < z->n && z->periods[i + 1].at <= t)
		i++;
	return i;
}

static int
hints_make(struct zone *z, struct err *e)
{
	size_t at = period_from(z, 0, STRETCH_FROM);

	if ((z->hints = calloc(STRETCHES_MAX, sizeof(*z->hints))) == NULL)
		return err_nomem(e);
	for (; z->nhints < STRETCHES_MAX && at <= USHRT_MAX; z->nhints++) {
		z->hints[z->nhints] = (unsigned short)at;
		at = period_from(
		    z, at, STRETCH_FROM + ((int64_t)(z->nhints + 1) << STRETCH_BITS));
	}
	return 0;
}

struct zone *
zone_load(const char *name, struct err *e)
{
	struct zone *z;
	int off = 0, rc;
	bool fixed = strcmp(name, "UTC") == 0 || fixed_parse(name, &off);

	if (!fixed && !name_ok(name)) {
		err_set(e, ERR_CONFIG,
		    "this is no time zone: write it as in America/Chicago, UTC or +02:00");
		return NULL;
	}
	if ((z = calloc(1, sizeof(*z))) == NULL) {
		err_nomem(e);
		return NULL;
	}
	z->fold_from = INT64_MAX;
	memcpy(z->name, name, strlen(name));
	if (fixed)
		rc = zone_period_add(z, TIME_BEGIN, off) != 0 ? err_nomem(e) : 0;
	else
		rc = file_load(z, e);
	if (rc != 0 || hints_make(z, e) != 0) {
		zone_free(z);
		return NULL;
	}
	return z;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->periods);
	free(z->hints);
	free(z);
}

const char *
zone_name(const struct zone *z)
{
	return z->name;
}

/* Into the years that are unrolled. */
static int64_t
fold(const struct zone *z, int64_t t)
{
	if (t < z->fold_from)
		return t;
	return t - ((t - z->fold_from) / CYCLE_SECONDS + 1) * CYCLE_SECONDS;
}

/* The period that an instant is in: seldom more than one behind its stretch's first. */
static inline size_t
period_find(const struct zone *z, int64_t t)
{
	size_t stretch, last = z->nhints - 1;

	if (z->nhints == 0 || t < STRETCH_FROM)
		return period_from(z, 0, t);
	stretch = (size_t)(t - STRETCH_FROM) >> STRETCH_BITS;
	return period_from(z, z->hints[stretch < last ? stretch : last], t);
}

int
zone_offset_at(const struct zone *z, int64_t utc)
{
	return z->periods[period_find(z, fold(z, utc))].off;
}

enum zone_fit
zone_offset(const struct zone *z, int64_t local, enum dst_policy policy, int *offset)
{
	int64_t t = fold(z, local);
	size_t i = period_find(z, t - UTOFF_MAX);
	int passes = 0, before = 0, after = 0;

	/* A period is in force where the clock shows at + off, up to the next one's at. */
	for (; i < z->n && z->periods[i].at <= t - UTOFF_MIN; i++) {
		const struct period *p = &z->periods[i];

		if (i > 0 && passes == 0 && t >= p->at + p[-1].off &&
		    t < p->at + p->off) {
			before = p[-1].off;
			after = p->off;
		}
		if (t < p->at + p->off || (i + 1 < z->n && t >= p[1].at + p->off))
			continue;
		if (passes++ == 0 || policy == DST_LATER)
			*offset = p->off;
	}
	if (passes > 0)
		return passes == 1 ? ZONE_ONE : ZONE_FOLD;
	*offset = policy == DST_LATER ? before : after;
	return ZONE_GAP;
}

uint64_t
zone_fingerprint(const struct zone *z)
{
	uint64_t h = SPAN_FNV_NONE;
	char period[sizeof(uint64_t) + sizeof(uint32_t)];

	for (size_t i = 0; i < z->n; i++) {
		uint64_t at = htole64((uint64_t)z->periods[i].at);
		uint32_t off = htole32((uint32_t)z->periods[i].off);

		memcpy(period, &at, sizeof(at));
		memcpy(period + sizeof(at), &off, sizeof(off));
		h = span_fnv(h, (struct span){period, sizeof(period)});
	}
	return h;
}
