/*
 * What the ledger knows of records: under which key, and what the API last took, or
 * refused, of each. It changes only when a pass is merged (pass.h).
 */
#ifndef STATE_RECORDS_H
#define STATE_RECORDS_H

#include "base/record.h"
#include "state/ledger.h"

/* Identity of a record, as the ledger keys it. */
struct record_key {
	enum record_type type;
	struct digest digest;
};

struct record_key record_key(
    const struct site_keys *k, const char *scope, enum record_type type, struct span id);

/*
 * The key under which the patches of a feed have a history of their own, apart from
 * other feeds' and from what is put whole. `section` is the feed's, for all its records.
 */
struct digest patch_section(const struct site_keys *k, const char *feed);
struct record_key record_key_patch(
    const struct record_key *key, const struct digest *section);

enum known_flag {
	KNOWN_TOMBSTONE = 1, /* removed */
	KNOWN_DOUBT = 2,   /* sent, never answered: goes out again whatever its digest */
	KNOWN_REFUSED = 4, /* the API refused `refused`; `content` is what it last took */
	KNOWN_EMPTY = 8,   /* nothing was ever taken: `content` means nothing */
	KNOWN_MERGE = 16,  /* of RECORD_RETIRED: `file` and `window` name the merge */
	KNOWN_OLD = 32     /* a tombstone that a sweep found old: the next one takes it */
};

/* What the ledger knows of a record. */
struct known {
	bool found;
	unsigned flags;
	uint32_t ordinal; /* dense in its scope */
	struct digest content;
	struct digest refused;
	int64_t at;     /* event time, ms, or TIME_NONE */
	int64_t window; /* of a merge: its message's number */
	struct digest file;
};

/* A key, and what the ledger answers. */
struct lookup {
	struct record_key key;
	struct known known;
};

/* Fills in each known, all in one read, in their own order. */
int ledger_known(
    struct ledger *l, uint32_t scope, struct lookup *lookups, size_t n, struct err *e);

/* Has the scope any record of this type? 1, 0, -1. */
int ledger_has_type(
    struct ledger *l, uint32_t scope, enum record_type type, struct err *e);

#endif
