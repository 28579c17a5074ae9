/*
 * gpgme's operations in a loop of ours: gpgme's own waits for gpg without end, and looks
 * whether it was cancelled only when gpg has something to say.
 */
#ifndef MAPPERS_PGP_LOOP_H
#define MAPPERS_PGP_LOOP_H

#include <gpgme.h>
#include <stdbool.h>

#define PGP_PIPES_MAX 16 /* input, output, status, commands: a few at a time */

struct pgp_pipe {
	int fd; /* -1: free */
	int reads;
	gpgme_io_cb_t call;
	void *arg;
};

struct pgp_loop {
	struct pgp_pipe pipes[PGP_PIPES_MAX];
	bool done;
	gpgme_error_t result; /* once done */
};

/* Has `ctx` use the loop, which must outlive it. */
void pgp_loop_init(struct pgp_loop *l, gpgme_ctx_t ctx);

/*
 * Works on the operation that was started on `ctx` until it is done, or until `stop`,
 * which is asked every 100 ms, has it cancelled. Returns the operation's result.
 */
gpgme_error_t pgp_loop_run(
    struct pgp_loop *l, gpgme_ctx_t ctx, bool (*stop)(void *arg), void *arg);

#endif
