/*
 * Whom an SFTP poller talks to, and how it logs in. Against OpenSSH unless a test says
 * otherwise.
 */
#include <libssh2.h>

#include "tests/lib/drop.h"

static bool
modern(void)
{
	return libssh2_version(0x010b00) != NULL;
}

/* ---- host keys ---- */

struct trust_case {
	const char *what;
	const char *make; /* shell: writes $1/known_hosts from $1/kh, which is right */
	enum err_code code;
	const char *message;
};

static const struct trust_case trust_cases[] = {
    {"both keys", "cp kh known_hosts", ERR_NONE, NULL},
    {"only ed25519", "grep ed25519 kh >known_hosts", ERR_NONE, NULL},
    {"only ecdsa", "grep ecdsa kh >known_hosts", ERR_NONE, NULL},
    {"hashed", "cp kh known_hosts; ssh-keygen -q -H -f known_hosts 2>/dev/null", ERR_NONE,
	NULL},
    {"CRLF and BOM",
	"printf '\\357\\273\\277' >known_hosts; sed 's/$/\\r/' kh >>known_hosts",
	ERR_NONE, NULL},
    {"wildcard", "sed \"s/127.0.0.1/127.*/\" kh >known_hosts", ERR_NONE, NULL},
    {"another's revocation",
	"(echo \"@revoked * $(cut -d' ' -f1,2 other.pub)\"; cat kh) "
	">known_hosts",
	ERR_NONE, NULL},
    {"nothing", ": >known_hosts", ERR_PEER, "host key is not in /"},
    {"no file", "rm -f known_hosts", ERR_PEER, "run \"emrdrop check --connect\""},
    {"another port", "sed 's/]:[0-9]*/]:1/' kh >known_hosts", ERR_PEER,
	"host key is not in"},
    {"a port of 22", "sed 's/^[^ ]*/127.0.0.1/' kh >known_hosts", ERR_PEER,
	"host key is not in"},
    {"another key",
	"echo \"[127.0.0.1]:$SSHD_PORT $(cut -d' ' -f1,2 other.pub)\" >known_hosts",
	ERR_PEER, "the host key has changed to ssh-ed25519 SHA256:"},
    {"a key of a type that it has not",
	"echo \"[127.0.0.1]:$SSHD_PORT $(cut -d' ' -f1,2 rsa.pub)\" >known_hosts",
	ERR_PEER, "the host key has changed to "},
    {"revoked", "(cat kh; sed 's/^[^ ]*/@revoked */' kh) >known_hosts", ERR_PEER,
	"@revoked"},
    {"an authority", "sed 's/^/@cert-authority /' kh >known_hosts", ERR_PEER,
	"@cert-authority"},
    {"writable by others", "cp kh known_hosts; chmod 666 known_hosts", ERR_CONFIG,
	"chmod go-w"},
};

Test(poller_sftp, host_keys)
{
	struct drop d;
	char line[512];

	drop_start_sshd(&d, "SSHD_EXTRA='LogLevel DEBUG1';");
	shell_must(&d.shell,
	    "cd \"$1\" && cp known_hosts kh && umask 022 && "
	    "ssh-keygen -q -t ed25519 -N '' -f other && ssh-keygen -q -t rsa -N '' -f rsa",
	    NULL);
	for (size_t i = 0; i < sizeof(trust_cases) / sizeof(trust_cases[0]); i++) {
		const struct trust_case *c = &trust_cases[i];
		struct err e = {0};
		struct poller *p;

		shell_must(&d.shell, "rm -f known_hosts; : >\"$SSHD_LOG\"", NULL);
		shell_must(&d.shell, c->make, NULL);
		p = poller_open(&d.sc, &d.env, &e);
		cr_expect_eq(e.code, c->code, "%s: %s", c->what, e.msg);
		cr_expect_eq(p != NULL, c->code == ERR_NONE, "%s", c->what);
		poller_close(p);
		if (c->message)
			HAS(e.msg, c->message);
		snprintf(line, sizeof(line),
		    "[ $(grep -c userauth-request \"$SSHD_LOG\") -%s 0 ]",
		    c->code ? "eq" : "gt");
		cr_expect_eq(shell_run(&d.shell, line, NULL), 0,
		    "%s: no login is tried before the key is known", c->what);
	}
	drop_end(&d);
}

Test(poller_sftp, host_line)
{
	char want[SHELL_LINE], hash[SHELL_LINE], *line = NULL;
	struct err e = {0};
	struct drop d;

	drop_start_sshd(&d, "");
	shell_must(&d.shell, "grep ed25519 \"$SSHD_KNOWN_HOSTS\"", want);
	shell_must(
	    &d.shell, "ssh-keygen -lf \"$1/host_ed25519.pub\" | cut -d' ' -f2", hash);
	shell_must(&d.shell, "rm \"$SSHD_KNOWN_HOSTS\"", NULL);
	cr_assert_eq(poller_host_line(&d.sc, &d.env, &line, &e), 0, "%s", e.msg);
	cr_expect_eq(strncmp(line, want, strlen(want)), 0, "%s", line);
	cr_expect_str_eq(line + strlen(want) + 1, hash);
	free(line);
	drop_end(&d);
	drop_start_file(&d);
	cr_expect_eq(poller_host_line(&d.sc, &d.env, &line, &e), -1);
	drop_end(&d);
}

Test(poller_sftp, versions)
{
	struct buf text;

	buf_init(&text, 16384);
	poller_versions(&text);
	buf_add_char(&text, '\0');
	HAS(text.p, "libssh2 1.");
	HAS(text.p, "curve25519-sha256");
	HAS(text.p, "hmac-sha2-256");
	buf_release(&text);
}

/* ---- logins ---- */

static void
make_keys(struct drop *d)
{
	shell_must(&d->shell,
	    "cd \"$1\" && umask 077 && for k in stranger rsa ecdsa; do "
	    "t=$k; [ $k = stranger ] && t=ed25519; ssh-keygen -q -t $t -N '' -C '' -f $k; done && "
	    "for z in aes256-ctr aes128-cbc aes256-gcm@openssh.com chacha20-poly1305@openssh.com; "
	    "do ssh-keygen -q -t ed25519 -N phrase -Z $z -C '' -f enc-$z; done && "
	    "ssh-keygen -q -t ecdsa -m PEM -N '' -C '' -f pem && "
	    "echo phrase >phrase && echo wrong >wrong && echo 'PuTTY-User-Key-File-3: x' >putty && "
	    "cat rsa.pub ecdsa.pub enc-*.pub pem.pub >>authorized_keys && chmod 600 stranger.pub",
	    NULL);
}

Test(poller_sftp, keys)
{
	static const struct {
		const char *key, *phrase;
		enum err_code code;
		const char *message;
	} cases[] = {
	    {"client", NULL, ERR_NONE, NULL},
	    {"ecdsa", NULL, ERR_NONE, NULL},
	    {"pem", NULL, ERR_NONE, NULL},
	    {"client", "phrase", ERR_NONE, NULL},
	    {"stranger", NULL, ERR_LOGIN,
		"tried key_file; the server offers publickey,password"},
	    {"enc-aes256-ctr", "phrase", ERR_NONE, NULL},
	    {"enc-aes128-cbc", "phrase", ERR_NONE, NULL},
	    {"enc-aes256-ctr", "wrong", ERR_CONFIG, "passphrase does not open"},
	    {"enc-aes256-ctr", NULL, ERR_CONFIG, "set key_passphrase_file"},
	    {"enc-aes256-gcm@openssh.com", "phrase", ERR_CONFIG,
		"ssh-keygen -p -Z aes256-ctr"},
	    {"enc-chacha20-poly1305@openssh.com", "phrase", ERR_CONFIG, "aes256-ctr"},
	    {"stranger.pub", NULL, ERR_CONFIG, "not a private key"},
	    {"putty", NULL, ERR_CONFIG, "puttygen"},
	    {"missing", NULL, ERR_CONFIG, "missing"},
	};
	struct drop d;

	drop_start_sshd(&d, "");
	make_keys(&d);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char key[128], phrase[128];

		snprintf(key, sizeof(key), "%s/%s", d.shell.dir, cases[i].key);
		snprintf(phrase, sizeof(phrase), "%s/%s", d.shell.dir,
		    cases[i].phrase ? cases[i].phrase : "");
		d.sc.key_file.where = key;
		d.sc.key_passphrase.where = cases[i].phrase ? phrase : NULL;
		/* libssh2 1.10 leaks a number of each ECDSA key in OpenSSH's form */
		if (strcmp(cases[i].key, "ecdsa") == 0)
			LEAK_BEGIN();
		expect_login(&d, cases[i].key, cases[i].code, cases[i].message);
		if (strcmp(cases[i].key, "ecdsa") == 0)
			LEAK_END();
	}
	snprintf(d.key, sizeof(d.key), "%s/rsa", d.shell.dir);
	d.sc.key_file.where = d.key;
	d.sc.key_passphrase.where = NULL;
	if (modern())
		expect_login(&d, "rsa", ERR_NONE, NULL);
	else
		expect_login(&d, "rsa", ERR_LOGIN, "RSA key only with SHA-1");
	drop_end(&d);
}

Test(poller_sftp, agent)
{
	char socket_path[SHELL_LINE];
	struct drop d;

	drop_start_sshd(&d, "");
	shell_must(&d.shell,
	    "umask 077; cd \"$1\"; sshd_agent \"$1\" && ssh-add -q -D 2>/dev/null; "
	    "for k in one two; do ssh-keygen -q -t ed25519 -N '' -f $k; ssh-add -q $k 2>/dev/null; "
	    "done; ssh-add -q client 2>/dev/null; ssh-add -l | wc -l",
	    socket_path);
	cr_assert_str_eq(socket_path, "3");
	drop_fetch(&d, "SSH_AUTH_SOCK", socket_path, sizeof(socket_path));
	setenv("SSH_AUTH_SOCK", socket_path, 1);
	d.sc.agent = true;
	d.sc.key_file.where = NULL;
	expect_login(&d, "the third key of the agent", ERR_NONE, NULL);
	shell_must(&d.shell, "ssh-add -q -d client 2>/dev/null", NULL);
	expect_login(&d, "not among them", ERR_LOGIN, "tried the agent's keys");
	setenv("SSH_AUTH_SOCK", "/nowhere", 1);
	expect_login(&d, "no agent", ERR_LOGIN, "no agent at $SSH_AUTH_SOCK");
	d.sc.key_file.where = d.key;
	expect_login(&d, "no agent, but a key", ERR_NONE, NULL);
	drop_end(&d);
}

Test(poller_sftp, passwords)
{
	char wrong[128];
	struct drop d;

	drop_start_proftpd(&d, "");
	snprintf(wrong, sizeof(wrong), "%s/wrong", d.shell.dir);
	shell_must(&d.shell, "umask 077; echo wr0ng-pw >\"$1/wrong\"", NULL);
	d.sc.key_file.where = NULL;
	d.sc.password_file.where = d.password;
	expect_login(&d, "right", ERR_NONE, NULL);
	d.sc.password_file.where = wrong;
	expect_login(&d, "wrong", ERR_LOGIN,
	    "login as drop refused; tried password; the server "
	    "offers publickey,password");
	drop_end(&d);

	/* both are asked for, one after the other */
	drop_start_proftpd(&d, "PROFTPD_METHODS=publickey+password;");
	expect_login(&d, "half of it", ERR_LOGIN, "tried key_file");
	d.sc.password_file.where = d.password;
	expect_login(&d, "key and password", ERR_NONE, NULL);
	drop_end(&d);

	drop_start_sshd(&d, "SSHD_EXTRA='KbdInteractiveAuthentication no';");
	shell_must(&d.shell, "umask 077; echo wr0ng-pw >\"$1/wrong\"", NULL);
	snprintf(wrong, sizeof(wrong), "%s/wrong", d.shell.dir);
	d.sc.password_file.where = wrong;
	d.sc.key_file.where = NULL;
	expect_login(&d, "wrong, OpenSSH", ERR_LOGIN, "tried password");
	d.sc.key_file.where = d.key;
	expect_login(&d, "key first", ERR_NONE, NULL);
	drop_end(&d);

	drop_start_sshd(&d, "SSHD_EXTRA='AuthenticationMethods publickey';");
	snprintf(wrong, sizeof(wrong), "%s/client.pub", d.shell.dir);
	d.sc.password_file.where = wrong;
	d.sc.key_file.where = NULL;
	expect_login(
	    &d, "nothing to try", ERR_PERM, "the server offers publickey, and the feed");
	drop_end(&d);
}

/* ---- algorithms ---- */

Test(poller_sftp, algorithms)
{
	static const struct {
		const char *settings;
		bool old_too; /* do they meet with libssh2 1.10? */
	} cases[] = {
	    {"SSHD_EXTRA='MACs hmac-sha2-512';", true},
	    {"SSHD_EXTRA='KexAlgorithms diffie-hellman-group16-sha512';", true},
	    {"SSHD_EXTRA='Ciphers aes256-ctr';", true},
	    {"SSHD_EXTRA='MACs hmac-sha2-256-etm@openssh.com';", false},
	    {"SSHD_EXTRA='Ciphers aes256-gcm@openssh.com';", false},
	    {"SSHD_HOST_KEYS=rsa;", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct drop d;

		drop_start_sshd(&d, cases[i].settings);
		/* libssh2 1.11 leaks what it keeps for the MAC that GCM does without */
		if (strstr(cases[i].settings, "gcm"))
			LEAK_BEGIN();
		if (cases[i].old_too || modern())
			expect_login(&d, cases[i].settings, ERR_NONE, NULL);
		else
			expect_login(&d, cases[i].settings, ERR_IO,
			    "no algorithms in common: libssh2 1.10");
		if (strstr(cases[i].settings, "gcm"))
			LEAK_END();
		drop_end(&d);
	}
}
