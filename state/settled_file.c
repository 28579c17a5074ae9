/*
 * rows/FEED, the file of settled rows: its head, whether it is whole, and what it tells
 * whoever does not read its rows.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/whole.h"
#include "state/settled_impl.h"

/*
 * The file: a head of SETTLED_HEAD bytes; the rows; a bit for each ordinal whose record changed
 * in that file; and for each ordinal the time, in s since 1970, rounded up, of the newest
 * file that repeated its record, 0 if none did. It is read through a map: its pages are
 * the kernel's, and not ours to hold. A row is its digest, its length, its number of
 * records doubled, plus 1 if it was filtered, and their ordinals. The head is the magic,
 * the stamp, the file's content, how many bytes of rows, of bits and of times follow, the
 * digest of all these, and one of itself. Nobody syncs it: what a power cut leaves of it
 * is not what its head says.
 */
#define MAGIC "EMRROWS3"

struct digest
settled_chain(
    const struct ledger *l, const struct digest *before, const void *p, size_t n)
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

int
settled_stamp(const struct settled *s, struct digest *out)
{
	struct err ignored;
	struct key k;

	stamp_key(&k, s->scope);
	return ledger_read_one(s->ledger, TABLE_META, key_span(&k),
	    &(struct visitor){stamp_decode, out}, &ignored);
}

bool
settled_head(const struct settled *s, struct head *h)
{
	struct reader r = {.in = {(const char *)s->map, SETTLED_HEAD}};
	struct digest self;

	if (s->map == NULL || !span_eq(get_span(&r, 8), SPAN_LIT(MAGIC)))
		return false;
	get_bytes(&r, h->stamp.b, DIGEST_SIZE);
	get_bytes(&r, h->content.b, DIGEST_SIZE);
	h->rows = get_u64(&r);
	h->changed = get_u64(&r);
	h->times = get_u64(&r);
	get_bytes(&r, h->all.b, DIGEST_SIZE);
	self = digest_bytes(&s->ledger->keys, KEY_CHECK, s->map, SETTLED_HEAD - r.in.n);
	return memcmp(self.b, r.in.p, DIGEST_SIZE) == 0 && h->rows <= s->size &&
	       h->changed <= s->size && h->times <= s->size &&
	       SETTLED_HEAD + h->rows + h->changed + h->times == s->size;
}

bool
settled_whole(const struct settled *s, const struct head *h)
{
	struct digest chain = {{0}};

	for (size_t i = SETTLED_HEAD; i < s->size; i += SETTLED_CHUNK)
		chain = settled_chain(s->ledger, &chain, s->map + i,
		    s->size - i < SETTLED_CHUNK ? s->size - i : SETTLED_CHUNK);
	return digest_eq(&h->all, &chain);
}

struct span
settled_times(const struct settled *s, const struct head *h)
{
	return (struct span){(const char *)s->map + s->size - h->times, (size_t)h->times};
}

void
settled_map(struct settled *s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	void *p;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size >= SETTLED_HEAD) {
		s->size = (size_t)st.st_size;
		p = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0);
		s->map = p == MAP_FAILED ? NULL : p;
	}
	close(fd);
}

struct settled *
settled_new(struct ledger *l, uint32_t scope, const char *feed)
{
	struct settled *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ledger = l;
	s->scope = scope;
	s->fd = -1;
	buf_init(&s->out, SETTLED_CHUNK);
	snprintf(s->path, sizeof(s->path), "%s/" SETTLED_DIR "/%s", l->dir, feed);
	snprintf(s->temp, sizeof(s->temp), "%s/" SETTLED_DIR "/%s.new", l->dir, feed);
	return s;
}

bool
settled_write_head(struct settled *s, const struct head *h)
{
	struct digest self;
	struct buf b;
	bool ok;

	buf_init(&b, SETTLED_HEAD);
	buf_add_span(&b, SPAN_LIT(MAGIC));
	buf_add(&b, h->stamp.b, DIGEST_SIZE);
	buf_add(&b, h->content.b, DIGEST_SIZE);
	put_u64(&b, h->rows);
	put_u64(&b, h->changed);
	put_u64(&b, h->times);
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
settled_recover(struct ledger *l, const char *feed, const struct digest *content)
{
	struct settled *s = settled_new(l, 0, feed);
	struct head h;

	if (s == NULL)
		return;
	settled_map(s, s->temp);
	if (settled_head(s, &h) && digest_eq(&h.content, content) && settled_whole(s, &h))
		(void)rename(s->temp, s->path);
	settled_free(s);
}

void
settled_repeated(struct ledger *l, const char *feed, const struct digest *content,
    struct repeated *out)
{
	struct settled *s = settled_new(l, 0, feed);
	struct head h;

	*out = (struct repeated){.map = NULL};
	if (s == NULL)
		return;
	settled_map(s, s->path);
	if (settled_head(s, &h) && digest_eq(&h.content, content) &&
	    settled_whole(s, &h)) {
		*out = (struct repeated){s->map, s->size, settled_times(s, &h)};
		s->map = NULL;
	}
	settled_free(s);
}

void
repeated_release(struct repeated *r)
{
	if (r->map != NULL)
		munmap((void *)(uintptr_t)r->map, r->size);
}

int64_t
repeated_at(const struct repeated *r, uint32_t ordinal)
{
	size_t at = SETTLED_TIME * (size_t)ordinal;
	struct reader in = {.in = r->times};
	uint32_t time = 0;

	if (at < r->times.n) {
		(void)get_span(&in, at);
		time = get_u32(&in);
	}
	return time == 0 ? TIME_NONE : (int64_t)time * 1000;
}
