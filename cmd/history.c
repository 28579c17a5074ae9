#include "cmd/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/utf8.h"

#define HISTORY_TEXT (32u << 20) /* bytes of columns' titles */
#define TITLE_MAX    200         /* nobody reads more of one */

static int64_t
day_of(const struct zone *z, int64_t ms)
{
	int64_t s = ms / 1000;

	return (s + zone_offset_at(z, s)) / DAY_SECONDS;
}

void
history_init(struct history *h, const struct zone *zone, int64_t now, size_t days)
{
	*h = (struct history){.zone = zone, .now = now, .days = days};
	h->first = day_of(zone, now) - (int64_t)days + 1;
	arena_init(&h->arena, HISTORY_TEXT);
}

void
history_release(struct history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->v[i].days);
		free(h->v[i].columns);
	}
	free(h->v);
	free(h->files);
	arena_release(&h->arena);
}

int
history_begin(struct history *h, size_t feeds, struct err *e)
{
	if ((h->v = calloc(feeds + 1, sizeof(*h->v))) == NULL)
		return err_nomem(e);
	h->n = feeds;
	for (size_t i = 0; i < feeds; i++)
		if ((h->v[i].days = calloc(h->days, sizeof(*h->v[i].days))) == NULL)
			return err_nomem(e);
	return 0;
}

/* How late the last of its files was; one that it lacks never came. */
static uint64_t
minutes_late(const struct due *due)
{
	int64_t came = due->wanted > 1 ? due->last : due->first;
	int64_t minutes = (came - due->at) / 60000;

	if (due->got < due->wanted || minutes > HISTORY_MISSED)
		return HISTORY_MISSED;
	return minutes > 0 ? (uint64_t)minutes : 0;
}

void
history_dues(struct history *h, size_t feed, const struct due *v, size_t n, int64_t grace)
{
	for (size_t i = 0; i < n; i++) {
		int64_t day = day_of(h->zone, v[i].at) - h->first;
		uint64_t minutes = minutes_late(&v[i]);
		struct history_day *d;

		if (day < 0 || day >= (int64_t)h->days)
			continue;
		d = &h->v[feed].days[day];
		d->due++;
		if (minutes * 60000 <= (uint64_t)grace)
			continue;
		d->late++;
		d->minutes = minutes > d->minutes ? minutes : d->minutes;
	}
}

static int
note_rejects(struct history *h, size_t feed, const struct file_entry *f, struct err *e)
{
	size_t more = h->cap * 2 + 256;
	struct history_file *v;

	if (h->nfiles == h->cap) {
		if ((v = reallocarray(h->files, more, sizeof(*v))) == NULL)
			return err_nomem(e);
		h->files = v;
		h->cap = more;
	}
	h->files[h->nfiles++] = (struct history_file){f->id, f->read_at, feed};
	return 0;
}

static void
note_pace(struct history_pace *p, const struct file_entry *f)
{
	if (f->took == 0)
		return;
	p->files++;
	p->rows += f->rows;
	p->ms += f->took;
	if (f->took > p->longest)
		p->longest = f->took;
}

int
history_file(struct history *h, size_t feed, const struct file_entry *f, struct err *e)
{
	int64_t day;
	struct history_day *d;

	/* Most files are older than the first day, and need no calendar to tell. */
	if (f->read_at < (h->first - 1) * DAY_MS)
		return 0;
	day = day_of(h->zone, f->read_at) - h->first;
	if (day < 0 || day >= (int64_t)h->days)
		return 0;
	d = &h->v[feed].days[day];
	d->files++;
	d->rows += f->rows;
	d->changes += f->delivered;
	d->rejected += f->rejected;
	note_pace(&h->v[feed].pace, f);
	return f->rejected > 0 ? note_rejects(h, feed, f, e) : 0;
}

struct counting {
	struct history *h;
	struct history_feed *feed;
	const struct history_file *file;
	struct err *e;
};

static struct history_column *
add_column(struct counting *c, struct span title, enum problem_code code)
{
	struct history_feed *f = c->feed;
	size_t more = f->cap * 2 + 8;
	struct history_column *v;

	if (f->n == HISTORY_COLUMNS_MAX)
		return NULL;
	if (f->n == f->cap) {
		if ((v = reallocarray(f->columns, more, sizeof(*v))) == NULL)
			return err_nomem(c->e), NULL;
		f->columns = v;
		f->cap = more;
	}
	v = &f->columns[f->n];
	*v = (struct history_column){.feed = f->name, .code = code};
	v->title = arena_span(&c->h->arena, title).p;
	if (v->title == NULL)
		return err_nomem(c->e), NULL;
	f->n++;
	return v;
}

static int
count_problem(void *arg, const struct problem *p)
{
	struct counting *c = arg;
	struct history_column *v = NULL;
	struct span title = p->column;

	if (p->weight != WEIGHT_REJECT)
		return 0;
	if (title.n > TITLE_MAX)
		title.n = utf8_valid((struct span){title.p, TITLE_MAX});
	for (size_t i = 0; i < c->feed->n && v == NULL; i++)
		if (c->feed->columns[i].code == p->code &&
		    span_eq(span_of(c->feed->columns[i].title), title))
			v = &c->feed->columns[i];
	if (v == NULL && (v = add_column(c, title, p->code)) == NULL)
		return c->e->code == ERR_NONE ? 0 : -1;
	v->rows++;
	v->files += v->seen != c->file;
	v->seen = c->file;
	v->last = c->file->read_at;
	return 0;
}

static int
compare_files(const void *a, const void *b)
{
	const struct history_file *x = a, *y = b;

	return x->read_at < y->read_at ? -1 : x->read_at > y->read_at;
}

int
history_problems(struct history *h, struct ledger *l, struct err *e)
{
	if (h->nfiles > 0)
		qsort(h->files, h->nfiles, sizeof(*h->files), compare_files);
	for (size_t i = 0; i < h->nfiles; i++) {
		struct counting c = {.h = h,
		    .feed = &h->v[h->files[i].feed],
		    .file = &h->files[i],
		    .e = e};

		if (ledger_problem_each(l, &h->files[i].id, count_problem, &c, e) != 0)
			return -1;
	}
	return 0;
}

void
history_add(struct history_day *to, const struct history_day *d)
{
	to->files += d->files;
	to->rows += d->rows;
	to->changes += d->changes;
	to->rejected += d->rejected;
	to->due += d->due;
	to->late += d->late;
	to->minutes = d->minutes > to->minutes ? d->minutes : to->minutes;
}

struct history_day
history_sum(const struct history *h, const struct history_feed *f)
{
	struct history_day sum = {.files = 0};

	for (size_t i = 0; i < h->days; i++)
		history_add(&sum, &f->days[i]);
	return sum;
}

static bool
worse_column(const struct history_column *a, const struct history_column *b)
{
	return a->rows != b->rows ? a->rows > b->rows : a->last > b->last;
}

size_t
history_worst(const struct history *h, const struct history_column **out, size_t max)
{
	size_t n = 0, at;

	for (size_t i = 0; i < h->n; i++) {
		for (size_t k = 0; k < h->v[i].n; k++) {
			const struct history_column *c = &h->v[i].columns[k];

			for (at = n; at > 0 && worse_column(c, out[at - 1]); at--)
				if (at < max)
					out[at] = out[at - 1];
			if (at < max)
				out[at] = c;
			n += n < max;
		}
	}
	return n;
}

static bool
slower(const struct history_feed *a, const struct history_feed *b)
{
	return a->pace.ms / a->pace.files > b->pace.ms / b->pace.files;
}

size_t
history_slowest(const struct history *h, const struct history_feed **out, size_t max)
{
	size_t n = 0, at;

	for (size_t i = 0; i < h->n; i++) {
		const struct history_feed *f = &h->v[i];

		if (f->pace.files == 0)
			continue;
		for (at = n; at > 0 && slower(f, out[at - 1]); at--)
			if (at < max)
				out[at] = out[at - 1];
		if (at < max)
			out[at] = f;
		n += n < max;
	}
	return n;
}
