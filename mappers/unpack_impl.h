/*
 * What the layers of a packed file share. Each way of packing is a struct unpack_ops,
 * found by the first bytes of what it is to unpack.
 */
#ifndef MAPPERS_UNPACK_IMPL_H
#define MAPPERS_UNPACK_IMPL_H

#include "mappers/unpack.h"

#define UNPACK_HEAD 4096 /* bytes that tell what something is packed with */

enum packing {
	PACKING_NONE,
	PACKING_GZIP,
	PACKING_ZSTD,
	PACKING_ZIP,
	PACKING_PGP_ENCRYPTED,
	PACKING_PGP_SIGNED,
	PACKING_PGP_DETACHED, /* a signature, without what is signed */
	PACKING_COUNT
};

/* "gzip", for the report. */
const char *packing_name(enum packing p);

/* By content; `head` is the first UNPACK_HEAD bytes, or all there are. */
enum packing packing_of(struct span head);

/* What a layer knows of its signature once it has been read to its end. */
struct unpack_seal {
	bool good;      /* by one of signed_by */
	struct err why; /* if not: ERR_HELD; code ERR_NONE: there is none */
};

struct unpack_layer {
	enum packing packing;
	struct byte_source in; /* the packed bytes; outlives the layer */
	const struct unpack_conf *conf;
	const struct unpack_env *env;
	struct unpack_seal *seal;
	uint64_t *skipped; /* members that were left out */
};

struct unpack_ops {
	/* *self is the layer's own; 0, or -1 and nothing to close. */
	int (*open)(void **self, const struct unpack_layer *l, struct err *e);
	/* On to the next member: 1, 0 if there is none, -1. NULL: there is just one. */
	int (*next)(void *self, struct err *e);
	/* As a byte_source: of one member. */
	int (*read)(void *self, struct span *out, struct err *e);
	void (*close)(void *self);
};

extern const struct unpack_ops unpack_gzip;
extern const struct unpack_ops unpack_zstd;
extern const struct unpack_ops unpack_zip;
extern const struct unpack_ops unpack_pgp;

#endif
