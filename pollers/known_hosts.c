#include "pollers/known_hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "base/whole.h"

#define NAME_MAX_ASKED 280 /* "[" host "]:65535" */
#define HASH_SIZE      20  /* SHA-1 */

enum marker { MARK_NONE, MARK_REVOKED, MARK_AUTHORITY, MARK_OTHER };

/* One line, taken apart; the spans point into the file's text. */
struct known_line {
	enum marker marker;
	struct span hosts;
	struct span type;
	struct span key; /* base64 */
};

static const struct {
	const char *name;
	enum host_key_type type;
} key_types[] = {
    {"ssh-ed25519", HOST_ED25519},
    {"ecdsa-sha2-nistp256", HOST_ECDSA_256},
    {"ecdsa-sha2-nistp384", HOST_ECDSA_384},
    {"ecdsa-sha2-nistp521", HOST_ECDSA_521},
    {"ssh-rsa", HOST_RSA},
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of *rest. */
static struct span
word(struct span *rest)
{
	struct span w;

	while (rest->n && is_blank(*rest->p)) {
		rest->p++;
		rest->n--;
	}
	w.p = rest->p;
	for (w.n = 0; w.n < rest->n && !is_blank(w.p[w.n]); w.n++)
		;
	rest->p += w.n;
	rest->n -= w.n;
	return w;
}

static enum marker
marker_of(struct span w)
{
	if (span_eq(w, SPAN_LIT("@revoked")))
		return MARK_REVOKED;
	if (span_eq(w, SPAN_LIT("@cert-authority")))
		return MARK_AUTHORITY;
	return w.n && w.p[0] == '@' ? MARK_OTHER : MARK_NONE;
}

/* False: empty, a comment, or too few words. */
static bool
line_split(struct span text, struct known_line *out)
{
	struct span first = word(&text);

	if (first.n == 0 || first.p[0] == '#')
		return false;
	out->marker = marker_of(first);
	out->hosts = out->marker == MARK_NONE ? first : word(&text);
	out->type = word(&text);
	out->key = word(&text);
	return out->key.n > 0;
}

/* Takes the next line off *rest, without CR and LF. */
static bool
next_line(struct span *rest, struct span *line)
{
	const char *nl;

	if (rest->n == 0)
		return false;
	nl = memchr(rest->p, '\n', rest->n);
	line->p = rest->p;
	line->n = nl ? (size_t)(nl - rest->p) : rest->n;
	rest->p += line->n + (nl ? 1 : 0);
	rest->n -= line->n + (nl ? 1 : 0);
	while (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* Decodes into out[max]; the length, or 0 if it is no base64 or does not fit. */
static size_t
base64(struct span s, unsigned char *out, size_t max)
{
	size_t n = 0;

	if (sodium_base642bin(
		out, max, s.p, s.n, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL))
		return 0;
	return n;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Wildcards * and ?, without regard to case. Linear: goes back to the last * only. */
static bool
wild_match(struct span pattern, const char *name)
{
	size_t p = 0, star = SIZE_MAX;
	const char *from = name;

	while (*name) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = name;
		} else if (p < pattern.n &&
			   (pattern.p[p] == '?' || lower(pattern.p[p]) == lower(*name))) {
			p++;
			name++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* "|1|salt|hash": HMAC-SHA1 of the name under the salt, both in base64. */
static bool
hash_match(struct span s, const char *name)
{
	unsigned char salt[64], want[HASH_SIZE], got[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	struct span first = {s.p + 3, 0}, second;
	const char *bar = memchr(s.p + 3, '|', s.n - 3);
	size_t nsalt;

	if (!bar)
		return false;
	first.n = (size_t)(bar - first.p);
	second = (struct span){bar + 1, s.n - 3 - first.n - 1};
	nsalt = base64(first, salt, sizeof(salt));
	if (nsalt == 0 || base64(second, want, sizeof(want)) != HASH_SIZE)
		return false;
	if (!HMAC(EVP_sha1(), salt, (int)nsalt, (const unsigned char *)name, strlen(name),
		got, &n))
		return false;
	return n == HASH_SIZE && memcmp(got, want, HASH_SIZE) == 0;
}

/* A list of patterns; one that is negated and fits undoes all others. */
static bool
hosts_match(struct span list, const char *name)
{
	bool found = false;

	if (list.n > 3 && memcmp(list.p, "|1|", 3) == 0)
		return hash_match(list, name);
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		struct span one = {list.p, comma ? (size_t)(comma - list.p) : list.n};
		bool negated = one.n && one.p[0] == '!';

		list.p += one.n + (comma ? 1 : 0);
		list.n -= one.n + (comma ? 1 : 0);
		if (negated) {
			one.p++;
			one.n--;
		}
		if (one.n == 0 || !wild_match(one, name))
			continue;
		if (negated)
			return false;
		found = true;
	}
	return found;
}

/* The name that a host has in the file. */
static void
asked_name(char out[NAME_MAX_ASKED], const char *host, unsigned short port)
{
	if (port == 22)
		snprintf(out, NAME_MAX_ASKED, "%s", host);
	else
		snprintf(out, NAME_MAX_ASKED, "[%s]:%d", host, port);
}

static unsigned
type_bit(struct span name)
{
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (span_eq(name, span_of(key_types[i].name)))
			return key_types[i].type;
	return 0;
}

unsigned
known_hosts_types(
    const struct known_hosts *k, const char *host, unsigned short port, bool *authority)
{
	struct span rest = {k->text, k->n}, line;
	char name[NAME_MAX_ASKED];
	struct known_line kl;
	unsigned types = 0;

	asked_name(name, host, port);
	if (authority)
		*authority = false;
	while (next_line(&rest, &line)) {
		if (!line_split(line, &kl) || !hosts_match(kl.hosts, name))
			continue;
		if (kl.marker == MARK_NONE)
			types |= type_bit(kl.type);
		else if (kl.marker == MARK_AUTHORITY && authority)
			*authority = true;
	}
	return types;
}

static bool
same_key(struct span stored, struct span key)
{
	unsigned char blob[HOST_KEY_MAX];
	size_t n = base64(stored, blob, sizeof(blob));

	return n > 0 && n == key.n && memcmp(blob, key.p, n) == 0;
}

enum known_key
known_hosts_check(
    const struct known_hosts *k, const char *host, unsigned short port, struct span key)
{
	struct span rest = {k->text, k->n}, line;
	enum known_key result = HOST_KEY_UNKNOWN;
	char name[NAME_MAX_ASKED];
	struct known_line kl;

	asked_name(name, host, port);
	while (next_line(&rest, &line)) {
		bool same;

		if (!line_split(line, &kl) || !hosts_match(kl.hosts, name))
			continue;
		same = same_key(kl.key, key);
		if (kl.marker == MARK_REVOKED && same)
			return HOST_KEY_REVOKED;
		if (kl.marker != MARK_NONE)
			continue;
		if (same)
			result = HOST_KEY_KNOWN;
		else if (result == HOST_KEY_UNKNOWN && type_bit(kl.type))
			result = HOST_KEY_OTHER;
	}
	return result;
}

struct span
host_key_name(struct span key)
{
	const unsigned char *p = (const unsigned char *)key.p;
	size_t n;

	if (key.n < 4)
		return SPAN_LIT("");
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (n > key.n - 4)
		return SPAN_LIT("");
	return (struct span){key.p + 4, n};
}

/* A revocation that nobody understands would be no revocation at all. */
static int
check_revoked(const struct known_hosts *k, struct err *e)
{
	struct span rest = {k->text, k->n}, line;
	unsigned char blob[HOST_KEY_MAX];
	struct known_line kl = {0};

	for (unsigned n = 1; next_line(&rest, &line); n++) {
		struct span copy = line;

		if (marker_of(word(&copy)) != MARK_REVOKED)
			continue;
		if (!line_split(line, &kl) || base64(kl.key, blob, sizeof(blob)) == 0)
			return err_set(e, ERR_CONFIG,
			    "%s:%u: this @revoked line is not understood; write: @revoked HOSTS "
			    "TYPE KEY",
			    k->path, n);
	}
	return 0;
}

static int
read_all(int fd, struct known_hosts *k, struct err *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return err_sys(e, ERR_CONFIG, errno, "%s", k->path);
	if (!S_ISREG(st.st_mode) || st.st_size > KNOWN_HOSTS_MAX)
		return err_set(e, ERR_CONFIG, "%s: not a file, or over %d MiB", k->path,
		    KNOWN_HOSTS_MAX >> 20);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, ERR_CONFIG,
		    "%s: others may write to it, and so decide which servers we trust; "
		    "chmod go-w it",
		    k->path);
	k->text = malloc((size_t)st.st_size + 1);
	if (!k->text)
		return err_nomem(e);
	if ((n = read_whole(fd, k->text, (size_t)st.st_size)) < 0)
		return err_sys(e, ERR_CONFIG, errno, "%s", k->path);
	k->n = (size_t)n;
	return 0;
}

int
known_hosts_load(struct known_hosts *k, const char *path, struct err *e)
{
	static const char bom[] = "\xef\xbb\xbf";
	int fd, rc = -1;

	*k = (struct known_hosts){.path = path};
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, ERR_CONFIG, errno, "%s", path);
	if (read_all(fd, k, e))
		goto out;
	if (k->n >= 3 && memcmp(k->text, bom, 3) == 0) {
		k->n -= 3;
		memmove(k->text, k->text + 3, k->n);
	}
	rc = check_revoked(k, e);
out:
	close(fd);
	if (rc)
		known_hosts_release(k);
	return rc;
}

void
known_hosts_release(struct known_hosts *k)
{
	free(k->text);
	k->text = NULL;
	k->n = 0;
}
