/*
 * Any bytes as a packed file, fetched at once and in pieces: the same exports come out,
 * or the same refusal, and never more than the feed allows. PGP is left out: that work
 * is gpg's, in a process of its own.
 *
 * An input begins with HEAD bytes: how it is cut, and one for the eye.
 */
#include <string.h>

#include "mappers/unpack.h"
#include "tests/fuzz/work.h"

#define HEAD      2
#define SIZE_MOST (1 << 20)
#define LOG_MAX   (4 * SIZE_MOST)

struct pieces {
	struct span rest;
	size_t size;
};

struct run {
	struct buf log;
	struct err err;
	size_t bytes;
};

static int
next_piece(void *arg, struct span *out, struct err *e)
{
	struct pieces *p = arg;
	size_t n = p->rest.n < p->size ? p->rest.n : p->size;

	(void)e;
	*out = (struct span){p->rest.p, n};
	p->rest = (struct span){p->rest.p + n, p->rest.n - n};
	return n > 0;
}

static void
take_all(struct unpack *u, struct run *run)
{
	struct span bytes;
	int step;

	while ((step = unpack_next(u, &bytes, &run->err)) > 0) {
		if (step == UNPACK_EXPORT) {
			buf_add_str(&run->log, "\n--- another export\n");
			continue;
		}
		run->bytes += bytes.n;
		buf_add_span(&run->log, bytes);
	}
	FUZZ_CHECK((step == 0) == (run->err.code == ERR_NONE), "a failure without error");
	FUZZ_CHECK(step == 0 || run->err.code == ERR_REFUSED, "the verdict is %s: %s",
	    err_name(run->err.code), run->err.msg);
	FUZZ_CHECK(step < 0 || unpack_verdict(u, &run->err) == 0,
	    "held, though no signature is asked for: %s", run->err.msg);
}

static void
run_once(struct span bytes, size_t size, struct run *run)
{
	static const struct unpack_conf conf = {
	    .pgp = UNPACK_PGP_NO, .max_size = SIZE_MOST, .max_ratio = 200};
	const struct unpack_env env = {.clock = &clock_system};
	struct pieces pieces = {bytes, size};
	struct unpack *u;

	*run = (struct run){.bytes = 0};
	buf_init(&run->log, LOG_MAX);
	u = unpack_open(
	    &conf, &env, (struct byte_source){next_piece, &pieces}, &run->err);
	FUZZ_CHECK(u != NULL, "not opened: %s", run->err.msg);
	take_all(u, run);
	FUZZ_CHECK(
	    run->bytes <= SIZE_MOST + bytes.n, "%zu bytes of %zu", run->bytes, bytes.n);
	/* How much came of a file before it was refused may differ. */
	if (run->err.code != ERR_NONE)
		buf_clear(&run->log);
	buf_addf(&run->log, "\n%s %s\n", err_name(run->err.code),
	    run->err.code == ERR_NONE ? unpack_found(u, FOUND_KEYS) : "");
	unpack_close(u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run whole, pieces;
	struct span bytes;

	if (size < HEAD)
		return 0;
	bytes = (struct span){(const char *)data + HEAD, size - HEAD};
	run_once(bytes, SIZE_MAX, &whole);
	run_once(bytes, data[0] % 32 + 1u, &pieces);
	fuzz_compare(buf_span(&whole.log), buf_span(&pieces.log));
	buf_release(&whole.log);
	buf_release(&pieces.log);
	return 0;
}
