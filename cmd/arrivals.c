#include "cmd/arrivals.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone.h"
#include "cmd/feed.h"
#include "cmd/stuck.h"
#include "state/snapshot.h"

#define EARLY_MS INT64_C(43200000) /* behind a due time, a file may be for the next */

static int
day_order(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool
is_free(const struct expectation *x, int64_t day)
{
	return (x->days >> civil_weekday(day) & 1) == 0 ||
	       (x->nholidays > 0 && bsearch(&day, x->holidays, x->nholidays, sizeof(day),
					day_order) != NULL);
}

/* Where the clock on the wall shows it twice, or never: the later moment. */
static int64_t
moment(const struct zone *z, int64_t day, unsigned minute)
{
	int64_t local = day * DAY_SECONDS + minute * INT64_C(60);
	int offset;

	(void)zone_offset(z, local, DST_LATER, &offset);
	return (local - offset) * 1000;
}

static int64_t
local_day(const struct zone *z, int64_t ms)
{
	int64_t s = ms / 1000;

	s += zone_offset_at(z, s);
	return s / DAY_SECONDS - (s % DAY_SECONDS < 0);
}

static void
add_due(struct dues *out, int64_t at, unsigned day)
{
	if (out->n > 0 && out->v[out->n - 1].at == at)
		out->v[out->n - 1].wanted++;
	else if (out->n < out->max)
		out->v[out->n++] = (struct due){
		    .at = at, .weekday = day, .wanted = 1, .rows = ARRIVAL_ROWS_UNKNOWN};
}

static void
list_dues(
    const struct expectation *x, const struct zone *z, int64_t now, struct dues *out)
{
	int64_t today = local_day(z, now);

	for (int64_t day = today - DUES_DAYS; day <= today + DUES_DAYS; day++) {
		unsigned w = civil_weekday(day);

		for (unsigned i = 0; !is_free(x, day) && i < x->by[w].n; i++)
			add_due(out, moment(z, day, x->by[w].minute[i]), w);
	}
	while (out->past < out->n && out->v[out->past].at + x->grace <= now)
		out->past++;
}

static int64_t
half_way(const struct due *a, const struct due *b)
{
	return a->at + (b->at - a->at) / 2;
}

/* The one that a file of that moment is for; NULL: none is so far ahead. */
static struct due *
due_of(struct dues *d, int64_t at)
{
	struct due *next = d->v, *before;
	int64_t half, early;

	while (next < d->v + d->n && next->at < at)
		next++;
	if (next == d->v)
		return d->n > 0 ? next : NULL;
	before = next - 1;
	if (next == d->v + d->n)
		return before;
	half = half_way(before, next);
	early = before->at + EARLY_MS < half ? before->at + EARLY_MS : half;
	if (before->got < before->wanted)
		return at <= half ? before : next;
	return at > early ? next : before;
}

/* One that was read when the clock was ahead came at no moment that is known. */
static void
give_arrivals(struct dues *d, const struct arrivals *a, int64_t now)
{
	for (size_t i = 0; i < arrivals_count(a); i++) {
		int64_t at = (int64_t)a->v[i].at * 1000;
		struct due *due = due_of(d, at);

		if (due == NULL || at > now + EARLY_MS)
			continue;
		due->got += a->v[i].files;
		due->first = due->first == 0 ? at : due->first;
		due->last = at;
		due->rows = a->v[i].rows;
	}
}

/* What was due before somebody asked for it is of use to know which files are for it. */
static void
drop_dues(struct dues *d, int64_t since)
{
	size_t n = 0;

	while (n < d->n && d->v[n].at < since)
		n++;
	memmove(d->v, d->v + n, (d->n - n) * sizeof(*d->v));
	d->n -= n;
	d->past -= n < d->past ? n : d->past;
}

int
arrivals_dues(const struct expectation *x, const struct arrivals *a, int64_t now,
    struct dues *out, struct err *e)
{
	struct zone *z = zone_load(x->timezone, e);

	out->n = out->past = 0;
	if (z == NULL)
		return -1;
	list_dues(x, z, now, out);
	zone_free(z);
	give_arrivals(out, a, now);
	drop_dues(out, a->since);
	return 0;
}

static bool
lacks(const struct due *d)
{
	return d->got < d->wanted;
}

/* Whatever came for a later due time tells that files come again. */
static void
find_late(const struct dues *d, struct arrival *out)
{
	for (size_t i = d->past; i < d->n; i++)
		if (d->v[i].got > 0)
			return;
	for (size_t i = d->past; i > 0 && lacks(&d->v[i - 1]); i--) {
		out->late_from = d->v[i - 1].at;
		out->missed++;
	}
}

static bool
is_strange(const struct arrival *a)
{
	if (a->got == 0 || a->rows == ARRIVAL_ROWS_UNKNOWN)
		return false;
	return a->rows == 0 || (a->min_rows > 0 && a->rows < a->min_rows) ||
	       (a->max_rows > 0 && a->rows > a->max_rows) ||
	       (a->usual > 0 && (a->rows < a->usual / 2 || a->rows > a->usual * 2));
}

static enum arrival_state
state_of(const struct arrival *a)
{
	if (a->late_from != 0)
		return ARRIVAL_LATE;
	if (a->held + a->refused > 0 && a->held + a->refused >= a->got)
		return ARRIVAL_ASIDE;
	return is_strange(a) ? ARRIVAL_STRANGE : ARRIVAL_IN_TIME;
}

/* Files for that due time that were read, and stand aside since. */
static void
count_aside(const struct dues *d, const struct arrival_facts *facts, struct arrival *out)
{
	const struct due *last = &d->v[d->past - 1];
	int64_t until = INT64_MAX;

	if (last->got == 0)
		return;
	for (size_t i = d->n; i > d->past; i--)
		if (d->v[i - 1].got > 0)
			until = d->v[i - 1].first;
	for (size_t i = 0; i < facts->naside; i++) {
		int64_t at = facts->aside[i].read_at / 1000 * 1000;

		if (at < last->first || at >= until)
			continue;
		out->held += facts->aside[i].held;
		out->refused += !facts->aside[i].held;
	}
}

static void
judge(const struct expectation *x, const struct dues *d,
    const struct arrival_facts *facts, struct arrival *out)
{
	const struct due *last;

	for (size_t i = d->past; i < d->n && out->next == 0; i++)
		if (d->v[i].at > facts->now)
			out->next = d->v[i].at;
	if (d->past == 0)
		return;
	last = &d->v[d->past - 1];
	find_late(d, out);
	count_aside(d, facts, out);
	out->due = last->at;
	out->wanted = last->wanted;
	out->got = last->got;
	out->rows = last->rows;
	out->unseen = facts->last_look < last->at;
	out->min_rows = x->min_rows[last->weekday];
	out->max_rows = x->max_rows[last->weekday];
	out->usual = facts->usual_twice[last->weekday] / 2;
	out->state = state_of(out);
}

int
arrivals_judge(const struct expectation *x, const struct arrivals *a,
    const struct arrival_facts *facts, struct arrival *out, struct err *e)
{
	struct due *v = calloc(DUES_MAX, sizeof(*v));
	struct dues d = {.v = v, .max = DUES_MAX};
	size_t n = arrivals_count(a);
	int rc = v == NULL ? err_nomem(e) : 0;

	*out = (struct arrival){.rows = ARRIVAL_ROWS_UNKNOWN};
	out->came = n > 0 ? (int64_t)a->v[n - 1].at * 1000 : 0;
	out->together = n > 0 ? a->v[n - 1].files : 0;
	if (rc == 0 && x->days != 0)
		rc = arrivals_dues(x, a, facts->now, &d, e);
	if (rc == 0)
		judge(x, &d, facts, out);
	free(v);
	return rc;
}

/* Those of the feed, but for what is no export. The caller frees. */
static int
find_aside(const struct stuck *stuck, const char *feed, struct aside **out, size_t *n,
    struct err *e)
{
	*n = 0;
	*out = calloc(stuck->n + 1, sizeof(**out));
	for (size_t i = 0; *out != NULL && i < stuck->n; i++)
		if (strcmp(stuck->v[i].feed, feed) == 0 && !stuck->v[i].came_back)
			(*out)[(*n)++] = (struct aside){
			    stuck->v[i].read_at, stuck->v[i].verdict == VERDICT_HOLD};
	return *out == NULL ? err_nomem(e) : 0;
}

static bool
is_begun(struct ledger *l, const struct feed *f, const struct arrivals *a)
{
	const struct digest now = expect_digest(&f->expect, ledger_keys(l));

	return a->since != 0 && digest_eq(&now, &a->expect);
}

static int
judge_known(const struct arrival_question *ask, const struct arrivals *a,
    struct arrival *out, struct err *e)
{
	struct ledger *l = ask->ledger;
	const struct feed *f = ask->feed;
	const char *name = f->feed.name;
	struct arrival_facts facts = {.now = ask->now};
	struct snapshot_state snapshot;
	struct feed_state state;
	struct aside *aside;
	int rc;

	if (ledger_feed_get(l, name, &state, e) != 0 ||
	    ledger_snapshot_get(l, name, &snapshot, e) != 0 ||
	    find_aside(ask->stuck, name, &aside, &facts.naside, e) != 0)
		return -1;
	facts.aside = aside;
	facts.last_look = state.last_look;
	for (unsigned d = 0; d < 7; d++)
		facts.usual_twice[d] = snapshot_usual_twice(&snapshot, d);
	rc = arrivals_judge(&f->expect, a, &facts, out, e);
	free(aside);
	return rc;
}

int
arrivals_of(const struct arrival_question *q, struct arrival *out, struct err *e)
{
	struct arrivals a;
	size_t n;

	if (ledger_arrivals_get(q->ledger, q->feed->feed.name, &a, e) != 0)
		return -1;
	if (is_begun(q->ledger, q->feed, &a))
		return judge_known(q, &a, out, e);
	n = arrivals_count(&a);
	*out = (struct arrival){.rows = ARRIVAL_ROWS_UNKNOWN};
	out->came = n > 0 ? (int64_t)a.v[n - 1].at * 1000 : 0;
	out->together = n > 0 ? a.v[n - 1].files : 0;
	return 0;
}

int
arrivals_past(
    struct ledger *l, const struct feed *f, int64_t now, struct dues *out, struct err *e)
{
	struct arrivals a;

	out->n = out->past = 0;
	if (f->expect.days == 0)
		return 0;
	if (ledger_arrivals_get(l, f->feed.name, &a, e) != 0)
		return -1;
	return is_begun(l, f, &a) ? arrivals_dues(&f->expect, &a, now, out, e) : 0;
}

int
arrivals_begin(struct ledger *l, const struct feed *f, int64_t now, struct err *e)
{
	struct digest expect;

	if (f->expect.days == 0)
		return 0;
	expect = expect_digest(&f->expect, ledger_keys(l));
	return ledger_arrivals_begin(l, f->feed.name, &expect, now, e);
}

const char *
arrival_word(enum arrival_state s)
{
	static const char *const words[] = {[ARRIVAL_NONE] = "nothing due yet",
	    [ARRIVAL_IN_TIME] = "in time",
	    [ARRIVAL_LATE] = "late",
	    [ARRIVAL_ASIDE] = "not delivered",
	    [ARRIVAL_STRANGE] = "strange"};

	return words[s];
}
