/*
 * What a private key's file says of itself, so that a login that libssh2 refuses with
 * a number can be explained.
 */
#ifndef POLLERS_SSH_KEY_H
#define POLLERS_SSH_KEY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

struct key_info {
	bool rsa;
	bool encrypted;
};

/*
 * ERR_CONFIG with cause and cure for what no libssh2 can use: a public key, a PuTTY
 * key, a cipher that it lacks, an encrypted key without a passphrase.
 */
int ssh_key_inspect(
    struct span text, bool passphrase, struct key_info *out, struct err *e);

#endif
