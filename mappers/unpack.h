/*
 * Decrypt and unpack: a file's bytes as they were fetched go in, the exports that are in
 * it come out. What it is packed with is told by its content, layer by layer, never by
 * its name; gzip, zip and zstd need no setting, PGP needs a keyring. Nothing is written
 * to disk, and memory does not grow with the file.
 *
 * Bytes come out before their checksum or signature is known to be good: whoever takes
 * them acts on nothing before unpack_next has returned 0 (P2).
 */
#ifndef MAPPERS_UNPACK_H
#define MAPPERS_UNPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/conf.h"
#include "mappers/format.h"

/* 1 and *out (borrowed until the next call), 0 at the end, -1. */
struct byte_source {
	int (*read)(void *arg, struct span *out, struct err *e);
	void *arg;
};

enum unpack_pgp { UNPACK_PGP_NO, UNPACK_PGP_DECRYPT, UNPACK_PGP_REQUIRE };

/* A feed's [unpack]. */
struct unpack_conf {
	int pgp;             /* enum unpack_pgp */
	const char *keyring; /* folder of GnuPG's; NULL: none */
	struct conf_secret passphrase;
	struct conf_list signed_by; /* fingerprints; n 0: no signature is asked for */
	struct conf_list members;   /* patterns of names in an archive; n 0: all */
	long long max_size;         /* bytes unpacked, at any layer */
	long long max_ratio;        /* bytes unpacked for each one fetched */
};

/* The option table that fills a struct unpack_conf. */
extern const struct conf_option unpack_options[];

/* Mistakes that the option table can't see. `s` is the section, or NULL. */
void unpack_check(
    const struct unpack_conf *uc, const struct conf_section *s, struct conf_errors *errs);

/*
 * Are gpg, the keyring and the signers' keys there? Runs gpg. *expires: ms since 1970,
 * when the first of them ends for which there is no other; 0: none does.
 */
int unpack_probe(const struct unpack_conf *uc, int64_t *expires, struct err *e);

/* Digests of what shapes the records of a file, and of what decides if it is taken. */
uint64_t unpack_fingerprint(const struct unpack_conf *uc);
uint64_t unpack_verdict_fingerprint(const struct unpack_conf *uc);

struct unpack_env {
	const struct clock *clock;
	int64_t deadline; /* ms, monotonic; gpg is not waited for any longer. 0: none */
};

struct unpack;

/*
 * Opens the stage for one file; `uc` must outlive it. `from` may be read by another
 * thread than the caller's, from the first unpack_next until unpack_close.
 */
struct unpack *unpack_open(const struct unpack_conf *uc, const struct unpack_env *env,
    struct byte_source from, struct err *e);

enum unpack_step { UNPACK_END, UNPACK_BYTES, UNPACK_EXPORT };

/*
 * UNPACK_BYTES: *out are the export's next bytes, borrowed until the next call.
 * UNPACK_EXPORT: the bytes behind it are another export, with a header of its own.
 * UNPACK_END: all was read, and every checksum fits. -1: ERR_REFUSED if the file can't
 * be taken (damaged, too large, for another key, a bad signature); other codes are about
 * us (no gpg, wrong passphrase, the source's own errors), and no verdict on the file.
 */
int unpack_next(struct unpack *u, struct span *out, struct err *e);

/* Once UNPACK_END was told: ERR_HELD if a signature is asked for that is not there. */
int unpack_verdict(const struct unpack *u, struct err *e);

/*
 * "unpacked=pgp,gzip", or "packed as pgp,gzip", or "" for a plain file; valid until the next
 * call, or unpack_close.
 */
const char *unpack_found(struct unpack *u, enum found_form form);
void unpack_close(struct unpack *u); /* takes NULL */

/*
 * One step of reading a file: into `r`, which is ended with the last byte. 1: go on;
 * 0: all is read, and unpack_verdict is next; -1: as unpack_next and reading_end.
 */
int unpack_into(struct unpack *u, struct reading *r, struct err *e);

/* The versions of the libraries and of gpg, which are opened and run for it; or what lacks. */
void unpack_versions(struct buf *out);

#endif
