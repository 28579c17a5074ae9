#include "cmd/sandbox/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define STORE_APPLICATION 0x454d5242 /* "EMRB", in the file's header */
#define STORE_FORMAT      1
/* With 15 digits 98.6 stays 98.6. */
#define CANONICAL (JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15))
#define BUSY_MS   5000 /* how long to wait for another process's lock */

static const char schema_sql[] =
    "PRAGMA application_id = 1162695234;"
    "PRAGMA user_version = 1;"
    "CREATE TABLE IF NOT EXISTS record ("
    " source TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,"
    " op TEXT NOT NULL, version TEXT, event_at TEXT, retired_by TEXT, data TEXT,"
    " changes INTEGER NOT NULL, latest INTEGER NOT NULL,"
    " PRIMARY KEY (source, type, id)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS batch ("
    " number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, method TEXT NOT NULL,"
    " path TEXT NOT NULL, sha256 TEXT NOT NULL, received INTEGER NOT NULL,"
    " dropped INTEGER NOT NULL, status INTEGER NOT NULL,"
    " final_status INTEGER, final_body BLOB);";

enum query {
	Q_BEGIN,
	Q_COMMIT,
	Q_ROLLBACK,
	Q_BATCH_FIND,
	Q_BATCH_ADD,
	Q_BATCH_AGAIN,
	Q_BATCH_ANSWER,
	Q_RECORD_DATA,
	Q_RECORD_SAVE,
	Q_RECORD_RETIRE,
	Q_LATEST,
	Q_RECORDS,
	Q_RECORDS_LATEST,
	Q_BATCHES,
	Q_COUNTS,
	QUERIES
};

static const char *const sql[QUERIES] = {
    [Q_BEGIN] = "BEGIN",
    [Q_COMMIT] = "COMMIT",
    [Q_ROLLBACK] = "ROLLBACK",
    [Q_BATCH_FIND] = "SELECT method, path, sha256, final_status, final_body FROM batch"
		     " WHERE key = ?1",
    [Q_BATCH_ADD] = "INSERT INTO batch (key, method, path, sha256, received, dropped,"
		    " status) VALUES (?1, ?2, ?3, ?4, 1, 0, 0)",
    [Q_BATCH_AGAIN] = "UPDATE batch SET received = received + 1 WHERE key = ?1",
    [Q_BATCH_ANSWER] = "UPDATE batch SET status = ?2, dropped = dropped + ?3,"
		       " final_status = coalesce(final_status, ?4),"
		       " final_body = coalesce(final_body, ?5) WHERE key = ?1",
    [Q_RECORD_DATA] =
	"SELECT data FROM record WHERE source = ?1 AND type = ?2 AND id = ?3",
    /* whoever is changed, op ?4, is not retired any more */
    [Q_RECORD_SAVE] = "INSERT INTO record (source, type, id, op, version, event_at, data,"
		      " changes, latest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8)"
		      " ON CONFLICT DO UPDATE SET op = ?4, version = ?5, event_at = ?6,"
		      " data = ?7, changes = changes + 1, latest = ?8,"
		      " retired_by = CASE ?4 WHEN 'delete' THEN retired_by ELSE NULL END",
    [Q_RECORD_RETIRE] = "INSERT INTO record (source, type, id, op, retired_by, changes,"
			" latest) VALUES (?1, ?2, ?3, 'merge', ?4, 0, ?5)"
			" ON CONFLICT DO UPDATE SET retired_by = ?4",
    [Q_LATEST] = "SELECT coalesce(sum(changes), 0) FROM record",
    [Q_RECORDS] = "SELECT source, type, id, op, version, event_at, retired_by, data,"
		  " changes FROM record ORDER BY source, type, id",
    [Q_RECORDS_LATEST] =
	"SELECT source, type, id, op, version, event_at, retired_by, data,"
	" changes FROM record ORDER BY latest DESC LIMIT ?1",
    [Q_BATCHES] = "SELECT key, method, path, sha256, received, dropped, status FROM batch"
		  " ORDER BY number",
    [Q_COUNTS] = "SELECT type, sum(data IS NOT NULL AND retired_by IS NULL),"
		 " sum(data IS NULL AND retired_by IS NULL), sum(retired_by IS NOT NULL),"
		 " sum(changes) FROM record GROUP BY type ORDER BY type",
};

struct store {
	pthread_mutex_t lock;
	sqlite3 *db;
	sqlite3_stmt *q[QUERIES];
	int64_t latest; /* number of the last change applied */
};

static int
fail(const struct store *s, struct err *e)
{
	return err_set(e, ERR_IO, "the sandbox's database: %s",
	    sqlite3_errstr(sqlite3_extended_errcode(s->db)));
}

/* The query with its first parameters, text all of them, bound; NULL binds null. */
static sqlite3_stmt *
query(struct store *s, enum query which, const char *const *text, int n)
{
	sqlite3_stmt *q = s->q[which];

	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	for (int i = 0; i < n; i++)
		sqlite3_bind_text(q, i + 1, text[i], -1, SQLITE_STATIC);
	return q;
}

static int
run(struct store *s, sqlite3_stmt *q, struct err *e)
{
	int rc = sqlite3_step(q);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		fail(s, e);
	sqlite3_reset(q);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : -1;
}

static int64_t
pragma(struct store *s, const char *text)
{
	sqlite3_stmt *q = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		v = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return v;
}

/* 1: ours; 0: empty; -1 with *e: somebody else's. */
static int
whose(struct store *s, const char *path, struct err *e)
{
	int64_t application = pragma(s, "PRAGMA application_id");

	if (application == STORE_APPLICATION) {
		if (pragma(s, "PRAGMA user_version") == STORE_FORMAT)
			return 1;
		return err_set(e, ERR_IO,
		    "%s: written by another version of "
		    "emrdrop-sandbox; give another --db",
		    path);
	}
	if (application == 0 && pragma(s, "SELECT count(*) FROM sqlite_master") == 0)
		return 0;
	return err_set(e, ERR_IO, "%s: not a database of emrdrop-sandbox", path);
}

static int
prepare(struct store *s, struct err *e)
{
	for (int i = 0; i < QUERIES; i++)
		if (sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&s->q[i], NULL) != SQLITE_OK)
			return fail(s, e);
	if (sqlite3_step(s->q[Q_LATEST]) != SQLITE_ROW)
		return fail(s, e);
	s->latest = sqlite3_column_int64(s->q[Q_LATEST], 0);
	sqlite3_reset(s->q[Q_LATEST]);
	return 0;
}

static struct store *
open_with(const char *path, int flags, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s) {
		err_nomem(e);
		return NULL;
	}
	pthread_mutex_init(&s->lock, NULL);
	if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK) {
		err_set(e, ERR_IO, "cannot open %s: %s", path,
		    s->db ? sqlite3_errmsg(s->db) : "out of memory");
		store_close(s);
		return NULL;
	}
	sqlite3_busy_timeout(s->db, BUSY_MS);
	return s;
}

struct store *
store_open(const char *path, struct err *e)
{
	struct store *s = open_with(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
	int mine;

	if (!s)
		return NULL;
	mine = whose(s, path, e);
	if (mine < 0)
		goto out;
	/* a sandbox need not outlive a power cut, only a kill */
	if (sqlite3_exec(s->db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = WAL",
		NULL, NULL, NULL) != SQLITE_OK ||
	    (!mine && sqlite3_exec(s->db, schema_sql, NULL, NULL, NULL) != SQLITE_OK)) {
		fail(s, e);
		goto out;
	}
	if (prepare(s, e) == 0)
		return s;
out:
	store_close(s);
	return NULL;
}

struct store *
store_open_existing(const char *path, struct err *e)
{
	struct store *s = open_with(path, SQLITE_OPEN_READONLY, e);
	int mine;

	if (!s)
		return NULL;
	mine = whose(s, path, e);
	if (mine == 0)
		err_set(e, ERR_IO, "%s: not a database of emrdrop-sandbox", path);
	if (mine > 0 && prepare(s, e) == 0)
		return s;
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < QUERIES; i++)
		sqlite3_finalize(s->q[i]);
	sqlite3_close(s->db);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int
store_begin(struct store *s, struct err *e)
{
	pthread_mutex_lock(&s->lock);
	if (run(s, s->q[Q_BEGIN], e) == 0)
		return 0;
	pthread_mutex_unlock(&s->lock);
	return -1;
}

int
store_end(struct store *s, bool keep, struct err *e)
{
	int rc = 0;

	if (keep)
		rc = run(s, s->q[Q_COMMIT], e);
	if (!keep || rc < 0)
		run(s, s->q[Q_ROLLBACK], NULL);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static bool
column_is(sqlite3_stmt *q, int i, const char *text)
{
	const char *v = (const char *)sqlite3_column_text(q, i);

	return v && strcmp(v, text) == 0;
}

static void
read_prior(sqlite3_stmt *q, const struct receipt *r, struct prior *prior)
{
	if (!column_is(q, 0, r->method) || !column_is(q, 1, r->path) ||
	    !column_is(q, 2, r->sha256)) {
		prior->kind = PRIOR_OTHER;
	} else if (sqlite3_column_type(q, 3) != SQLITE_NULL) {
		prior->kind = PRIOR_ANSWERED;
		prior->status = (unsigned)sqlite3_column_int(q, 3);
		buf_add(prior->answer, sqlite3_column_blob(q, 4),
		    (size_t)sqlite3_column_bytes(q, 4));
	}
}

int
store_receive(
    struct store *s, const struct receipt *r, struct prior *prior, struct err *e)
{
	const char *const text[] = {r->key, r->method, r->path, r->sha256};
	sqlite3_stmt *q = query(s, Q_BATCH_FIND, text, 1);
	int found = sqlite3_step(q);

	prior->kind = PRIOR_NONE;
	if (found == SQLITE_ROW)
		read_prior(q, r, prior);
	sqlite3_reset(q);
	if (found != SQLITE_ROW && found != SQLITE_DONE)
		return fail(s, e);
	if (prior->kind == PRIOR_OTHER)
		return 0;
	if (found == SQLITE_ROW)
		return run(s, query(s, Q_BATCH_AGAIN, text, 1), e);
	return run(s, query(s, Q_BATCH_ADD, text, 4), e);
}

int
store_answer(struct store *s, const char *key, const struct verdict *v, struct err *e)
{
	sqlite3_stmt *q = query(s, Q_BATCH_ANSWER, &key, 1);

	sqlite3_bind_int64(q, 2, v->status);
	sqlite3_bind_int(q, 3, v->dropped);
	if (v->final) {
		sqlite3_bind_int64(q, 4, v->status);
		sqlite3_bind_blob64(q, 5, v->body.p, v->body.n, SQLITE_STATIC);
	}
	return run(s, q, e);
}

/* JSON merge patch, RFC 7396; `target` is changed. */
static int
merge_patch(json_t *target, json_t *patch)
{
	const char *name;
	json_t *v;

	json_object_foreach(patch, name, v)
	{
		json_t *old = json_object_get(target, name);
		if (json_is_null(v)) {
			json_object_del(target, name);
		} else if (!json_is_object(v)) {
			if (json_object_set(target, name, v) < 0)
				return -1;
		} else {
			if (!json_is_object(old) &&
			    json_object_set_new(target, name, json_pack("{}")) < 0)
				return -1;
			if (merge_patch(json_object_get(target, name), v) < 0)
				return -1;
		}
	}
	return 0;
}

/* What the change starts from: nothing for a put, else the record as it stands. */
static json_t *
base_of(struct store *s, const struct change *c)
{
	const char *const text[] = {c->source, c->type, c->id};
	json_t *data = NULL;
	sqlite3_stmt *q;

	if (c->op == CHANGE_PUT)
		return json_pack("{}");
	q = query(s, Q_RECORD_DATA, text, 3);
	if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_type(q, 0) != SQLITE_NULL)
		data = json_loadb(sqlite3_column_blob(q, 0),
		    (size_t)sqlite3_column_bytes(q, 0), 0, NULL);
	sqlite3_reset(q);
	return data ? data : json_pack("{}");
}

/* The record's data after the change, canonical; freed by the caller. */
static char *
new_data(struct store *s, const struct change *c)
{
	json_t *data = base_of(s, c);
	char *text = NULL;

	if (data && merge_patch(data, c->data) == 0) {
		if (c->op == CHANGE_MERGE)
			json_object_del(data, "retired_id");
		text = json_dumps(data, CANONICAL);
	}
	json_decref(data);
	return text;
}

static int
retire(struct store *s, const struct change *c, struct err *e)
{
	const char *retired = json_string_value(json_object_get(c->data, "retired_id"));
	const char *const text[] = {c->source, c->type, retired, c->id};
	sqlite3_stmt *q = query(s, Q_RECORD_RETIRE, text, 4);

	sqlite3_bind_int64(q, 5, s->latest);
	return run(s, q, e);
}

int
store_apply(struct store *s, const struct change *c, struct err *e)
{
	char *data = NULL;
	sqlite3_stmt *q;
	int rc;

	if (c->op != CHANGE_DELETE && !(data = new_data(s, c)))
		return err_nomem(e);
	const char *const text[] = {c->source, c->type, c->id, change_op_name(c->op),
	    c->version, c->event_at, data};
	q = query(s, Q_RECORD_SAVE, text, 7);
	sqlite3_bind_int64(q, 8, ++s->latest);
	rc = run(s, q, e);
	if (rc == 0 && c->op == CHANGE_MERGE)
		rc = retire(s, c, e);
	/* the text is bound by reference */
	sqlite3_clear_bindings(q);
	free(data);
	return rc;
}

static const char *
column(sqlite3_stmt *q, int i)
{
	return (const char *)sqlite3_column_text(q, i);
}

static int
walk_records(struct store *s, sqlite3_stmt *q,
    void (*fn)(void *arg, const struct record_row *row), void *arg, struct err *e)
{
	int rc;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		fn(arg, &(struct record_row){.source = column(q, 0),
			    .type = column(q, 1),
			    .id = column(q, 2),
			    .op = column(q, 3),
			    .version = column(q, 4),
			    .event_at = column(q, 5),
			    .retired_by = column(q, 6),
			    .data = column(q, 7),
			    .changes = sqlite3_column_int64(q, 8)});
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : fail(s, e);
}

int
store_each_record(struct store *s, void (*fn)(void *arg, const struct record_row *row),
    void *arg, struct err *e)
{
	return walk_records(s, query(s, Q_RECORDS, NULL, 0), fn, arg, e);
}

int
store_each_latest(struct store *s, int64_t limit,
    void (*fn)(void *arg, const struct record_row *row), void *arg, struct err *e)
{
	sqlite3_stmt *q = query(s, Q_RECORDS_LATEST, NULL, 0);

	sqlite3_bind_int64(q, 1, limit);
	return walk_records(s, q, fn, arg, e);
}

int
store_each_batch(struct store *s, void (*fn)(void *arg, const struct batch_row *row),
    void *arg, struct err *e)
{
	sqlite3_stmt *q = query(s, Q_BATCHES, NULL, 0);
	int rc;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		fn(arg, &(struct batch_row){.key = column(q, 0),
			    .method = column(q, 1),
			    .path = column(q, 2),
			    .sha256 = column(q, 3),
			    .received = sqlite3_column_int64(q, 4),
			    .dropped = sqlite3_column_int64(q, 5),
			    .status = sqlite3_column_int64(q, 6)});
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : fail(s, e);
}

int
store_each_count(struct store *s, void (*fn)(void *arg, const struct count_row *row),
    void *arg, struct err *e)
{
	sqlite3_stmt *q = query(s, Q_COUNTS, NULL, 0);
	int rc;

	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		fn(arg, &(struct count_row){.type = column(q, 0),
			    .live = sqlite3_column_int64(q, 1),
			    .deleted = sqlite3_column_int64(q, 2),
			    .retired = sqlite3_column_int64(q, 3),
			    .changes = sqlite3_column_int64(q, 4)});
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : fail(s, e);
}
