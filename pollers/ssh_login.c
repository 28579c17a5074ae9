#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pollers/ssh.h"
#include "pollers/ssh_key.h"

#define AGENT_KEYS_MAX 16 /* servers hang up after a few refused keys anyway */
#define OFFER_MAX      128

/* What was tried, to be told if nothing helps. */
struct login {
	struct ssh *ssh;
	char tried[96];
	char offer[OFFER_MAX]; /* the server's methods */
	bool rsa;              /* an RSA key was refused */
	bool more; /* a key was good, and the server wants something else as well */
};

/* 1: logged in, 0: refused, or nothing to try with; -1: no point in going on. */
typedef int login_fn(struct login *l, struct err *e);

struct login_method {
	const char *name; /* RFC 4252 */
	const char *told_as;
	bool (*usable)(const struct source_conf *sc);
	login_fn *try;
};

/* libssh2 says the same of an answer that never came. */
static bool
refused(const struct ssh *s, int rc)
{
	return !s->cut && !s->lost &&
	       (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED ||
		   rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED);
}

static void
tell_tried(struct login *l, const char *text)
{
	size_t n = strlen(l->tried);

	snprintf(l->tried + n, sizeof(l->tried) - n, "%s", text);
}

/* Servers hang up on whom they refused too often. */
static bool
hung_up(const struct ssh *s, const struct err *e)
{
	return e && e->code == ERR_IO &&
	       (s->cut || e->sys == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
		   e->sys == LIBSSH2_ERROR_SOCKET_RECV);
}

/*
 * The methods that the server takes; 1: it let us in without any. Asked once only:
 * libssh2 forgets to free the answer when it is asked again.
 */
static int
ask_offer(struct login *l, struct err *e)
{
	struct ssh *s = l->ssh;
	const char *user = s->url->user;
	char *list;
	int rc;

	ssh_begin(s);
	do {
		list = libssh2_userauth_list(s->session, user, (unsigned)strlen(user));
		rc = list ? 0 : libssh2_session_last_errno(s->session);
	} while (ssh_again(s, rc, e));
	if (list) {
		snprintf(l->offer, sizeof(l->offer), "%s", list);
		return 0;
	}
	if (libssh2_userauth_authenticated(s->session))
		return 1;
	return ssh_fail(s, rc, e, "login");
}

static bool
offered(const struct login *l, const char *name)
{
	size_t n = strlen(name);
	const char *p = l->offer;

	while (*p) {
		size_t len = strcspn(p, ",");

		if (len == n && memcmp(p, name, n) == 0)
			return true;
		p += len + (p[len] ? 1 : 0);
	}
	return false;
}

static bool
has_key(const struct source_conf *sc)
{
	return sc->key_file.where != NULL;
}

static bool
has_agent(const struct source_conf *sc)
{
	return sc->agent;
}

static bool
has_password(const struct source_conf *sc)
{
	return sc->password_file.where != NULL;
}

/* What libssh2 said of a key, as 1, 0 or -1. */
static int
key_result(struct login *l, int rc, const struct key_info *info, struct err *e)
{
	if (rc == 0)
		return 1;
	/* A key that is no good is refused before anything is signed (RFC 4252 7). */
	if (refused(l->ssh, rc)) {
		l->more |= rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
		return 0;
	}
	if (rc == LIBSSH2_ERROR_FILE || rc == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED ||
	    rc == LIBSSH2_ERROR_METHOD_NOT_SUPPORTED)
		return err_set(e, ERR_CONFIG,
		    info->encrypted
			? "key_file: the passphrase does not open the key"
			: "key_file: libssh2 %s cannot read this key; use an ed25519 key in "
			  "OpenSSH form",
		    libssh2_version(0));
	return ssh_fail(l->ssh, rc, e, "login with key_file");
}

static int
try_key(struct login *l, struct err *e)
{
	struct ssh *s = l->ssh;
	const char *user = s->url->user;
	char *key = secret_read(&s->sc->key_file, e), *phrase = NULL;
	struct key_info info;
	int rc = -1;

	if (!key)
		return -1;
	if (s->sc->key_passphrase.where) {
		phrase = secret_read(&s->sc->key_passphrase, e);
		if (!phrase)
			goto out;
	}
	if (ssh_key_inspect(span_of(key), phrase != NULL, &info, e))
		goto out;
	l->rsa |= info.rsa;
	ssh_begin(s);
	do
		rc = libssh2_userauth_publickey_frommemory(
		    s->session, user, strlen(user), NULL, 0, key, strlen(key), phrase);
	while (ssh_again(s, rc, e));
	rc = key_result(l, rc, &info, e);
out:
	secret_free(phrase);
	secret_free(key);
	return rc;
}

static bool
is_rsa(const struct libssh2_agent_publickey *id)
{
	static const char name[] = "\0\0\0\7ssh-rsa";

	return id->blob_len > sizeof(name) &&
	       memcmp(id->blob, name, sizeof(name) - 1) == 0;
}

static int
try_identities(struct login *l, LIBSSH2_AGENT *agent, struct err *e)
{
	struct libssh2_agent_publickey *id = NULL;
	int rc;

	for (int i = 0; i < AGENT_KEYS_MAX; i++) {
		if (libssh2_agent_get_identity(agent, &id, id) != 0)
			return 0;
		ssh_begin(l->ssh);
		do
			rc = libssh2_agent_userauth(agent, l->ssh->url->user, id);
		while (ssh_again(l->ssh, rc, e));
		if (rc == 0)
			return 1;
		if (!refused(l->ssh, rc))
			return ssh_fail(l->ssh, rc, e, "login with the agent's keys");
		l->more |= rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
		l->rsa |= is_rsa(id);
	}
	return 0;
}

/* An agent that is not there is no error as long as something else helps. */
static int
try_agent(struct login *l, struct err *e)
{
	LIBSSH2_AGENT *agent = libssh2_agent_init(l->ssh->session);
	int rc = 0;

	if (!agent)
		return err_nomem(e);
	if (libssh2_agent_connect(agent) == 0 &&
	    libssh2_agent_list_identities(agent) == 0)
		rc = try_identities(l, agent, e);
	else
		tell_tried(l, " (no agent at $SSH_AUTH_SOCK)");
	libssh2_agent_disconnect(agent);
	libssh2_agent_free(agent);
	return rc;
}

static int
password_result(struct ssh *s, int rc, struct err *e)
{
	if (rc == 0)
		return 1;
	if (refused(s, rc))
		return 0;
	if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
		return err_set(e, ERR_LOGIN,
		    "%s: the password of %s has expired; ask the clinic for a new one",
		    s->where, s->url->user);
	return ssh_fail(s, rc, e, "login by password");
}

static int
try_password(struct login *l, struct err *e)
{
	struct ssh *s = l->ssh;
	const char *user = s->url->user;
	char *password = secret_read(&s->sc->password_file, e);
	int rc;

	if (!password)
		return -1;
	ssh_begin(s);
	do
		rc = libssh2_userauth_password_ex(s->session, user,
		    (unsigned)strlen(user), password, (unsigned)strlen(password), NULL);
	while (ssh_again(s, rc, e));
	secret_free(password);
	return password_result(s, rc, e);
}

/* Answers each question that is not echoed with the password; libssh2 frees it. */
static void
answer(const char *name, int name_len, const char *instruction, int instruction_len,
    int num_prompts, const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
    LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract)
{
	const struct ssh *s = *abstract;
	const char *password = s->answer;

	(void)name;
	(void)name_len;
	(void)instruction;
	(void)instruction_len;
	for (int i = 0; i < num_prompts; i++) {
		char *text = strdup(prompts[i].echo || !password ? "" : password);

		responses[i].text = text;
		responses[i].length = text ? (unsigned)strlen(text) : 0;
	}
}

static int
try_interactive(struct login *l, struct err *e)
{
	struct ssh *s = l->ssh;
	const char *user = s->url->user;
	char *password = secret_read(&s->sc->password_file, e);
	int rc;

	if (!password)
		return -1;
	s->answer = password;
	ssh_begin(s);
	do
		rc = libssh2_userauth_keyboard_interactive_ex(
		    s->session, user, (unsigned)strlen(user), answer);
	while (ssh_again(s, rc, e));
	s->answer = NULL;
	secret_free(password);
	return password_result(s, rc, e);
}

static const struct login_method methods[] = {
    {"publickey", "key_file", has_key, try_key},
    {"publickey", "the agent's keys", has_agent, try_agent},
    {"password", "password", has_password, try_password},
    {"keyboard-interactive", "keyboard-interactive", has_password, try_interactive},
};

static int
login_refused(const struct login *l, struct err *e)
{
	const struct ssh *s = l->ssh;

	if (l->rsa && !ssh_modern())
		return err_set(e, ERR_LOGIN,
		    "%s: login as %s refused: libssh2 %s can use an RSA key only with SHA-1, "
		    "which servers no longer take; use an ed25519 or ecdsa key, or libssh2 1.11 "
		    "(Debian 13)",
		    s->where, s->url->user, libssh2_version(0));
	if (!l->tried[0])
		return err_set(e, ERR_PERM,
		    "%s: cannot log in as %s: the server offers %s, and the feed has nothing "
		    "for that",
		    s->where, s->url->user, l->offer);
	return err_set(e, ERR_LOGIN,
	    "%s: login as %s refused; tried %s; the server offers %s", s->where,
	    s->url->user, l->tried, l->offer);
}

/*
 * Questions are answered with the password only where the server takes no password as
 * such: trying a wrong one twice locks accounts.
 */
static bool
worth_trying(const struct login *l, const struct login_method *m)
{
	if (!m->usable(l->ssh->sc))
		return false;
	if (l->more)
		return m->try != try_key;
	if (m->try == try_interactive && offered(l, "password"))
		return false;
	return offered(l, m->name);
}

static int
try_method(struct login *l, const struct login_method *m, struct err *e)
{
	bool before = l->tried[0] != '\0';
	int rc;

	if (before)
		tell_tried(l, ", ");
	tell_tried(l, m->told_as);
	rc = m->try(l, e);
	if (rc < 0 && before && hung_up(l->ssh, e))
		return login_refused(l, e);
	return rc;
}

/* Tries what the feed has and the server takes, one after the other. */
int
ssh_login(struct ssh *s, struct err *e)
{
	struct login l = {.ssh = s};
	int rc = ask_offer(&l, e);

	for (size_t i = 0; rc == 0 && i < sizeof(methods) / sizeof(methods[0]); i++)
		if (worth_trying(&l, &methods[i]))
			rc = try_method(&l, &methods[i], e);
	if (rc == 0)
		return login_refused(&l, e);
	return rc > 0 ? 0 : -1;
}
