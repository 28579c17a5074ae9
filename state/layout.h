/*
 * The format of the ledger as data: which columns the key and the value of each table
 * have, in which order. Whatever reads the ledger as a whole (verify, export) goes by
 * this alone, so that a new table or column is told here, once. state/README.md has the
 * same in words.
 */
#ifndef STATE_LAYOUT_H
#define STATE_LAYOUT_H

#include "state/ledger_impl.h"

enum column_kind {
	COLUMN_UINT,        /* `size` bytes */
	COLUMN_BOOL,        /* u8: 0 or 1 */
	COLUMN_WORD,        /* u8: an index into `words` */
	COLUMN_FLAGS,       /* u8: a bit for each of `words` */
	COLUMN_MARK,        /* u64 without an order: a fingerprint */
	COLUMN_SECONDS,     /* i64: since 1970, by the drop's clock */
	COLUMN_TIME,        /* i64: ms since 1970 by our clock; 0: never */
	COLUMN_EVENT,       /* i64: ms since 1970, or TIME_NONE */
	COLUMN_WINDOW,      /* the same; of a retired id a message's number */
	COLUMN_TEXT,        /* of a key: all that is left of it */
	COLUMN_BYTES,       /* a text that is none */
	COLUMN_ULID,        /* 26 bytes, and a blank */
	COLUMN_DIGEST,      /* 16 bytes */
	COLUMN_SHA,         /* 32 bytes */
	COLUMN_SCOPE,       /* u32: one of `scopes` */
	COLUMN_SCOPE_MAYBE, /* the same, or 0 */
	COLUMN_FEED,        /* text: one of `feeds` */
	COLUMN_FILE,        /* digest: one of `files` */
	COLUMN_FILE_MAYBE,  /* the same, or zeroes */
	COLUMN_SEALED,      /* text: an id, sealed under its record's key */
	COLUMN_NAMED,       /* digest of a text, which is sealed under it */
	COLUMN_COUNTS,      /* `size` of u32 */
	COLUMN_TITLES,      /* digest of titles, which are sealed under it */
	COLUMN_PROFILES,    /* u32, and as many u32: of the titles before them */
	COLUMN_JSON,        /* an object: the rest, but for `size` bytes */
	COLUMN_ENTRIES,     /* the rest: an intent's entries */
	COLUMN_OUTCOMES,    /* u32, and as many bytes: `words`, and OUTCOME_HALVED */
};

struct column {
	const char *name; /* NULL ends a list of columns */
	enum column_kind kind;
	unsigned char size;
	unsigned char flag;       /* not 0: only there if this bit of `flags` is set */
	const char *const *words; /* ends with NULL; "" stands for what may not be */
	bool late;                /* values of an older format may end before it */
};

/* A table has one; or several, and the key of each begins with a word of its own. */
struct layout {
	const char *word;
	const char *what; /* the word for people */
	const struct column *key, *value;
	bool unchecked; /* the value has no check at its end */
};

/* NULL: the table has no such key. */
const struct layout *layout_find(enum table table, struct span key);

/* The entries of an intent. */
extern const struct column entry_columns[];

struct cell {
	const struct column *column;
	uint64_t number;      /* of integers and times, and how many entries there are */
	struct digest digest; /* also of a named text */
	struct span bytes;    /* of texts, seals and whatever has no number; borrowed */
};

#define ROW_CELLS_MAX 32 /* `files` has 29 */

struct row {
	struct cell v[ROW_CELLS_MAX];
	size_t n, nkey; /* the key's cells come first */
	/* If it could not be decoded: why, and where; NULL for what is left over. */
	const char *fault;
	const struct column *at;
};

/* 0, or -1 with row->fault. `value` is without its check. */
int row_decode(
    struct row *row, const struct layout *layout, struct span key, struct span value);

/* Entry `index` of a cell of COLUMN_ENTRIES: 0, or -1. */
int row_decode_entry(struct row *row, const struct cell *entries, uint64_t index);

/* The cell of a column that the row has for sure. */
const struct cell *row_cell(const struct row *row, const char *name);

/* The word of a COLUMN_WORD. */
const char *cell_word(const struct cell *c);

/* The id, in hexadecimal, of the next file that a run's report tells of; empty: of none. */
struct span run_next_file(struct span *report);

#endif
