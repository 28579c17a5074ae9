/*
 * Snapshots: how old one is, what it is held or refused for, and what is kept of those
 * that were applied.
 */
#include "cmd/snapshot.h"

#include <stdio.h>
#include <time.h>

#include "base/zone.h"
#include "pollers/order.h"

#define REMOVE_MIN 20 /* fewer removals hold no file */
#define DAY_MS     86400000
#define FIRST_DAY  4 /* 1970 began on a Thursday, and weeks begin on Sunday */

bool
job_is_snapshot(const struct job *j)
{
	return j->feed->feed.contents == CONTENTS_SNAPSHOT;
}

/* False: the feed's order is by a date in the name, and this one holds none. */
static bool
age_of(const struct job *j, const struct drop_file *f, enum snapshot_clock *clock,
    int64_t *at)
{
	int r = order_date(&j->feed->source, f->name, clock_wall(j->app->clock), at);

	*clock = r < 0 ? SNAPSHOT_MTIME : SNAPSHOT_NAME;
	if (r < 0)
		*at = f->mtime * 1000;
	return r != 0;
}

bool
snapshot_superseded(const struct job *j, const struct drop_file *f)
{
	enum snapshot_clock clock;
	int64_t at;

	return job_is_snapshot(j) && age_of(j, f, &clock, &at) &&
	       clock == j->snapshot.clock && at < j->snapshot.at;
}

bool
snapshot_too_old(struct job *j, struct intake *in)
{
	struct file_entry *en = &in->entry;
	enum snapshot_clock clock;
	char when[32] = "";
	struct tm tm;
	int64_t at;
	time_t t;

	if (!job_is_snapshot(j))
		return false;
	if (!age_of(j, in->file, &clock, &at)) {
		en->verdict = VERDICT_HOLD;
		snprintf(en->reason, sizeof(en->reason),
		    "its name holds no date as order = %.64s has it, so nobody can tell "
		    "whether it is older than what was applied",
		    j->feed->source.order);
		return true;
	}
	if (!snapshot_superseded(j, in->file))
		return false;
	t = (time_t)(j->snapshot.at / 1000);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", gmtime_r(&t, &tm));
	en->verdict = VERDICT_REFUSE;
	snprintf(en->reason, sizeof(en->reason),
	    "it is older than the snapshot of %s%s that was applied", when,
	    clock == SNAPSHOT_MTIME ? " UTC" : "");
	return true;
}

bool
snapshot_too_many(struct job *j, struct intake *in)
{
	struct file_entry *en = &in->entry;

	for (unsigned t = 1; t <= RECORD_TYPE_MAX; t++) {
		const struct missing_count *n = &changes_counts(in->changes)->missing[t];

		if (n->missing < REMOVE_MIN ||
		    n->missing * 10000 <= (uint64_t)j->feed->feed.max_remove * n->known)
			continue;
		en->verdict = VERDICT_HOLD;
		snprintf(en->reason, sizeof(en->reason),
		    "%llu of %llu %s records that were delivered are missing and would be "
		    "removed, more than max_remove allows",
		    (unsigned long long)n->missing, (unsigned long long)n->known,
		    schema_by_type((enum record_type)t)->name);
		return true;
	}
	return false;
}

/* The day at the clinic; a date in a name is its own already. */
static int
weekday_of(const struct job *j, enum snapshot_clock clock, int64_t at, unsigned *day,
    struct err *e)
{
	const char *name = j->feed->feed.timezone;
	struct zone *zone;
	int64_t days;

	if (clock == SNAPSHOT_MTIME && name != NULL) {
		if ((zone = zone_load(name, e)) == NULL)
			return -1;
		at += (int64_t)zone_offset_at(zone, at / 1000) * 1000;
		zone_free(zone);
	}
	days = at / DAY_MS - (at % DAY_MS < 0);
	*day = (unsigned)(((days + FIRST_DAY) % 7 + 7) % 7);
	return 0;
}

int
snapshot_check_size(struct job *j, struct intake *in, struct err *e)
{
	char detail[64];
	struct problem p = {.code = PROBLEM_SHORT_EXPORT, .weight = WEIGHT_WARNING};
	enum snapshot_clock clock;
	unsigned day;
	uint64_t twice;
	int64_t at;

	if (!job_is_snapshot(j) || !age_of(j, in->file, &clock, &at))
		return 0;
	if (weekday_of(j, clock, at, &day, e) != 0)
		return -1;
	twice = snapshot_usual_twice(&j->snapshot, day);
	if (in->entry.rows * 4 >= twice)
		return 0;
	snprintf(detail, sizeof(detail), "%llu rows, usually %llu",
	    (unsigned long long)in->entry.rows, (unsigned long long)twice / 2);
	p.detail = span_of(detail);
	in->entry.warnings++;
	problems_add(&in->problems, &p);
	return 0;
}

int
snapshot_applied(struct job *j, const struct intake *in, struct err *e)
{
	struct snapshot_state *s = &j->snapshot;
	enum snapshot_clock clock;
	unsigned day;
	int64_t at;

	if (!job_is_snapshot(j) || !age_of(j, in->file, &clock, &at))
		return 0;
	if (weekday_of(j, clock, at, &day, e) != 0)
		return -1;
	if (clock != s->clock || at > s->at)
		s->at = at;
	s->clock = clock;
	s->removals += in->entry.removals;
	if (in->entry.verdict == VERDICT_DELIVER)
		snapshot_add_rows(s, day, in->entry.rows);
	return 0;
}
