#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/buf.h"
#include "pollers/known_hosts.h"
#include "pollers/ssh.h"

#define METHODS_MAX      2048 /* bytes of a list of algorithms */
#define FINGERPRINT_SIZE 44   /* SHA-256 in base64, no padding, and a NUL */
#define HASH_SHA256      32
#define ALL_TYPES \
	(HOST_ED25519 | HOST_ECDSA_256 | HOST_ECDSA_384 | HOST_ECDSA_521 | HOST_RSA)

/*
 * What we offer, best first, as far as the libssh2 that runs has it: by default it
 * would offer arcfour, 3des, hmac-md5 and group1 as well. CTR stands before the AEAD
 * ciphers, which are newer code in libssh2 and no faster here. The last two of kex are
 * extensions, which a list without them would turn off.
 */
static const char *const kex[] = {"curve25519-sha256", "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
    "diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256", "ext-info-c",
    "kex-strict-c-v00@openssh.com", NULL};
static const char *const ciphers[] = {"aes128-ctr", "aes256-ctr", "aes192-ctr",
    "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
    NULL};
static const char *const macs[] = {"hmac-sha2-256", "hmac-sha2-512",
    "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", NULL};

static const struct {
	enum host_key_type type;
	const char *method;
} host_keys[] = {
    {HOST_ED25519, "ssh-ed25519"},
    {HOST_ECDSA_256, "ecdsa-sha2-nistp256"},
    {HOST_ECDSA_384, "ecdsa-sha2-nistp384"},
    {HOST_ECDSA_521, "ecdsa-sha2-nistp521"},
    {HOST_RSA, "rsa-sha2-512"},
    {HOST_RSA, "rsa-sha2-256"},
    {HOST_RSA, "ssh-rsa"},
};

/* Sets one kind of algorithm to what we want and libssh2 has. */
static int
prefer(struct ssh *s, int method, const char *const *wanted, struct err *e)
{
	const char **have = NULL;
	int n = libssh2_session_supported_algs(s->session, method, &have);
	struct buf list;
	int rc = -1;

	buf_init(&list, METHODS_MAX);
	for (size_t i = 0; wanted[i]; i++)
		for (int j = 0; j < n; j++)
			if (strcmp(wanted[i], have[j]) == 0)
				buf_addf(&list, "%s%s", list.n ? "," : "", wanted[i]);
	buf_add_char(&list, '\0');
	if (buf_check(&list, "algorithms", e) == 0)
		rc = libssh2_session_method_pref(s->session, method, list.p);
	if (rc)
		err_set(e, ERR_CONFIG,
		    "%s: libssh2 %s has none of the algorithms that are "
		    "needed",
		    s->where, libssh2_version(0));
	buf_release(&list);
	if (n > 0)
		libssh2_free(s->session, have);
	return rc ? -1 : 0;
}

int
ssh_prefer(struct ssh *s, unsigned host_key_types, struct err *e)
{
	static const struct {
		int method;
		const char *const *list;
	} all[] = {{LIBSSH2_METHOD_KEX, kex}, {LIBSSH2_METHOD_CRYPT_CS, ciphers},
	    {LIBSSH2_METHOD_CRYPT_SC, ciphers}, {LIBSSH2_METHOD_MAC_CS, macs},
	    {LIBSSH2_METHOD_MAC_SC, macs}};
	const char *keys[sizeof(host_keys) / sizeof(host_keys[0]) + 1];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(host_keys) / sizeof(host_keys[0]); i++)
		if (host_keys[i].type & host_key_types)
			keys[n++] = host_keys[i].method;
	keys[n] = NULL;
	if (prefer(s, LIBSSH2_METHOD_HOSTKEY, keys, e))
		return -1;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (prefer(s, all[i].method, all[i].list, e))
			return -1;
	return 0;
}

static struct span
shown_key(const struct ssh *s)
{
	struct span key = {0};
	int type;

	key.p = libssh2_session_hostkey(s->session, &key.n, &type);
	return key;
}

static void
fingerprint(const struct ssh *s, char out[FINGERPRINT_SIZE])
{
	const char *hash = libssh2_hostkey_hash(s->session, LIBSSH2_HOSTKEY_HASH_SHA256);

	out[0] = '\0';
	if (hash)
		sodium_bin2base64(out, FINGERPRINT_SIZE, (const unsigned char *)hash,
		    HASH_SHA256, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

static int
refuse_unknown(const struct ssh *s, bool authority, struct err *e)
{
	if (authority)
		return err_set(e, ERR_PEER,
		    "%s: %s trusts it by a @cert-authority line only, which libssh2 cannot "
		    "check; add the line of its own key that \"emrdrop check --connect\" shows",
		    s->where, s->sc->known_hosts);
	return err_set(e, ERR_PEER,
	    "%s: host key is not in %s; run \"emrdrop check --connect\" and compare the "
	    "fingerprint with the clinic's",
	    s->where, s->sc->known_hosts);
}

static int
refuse_changed(const struct ssh *s, struct err *e)
{
	struct span name = host_key_name(shown_key(s));
	char hash[FINGERPRINT_SIZE];

	fingerprint(s, hash);
	return err_set(e, ERR_PEER,
	    "%s: the host key has changed to %.*s SHA256:%s, or someone is in between; it is "
	    "not in %s. Ask the clinic before you replace the line",
	    s->where, name.n < 32 ? (int)name.n : 32, name.p, hash, s->sc->known_hosts);
}

static int
judge_key(const struct ssh *s, const struct known_hosts *k, struct err *e)
{
	unsigned short port = s->url->port ? s->url->port : SSH_PORT;

	switch (known_hosts_check(k, s->url->host, port, shown_key(s))) {
	case HOST_KEY_KNOWN:
		return 0;
	case HOST_KEY_REVOKED:
		return err_set(e, ERR_PEER,
		    "%s: its host key is marked @revoked in %s; do not connect before the "
		    "clinic has given out another",
		    s->where, k->path);
	case HOST_KEY_OTHER:
		return refuse_changed(s, e);
	case HOST_KEY_UNKNOWN:
		break;
	}
	return refuse_unknown(s, false, e);
}

/*
 * Nothing in common, where only stored types of host keys were asked for. With all
 * types the handshake tells whether it was the host key, and then it is the peer that
 * is not the known one.
 */
static void
explain_no_common(struct ssh *s, unsigned types, struct err *e)
{
	struct err ignored;

	if (!e || e->sys != LIBSSH2_ERROR_KEX_FAILURE || types == ALL_TYPES)
		return;
	if (ssh_dial(s, ALL_TYPES, &ignored))
		return;
	refuse_changed(s, e);
	ssh_hang_up(s);
	ssh_close(s);
}

int
ssh_trust(struct ssh *s, struct err *e)
{
	unsigned short port = s->url->port ? s->url->port : SSH_PORT;
	struct known_hosts k;
	bool authority;
	unsigned types;
	int rc = -1;

	if (known_hosts_load(&k, s->sc->known_hosts, e))
		return -1;
	types = known_hosts_types(&k, s->url->host, port, &authority);
	if (!types)
		refuse_unknown(s, authority, e);
	else if (ssh_dial(s, types, e))
		explain_no_common(s, types, e);
	else
		rc = judge_key(s, &k, e);
	known_hosts_release(&k);
	return rc;
}

static int
host_line(const struct ssh *s, char **line, struct err *e)
{
	struct span key = shown_key(s), name = host_key_name(key);
	size_t size = sodium_base64_encoded_len(key.n, sodium_base64_VARIANT_ORIGINAL);
	char hash[FINGERPRINT_SIZE];
	char *text;
	int rc = -1;

	if (!key.p || !name.n)
		return err_set(e, ERR_PEER, "%s: the server shows no host key", s->where);
	text = malloc(size);
	if (!text)
		return err_nomem(e);
	sodium_bin2base64(text, size, (const unsigned char *)key.p, key.n,
	    sodium_base64_VARIANT_ORIGINAL);
	fingerprint(s, hash);
	if (!s->url->port || s->url->port == SSH_PORT)
		rc = asprintf(line, "%s %.*s %s SHA256:%s", s->url->host, (int)name.n,
		    name.p, text, hash);
	else
		rc = asprintf(line, "[%s]:%d %.*s %s SHA256:%s", s->url->host,
		    s->url->port, (int)name.n, name.p, text, hash);
	free(text);
	return rc < 0 ? err_nomem(e) : 0;
}

int
poller_host_line(const struct source_conf *sc, const struct poller_env *env, char **line,
    struct err *e)
{
	struct drop_url url;
	struct ssh s;
	int rc = -1;

	*line = NULL;
	if (drop_url_parse(sc->url, &url, e))
		return -1;
	if (strcmp(url.scheme, "sftp") != 0)
		return err_set(e, ERR_CONFIG, "url: only an sftp server has a host key");
	if (libssh2_init(0))
		return err_set(e, ERR_INTERNAL, "libssh2 does not start");
	ssh_init(&s, sc, &url, env);
	if (ssh_dial(&s, ALL_TYPES, e) == 0)
		rc = host_line(&s, line, e);
	ssh_hang_up(&s);
	ssh_close(&s);
	libssh2_exit();
	return rc;
}

void
poller_versions(struct buf *out)
{
	static const struct {
		int method;
		const char *name;
	} kinds[] = {{LIBSSH2_METHOD_KEX, "kex"}, {LIBSSH2_METHOD_HOSTKEY, "host keys"},
	    {LIBSSH2_METHOD_CRYPT_CS, "ciphers"}, {LIBSSH2_METHOD_MAC_CS, "MACs"}};
	LIBSSH2_SESSION *session = libssh2_session_init_ex(NULL, NULL, NULL, NULL);

	buf_addf(out, "libssh2 %s", libssh2_version(0));
	for (size_t i = 0; session && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char **algs = NULL;
		int n = libssh2_session_supported_algs(session, kinds[i].method, &algs);

		buf_addf(out, "; %s ", kinds[i].name);
		for (int j = 0; j < n; j++)
			buf_addf(out, "%s%s", j > 0 ? "," : "", algs[j]);
		if (n > 0)
			libssh2_free(session, algs);
	}
	libssh2_session_free(session);
}
