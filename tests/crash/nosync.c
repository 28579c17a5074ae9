/*
 * LMDB as nobody may use it: it never waits for the disk. Linked into emrdrop-nosync in
 * the place of mdb_env_open, so that the product itself has no such switch; a power cut
 * that loses nothing of this one would prove nothing of the other.
 */
#include <lmdb.h>

/* The linker's names (ld --wrap). */
int __real_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);
int __wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);

int
__wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
	return __real_mdb_env_open(env, path, flags | MDB_NOSYNC, mode);
}
