#include "state/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

void
owner_name(unsigned uid, char out[OWNER_NAME_SIZE])
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL)
		snprintf(out, OWNER_NAME_SIZE, "%s", user->pw_name);
	else
		snprintf(out, OWNER_NAME_SIZE, "%u", uid);
}

static int
refuse(const char *dir, const char *path, uid_t owner, int sys, struct err *e)
{
	char name[OWNER_NAME_SIZE];

	owner_name(owner, name);
	return err_sys(e, ERR_PERM, sys,
	    "state folder %s belongs to %s, and %s can't be made as a file of %s; run this as "
	    "that user: runuser -u %s -- emrdrop ...",
	    dir, name, path, name, name);
}

/*
 * It has its name when it is the owner's already: whoever comes in between must not meet
 * one of root's. One that has come to be there meanwhile is as good.
 */
static int
make_for(const struct stat *folder, const char *path)
{
	char temp[PATH_SIZE];
	int fd, rc, sys;

	if (snprintf(temp, sizeof(temp), "%s.%d", path, (int)getpid()) >=
	    (int)sizeof(temp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)unlink(temp);
	fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	rc = fchown(fd, folder->st_uid, folder->st_gid);
	if (rc == 0 && link(temp, path) != 0 && errno != EEXIST)
		rc = -1;
	sys = errno;
	close(fd);
	(void)unlink(temp);
	errno = sys;
	return rc;
}

/* Only what has no other name: the folder's owner may have linked any file there. */
static int
give(const struct stat *folder, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW), rc = 0;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    st.st_nlink == 1)
		rc = fchownat(fd, "", folder->st_uid, folder->st_gid, AT_EMPTY_PATH);
	close(fd);
	return rc;
}

int
owner_make(const char *dir, const char *path, struct err *e)
{
	struct stat folder;
	int rc;

	if (geteuid() != 0)
		return 0;
	if (stat(dir, &folder) != 0)
		return err_sys(e, ERR_LEDGER, errno, "state folder %s", dir);
	if (folder.st_uid == 0)
		return 0;
	rc = give(&folder, path);
	if (rc != 0 && errno == ENOENT)
		rc = make_for(&folder, path);
	return rc == 0 ? 0 : refuse(dir, path, folder.st_uid, errno, e);
}

/* From the file upwards: is it, or a folder that it lies in, another's? */
static bool
find_other(const char *dir, const char *path, char at[PATH_SIZE], uid_t *owner)
{
	struct stat st;
	char *slash;

	snprintf(at, PATH_SIZE, "%s", path);
	do {
		if (lstat(at, &st) == 0 && st.st_uid != geteuid()) {
			*owner = st.st_uid;
			return true;
		}
		if ((slash = strrchr(at, '/')) != NULL)
			*slash = '\0';
	} while (slash != NULL && strlen(at) >= strlen(dir));
	return false;
}

int
owner_error(struct err *e, int sys, const char *dir, const char *path)
{
	char at[PATH_SIZE], owner[OWNER_NAME_SIZE], we[OWNER_NAME_SIZE];
	uid_t uid;

	if ((sys != EACCES && sys != EPERM) || !find_other(dir, path, at, &uid))
		return err_sys(e, ERR_LEDGER, sys, "%s", path);
	owner_name(uid, owner);
	owner_name(geteuid(), we);
	err_set(e, ERR_LEDGER,
	    "%s belongs to %s, and %s may not open it: as root, chown -R %s %s", at,
	    owner, we, we, dir);
	if (e != NULL)
		e->sys = sys;
	return -1;
}
