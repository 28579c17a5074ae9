#include "pollers/source.h"

#include <string.h>
#include <strings.h>

#include "base/civil.h"
#include "base/near.h"
#include "pollers/url.h"

#define MINUTE     60000LL
#define DAY        (24 * 60 * MINUTE)
#define MARKER_MAX 32 /* bytes of a marker's suffix */
#define AT(member) offsetof(struct source_conf, member)

static const char *const receipts[] = {
    [RECEIPTS_DROP] = "drop", [RECEIPTS_LOCAL] = "local", [RECEIPTS_OFF] = "off", NULL};

const struct conf_option source_options[] = {
    {"url", CONF_STRING, AT(url), NULL, true, 0, 0, NULL,
	"where the drop is: sftp://user@host:port/folder or file:///folder"},
    {"key_file", CONF_SECRET, AT(key_file), NULL, false, 0, 0, NULL,
	"private key to log in with (OpenSSH or PEM)"},
    {"key_passphrase_file", CONF_SECRET, AT(key_passphrase), NULL, false, 0, 0, NULL,
	"passphrase of the private key, if it has one"},
    {"password_file", CONF_SECRET, AT(password_file), NULL, false, 0, 0, NULL,
	"password to log in with"},
    {"agent", CONF_BOOL, AT(agent), "no", false, 0, 0, NULL,
	"try the keys of the ssh-agent at $SSH_AUTH_SOCK"},
    {"known_hosts", CONF_STRING, AT(known_hosts), "/etc/emrdrop/known_hosts", false, 0, 0,
	NULL, "file with the host keys that are trusted"},
    {"pattern", CONF_LIST, AT(pattern), NULL, true, 0, 0, NULL,
	"names to take: words with * ? [a-z]; case matters"},
    {"order", CONF_STRING, AT(order), "name", false, 0, 0, NULL,
	"name, mtime, or name:FORMAT for a date in the name, such as name:%m%d%Y"},
    {"max_files", CONF_INT, AT(max_files), "0", false, 0, DROP_LIST_MAX, NULL,
	"files to take in one run, after sorting; 0 takes all"},
    {"min_age", CONF_DURATION, AT(min_age), "0", false, 0, 30 * DAY, NULL,
	"leave files alone that were written more recently than this"},
    {"stable_for", CONF_DURATION, AT(stable_for), "10s", false, 0, DAY, NULL,
	"take a file once two looks this far apart found it the same; 0: one look"},
    {"marker", CONF_STRING, AT(marker), NULL, false, 0, 0, NULL,
	"take NAME once NAME with this suffix, such as .done, is there and no older than it"},
    {"after", CONF_STRING, AT(after), "keep", false, 0, 0, NULL,
	"what becomes of a file that was delivered: keep, delete, archive:/folder"},
    {"feedback", CONF_STRING, AT(feedback), NULL, false, 0, 0, NULL,
	"folder on the server for what is written for the clinic: receipts, reject files and "
	"acknowledgements"},
    {"receipts", CONF_ENUM, AT(receipts), "drop", false, 0, 0, receipts,
	"drop: receipts and reject files go into feedback, if that is set; local: receipts "
	"alone, beside the ledger; off: none"},
    {"timeout", CONF_DURATION, AT(timeout), "30s", false, 100, 60 * MINUTE, NULL,
	"longest wait for the server in any one step"},
    {"event_path", CONF_LIST, AT(event_path), NULL, false, 0, 0, NULL,
	"the drop as events of S3 and Transfer Family name it: bucket/folder"},
    {0},
};

enum after_kind
source_after(const struct source_conf *sc, const char **path)
{
	static const char archive[] = "archive:";

	*path = NULL;
	if (strcmp(sc->after, "delete") == 0)
		return AFTER_DELETE;
	if (strncmp(sc->after, archive, sizeof(archive) - 1) != 0)
		return AFTER_KEEP;
	*path = sc->after + sizeof(archive) - 1;
	return AFTER_ARCHIVE;
}

/* A scheme is written in any case (RFC 3986 3.1). */
const char *
source_server(const struct source_conf *sc)
{
	static const char sftp[] = "sftp://";
	size_t n = sizeof(sftp) - 1;

	return strncasecmp(sc->url, sftp, n) == 0 ? sc->url + n : NULL;
}

static void
check_url(const struct source_conf *sc, const struct conf_section *s,
    struct conf_errors *errs, struct drop_url *url)
{
	static const char *const schemes[] = {"sftp", "file", NULL};
	const struct conf_entry *en = conf_get(s, "url");
	char hint[NEAR_HINT_SIZE];
	struct err e;

	if (drop_url_parse(sc->url, url, &e)) {
		conf_error_at(errs, s, en, "%s", e.msg);
	} else if (strcmp(url->scheme, "sftp") == 0) {
		if (!url->host[0])
			conf_error_at(
			    errs, s, en, "no host; write sftp://user@host/folder");
		if (!url->user[0])
			conf_error_at(
			    errs, s, en, "no user; write sftp://user@host/folder");
	} else if (strcmp(url->scheme, "file") == 0) {
		if (url->user[0] || url->port ||
		    (url->host[0] && strcmp(url->host, "localhost") != 0))
			conf_error_at(errs, s, en,
			    "a local folder has no user, host and port; write file:///folder");
	} else {
		conf_error_at(errs, s, en, "unknown scheme %s; known: sftp, file%s",
		    url->scheme, near_hint_of(span_of(url->scheme), schemes, hint));
	}
}

static void
check_login(const struct source_conf *sc, const struct conf_section *s,
    struct conf_errors *errs, const struct drop_url *url)
{
	if (strcmp(url->scheme, "sftp") != 0)
		return;
	if (!sc->key_file.where && !sc->password_file.where && !sc->agent)
		conf_error_at(errs, s, NULL,
		    "nothing to log in with; set key_file, password_file or agent = yes");
	if (!sc->known_hosts || !sc->known_hosts[0])
		conf_error_at(errs, s, conf_get(s, "known_hosts"),
		    "no file of trusted host keys; there is no trusting blindly");
}

static void
check_order(
    const struct source_conf *sc, const struct conf_section *s, struct conf_errors *errs)
{
	const struct conf_entry *en = conf_get(s, "order");
	const char *bad;

	if (strcmp(sc->order, "name") == 0 || strcmp(sc->order, "mtime") == 0)
		return;
	if (strncmp(sc->order, "name:", 5) != 0 || !sc->order[5])
		conf_error_at(errs, s, en, "must be name, mtime or name:FORMAT");
	else if (!civil_format_ok(sc->order + 5, &bad))
		conf_error_at(
		    errs, s, en, "unknown directive in the date format at \"%.8s\"", bad);
}

static void
check_after(const struct source_conf *sc, const struct conf_section *s,
    struct conf_errors *errs, const struct drop_url *url)
{
	static const char *const words[] = {"keep", "delete", "archive", NULL};
	const struct conf_entry *en = conf_get(s, "after");
	const struct span word = {sc->after, strcspn(sc->after, ":")};
	char hint[NEAR_HINT_SIZE];
	const char *path;
	struct err e;

	if (source_after(sc, &path) == AFTER_KEEP) {
		if (strcmp(sc->after, "archive") == 0)
			conf_error_at(errs, s, en,
			    "archive needs its folder on the drop's server: "
			    "archive:/folder");
		else if (strcmp(sc->after, "keep") != 0)
			conf_error_at(errs, s, en,
			    "must be keep, delete or archive:/folder%s",
			    near_hint_of(word, words, hint));
	} else if (path && drop_path_check(path, &e)) {
		conf_error_at(errs, s, en, "archive folder: %s", e.msg);
	} else if (path && strcmp(path, url->path) == 0) {
		conf_error_at(errs, s, en,
		    "the archive folder is the drop itself; files would be found again");
	}
}

static void
check_feedback(const struct source_conf *sc, const struct conf_section *s,
    struct conf_errors *errs, const struct drop_url *url)
{
	struct err e;

	if (drop_path_check(sc->feedback, &e))
		conf_error_at(errs, s, conf_get(s, "feedback"), "folder: %s", e.msg);
	else if (strcmp(sc->feedback, url->path) == 0)
		conf_error_at(errs, s, conf_get(s, "feedback"),
		    "is the drop itself; what is written there would be taken for an export");
}

static void
check_receipts(
    const struct source_conf *sc, const struct conf_section *s, struct conf_errors *errs)
{
	const struct conf_entry *en = conf_get(s, "receipts");

	if (en != NULL && sc->receipts == RECEIPTS_DROP && sc->feedback == NULL)
		conf_error_at(errs, s, en,
		    "needs a folder to write to: set feedback, or receipts = local");
}

static void
check_names(
    const struct source_conf *sc, const struct conf_section *s, struct conf_errors *errs)
{
	if (sc->pattern.n == 0)
		conf_error_at(errs, s, conf_get(s, "pattern"),
		    "no pattern; \"*\" takes every file");
	for (size_t i = 0; i < sc->pattern.n; i++)
		if (strchr(sc->pattern.v[i], '/'))
			conf_error_at(errs, s, conf_get(s, "pattern"),
			    "pattern %zu holds a /; patterns are for names, not for folders",
			    i + 1);
	if (sc->marker && (!sc->marker[0] || strchr(sc->marker, '/') ||
			      strlen(sc->marker) > MARKER_MAX))
		conf_error_at(errs, s, conf_get(s, "marker"),
		    "must be a suffix of 1 to %d bytes without /, such as .done",
		    MARKER_MAX);
}

void
source_check(
    const struct source_conf *sc, const struct conf_section *s, struct conf_errors *errs)
{
	struct drop_url url = {0};

	if (sc->url) {
		check_url(sc, s, errs, &url);
		check_login(sc, s, errs, &url);
	}
	if (sc->order)
		check_order(sc, s, errs);
	if (sc->after)
		check_after(sc, s, errs, &url);
	if (sc->feedback)
		check_feedback(sc, s, errs, &url);
	check_receipts(sc, s, errs);
	check_names(sc, s, errs);
}
