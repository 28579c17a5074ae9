#include <string.h>

#include "base/crypto.h"
#include "mappers/transform_list.h"

#define HEX_SIZE (2 * DIGEST_SIZE + 1)

int
hash_compile(struct kit *k, struct step *st, struct err *e)
{
	(void)e;
	st->data = &k->source;
	return 0;
}

/*
 * A digest under the site's key: the same text of the same source gives the same each
 * time, and without the key nobody can try out which text it was.
 */
enum problem_code
hash_apply(const void *data, struct run *r, struct text *t)
{
	const struct span parts[] = {*(const struct span *)data, t->s};
	struct digest d;
	char *to;

	if (r->keys == NULL)
		return PROBLEM_NO_KEY;
	if ((to = run_bytes(r, HEX_SIZE)) == NULL)
		return PROBLEM_LIMIT;
	d = digest_parts(r->keys, KEY_HASH, parts, 2);
	digest_hex(&d, to);
	*t = (struct text){.s = {to, HEX_SIZE - 1}};
	return PROBLEM_NONE;
}
