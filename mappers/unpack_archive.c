/*
 * zip and zstd, by libarchive. Only these two are switched on, and none that needs
 * another program. Names in an archive are compared with patterns, and never used.
 */
#include <errno.h>
#include <fnmatch.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "mappers/archive_lib.h"
#include "mappers/unpack_impl.h"
#include "mappers/zip_end.h"

struct unarchive {
	struct archive_lib lib;
	struct archive *a;
	struct byte_source in;
	const struct unpack_conf *conf;
	uint64_t *skipped;
	locale_t utf8;    /* (locale_t)0: this system has none */
	uint64_t member;  /* that is at hand, counted from 1 */
	struct err below; /* what went wrong beneath, behind libarchive's back */
	bool empty;
	bool zip;
	struct zip_end end; /* of a ZIP */
};

static int
pull(struct unarchive *u, struct span *s, struct err *e)
{
	int r = u->in.read(u->in.arg, s, e);

	if (r == 1 && u->zip)
		zip_end_feed(&u->end, *s);
	return r;
}

static la_ssize_t
on_read(struct archive *a, void *arg, const void **bytes)
{
	struct unarchive *u = arg;
	struct span s = {"", 0};
	int r = pull(u, &s, &u->below);

	if (r < 0) {
		u->lib.archive_set_error(a, EIO, "the bytes beneath can't be read");
		return ARCHIVE_FATAL;
	}
	*bytes = s.p;
	return (la_ssize_t)s.n;
}

/* libarchive's own words may hold a name; they stay out. */
static int
damaged(struct unarchive *u, struct err *e)
{
	if (u->below.code != ERR_NONE) {
		*e = u->below;
		return -1;
	}
	if (u->lib.archive_errno(u->a) == ENOMEM)
		return err_nomem(e);
	if (!u->zip)
		return err_set(e, ERR_REFUSED,
		    "the zstd data are damaged or cut off: pack the file again");
	return err_set(e, ERR_REFUSED,
	    "the ZIP archive is damaged or cut off at file %llu in it: make it again",
	    (unsigned long long)u->member);
}

static void
close_archive(void *self)
{
	struct unarchive *u = self;

	u->lib.archive_read_free(u->a);
	if (u->utf8 != (locale_t)0)
		freelocale(u->utf8);
	free(u);
}

/* ARCHIVE_WARN would be another program that does the work. */
static bool
switch_on(struct unarchive *u)
{
	if (u->zip)
		return u->lib.archive_read_support_format_zip_streamable(u->a) ==
		       ARCHIVE_OK;
	return u->lib.archive_read_append_filter(u->a, ARCHIVE_FILTER_ZSTD) ==
		   ARCHIVE_OK &&
	       u->lib.archive_read_support_format_raw(u->a) == ARCHIVE_OK &&
	       u->lib.archive_read_support_format_empty(u->a) == ARCHIVE_OK;
}

static int
open_archive(void **self, const struct unpack_layer *l, struct err *e)
{
	struct unarchive *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return err_nomem(e);
	if (archive_lib_load(&u->lib, e) != 0) {
		free(u);
		return -1;
	}
	if ((u->a = u->lib.archive_read_new()) == NULL) {
		free(u);
		return err_nomem(e);
	}
	u->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	u->in = l->in;
	u->conf = l->conf;
	u->skipped = l->skipped;
	u->zip = l->packing == PACKING_ZIP;
	if (!switch_on(u)) {
		close_archive(u);
		return err_set(e, ERR_CONFIG, "this libarchive can't read %s",
		    packing_name(l->packing));
	}
	/* Of data that are damaged from their start it says that they are empty. */
	if (u->lib.archive_read_open(u->a, u, NULL, on_read, NULL) != ARCHIVE_OK ||
	    u->lib.archive_errno(u->a) != 0) {
		damaged(u, e);
		close_archive(u);
		return -1;
	}
	*self = u;
	return 0;
}

/* What people drop that is a ZIP archive by its bytes, and no archive to them. */
static const char *
other_than_archive(const char *path)
{
	if (strcmp(path, "[Content_Types].xml") == 0 || strncmp(path, "xl/", 3) == 0)
		return "an Excel workbook";
	if (strcmp(path, "mimetype") == 0 || strcmp(path, "META-INF/manifest.xml") == 0)
		return "an OpenDocument spreadsheet";
	if (strncmp(path, "word/", 5) == 0)
		return "a Word document";
	return NULL;
}

/* Folders are no exports, nor are hidden files: what macOS adds to an archive or a folder. */
static bool
is_wanted(const struct unarchive *u, struct archive_entry *en, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	if (u->lib.archive_entry_filetype(en) == AE_IFDIR || name[0] == '\0' ||
	    strncmp(path, "__MACOSX/", 9) == 0 || name[0] == '.')
		return false;
	for (size_t i = 0; i < u->conf->members.n; i++)
		if (fnmatch(u->conf->members.v[i], name, 0) == 0)
			return true;
	return u->conf->members.n == 0;
}

/* The rest that libarchive's reader knows is rare, and more code than anybody asked for. */
static int
check_member(struct unarchive *u, struct archive_entry *en, struct err *e)
{
	const char *method = u->lib.archive_format_name(u->a);

	if (u->lib.archive_entry_is_encrypted(en))
		return err_set(e, ERR_REFUSED,
		    "file %llu in the ZIP archive has a password: send it without one",
		    (unsigned long long)u->member);
	if (method == NULL || (strstr(method, "(deflation)") == NULL &&
				  strstr(method, "(uncompressed)") == NULL))
		return err_set(e, ERR_REFUSED,
		    "file %llu in the ZIP archive is packed by an uncommon method: "
		    "make the archive with the usual one (deflate)",
		    (unsigned long long)u->member);
	return 0;
}

/* 1: this one is to be read; 0: it is left out; -1. */
static int
look_at_member(struct unarchive *u, struct archive_entry *en, struct err *e)
{
	const char *path = u->lib.archive_entry_pathname_utf8(en), *other;

	u->member++;
	if (path == NULL && (path = u->lib.archive_entry_pathname(en)) == NULL)
		path = "?"; /* in letters that nobody knows */
	if ((other = other_than_archive(path)) != NULL)
		return err_set(
		    e, ERR_REFUSED, "the file is %s: save it as CSV UTF-8", other);
	if (is_wanted(u, en, path))
		return check_member(u, en, e) == 0 ? 1 : -1;
	if (u->lib.archive_entry_filetype(en) != AE_IFDIR)
		++*u->skipped;
	return 0;
}

static int
read_archive(void *self, struct span *out, struct err *e)
{
	struct unarchive *u = self;
	const void *p;
	la_int64_t at;
	int rc;

	if (u->empty)
		return 0;
	do
		rc = u->lib.archive_read_data_block(u->a, &p, &out->n, &at);
	while (rc == ARCHIVE_OK && out->n == 0);
	if (rc == ARCHIVE_EOF)
		return 0;
	out->p = p;
	return rc == ARCHIVE_OK ? 1 : damaged(u, e);
}

/* libarchive stops before the archive's directory, where nothing is left to read. */
static int
end_zip(struct unarchive *u, struct err *e)
{
	struct span s;
	int r;

	while ((r = pull(u, &s, e)) == 1)
		;
	return r == 0 ? zip_end_check(&u->end, u->member, e) : r;
}

/* What is not in an archive is its one member; it may be empty. */
static int
next_stream(struct unarchive *u, struct err *e)
{
	struct archive_entry *en;
	int rc;

	if (u->member++ > 0)
		return 0;
	rc = u->lib.archive_read_next_header(u->a, &en);
	u->empty = rc == ARCHIVE_EOF;
	return rc == ARCHIVE_OK || u->empty ? 1 : damaged(u, e);
}

/* It turns names into letters of the locale; the program's own has none but ASCII. */
static int
next_header(struct unarchive *u, struct archive_entry **en)
{
	locale_t ours = u->utf8 == (locale_t)0 ? (locale_t)0 : uselocale(u->utf8);
	int rc = u->lib.archive_read_next_header(u->a, en);

	if (ours != (locale_t)0)
		uselocale(ours);
	return rc;
}

static int
next_member(void *self, struct err *e)
{
	struct unarchive *u = self;
	struct archive_entry *en;
	int rc, wanted = 0;

	if (!u->zip)
		return next_stream(u, e);
	/* A warning is about letters of a name. */
	while (wanted == 0 &&
	       ((rc = next_header(u, &en)) == ARCHIVE_OK || rc == ARCHIVE_WARN))
		wanted = look_at_member(u, en, e);
	if (wanted != 0)
		return wanted;
	if (rc != ARCHIVE_EOF)
		return damaged(u, e);
	return end_zip(u, e);
}

const struct unpack_ops unpack_zip = {
    .open = open_archive,
    .next = next_member,
    .read = read_archive,
    .close = close_archive,
};

const struct unpack_ops unpack_zstd = {
    .open = open_archive,
    .next = next_member,
    .read = read_archive,
    .close = close_archive,
};
