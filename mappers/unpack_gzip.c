/*
 * gzip, by zlib itself: libarchive does not compare the checksum, and passes over what
 * stands behind the end in silence.
 */
#include <stdlib.h>
#include <zlib.h>

#include "mappers/unpack_impl.h"

#define OUT_SIZE  (256u << 10)
#define GZIP_ONLY (16 + MAX_WBITS) /* zlib's word for: a gzip header, and nothing else */

struct gunzip {
	struct byte_source in;
	z_stream z;
	bool ended; /* of a member; another may follow (RFC 1952 2.2) */
	unsigned char out[OUT_SIZE];
};

static int
open_gzip(void **self, const struct unpack_layer *l, struct err *e)
{
	struct gunzip *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return err_nomem(e);
	g->in = l->in;
	if (inflateInit2(&g->z, GZIP_ONLY) != Z_OK) {
		free(g);
		return err_nomem(e);
	}
	*self = g;
	return 0;
}

/* Packed bytes to work on: 1, 0 if there are no more, -1. */
static int
fill(struct gunzip *g, struct err *e)
{
	struct span s;
	int r;

	while (g->z.avail_in == 0) {
		if ((r = g->in.read(g->in.arg, &s, e)) != 1)
			return r;
		g->z.next_in = (z_const Bytef *)s.p;
		g->z.avail_in = (uInt)s.n;
	}
	return 1;
}

static int
step(struct gunzip *g, struct err *e)
{
	int rc;

	if (g->ended && inflateReset(&g->z) != Z_OK)
		return err_set(e, ERR_INTERNAL, "zlib can't begin again");
	g->ended = false;
	rc = inflate(&g->z, Z_NO_FLUSH);
	g->ended = rc == Z_STREAM_END;
	if (rc == Z_MEM_ERROR)
		return err_nomem(e);
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return err_set(e, ERR_REFUSED,
		    "the gzip data are damaged, or something else stands behind them: "
		    "pack the file again");
	return 0;
}

static int
read_gzip(void *self, struct span *out, struct err *e)
{
	struct gunzip *g = self;
	int r;

	g->z.next_out = g->out;
	g->z.avail_out = OUT_SIZE;
	while (g->z.avail_out > 0) {
		if ((r = fill(g, e)) < 0)
			return -1;
		if (r == 0 && !g->ended)
			return err_set(e, ERR_REFUSED,
			    "the gzip data are cut off: send the whole file again");
		if (r == 0)
			break;
		if (step(g, e) != 0)
			return -1;
	}
	*out = (struct span){(const char *)g->out, OUT_SIZE - g->z.avail_out};
	return out->n > 0;
}

static void
close_gzip(void *self)
{
	struct gunzip *g = self;

	inflateEnd(&g->z);
	free(g);
}

const struct unpack_ops unpack_gzip = {
    .open = open_gzip,
    .read = read_gzip,
    .close = close_gzip,
};
