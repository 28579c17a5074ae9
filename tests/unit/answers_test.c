/* Answers to the clinic that wait beside the ledger: kept whole, or not at all. */
#include "state/answers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[32];
static struct err e;

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/answers_test_XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}

static void
teardown(void)
{
	static const char *const files[] = {"answers/north/a", "answers/north/.a",
	    "answers/north/b", "answers/north/link", "answers/north", "answers/south",
	    "answers"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		remove(path_of(files[i]));
	rmdir(dir);
}

TestSuite(answers, .init = setup, .fini = teardown);

static void
keep(const char *name, const char *text)
{
	struct answer *a = answer_new(
	    &(struct answer_place){dir, "north", ANSWERS_TO_GIVE}, name, &e);
	bool older = answer_kept(dir, "north", name);

	cr_assert_not_null(a, "%s", e.msg);
	cr_assert_eq(answer_add(a, span_of(text), &e), 0, "%s", e.msg);
	cr_expect_eq(answer_kept(dir, "north", name), older, "it is not whole yet");
	cr_assert_eq(answer_keep(a, &e), 0, "%s", e.msg);
	answer_free(a);
	cr_expect(answer_kept(dir, "north", name));
}

static void
expect_io(const char *what)
{
	cr_expect_eq(e.code, ERR_IO, "%s", what);
	cr_expect_not_null(strstr(e.msg, "the folder of answers"), "%s", e.msg);
	e.code = ERR_NONE;
}

/* What is shown of an answer, and what the walk does then. */
struct taker {
	char text[100];
	int result;
};

static int
take(void *arg, const char *name, int fd, struct err *err)
{
	struct taker *t = arg;
	char bytes[32];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	size_t at = strlen(t->text);

	cr_assert_geq(n, 0);
	snprintf(t->text + at, sizeof(t->text) - at, "%s=%.*s;", name, (int)n, bytes);
	if (t->result < 0)
		err_set(err, ERR_DEADLINE, "no time");
	return t->result;
}

Test(answers, are_given_once)
{
	struct taker t = {.result = 1};

	keep("a", "one");
	cr_assert_eq(answers_each(dir, "north", take, &t, &e), 0);
	cr_expect_str_eq(t.text, "a=one;");
	cr_expect(answer_kept(dir, "north", "a"), "it could not be given");
	t = (struct taker){.result = -1};
	cr_expect_eq(answers_each(dir, "north", take, &t, &e), -1);
	cr_expect_eq(e.code, ERR_DEADLINE);
	cr_expect(answer_kept(dir, "north", "a"));
	keep("a", "another");
	t = (struct taker){.result = 0};
	cr_assert_eq(answers_each(dir, "north", take, &t, &e), 0);
	cr_expect_str_eq(t.text, "a=another;");
	cr_expect_not(answer_kept(dir, "north", "a"));
	cr_assert_eq(answers_each(dir, "north", take, &t, &e), 0);
	cr_expect_str_eq(t.text, "a=another;", "there is none any more");
}

/* One that can't be given holds up no other, unless none can be. */
Test(answers, one_that_is_left_is_one)
{
	struct taker t = {.result = 1};

	keep("a", "1");
	keep("b", "2");
	cr_assert_eq(answers_each(dir, "north", take, &t, &e), 0);
	cr_expect_eq(strlen(t.text), strlen("a=1;b=2;"), "%s", t.text);
	t = (struct taker){.result = 2};
	cr_assert_eq(answers_each(dir, "north", take, &t, &e), 0);
	cr_expect_eq(strlen(t.text), strlen("a=1;"), "%s", t.text);
	cr_expect(answer_kept(dir, "north", "a") && answer_kept(dir, "north", "b"));
}

Test(answers, what_is_not_kept_leaves_nothing)
{
	struct answer *a = answer_new(
	    &(struct answer_place){dir, "north", ANSWERS_TO_GIVE}, "a", &e);
	struct taker t = {.result = 0};

	cr_assert_not_null(a);
	cr_assert_eq(answer_add(a, SPAN_LIT("half"), &e), 0);
	cr_expect_eq(access(path_of("answers/north/.a"), F_OK), 0);
	cr_assert_eq(answers_each(dir, "north", take, &t, &e), 0);
	cr_expect_str_empty(t.text, "one in progress is none");
	answer_free(a);
	answer_free(NULL);
	cr_expect_neq(access(path_of("answers/north/.a"), F_OK), 0);
	cr_expect_not(answer_kept(dir, "north", "a"));
}

/* Nothing is written where a link leads, and nothing read. */
Test(answers, links_are_not_followed)
{
	struct taker t = {.result = 0};

	keep("b", "b");
	cr_assert_eq(symlink("../../elsewhere", path_of("answers/north/.a")), 0);
	cr_expect_null(
	    answer_new(&(struct answer_place){dir, "north", ANSWERS_TO_GIVE}, "a", &e));
	expect_io("written");
	cr_expect_neq(access(path_of("elsewhere"), F_OK), 0);
	unlink(path_of("answers/north/.a"));
	unlink(path_of("answers/north/b"));
	cr_assert_eq(symlink("/dev/null", path_of("answers/north/link")), 0);
	cr_expect_eq(answers_each(dir, "north", take, &t, &e), -1);
	expect_io("read");
	cr_expect_str_empty(t.text);
}

static int
refuse(void *arg, const char *feed, const char *name)
{
	cr_expect_str_eq(feed, "north");
	snprintf(arg, 16, "%s", name);
	return 7;
}

/* What is in the way of a folder is told; that there is none yet is not. */
Test(answers, what_stands_in_the_way)
{
	struct taker t = {.result = 0};
	char seen[16] = "";
	FILE *f;

	cr_expect_eq(answers_names(dir, NULL, refuse, seen, &e), 0, "%s", e.msg);
	cr_expect_null(answer_new(
	    &(struct answer_place){"/nonexistent", "north", ANSWERS_TO_GIVE}, "a", &e));
	expect_io("no folder");
	cr_expect_eq(answers_each("/nonexistent", "north", take, &t, &e), -1);
	expect_io("no folder");
	keep("a", "one");
	cr_expect_eq(answers_names(dir, NULL, refuse, seen, &e), 7, "what it returned");
	cr_expect_str_eq(seen, "a");
	unlink(path_of("answers/north/a"));
	f = fopen(path_of("answers/south"), "w");
	cr_assert_not_null(f);
	fclose(f);
	cr_expect_null(
	    answer_new(&(struct answer_place){dir, "south", ANSWERS_TO_GIVE}, "a", &e));
	expect_io("a file for a folder");
	cr_expect_eq(answers_names(dir, NULL, refuse, seen, &e), -1);
	expect_io("a file for a folder");
	rmdir(path_of("answers/north"));
	unlink(path_of("answers/south"));
	rmdir(path_of("answers"));
	f = fopen(path_of("answers"), "w");
	cr_assert_not_null(f);
	fclose(f);
	cr_expect_eq(answers_each(dir, "north", take, &t, &e), -1);
	expect_io("a file for all of them");
	unlink(path_of("answers"));
}

/* Such as a full disk. */
Test(answers, what_can_not_be_written)
{
	struct answer *a = answer_new(
	    &(struct answer_place){dir, "north", ANSWERS_TO_GIVE}, "a", &e);

	cr_assert_not_null(a);
	unlink(path_of("answers/north/.a"));
	cr_expect_eq(answer_keep(a, &e), -1);
	expect_io("its file is gone");
	answer_free(a);
	cr_expect_not(answer_kept(dir, "north", "a"));
}
