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
#define AHEAD_MS   (INT64_C(7) * DAY_MS) /* exports may be named after a day to come */

bool
job_is_snapshot(const struct job *j)
{
	return j->feed->feed.contents == CONTENTS_SNAPSHOT;
}

struct age {
	enum snapshot_clock clock;
	int64_t at; /* ms */
};

/* False: the feed's order is by a date in the name, and this one holds none. */
static bool
age_of(const struct job *j, const char *name, int64_t mtime, struct age *out)
{
	int r = order_date(&j->feed->source, name, clock_wall(j->app->clock), &out->at);

	out->clock = r < 0 ? SNAPSHOT_MTIME : SNAPSHOT_NAME;
	if (r < 0)
		out->at = mtime * 1000;
	return r != 0;
}

static bool
is_older(const struct job *j, const struct age *age)
{
	return age->clock == j->snapshot.clock && age->at < j->snapshot.at;
}

bool
snapshot_superseded(const struct job *j, const struct drop_file *f)
{
	struct age age;

	return job_is_snapshot(j) && age_of(j, f->name, f->mtime, &age) &&
	       is_older(j, &age);
}

bool
snapshot_too_old(struct job *j, struct intake *in)
{
	struct file_entry *en = &in->entry;
	char when[32] = "";
	struct age age;
	struct tm tm;
	time_t t;

	if (!job_is_snapshot(j))
		return false;
	if (!age_of(j, en->name, en->mtime, &age)) {
		en->verdict = VERDICT_HOLD;
		snprintf(en->reason, sizeof(en->reason),
		    "its name holds no date as order = %.64s has it, so nobody can tell "
		    "whether it is older than what was applied",
		    j->feed->source.order);
		return true;
	}
	if (!is_older(j, &age))
		return false;
	t = (time_t)(j->snapshot.at / 1000);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", gmtime_r(&t, &tm));
	en->verdict = VERDICT_REFUSE;
	snprintf(en->reason, sizeof(en->reason),
	    "it is older than the snapshot of %s%s that was applied", when,
	    age.clock == SNAPSHOT_MTIME ? " UTC" : "");
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
weekday_of(const struct job *j, const struct age *age, unsigned *day, struct err *e)
{
	const char *name = j->feed->feed.timezone;
	int64_t at = age->at, days;
	struct zone *zone;

	if (age->clock == SNAPSHOT_MTIME && name != NULL) {
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
	const struct file_entry *en = &in->entry;
	char detail[64];
	struct problem p = {.code = PROBLEM_SHORT_EXPORT, .weight = WEIGHT_WARNING};
	struct age age;
	unsigned day;
	uint64_t twice;

	if (!job_is_snapshot(j) || !age_of(j, en->name, en->mtime, &age))
		return 0;
	if (weekday_of(j, &age, &day, e) != 0)
		return -1;
	twice = snapshot_usual_twice(&j->snapshot, day);
	if (en->rows * 4 >= twice)
		return 0;
	snprintf(detail, sizeof(detail), "%llu rows, usually %llu",
	    (unsigned long long)en->rows, (unsigned long long)twice / 2);
	p.detail = span_of(detail);
	in->entry.warnings++;
	problems_add(&in->problems, &p);
	return 0;
}

/*
 * A date far ahead is a slip of somebody's pen, or a server's clock: were it kept, all
 * exports to come would be refused as older ones.
 */
int
snapshot_applied(struct job *j, const struct intake *in, struct err *e)
{
	const struct file_entry *en = &in->entry;
	struct snapshot_state *s = &j->snapshot;
	struct age age;
	unsigned day;

	if (!job_is_snapshot(j))
		return 0;
	s->removals += en->removals;
	if (!age_of(j, en->name, en->mtime, &age))
		return 0;
	if (weekday_of(j, &age, &day, e) != 0)
		return -1;
	if (age.at <= clock_wall(j->app->clock) + AHEAD_MS) {
		if (age.clock != s->clock || age.at > s->at)
			s->at = age.at;
		s->clock = age.clock;
	}
	/* One without rows that was approved all the same says nothing of the usual ones. */
	if (en->verdict == VERDICT_DELIVER && en->rows > 0)
		snapshot_add_rows(s, day, en->rows);
	return 0;
}
