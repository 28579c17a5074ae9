#include "outbound/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Frames are appended to `plain`. When it is full it becomes one chunk of the file:
 * a secretstream message under a key that dies with the process. The chunk that is
 * being filled stays in memory, so that a small outbox never touches the disk.
 */
#define CHUNK_MIN (256u << 10)

struct outbox {
	char dir[4096];
	size_t memory;
	struct buf plain; /* being filled, or being read */
	size_t at;        /* reading: offset in plain */
	struct buf cipher;
	int fd; /* -1: nothing was spilled */
	bool sealed;
	uint64_t frames, bytes;
	uint64_t chunks, chunk; /* written, read */
	struct buf last;        /* the unspilled rest, while chunks are read */
	unsigned char *key;     /* locked memory */
	unsigned char header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
	crypto_secretstream_xchacha20poly1305_state *stream;
};

struct outbox *
outbox_new(const char *dir, size_t memory, struct err *e)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return err_nomem(e), NULL;
	strncpy(o->dir, dir, sizeof(o->dir) - 1);
	o->memory = memory < CHUNK_MIN ? CHUNK_MIN : memory;
	o->fd = -1;
	buf_init(&o->plain, o->memory + OUTBOX_FRAME_MAX);
	buf_init(&o->cipher, o->memory + OUTBOX_FRAME_MAX + 64);
	return o;
}

static void
wipe(struct buf *b)
{
	if (b->p != NULL)
		sodium_memzero(b->p, b->cap);
	buf_release(b);
}

void
outbox_free(struct outbox *o)
{
	if (o == NULL)
		return;
	wipe(&o->plain);
	wipe(&o->last);
	buf_release(&o->cipher);
	if (o->fd >= 0)
		close(o->fd);
	if (o->stream != NULL)
		sodium_free(o->stream);
	if (o->key != NULL)
		sodium_free(o->key);
	free(o);
}

static int
spill_open(struct outbox *o, struct err *e)
{
	o->key = sodium_malloc(crypto_secretstream_xchacha20poly1305_KEYBYTES);
	o->stream = sodium_malloc(sizeof(*o->stream));
	if (o->key == NULL || o->stream == NULL)
		return err_nomem(e);
	o->fd = open(o->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (o->fd < 0)
		return err_sys(
		    e, ERR_IO, errno, "no unlinked file can be made in %s", o->dir);
	crypto_secretstream_xchacha20poly1305_keygen(o->key);
	crypto_secretstream_xchacha20poly1305_init_push(o->stream, o->header, o->key);
	return 0;
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; p += w, n -= (size_t)w) {
		w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			w = 0;
		else if (w < 0)
			return -1;
	}
	return 0;
}

/* 1 if all was read, 0 at a clean end, -1. */
static int
read_all(int fd, char *p, size_t n)
{
	ssize_t r;

	for (; n > 0; p += r, n -= (size_t)r) {
		r = read(fd, p, n);
		if (r < 0 && errno == EINTR)
			r = 0;
		else if (r <= 0)
			return r < 0 ? -1 : 0;
	}
	return 1;
}

/* A chunk in the file: the length of the cipher text, the cipher text. */
static int
spill(struct outbox *o, struct err *e)
{
	unsigned long long n;
	uint64_t length;
	char *to;

	if (o->fd < 0 && spill_open(o, e) != 0)
		return -1;
	buf_clear(&o->cipher);
	to = buf_reserve(
	    &o->cipher, o->plain.n + crypto_secretstream_xchacha20poly1305_ABYTES);
	if (to == NULL)
		return err_nomem(e);
	crypto_secretstream_xchacha20poly1305_push(o->stream, (unsigned char *)to, &n,
	    (const unsigned char *)o->plain.p, o->plain.n, NULL, 0, 0);
	length = n;
	if (write_all(o->fd, (const char *)&length, sizeof(length)) != 0 ||
	    write_all(o->fd, to, (size_t)n) != 0)
		return err_sys(e, ERR_IO, errno, "outbox in %s", o->dir);
	o->chunks++;
	buf_clear(&o->plain);
	return 0;
}

int
outbox_put(struct outbox *o, struct span frame, struct err *e)
{
	uint32_t n = (uint32_t)frame.n;

	if (frame.n > OUTBOX_FRAME_MAX)
		return err_set(
		    e, ERR_INTERNAL, "a batch is larger than the outbox takes");
	if (o->plain.n > 0 && o->plain.n + frame.n > o->memory && spill(o, e) != 0)
		return -1;
	buf_add(&o->plain, &n, sizeof(n));
	buf_add_span(&o->plain, frame);
	if (o->plain.failed)
		return err_nomem(e);
	o->frames++;
	o->bytes += frame.n;
	return 0;
}

int
outbox_seal(struct outbox *o, struct err *e)
{
	o->sealed = true;
	o->at = 0;
	if (o->fd < 0)
		return 0;
	o->last = o->plain;
	buf_init(&o->plain, o->memory + OUTBOX_FRAME_MAX);
	if (lseek(o->fd, 0, SEEK_SET) != 0)
		return err_sys(e, ERR_IO, errno, "outbox in %s", o->dir);
	crypto_secretstream_xchacha20poly1305_init_pull(o->stream, o->header, o->key);
	return 0;
}

static int
unspill(struct outbox *o, struct err *e)
{
	unsigned char tag;
	uint64_t length;
	char *cipher, *plain;

	buf_clear(&o->cipher);
	buf_clear(&o->plain);
	if (read_all(o->fd, (char *)&length, sizeof(length)) != 1 ||
	    length > o->cipher.max ||
	    (cipher = buf_reserve(&o->cipher, (size_t)length)) == NULL ||
	    (plain = buf_reserve(&o->plain, (size_t)length)) == NULL ||
	    read_all(o->fd, cipher, (size_t)length) != 1)
		return err_set(e, ERR_IO, "outbox in %s cannot be read back", o->dir);
	if (crypto_secretstream_xchacha20poly1305_pull(o->stream, (unsigned char *)plain,
		NULL, &tag, (const unsigned char *)cipher, length, NULL, 0) != 0)
		return err_set(
		    e, ERR_IO, "outbox in %s was changed by somebody else", o->dir);
	o->plain.n = (size_t)length - crypto_secretstream_xchacha20poly1305_ABYTES;
	o->at = 0;
	o->chunk++;
	return 0;
}

/* The next stretch of frames: a chunk of the file, then what never left memory. */
static int
refill(struct outbox *o, struct err *e)
{
	if (o->chunk < o->chunks)
		return unspill(o, e) == 0 ? 1 : -1;
	if (o->last.n == 0)
		return 0;
	wipe(&o->plain);
	o->plain = o->last;
	o->last = (struct buf){.n = 0};
	o->at = 0;
	return 1;
}

int
outbox_next(struct outbox *o, struct buf *out, struct err *e)
{
	uint32_t n;
	int r;

	buf_clear(out);
	if (!o->sealed)
		return err_set(e, ERR_INTERNAL, "the outbox is still being filled");
	if (o->at == o->plain.n && (r = refill(o, e)) != 1)
		return r;
	memcpy(&n, o->plain.p + o->at, sizeof(n));
	buf_add(out, o->plain.p + o->at + sizeof(n), n);
	o->at += sizeof(n) + n;
	return buf_check(out, "a batch", e) == 0 ? 1 : -1;
}

uint64_t
outbox_frames(const struct outbox *o)
{
	return o->frames;
}

uint64_t
outbox_bytes(const struct outbox *o)
{
	return o->bytes;
}
