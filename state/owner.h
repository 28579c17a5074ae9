/*
 * Whose the files in a ledger's folder are: its owner's, all of them. Root may look into
 * another user's ledger, and what it makes there that user must be able to open.
 */
#ifndef STATE_OWNER_H
#define STATE_OWNER_H

#include "base/err.h"

#define OWNER_NAME_SIZE 64

/* A user's name, or its number. */
void owner_name(unsigned uid, char out[OWNER_NAME_SIZE]);

/*
 * To be called before `path`, a file directly in `dir`, is opened with O_CREAT. If we are
 * root, and the folder is another's, the file is made empty as its owner's, or given to
 * the owner if root made it once. ERR_PERM if that can't be.
 */
int owner_make(const char *dir, const char *path, struct err *e);

/*
 * ERR_LEDGER, with the text of `sys`. Of a file that we may not open because it, or a
 * folder above it up to `dir`, is another's: which, whose, and what mends that.
 */
int owner_error(struct err *e, int sys, const char *dir, const char *path);

#endif
