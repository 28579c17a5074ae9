#include "state/audit.h"

#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "state/ledger_impl.h"

#define LINE_MAX    4096
#define NUMBER_SIZE 8 /* bytes of a number in a digest */

void
ledger_audit_by(struct ledger *l, const struct auditor *by)
{
	l->auditor = by;
}

static void
put_word(struct json *j, const char *key, const char *word)
{
	if (word != NULL && word[0] != '\0')
		jw_put_cstr(j, key, word);
}

static void
write_line(const struct auditor *by, uint64_t number, const struct audit_act *act,
    struct buf *out)
{
	char id[2 * DIGEST_SIZE + 1], when[CIVIL_TEXT_SIZE];
	struct json j;

	civil_format_ms(clock_wall(by->clock), when);
	jw_init(&j, out);
	jw_object(&j);
	jw_put_uint(&j, "number", number);
	jw_put_cstr(&j, "at", when);
	jw_put_cstr(&j, "act", act->act);
	put_word(&j, "feed", act->feed);
	if (act->file != NULL) {
		digest_hex(act->file, id);
		jw_put_cstr(&j, "file", id);
	}
	put_word(&j, "detail", act->detail);
	put_word(&j, "run", by->run);
	jw_put_uint(&j, "uid", by->uid);
	put_word(&j, "sudo_user", by->sudo);
	put_word(&j, "unit", by->unit);
	jw_object_end(&j);
}

struct digest
audit_link(const struct ledger *l, const struct digest *before, uint64_t number,
    struct span line)
{
	unsigned char be[NUMBER_SIZE];
	const struct span parts[] = {
	    {(const char *)before->b, DIGEST_SIZE}, {(const char *)be, sizeof(be)}, line};

	for (size_t i = 0; i < sizeof(be); i++)
		be[i] = (unsigned char)(number >> (56 - 8 * i));
	return digest_parts(&l->keys, KEY_AUDIT, parts, 3);
}

/* The head stands in `meta`. */
static int
head_read(const struct act *a, struct audit_head *out)
{
	struct span value;
	struct reader r;
	int rc = ledger_read(a, TABLE_META, SPAN_LIT("audit"), &value);

	*out = (struct audit_head){.number = 0};
	if (rc != 1)
		return rc;
	r = (struct reader){.in = value};
	out->number = get_u64(&r);
	get_bytes(&r, out->link.b, DIGEST_SIZE);
	return r.bad ? ledger_damaged(a->e, TABLE_META) : 0;
}

static int
head_write(const struct act *a, const struct audit_head *head)
{
	struct buf b;
	int r;

	buf_init(&b, LINE_MAX);
	put_u64(&b, head->number);
	buf_add(&b, head->link.b, DIGEST_SIZE);
	r = ledger_write(a, TABLE_META, SPAN_LIT("audit"), &b);
	buf_release(&b);
	return r;
}

int
audit_append(const struct act *a, const struct audit_act *act)
{
	struct audit_head head;
	struct buf b;
	struct key k;
	int r;

	if (a->ledger->auditor == NULL)
		return 0;
	if (head_read(a, &head) != 0)
		return -1;
	head.number++;
	buf_init(&b, LINE_MAX);
	write_line(a->ledger->auditor, head.number, act, &b);
	head.link = audit_link(a->ledger, &head.link, head.number, buf_span(&b));
	buf_add(&b, head.link.b, DIGEST_SIZE);
	key_init(&k);
	key_u64(&k, head.number);
	r = ledger_write(a, TABLE_AUDIT, key_span(&k), &b);
	buf_release(&b);
	return r == 0 ? head_write(a, &head) : -1;
}

int
ledger_audit_head(struct ledger *l, struct audit_head *out, struct err *e)
{
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = head_read(&a, out);
	act_abort(&a);
	return r;
}

struct audit_walk {
	struct ledger *l;
	int (*fn)(void *arg, const struct audit_line *a);
	void *arg;
	struct audit_head last;
	bool whole;
	struct err *e;
};

static int
line_visit(void *arg, struct span key, struct span value)
{
	struct audit_walk *w = arg;
	struct audit_line line = {.number = key_number(key)};
	struct digest want;

	if (value.n < DIGEST_SIZE)
		return ledger_damaged(w->e, TABLE_AUDIT);
	line.json = (struct span){value.p, value.n - DIGEST_SIZE};
	memcpy(line.link.b, value.p + line.json.n, DIGEST_SIZE);
	want = audit_link(w->l, &w->last.link, line.number, line.json);
	line.good = line.number == w->last.number + 1 && digest_eq(&want, &line.link);
	w->whole &= line.good;
	w->last = (struct audit_head){line.number, line.link};
	return w->fn(w->arg, &line);
}

int
ledger_audit_each(struct ledger *l, int (*fn)(void *arg, const struct audit_line *a),
    void *arg, bool *whole, struct err *e)
{
	struct audit_walk w = {.l = l, .fn = fn, .arg = arg, .whole = true, .e = e};
	struct audit_head head;
	struct act a;
	int r;

	if (act_begin(&a, l, false, e) != 0)
		return -1;
	r = head_read(&a, &head);
	if (r == 0)
		r = act_each(&a, TABLE_AUDIT, (struct span){NULL, 0},
		    &(struct visitor){line_visit, &w});
	act_abort(&a);
	*whole = w.whole && w.last.number == head.number &&
		 digest_eq(&w.last.link, &head.link);
	return r;
}
