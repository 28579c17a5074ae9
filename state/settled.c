#include "state/settled.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"
#include "state/settled_impl.h"

#define ROW  24   /* without ordinals */
#define NEAR 1024 /* rows ahead that each other row is looked for in */
#define FAR  64   /* after so many in vain, and then twice as many, in all that is left */

/*
 * Its rows, if they are those of the records as they are; its times, if it is of the file
 * that the feed applied last.
 */
static void
take_last(struct settled *s, const struct digest *last)
{
	struct digest now;
	struct head h;
	bool rows, times;

	if (!settled_head(s, &h))
		return;
	rows = settled_stamp(s, &now) == 1 && digest_eq(&h.stamp, &now);
	times = last != NULL && digest_eq(&h.content, last);
	if ((!rows && !times) || !settled_whole(s, &h))
		return;
	if (times)
		s->times = settled_times(s, &h);
	if (!rows)
		return;
	s->at = SETTLED_HEAD;
	s->end = SETTLED_HEAD + (size_t)h.rows;
	s->before = (struct span){(const char *)s->map + s->end, (size_t)h.changed};
}

static void
forget_rows(struct settled *s)
{
	s->have = false;
	s->before = (struct span){NULL, 0};
	s->at = s->end = 0;
}

struct settled *
settled_open(
    struct ledger *l, uint32_t scope, const char *feed, const struct digest *last)
{
	struct settled *s = settled_new(l, scope, feed);

	if (s == NULL)
		return NULL;
	s->far = FAR;
	s->dated = last != NULL;
	settled_map(s, s->path);
	take_last(s, last);
	return s;
}

void
settled_free(struct settled *s)
{
	if (s == NULL)
		return;
	if (s->map != NULL)
		munmap((void *)(uintptr_t)s->map, s->size);
	if (s->fd >= 0) {
		close(s->fd);
		if (!s->ready)
			(void)unlink(s->temp);
	}
	buf_release(&s->out);
	free(s->changed.p);
	free(s->repeated.p);
	free(s);
}

static uint32_t
u32_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* Bytes of the row at `at`; 0: it is none. */
static size_t
row_size(const struct settled *s, size_t at)
{
	size_t n;

	if (s->end - at < ROW)
		return 0;
	n = u32_at(s->map + at + DIGEST_SIZE + 4) / 2;
	return n <= SETTLED_RECORDS && s->end - at >= ROW + 4 * n ? ROW + 4 * n : 0;
}

const struct settled_row *
settled_next(struct settled *s)
{
	struct settled_row *row = &s->row;
	const unsigned char *p;

	if (s->have)
		return row;
	if (row_size(s, s->at) == 0)
		return NULL;
	p = s->map + s->at;
	memcpy(row->digest.b, p, DIGEST_SIZE);
	row->n = u32_at(p + DIGEST_SIZE);
	row->nrecords = u32_at(p + DIGEST_SIZE + 4);
	row->filtered = row->nrecords & 1;
	row->nrecords /= 2;
	for (uint32_t i = 0; i < row->nrecords; i++)
		row->ordinals[i] = u32_at(p + ROW + 4 * i);
	s->have = true;
	return row;
}

void
settled_pass(struct settled *s)
{
	s->at += row_size(s, s->at);
	s->have = false;
	s->vain = 0;
	s->far = FAR;
}

/*
 * Rows that were changed, taken out or put in leave the others near; where a file has
 * moved on by more, such as the days that an export covers, one of its rows is looked for
 * in all that is left, and so the more seldom, the more often that was in vain. The others
 * are looked for the less far then: of an export that says in each row when it was made none
 * is there.
 */
void
settled_seek(struct settled *s, const struct digest *d, uint32_t n)
{
	size_t at = s->at, size, left = NEAR * FAR / s->far;

	if (s->at == s->end)
		return;
	if (++s->vain == s->far) {
		s->vain = 0;
		s->far *= 2;
		left = SIZE_MAX;
	}
	for (; left > 0 && (size = row_size(s, at)) > 0; left--, at += size) {
		if (u32_at(s->map + at + DIGEST_SIZE) != n ||
		    memcmp(s->map + at, d->b, DIGEST_SIZE) != 0)
			continue;
		s->at = at;
		settled_pass(s);
		return;
	}
}

static int
set_bit(struct bits *bits, uint32_t ordinal)
{
	size_t n = ordinal / 8 + 1, more = n + n / 2;
	unsigned char *p;

	if (n > bits->n) {
		if ((p = realloc(bits->p, more)) == NULL)
			return -1;
		memset(p + bits->n, 0, more - bits->n);
		bits->p = p;
		bits->n = more;
	}
	bits->p[ordinal / 8] |= (unsigned char)(1u << ordinal % 8);
	return 0;
}

void
settled_change(struct settled *s, uint32_t ordinal)
{
	if (set_bit(&s->changed, ordinal) == 0)
		return;
	/* Not to know of it would be wrong. */
	s->failed = true;
	forget_rows(s);
}

void
settled_repeat(struct settled *s, uint32_t ordinal)
{
	if (s->dated)
		s->failed |= set_bit(&s->repeated, ordinal) != 0;
}

static bool
bit(const void *bits, size_t n, uint32_t at)
{
	return at / 8 < n && ((const unsigned char *)bits)[at / 8] >> at % 8 & 1;
}

bool
settled_stands(const struct settled *s, const struct settled_row *row)
{
	for (uint32_t i = 0; i < row->nrecords; i++)
		if (bit(s->before.p, s->before.n, row->ordinals[i]) ||
		    bit(s->changed.p, s->changed.n, row->ordinals[i]))
			return false;
	return true;
}

/* A whole chunk, or the last one. */
static void
flush(struct settled *s)
{
	s->failed |= write_whole(s->fd, buf_span(&s->out)) != 0;
	s->chain = settled_chain(s->ledger, &s->chain, s->out.p, s->out.n);
	s->written += s->out.n;
	buf_clear(&s->out);
}

static void
put(struct settled *s, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t some;

	for (; n > 0 && !s->failed; p += some, n -= some) {
		some = SETTLED_CHUNK - s->out.n < n ? SETTLED_CHUNK - s->out.n : n;
		buf_add(&s->out, p, some);
		s->failed |= s->out.failed != 0;
		if (s->out.n == SETTLED_CHUNK)
			flush(s);
	}
}

static bool
start(struct settled *s)
{
	char dir[SETTLED_PATH];

	snprintf(dir, sizeof(dir), "%s/" SETTLED_DIR, s->ledger->dir);
	if (s->fd >= 0)
		return true;
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		s->fd = open(
		    s->temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	s->failed |= s->fd < 0 || lseek(s->fd, SETTLED_HEAD, SEEK_SET) != SETTLED_HEAD;
	return !s->failed;
}

static void
put_le32(unsigned char *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

void
settled_add(struct settled *s, const struct settled_row *row)
{
	unsigned char b[ROW + 4 * SETTLED_RECORDS];

	if (s->failed || !start(s))
		return;
	memcpy(b, row->digest.b, DIGEST_SIZE);
	put_le32(b + DIGEST_SIZE, row->n);
	put_le32(b + DIGEST_SIZE + 4, 2 * row->nrecords + row->filtered);
	for (uint32_t i = 0; i < row->nrecords; i++)
		put_le32(b + ROW + 4 * i, row->ordinals[i]);
	put(s, b, ROW + 4 * row->nrecords);
}

/* Of each record that this file repeated, or an earlier one. */
static uint64_t
put_times(struct settled *s, int64_t at)
{
	size_t known = s->times.n / SETTLED_TIME, n = s->repeated.n * 8;
	uint32_t now = at <= 0 ? 0 : (uint32_t)((at + 999) / 1000), time;
	unsigned char b[SETTLED_TIME];

	while (n > known && !bit(s->repeated.p, s->repeated.n, (uint32_t)n - 1))
		n--;
	if (n < known)
		n = known;
	for (size_t i = 0; i < n; i++) {
		time = i < known
			   ? u32_at((const unsigned char *)s->times.p + SETTLED_TIME * i)
			   : 0;
		if (now > time && bit(s->repeated.p, s->repeated.n, (uint32_t)i))
			time = now;
		put_le32(b, time);
		put(s, b, SETTLED_TIME);
	}
	return (uint64_t)n * SETTLED_TIME;
}

void
settled_ready(struct settled *s, const struct digest *content, int64_t at)
{
	struct head *h = &s->head;

	*h = (struct head){.content = *content, .changed = s->changed.n};
	if (s->failed || !start(s))
		return;
	h->rows = s->written + s->out.n;
	put(s, s->changed.p, s->changed.n);
	h->times = put_times(s, at);
	if (!s->failed && s->out.n > 0)
		flush(s);
	h->all = s->chain;
	s->ready = !s->failed && settled_write_head(s, h);
}

void
settled_keep(struct settled *s)
{
	if (!s->ready || settled_stamp(s, &s->head.stamp) != 1 ||
	    !settled_write_head(s, &s->head) || rename(s->temp, s->path) != 0)
		return;
	close(s->fd);
	s->fd = -1;
}
