/*
 * What the checks of a ledger share: verify.c walks, verify_index.c knows what may be
 * referred to, verify_rows.c has what is true of one table alone.
 */
#ifndef STATE_VERIFY_IMPL_H
#define STATE_VERIFY_IMPL_H

#include "state/files_impl.h"
#include "state/layout.h"
#include "state/pass_impl.h"
#include "state/upkeep.h"

struct known_scope {
	char name[LEDGER_NAME_MAX + 1];
	uint32_t id;
	uint32_t ordinals;    /* how many were given out */
	unsigned char *given; /* a bit for each that a record has */
	uint64_t batches;     /* of its open pass; 0: none is open */
};

struct known_feed {
	char name[LEDGER_NAME_MAX + 1];
	struct digest digest; /* as patches and settling use it */
	uint64_t next_pass;
};

struct verify {
	struct act act;
	const struct mismatch_visitor *visitor;
	struct verified *out;

	struct known_scope *scopes;
	struct known_feed *feeds;
	size_t nscopes, nfeeds;
	uint32_t scopes_given;

	/* What is being looked at. */
	enum table table;
	const struct layout *layout;
	struct span key;
	struct row row, entry;
	struct buf where;

	struct digest file; /* the last that was looked up */
	int file_there;
};

/* Reads what may be referred to: what is wrong there is told when its table is walked. */
int verify_index(struct verify *v);
void verify_index_release(struct verify *v);

struct known_scope *verify_scope(const struct verify *v, uint64_t id);
const struct known_feed *verify_feed(const struct verify *v, struct span name);
/* 1, 0, -1. */
int verify_file(struct verify *v, const struct digest *id);

/* Tells a mismatch of the value that is being looked at: 0, or the visitor's -1. */
int verify_tell(struct verify *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What must be true of the columns of one table; v->row is decoded. */
int verify_row(struct verify *v);

/* Opens a named text into `out`: NULL, or what is wrong. */
const char *verify_named(
    const struct verify *v, const struct cell *c, char out[FILE_PATH_MAX + 1]);

#endif
