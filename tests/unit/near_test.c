/* What a misspelt word was meant to be. */
#include <criterion/criterion.h>

#include "base/near.h"

static const char *const words[] = {
    "code", "date", "datetime", "phone", "email", "language", "a", NULL};

static const struct {
	const char *word, *want;
} cases[] = {
    {"cod", "; did you mean code?"},
    {"daet", "; did you mean date?"},
    {"dattime", "; did you mean datetime?"},
    {"LANGAUGE", "; did you mean language?"},
    {"emial", "; did you mean email?"},
    {"languages in all", ""},
    {"xyz", ""},
    {"", ""},
    /* The first of those that are equally near. */
    {"coate", "; did you mean code?"},
};

Test(near, offers_what_was_meant)
{
	char hint[NEAR_HINT_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(near_hint_of(span_of(cases[i].word), words, hint),
		    cases[i].want, "%s: %s", cases[i].word, hint);
}

Test(near, nothing_beside_a_word_that_is_right)
{
	struct near n;

	near_start(&n, SPAN_LIT("date"));
	near_try(&n, SPAN_LIT("date"));
	near_try(&n, SPAN_LIT("data"));
	cr_expect(span_eq(n.found, SPAN_LIT("date")));
}
