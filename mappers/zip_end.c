#include "mappers/zip_end.h"

#include <string.h>

#define MARK_SIZE 4

static const char mark[MARK_SIZE + 1] = "PK\5\6";

static uint32_t
number(const char *p, size_t bytes)
{
	uint32_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | (unsigned char)p[bytes];
	return n;
}

/*
 * Packed data may hold the mark by chance. A record stands where the directory ends of
 * which it tells; in ZIP64 another record tells that, and here are ones.
 */
static void
take_record(struct zip_end *z, const char *p, uint64_t at)
{
	uint32_t size = number(p + 12, 4), offset = number(p + 16, 4);

	if (z->end != 0 ||
	    (size != UINT32_MAX && offset != UINT32_MAX && at != (uint64_t)offset + size))
		return;
	z->end = at + ZIP_END_SIZE + number(p + 20, 2);
	z->files = number(p + 10, 2);
}

/* `s` begins at byte `at` of the file. */
static void
look(struct zip_end *z, struct span s, uint64_t at)
{
	const char *from = s.p, *found;
	size_t left = s.n;

	while (left >= ZIP_END_SIZE &&
	       (found = memmem(
		    from, left - (ZIP_END_SIZE - MARK_SIZE), mark, MARK_SIZE)) != NULL) {
		take_record(z, found, at + (uint64_t)(found - s.p));
		from = found + 1;
		left = s.n - (size_t)(from - s.p);
	}
}

/* The last bytes of what is held and of `s` together. */
static void
hold(struct zip_end *z, struct span s)
{
	size_t keep = sizeof(z->held);

	if (s.n >= keep) {
		memcpy(z->held, s.p + s.n - keep, keep);
		z->nheld = keep;
		return;
	}
	keep = keep - s.n < z->nheld ? keep - s.n : z->nheld;
	memmove(z->held, z->held + z->nheld - keep, keep);
	if (s.n > 0)
		memcpy(z->held + keep, s.p, s.n);
	z->nheld = keep + s.n;
}

void
zip_end_feed(struct zip_end *z, struct span s)
{
	char seam[2 * (ZIP_END_SIZE - 1)];
	size_t more = s.n < ZIP_END_SIZE - 1 ? s.n : ZIP_END_SIZE - 1;

	if (z->end == 0 && s.n > 0) {
		memcpy(seam, z->held, z->nheld);
		memcpy(seam + z->nheld, s.p, more);
		look(z, (struct span){seam, z->nheld + more}, z->at - z->nheld);
		look(z, s, z->at);
		hold(z, s);
	}
	z->at += s.n;
}

int
zip_end_check(const struct zip_end *z, uint64_t files, struct err *e)
{
	if (z->end == 0 || z->end > z->at)
		return err_set(e, ERR_REFUSED,
		    "the ZIP archive is cut off: send the whole file again");
	if (z->end < z->at)
		return err_set(e, ERR_REFUSED,
		    "something stands behind the end of the ZIP archive, another one "
		    "perhaps: send each archive as a file of its own");
	/* What was deleted or replaced in it may stand there still, and is no export. */
	if (z->files != ZIP_FILES_MANY && z->files != files)
		return err_set(e, ERR_REFUSED,
		    "the ZIP archive holds %llu files, and lists %u: make it again",
		    (unsigned long long)files, (unsigned)z->files);
	return 0;
}
