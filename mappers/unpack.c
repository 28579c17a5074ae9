/*
 * The layers: each one reads what the one beneath unpacks, and the last gives plain
 * bytes. Sizes are counted at every layer.
 */
#include "mappers/unpack.h"

#include <gpgme.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "mappers/archive_lib.h"
#include "mappers/unpack_impl.h"

#define LAYERS_MAX  4         /* of packing, one in the other */
#define RATIO_SLACK (1 << 20) /* unpacked bytes that no ratio limits */
#define EXPORTS_MAX 10000     /* in one file */
#define FOUND_MAX   128

/* The bytes of one layer, with their first ones looked at. */
struct peek {
	struct byte_source from;
	char head[UNPACK_HEAD];
	size_t n;
	struct span rest; /* of what was read for the head */
	bool served;
};

struct level {
	struct unpack *u;
	const struct unpack_ops *ops; /* NULL: plain */
	void *self;
	enum packing packing;
	struct peek in;
	struct unpack_seal seal;
	uint64_t *unpacked; /* bytes that came out at this depth */
	bool begun;         /* its one member, if it has no others */
	bool unsealed;      /* an export in it is covered by no good signature so far */
};

struct unpack {
	const struct unpack_conf *conf;
	struct unpack_env env;
	struct byte_source from;
	_Atomic uint64_t fetched; /* gpg's feeder counts, in a thread of its own */
	struct level levels[LAYERS_MAX + 1];
	size_t n;
	bool started, unsealed;
	struct err why; /* of the last signature that is not good */
	uint64_t unpacked[LAYERS_MAX + 1];
	uint64_t exports, skipped;
	unsigned seen;    /* bit n: enum packing */
	struct buf kinds; /* their names, outermost first */
	char found[FOUND_MAX];
};

static int
fetch(void *arg, struct span *out, struct err *e)
{
	struct unpack *u = arg;
	int r = u->from.read(u->from.arg, out, e);

	if (r == 1)
		atomic_fetch_add(&u->fetched, out->n);
	return r;
}

static int
peek_read(void *arg, struct span *out, struct err *e)
{
	struct peek *p = arg;

	if (!p->served) {
		p->served = true;
		*out = (struct span){p->head, p->n};
		if (out->n > 0)
			return 1;
	}
	if (p->rest.n > 0) {
		*out = p->rest;
		p->rest.n = 0;
		return 1;
	}
	return p->from.read(p->from.arg, out, e);
}

static int
peek_fill(struct peek *p, struct byte_source from, struct err *e)
{
	int r = 1;

	p->from = from;
	p->n = 0;
	p->served = false;
	p->rest = (struct span){"", 0};
	while (p->n < UNPACK_HEAD && (r = from.read(from.arg, &p->rest, e)) == 1) {
		size_t n = p->rest.n < UNPACK_HEAD - p->n ? p->rest.n
							  : UNPACK_HEAD - p->n;

		memcpy(p->head + p->n, p->rest.p, n);
		p->n += n;
		p->rest.p += n;
		p->rest.n -= n;
	}
	if (r == 0)
		p->rest.n = 0;
	return r < 0 ? -1 : 0;
}

static int
check_size(const struct level *l, struct err *e)
{
	const struct unpack_conf *uc = l->u->conf;
	uint64_t fetched = atomic_load(&l->u->fetched);

	if (*l->unpacked > (uint64_t)uc->max_size)
		return err_set(e, ERR_REFUSED,
		    "the file unpacks to more than %lld bytes: split it, or raise "
		    "max_size of [unpack]",
		    uc->max_size);
	if (*l->unpacked > RATIO_SLACK + fetched * (uint64_t)uc->max_ratio)
		return err_set(e, ERR_REFUSED,
		    "the file unpacks to more than %lld times its size, as a ZIP bomb "
		    "does; if it is a real export, raise max_ratio of [unpack]",
		    uc->max_ratio);
	return 0;
}

static int
level_read(void *arg, struct span *out, struct err *e)
{
	struct level *l = arg;
	int r = l->ops->read(l->self, out, e);

	if (r == 1) {
		*l->unpacked += out->n;
		r = check_size(l, e) == 0 ? 1 : -1;
	}
	return r;
}

static const struct unpack_ops *
ops_of(enum packing p)
{
	static const struct unpack_ops *const ops[PACKING_COUNT] = {
	    [PACKING_GZIP] = &unpack_gzip,
	    [PACKING_ZSTD] = &unpack_zstd,
	    [PACKING_ZIP] = &unpack_zip,
	    [PACKING_PGP_ENCRYPTED] = &unpack_pgp,
	    [PACKING_PGP_SIGNED] = &unpack_pgp};

	return ops[p];
}

static int
check_packing(const struct unpack *u, enum packing p, struct err *e)
{
	if (u->n > LAYERS_MAX)
		return err_set(e, ERR_REFUSED,
		    "the file is packed more than %d times: pack it once", LAYERS_MAX);
	if (p == PACKING_PGP_DETACHED)
		return err_set(e, ERR_REFUSED,
		    "the file is a PGP signature without what was signed: sign the "
		    "export itself (gpg --sign), not beside it");
	if ((p == PACKING_PGP_ENCRYPTED || p == PACKING_PGP_SIGNED) &&
	    u->conf->pgp == UNPACK_PGP_NO)
		return err_set(e, ERR_REFUSED,
		    "the file is encrypted or signed with PGP, and the feed has no keys "
		    "for it: keyring in [unpack]");
	return 0;
}

/* Plain bytes: an export. Is it allowed to be here as it is? */
static int
begin_export(struct unpack *u, struct level *l, struct err *e)
{
	bool encrypted = false;

	for (size_t i = 0; i + 1 < u->n; i++)
		encrypted |= u->levels[i].packing == PACKING_PGP_ENCRYPTED;
	if (u->conf->pgp == UNPACK_PGP_REQUIRE && !encrypted)
		return err_set(e, ERR_REFUSED,
		    "the file is not encrypted, and pgp = require in [unpack] takes no "
		    "others: encrypt it with the key that was agreed on");
	if (u->exports == EXPORTS_MAX)
		return err_set(e, ERR_REFUSED,
		    "there are more than %d files in the archive: split it", EXPORTS_MAX);
	l->ops = NULL;
	l->unsealed = true;
	return u->exports++ == 0 ? 0 : UNPACK_EXPORT;
}

/* Once each: an archive of a thousand has no thousand kinds. */
static void
note_packing(struct unpack *u, enum packing p)
{
	if ((u->seen & 1u << p) == 0)
		buf_addf(&u->kinds, "%s%s", u->seen == 0 ? "" : ",", packing_name(p));
	u->seen |= 1u << p;
}

/* One more layer, on what the last one unpacks. 0, UNPACK_EXPORT or -1. */
static int
push(struct unpack *u, struct err *e)
{
	struct level *l = &u->levels[u->n];
	struct byte_source from = {fetch, u};
	struct unpack_layer layer = {.in = {peek_read, &l->in},
	    .conf = u->conf,
	    .env = &u->env,
	    .seal = &l->seal,
	    .skipped = &u->skipped};

	if (u->n > 0)
		from = (struct byte_source){level_read, &u->levels[u->n - 1]};
	if (peek_fill(&l->in, from, e) != 0)
		return -1;
	l->u = u;
	l->begun = l->unsealed = false;
	l->seal = (struct unpack_seal){.good = false};
	l->packing = layer.packing = packing_of((struct span){l->in.head, l->in.n});
	u->n++;
	if (l->packing == PACKING_NONE)
		return begin_export(u, l, e);
	l->unpacked = &u->unpacked[u->n - 1];
	l->ops = NULL;
	if (check_packing(u, l->packing, e) != 0 ||
	    ops_of(l->packing)->open(&l->self, &layer, e) != 0)
		return -1;
	l->ops = ops_of(l->packing);
	note_packing(u, l->packing);
	return 0;
}

static void
close_level(struct level *l)
{
	if (l->ops != NULL)
		l->ops->close(l->self);
	l->ops = NULL;
}

/*
 * The top layer is at its end. A signature covers every export in it; what is covered by
 * none makes the one beneath uncovered too.
 */
static void
pop(struct unpack *u)
{
	struct level *l = &u->levels[--u->n];

	close_level(l);
	if (l->seal.good)
		l->unsealed = false;
	if (l->seal.why.code != ERR_NONE)
		u->why = l->seal.why;
	if (u->n > 0)
		u->levels[u->n - 1].unsealed |= l->unsealed;
	else
		u->unsealed = l->unsealed;
}

/* What stands behind the packed data belongs to the layer beneath: its signature may. */
static int
finish(struct unpack *u, struct level *l, struct err *e)
{
	struct span s;
	int r;

	while ((r = peek_read(&l->in, &s, e)) == 1)
		;
	if (r == 0)
		pop(u);
	return r;
}

static int
advance(struct level *l, struct err *e)
{
	if (l->ops->next != NULL)
		return l->ops->next(l->self, e);
	if (l->begun)
		return 0;
	l->begun = true;
	return 1;
}

/* Works on the top layer. UNPACK_END: go on. */
static int
step(struct unpack *u, struct span *out, struct err *e)
{
	struct level *top = &u->levels[u->n - 1];
	int r;

	if (top->ops == NULL) {
		if ((r = peek_read(&top->in, out, e)) == 0)
			pop(u);
		return r;
	}
	if ((r = advance(top, e)) == 1)
		return push(u, e);
	return r == 0 ? finish(u, top, e) : -1;
}

static int
check_any(const struct unpack *u, struct err *e)
{
	if (u->exports > 0)
		return UNPACK_END;
	return err_set(e, ERR_REFUSED,
	    u->skipped > 0 ? "the archive holds no file that members of [unpack] names"
			   : "the archive is empty");
}

int
unpack_next(struct unpack *u, struct span *out, struct err *e)
{
	int r = UNPACK_END;

	if (!u->started) {
		u->started = true;
		r = push(u, e);
	}
	while (r == UNPACK_END && u->n > 0)
		r = step(u, out, e);
	return r == UNPACK_END ? check_any(u, e) : r;
}

int
unpack_verdict(const struct unpack *u, struct err *e)
{
	if (u->conf->signed_by.n == 0 || !u->unsealed)
		return 0;
	if (u->why.code == ERR_NONE)
		return err_set(e, ERR_HELD,
		    "the file has no signature, and signed_by of [unpack] asks for one");
	*e = u->why;
	return -1;
}

struct unpack *
unpack_open(const struct unpack_conf *uc, const struct unpack_env *env,
    struct byte_source from, struct err *e)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return err_nomem(e), NULL;
	u->conf = uc;
	u->env = *env;
	u->from = from;
	buf_init(&u->kinds, FOUND_MAX / 2);
	return u;
}

const char *
unpack_found(struct unpack *u, enum found_form form)
{
	struct span kinds = buf_span(&u->kinds);
	bool words = form == FOUND_WORDS;
	int n = 0;

	if (kinds.n > 0)
		n = snprintf(u->found, FOUND_MAX, "%s%.*s",
		    words ? "packed as " : "unpacked=", (int)kinds.n, kinds.p);
	if (u->exports > 1 || u->skipped > 0)
		snprintf(u->found + n, FOUND_MAX - (size_t)n,
		    words ? ", exports in it: %llu, other files: %llu"
			  : " exports=%llu skipped=%llu",
		    (unsigned long long)u->exports, (unsigned long long)u->skipped);
	return u->found;
}

void
unpack_close(struct unpack *u)
{
	if (u == NULL)
		return;
	while (u->n > 0)
		close_level(&u->levels[--u->n]);
	buf_release(&u->kinds);
	free(u);
}

int
unpack_into(struct unpack *u, struct reading *r, struct err *e)
{
	struct span bytes;

	switch (unpack_next(u, &bytes, e)) {
	case UNPACK_BYTES:
		return reading_feed(r, bytes, e) == 0 ? 1 : -1;
	case UNPACK_EXPORT:
		return reading_next(r, e) == 0 ? 1 : -1;
	case UNPACK_END:
		return reading_end(r, e);
	default:
		return -1;
	}
}

/* gpg is run for it. */
static const char *
gpg_version(void)
{
	gpgme_engine_info_t gpg = NULL;

	if (gpgme_get_engine_info(&gpg) != 0)
		return NULL;
	while (gpg != NULL && gpg->protocol != GPGME_PROTOCOL_OpenPGP)
		gpg = gpg->next;
	return gpg != NULL ? gpg->version : NULL;
}

void
unpack_versions(struct buf *out)
{
	const char *gpgme = gpgme_check_version(NULL), *gpg = gpg_version();
	struct archive_lib lib;
	struct err e;

	buf_add_str(
	    out, archive_lib_load(&lib, &e) == 0 ? lib.archive_version_string() : e.msg);
	buf_addf(out, ", zlib %s, gpgme %s, ", zlibVersion(), gpgme);
	if (gpg != NULL)
		buf_addf(out, "gpg %s", gpg);
	else
		buf_add_str(out, "no gpg: install the packages gpg and gpg-agent");
}
