/*
 * The known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), read by ourselves:
 * libssh2's reader takes "@revoked" for a host name, knows no wildcards, and gives up
 * at the first line it does not understand.
 *
 * Names, "[host]:port", hashed names, the wildcards * and ?, negation, @revoked; CRLF
 * and a BOM are no matter. Lines that make no sense are passed over, but not @revoked
 * ones. Keys signed by a @cert-authority can't be checked with libssh2; such a line
 * is reported and never matches.
 */
#ifndef POLLERS_KNOWN_HOSTS_H
#define POLLERS_KNOWN_HOSTS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"

#define KNOWN_HOSTS_MAX (8 << 20) /* bytes of a file */
#define HOST_KEY_MAX    16384 /* bytes of a key, decoded: RSA with 16384 bits is 2 K */

enum host_key_type {
	HOST_ED25519 = 1,
	HOST_ECDSA_256 = 2,
	HOST_ECDSA_384 = 4,
	HOST_ECDSA_521 = 8,
	HOST_RSA = 16
};

struct known_hosts {
	char *text;
	size_t n;
	const char *path; /* borrowed */
};

/*
 * No such file is an empty one. ERR_CONFIG if it can't be read, if others may write
 * to it, or if an @revoked line can't be understood.
 */
int known_hosts_load(struct known_hosts *k, const char *path, struct err *e);
void known_hosts_release(struct known_hosts *k);

/*
 * The types of the keys stored for a host, as a set of host_key_type. *authority
 * (may be NULL): is there a @cert-authority line for it?
 */
unsigned known_hosts_types(
    const struct known_hosts *k, const char *host, unsigned short port, bool *authority);

enum known_key {
	HOST_KEY_UNKNOWN, /* no key is stored for this host */
	HOST_KEY_KNOWN,
	HOST_KEY_OTHER, /* keys are stored, and this is none of them */
	HOST_KEY_REVOKED
};

/* `key` is the public key as the server shows it (RFC 4253 6.6). */
enum known_key known_hosts_check(
    const struct known_hosts *k, const char *host, unsigned short port, struct span key);

/* The name of the key's type ("ssh-ed25519"), borrowed from it; empty if it is none. */
struct span host_key_name(struct span key);

#endif
