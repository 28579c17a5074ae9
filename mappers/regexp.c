#include "mappers/regexp.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* (a+)+$ on a hostile cell ends after 2 ms with it, after 160 ms without. */
#define REGEXP_MATCH_LIMIT 100000
#define REGEXP_DEPTH_LIMIT 10000
#define REGEXP_HEAP_KIB    1024

struct regexp {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct regexp *
regexp_new(struct span pattern, struct err *e)
{
	struct regexp *r = calloc(1, sizeof(*r));
	unsigned char why[128] = "";
	PCRE2_SIZE at;
	int code;

	if (r == NULL)
		return err_nomem(e), NULL;
	r->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n,
	    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (r->code == NULL) {
		pcre2_get_error_message(code, why, sizeof(why));
		err_set(e, ERR_CONFIG,
		    "the regular expression is wrong at its character %zu: %s",
		    (size_t)at + 1, (const char *)why);
		goto fail;
	}
	r->data = pcre2_match_data_create_from_pattern(r->code, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (r->data == NULL || r->limits == NULL) {
		err_nomem(e);
		goto fail;
	}
	pcre2_set_match_limit(r->limits, REGEXP_MATCH_LIMIT);
	pcre2_set_depth_limit(r->limits, REGEXP_DEPTH_LIMIT);
	pcre2_set_heap_limit(r->limits, REGEXP_HEAP_KIB);
	(void)pcre2_jit_compile(
	    r->code, PCRE2_JIT_COMPLETE); /* without it: only slower */
	return r;
fail:
	regexp_free(r);
	return NULL;
}

/* As other languages write a group; here it would be text. */
static bool
has_backslash_group(struct span s)
{
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == '\\' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9')
			return true;
	return false;
}

/* PCRE2 looks at it when there is a match: an empty branch in front makes one. */
int
regexp_check(struct span pattern, struct span with, struct err *e)
{
	unsigned char why[128] = "", *text;
	PCRE2_SIZE n = with.n + 1;
	pcre2_code *code;
	int ret = 0;

	if (has_backslash_group(with))
		return err_set(e, ERR_CONFIG, "a group is written $1, not \\1");
	if ((text = malloc(1 + pattern.n + 1 + with.n)) == NULL)
		return err_nomem(e);
	text[0] = '|';
	memcpy(text + 1, pattern.p, pattern.n);
	code = pcre2_compile(text, 1 + pattern.n, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C,
	    &ret, &(PCRE2_SIZE){0}, NULL);
	/* (*VERBS) must come first, so such a one is not tried. */
	ret = code == NULL ? 0
			   : pcre2_substitute(code, (PCRE2_SPTR) "", 0, 0,
				 PCRE2_SUBSTITUTE_UNSET_EMPTY, NULL, NULL,
				 (PCRE2_SPTR)(with.n > 0 ? with.p : ""), with.n,
				 text + 1 + pattern.n, &n);
	pcre2_code_free(code);
	free(text);
	if (ret >= 0)
		return 0;
	pcre2_get_error_message(ret, why, sizeof(why));
	return err_set(e, ERR_CONFIG, "\"%.*s\" can't replace it: %s", (int)with.n,
	    with.n > 0 ? with.p : "", (const char *)why);
}

void
regexp_free(struct regexp *r)
{
	if (r == NULL)
		return;
	pcre2_match_context_free(r->limits);
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	free(r);
}

int
regexp_match(struct regexp *r, struct span text)
{
	int ret = pcre2_match(r->code, (PCRE2_SPTR)(text.n > 0 ? text.p : ""), text.n, 0,
	    PCRE2_NO_UTF_CHECK, r->data, r->limits);

	if (ret == PCRE2_ERROR_NOMATCH)
		return 0;
	return ret < 0 ? -1 : 1;
}

int
regexp_extract(struct regexp *r, struct span text, struct span *out)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->data);
	size_t group = pcre2_get_ovector_count(r->data) > 1 ? 1 : 0;
	int ret = regexp_match(r, text);

	if (ret != 1)
		return ret;
	/* A group that took no part in the match has found nothing. */
	*out = (struct span){text.p, 0};
	if (at[2 * group] != PCRE2_UNSET && at[2 * group] <= at[2 * group + 1])
		*out = (struct span){
		    text.p + at[2 * group], at[2 * group + 1] - at[2 * group]};
	return 1;
}

int
regexp_replace(struct regexp *r, struct span text, struct span with, char *out, size_t *n)
{
	PCRE2_SIZE size = *n;
	int ret = pcre2_substitute(r->code, (PCRE2_SPTR)text.p, text.n, 0,
	    PCRE2_NO_UTF_CHECK | PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_UNSET_EMPTY,
	    r->data, r->limits, (PCRE2_SPTR)with.p, with.n, (PCRE2_UCHAR *)out, &size);

	if (ret < 0)
		return -1;
	*n = size;
	return ret > 0;
}
