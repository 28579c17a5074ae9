#include "mappers/pgp_end.h"

#include <string.h>

#define PACKED_ON 0xa3 /* a compressed packet of old format, as long as the file */
#define SCRATCH   (32u << 10)
#define ALGO_ZIP  1
#define ALGO_ZLIB 2

static const char last_line[] = "-----END PGP ";

static void
skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* A text that is signed in the clear has no line that begins so: "- " is put in front. */
static void
look_through_line(struct pgp_end *p, struct span *s)
{
	const char *end;

	while (s->n > 0 && !p->inside && last_line[p->matched] == s->p[0]) {
		skip(s, 1);
		p->ended |= last_line[++p->matched] == '\0';
		p->inside = p->ended;
	}
	if (s->n == 0)
		return;
	p->inside = true;
	end = memchr(s->p, '\n', s->n);
	if (end == NULL) {
		skip(s, s->n);
		return;
	}
	skip(s, (size_t)(end - s->p) + 1);
	p->inside = false;
	p->matched = 0;
}

static void
look_through_armour(struct pgp_end *p, struct span s)
{
	while (s.n > 0 && (!p->ended || p->inside))
		look_through_line(p, &s);
	for (; s.n > 0; skip(&s, 1))
		p->more |= strchr(" \t\r\n", s.p[0]) == NULL || s.p[0] == '\0';
}

static int
begin_packed(struct pgp_end *p, char algo, struct err *e)
{
	p->shape = PGP_INFLATED;
	if (algo != ALGO_ZIP && algo != ALGO_ZLIB)
		p->shape = PGP_OTHER;
	else if (inflateInit2(&p->z, algo == ALGO_ZIP ? -MAX_WBITS : MAX_WBITS) != Z_OK)
		return err_nomem(e);
	return 0;
}

/* What is damaged is gpg's to tell. */
static void
look_through_packed(struct pgp_end *p, struct span s)
{
	unsigned char scratch[SCRATCH];
	int rc = Z_OK;

	p->z.next_in = (z_const Bytef *)s.p;
	p->z.avail_in = (uInt)s.n;
	while (!p->ended && rc == Z_OK) {
		p->z.next_out = scratch;
		p->z.avail_out = sizeof(scratch);
		rc = inflate(&p->z, Z_NO_FLUSH);
		p->ended = rc == Z_STREAM_END;
	}
	p->more |= p->ended && p->z.avail_in > 0;
}

int
pgp_end_feed(struct pgp_end *p, struct span s, struct err *e)
{
	if (p->shape == PGP_BEGINS && s.n > 0) {
		p->shape = s.p[0] == '-' ? PGP_ARMOURED : PGP_OTHER;
		if ((unsigned char)s.p[0] == PACKED_ON) {
			p->shape = PGP_PACKED;
			skip(&s, 1);
		}
	}
	if (p->shape == PGP_PACKED && s.n > 0) {
		if (begin_packed(p, s.p[0], e) != 0)
			return -1;
		skip(&s, 1);
	}
	if (p->shape == PGP_ARMOURED)
		look_through_armour(p, s);
	else if (p->shape == PGP_INFLATED)
		look_through_packed(p, s);
	return 0;
}

int
pgp_end_check(const struct pgp_end *p, struct err *e)
{
	if (!p->more)
		return 0;
	return err_set(e, ERR_REFUSED,
	    "something stands behind the end of the PGP message, another one perhaps: send "
	    "each as a file of its own");
}

void
pgp_end_release(struct pgp_end *p)
{
	if (p->shape == PGP_INFLATED)
		inflateEnd(&p->z);
}
