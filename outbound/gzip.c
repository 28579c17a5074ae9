#include "outbound/gzip.h"

#include <zlib.h>

#define LEVEL       6 /* of 9: what is beyond costs more time than it saves bytes */
#define WINDOW      (15 + 16) /* the largest; 16 asks zlib for gzip's header */
#define MEMORY      8         /* zlib's own default */
#define PIECE_BYTES 65536     /* packed at a time */

static int
pack_all(z_stream *z, struct buf *out, struct err *e)
{
	unsigned char *room;
	int rc = Z_OK;

	while (rc == Z_OK) {
		room = (unsigned char *)buf_reserve(out, PIECE_BYTES);
		if (room == NULL)
			break;
		z->next_out = room;
		z->avail_out = PIECE_BYTES;
		rc = deflate(z, Z_FINISH);
		out->n += PIECE_BYTES - z->avail_out;
	}
	if (buf_check(out, "a packed batch", e) < 0)
		return -1;
	return rc == Z_STREAM_END ? 0 : err_set(e, ERR_INTERNAL, "zlib packs no batch");
}

int
gzip_pack(struct span text, struct buf *out, struct err *e)
{
	z_stream z = {.next_in = (z_const Bytef *)text.p, .avail_in = (uInt)text.n};
	int rc;

	if (text.n > UINT32_MAX)
		return err_set(e, ERR_INTERNAL, "a batch is too large to be packed");
	if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return err_nomem(e);
	rc = pack_all(&z, out, e);
	(void)deflateEnd(&z);
	return rc;
}
