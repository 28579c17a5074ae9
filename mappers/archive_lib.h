/*
 * libarchive's functions, loaded with the first file that needs them: with it come
 * libxml2, ICU and the C++ library, 2.4 ms at each start of a job that mostly finds no
 * file, let alone a packed one. Its headers give the types, so that none can differ.
 */
#ifndef MAPPERS_ARCHIVE_LIB_H
#define MAPPERS_ARCHIVE_LIB_H

#include <archive.h>
#include <archive_entry.h>

#include "base/lib.h"

#define ARCHIVE_CALLS(X)                              \
	X(archive_version_string)                     \
	X(archive_read_new)                           \
	X(archive_read_free)                          \
	X(archive_read_support_format_raw)            \
	X(archive_read_support_format_empty)          \
	X(archive_read_support_format_zip_streamable) \
	X(archive_read_append_filter)                 \
	X(archive_read_open)                          \
	X(archive_read_next_header)                   \
	X(archive_read_data_block)                    \
	X(archive_set_error)                          \
	X(archive_errno)                              \
	X(archive_format_name)                        \
	X(archive_entry_pathname)                     \
	X(archive_entry_pathname_utf8)                \
	X(archive_entry_filetype)                     \
	X(archive_entry_is_encrypted)

struct archive_lib {
	ARCHIVE_CALLS(LIB_MEMBER)
};

/* Fills *out; it stays valid. ERR_CONFIG if the library is not there. */
int archive_lib_load(struct archive_lib *out, struct err *e);

#endif
