#include "cmd/sandbox/unpack.h"

#include <zlib.h>

#define WINDOW      (15 + 16) /* 16: gzip's header, and no other */
#define PIECE_BYTES 65536

int
unpack_gzip(struct span packed, struct buf *out)
{
	z_stream z = {.next_in = (z_const Bytef *)packed.p, .avail_in = (uInt)packed.n};
	unsigned char piece[PIECE_BYTES];
	int rc = inflateInit2(&z, WINDOW);

	if (rc != Z_OK)
		return -1;
	while (rc == Z_OK && !out->failed) {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = inflate(&z, Z_NO_FLUSH);
		buf_add(out, piece, sizeof(piece) - z.avail_out);
	}
	(void)inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_in == 0 && !out->failed ? 0 : -1;
}
