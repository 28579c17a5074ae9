#include "state/headers.h"

#include <stdlib.h>
#include <string.h>

#include "state/files_impl.h"
#include "state/headers_impl.h"

/* Keys begin with whose header it is. */
enum kind { KIND_FEED = 1, KIND_FILE };

#define PROFILE_NUMBERS 7

static void
feed_key(struct key *k, const char *feed)
{
	key_init(k);
	key_u8(k, KIND_FEED);
	key_bytes(k, feed, strlen(feed));
}

static void
file_key(struct key *k, struct span file)
{
	key_init(k);
	key_u8(k, KIND_FILE);
	key_bytes(k, file.p, file.n);
}

static void
put_profiles(struct buf *b, const struct header_mark *h)
{
	put_u32(b, (uint32_t)(h->n * PROFILE_NUMBERS));
	for (size_t i = 0; i < h->n; i++) {
		const struct column_profile *p = &h->v[i].profile;

		put_u32(b, p->cells);
		put_u32(b, p->empty);
		put_u32(b, p->words);
		put_u32(b, p->numbers);
		put_u32(b, p->dates);
		put_u32(b, p->length);
		put_u32(b, h->v[i].gone);
	}
}

/* The titles as one text, each with its length, under a nonce that is its digest. */
static int
put_titles(const struct act *a, struct buf *b, const struct header_mark *h)
{
	struct ledger *l = a->ledger;
	struct digest nonce;
	struct buf text;
	unsigned char *sealed;

	buf_init(&text, HEADER_TEXT_MAX);
	for (size_t i = 0; i < h->n; i++)
		put_text(&text, h->v[i].title);
	sealed = malloc(text.n + SEAL_EXTRA);
	if (sealed == NULL || text.failed) {
		free(sealed);
		buf_release(&text);
		return err_nomem(a->e);
	}
	nonce = digest_bytes(&l->keys, KEY_NAME, text.p, text.n);
	seal(&l->keys, &nonce, text.p, text.n, sealed);
	buf_add(b, nonce.b, DIGEST_SIZE);
	put_text(b, (struct span){(char *)sealed, text.n + SEAL_EXTRA});
	free(sealed);
	buf_release(&text);
	return 0;
}

static int
put_header(const struct act *a, struct buf *b, const struct header_mark *h)
{
	if (put_titles(a, b, h) != 0)
		return -1;
	put_profiles(b, h);
	return 0;
}

/* NULL, or what is wrong with it. The titles are borrowed from `text`. */
const char *
header_open(const struct site_keys *keys, const struct digest *nonce, struct span sealed,
    struct header_text *out)
{
	struct reader r;
	struct digest want;

	out->n = 0;
	if (sealed.n < SEAL_EXTRA || sealed.n - SEAL_EXTRA > HEADER_TEXT_MAX)
		return "has a wrong length";
	r = (struct reader){.in = {out->text, sealed.n - SEAL_EXTRA}};
	if (unseal(keys, nonce, sealed.p, sealed.n, out->text) != 0)
		return "does not open with the site key";
	want = digest_bytes(keys, KEY_NAME, r.in.p, r.in.n);
	if (!digest_eq(&want, nonce))
		return "is not that of its digest";
	while (r.in.n > 0 && !r.bad && out->n < HEADER_COLUMNS_MAX)
		out->titles[out->n++] = get_text(&r);
	return r.bad || r.in.n > 0 ? "has no titles" : NULL;
}

bool
header_profiles_ok(struct span counts, size_t columns)
{
	struct reader r = {.in = counts};

	if (counts.n != columns * PROFILE_NUMBERS * sizeof(uint32_t))
		return false;
	while (r.in.n > 0) {
		uint64_t cells = get_u32(&r), empty = get_u32(&r), words = get_u32(&r);
		uint64_t numbers = get_u32(&r), dates = get_u32(&r), length = get_u32(&r);
		uint32_t gone = get_u32(&r);

		if (empty + words + numbers + dates > cells || length < cells - empty ||
		    gone > 1)
			return false;
	}
	return true;
}

static void
get_profiles(struct span counts, struct header_mark *out)
{
	struct reader r = {.in = counts};

	for (size_t i = 0; i < out->n; i++) {
		struct column_profile *p = &out->v[i].profile;

		p->cells = get_u32(&r);
		p->empty = get_u32(&r);
		p->words = get_u32(&r);
		p->numbers = get_u32(&r);
		p->dates = get_u32(&r);
		p->length = get_u32(&r);
		out->v[i].gone = get_u32(&r) != 0;
	}
}

static int
get_header(struct ledger *l, struct reader *r, struct header_mark *out)
{
	struct header_text *text = malloc(sizeof(*text));
	struct digest nonce;
	struct span sealed, counts;
	int rc = -1;

	get_bytes(r, nonce.b, DIGEST_SIZE);
	sealed = get_text(r);
	counts = get_span(r, get_u32(r) * sizeof(uint32_t));
	if (text != NULL && !r->bad &&
	    header_open(&l->keys, &nonce, sealed, text) == NULL &&
	    header_profiles_ok(counts, text->n))
		rc = header_mark_set(out, text->titles, text->n, NULL);
	if (rc == 0)
		get_profiles(counts, out);
	free(text);
	return rc;
}

/* What is decoded, and with which keys. */
struct opening {
	struct ledger *ledger;
	void *out;
};

static int
feed_decode(void *arg, struct span key, struct span value)
{
	const struct opening *o = arg;
	struct reader r = {.in = value};

	(void)key;
	return get_header(o->ledger, &r, o->out);
}

static int
file_decode(void *arg, struct span key, struct span value)
{
	const struct opening *o = arg;
	struct file_header *h = o->out;
	struct reader r = {.in = value};

	(void)key;
	h->lacks = get_u8(&r) != 0;
	return get_header(o->ledger, &r, &h->before) != 0 ||
		       get_header(o->ledger, &r, &h->now) != 0
		   ? -1
		   : 0;
}

int
ledger_header_get(
    struct ledger *l, const char *feed, struct header_mark *out, struct err *e)
{
	struct opening o = {l, out};
	struct key k;

	*out = (struct header_mark){.n = 0};
	feed_key(&k, feed);
	return ledger_read_one(
	    l, TABLE_HEADERS, key_span(&k), &(struct visitor){feed_decode, &o}, e);
}

int
ledger_file_header_get(
    struct ledger *l, const struct digest *file, struct file_header *out, struct err *e)
{
	struct opening o = {l, out};
	struct key k;

	*out = (struct file_header){.lacks = false};
	file_key(&k, digest_span(file));
	return ledger_read_one(
	    l, TABLE_HEADERS, key_span(&k), &(struct visitor){file_decode, &o}, e);
}

void
file_header_release(struct file_header *h)
{
	header_mark_release(&h->before);
	header_mark_release(&h->now);
}

int
header_write(const struct act *a, const char *feed, const struct header_mark *h)
{
	struct key k;
	struct buf b;
	int r;

	feed_key(&k, feed);
	buf_init(&b, VALUE_MAX);
	r = put_header(a, &b, h);
	if (r == 0)
		r = ledger_write(a, TABLE_HEADERS, key_span(&k), &b);
	buf_release(&b);
	return r;
}

int
file_header_write(
    const struct act *a, const struct digest *file, const struct file_header *h)
{
	struct key k;
	struct buf b;
	int r;

	file_key(&k, digest_span(file));
	buf_init(&b, VALUE_MAX);
	put_u8(&b, h->lacks);
	r = put_header(a, &b, &h->before);
	if (r == 0)
		r = put_header(a, &b, &h->now);
	if (r == 0)
		r = ledger_write(a, TABLE_HEADERS, key_span(&k), &b);
	buf_release(&b);
	return r;
}

int
file_header_forget(const struct act *a, struct span file)
{
	struct key k;

	file_key(&k, file);
	return a->ledger->ops->del(a->txn, TABLE_HEADERS, key_span(&k), a->e);
}

int
ledger_file_header_put(struct ledger *l, const struct digest *file,
    const struct file_header *h, struct err *e)
{
	struct act a;

	if (act_begin(&a, l, true, e) != 0)
		return -1;
	return act_end(&a, file_header_write(&a, file, h));
}
