#include "cmd/board.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/feed.h"
#include "cmd/history.h"
#include "cmd/login.h"
#include "cmd/status.h"
#include "state/controls.h"

#define BOARD_TEXT_MAX  (16u << 20)
#define BOARD_FEEDS_MAX 10000

/* What the walks over the ledger are handed. */
struct filling {
	struct board *board;
	struct err *e;
};

static struct board_feed *
add_feed(struct board *b, const char *name, struct err *e)
{
	size_t more = b->cap * 2 + 64;
	struct board_feed *v;

	if (b->n == BOARD_FEEDS_MAX)
		return err_set(e, ERR_LEDGER, "there are more than %d feeds",
			   BOARD_FEEDS_MAX),
		       NULL;
	if (b->n == b->cap) {
		if ((v = reallocarray(b->v, more, sizeof(*v))) == NULL)
			return err_nomem(e), NULL;
		b->v = v;
		b->cap = more;
	}
	v = &b->v[b->n++];
	memset(v, 0, sizeof(*v));
	strncpy(v->state.name, name, sizeof(v->state.name) - 1);
	return v;
}

static int
add_known(void *arg, const struct feed_state *state)
{
	const struct filling *to = arg;
	struct board_feed *f = add_feed(to->board, state->name, to->e);

	if (f == NULL)
		return -1;
	f->state = *state;
	f->known = true;
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	const struct board_feed *x = a, *y = b;

	return strcmp(x->state.name, y->state.name);
}

static struct board_feed *
find(const struct board *b, const char *name, size_t among)
{
	size_t from = 0, to = among;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int c = strcmp(name, b->v[middle].state.name);

		if (c == 0)
			return &b->v[middle];
		if (c < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

struct board_feed *
board_find(const struct board *b, const char *name)
{
	return find(b, name, b->n);
}

struct configured {
	struct filling to;
	struct ledger *ledger;
	size_t known; /* feeds of the ledger, by name: those behind them are new */
};

/* The due times that are over, for charts. */
static int
keep_dues(const struct configured *c, const struct feed *feed, struct board_feed *f)
{
	struct due *v = calloc(DUES_MAX, sizeof(*v));
	struct dues dues = {.v = v, .max = DUES_MAX};
	int rc = v == NULL
		     ? err_nomem(c->to.e)
		     : arrivals_past(c->ledger, feed, c->to.board->now, &dues, c->to.e);

	f->dues = v;
	f->ndues = dues.past;
	f->grace = feed->expect.grace;
	return rc;
}

/* What is only known while its feed file is loaded. */
static int
ask_configured(const struct configured *c, const struct feed *feed, struct board_feed *f)
{
	const struct arrival_question q = {
	    c->ledger, feed, &c->to.board->stuck, c->to.board->now};

	f->expects = feed->expect.days != 0;
	if (!f->expects)
		return 0;
	if (keep_dues(c, feed, f) != 0)
		return -1;
	return arrivals_of(&q, &f->arrival, c->to.e);
}

static int
add_configured(struct app *app, struct feed *feed, struct err *e, void *arg)
{
	const struct configured *c = arg;
	struct board_feed *f;

	(void)app;
	if (feed->feed.name == NULL || c->to.e->code != ERR_NONE)
		return 0;
	f = find(c->to.board, feed->feed.name, c->known);
	if (f == NULL && (f = add_feed(c->to.board, feed->feed.name, c->to.e)) == NULL)
		return 0;
	f->configured = true;
	if (e != NULL)
		f->mistakes = feed->errors.n > 0 ? feed->errors.n : 1;
	else
		ask_configured(c, feed, f);
	return 0;
}

/* That there is no feed file at all is nothing that keeps the ledger from telling. */
static int
add_feeds(struct filling *to, struct app *app, struct ledger *l)
{
	struct configured c = {*to, l, 0};
	struct err none = {.code = ERR_NONE};

	if (ledger_feed_each(l, add_known, to, to->e) != 0)
		return -1;
	c.known = to->board->n;
	feed_each(app, NULL, 0, &(struct feed_visitor){add_configured, &c}, &none);
	if (none.code != ERR_NONE && none.code != ERR_CONFIG)
		*to->e = none;
	if (to->e->code != ERR_NONE)
		return -1;
	if (to->board->n > 0)
		qsort(to->board->v, to->board->n, sizeof(*to->board->v), compare_names);
	return 0;
}

/* As `retry` takes them. */
static void
count_refusals(struct refusals *of, const struct file_entry *f)
{
	if (f->refused == 0 || !f->closed || f->verdict == VERDICT_DISCARD)
		return;
	of->files++;
	of->records += f->refused;
	if (f->read_at > of->last)
		of->last = f->read_at;
}

static int
add_file(void *arg, const struct file_entry *entry)
{
	const struct filling *to = arg;
	struct board *b = to->board;
	struct board_feed *f = board_find(b, entry->feed);

	if (f == NULL)
		return 0;
	count_refusals(&f->refusals, entry);
	if (b->history == NULL)
		return 0;
	return history_file(b->history, (size_t)(f - b->v), entry, to->e);
}

/* Whose credentials were refused, and whose will expire. */
static int
ask_credentials(struct board_feed *f, struct ledger *l, struct err *e)
{
	struct login_pause login;
	struct figures figures;

	if (ledger_login_get(l, f->state.name, &login, e) != 0 ||
	    ledger_figures_get(l, f->state.name, &figures, e) != 0)
		return -1;
	f->login_refused = login.since != 0;
	f->mended = login_mended(&login, &f->state) ? login.ended : 0;
	f->expires_pgp = figures.api_expires == 0 ||
			 (figures.pgp_expires != 0 &&
			     figures.pgp_expires < figures.api_expires);
	f->expires = f->expires_pgp ? figures.pgp_expires : figures.api_expires;
	return 0;
}

/* Is an unfinished delivery its own, or another's? That of a feed without a file can't go on. */
static int
ask_pass(struct board *b, struct board_feed *f, struct ledger *l, struct err *e)
{
	const struct block_when when = {b->now, b->deadline};
	const struct board_feed *other;

	if (block_find(l, &f->state, &when, &f->block, e) != 0)
		return -1;
	f->pass = f->block.pass;
	f->unfinished = f->block.open && !f->block.is;
	f->at_work = f->unfinished && f->block.at_work;
	other = board_find(b, f->block.pass.feed);
	f->block.is &= other != NULL && other->configured;
	return 0;
}

static int
ask_feed(struct board *b, struct board_feed *f, struct ledger *l, struct err *e)
{
	if (ledger_pause_get(l, f->state.name, &f->paused, e) != 0 ||
	    ask_credentials(f, l, e) != 0)
		return -1;
	if (f->known && ask_pass(b, f, l, e) != 0)
		return -1;
	return ailments_find(b, f, l, e);
}

enum health
board_health(const struct board_feed *f)
{
	return f->n > 0 ? f->ailments[0].health : HEALTH_WELL;
}

/* Nor is it an error to come in another's way. */
bool
board_stopped(const struct feed_state *s)
{
	return s->last_error != 0 && s->last_exit != STATUS_HELD &&
	       s->last_exit != STATUS_FILE_REFUSED && s->last_exit != STATUS_BUSY;
}

bool
board_left(const struct board_feed *f)
{
	return f->unfinished && f->block.stuck && !block_by_run(&f->block) &&
	       f->paused == 0 && f->mistakes == 0 && !board_stopped(&f->state);
}

/* The sickest first; of equal ones that which has ailed for longer. */
static int
compare_health(const void *a, const void *b)
{
	const struct board_feed *x = *(struct board_feed *const *)a;
	const struct board_feed *y = *(struct board_feed *const *)b;
	int64_t since_x = x->n > 0 ? x->ailments[0].since : 0;
	int64_t since_y = y->n > 0 ? y->ailments[0].since : 0;

	if (board_health(x) != board_health(y))
		return board_health(x) < board_health(y) ? -1 : 1;
	if (since_x != since_y)
		return since_x < since_y ? -1 : 1;
	return strcmp(x->state.name, y->state.name);
}

static int
put_in_order(struct board *b, struct err *e)
{
	if ((b->order = calloc(b->n + 1, sizeof(struct board_feed *))) == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < b->n; i++) {
		b->order[i] = &b->v[i];
		b->sick += board_health(&b->v[i]) < HEALTH_NEEDS_NOBODY;
		b->gone += !b->v[i].configured;
	}
	qsort(b->order, b->n, sizeof(struct board_feed *), compare_health);
	return 0;
}

static int
begin_history(struct board *b, struct err *e)
{
	if (history_begin(b->history, b->n, e) != 0)
		return -1;
	for (size_t i = 0; i < b->n; i++) {
		const struct board_feed *f = &b->v[i];

		b->history->v[i].name = f->state.name;
		history_dues(b->history, i, f->dues, f->ndues, f->grace);
	}
	return 0;
}

int
board_make(struct board *b, struct app *app, struct ledger *l, struct history *history,
    struct err *e)
{
	struct filling to = {b, e};

	*b = (struct board){.history = history,
	    .now = clock_wall(app->clock),
	    .deadline = app->run_conf.deadline,
	    .warn_before = app->alarms.warn_before};
	arena_init(&b->arena, BOARD_TEXT_MAX);
	if (stuck_find(l, &b->stuck, e) != 0 || add_feeds(&to, app, l) != 0)
		return -1;
	if (history != NULL && begin_history(b, e) != 0)
		return -1;
	if (ledger_file_each(l, add_file, &to, e) != 0)
		return -1;
	for (size_t i = 0; i < b->n; i++)
		if (ask_feed(b, &b->v[i], l, e) != 0)
			return -1;
	return put_in_order(b, e);
}

void
board_release(struct board *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->v[i].ailments);
		free(b->v[i].dues);
	}
	free(b->v);
	free(b->order);
	stuck_release(&b->stuck);
	arena_release(&b->arena);
}

void
board_headline(const struct board *b, struct buf *out)
{
	size_t n = b->n - b->gone;

	if (b->n == 0)
		buf_add_str(out, "no feed has run yet");
	else if (n == 0)
		buf_add_str(out, "no feed has a feed file");
	else if (b->sick == 0 && n == 1)
		buf_add_str(out, "the feed is well");
	else if (b->sick == 0)
		buf_addf(out, "all %zu feeds are well", n);
	else
		buf_addf(out, "%zu of %zu feed%s need%s somebody", b->sick, n,
		    n == 1 ? "" : "s", b->sick == 1 ? "s" : "");
}

void
board_arrival_json(const struct board_feed *f, struct json *j)
{
	if (!f->expects)
		return;
	jw_key(j, SPAN_LIT("arrival"));
	jw_object(j);
	arrival_json(&f->arrival, j);
	jw_object_end(j);
}
