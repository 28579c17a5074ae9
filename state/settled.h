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
#include "base/span.h"

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

/*
 * What is known of the last file, and room for this one's. `last` is the feed_content of the
 * file that was applied last, or NULL: nobody will ask what was repeated when. NULL: no
 * memory.
 */
struct settled *settled_open(
    struct ledger *l, uint32_t scope, const char *feed, const struct digest *last);
/* What was not ready is forgotten. */
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
 * Before the file's end is committed: all is written, and will be found by settled_recover
 * if a kill, or an error, is faster than settled_keep. `content` is its feed_content, `at`
 * the file's time in ms.
 */
void settled_ready(struct settled *s, const struct digest *content, int64_t at);

/* Once it is committed, with the scope still locked: kept for the next one. */
void settled_keep(struct settled *s);

/* Nobody reads the feed's files: what was ready of its last one, and not kept, is kept now. */
void settled_recover(struct ledger *l, const char *feed, const struct digest *content);

/*
 * When the feed's files last repeated a record. Where a map gives no event times, what is
 * known of it is as new as that file (P7), though the ledger has the time of the one that
 * brought it. That stays true whatever changes the scope's records since.
 */
struct repeated {
	const unsigned char *map;
	size_t size;
	struct span times;
};

/*
 * Up to the file whose feed_content is `content`: the ledger's last one, and not that of
 * another ledger's days. Nothing, if that is not known.
 */
void settled_repeated(struct ledger *l, const char *feed, const struct digest *content,
    struct repeated *out);
void repeated_release(struct repeated *r);
/* In ms; TIME_NONE: it is not known. */
int64_t repeated_at(const struct repeated *r, uint32_t ordinal);

#endif
