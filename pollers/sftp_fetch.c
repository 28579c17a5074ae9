/*
 * Several small files at a time. A small file costs round trips, not bytes: at an SFTP
 * channel it has three of them, one that opens it, one that reads it, and one that closes
 * it and looks up if it still is what it was; and each of them is made together with
 * another one of the file before and of the file behind. As many channels as there is work
 * for do so side by side, on one connection and in one thread.
 *
 * libssh2 keeps what it needs for an open, a look-up and each handle apart, and answers by
 * their number. What is one for all handles of a channel, how far a read has come with its
 * requests, a close sets back to the beginning, from where it finds that all are sent.
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
	size_t left = b->n - b->begun, lines = b->d->nlines, held = 2 * lines;

	return any_left(b) && b->begun > held && left >= WORTH_FILES * lines &&
	       took * (int64_t)left > WORTH_MS * (int64_t)(b->begun - held);
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
		rc = libssh2_sftp_close_handle(l->last.h);
	while (cut_off(s, rc));
	if (rc != LIBSSH2_ERROR_EAGAIN)
		l->last.h = NULL;
	return ended(s, rc);
}

/* What was read must be what was listed, and still lie there. */
static bool
look_up_last(struct batch *b, struct sftp_line *l)
{
	struct fetched *f = l->last.f;
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
	f->whole = rc == 0 && sftp_take_attributes(&a, &now) && now.size == f->size &&
		   now.mtime == f->mtime;
	if (!f->whole)
		give_up(f);
	l->last.f = NULL;
	return true;
}

static bool
open_next(struct batch *b, struct sftp_line *l)
{
	const char *path = l->opening.f->path;
	struct ssh *s = &b->d->ssh;
	int rc;

	do {
		l->opening.h = libssh2_sftp_open_ex(l->sftp, path, (unsigned)strlen(path),
		    LIBSSH2_FXF_READ, 0, LIBSSH2_SFTP_OPENFILE);
		rc = l->opening.h ? 0 : libssh2_session_last_errno(s->session);
	} while (cut_off(s, rc));
	if (!ended(s, rc))
		return false;
	if (!l->opening.h) {
		give_up(l->opening.f);
		l->opening.f = NULL;
	}
	return true;
}

/* The buffer has room for more than the file's size: so its end is seen, or its growth. */
static bool
read_more(struct batch *b, struct sftp_line *l)
{
	struct fetched *f = l->reading.f;
	size_t room = sftp_fit_buffer(f->size) - l->got;
	struct ssh *s = &b->d->ssh;
	ssize_t rc;

	do
		rc = libssh2_sftp_read(l->reading.h, f->bytes + l->got, room);
	while (cut_off(s, rc));
	if (!ended(s, rc))
		return false;
	l->got += rc > 0 ? (size_t)rc : 0;
	if (rc > 0 && l->got <= f->size)
		return true;
	l->over = true;
	if (rc != 0 || l->got != f->size) {
		give_up(f);
		l->reading.f = NULL;
	}
	return true;
}

/* The next file is begun, and each goes on to the stage that is free for it. */
static bool
move_up(struct batch *b, struct sftp_line *l)
{
	bool moved = false;

	if (l->over && !l->last.f && !l->last.h) {
		l->last = l->reading;
		l->reading = (struct sftp_stage){0};
		l->over = false;
		moved = true;
	}
	if (l->opening.h && !l->reading.h) {
		l->reading = l->opening;
		l->opening = (struct sftp_stage){0};
		l->got = 0;
		moved = true;
	}
	if (!l->opening.f && any_left(b)) {
		struct fetched *f = &b->v[b->begun++];

		f->bytes = malloc(sftp_fit_buffer(f->size));
		l->opening.f = f->bytes ? f : NULL;
		moved = true;
	}
	return moved;
}

/* Asks and hears what can be at once: true if anything came to its end. */
static bool
go_on(struct batch *b, struct sftp_line *l)
{
	bool moved = move_up(b, l);

	b->d->ssh.asked = l->sftp;
	if (l->last.h)
		moved |= close_last(b, l);
	if (l->last.f)
		moved |= look_up_last(b, l);
	if (l->reading.h && !l->over)
		moved |= read_more(b, l);
	if (l->opening.f && !l->opening.h)
		moved |= open_next(b, l);
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

	for (size_t i = 0; i < b->d->nlines; i++) {
		const struct sftp_line *l = &b->d->line[i];

		any |= l->opening.f || l->reading.h || l->last.f || l->last.h;
	}
	return any;
}

/* What is not whole is for its own turn. A lost connection's handles wait for its end. */
static void
drop_rest(struct batch *b)
{
	for (size_t i = 0; i < b->d->nlines; i++) {
		struct sftp_line *l = &b->d->line[i];

		l->opening.f = l->reading.f = l->last.f = NULL;
	}
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

		end_handle(l->opening.h);
		end_handle(l->reading.h);
		end_handle(l->last.h);
		for (int tries = 0; i > 0 && tries < END_TRIES; tries++)
			if (libssh2_sftp_shutdown(l->sftp) != LIBSSH2_ERROR_EAGAIN)
				break;
	}
	d->nlines = 0;
}
