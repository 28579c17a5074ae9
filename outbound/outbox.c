#include "outbound/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/whole.h"

/*
 * Frames are appended to `plain`, each behind its length. When it is full, and from
 * then on whenever a chunk is, whole frames go to the file: compressed, since JSON
 * shrinks to a fifth and writing is what costs, and as one secretstream message
 * under a key that dies with the process. A small outbox never touches the disk.
 */
#define CHUNK (1u << 20)

struct outbox {
	char dir[4096];
	size_t memory;
	struct buf plain; /* being filled, or being read */
	size_t at;        /* reading: offset in plain */
	struct buf packed, cipher;
	int fd; /* -1: nothing was spilled */
	bool sealed;
	uint64_t chunks, chunk; /* written, read */
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
	o->memory = memory < CHUNK ? CHUNK : memory;
	o->fd = -1;
	buf_init(&o->plain, o->memory + OUTBOX_FRAME_MAX);
	buf_init(&o->packed, 2 * OUTBOX_FRAME_MAX);
	buf_init(&o->cipher, 2 * OUTBOX_FRAME_MAX);
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
	wipe(&o->packed);
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

/* A chunk in the file: lengths of the plain and the cipher text, the cipher text. */
struct chunk_head {
	uint64_t plain, cipher;
};

static int
pack(struct outbox *o, struct span plain, struct err *e)
{
	int bound = LZ4_compressBound((int)plain.n), n;
	char *to;

	buf_clear(&o->packed);
	if ((to = buf_reserve(&o->packed, (size_t)bound)) == NULL)
		return err_nomem(e);
	n = LZ4_compress_default(plain.p, to, (int)plain.n, bound);
	if (n <= 0)
		return err_set(e, ERR_INTERNAL, "LZ4 takes no %zu bytes", plain.n);
	o->packed.n = (size_t)n;
	return 0;
}

/* Its file has no name: what it took is free once it is closed. */
static int
no_room(const struct outbox *o, size_t next, int sys, struct err *e)
{
	off_t end = lseek(o->fd, 0, SEEK_END);
	unsigned long long need = (unsigned long long)(end > 0 ? end : 0) + next;

	if (sys != ENOSPC && sys != EDQUOT && sys != EFBIG)
		return err_sys(e, ERR_IO, sys, "outbox in %s", o->dir);
	return err_set(e, ERR_IO,
	    "outbox in %s: %s: the records of this file that wait to be sent need %llu MiB there at "
	    "least, and more if the file goes on; what they took is free again. Make room on that "
	    "disk, or raise `[run] outbox_memory`",
	    o->dir, strerror(sys), (need >> 20) + 1);
}

static int
write_chunk(struct outbox *o, struct span plain, struct err *e)
{
	struct chunk_head h = {.plain = plain.n};
	unsigned long long n;
	char *to;

	if (pack(o, plain, e) != 0)
		return -1;
	buf_clear(&o->cipher);
	to = buf_reserve(
	    &o->cipher, o->packed.n + crypto_secretstream_xchacha20poly1305_ABYTES);
	if (to == NULL)
		return err_nomem(e);
	crypto_secretstream_xchacha20poly1305_push(o->stream, (unsigned char *)to, &n,
	    (const unsigned char *)o->packed.p, o->packed.n, NULL, 0, 0);
	h.cipher = n;
	if (write_whole(o->fd, (struct span){(const char *)&h, sizeof(h)}) != 0 ||
	    write_whole(o->fd, (struct span){to, (size_t)n}) != 0)
		return no_room(o, sizeof(h) + n, errno, e);
	o->chunks++;
	return 0;
}

static size_t
frame_length(const struct outbox *o, size_t at)
{
	uint32_t n;

	memcpy(&n, o->plain.p + at, sizeof(n));
	return sizeof(n) + n;
}

/* All frames in memory to the file, as many to a chunk as fit in one. */
static int
spill(struct outbox *o, struct err *e)
{
	size_t from = 0, to = 0;

	if (o->fd < 0 && spill_open(o, e) != 0)
		return -1;
	while (from < o->plain.n) {
		do
			to += frame_length(o, to);
		while (to < o->plain.n && to + frame_length(o, to) - from <= CHUNK);
		if (write_chunk(o, (struct span){o->plain.p + from, to - from}, e) != 0)
			return -1;
		from = to;
	}
	if (o->plain.cap > 2 * CHUNK)
		wipe(&o->plain);
	buf_clear(&o->plain);
	return 0;
}

int
outbox_put(struct outbox *o, struct span frame, struct err *e)
{
	size_t most = o->fd < 0 ? o->memory : CHUNK;
	uint32_t n = (uint32_t)frame.n;

	if (o->sealed)
		return err_set(e, ERR_INTERNAL, "the outbox is being read already");
	if (frame.n > OUTBOX_FRAME_MAX)
		return err_set(
		    e, ERR_INTERNAL, "a batch is larger than the outbox takes");
	if (o->plain.n > 0 && o->plain.n + frame.n > most && spill(o, e) != 0)
		return -1;
	buf_add(&o->plain, &n, sizeof(n));
	buf_add_span(&o->plain, frame);
	if (o->plain.failed)
		return err_nomem(e);
	return 0;
}

int
outbox_seal(struct outbox *o, struct err *e)
{
	o->sealed = true;
	if (o->fd >= 0 && spill(o, e) != 0)
		return -1;
	return outbox_rewind(o, e);
}

int
outbox_rewind(struct outbox *o, struct err *e)
{
	if (!o->sealed)
		return err_set(e, ERR_INTERNAL, "the outbox is still being filled");
	o->at = 0;
	if (o->fd < 0)
		return 0;
	buf_clear(&o->plain);
	o->chunk = 0;
	if (lseek(o->fd, 0, SEEK_SET) != 0)
		return err_sys(e, ERR_IO, errno, "outbox in %s", o->dir);
	crypto_secretstream_xchacha20poly1305_init_pull(o->stream, o->header, o->key);
	return 0;
}

static int
unpack(struct outbox *o, size_t length, struct err *e)
{
	char *to;

	buf_clear(&o->plain);
	if ((to = buf_reserve(&o->plain, length)) == NULL)
		return err_nomem(e);
	if (LZ4_decompress_safe(o->packed.p, to, (int)o->packed.n, (int)length) !=
	    (int)length)
		return err_set(e, ERR_INTERNAL, "the outbox does not unpack");
	o->plain.n = length;
	o->at = 0;
	return 0;
}

static int
read_chunk(struct outbox *o, struct err *e)
{
	struct chunk_head h;
	unsigned char tag;
	char *cipher, *packed;

	buf_clear(&o->cipher);
	buf_clear(&o->packed);
	if (read_whole(o->fd, &h, sizeof(h)) != sizeof(h) || h.cipher > o->cipher.max ||
	    h.plain > o->plain.max ||
	    h.cipher < crypto_secretstream_xchacha20poly1305_ABYTES ||
	    (cipher = buf_reserve(&o->cipher, h.cipher)) == NULL ||
	    (packed = buf_reserve(&o->packed, h.cipher)) == NULL ||
	    read_whole(o->fd, cipher, h.cipher) != (ssize_t)h.cipher)
		return err_set(e, ERR_IO, "outbox in %s cannot be read back", o->dir);
	if (crypto_secretstream_xchacha20poly1305_pull(o->stream, (unsigned char *)packed,
		NULL, &tag, (const unsigned char *)cipher, h.cipher, NULL, 0) != 0)
		return err_set(
		    e, ERR_IO, "outbox in %s was changed by somebody else", o->dir);
	o->packed.n = h.cipher - crypto_secretstream_xchacha20poly1305_ABYTES;
	o->chunk++;
	return unpack(o, h.plain, e);
}

int
outbox_next(struct outbox *o, struct buf *out, struct err *e)
{
	size_t n;

	buf_clear(out);
	if (!o->sealed)
		return err_set(e, ERR_INTERNAL, "the outbox is still being filled");
	if (o->at == o->plain.n) {
		if (o->chunk == o->chunks)
			return 0;
		if (read_chunk(o, e) != 0)
			return -1;
	}
	n = frame_length(o, o->at);
	buf_add(out, o->plain.p + o->at + sizeof(uint32_t), n - sizeof(uint32_t));
	o->at += n;
	return buf_check(out, "a batch", e) == 0 ? 1 : -1;
}
