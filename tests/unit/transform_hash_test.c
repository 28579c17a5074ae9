#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/transform_rig.h"

TestSuite(transform_hash, .init = rig_setup, .fini = rig_teardown);

static struct site_keys
keys_of(const char *hex)
{
	char path[] = "/tmp/hash_test_XXXXXX";
	int fd = mkstemp(path);
	struct site_keys k;
	struct err e = {0};

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, hex, strlen(hex)), (ssize_t)strlen(hex));
	close(fd);
	cr_assert_eq(crypto_init(&e), 0);
	cr_assert_eq(site_keys_load(&k, path, false, &e), 0, "%s", e.msg);
	unlink(path);
	return k;
}

/*
 * BLAKE2b's key 7 of the site key 00 01 .. 1f, and SipHash-2-4-128 with it over source
 * and value, each behind its length in 8 bytes: reckoned in Python.
 */
Test(transform_hash, is_keyed_and_stable)
{
	static const struct row of_northside[] = {
	    {"hash", "00343166", "35cb84a060e878f30c830cbc913d231f", PROBLEM_NONE},
	    {"hash", "", "", PROBLEM_NONE},
	};
	static const struct row of_nobody[] = {
	    {"hash", "00343166", "e9080a5303328f80d5d421213bd9ddb0", PROBLEM_NONE},
	    {"hash", "343166", "36ea7b08b1e061baac209fc1cd34dca6", PROBLEM_NONE},
	};
	static const struct row without[] = {{"hash", "00343166", NULL, PROBLEM_NO_KEY}};
	struct site_keys k = keys_of(
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");

	check(&without[0]);
	run.keys = &k;
	for (size_t i = 0; i < COUNT(of_nobody); i++)
		check(&of_nobody[i]);
	kit.source = SPAN_LIT("northside");
	for (size_t i = 0; i < COUNT(of_northside); i++)
		check(&of_northside[i]);
}

Test(transform_hash, another_key_gives_another_text)
{
	struct site_keys k = keys_of(
	    "100102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
	struct text t = {.s = SPAN_LIT("00343166")};
	struct err e = {0};
	struct step *st = compile("hash", &e);

	run.keys = &k;
	cr_assert_eq(st->transform->apply(st->data, &run, &t), PROBLEM_NONE);
	cr_expect_eq(t.s.n, 32);
	cr_expect_not(span_eq(t.s, SPAN_LIT("e9080a5303328f80d5d421213bd9ddb0")));
}
