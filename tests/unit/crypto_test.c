#include "base/crypto.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEY_HEX  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char dir[] = "/tmp/crypto_test_XXXXXX";
static char path[64];
static struct err e;

static void
setup(void)
{
	cr_assert_eq(crypto_init(&e), 0);
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/site.key", dir);
}

static void
teardown(void)
{
	unlink(path);
	cr_expect_eq(rmdir(dir), 0, "something was left in %s", dir);
}

TestSuite(crypto, .init = setup, .fini = teardown);

static void
key_write(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
}

static struct site_keys
keys(void)
{
	struct site_keys k;

	key_write(KEY_HEX "\n", 0600);
	cr_assert_eq(site_keys_load(&k, path, false, &e), 0, "%s", e.msg);
	return k;
}

Test(crypto, site_key_is_made_once_whole_and_private)
{
	struct site_keys a, b;
	struct stat st;
	char hex[80];
	ssize_t n;
	int fd;

	cr_assert_eq(site_keys_load(&a, path, true, &e), 0, "%s", e.msg);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_eq(st.st_nlink, 1);
	fd = open(path, O_RDONLY);
	n = read(fd, hex, sizeof(hex));
	close(fd);
	cr_expect_eq(n, 65);
	cr_expect_eq(hex[64], '\n');
	cr_expect_eq(site_keys_load(&b, path, true, &e), 0);
	cr_expect_arr_eq(&a, &b, sizeof(a));
	cr_expect_eq(site_keys_load(&b, path, false, &e), 0);
	cr_expect_arr_eq(&a, &b, sizeof(a));
	site_keys_wipe(&a);
	for (size_t i = 0; i < sizeof(a); i++)
		cr_expect_eq(((unsigned char *)&a)[i], 0);
}

Test(crypto, bad_key_files_are_told)
{
	static const struct {
		const char *text;
		mode_t mode;
		enum err_code code;
		const char *says;
	} cases[] = {
	    {NULL, 0, ERR_LEDGER, "the ledger cannot be read"},
	    {KEY_HEX, 0600, ERR_NONE, NULL},
	    {KEY_HEX "\n", 0400, ERR_NONE, NULL},
	    {KEY_HEX "\n", 0640, ERR_CONFIG, "chmod 0600"},
	    {KEY_HEX "\n", 0604, ERR_CONFIG, "chmod 0600"},
	    {KEY_HEX "\n", 0620, ERR_CONFIG, "chmod 0600"},
	    {"", 0600, ERR_CONFIG, "empty"},
	    {"0123\n", 0600, ERR_CONFIG, "64 hexadecimal digits"},
	    {"x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0600,
		ERR_CONFIG, "64 hexadecimal digits"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct site_keys k;
		int r;

		unlink(path);
		if (cases[i].text != NULL)
			key_write(cases[i].text, cases[i].mode);
		e = (struct err){.code = ERR_NONE};
		r = site_keys_load(&k, path, false, &e);
		cr_expect_eq(r, cases[i].code == ERR_NONE ? 0 : -1, "case %zu", i);
		cr_expect_eq(e.code, cases[i].code, "case %zu: %s", i, e.msg);
		if (cases[i].says != NULL) {
			cr_expect_not_null(strstr(e.msg, cases[i].says), "%s", e.msg);
			cr_expect_not_null(strstr(e.msg, path), "%s", e.msg);
		}
		if (cases[i].text != NULL && strlen(cases[i].text) > 3)
			cr_expect_null(strstr(e.msg, cases[i].text), "%s", e.msg);
	}
}

/* A key that is longer than a key is another file put there by mistake. */
Test(crypto, more_than_a_key_is_no_key)
{
	struct site_keys k;

	key_write(KEY_HEX "00\n", 0600);
	cr_expect_eq(site_keys_load(&k, path, false, &e), -1);
}

/* A run that died while it made the key does not lock the next one out. */
Test(crypto, left_over_temporary_key_is_no_obstacle)
{
	char temp[96];
	struct site_keys k;
	int fd;

	snprintf(temp, sizeof(temp), "%s.new", path);
	fd = open(temp, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_expect_eq(site_keys_load(&k, path, true, &e), 0, "%s", e.msg);
	cr_expect_neq(access(temp, F_OK), 0, "it is left behind");
}

/*
 * From libsodium's documented parts, by hand: the key for use u is
 * crypto_kdf(u + 1, "emrdrop1") of the site key, and a digest SipHash-2-4-128 with it.
 * A change here makes every ledger unreadable.
 */
Test(crypto, digests_never_change)
{
	static const struct {
		enum key_use use;
		const char *hex;
	} cases[] = {
	    {KEY_RECORD, "fcc117739fb2a7596f74631df4ffd359"},
	    {KEY_CONTENT, "57795dfbe7f54b13da4298ab3de9f754"},
	    {KEY_NAME, "f809f0f3fad376b673b9b0fd6fe57ca5"},
	    {KEY_BATCH, "914338f5e46d34654094c51daa734762"},
	    {KEY_CHECK, "5f2b7a667d164127f997279cd68b2dfd"},
	    {KEY_AUDIT, "0fc5d980be17ac06e85d64dde243bd82"},
	    {KEY_HASH, "2f169aaf7be216250f1ed8ab470cbcb5"},
	};
	struct site_keys k = keys();
	char hex[2 * DIGEST_SIZE + 1];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct digest d = digest_bytes(&k, cases[i].use, "abc", 3);

		digest_hex(&d, hex);
		cr_expect_str_eq(hex, cases[i].hex);
	}
	cr_expect_eq((int)KEY_USES, 7);
}

static struct digest
parts_of(const struct site_keys *k, const char *const *texts)
{
	struct span parts[8];
	size_t n = 0;

	for (; texts[n] != NULL; n++)
		parts[n] = span_of(texts[n]);
	return digest_parts(k, KEY_RECORD, parts, n);
}

Test(crypto, no_two_lists_of_parts_collide)
{
	static char longer[300], longest[301];
	const char *lists[][9] = {
	    {NULL}, {"", NULL}, {"", "", NULL}, {"a", NULL}, {"a", "", NULL},
	    {"", "a", NULL}, {"ab", "c", NULL}, {"a", "bc", NULL}, {"abc", NULL},
	    {"a", "b", "c", NULL}, {"1", "2", "3", "4", "5", "6", "7", "8", NULL},
	    {"1", "2", "3", "4", "5", "6", "7", "9", NULL}, {longer, NULL},
	    {longer + 1, NULL}, {longer, "a", NULL}, {longest, NULL},
	    {longer + 43, NULL}, /* 256 bytes */
	    {longer + 42, NULL}, /* 257 bytes */
	};
	struct digest d[COUNT(lists)];
	struct site_keys k = keys();

	memset(longer, 'x', sizeof(longer) - 1);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[299] = 'y';
	for (size_t i = 0; i < COUNT(lists); i++) {
		d[i] = parts_of(&k, lists[i]);
		for (size_t m = 0; m < i; m++)
			cr_expect_not(digest_eq(&d[i], &d[m]), "%zu and %zu", i, m);
	}
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct digest again = parts_of(&k, lists[i]);

		cr_expect(digest_eq(&d[i], &again));
	}
}

Test(crypto, eight_long_parts_fit)
{
	static char text[257];
	struct span parts[8];
	struct site_keys k = keys();
	struct digest a, b;

	memset(text, 'x', 256);
	for (size_t i = 0; i < 8; i++)
		parts[i] = (struct span){text, 256};
	a = digest_parts(&k, KEY_RECORD, parts, 8);
	parts[7].n = 255;
	b = digest_parts(&k, KEY_RECORD, parts, 8);
	cr_expect_not(digest_eq(&a, &b));
}

Test(crypto, seals_open_with_key_and_nonce_alone)
{
	static const char text[] = "MRN-00343166";
	struct site_keys k = keys(), other = k;
	struct digest nonce = digest_bytes(&k, KEY_RECORD, text, 12), wrong = nonce;
	unsigned char a[12 + SEAL_EXTRA], b[12 + SEAL_EXTRA], none[SEAL_EXTRA];
	char open[12] = "";

	seal(&k, &nonce, text, 12, a);
	seal(&k, &nonce, text, 12, b);
	cr_expect_arr_eq(a, b, sizeof(a));
	cr_expect_null(memmem(a, sizeof(a), "00343166", 8));
	cr_expect_eq(unseal(&k, &nonce, a, sizeof(a), open), 0);
	cr_expect_arr_eq(open, text, 12);
	wrong.b[0] ^= 1;
	cr_expect_neq(unseal(&k, &wrong, a, sizeof(a), open), 0);
	other.seal[0] ^= 1;
	cr_expect_neq(unseal(&other, &nonce, a, sizeof(a), open), 0);
	for (size_t i = 0; i < sizeof(a); i++) {
		a[i] ^= 0x80;
		cr_expect_neq(unseal(&k, &nonce, a, sizeof(a), open), 0, "byte %zu", i);
		a[i] ^= 0x80;
	}
	cr_expect_neq(unseal(&k, &nonce, a, sizeof(a) - 1, open), 0);
	seal(&k, &nonce, "", 0, none);
	cr_expect_eq(unseal(&k, &nonce, none, sizeof(none), open), 0);
}

/* FIPS 180-4, examples. */
Test(crypto, sha256_of_a_stream)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	unsigned char out[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sha256 *s = sha256_new(&e);

		cr_assert_not_null(s);
		for (const char *p = cases[i].text; *p != '\0'; p++)
			sha256_add(s, p, 1);
		sha256_end(s, out);
		sha256_free(s);
		hex_encode(out, sizeof(out), hex);
		cr_expect_str_eq(hex, cases[i].hex);
	}
	sha256_free(NULL);
}

Test(crypto, hexadecimal)
{
	static const struct {
		const char *hex;
		int r;
	} cases[] = {{"00ff7a", 0}, {"00FF7a", 0}, {"00ff7", -1}, {"00ff7a0", -1},
	    {"", -1}, {"00ff7g", -1}, {"00 f7a", -1}, {"-0ff7a", -1}};
	unsigned char out[3];
	char hex[7];

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(hex_decode(span_of(cases[i].hex), out, 3), cases[i].r, "%s",
		    cases[i].hex);
	hex_decode(SPAN_LIT("00ff7a"), out, 3);
	cr_expect_arr_eq(out, "\x00\xff\x7a", 3);
	hex_encode(out, 3, hex);
	cr_expect_str_eq(hex, "00ff7a");
	cr_expect_eq(hex_decode((struct span){NULL, 0}, out, 0), 0);
}

Test(crypto, ulids_sort_by_time)
{
	char a[ULID_SIZE], b[ULID_SIZE], c[ULID_SIZE];

	ulid_make(0, a);
	cr_expect_eq(strlen(a), 26);
	cr_expect_arr_eq(a, "0000000000", 10);
	cr_expect_eq(strspn(a, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
	/* The ULID specification's largest time. */
	ulid_make(INT64_C(281474976710655), b);
	cr_expect_arr_eq(b, "7ZZZZZZZZZ", 10);
	/* And its example: 01ARYZ6S41 is 1469918176385. */
	ulid_make(INT64_C(1469918176385), c);
	cr_expect_arr_eq(c, "01ARYZ6S41", 10);
	ulid_make(INT64_C(1469918176385), a);
	cr_expect_str_neq(a, c);
}
