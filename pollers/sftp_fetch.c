/*
 * Several small files at a time. A small file costs round trips, not bytes: its turn at
 * an SFTP channel is two of them, one that closes the file before, looks that one up and
 * opens this, and one that reads. As many channels as there is work for take their turns
 * side by side, on one connection and in one thread.
 */
#include <stdlib.h>
#include <string.h>

#include "pollers/sftp_drop.h"

#define BEGIN_MS    2000 /* then none is begun: the first ones would grow old */
#define WORTH_FILES 2    /* for each channel there is, and for that there be one more; */
#define WORTH_MS    50 /* and what is left must take so long: a near server has no need */
#define END_TRIES   64

/* What is being fetched. */
struct batch {
	struct sftp_drop *d;
	struct fetched *v;
	size_t n, begun;
	int64_t began;
};

/*
 * For `do rc = libssh2_...; while (cut_off(s, rc));`. Of a packet that is partly sent
 * nothing else may be asked before its rest is.
 */
static bool
cut_off(struct ssh *s, ssize_t rc)
{
	return rc == LIBSSH2_ERROR_EAGAIN &&
	       libssh2_session_block_directions(s->session) &
		   LIBSSH2_SESSION_BLOCK_OUTBOUND &&
	       ssh_again(s, rc, NULL);
}

/* Has it ended, well or not? What is no answer of the server's breaks the connection. */
static bool
ended(struct ssh *s, ssize_t rc)
{
	if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN && rc != LIBSSH2_ERROR_SFTP_PROTOCOL)
		s->lost = true;
	return rc != LIBSSH2_ERROR_EAGAIN;
}

static bool
any_left(const struct batch *b)
{
	return b->begun < b->n && clock_mono(b->d->ssh.env->clock) - b->began < BEGIN_MS;
}

/* Does one more channel pay, as fast as it goes so far? */
static bool
worth_a_line(const struct batch *b)
{
	int64_t took = clock_mono(b->d->ssh.env->clock) - b->began;
	size_t left = b->n - b->begun, lines = b->d->nlines;

	return any_left(b) && b->begun > lines && left >= WORTH_FILES * lines &&
	       took * (int64_t)left > WORTH_MS * (int64_t)(b->begun - lines);
}

/* It is left for its turn, which will say what is wrong with it. */
static void
give_up(struct fetched *f)
{
	free(f->bytes);
	f->bytes = NULL;
}

static bool
close_last(struct batch *b, struct sftp_line *l)
{
	struct ssh *s = &b->d->ssh;
	int rc;

	do
		rc = libssh2_sftp_close_handle(l->closing);
	while (cut_off(s, rc));
	if (rc != LIBSSH2_ERROR_EAGAIN)
		l->closing = NULL;
	return ended(s, rc);
}

/* What was read must be what was listed, and still lie there. */
static bool
look_up_last(struct batch *b, struct sftp_line *l)
{
	const struct fetched *f = l->last;
	struct ssh *s = &b->d->ssh;
	LIBSSH2_SFTP_ATTRIBUTES a;
	struct drop_file now;
	int rc;

	do
		rc = libssh2_sftp_stat_ex(
		    l->sftp, f->path, (unsigned)strlen(f->path), LIBSSH2_SFTP_LSTAT, &a);
	while (cut_off(s, rc));
	if (!ended(s, rc))
		return false;
	l->last->whole = rc == 0 && sftp_take_attributes(&a, &now) &&
			 now.size == f->size && now.mtime == f->mtime;
	if (!l->last->whole)
		give_up(l->last);
	l->last = NULL;
	return true;
}

static bool
open_now(struct batch *b, struct sftp_line *l)
{
	const struct fetched *f = l->now;
	struct ssh *s = &b->d->ssh;
	int rc;

	do {
		l->reading = libssh2_sftp_open_ex(l->sftp, f->path,
		    (unsigned)strlen(f->path), LIBSSH2_FXF_READ, 0,
		    LIBSSH2_SFTP_OPENFILE);
		rc = l->reading ? 0 : libssh2_session_last_errno(s->session);
	} while (cut_off(s, rc));
	if (!ended(s, rc))
		return false;
	if (!l->reading) {
		give_up(l->now);
		l->now = NULL;
	}
	return true;
}

/* The buffer has room for more than the file's size: so its end is seen, or its growth. */
static bool
read_now(struct batch *b, struct sftp_line *l)
{
	size_t room = sftp_fit_buffer(l->now->size) - l->got;
	struct ssh *s = &b->d->ssh;
	ssize_t rc;

	do
		rc = libssh2_sftp_read(l->reading, l->now->bytes + l->got, room);
	while (cut_off(s, rc));
	if (!ended(s, rc))
		return false;
	l->got += rc > 0 ? (size_t)rc : 0;
	if (rc > 0 && l->got <= l->now->size)
		return true;
	if (rc == 0 && l->got == l->now->size)
		l->last = l->now;
	else
		give_up(l->now);
	l->closing = l->reading;
	l->reading = NULL;
	l->now = NULL;
	return true;
}

static void
begin(struct batch *b, struct sftp_line *l)
{
	l->now = &b->v[b->begun++];
	l->got = 0;
	l->now->bytes = malloc(sftp_fit_buffer(l->now->size));
	if (!l->now->bytes)
		l->now = NULL;
}

/* Asks and hears what can be at once: true if anything came to its end. */
static bool
go_on(struct batch *b, struct sftp_line *l)
{
	bool moved = false;

	b->d->ssh.asked = l->sftp;
	if (!l->now && any_left(b))
		begin(b, l);
	if (l->closing)
		moved |= close_last(b, l);
	if (l->last)
		moved |= look_up_last(b, l);
	if (l->now && !l->reading)
		moved |= open_now(b, l);
	/* Closing a file ends a read under way in its channel: libssh2 keeps one state. */
	if (l->reading && !l->closing && !l->last)
		moved |= read_now(b, l);
	if (ssh_service_gone(&b->d->ssh))
		b->d->ssh.lost = true;
	b->d->ssh.asked = b->d->ssh.sftp;
	return moved;
}

/* One more channel, if that pays and the server gives one; it is made beside the work. */
static bool
widen(struct batch *b)
{
	struct sftp_drop *d = b->d;
	LIBSSH2_SFTP *sftp;
	int rc;

	if (!d->widening && (d->narrow || d->nlines == SFTP_LINES || !worth_a_line(b)))
		return false;
	do {
		sftp = libssh2_sftp_init(d->ssh.session);
		rc = sftp ? 0 : libssh2_session_last_errno(d->ssh.session);
	} while (cut_off(&d->ssh, rc));
	d->widening = rc == LIBSSH2_ERROR_EAGAIN;
	d->narrow |= rc == LIBSSH2_ERROR_CHANNEL_FAILURE;
	if (sftp)
		d->line[d->nlines++] = (struct sftp_line){.sftp = sftp};
	else if (rc != LIBSSH2_ERROR_CHANNEL_FAILURE)
		ended(&d->ssh, rc);
	return !d->widening;
}

static bool
busy(const struct batch *b)
{
	bool any = any_left(b);

	for (size_t i = 0; i < b->d->nlines; i++)
		any |= b->d->line[i].now || b->d->line[i].closing || b->d->line[i].last;
	return any;
}

/* What the lost connection left half done. */
static void
drop_rest(struct batch *b)
{
	for (size_t i = 0; i < b->d->nlines; i++)
		b->d->line[i].now = b->d->line[i].last = NULL;
	for (size_t i = 0; i < b->n; i++)
		if (!b->v[i].whole)
			give_up(&b->v[i]);
}

/* One round: what can be done at once is done, then it waits for the line. */
static void
turn(struct batch *b)
{
	struct ssh *s = &b->d->ssh;
	uint64_t before = s->received;
	bool moved = false;

	for (size_t i = 0; i < b->d->nlines && !s->lost; i++)
		moved |= go_on(b, &b->d->line[i]);
	if (!s->lost)
		moved |= widen(b);
	if (moved)
		ssh_begin(s);
	/* What one channel read off the line may be for one that was asked before. */
	else if (!s->lost && s->received == before)
		ssh_again(s, LIBSSH2_ERROR_EAGAIN, NULL);
}

size_t
sftp_fetch(void *self, struct fetched *v, size_t n)
{
	struct sftp_drop *d = self;
	struct ssh *s = &d->ssh;
	struct batch b = {d, v, n, 0, clock_mono(s->env->clock)};

	if (d->small || sftp_free_handle(d, NULL))
		return 0;
	d->line[0].sftp = s->sftp;
	d->nlines += d->nlines == 0;
	ssh_begin(s);
	while (busy(&b) && !s->lost)
		turn(&b);
	drop_rest(&b);
	return b.begun;
}

static void
end_handle(LIBSSH2_SFTP_HANDLE *h)
{
	for (int tries = 0; h && tries < END_TRIES; tries++)
		if (libssh2_sftp_close_handle(h) != LIBSSH2_ERROR_EAGAIN)
			break;
}

/* Only libssh2 itself can free what it keeps of a channel that is half made. */
static void
end_widening(struct sftp_drop *d)
{
	for (int tries = 0; d->widening && tries < END_TRIES; tries++) {
		LIBSSH2_SFTP *sftp = libssh2_sftp_init(d->ssh.session);

		d->widening = !sftp && libssh2_session_last_errno(d->ssh.session) ==
					   LIBSSH2_ERROR_EAGAIN;
		if (sftp)
			d->line[d->nlines++] = (struct sftp_line){.sftp = sftp};
	}
}

void
sftp_lines_end(struct sftp_drop *d)
{
	end_widening(d);
	for (size_t i = 0; i < d->nlines; i++) {
		struct sftp_line *l = &d->line[i];

		end_handle(l->reading);
		end_handle(l->closing);
		for (int tries = 0; i > 0 && tries < END_TRIES; tries++)
			if (libssh2_sftp_shutdown(l->sftp) != LIBSSH2_ERROR_EAGAIN)
				break;
	}
	d->nlines = 0;
}
