/*
 * The files of a configuration: feed files, and the tables that they name.
 */
#ifndef BASE_CONF_FILE_H
#define BASE_CONF_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/err.h"

/*
 * The file's bytes, for the caller to free; *st is filled. NULL with *e if it can't be
 * read, others can write to it, or it has more than CONF_FILE_MAX bytes.
 */
char *conf_file_read(const char *path, struct stat *st, size_t *n, struct err *e);

/*
 * 0, or -1 with *e if others can write to a file that says whom we trust. Whoever reads it
 * tells what else is wrong with it.
 */
int conf_file_ours(const char *path, struct err *e);

#endif
