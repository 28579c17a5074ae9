/*
 * Snapshots: how old one is, what it is held or refused for, and what is kept of those
 * that were applied.
 */
#include "cmd/snapshot.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/civil.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "pollers/order.h"

#define REMOVE_MIN  20           /* fewer removals hold no file */
#define TITLE_SHOWN 60           /* bytes of a column's title in a reason */
#define AHEAD_MS    (7 * DAY_MS) /* exports may be named after a day to come */

bool
job_is_snapshot(const struct job *j)
{
	return j->feed->feed.contents == CONTENTS_SNAPSHOT;
}

bool
snapshot_is(const struct job *j, const struct intake *in)
{
	return job_is_snapshot(j) && !in->entry.came_back;
}

/* Is it of the newest one that was applied? */
static bool
is_newest(const struct job *j, const unsigned char sha256[SHA256_SIZE])
{
	struct digest content = feed_content(job_keys(j), j->feed->feed.name, sha256);

	return digest_eq(&content, &j->state.last_content);
}

/* What older ones lack may be there again: a retry of one removes nothing. */
const struct missing *
snapshot_missing(const struct job *j, const struct intake *in)
{
	if (!job_is_snapshot(j) || (in->mode == PASS_RETRY && !is_newest(j, in->sha256)))
		return NULL;
	return mapper_missing(j->feed->mapper);
}

bool
snapshot_removes(const struct intake *in)
{
	const struct missing *m = in->conf.missing;
	bool any = false;

	for (size_t t = 0; t <= RECORD_TYPE_MAX && m != NULL; t++)
		any |= m[t].how != MISSING_IGNORE;
	return any;
}

struct age {
	enum snapshot_clock clock;
	int64_t at, latest; /* ms: it is no later than that */
};

/* By its rows, its name or its time, as the feed has it. False: it does not tell. */
static bool
age_of(const struct job *j, const struct file_entry *en, struct age *out)
{
	int64_t now = clock_wall(j->app->clock);
	int r;

	*out = (struct age){.clock = SNAPSHOT_NAME};
	if (mapper_made(j->feed->mapper)) {
		*out = (struct age){SNAPSHOT_COLUMN, en->made_at, en->made_at};
		return en->made_at != TIME_NONE;
	}
	r = order_date(&j->feed->source, en->name, now, &out->at);
	if (r < 0)
		*out = (struct age){SNAPSHOT_MTIME, .at = en->mtime * 1000};
	out->latest = out->at;
	return r != 0;
}

static bool
is_older(const struct job *j, const struct age *age)
{
	return age->clock == j->snapshot.clock && age->latest < j->snapshot.at;
}

/*
 * A file whose rows do not tell was made before it was written: it is older than one
 * that was made since.
 */
int
snapshot_superseded(struct job *j, const struct listed *it, struct err *e)
{
	struct file_entry en;
	struct age age;
	int r;

	if (!job_is_snapshot(j))
		return 0;
	if ((r = ledger_file_get(j->ledger, &it->name.file, &en, e)) <= 0)
		return r;
	if (age_of(j, &en, &age))
		return is_older(j, &age);
	age.latest = en.mtime * 1000;
	return age.clock == SNAPSHOT_COLUMN && is_older(j, &age);
}

static void
hold_ageless(struct job *j, struct intake *in)
{
	const struct made *made = reading_made(in->reading);
	struct file_entry *en = &in->entry;
	struct span title;
	char why[192], of[48] = "";

	if (made != NULL) {
		if (made->export > 0)
			snprintf(
			    of, sizeof(of), " of export %u in the file", made->export);
		title = made->column;
		title.n = title.n > TITLE_SHOWN ? TITLE_SHOWN : title.n;
		snprintf(why, sizeof(why),
		    "no row%s tells in column \"%.*s\" when it was made", of,
		    (int)utf8_valid(title), title.p);
	} else {
		snprintf(why, sizeof(why),
		    "its name holds no date as order = %.64s has it",
		    j->feed->source.order);
	}
	en->verdict = VERDICT_HOLD;
	snprintf(en->reason, sizeof(en->reason),
	    "%s, so nobody can tell whether it is older than what was applied", why);
}

static void
refuse_older(struct job *j, const struct made *made, struct file_entry *en)
{
	time_t t = (time_t)(j->snapshot.at / 1000);
	char when[32] = "", what[32] = "it";
	struct tm tm;

	if (made != NULL && made->export > 0)
		snprintf(what, sizeof(what), "export %u in it", made->export);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", gmtime_r(&t, &tm));
	en->verdict = VERDICT_REFUSE;
	snprintf(en->reason, sizeof(en->reason),
	    "%s is older than the snapshot of %s%s that was applied", what, when,
	    j->snapshot.clock == SNAPSHOT_NAME ? "" : " UTC");
}

bool
snapshot_too_old(struct job *j, struct intake *in)
{
	const struct made *made = reading_made(in->reading);
	struct age age;

	if (!snapshot_is(j, in))
		return false;
	if (!age_of(j, &in->entry, &age)) {
		/* Where no row was taken none can tell: it is held for that. */
		if (mapper_made(j->feed->mapper) && in->entry.rejected == in->entry.rows)
			return false;
		hold_ageless(j, in);
		return true;
	}
	if (made != NULL)
		age.latest = made->latest;
	if (!is_older(j, &age))
		return false;
	refuse_older(j, made, &in->entry);
	return true;
}

/* Behind what it is held for already. */
static void
add_removals(const struct job *j, struct file_entry *en, enum record_type type,
    const struct missing_count *n)
{
	size_t at = strlen(en->reason);

	en->verdict = VERDICT_HOLD;
	snprintf(en->reason + at, sizeof(en->reason) - at,
	    "%s%llu of %llu %s records that were delivered are missing and would be "
	    "removed, more than max_remove allows (%g %%)",
	    at > 0 ? "; and " : "", (unsigned long long)n->missing,
	    (unsigned long long)n->known, schema_by_type(type)->name,
	    (double)j->feed->feed.max_remove / 100);
}

void
snapshot_hold_removals(struct job *j, struct intake *in)
{
	uint64_t most = (uint64_t)j->feed->feed.max_remove;

	for (unsigned t = 1; t <= RECORD_TYPE_MAX; t++) {
		const struct missing_count *n = &changes_counts(in->changes)->missing[t];

		if (n->missing >= REMOVE_MIN && n->missing * 10000 > most * n->known)
			add_removals(j, &in->entry, (enum record_type)t, n);
	}
}

/* The day at the clinic; a date in a name is its own already. */
static int
weekday_of(const struct job *j, const struct age *age, unsigned *day, struct err *e)
{
	const char *name = j->feed->feed.timezone;
	int64_t at = age->at;
	struct zone *zone;

	if (age->clock != SNAPSHOT_NAME && name != NULL) {
		if ((zone = zone_load(name, e)) == NULL)
			return -1;
		at += (int64_t)zone_offset_at(zone, at / 1000) * 1000;
		zone_free(zone);
	}
	*day = civil_weekday(civil_day_of(at));
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

	if (!snapshot_is(j, in) || !age_of(j, en, &age))
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

	if (!snapshot_is(j, in))
		return 0;
	s->removals += en->removals;
	if (!age_of(j, en, &age))
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
