/*
 * Settled rows: those of the file that a feed applied last that changed nothing, in the
 * file's order, each with the digest of its bytes and the ordinals of its records. The
 * same bytes change nothing the next time either, and need not be read again (P12).
 *
 * It is a cache in a file of its own, rows/FEED, and its rows are true for one state of
 * the scope's records: the ledger's stamp, which every pass that is merged makes another,
 * says for which. What is missing, cut, damaged or of another state is as good as none, and
 * what can't be written is not: no call here fails.
 */
#ifndef STATE_SETTLED_H
#define STATE_SETTLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"

struct ledger;
struct settled;

#define SETTLED_RECORDS 16 /* of a row; one with more is not kept */

struct settled_row {
	struct digest digest;
	uint32_t n; /* bytes */
	bool filtered;
	uint32_t nrecords;
	uint32_t ordinals[SETTLED_RECORDS];
};

/* What is known of the last file, and room for this one's. NULL: no memory. */
struct settled *settled_open(struct ledger *l, uint32_t scope, const char *feed);
/* What was not kept is forgotten. */
void settled_free(struct settled *s);

/* The last file's next row; NULL: there is none. Valid until the next call. */
const struct settled_row *settled_next(struct settled *s);
/* It came: the one behind it is next. */
void settled_pass(struct settled *s);
/* Another row came, in full: where the last file had the same, what is behind it is next. */
void settled_seek(struct settled *s, const struct digest *d, uint32_t n);

/* A record is changed, or was by a later row of the last file: its rows are not settled. */
void settled_change(struct settled *s, uint32_t ordinal);
bool settled_stands(const struct settled *s, const struct settled_row *row);

/* A record came as the ledger has it. */
void settled_repeat(struct settled *s, uint32_t ordinal);

/* A row of this file that changes nothing, as its turn is. */
void settled_add(struct settled *s, const struct settled_row *row);

/*
 * Once the file's end is committed, with the scope still locked: kept for the next one.
 * `content` is its feed_content, `at` the file's time in ms.
 */
void settled_keep(struct settled *s, const struct digest *content, int64_t at);

/*
 * The records that the feed's last file only repeated. Where a map gives no event times,
 * what is known of them is as new as that file (P7), though the ledger has the time of
 * the file that brought them. That stays true whatever changes the scope's records since.
 */
struct repeated {
	int64_t at; /* ms: the last file's time */
	unsigned char *bits;
	size_t n;
};

/*
 * Of the file whose feed_content is `content`: the ledger's last one, and not that of
 * another ledger's days. Of none if that is not known. The caller frees out->bits.
 */
void settled_repeated(struct ledger *l, const char *feed, const struct digest *content,
    struct repeated *out);
bool repeated_has(const struct repeated *r, uint32_t ordinal);

#endif
