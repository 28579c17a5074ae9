/*
 * What ails a feed, in plain words, and the command that helps. No text here holds a
 * file's name: the page and JSON are for everybody.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/board.h"
#include "cmd/finds.h"
#include "cmd/pick.h"
#include "cmd/status.h"
#include "cmd/stuck.h"
#include "cmd/text.h"

#define WORDS_MAX (2 * ERR_MSG_SIZE)

/* The one that is being looked at, and what is needed for it. */
struct diagnosis {
	struct board *board;
	struct board_feed *feed;
	struct ledger *ledger;
	struct err *e;
};

static const char *__attribute__((format(printf, 2, 3)))
words(struct diagnosis *d, const char *fmt, ...)
{
	char text[WORDS_MAX];
	const char *kept;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if ((kept = arena_str(&d->board->arena, text)) == NULL)
		err_nomem(d->e);
	return kept;
}

static int
add(struct diagnosis *d, const struct ailment *a)
{
	struct board_feed *f = d->feed;
	size_t more = f->cap * 2 + 4;
	struct ailment *v;

	if (a->what == NULL || a->commands[0] == NULL)
		return -1;
	if (f->n == f->cap) {
		if ((v = reallocarray(f->ailments, more, sizeof(*v))) == NULL)
			return err_nomem(d->e);
		f->ailments = v;
		f->cap = more;
	}
	f->ailments[f->n++] = *a;
	return 0;
}

/* The command that shows the error again, without reading or sending a file. */
static const char *
look_into(struct diagnosis *d)
{
	const char *name = d->feed->state.name;

	switch (d->feed->state.last_exit) {
	case STATUS_CONFIG:
		return words(d, "emrdrop check %s", name);
	case STATUS_BUG:
		return words(d, "emrdrop ledger verify");
	default:
		return words(d, "emrdrop check %s --connect", name);
	}
}

static int
diagnose_stop(struct diagnosis *d)
{
	const struct feed_state *s = &d->feed->state;
	bool told = s->last_words[0] != '\0';
	struct ailment a = {.health = HEALTH_STOPPED, .since = s->failing};

	if (!board_stopped(s) || d->feed->mended != 0 || d->feed->mistakes != 0)
		return 0;
	if (a.since == 0)
		a.since = s->last_error;
	a.what = words(d, "%s%sexit status %u, %s%s", told ? s->last_words : "",
	    told ? " (" : "", s->last_exit, status_words((int)s->last_exit),
	    told ? ")" : "");
	a.commands[0] = look_into(d);
	a.commands[1] = words(
	    d, "emrdrop %s %s", d->feed->login_refused ? "resume" : "run", s->name);
	return add(d, &a);
}

static int
diagnose_mistakes(struct diagnosis *d)
{
	const struct board_feed *f = d->feed;
	struct ailment a = {.health = HEALTH_STOPPED};

	if (f->mistakes == 0)
		return 0;
	if (board_stopped(&f->state))
		a.since = f->state.failing != 0 ? f->state.failing : f->state.last_error;
	a.what = words(d, "its configuration has %llu mistake%s: nothing is read for it",
	    (unsigned long long)f->mistakes, f->mistakes == 1 ? "" : "s");
	a.commands[0] = words(d, "emrdrop check %s", f->state.name);
	return add(d, &a);
}

static int
add_commands(struct diagnosis *d, const struct file_entry *f, struct ailment *a)
{
	char id[FILE_ID_HEX_SIZE];
	bool mend;
	size_t n = 0;
	int r = stuck_approvable(d->ledger, f, &mend, d->e);

	if (r < 0)
		return -1;
	if (mend)
		a->what = words(d, "%s; " STUCK_MEND, a->what);
	digest_hex(&f->id, id);
	a->commands[n++] = words(d, "emrdrop hold show %.8s", id);
	if (r == 1)
		a->commands[n++] = words(d, "emrdrop hold approve %.8s", id);
	a->commands[n] = words(d, "emrdrop hold discard %.8s", id);
	return 0;
}

static int
diagnose_file(struct diagnosis *d, const struct file_entry *f)
{
	struct ailment a = {.since = f->read_at, .file = f, .what = f->reason};
	enum decision decided;
	struct name_entry name;
	int r;

	if (stuck_decided(d->ledger, f, &decided, d->e) < 0 ||
	    (r = pick_in_drop(d->ledger, f, &name, d->e)) < 0)
		return -1;
	if (decided != DECISION_NONE) {
		a.health = HEALTH_DECIDED;
		a.what = words(
		    d, "%s: the next run carries out what was decided", f->reason);
		a.commands[0] = words(d, "emrdrop run %s", f->feed);
		return add(d, &a);
	}
	a.health = f->verdict == VERDICT_REFUSE ? HEALTH_REFUSED
		   : r == 1 && name.blocks      ? HEALTH_BLOCKED
						: HEALTH_HELD;
	if (a.health == HEALTH_BLOCKED)
		a.what = words(d, "%s; later files wait behind it", f->reason);
	return add_commands(d, f, &a) != 0 ? -1 : add(d, &a);
}

static int
diagnose_files(struct diagnosis *d)
{
	const struct stuck *all = &d->board->stuck;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].feed, d->feed->state.name) == 0 &&
		    diagnose_file(d, &all->v[i]) != 0)
			return -1;
	return 0;
}

static const char *
arrival_words(struct diagnosis *d)
{
	const struct arrival *a = &d->feed->arrival;
	char aside[FINDS_WORDS];
	struct buf text;
	const char *kept;

	buf_init(&text, WORDS_MAX);
	arrival_text(a, &text);
	if (a->state == ARRIVAL_LATE && !a->unseen)
		buf_add_str(&text, finds_aside(&d->feed->state.finds, aside));
	kept = words(d, "%.*s", (int)text.n, text.p);
	buf_release(&text);
	return kept;
}

static int
diagnose_arrival(struct diagnosis *d)
{
	const struct arrival *came = &d->feed->arrival;
	bool late = came->state == ARRIVAL_LATE;
	struct ailment a = {.health = late ? HEALTH_LATE : HEALTH_STRANGE,
	    .since = late ? came->late_from : came->came};

	if (!late && came->state != ARRIVAL_STRANGE)
		return 0;
	a.what = arrival_words(d);
	a.commands[0] = words(
	    d, "emrdrop %s %s", came->unseen ? "run" : "files", d->feed->state.name);
	a.commands[1] = words(d, "emrdrop check %s --connect", d->feed->state.name);
	return add(d, &a);
}

static int
diagnose_expiry(struct diagnosis *d)
{
	const struct board_feed *f = d->feed;
	struct ailment a = {.health = HEALTH_EXPIRES};
	struct buf text;

	if (f->expires == 0 || f->expires > d->board->now + d->board->warn_before)
		return 0;
	buf_init(&text, 64);
	text_time(&text, f->expires);
	a.what = words(d, "%s expire%s at %.*s",
	    f->expires_pgp ? "a PGP key" : "the API's certificate",
	    f->expires > d->board->now ? "s" : "d", (int)text.n, text.p);
	buf_release(&text);
	a.commands[0] = words(d, "emrdrop check %s --connect", f->state.name);
	return add(d, &a);
}

/*
 * A file may be stuck that only the clinic can mend: where files are expected, `late` tells
 * of it in time, with what lies there. By an older marker it is stuck for certain.
 */
static int
diagnose_waiting(struct diagnosis *d)
{
	const struct look_finds *f = &d->feed->state.finds;
	const struct arrival *due = &d->feed->arrival;
	bool sick = f->old_markers > 0 && d->board->now - f->old_since >= FINDS_UPLOAD;
	struct ailment a = {
	    .health = sick ? HEALTH_MARKER : HEALTH_WAITING, .since = f->since};
	char text[FINDS_WORDS];

	if (f->waiting == 0 || (!sick && due->state == ARRIVAL_LATE && !due->unseen))
		return 0;
	a.what = words(d, "%s", finds_waiting(f, text));
	a.commands[0] = words(d,
	    f->old_markers > 0 ? "emrdrop check %s --connect" : "emrdrop run %s",
	    d->feed->state.name);
	return add(d, &a);
}

static int
diagnose_names(struct diagnosis *d)
{
	const struct look_finds *f = &d->feed->state.finds;
	struct ailment a = {.health = HEALTH_NAMES};
	char text[FINDS_WORDS];

	if (f->bad_names == 0)
		return 0;
	a.what = words(d, "%s", finds_bad_names(f, text));
	a.commands[0] = words(d, "emrdrop check %s --connect", d->feed->state.name);
	return add(d, &a);
}

static int
diagnose_refusals(struct diagnosis *d)
{
	const struct refusals *of = &d->feed->refusals;
	struct ailment a = {.health = HEALTH_LEFT, .since = of->last};

	if (of->records == 0)
		return 0;
	a.what = words(d,
	    "%llu record%s of %llu file%s refused by the API: a retry sends what nothing "
	    "newer has replaced",
	    (unsigned long long)of->records, of->records == 1 ? "" : "s",
	    (unsigned long long)of->files, of->files == 1 ? "" : "s");
	a.commands[0] = words(d, "emrdrop retry %s", d->feed->state.name);
	return add(d, &a);
}

static int
diagnose_pass(struct diagnosis *d)
{
	const struct board_feed *f = d->feed;
	bool left = board_left(f);
	struct ailment a = {
	    .health = left ? HEALTH_BLOCKED : HEALTH_UNFINISHED, .since = f->pass.clock};

	if (!f->unfinished)
		return 0;
	a.what = words(d, "delivery %llu (%llu batch%s) is not finished: %s",
	    (unsigned long long)f->pass.number, (unsigned long long)f->pass.batches,
	    f->pass.batches == 1 ? "" : "es",
	    f->at_work       ? "a run is at work"
	    : f->paused != 0 ? "it goes on when the pause is ended"
	    : left           ? "no run goes on with it"
			     : "the next run goes on with it");
	a.commands[0] = words(d, "emrdrop %s %s",
	    f->at_work       ? "status"
	    : f->paused != 0 ? "resume"
			     : "run",
	    f->state.name);
	return add(d, &a);
}

/* Of a feed that is paused itself nothing is to be delivered. */
static int
diagnose_block(struct diagnosis *d)
{
	const struct block *b = &d->feed->block;
	struct ailment a = {.health = b->stuck ? HEALTH_BLOCKED : HEALTH_UNFINISHED,
	    .since = block_since(b)};
	char text[BLOCK_WORDS], command[BLOCK_COMMAND];

	if (!block_bars(b) || d->feed->paused != 0)
		return 0;
	block_words(b, text);
	block_command(b, command);
	a.what = words(d, "%s", text);
	a.commands[0] = words(d, "%s", command);
	if (!block_by_run(b) && b->stuck && (b->paused != 0 || b->mistakes))
		a.commands[1] = words(d, "emrdrop run %s", b->pass.feed);
	return add(d, &a);
}

/* The last run ended by it, and the next one would not. */
static int
diagnose_mended(struct diagnosis *d)
{
	const struct board_feed *f = d->feed;
	struct ailment a = {.health = HEALTH_MENDED, .since = f->mended};
	struct buf text;

	if (f->mended == 0)
		return 0;
	buf_init(&text, 64);
	text_time(&text, f->mended);
	a.what = words(d,
	    "the drop refused our login; mended at %.*s, the next run tries", (int)text.n,
	    text.p);
	buf_release(&text);
	a.commands[0] = words(d, "emrdrop run %s", f->state.name);
	return add(d, &a);
}

static int
diagnose_rest(struct diagnosis *d)
{
	const struct board_feed *f = d->feed;
	struct ailment a = {.since = f->paused};

	if (f->paused != 0) {
		a.health = HEALTH_PAUSED;
		a.what = "paused: nothing is done for it";
		a.commands[0] = words(d, "emrdrop resume %s", f->state.name);
	} else if (!f->known && f->mistakes == 0) {
		a.health = HEALTH_NEW;
		a.what = "it never ran";
		a.commands[0] = words(d, "emrdrop run %s", f->state.name);
	} else {
		return 0;
	}
	return add(d, &a);
}

static size_t
count_stuck(const struct diagnosis *d)
{
	const struct stuck *all = &d->board->stuck;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += strcmp(all->v[i].feed, d->feed->state.name) == 0;
	return n;
}

/* Whatever ails it besides, no command helps: they all want the feed file. */
static int
diagnose_gone(struct diagnosis *d)
{
	const struct board_feed *f = d->feed;
	struct ailment a = {.health = HEALTH_GONE};
	size_t stuck = count_stuck(d);
	struct buf text;

	buf_init(&text, WORDS_MAX);
	buf_add_str(&text, "its feed file is gone, so nothing is done for it");
	if (f->unfinished)
		buf_addf(&text,
		    "; delivery %llu is not finished, and the next run of another feed of "
		    "its source gives it up",
		    (unsigned long long)f->pass.number);
	if (stuck > 0)
		buf_addf(&text, "; %zu file%s of it stand%s aside in its drop", stuck,
		    stuck == 1 ? "" : "s", stuck == 1 ? "s" : "");
	a.what = words(d, "%.*s", (int)text.n, text.p);
	buf_release(&text);
	a.commands[0] = words(d, "emrdrop files %s", f->state.name);
	return add(d, &a);
}

static int
sicker(const void *a, const void *b)
{
	const struct ailment *x = a, *y = b;

	if (x->health != y->health)
		return x->health < y->health ? -1 : 1;
	return x->since < y->since ? -1 : x->since > y->since;
}

int
ailments_find(struct board *b, struct board_feed *f, struct ledger *l, struct err *e)
{
	struct diagnosis d = {b, f, l, e};

	if (!f->configured)
		return diagnose_gone(&d);
	if (diagnose_mistakes(&d) != 0 || diagnose_stop(&d) != 0 ||
	    diagnose_files(&d) != 0 || diagnose_arrival(&d) != 0 ||
	    diagnose_waiting(&d) != 0 || diagnose_names(&d) != 0 ||
	    diagnose_refusals(&d) != 0 || diagnose_expiry(&d) != 0 ||
	    diagnose_pass(&d) != 0 || diagnose_block(&d) != 0 ||
	    diagnose_mended(&d) != 0 || diagnose_rest(&d) != 0)
		return -1;
	if (f->n > 0)
		qsort(f->ailments, f->n, sizeof(*f->ailments), sicker);
	return 0;
}

static const struct {
	const char *word, *name;
} states[] = {[HEALTH_STOPPED] = {"STOPPED", "stopped"},
    [HEALTH_BLOCKED] = {"BLOCKED", "blocked"},
    [HEALTH_HELD] = {"HELD", "held"},
    [HEALTH_REFUSED] = {"REFUSED", "refused"},
    [HEALTH_LATE] = {"LATE", "late"},
    [HEALTH_STRANGE] = {"STRANGE", "strange"},
    [HEALTH_MARKER] = {"OLD MARKER", "old_marker"},
    [HEALTH_NAMES] = {"BAD NAME", "bad_name"},
    [HEALTH_LEFT] = {"NOT TAKEN", "not_taken"},
    [HEALTH_EXPIRES] = {"EXPIRES", "expires"},
    [HEALTH_DECIDED] = {"DECIDED", "decided"},
    [HEALTH_MENDED] = {"MENDED", "mended"},
    [HEALTH_UNFINISHED] = {"UNFINISHED", "unfinished"},
    [HEALTH_WAITING] = {"WAITING", "waiting"},
    [HEALTH_PAUSED] = {"PAUSED", "paused"},
    [HEALTH_NEW] = {"NEW", "new"},
    [HEALTH_GONE] = {"GONE", "gone"},
    [HEALTH_WELL] = {"well", "well"}};

const char *
health_word(enum health h)
{
	return states[h].word;
}

const char *
health_name(enum health h)
{
	return states[h].name;
}

static void
ailment_json(const struct ailment *a, struct json *j)
{
	char id[FILE_ID_HEX_SIZE];

	jw_object(j);
	jw_put_cstr(j, "state", health_name(a->health));
	jw_put_int(j, "since_ms", a->since);
	if (a->file != NULL) {
		digest_hex(&a->file->id, id);
		jw_put_cstr(j, "file", id);
	}
	jw_put_cstr(j, "what", a->what);
	jw_key(j, SPAN_LIT("commands"));
	jw_array(j);
	for (size_t i = 0; i < AILMENT_COMMANDS && a->commands[i] != NULL; i++)
		jw_cstr(j, a->commands[i]);
	jw_array_end(j);
	jw_object_end(j);
}

void
ailments_json(const struct board_feed *f, struct json *j)
{
	jw_key(j, SPAN_LIT("ailments"));
	jw_array(j);
	for (size_t i = 0; i < f->n; i++)
		ailment_json(&f->ailments[i], j);
	jw_array_end(j);
}
