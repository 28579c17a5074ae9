/* What the tests of the ledger share: a ledger in a folder of its own, and entries. */
#ifndef TESTS_UNIT_LEDGER_RIG_H
#define TESTS_UNIT_LEDGER_RIG_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/conclude.h"
#include "state/files_impl.h"
#include "state/watch_impl.h"

#define COUNT(a)         (sizeof(a) / sizeof((a)[0]))
#define RIG_OUTCOMES_MAX 1000

static char rig_dir[32];
static struct ledger *l;
static struct err e;

static inline const char *
rig_path(const char *name)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s", rig_dir, name);
	return path;
}

static inline void
rig_reopen(void)
{
	ledger_close(l);
	l = ledger_open(rig_dir, NULL, true, &e);
	cr_assert_not_null(l, "%s", e.msg);
}

static inline void
rig_init(void)
{
	cr_assert_eq(crypto_init(&e), 0);
	snprintf(rig_dir, sizeof(rig_dir), "/tmp/ledger_test_XXXXXX");
	cr_assert_not_null(mkdtemp(rig_dir));
	l = NULL;
	rig_reopen();
}

static inline void
rig_empty(void)
{
	DIR *d = opendir(rig_dir);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlink(rig_path(entry->d_name));
	if (d != NULL)
		closedir(d);
}

static inline void
rig_release(void)
{
	ledger_close(l);
	l = NULL;
	rig_empty();
	rmdir(rig_dir);
}

/* The bytes of a file in the ledger's folder; the caller frees. */
static inline char *
rig_bytes(const char *name, size_t *n)
{
	int fd = open(rig_path(name), O_RDONLY);
	off_t size;
	char *p;

	cr_assert_geq(fd, 0, "%s", name);
	size = lseek(fd, 0, SEEK_END);
	p = malloc((size_t)size + 1);
	cr_assert_not_null(p);
	cr_assert_eq(pread(fd, p, (size_t)size, 0), size);
	close(fd);
	*n = (size_t)size;
	return p;
}

static inline void
rig_write(const char *name, const void *p, size_t n)
{
	int fd = open(rig_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, p, n), (ssize_t)n);
	close(fd);
}

/* Puts bytes under a key as they are, without the check that values end with. */
static inline void
rig_put_raw(enum table table, struct span key, struct span value)
{
	struct txn *t = l->ops->begin(l->store, true, &e);

	cr_assert_not_null(t, "%s", e.msg);
	cr_assert_eq(l->ops->put(t, table, key, value, &e), 0, "%s", e.msg);
	cr_assert_eq(l->ops->commit(t, &e), 0, "%s", e.msg);
}

static inline int
rig_copy_first(void *arg, struct span key, struct span value)
{
	struct span *out = arg;

	out[0] = (struct span){memcpy(malloc(key.n + 1), key.p, key.n), key.n};
	out[1] = (struct span){memcpy(malloc(value.n + 1), value.p, value.n), value.n};
	return 1;
}

/* Turns over one bit of the first value of a table. */
static inline void
rig_damage(enum table table, size_t byte)
{
	struct span pair[2] = {{NULL, 0}, {NULL, 0}}, all = {NULL, 0};
	const struct visitor first = {rig_copy_first, pair};
	struct txn *t = l->ops->begin(l->store, false, &e);

	cr_assert_not_null(t, "%s", e.msg);
	cr_assert_eq(l->ops->each(t, table, all, &first, &e), 0);
	l->ops->abort(t);
	cr_assert_not_null(pair[0].p, "table %d is empty", (int)table);
	((char *)(uintptr_t)pair[1].p)[byte % pair[1].n] ^= 4;
	rig_put_raw(table, pair[0], pair[1]);
	free((void *)(uintptr_t)pair[0].p);
	free((void *)(uintptr_t)pair[1].p);
}

/* As it is, past whatever moves feeds on. */
static inline int
rig_feed_put(const struct feed_state *f)
{
	struct act a;

	return act_begin(&a, l, true, &e) == 0 ? act_end(&a, feed_write(&a, f)) : -1;
}

/* A file of the feed came; all else of its conclusion is left out. */
static inline void
rig_arrive(const char *feed, int64_t at, uint32_t rows)
{
	const struct arrival_new new = {at, rows};
	struct act a;

	cr_assert_eq(act_begin(&a, l, true, &e), 0, "%s", e.msg);
	cr_assert_eq(act_end(&a, arrival_write(&a, feed, &new)), 0, "%s", e.msg);
}

static inline struct digest
rig_content(const char *text)
{
	return digest_bytes(ledger_keys(l), KEY_CONTENT, text, strlen(text));
}

static inline struct record_key
rig_key(const char *id)
{
	return record_key(ledger_keys(l), "northside", RECORD_PATIENT, span_of(id));
}

/* Patient `id` with this content; an empty content removes it. */
static inline struct entry
rig_entry(const char *id, const char *content, int64_t at)
{
	return (struct entry){.key = rig_key(id),
	    .content = rig_content(content),
	    .at = at,
	    .window = TIME_NONE,
	    .removed = content[0] == '\0',
	    .id = span_of(id)};
}

static inline struct pass
rig_pass(uint32_t scope, uint64_t batches)
{
	struct pass p = {.scope = scope,
	    .feed = "north",
	    .size = 1234,
	    .clock = 5678,
	    .fingerprint = 42,
	    .batches = batches};

	memset(p.file.b, 7, sizeof(p.file.b));
	memset(p.sha256, 8, sizeof(p.sha256));
	memset(p.changes, 9, sizeof(p.changes));
	return p;
}

static inline void
rig_open_pass(struct pass *p)
{
	cr_assert_eq(pass_open(l, p, &e), 0, "%s", e.msg);
}

static inline void
rig_step(const struct pass *p, const struct pass_step *step)
{
	cr_assert_eq(pass_commit(l, p, step, &e), 0, "%s", e.msg);
}

/* The caller releases it. */
static inline struct intent
rig_intent_of(const struct pass *p, uint64_t batch, const struct entry *entries, size_t n)
{
	struct intent in;

	intent_init(&in);
	intent_start(&in, batch, n);
	for (size_t i = 0; i < n; i++)
		intent_add(&in, ledger_keys(l), &entries[i]);
	cr_assert_eq(intent_end(&in, ledger_keys(l), p->scope, &e), 0, "%s", e.msg);
	return in;
}

static inline void
rig_intent(const struct pass *p, uint64_t batch, const struct entry *entries, size_t n)
{
	struct intent in = rig_intent_of(p, batch, entries, n);

	rig_step(p, &(struct pass_step){
			.intents = (const struct intent *[]){&in}, .nintents = 1});
	intent_release(&in);
}

static inline void
rig_ack(const struct pass *p, uint64_t batch, const unsigned char *outcomes, size_t n)
{
	unsigned char own[RIG_OUTCOMES_MAX];
	const struct ack a = {batch, 1, own, n};

	cr_assert_leq(n, sizeof(own));
	memcpy(own, outcomes, n);
	rig_step(p, &(struct pass_step){.acks = &a, .nacks = 1});
}

static inline struct known
rig_known(uint32_t scope, const char *id)
{
	struct lookup it = {.key = rig_key(id)};

	cr_assert_eq(ledger_known(l, scope, &it, 1, &e), 0, "%s", e.msg);
	return it.known;
}

/* Merges and ends it. */
static inline int
pass_close(struct ledger *of, struct pass *p, struct merged *out, struct err *err)
{
	if (pass_merge(of, p, out, err) != 0)
		return -1;
	return ledger_conclude(of, &(struct conclusion){.pass = p}, err);
}

#endif
