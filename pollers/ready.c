#include "pollers/ready.h"

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * How long the file has been as it is, in ms. A time stamp in the future (a clock
 * that is ahead, or nonsense) tells nothing, and the file would never come of age:
 * then what counts is how long we have seen it so.
 */
static int64_t
age(const struct drop_file *f, int64_t seen, int64_t now)
{
	if (f->mtime > now / 1000)
		return now - seen;
	if (f->mtime < 0)
		return now;
	return now - f->mtime * 1000;
}

struct readiness
ready_judge(const struct source_conf *sc, const struct drop_file *f,
    const struct look *before, int64_t now)
{
	bool same = before->seen > 0 && before->seen <= now && before->size == f->size &&
		    before->mtime == f->mtime;
	struct readiness r = {.restart = !same};
	int64_t seen = same ? before->seen : now;

	if (sc->marker) {
		r.ready = f->marked && f->marked_at >= f->mtime;
		r.outdated = f->marked && !r.ready;
		r.wait = r.ready ? 0 : -1;
		return r;
	}
	if (sc->min_age > 0)
		r.wait = most(r.wait, sc->min_age - age(f, seen, now));
	r.wait = most(r.wait, sc->stable_for - (now - seen));
	r.ready = r.wait == 0;
	return r;
}
