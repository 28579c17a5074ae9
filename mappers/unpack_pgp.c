/*
 * PGP, by gpgme, which runs gpg. gpg's output comes out of an operation that runs, so
 * that has a thread: it reads the layer beneath, and hands what it decrypts over.
 */
#include <errno.h>
#include <gpgme.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/handoff.h"
#include "mappers/pgp_end.h"
#include "mappers/pgp_home.h"
#include "mappers/pgp_loop.h"
#include "mappers/pgp_verdict.h"
#include "mappers/unpack_impl.h"

struct pgp {
	struct byte_source in;
	const struct unpack_conf *conf;
	struct unpack_env env;
	bool encrypted;
	struct pgp_home home;
	gpgme_ctx_t ctx;
	struct pgp_loop loop;
	struct handoff *out;
	pthread_t thread;
	bool running;

	/* The thread's, until it is joined. */
	struct span rest;
	bool in_ended;
	struct pgp_end end;
	struct err below;   /* of the layer beneath, behind gpgme's back */
	struct err refusal; /* to tell a passphrase */
	struct unpack_seal *seal;
};

/* Packed bytes, if there are more: 0, or -1 with `below`. */
static int
fetch(struct pgp *p)
{
	int r;

	while (p->rest.n == 0 && !p->in_ended) {
		if ((r = p->in.read(p->in.arg, &p->rest, &p->below)) < 0)
			return -1;
		p->in_ended = r == 0;
		if (r == 1 && pgp_end_feed(&p->end, p->rest, &p->below) != 0)
			return -1;
	}
	return 0;
}

/* They are for gpg. */
static ssize_t
give(void *arg, void *to, size_t room)
{
	struct pgp *p = arg;
	size_t n;

	if (fetch(p) != 0) {
		errno = EIO;
		return -1;
	}
	n = p->rest.n < room ? p->rest.n : room;
	memcpy(to, p->rest.p, n);
	p->rest.p += n;
	p->rest.n -= n;
	return (ssize_t)n;
}

/* Plain bytes from gpg. */
static ssize_t
take(void *arg, const void *from, size_t n)
{
	struct pgp *p = arg;

	if (handoff_put(p->out, (struct span){from, n}) == 0)
		return (ssize_t)n;
	errno = ECANCELED;
	return -1;
}

static gpgme_error_t
tell_passphrase(void *arg, const char *hint, const char *info, int again, int fd)
{
	struct pgp *p = arg;
	char *secret;
	int bad;

	(void)info;
	if (hint == NULL && (again || p->conf->passphrase.where == NULL))
		err_set(&p->refusal, ERR_REFUSED,
		    "the file is encrypted with a passphrase, and not for our key: have "
		    "it encrypted with the key that was agreed on");
	else if (p->conf->passphrase.where == NULL)
		err_set(&p->refusal, ERR_CONFIG,
		    "the private key has a passphrase: passphrase_file in [unpack]");
	else if (again)
		err_set(&p->refusal, ERR_CONFIG,
		    "[unpack] passphrase_file: is not the passphrase of the private key");
	if (p->refusal.code != ERR_NONE ||
	    (secret = secret_read(&p->conf->passphrase, &p->refusal)) == NULL)
		return gpgme_error(GPG_ERR_CANCELED);
	bad = gpgme_io_writen(fd, secret, strlen(secret)) != 0 ||
	      gpgme_io_writen(fd, "\n", 1) != 0;
	secret_free(secret);
	return bad ? gpgme_error(GPG_ERR_CANCELED) : 0;
}

static int
start_gpgme(struct pgp *p, struct err *e)
{
	gpgme_check_version(NULL);
	if (gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP) != 0)
		return err_set(e, ERR_CONFIG,
		    "gpg is not there, or too old: install the packages gpg and gpg-agent");
	if (gpgme_new(&p->ctx) != 0 ||
	    gpgme_ctx_set_engine_info(
		p->ctx, GPGME_PROTOCOL_OpenPGP, NULL, p->home.path) != 0)
		return err_nomem(e);
	gpgme_set_offline(p->ctx, 1);
	gpgme_set_pinentry_mode(p->ctx, GPGME_PINENTRY_MODE_LOOPBACK);
	gpgme_set_passphrase_cb(p->ctx, tell_passphrase, p);
	return 0;
}

static bool
is_stopped(void *arg)
{
	struct pgp *p = arg;

	return handoff_stopped(p->out);
}

static gpgme_error_t
operate(struct pgp *p)
{
	struct gpgme_data_cbs giver = {.read = give}, taker = {.write = take};
	gpgme_data_t in = NULL, out = NULL;
	gpgme_error_t rc = gpgme_data_new_from_cbs(&in, &giver, p);

	if (rc == 0)
		rc = gpgme_data_new_from_cbs(&out, &taker, p);
	if (rc == 0) {
		gpgme_data_set_flag(in, "io-buffer-size", "65536");
		gpgme_data_set_flag(out, "io-buffer-size", "65536");
		rc = p->encrypted ? gpgme_op_decrypt_verify_start(p->ctx, in, out)
				  : gpgme_op_verify_start(p->ctx, in, NULL, out);
	}
	if (rc == 0)
		rc = pgp_loop_run(&p->loop, p->ctx, is_stopped, p);
	gpgme_data_release(in);
	gpgme_data_release(out);
	return rc;
}

/* gpg need not have asked for all of it. */
static int
check_end(struct pgp *p, struct err *e)
{
	do
		p->rest.n = 0;
	while (fetch(p) == 0 && p->rest.n > 0);
	if (p->below.code == ERR_NONE)
		return pgp_end_check(&p->end, e);
	*e = p->below;
	return -1;
}

static void *
work(void *arg)
{
	struct pgp *p = arg;
	struct pgp_done done = {p->ctx, operate(p), p->encrypted};
	struct err err = {.code = ERR_NONE};
	int r = -1;

	if (p->below.code != ERR_NONE)
		err = p->below;
	else if (p->refusal.code != ERR_NONE)
		err = p->refusal;
	else
		r = pgp_judge(&done, p->conf, p->seal, &err);
	if (r == 0)
		r = check_end(p, &err);
	handoff_end(p->out, r, &err);
	return NULL;
}

static void
close_pgp(void *self)
{
	struct pgp *p = self;

	if (p->running) {
		handoff_stop(p->out);
		pthread_join(p->thread, NULL);
	}
	if (p->ctx != NULL)
		gpgme_release(p->ctx);
	pgp_end_release(&p->end);
	pgp_home_close(&p->home);
	handoff_free(p->out);
	free(p);
}

static int
open_pgp(void **self, const struct unpack_layer *l, struct err *e)
{
	struct pgp *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL || (p->out = handoff_new(e)) == NULL ||
	    pgp_home_open(&p->home, l->conf->keyring, e) != 0) {
		if (p != NULL)
			handoff_free(p->out);
		free(p);
		return p == NULL ? err_nomem(e) : -1;
	}
	p->in = l->in;
	p->conf = l->conf;
	p->env = *l->env;
	p->encrypted = l->packing == PACKING_PGP_ENCRYPTED;
	p->seal = l->seal;
	if (start_gpgme(p, e) != 0)
		goto out;
	pgp_loop_init(&p->loop, p->ctx);
	if ((rc = pthread_create(&p->thread, NULL, work, p)) != 0) {
		err_sys(e, ERR_NOMEM, rc, "cannot start a thread");
		goto out;
	}
	p->running = true;
	*self = p;
	return 0;
out:
	close_pgp(p);
	return -1;
}

static int
read_pgp(void *self, struct span *out, struct err *e)
{
	struct pgp *p = self;
	int64_t left = -1;

	if (p->env.deadline != 0) {
		left = p->env.deadline - clock_mono(p->env.clock);
		left = left < 0 ? 0 : left;
	}
	return handoff_take(p->out, left, out, e);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* When it is good for nothing of that kind any more, ms; 0: never. */
static int64_t
key_expires(const struct _gpgme_key *key, bool sign)
{
	const struct _gpgme_subkey *sub = key->subkeys;
	int64_t whole = sub == NULL ? 0 : (int64_t)sub->expires * 1000, latest = -1;

	for (; sub != NULL; sub = sub->next) {
		if (sub->revoked || sub->disabled ||
		    !(sign ? sub->can_sign : sub->can_encrypt))
			continue;
		if (sub->expires == 0)
			return whole;
		if ((int64_t)sub->expires * 1000 > latest)
			latest = (int64_t)sub->expires * 1000;
	}
	return latest < 0 ? whole : sooner(latest, whole);
}

/* Whoever encrypts for us takes the key that lasts longest. */
static int
find_ours(struct pgp *p, int64_t *expires, struct err *e)
{
	int64_t latest = -1, at;
	gpgme_key_t key;

	if (gpgme_op_keylist_start(p->ctx, NULL, 1) != 0)
		return err_set(e, ERR_CONFIG, "the keyring cannot be listed");
	while (gpgme_op_keylist_next(p->ctx, &key) == 0) {
		at = key_expires(key, false);
		if (at == 0 || (latest != 0 && at > latest))
			latest = at;
		gpgme_key_unref(key);
	}
	gpgme_op_keylist_end(p->ctx);
	*expires = sooner(*expires, latest < 0 ? 0 : latest);
	return 0;
}

static int
find_signer(struct pgp *p, const char *fingerprint, int64_t *expires, struct err *e)
{
	gpgme_key_t key;

	if (gpgme_get_key(p->ctx, fingerprint, &key, 0) != 0)
		return err_set(e, ERR_CONFIG,
		    "signed_by: the keyring has no public key %.64s; import it: "
		    "gpg --homedir %.256s --import FILE",
		    fingerprint, p->conf->keyring);
	*expires = sooner(*expires, key_expires(key, true));
	gpgme_key_unref(key);
	return 0;
}

int
unpack_probe(const struct unpack_conf *uc, int64_t *expires, struct err *e)
{
	struct pgp p = {.conf = uc};
	int rc;

	*expires = 0;
	if (uc->pgp == UNPACK_PGP_NO)
		return 0;
	if (pgp_home_open(&p.home, uc->keyring, e) != 0)
		return -1;
	rc = start_gpgme(&p, e);
	if (rc == 0)
		rc = find_ours(&p, expires, e);
	for (size_t i = 0; i < uc->signed_by.n && rc == 0; i++)
		rc = find_signer(&p, uc->signed_by.v[i], expires, e);
	if (p.ctx != NULL)
		gpgme_release(p.ctx);
	pgp_home_close(&p.home);
	return rc;
}

const struct unpack_ops unpack_pgp = {
    .open = open_pgp,
    .read = read_pgp,
    .close = close_pgp,
};
