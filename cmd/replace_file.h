/* Files written whole or not at all, for whoever reads them at the same time. */
#ifndef CMD_REPLACE_FILE_H
#define CMD_REPLACE_FILE_H

#include "base/err.h"
#include "base/span.h"

/*
 * Writes `text` to another name in the same folder, and renames that to `path`. The
 * mode is that of the file it takes the place of, else `mode`.
 */
int replace_file(const char *path, struct span text, unsigned mode, struct err *e);

#endif
