#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pollers/known_hosts.h"

/* Made with ssh-keygen for this test, and thrown away. */
#define A_KEY "AAAAC3NzaC1lZDI1NTE5AAAAIOvlbCjCJErzkuqYRA2TS0kaRAPYYCZVDfdJ06olledo"
#define B_KEY "AAAAC3NzaC1lZDI1NTE5AAAAIPPdvek5RnWgoESOxnyXx0egU+lQlm1eDfuE807JjBnD"
#define E_KEY                                                                        \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDaJsPKAAp/0yIHlg/exG/" \
	"FHMqY6BBtGfoFefM07Po32dVIFbIESBtQZ93z09gyrSETlletErXwtSxvaxG/0Hmw="
#define A "ssh-ed25519 " A_KEY
#define B "ssh-ed25519 " B_KEY
#define E "ecdsa-sha2-nistp256 " E_KEY
/* By ssh-keygen -H: h.example with A, and [h.example]:2222 with B. */
#define HASHED_A    "|1|+7u2OytXeeW/6vniYQk4uko44Tc=|KJZeC9iMgYOOn6oXG3ehWyX7Maw= " A
#define HASHED_B    "|1|xHdd2zKhjH2egQaKEWS7zgobGlM=|004YKlfZmjnh0qYh15RAgL2WmEw= " B
#define HASHED_HOST "sftp.northside.example"

struct known_case {
	const char *text, *host;
	unsigned short port;
	const char *key; /* shown, in base64 */
	enum known_key want;
	unsigned types;
	bool authority;
};

static const struct known_case cases[] = {
    {"", "h", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"h " A "\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"h " A, "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"H.Example " A "\n", "h.example", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"h " A "\n", "h", 22, B_KEY, HOST_KEY_OTHER, HOST_ED25519, false},
    {"h " A "\n", "hh", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"h " A "\nh " B "\n", "h", 22, B_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"h " A "\nh " E "\n", "h", 22, E_KEY, HOST_KEY_KNOWN, HOST_ED25519 | HOST_ECDSA_256,
	false},
    /* CRLF, a BOM, blanks, comments */
    {"h " A "\r\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"\xef\xbb\xbfh " A " me@home\r\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    {"# h " A "\n\n  h\t" A "   comment\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    /* ports */
    {"[h]:2222 " A "\n", "h", 2222, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"[h]:2222 " A "\n", "h", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"h " A "\n", "h", 2222, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"[::1]:2222 " A "\n", "::1", 2222, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    /* lists, wildcards, negation */
    {"a,b,h " A "\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"*.example " A "\n", "sftp.example", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"*.example " A "\n", "example", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"sftp?.example " A "\n", "sftp1.example", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    {"sftp?.example " A "\n", "sftp.example", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"*a*b*c " A "\n", "xaxbxbxc", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"*,!bad.example " A "\n", "bad.example", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"!bad.example,* " A "\n", "good.example", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    {"[*.example]:2222 " A "\n", "s.example", 2222, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    /* hashed */
    {HASHED_A "\n" HASHED_B "\n", HASHED_HOST, 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    {HASHED_A "\n" HASHED_B "\n", HASHED_HOST, 2222, B_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    {HASHED_A "\n" HASHED_B "\n", HASHED_HOST, 2222, A_KEY, HOST_KEY_OTHER, HOST_ED25519,
	false},
    {HASHED_A "\n", "other.example", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    {"|1|short " A "\n|1||x= " A "\n|1| " A "\n", "h", 22, A_KEY, HOST_KEY_UNKNOWN, 0,
	false},
    /* markers */
    {"h " A "\n@revoked * " A "\n", "h", 22, A_KEY, HOST_KEY_REVOKED, HOST_ED25519,
	false},
    {"@revoked h " A "\nh " A "\n", "h", 22, A_KEY, HOST_KEY_REVOKED, HOST_ED25519,
	false},
    {"@revoked other " A "\nh " A "\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	false},
    {"@revoked * " B "\nh " A "\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519, false},
    {"@cert-authority *.example " A "\n", "h.example", 22, A_KEY, HOST_KEY_UNKNOWN, 0,
	true},
    {"@cert-authority * " B "\nh " A "\n", "h", 22, A_KEY, HOST_KEY_KNOWN, HOST_ED25519,
	true},
    {"@strange h " A "\n", "h", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
    /* nonsense is passed over */
    {"h\nh ssh-ed25519\nh sk-ssh-ed25519@openssh.com AAAA\nh " A "\n", "h", 22, A_KEY,
	HOST_KEY_KNOWN, HOST_ED25519, false},
    {"h ssh-ed25519 !!!\n", "h", 22, A_KEY, HOST_KEY_OTHER, HOST_ED25519, false},
    {"h sk-ssh-ed25519@openssh.com AAAA\n", "h", 22, A_KEY, HOST_KEY_UNKNOWN, 0, false},
};

static char dir[] = "/tmp/known-hosts-XXXXXX";
static char path[64];

static void
put(const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
	cr_assert_eq(chmod(path, mode), 0);
}

static void
set_up(void)
{
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/known_hosts", dir);
}

static void
tear_down(void)
{
	unlink(path);
	rmdir(dir);
}

Test(known_hosts, check, .init = set_up, .fini = tear_down)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct known_case *c = &cases[i];
		unsigned char blob[512];
		struct span key = {(const char *)blob, 0};
		struct known_hosts k;
		struct err e = {0};
		bool authority;

		put(c->text, 0644);
		cr_assert_eq(sodium_base642bin(blob, sizeof(blob), c->key, strlen(c->key),
				 NULL, &key.n, NULL, sodium_base64_VARIANT_ORIGINAL),
		    0);
		cr_assert_eq(known_hosts_load(&k, path, &e), 0, "%zu: %s", i, e.msg);
		cr_expect_eq(
		    known_hosts_check(&k, c->host, c->port, key), c->want, "case %zu", i);
		cr_expect_eq(known_hosts_types(&k, c->host, c->port, &authority),
		    c->types, "types of case %zu", i);
		cr_expect_eq(authority, c->authority, "authority of case %zu", i);
		known_hosts_release(&k);
	}
}

Test(known_hosts, load, .init = set_up, .fini = tear_down)
{
	struct known_hosts k;
	struct err e = {0};

	cr_expect_eq(known_hosts_load(&k, path, &e), 0, "no file is an empty one");
	cr_expect_eq(known_hosts_types(&k, "h", 22, NULL), 0);
	known_hosts_release(&k);

	put("# one\n@revoked *\nh " A "\n", 0644);
	cr_expect_eq(known_hosts_load(&k, path, &e), -1);
	cr_expect_eq(e.code, ERR_CONFIG);
	cr_expect(strstr(e.msg, "known_hosts:2: this @revoked line"), "%s", e.msg);

	put("@revoked * ssh-ed25519 nonsense!\n", 0644);
	cr_expect_eq(known_hosts_load(&k, path, &e), -1);

	put("h " A "\n", 0664);
	cr_expect_eq(known_hosts_load(&k, path, &e), -1);
	cr_expect(strstr(e.msg, "chmod go-w"), "%s", e.msg);

	cr_expect_eq(known_hosts_load(&k, dir, &e), -1, "a folder is no file");

	put("h " A "\n", 0644);
	cr_assert_eq(truncate(path, KNOWN_HOSTS_MAX), 0);
	cr_expect_eq(known_hosts_load(&k, path, &e), 0, "%s", e.msg);
	known_hosts_release(&k);
	cr_assert_eq(truncate(path, KNOWN_HOSTS_MAX + 1), 0);
	cr_expect_eq(known_hosts_load(&k, path, &e), -1);
	cr_expect(strstr(e.msg, "8 MiB"), "%s", e.msg);
	known_hosts_release(&k);
}

Test(known_hosts, key_name)
{
	static const struct {
		const char *blob;
		size_t n;
		const char *want;
	} names[] = {
	    {"\0\0\0\x0bssh-ed25519\0\0\0\x01x", 20, "ssh-ed25519"},
	    {"\0\0\0\x07ssh-rsa", 11, "ssh-rsa"},
	    {"\0\0\0\x08ssh-rsa", 11, ""},
	    {"\xff\xff\xff\xff", 4, ""},
	    {"\0\0\0", 3, ""},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect(span_eq(host_key_name((struct span){names[i].blob, names[i].n}),
			      span_of(names[i].want)),
		    "%zu", i);
}
