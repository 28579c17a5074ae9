#include "state/pass.h"

#include "tests/unit/ledger_rig.h"
#include "state/pass_impl.h"

TestSuite(pass, .init = rig_init, .fini = rig_release);

Test(pass, opened_once_and_found_again)
{
	struct pass p = rig_pass(3, 17), got, other = rig_pass(3, 1);

	p.mode = PASS_RETRY;
	p.file_at = -7;
	p.counts = (struct pass_counts){1, 2, 3, 4, 5, 6, 7};
	cr_expect_eq(pass_get(l, 3, &got, &e), 0);
	rig_open_pass(&p);
	cr_expect_eq(p.number, 1);
	rig_reopen();
	cr_assert_eq(pass_get(l, 3, &got, &e), 1, "%s", e.msg);
	cr_expect_eq(got.number, 1);
	cr_expect_eq(got.scope, 3);
	cr_expect_str_eq(got.feed, "north");
	cr_expect(digest_eq(&got.file, &p.file));
	cr_expect_arr_eq(got.sha256, p.sha256, SHA256_SIZE);
	cr_expect_eq(got.size, 1234);
	cr_expect_eq(got.clock, 5678);
	cr_expect_eq(got.fingerprint, 42);
	cr_expect_arr_eq(got.changes, p.changes, SHA256_SIZE);
	cr_expect_eq(got.batches, 17);
	cr_expect_not(got.closing);
	cr_expect_eq(got.mode, PASS_RETRY);
	cr_expect_eq(got.file_at, -7);
	cr_expect_arr_eq(&got.counts, &p.counts, sizeof(p.counts));
	cr_expect_eq(pass_get(l, 2, &got, &e), 0);
	cr_expect_eq(pass_open(l, &other, &e), -1);
	cr_expect_eq(e.code, ERR_INTERNAL);
	cr_expect_not_null(strstr(e.msg, "pass 1 of feed north"), "%s", e.msg);
	cr_assert_eq(pass_get(l, 3, &got, &e), 1);
	cr_expect_eq(got.batches, 17, "the open one is as it was");
}

/* Bytes less than there are, before the check. */
struct cut {
	size_t less;
	struct buf b;
};

static int
cut(void *arg, struct span key, struct span value)
{
	struct cut *to = arg;

	buf_add(&to->b, value.p, value.n - 4 - to->less);
	value_check(&l->keys, key, &to->b);
	return 1;
}

/* Without what a retry counted and what was told; and without what formats 1 and 2 lack. */
Test(pass, of_an_older_ledger)
{
	static const size_t less[] = {8 * 8, 8 * 8 + 1 + 8};
	const struct pass_counts none = {0};
	struct pass p = rig_pass(3, 17), got;
	struct key k;

	p.mode = PASS_RETRY;
	p.counts.left = 7;
	rig_open_pass(&p);
	scope_key(&k, 3);
	for (size_t i = 0; i < COUNT(less); i++) {
		struct cut to = {.less = i == 0 ? less[0] : less[1] - less[0]};
		struct txn *t = l->ops->begin(l->store, false, &e);

		buf_init(&to.b, 4096);
		cr_assert_eq(l->ops->each(t, TABLE_PASSES, key_span(&k),
				 &(struct visitor){cut, &to}, &e),
		    0);
		l->ops->abort(t);
		rig_put_raw(TABLE_PASSES, key_span(&k), buf_span(&to.b));
		buf_release(&to.b);
		cr_assert_eq(pass_get(l, 3, &got, &e), 1, "%s", e.msg);
		cr_expect_eq(got.mode, i == 0 ? PASS_RETRY : PASS_RUN);
		cr_expect_eq(got.batches, 17);
		cr_expect_arr_eq(&got.counts, &none, sizeof(none));
	}
}

Test(pass, numbered_by_feed)
{
	static const struct {
		const char *feed;
		uint32_t scope;
		uint64_t number;
	} steps[] = {{"north", 1, 1}, {"north", 1, 2}, {"south", 1, 1}, {"north", 1, 3},
	    {"south", 2, 2}, {"east", 2, 1}};
	struct feed_state f;
	struct merged sum;

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct pass p = rig_pass(steps[i].scope, 0);

		snprintf(p.feed, sizeof(p.feed), "%s", steps[i].feed);
		rig_open_pass(&p);
		cr_expect_eq(p.number, steps[i].number, "step %zu", i);
		cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
		cr_expect_eq(sum.taken + sum.refused + sum.doubtful, 0);
		rig_reopen();
	}
	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0);
	cr_expect_eq(f.next_pass, 4);
	cr_expect_eq(f.scope, 1);
	/* What else is known of the feed is not touched. */
	f.delivered = 99;
	cr_assert_eq(rig_feed_put(&f), 0);
	{
		struct pass p = rig_pass(1, 0);

		rig_open_pass(&p);
		cr_expect_eq(p.number, 4);
	}
	cr_assert_eq(ledger_feed_get(l, "north", &f, &e), 0);
	cr_expect_eq(f.delivered, 99);
}

Test(pass, scopes_do_not_meet)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN};
	struct pass a = rig_pass(1, 1), b = rig_pass(256, 1);
	struct entry one = rig_entry("7", "A", 1), two = rig_entry("7", "B", 2);
	struct merged sum;

	memcpy(b.feed, "south", 6);
	rig_open_pass(&a);
	rig_open_pass(&b);
	rig_intent(&a, 1, &one, 1);
	rig_intent(&b, 1, &two, 1);
	rig_ack(&b, 1, taken, 1);
	cr_assert_eq(pass_close(l, &b, &sum, &e), 0);
	cr_expect_eq(sum.taken, 1);
	cr_expect_not(rig_known(1, "7").found);
	cr_expect(rig_known(256, "7").found);
	rig_ack(&a, 1, taken, 1);
	cr_assert_eq(pass_close(l, &a, &sum, &e), 0);
	cr_expect_eq(sum.taken, 1);
	cr_expect_eq(rig_known(1, "7").at, 1);
	cr_expect_eq(rig_known(256, "7").at, 2);
}

static void
expect_told(const struct pass *p, uint64_t before, uint64_t taken)
{
	struct pass open;
	uint64_t got;

	cr_assert_eq(pass_get(l, p->scope, &open, &e), 1, "%s", e.msg);
	cr_expect_eq(open.told, before);
	cr_assert_eq(pass_tell(l, &open, &got, &e), 0, "%s", e.msg);
	cr_expect_eq(got, taken);
	cr_expect_eq(open.told, before, "that is what earlier runs told");
	rig_reopen();
	cr_assert_eq(pass_get(l, p->scope, &open, &e), 1, "%s", e.msg);
	cr_expect_eq(open.told, taken);
}

/* A run that can't finish a delivery tells what was taken of it, and the next one the rest. */
Test(pass, what_is_told_is_kept)
{
	static const unsigned char first[] = {OUTCOME_TAKEN, OUTCOME_LATER, OUTCOME_NONE},
				   then[] = {OUTCOME_TAKEN, OUTCOME_TAKEN,
				       OUTCOME_REFUSED},
				   halved[] = {OUTCOME_TAKEN,
				       OUTCOME_NONE + 2 * OUTCOME_HALVED, OUTCOME_TAKEN};
	const struct entry entries[] = {
	    rig_entry("1", "A", 1), rig_entry("2", "A", 1), rig_entry("3", "A", 1)};
	struct pass p = rig_pass(1, 2), other = rig_pass(2, 1), gone;
	uint64_t got;

	memcpy(other.feed, "south", 6);
	rig_open_pass(&p);
	rig_open_pass(&other);
	expect_told(&p, 0, 0);
	for (uint64_t batch = 1; batch <= 2; batch++)
		rig_intent(&p, batch, entries, 3);
	rig_intent(&other, 1, entries, 3);
	rig_ack(&other, 1, then, 3);
	rig_ack(&p, 1, first, 3);
	expect_told(&p, 0, 1);
	rig_ack(&p, 1, then, 3);
	rig_ack(&p, 2, halved, 3);
	expect_told(&p, 1, 4);
	gone = p;
	gone.number++;
	cr_expect_eq(pass_tell(l, &gone, &got, &e), -1, "another pass is open");
	cr_expect_eq(e.code, ERR_INTERNAL);
}

static int
ack_of(const struct pass *p, uint64_t batch, struct ack *got, unsigned char *out,
    size_t room)
{
	*got = (struct ack){.batch = batch, .round = 99, .outcomes = out, .n = room};
	return pass_ack(l, p, got, &e);
}

Test(pass, acknowledgements_are_kept_by_batch)
{
	static unsigned char first[] = {OUTCOME_TAKEN, OUTCOME_LATER, OUTCOME_NONE},
			     second[] = {OUTCOME_TAKEN, OUTCOME_REFUSED, OUTCOME_TAKEN};
	const struct entry entries[] = {
	    rig_entry("1", "A", 1), rig_entry("2", "A", 1), rig_entry("3", "A", 1)};
	const struct ack acks[] = {{1, 1, first, 3}, {256, 1, second, 2}};
	struct pass p = rig_pass(1, 256);
	struct intent one = rig_intent_of(&p, 1, entries, 3),
		      other = rig_intent_of(&p, 256, entries, 2);
	const struct intent *in[] = {&one, &other};
	unsigned char out[3];
	struct ack got;

	rig_open_pass(&p);
	cr_expect_eq(ack_of(&p, 1, &got, out, 3), 0);
	rig_step(&p, &(struct pass_step){in, 2, acks, 2});
	intent_release(&one);
	intent_release(&other);
	rig_reopen();
	cr_assert_eq(ack_of(&p, 1, &got, out, 3), 1);
	cr_expect_eq(got.batch, 1);
	cr_expect_eq(got.round, 1);
	cr_expect_eq(got.n, 3);
	cr_expect_eq(got.outcomes, out);
	cr_expect_arr_eq(out, first, 3);
	cr_assert_eq(ack_of(&p, 256, &got, out, 3), 1);
	cr_expect_eq(got.n, 2);
	cr_expect_eq(ack_of(&p, 2, &got, out, 3), 0);
	rig_step(&p, &(struct pass_step){NULL, 0, &(struct ack){1, 2, second, 3}, 1});
	cr_assert_eq(ack_of(&p, 1, &got, out, 3), 1);
	cr_expect_eq(got.round, 2);
	cr_expect_arr_eq(out, second, 3);
	cr_expect_eq(ack_of(&p, 1, &got, out, 2), -1, "there is no room");
	cr_expect_eq(e.code, ERR_LEDGER);
	rig_step(&p, &(struct pass_step){NULL, 0, NULL, 0});
}

/* P5: what is compared with is what stood before the pass, as long as it is open. */
Test(pass, records_change_only_when_it_closes)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN, OUTCOME_TAKEN};
	struct entry entries[] = {rig_entry("1", "A", 10), rig_entry("2", "B", 20)};
	struct pass p = rig_pass(1, 1), got;
	struct merged sum;
	struct known k;

	entries[1].window = 77;
	rig_open_pass(&p);
	rig_intent(&p, 1, entries, 2);
	rig_ack(&p, 1, taken, 2);
	cr_expect_not(rig_known(1, "1").found);
	rig_reopen();
	cr_expect_not(rig_known(1, "1").found);
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0, "%s", e.msg);
	cr_expect_eq(sum.taken, 2);
	cr_expect_eq(sum.refused, 0);
	cr_expect_eq(sum.doubtful, 0);
	cr_expect_eq(pass_get(l, 1, &got, &e), 0);
	k = rig_known(1, "1");
	cr_expect(k.found);
	cr_expect_eq(k.flags, 0);
	cr_expect_eq(k.at, 10);
	cr_expect_eq(k.window, TIME_NONE);
	cr_expect(digest_eq(&k.content, &entries[0].content));
	k = rig_known(1, "2");
	cr_expect_eq(k.at, 20);
	cr_expect_eq(k.window, 77);
	cr_expect_not(rig_known(1, "3").found);
	cr_expect_eq(pass_close(l, &p, &sum, &e), -1, "it is closed already");
	cr_expect_eq(e.code, ERR_INTERNAL);
}

Test(pass, many_are_known_in_one_read)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN, OUTCOME_TAKEN};
	const struct entry entries[] = {rig_entry("1", "A", 1), rig_entry("2", "B", 2)};
	struct lookup it[] = {{rig_key("2"), {.at = 9}},
	    {rig_key("none"), {.found = true}}, {rig_key("1"), {.at = 9}},
	    {rig_key("2"), {.at = 9}}};
	struct pass p = rig_pass(1, 1);
	struct merged sum;

	rig_open_pass(&p);
	rig_intent(&p, 1, entries, 2);
	rig_ack(&p, 1, taken, 2);
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0);
	cr_assert_eq(ledger_known(l, 1, it, COUNT(it), &e), 0);
	cr_expect_eq(it[0].known.at, 2);
	cr_expect_not(it[1].known.found);
	cr_expect_eq(it[2].known.at, 1);
	cr_expect_eq(it[3].known.at, 2);
	cr_assert_eq(ledger_known(l, 1, NULL, 0, &e), 0);
	cr_assert_eq(ledger_known(l, 0, it, COUNT(it), &e), 0);
	cr_expect_not(it[0].known.found, "no record has scope 0");
}

Test(pass, keys_tell_scope_type_id_and_feed_apart)
{
	const struct site_keys *k = ledger_keys(l);
	struct record_key keys[8] = {
	    record_key(k, "north", RECORD_PATIENT, SPAN_LIT("7")),
	    record_key(k, "north", RECORD_PATIENT, SPAN_LIT("07")),
	    record_key(k, "north", RECORD_SLOT, SPAN_LIT("7")),
	    record_key(k, "northe", RECORD_PATIENT, SPAN_LIT("7")),
	    record_key(k, "north", RECORD_PATIENT, SPAN_LIT("")),
	};
	struct record_key again = record_key(k, "north", RECORD_PATIENT, SPAN_LIT("7"));
	struct digest a = patch_section(k, "a"), b = patch_section(k, "b");

	keys[5] = record_key_patch(&keys[0], &a);
	keys[6] = record_key_patch(&keys[0], &b);
	keys[7] = record_key_patch(&keys[1], &a);
	cr_expect(digest_eq(&keys[0].digest, &again.digest));
	cr_expect_eq(keys[2].type, RECORD_SLOT);
	cr_expect_eq(keys[5].type, RECORD_PATIENT);
	for (size_t i = 0; i < COUNT(keys); i++)
		for (size_t m = 0; m < i; m++)
			cr_expect_not(
			    digest_eq(&keys[i].digest, &keys[m].digest), "%zu %zu", i, m);
}

struct sealed_id {
	struct record_key key;
	char id[1100];
	size_t n;
};

/* The record's id out of the raw value, with the key. */
static int
open_id(void *arg, struct span key, struct span value)
{
	struct sealed_id *out = arg;
	struct span sealed;
	struct known k;

	cr_assert_eq(key.n, 4 + 1 + DIGEST_SIZE);
	cr_assert_eq(known_decode(&k, value, &sealed), 0);
	out->n = sealed.n - SEAL_EXTRA;
	cr_assert_eq(
	    unseal(ledger_keys(l), &out->key.digest, sealed.p, sealed.n, out->id), 0);
	return 0;
}

static void
deliver_one(struct entry *en)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN};
	struct pass p = rig_pass(1, 1);
	struct merged sum;

	rig_open_pass(&p);
	rig_intent(&p, 1, en, 1);
	rig_ack(&p, 1, taken, 1);
	cr_assert_eq(pass_close(l, &p, &sum, &e), 0);
}

/* P4: readable with the key, and nowhere in the file without it. */
Test(pass, ids_are_sealed)
{
	static const char id[] = "MRN-000-55-1234";
	struct entry en = rig_entry(id, "Doe, Jane, 1970-01-01", 1);
	struct sealed_id got = {.key = en.key};
	const struct visitor opener = {open_id, &got};
	struct span all = {NULL, 0};
	unsigned char sha[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	struct sha256 *s;
	char *bytes;
	size_t size;

	deliver_one(&en);
	cr_assert_eq(ledger_each(l, TABLE_RECORDS, all, &opener, &e), 0, "%s", e.msg);
	cr_expect_eq(got.n, sizeof(id) - 1);
	cr_expect_arr_eq(got.id, id, sizeof(id) - 1);
	ledger_close(l);
	l = NULL;
	bytes = rig_bytes("ledger.mdb", &size);
	cr_expect_null(memmem(bytes, size, "55-1234", 7));
	cr_expect_null(memmem(bytes, size, "Jane", 4));
	s = sha256_new(&e);
	sha256_add(s, id, sizeof(id) - 1);
	sha256_end(s, sha);
	sha256_free(s);
	hex_encode(sha, sizeof(sha), hex);
	cr_expect_null(memmem(bytes, size, sha, DIGEST_SIZE));
	cr_expect_null(memmem(bytes, size, hex, 32));
	free(bytes);
}

Test(pass, ids_of_any_length)
{
	static char id[5000];
	struct entry en;
	struct sealed_id got;
	const struct visitor opener = {open_id, &got};
	struct span all = {NULL, 0};

	memset(id, 'i', sizeof(id) - 1);
	en = rig_entry(id, "A", 1);
	deliver_one(&en);
	got.key = en.key;
	cr_assert_eq(ledger_each(l, TABLE_RECORDS, all, &opener, &e), 0);
	cr_expect_eq(got.n, 1024);
	cr_expect_arr_eq(got.id, id, 1024);
	cr_expect(rig_known(1, id).found);
	id[4998] = 'j';
	cr_expect_not(rig_known(1, id).found, "the whole id is the key");
}

Test(pass, damaged_values_are_told)
{
	static const unsigned char taken[] = {OUTCOME_TAKEN};
	struct lookup it = {.key = rig_key("1")};
	struct entry en = rig_entry("1", "A", 1);
	struct pass p = rig_pass(1, 1), got;
	unsigned char out[1];
	struct ack a;

	deliver_one(&en);
	rig_open_pass(&p);
	rig_intent(&p, 1, &en, 1);
	rig_ack(&p, 1, taken, 1);
	rig_damage(TABLE_RECORDS, 10);
	cr_expect_eq(ledger_known(l, 1, &it, 1, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	rig_damage(TABLE_ACKS, 6);
	e.code = ERR_NONE;
	cr_expect_eq(ack_of(&p, 1, &a, out, 1), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	rig_damage(TABLE_PASSES, 40);
	e.code = ERR_NONE;
	cr_expect_eq(pass_get(l, 1, &got, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	e.code = ERR_NONE;
	cr_expect_eq(pass_open(l, &p, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
}

/* Values that are whole by their check, but make no sense. */
Test(pass, senseless_values_are_told)
{
	struct lookup it = {.key = rig_key("1")};
	struct pass p = rig_pass(1, 1), got;
	uint64_t taken;
	struct stored s;
	struct key at;
	struct buf b;

	buf_init(&b, 1000);
	put_u8(&b, 0);
	record_ledger_key(&at, 1, &it.key);
	cr_assert_eq(ledger_write_one(l, TABLE_RECORDS, key_span(&at), &b, &e), 0);
	cr_expect_eq(ledger_known(l, 1, &it, 1, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	buf_clear(&b);
	put_u64(&b, 1);
	put_text(&b,
	    SPAN_LIT(
		"a-feed-with-a-name-that-is-longer-than-the-64-bytes-which-a-name-may-have"));
	for (int i = 0; i < 30; i++)
		put_u64(&b, 0);
	scope_key(&at, 1);
	cr_assert_eq(ledger_write_one(l, TABLE_PASSES, key_span(&at), &b, &e), 0);
	e.code = ERR_NONE;
	cr_expect_eq(pass_get(l, 1, &got, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	buf_clear(&b);
	put_u64(&b, 1);
	cr_assert_eq(ledger_write_one(l, TABLE_FEEDS, SPAN_LIT("north"), &b, &e), 0);
	p.scope = 2;
	e.code = ERR_NONE;
	cr_expect_eq(pass_open(l, &p, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	buf_clear(&b);
	put_u8(&b, 0);
	scope_key(&at, 2);
	cr_assert_eq(ledger_write_one(l, TABLE_ACKS, key_span(&at), &b, &e), 0);
	e.code = ERR_NONE;
	cr_expect_eq(pass_tell(l, &p, &taken, &e), -1);
	cr_expect_eq(e.code, ERR_LEDGER);
	/* An intent: its count, the offset of each entry, the entries. */
	buf_clear(&b);
	put_u32(&b, 2);
	put_u32(&b, 12);
	put_u32(&b, 9999);
	cr_expect_eq(intent_entry(buf_span(&b), 0, &s), -1);
	cr_expect_eq(intent_entry(buf_span(&b), 1, &s), -1);
	cr_expect_eq(intent_entry(buf_span(&b), 2, &s), -1);
	b.n = 8;
	cr_expect_eq(intent_entry(buf_span(&b), 0, &s), -1);
	b.n = 3;
	cr_expect_eq(intent_entry(buf_span(&b), 0, &s), -1);
	buf_release(&b);
}
