/*
 * What the ledger's files share of headers: for conclude.c, retention.c and verify.
 */
#ifndef STATE_HEADERS_IMPL_H
#define STATE_HEADERS_IMPL_H

#include "state/headers.h"
#include "state/ledger_impl.h"

/* All titles, each with its length; a text of the ledger has so many bytes at most. */
#define HEADER_TEXT_MAX (65535 - SEAL_EXTRA)

int header_write(const struct act *a, const char *feed, const struct header_mark *h);
int file_header_write(
    const struct act *a, const struct digest *file, const struct file_header *h);
/* Of a file that has none, too. */
int file_header_forget(const struct act *a, struct span file);

/* Titles that were sealed; they stand in `text`. */
struct header_text {
	char text[HEADER_TEXT_MAX];
	struct span titles[HEADER_COLUMNS_MAX];
	size_t n;
};

/* NULL, or what is wrong with the seal. */
const char *header_open(const struct site_keys *keys, const struct digest *nonce,
    struct span sealed, struct header_text *out);

/* Are these the profiles of so many columns? */
bool header_profiles_ok(struct span counts, size_t columns);

#endif
