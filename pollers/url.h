/*
 * The URL of a drop, taken apart: sftp://user@host:port/path, file:///path. User and
 * path are percent-decoded; the path is absolute, without "." and ".." segments and
 * without a slash at its end.
 */
#ifndef POLLERS_URL_H
#define POLLERS_URL_H

#include "base/err.h"

#define URL_SCHEME_MAX 15
#define URL_USER_MAX   255
#define URL_HOST_MAX   255
#define URL_PATH_MAX   1023
#define SSH_PORT       22

struct drop_url {
	char scheme[URL_SCHEME_MAX + 1];
	char user[URL_USER_MAX + 1];
	char host[URL_HOST_MAX + 1]; /* lower case; IPv6 without its brackets */
	unsigned short port;         /* 0: none was given */
	char path[URL_PATH_MAX + 1];
};

/*
 * ERR_CONFIG with the reason, which never quotes the URL: someone may have put a
 * password in it, and that is an error too.
 */
int drop_url_parse(const char *text, struct drop_url *out, struct err *e);

/*
 * Is it an absolute path without "." and ".." segments, control bytes and a slash at
 * its end, and at most URL_PATH_MAX long? "/" alone is one.
 */
int drop_path_check(const char *path, struct err *e);

#endif
