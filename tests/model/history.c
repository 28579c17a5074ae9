#include "tests/model/history.h"

#include <string.h>

unsigned
dice_roll(struct dice *d, unsigned n)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) >> 32) % n;
}

bool
is_appointment(unsigned record)
{
	return record >= IDS;
}

unsigned
content_of(const struct row *r, unsigned version)
{
	return (r->content + version) % CONTENTS;
}

static bool
chance(struct dice *d, unsigned percent)
{
	return dice_roll(d, 100) < percent;
}

static uint8_t
roll(struct dice *d, unsigned n)
{
	return (uint8_t)dice_roll(d, n);
}

static void
remove_row(struct file *f, unsigned i)
{
	memmove(&f->rows[i], &f->rows[i + 1], (f->nrows - i - 1u) * sizeof(f->rows[0]));
	f->nrows--;
}

static void
make_row(struct row *r, const struct history *h, const struct file *f, struct dice *d)
{
	r->record = roll(d, RECORDS);
	r->content = roll(d, CONTENTS);
	r->patient = is_appointment(r->record) ? roll(d, IDS) : 0;
	if (h->timed[f->feed] && chance(d, 80))
		r->at = (uint8_t)(1 + dice_roll(d, 8));
	r->window = is_appointment(r->record) ? (uint8_t)(1 + dice_roll(d, 5)) : 0;
	r->kind = ROW_WHOLE;
	if (h->merges && f->feed == 1 && !is_appointment(r->record) && chance(d, 30)) {
		r->kind = chance(d, 70) ? ROW_MERGE : ROW_UNMERGE;
		r->patient = (uint8_t)((r->record + 1 + dice_roll(d, IDS - 1)) % IDS);
	}
	if (f->feed == 0 && chance(d, 10))
		r->kind = h->snapshot ? ROW_PRESENT : ROW_DELETE;
	else if (h->known && chance(d, 5))
		r->kind = ROW_PRESENT;
}

/* The next export is like the last one, but for some rows. */
static void
make_next(
    struct file *f, const struct file *last, const struct history *h, struct dice *d)
{
	*f = *last;
	f->at = (uint8_t)(1 + dice_roll(d, 8));
	for (unsigned i = 0; i < f->nrows; i++)
		if (chance(d, 15))
			make_row(&f->rows[i], h, f, d);
	if (f->nrows > 1 && chance(d, 30))
		remove_row(f, dice_roll(d, f->nrows));
	if (f->nrows < ROWS_MAX && chance(d, 30))
		make_row(&f->rows[f->nrows++], h, f, d);
}

static void
make_file(struct file *f, const struct history *h, struct dice *d)
{
	f->feed = chance(d, 30);
	f->at = (uint8_t)(1 + dice_roll(d, 8));
	f->nrows = (uint8_t)(1 + dice_roll(d, ROWS_MAX));
	for (unsigned i = 0; i < f->nrows; i++) {
		make_row(&f->rows[i], h, f, d);
		/* The same row twice is common: people paste. */
		if (i > 0 && chance(d, 15))
			f->rows[i] = f->rows[dice_roll(d, i)];
	}
}

static void
make_step(struct step *s, const struct history *h, struct dice *d)
{
	unsigned mode = dice_roll(d, 10);

	s->file = roll(d, h->nfiles);
	s->mode = mode < 7   ? MODE_RUN
		  : mode < 8 ? MODE_BACKFILL
		  : mode < 9 ? MODE_RETRY
			     : MODE_RETRY_NEWEST;
	s->batch_records = (uint8_t)(1 + dice_roll(d, 6));
	s->in_flight = (uint8_t)(1 + dice_roll(d, 4));
	s->loses = chance(d, 20);
	s->later = chance(d, 20);
	s->seed = dice_roll(d, UINT32_MAX);
	for (unsigned i = 0; i < KILLS_MAX && chance(d, i == 0 ? 40 : 60); i++) {
		unsigned found = dice_roll(d, 10);

		s->kills[i].after = (uint8_t)(1 + dice_roll(d, 14));
		s->kills[i].found = found < 7   ? FOUND_SAME
				    : found < 9 ? FOUND_OTHER_MAP
						: FOUND_GONE;
	}
}

void
history_make(struct history *h, uint64_t seed)
{
	struct dice d = {seed * UINT64_C(0xd1342543de82ef95)};

	memset(h, 0, sizeof(*h));
	h->snapshot = chance(&d, 30);
	h->window = chance(&d, 50);
	h->wholesale = chance(&d, 30);
	h->merges = chance(&d, 40);
	for (unsigned i = 0; i < FEEDS; i++)
		h->timed[i] = chance(&d, 60);
	for (unsigned i = 0; i < CONTENTS; i++)
		h->refused_until[i] = chance(&d, 25)
					  ? (uint8_t)(1 + dice_roll(&d, STEPS_MAX))
					  : 0;
	h->known = chance(&d, 20);
	h->line = (uint8_t)(1 + dice_roll(&d, 2));
	h->deletes_until = chance(&d, 20) ? (uint8_t)(1 + dice_roll(&d, STEPS_MAX)) : 0;
	h->nfiles = (uint8_t)(1 + dice_roll(&d, FILES_MAX));
	h->nsteps = (uint8_t)(2 + dice_roll(&d, STEPS_MAX - 1));
	for (unsigned i = 0; i < h->nfiles; i++) {
		if (i > 0 && h->known && chance(&d, 50))
			make_next(&h->files[i], &h->files[i - 1], h, &d);
		else
			make_file(&h->files[i], h, &d);
	}
	for (unsigned i = 0; i < h->nsteps; i++)
		make_step(&h->steps[i], h, &d);
}

static void
print_row(const struct row *r, bool snapshot, FILE *out)
{
	static const char *const kinds[] = {"", " deleted", " gives nothing",
	    " is what another is merged into", " is not merged any more"};

	fprintf(out, "    %s %u", is_appointment(r->record) ? "appointment" : "patient",
	    r->record % IDS);
	if (r->kind == ROW_WHOLE)
		fprintf(out, " content %u", r->content);
	if (r->kind == ROW_MERGE)
		fprintf(out, " (the other is %u)", r->patient);
	if (r->kind == ROW_UNMERGE)
		fprintf(out, " content %u", r->content);
	if (r->kind == ROW_WHOLE && is_appointment(r->record))
		fprintf(out, " of patient %u", r->patient);
	if (r->at > 0)
		fprintf(out, " at %u", r->at);
	if (snapshot && r->window > 0)
		fprintf(out, " starts %u", r->window);
	fprintf(out, "%s\n", kinds[r->kind]);
}

static void
print_step(const struct step *s, unsigned day, FILE *out)
{
	static const char *const modes[] = {
	    "comes", "is backfilled", "is retried", "is retried as the newest"};
	static const char *const found[] = {
	    "", ", then the map is another", ", then the file is gone"};

	fprintf(out, "  day %u: file %u %s, %u a batch, %u in flight%s%s, seed %u\n", day,
	    s->file, modes[s->mode], s->batch_records, s->in_flight,
	    s->loses ? ", answers get lost" : "",
	    s->later ? ", some are wanted later" : "", s->seed);
	for (unsigned i = 0; i < KILLS_MAX && s->kills[i].after > 0; i++)
		fprintf(out, "    killed at point %u%s\n", s->kills[i].after,
		    found[s->kills[i].found]);
}

void
history_print(const struct history *h, FILE *out)
{
	fprintf(out, "  feed 0 puts%s, %s; feed 1 patches, %s\n",
	    !h->snapshot ? ""
	    : h->window  ? " snapshots with a window"
			 : " snapshots",
	    h->timed[0] ? "timed" : "untimed", h->timed[1] ? "timed" : "untimed");
	for (unsigned i = 0; i < CONTENTS; i++)
		if (h->refused_until[i] > 0)
			fprintf(out, "  content %u is refused before day %u\n", i,
			    h->refused_until[i]);
	if (h->deletes_until > 0)
		fprintf(out, "  deletions are refused before day %u\n", h->deletes_until);
	if (h->wholesale)
		fprintf(out, "  batches are refused as a whole\n");
	if (h->known)
		fprintf(out, "  lines of %u are known from file to file\n", h->line);
	for (unsigned i = 0; i < h->nfiles; i++) {
		fprintf(out, "  file %u of feed %u, of time %u\n", i, h->files[i].feed,
		    h->files[i].at);
		for (unsigned k = 0; k < h->files[i].nrows; k++)
			print_row(&h->files[i].rows[k], h->snapshot, out);
	}
	for (unsigned i = 0; i < h->nsteps; i++)
		print_step(&h->steps[i], i, out);
}

static bool
simplify_step(struct history *h, unsigned i, unsigned part)
{
	struct step *s = &h->steps[i];

	switch (part) {
	case 0: /* the days behind it are other days then */
		memmove(s, s + 1, (h->nsteps - i - 1u) * sizeof(*s));
		h->nsteps--;
		return false;
	case 1:
		memset(s->kills, 0, sizeof(s->kills));
		return false;
	case 2:
		s->kills[KILLS_MAX - 1].after = 0;
		for (unsigned k = KILLS_MAX - 1; k > 0; k--)
			if (s->kills[k].after == 0)
				s->kills[k - 1].after = 0;
		return false;
	case 3:
		s->loses = false;
		return false;
	case 4:
		s->later = false;
		return false;
	case 5:
		s->batch_records = 1;
		return false;
	default:
		s->in_flight = 1;
		return false;
	}
}

#define STEP_PARTS  7
#define STEPS_END   (STEPS_MAX * STEP_PARTS)
#define ROWS_END    (STEPS_END + FILES_MAX * ROWS_MAX)
#define REFUSED_END (ROWS_END + CONTENTS)

bool
history_simplify(struct history *h, unsigned part, bool *same)
{
	struct history was = *h;
	unsigned step = part / STEP_PARTS;

	if (part < STEPS_END) {
		if (step < h->nsteps && h->nsteps > 1)
			simplify_step(h, step, part % STEP_PARTS);
	} else if (part < ROWS_END) {
		struct file *f = &h->files[(part - STEPS_END) / ROWS_MAX];

		if ((part - STEPS_END) % ROWS_MAX < f->nrows && f->nrows > 1)
			remove_row(f, (part - STEPS_END) % ROWS_MAX);
	} else if (part < REFUSED_END) {
		h->refused_until[part - ROWS_END] = 0;
	} else if (part == REFUSED_END) {
		h->wholesale = false;
	} else if (part == REFUSED_END + 1) {
		h->deletes_until = 0;
	} else if (part == REFUSED_END + 2) {
		h->known = false;
	} else if (part == REFUSED_END + 3) {
		h->line = 1;
	} else {
		return false;
	}
	*same = memcmp(&was, h, sizeof(was)) == 0;
	return true;
}
