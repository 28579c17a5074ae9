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
#include "state/pass_impl.h"

/*
 * The file: a head of HEAD bytes; the rows; a bit for each ordinal whose record changed
 * in that file, and one for each that it repeated. It is read through a map: its pages are
 * the kernel's, and not ours to hold. A row is its digest, its length, its number of
 * records doubled, plus 1 if it was filtered, and their ordinals. The head is the magic,
 * the stamp, the file's content and time, how many bytes of rows and of bits follow, the
 * digest of all these, and one of itself. Nobody syncs it: what a power cut leaves of it
 * is not what its head says.
 */
#define MAGIC   "EMRROWS2"
#define HEAD    104
#define CHUNK   65536 /* digested and written at a time */
#define ROW     24    /* without ordinals */
#define NEAR    1024  /* rows ahead that each other row is looked for in */
#define FAR     64 /* after so many in vain, and then twice as many, in all that is left */
#define DIR     "rows"
#define PATH_MX 4096

/* By ordinal. */
struct bits {
	unsigned char *p;
	size_t n; /* bytes */
};

struct settled {
	struct ledger *ledger;
	uint32_t scope;
	char path[PATH_MX], temp[PATH_MX];

	const unsigned char *map; /* NULL: nothing is known */
	size_t size;
	size_t at, end; /* of the rows in the map */
	struct settled_row row;
	bool have; /* it is the one at `at` */
	size_t vain, far;
	struct span before; /* bits of the records that changed in the last file */

	struct bits changed, repeated; /* in this one */
	int fd;                        /* -1: nothing was written */
	bool failed;
	struct buf out;
	uint64_t written;
	struct digest chain;
};

static struct digest
chain_on(const struct ledger *l, const struct digest *before, const void *p, size_t n)
{
	const struct span parts[] = {
	    {(const char *)before->b, DIGEST_SIZE}, {(const char *)p, n}};

	return digest_parts(&l->keys, KEY_CHECK, parts, 2);
}

static int
stamp_decode(void *out, struct span key, struct span value)
{
	(void)key;
	if (value.n != DIGEST_SIZE)
		return -1;
	memcpy(out, value.p, DIGEST_SIZE);
	return 0;
}

/* 1; 0: no pass was merged yet; -1. */
static int
stamp_get(const struct settled *s, struct digest *out)
{
	struct err ignored;
	struct key k;

	stamp_key(&k, s->scope);
	return ledger_read_one(s->ledger, TABLE_META, key_span(&k),
	    &(struct visitor){stamp_decode, out}, &ignored);
}

struct head {
	struct digest stamp, content;
	int64_t at;
	uint64_t rows, changed, repeated; /* bytes */
	struct digest all;
};

static bool
head_read(const struct settled *s, struct head *h)
{
	struct reader r = {.in = {(const char *)s->map, HEAD}};
	struct digest self;

	if (s->map == NULL || !span_eq(get_span(&r, 8), SPAN_LIT(MAGIC)))
		return false;
	get_bytes(&r, h->stamp.b, DIGEST_SIZE);
	get_bytes(&r, h->content.b, DIGEST_SIZE);
	h->at = get_i64(&r);
	h->rows = get_u64(&r);
	h->changed = get_u64(&r);
	h->repeated = get_u64(&r);
	get_bytes(&r, h->all.b, DIGEST_SIZE);
	self = digest_bytes(&s->ledger->keys, KEY_CHECK, s->map, HEAD - r.in.n);
	return memcmp(self.b, r.in.p, DIGEST_SIZE) == 0 && h->rows <= s->size &&
	       h->changed <= s->size && h->repeated <= s->size &&
	       HEAD + h->rows + h->changed + h->repeated == s->size;
}

/* Is the map what was written? */
static bool
is_whole(const struct settled *s, const struct head *h)
{
	struct digest chain = {{0}};

	for (size_t i = HEAD; i < s->size; i += CHUNK)
		chain = chain_on(s->ledger, &chain, s->map + i,
		    s->size - i < CHUNK ? s->size - i : CHUNK);
	return digest_eq(&h->all, &chain);
}

/* Are its rows those of the records as they are? */
static bool
take_rows(struct settled *s)
{
	struct digest now;
	struct head h;

	if (!head_read(s, &h) || stamp_get(s, &now) != 1 || !digest_eq(&h.stamp, &now) ||
	    !is_whole(s, &h))
		return false;
	s->at = HEAD;
	s->end = HEAD + (size_t)h.rows;
	s->before = (struct span){(const char *)s->map + s->end, (size_t)h.changed};
	return true;
}

static void
forget_last(struct settled *s)
{
	if (s->map != NULL)
		munmap((void *)(uintptr_t)s->map, s->size);
	s->map = NULL;
	s->have = false;
	s->before = (struct span){NULL, 0};
	s->at = s->end = 0;
}

static void
map_last(struct settled *s)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	void *p;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size >= HEAD) {
		s->size = (size_t)st.st_size;
		p = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0);
		s->map = p == MAP_FAILED ? NULL : p;
	}
	close(fd);
}

static struct settled *
settled_new(struct ledger *l, uint32_t scope, const char *feed)
{
	struct settled *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ledger = l;
	s->scope = scope;
	s->fd = -1;
	s->far = FAR;
	buf_init(&s->out, CHUNK);
	snprintf(s->path, sizeof(s->path), "%s/" DIR "/%s", l->dir, feed);
	snprintf(s->temp, sizeof(s->temp), "%s/" DIR "/%s.new", l->dir, feed);
	map_last(s);
	return s;
}

struct settled *
settled_open(struct ledger *l, uint32_t scope, const char *feed)
{
	struct settled *s = settled_new(l, scope, feed);

	if (s != NULL && !take_rows(s))
		forget_last(s);
	return s;
}

void
settled_free(struct settled *s)
{
	if (s == NULL)
		return;
	forget_last(s);
	if (s->fd >= 0) {
		close(s->fd);
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
	const unsigned char *p = s->map + s->at;
	struct settled_row *row = &s->row;

	if (s->have)
		return row;
	if (row_size(s, s->at) == 0)
		return NULL;
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

	if (s->map == NULL)
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
	forget_last(s);
}

void
settled_repeat(struct settled *s, uint32_t ordinal)
{
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
	s->chain = chain_on(s->ledger, &s->chain, s->out.p, s->out.n);
	s->written += s->out.n;
	buf_clear(&s->out);
}

static void
put(struct settled *s, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t some;

	for (; n > 0 && !s->failed; p += some, n -= some) {
		some = CHUNK - s->out.n < n ? CHUNK - s->out.n : n;
		buf_add(&s->out, p, some);
		s->failed |= s->out.failed != 0;
		if (s->out.n == CHUNK)
			flush(s);
	}
}

static bool
start(struct settled *s)
{
	char dir[PATH_MX];

	snprintf(dir, sizeof(dir), "%s/" DIR, s->ledger->dir);
	if (s->fd >= 0)
		return true;
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		s->fd = open(
		    s->temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	s->failed |= s->fd < 0 || lseek(s->fd, HEAD, SEEK_SET) != HEAD;
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

static bool
write_head(struct settled *s, const struct head *h)
{
	struct digest self;
	struct buf b;
	bool ok;

	buf_init(&b, HEAD);
	buf_add_span(&b, SPAN_LIT(MAGIC));
	buf_add(&b, h->stamp.b, DIGEST_SIZE);
	buf_add(&b, h->content.b, DIGEST_SIZE);
	put_i64(&b, h->at);
	put_u64(&b, h->rows);
	put_u64(&b, h->changed);
	put_u64(&b, h->repeated);
	buf_add(&b, h->all.b, DIGEST_SIZE);
	ok = b.failed == 0;
	if (ok) {
		self = digest_bytes(&s->ledger->keys, KEY_CHECK, b.p, b.n);
		buf_add(&b, self.b, DIGEST_SIZE);
		ok = b.failed == 0 && lseek(s->fd, 0, SEEK_SET) == 0 &&
		     write_whole(s->fd, buf_span(&b)) == 0;
	}
	buf_release(&b);
	return ok;
}

void
settled_keep(struct settled *s, const struct digest *content, int64_t at)
{
	struct head h = {.content = *content,
	    .at = at,
	    .rows = s->written + s->out.n,
	    .changed = s->changed.n,
	    .repeated = s->repeated.n};

	if (s->failed || !start(s))
		return;
	put(s, s->changed.p, s->changed.n);
	put(s, s->repeated.p, s->repeated.n);
	if (!s->failed && s->out.n > 0)
		flush(s);
	h.all = s->chain;
	if (s->failed || stamp_get(s, &h.stamp) != 1 || !write_head(s, &h) ||
	    rename(s->temp, s->path) != 0)
		return;
	close(s->fd);
	s->fd = -1;
}

void
settled_repeated(struct ledger *l, const char *feed, const struct digest *content,
    struct repeated *out)
{
	struct settled *s = settled_new(l, 0, feed);
	struct head h;

	*out = (struct repeated){.n = 0};
	if (s != NULL && head_read(s, &h) && digest_eq(&h.content, content) &&
	    is_whole(s, &h) && (out->bits = malloc((size_t)h.repeated + 1)) != NULL) {
		out->at = h.at;
		out->n = (size_t)h.repeated;
		memcpy(out->bits, s->map + s->size - out->n, out->n);
	}
	settled_free(s);
}

bool
repeated_has(const struct repeated *r, uint32_t ordinal)
{
	return bit(r->bits, r->n, ordinal);
}
