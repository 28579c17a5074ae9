#include "mappers/pgp_verdict.h"

#include <string.h>
#include <strings.h>

static bool
is_listed(const struct conf_list *pinned, const char *fingerprint)
{
	for (size_t i = 0; fingerprint != NULL && i < pinned->n; i++)
		if (strcasecmp(pinned->v[i], fingerprint) == 0)
			return true;
	return false;
}

/* A signature is often made by a subkey, and the main key's fingerprint is what people know. */
static bool
is_pinned(gpgme_ctx_t ctx, const struct conf_list *pinned, const char *fingerprint)
{
	gpgme_key_t key;
	bool yes = is_listed(pinned, fingerprint);

	if (yes || fingerprint == NULL || gpgme_get_key(ctx, fingerprint, &key, 0) != 0)
		return yes;
	yes = is_listed(pinned, key->fpr);
	gpgme_key_unref(key);
	return yes;
}

static const char *
id_of(gpgme_signature_t sig)
{
	return sig->fpr != NULL ? sig->fpr : "that is not known";
}

/* Why a signature does not count, though it may be good. */
static void
doubt(gpgme_signature_t sig, struct err *why)
{
	switch (gpgme_err_code(sig->status)) {
	case GPG_ERR_NO_ERROR:
		err_set(why, ERR_HELD,
		    "the file is signed by key %.64s, which signed_by of [unpack] does "
		    "not list",
		    id_of(sig));
		break;
	case GPG_ERR_NO_PUBKEY:
		err_set(why, ERR_HELD,
		    "the file is signed by key %.64s, which the keyring lacks",
		    id_of(sig));
		break;
	case GPG_ERR_KEY_EXPIRED:
		err_set(why, ERR_HELD,
		    "the file is signed by key %.64s, which has expired", id_of(sig));
		break;
	case GPG_ERR_SIG_EXPIRED:
		err_set(
		    why, ERR_HELD, "the signature by key %.64s has expired", id_of(sig));
		break;
	case GPG_ERR_CERT_REVOKED:
		err_set(why, ERR_HELD,
		    "the file is signed by key %.64s, which was revoked", id_of(sig));
		break;
	default:
		err_set(why, ERR_HELD, "the signature by key %.64s can't be checked",
		    id_of(sig));
	}
}

/* One good signature is enough, and one bad one too many: somebody changed the file. */
static int
judge_signatures(gpgme_ctx_t ctx, const struct unpack_conf *uc, struct unpack_seal *seal,
    struct err *e)
{
	gpgme_verify_result_t result = gpgme_op_verify_result(ctx);

	for (gpgme_signature_t s = result == NULL ? NULL : result->signatures; s != NULL;
	    s = s->next) {
		if (gpgme_err_code(s->status) == GPG_ERR_BAD_SIGNATURE)
			return err_set(e, ERR_REFUSED,
			    "the signature by key %.64s does not fit the file: it was "
			    "changed or damaged on its way",
			    id_of(s));
		if (gpgme_err_code(s->status) == GPG_ERR_NO_ERROR &&
		    is_pinned(ctx, &uc->signed_by, s->fpr))
			seal->good = true;
		else
			doubt(s, &seal->why);
	}
	return 0;
}

/* gpg --hidden-recipient writes naughts. */
static bool
is_hidden(const char *id)
{
	return id == NULL || id[strspn(id, "0")] == '\0';
}

static int
other_key(gpgme_ctx_t ctx, struct err *e)
{
	gpgme_decrypt_result_t result = gpgme_op_decrypt_result(ctx);
	const char *id = result == NULL || result->recipients == NULL
			     ? NULL
			     : result->recipients->keyid;

	return err_set(e, ERR_REFUSED,
	    "the file is encrypted for key %.64s, and the keyring has no such private "
	    "key: have it encrypted for ours, or import that one and let the file be "
	    "read again with `emrdrop forget`",
	    is_hidden(id) ? "that is not named" : id);
}

/* Is there a recipient whose private key we have? */
static bool
is_for_us(gpgme_ctx_t ctx)
{
	gpgme_decrypt_result_t result = gpgme_op_decrypt_result(ctx);

	for (gpgme_recipient_t r = result == NULL ? NULL : result->recipients; r != NULL;
	    r = r->next)
		if (gpgme_err_code(r->status) != GPG_ERR_NO_SECKEY)
			return true;
	return result == NULL || result->recipients == NULL;
}

/*
 * Of data that are cut off or damaged gpgme tells what gpg found out before it met that:
 * the signature stands behind them, and without one nobody knows that they are whole.
 */
static bool
lacks_signature(const struct pgp_done *done)
{
	gpgme_verify_result_t result = gpgme_op_verify_result(done->ctx);

	return !done->encrypted && (result == NULL || result->signatures == NULL);
}

static int
unsigned_data(struct err *e)
{
	return err_set(e, ERR_REFUSED,
	    "the PGP data are damaged or cut off, or not signed: there is no signature "
	    "behind them; sign or encrypt the file again");
}

static int
judge_failure(const struct pgp_done *done, struct err *e)
{
	switch (gpgme_err_code(done->rc)) {
	case GPG_ERR_ENOMEM:
		return err_nomem(e);
	case GPG_ERR_CANCELED:
	case GPG_ERR_FULLY_CANCELED:
		return err_set(e, ERR_DEADLINE, "the run's time is over");
	case GPG_ERR_INV_ENGINE:
		return err_set(e, ERR_CONFIG, "gpg can't be run");
	case GPG_ERR_NO_AGENT:
		return err_set(e, ERR_CONFIG, "gpg-agent can't be run");
	case GPG_ERR_BAD_PASSPHRASE:
		return err_set(e, ERR_CONFIG,
		    "[unpack] passphrase_file: is not the passphrase of the private key");
	case GPG_ERR_NO_SECKEY:
		return other_key(done->ctx, e);
	default:
		if (!is_for_us(done->ctx))
			return other_key(done->ctx, e);
		/* To later versions of gpgme what is neither is an error. */
		if (lacks_signature(done))
			return unsigned_data(e);
		return err_set(e, ERR_REFUSED,
		    "the PGP data are damaged or cut off, or not protected against "
		    "changes: encrypt the file again");
	}
}

int
pgp_judge(const struct pgp_done *done, const struct unpack_conf *uc,
    struct unpack_seal *seal, struct err *e)
{
	if (done->rc != 0)
		return judge_failure(done, e);
	if (lacks_signature(done))
		return unsigned_data(e);
	return judge_signatures(done->ctx, uc, seal, e);
}
