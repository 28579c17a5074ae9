#include "cmd/reread.h"

#include <stdio.h>
#include <string.h>

#include "cmd/reject_list.h"

struct reread {
	struct job *job;
	const struct file_entry *entry;
	struct reject_reader *rows;
	struct outbox *out;
	struct reading *reading;
	struct sha256 *sha;
	struct ahead *ahead;
	struct unpack *unpack;
	struct file_header header;
};

static int
wanted(void *arg, uint64_t row, struct reject *out, struct err *e)
{
	struct reread *r = arg;

	out->row = row;
	return reject_reader_wanted(r->rows, row, out, e);
}

static int
text(void *arg, struct span bytes, struct err *e)
{
	struct reread *r = arg;

	return outbox_put(r->out, bytes, e);
}

/* Where it was put, or, if that could not be done yet, where it was. 1, 0, -1. */
static int
find(struct reread *r, char path[FILE_PATH_MAX + 1], struct drop_file *f, struct err *e)
{
	const struct file_entry *en = r->entry;
	struct poller *p = r->job->poller;
	int found = 0;

	if (en->path[0] != '\0') {
		snprintf(path, FILE_PATH_MAX + 1, "%s", en->path);
		found = poller_stat(p, path, f, e);
	}
	if (found == 0) {
		snprintf(path, FILE_PATH_MAX + 1, "%s", poller_path(p, en->name));
		found = poller_stat(p, path, f, e);
	}
	return found == 1 ? f->size == en->size : found;
}

static int
fetch(void *arg, struct span *out, struct err *e)
{
	struct reread *r = arg;
	int n = ahead_read(r->ahead, out, e);

	if (n == 1)
		sha256_add(r->sha, out->p, out->n);
	return n;
}

/* Behind what is unpacked there may be bytes that say nothing. */
static int
pump(struct reread *r, struct err *e)
{
	struct span rest;
	int n;

	while ((n = unpack_into(r->unpack, r->reading, e)) == 1)
		;
	unpack_close(r->unpack);
	r->unpack = NULL;
	while (n == 0 && (n = fetch(r, &rest, e)) == 1)
		n = 0;
	return n;
}

/* Is it what was read before, and were all its rows found? */
static int
check(struct reread *r, struct err *e)
{
	unsigned char sha[SHA256_SIZE];

	sha256_end(r->sha, sha);
	if (memcmp(sha, r->entry->sha256, SHA256_SIZE) != 0)
		return err_set(e, ERR_CHANGED, "another file lies in its place");
	if (!reject_reader_at_end(r->rows))
		return err_set(e, ERR_CHANGED,
		    "it is read otherwise since the feed's settings changed");
	return 0;
}

/* Columns that the map did without in the first reading it does without again. */
static int
expect(struct reread *r, struct err *e)
{
	struct ledger *l = r->job->ledger;
	int n = ledger_file_header_get(l, &r->entry->id, &r->header, e);

	if (n == 0)
		n = ledger_header_get(l, r->entry->feed, &r->header.now, e);
	return n < 0 ? -1 : 0;
}

static int
read_again(struct reread *r, int list, struct err *e)
{
	const struct rejects_sink sink = {wanted, text, r, &r->header.now};
	char path[FILE_PATH_MAX + 1];
	const struct job *j = r->job;
	const struct unpack_env env = {j->app->clock, j->env.deadline};
	struct drop_file f;
	int found = find(r, path, &f, e);

	if (found <= 0)
		return found < 0
			   ? -1
			   : err_set(e, ERR_GONE, "it is not where it was any more");
	if (expect(r, e) != 0 || (r->rows = reject_reader_new(list, e)) == NULL ||
	    (r->sha = sha256_new(e)) == NULL ||
	    (r->reading = mapper_open_rejects(j->feed->mapper, &sink, e)) == NULL ||
	    (r->ahead = ahead_open(j->poller, path, &f, e)) == NULL ||
	    (r->unpack = unpack_open(
		 &j->feed->unpack, &env, (struct byte_source){fetch, r}, e)) == NULL)
		return -1;
	return pump(r, e) != 0 ? -1 : check(r, e);
}

int
reread_rejects(struct job *j, const struct file_entry *en, int list, struct outbox *out,
    struct err *e)
{
	struct reread r = {.job = j, .entry = en, .out = out};
	int rc;

	if (!mapper_rejects(j->feed->mapper))
		return err_set(e, ERR_CHANGED, "the feed has another format now"), 1;
	rc = read_again(&r, list, e);
	unpack_close(r.unpack);
	ahead_close(r.ahead);
	reading_free(r.reading);
	sha256_free(r.sha);
	reject_reader_free(r.rows);
	file_header_release(&r.header);
	if (rc != 0 && (e->code == ERR_GONE || e->code == ERR_CHANGED ||
			   e->code == ERR_REFUSED || e->code == ERR_HELD))
		return 1;
	return rc;
}
