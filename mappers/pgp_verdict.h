/*
 * What gpg found, judged: can the file be read, and is it signed by whom the feed names?
 */
#ifndef MAPPERS_PGP_VERDICT_H
#define MAPPERS_PGP_VERDICT_H

#include <gpgme.h>

#include "mappers/unpack_impl.h"

/* A decryption, or else a verification, that returned `rc`. */
struct pgp_done {
	gpgme_ctx_t ctx;
	gpgme_error_t rc;
	bool encrypted;
};

/*
 * Fills *seal. -1: ERR_REFUSED if the file can't be read or a signature is bad, else it is
 * about us.
 */
int pgp_judge(const struct pgp_done *done, const struct unpack_conf *uc,
    struct unpack_seal *seal, struct err *e);

#endif
