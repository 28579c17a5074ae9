#include "cmd/login.h"

#include <string.h>

#include "cmd/status.h"
#include "cmd/text.h"
#include "state/watch.h"

/*
 * Of an account, whatever its folder. Keyed: neither a key nor a password can be guessed by
 * it. A secret that can't be read stands for itself, and the login tells of it.
 */
static struct digest
credentials(const struct feed *f, const struct site_keys *k)
{
	const struct conf_secret *places[] = {
	    &f->source.key_file, &f->source.key_passphrase, &f->source.password_file};
	const char *url = source_server(&f->source);
	struct digest sum = digest_bytes(k, KEY_NAME, url, strcspn(url, "/"));
	struct err ignored;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *secret = places[i]->where == NULL
				   ? NULL
				   : secret_read(places[i], &ignored);
		const struct span parts[] = {SPAN_LIT("login"),
		    {(const char *)sum.b, DIGEST_SIZE},
		    span_of(secret == NULL ? "" : secret)};

		sum = digest_parts(k, KEY_NAME, parts, 3);
		secret_free(secret);
	}
	return sum;
}

int
login_may(struct ledger *l, const struct feed *f, bool note, struct err *e)
{
	struct login_pause p = {.since = 0};
	char when[32];
	struct buf b;
	int r;

	if (source_server(&f->source) == NULL)
		return 0;
	p.credentials = credentials(f, ledger_keys(l));
	if ((r = ledger_login_find(l, &p.credentials, &p.since, e)) <= 0)
		return r;
	if (note && ledger_login_put(l, f->feed.name, &p, e) != 0)
		return -1;
	buf_init(&b, sizeof(when));
	text_time(&b, p.since);
	err_set(e, ERR_LOGIN,
	    "the drop refused our login at %.*s, and is not asked again with the same "
	    "credentials: mend them, then `emrdrop check %s --connect` or `emrdrop resume "
	    "%s`",
	    (int)b.n, b.p, f->feed.name, f->feed.name);
	buf_release(&b);
	return -1;
}

int
login_note(
    struct ledger *l, const struct feed *f, bool refused, int64_t now, struct err *e)
{
	struct login_pause p;

	if (source_server(&f->source) == NULL)
		return 0;
	if (ledger_login_get(l, f->feed.name, &p, e) != 0)
		return -1;
	if (refused) {
		p.since = now;
		p.credentials = credentials(f, ledger_keys(l));
		return ledger_login_put(l, f->feed.name, &p, e);
	}
	if (p.since == 0)
		return 0;
	if (ledger_login_end(l, &p.credentials, now, e) != 0)
		return -1;
	p.credentials = credentials(f, ledger_keys(l));
	return ledger_login_end(l, &p.credentials, now, e);
}

bool
login_mended(const struct login_pause *p, const struct feed_state *state)
{
	return p->since == 0 && state->last_error != 0 && p->ended >= state->last_error &&
	       state->last_exit == STATUS_PERM;
}
