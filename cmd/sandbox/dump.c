#include "cmd/sandbox/dump.h"

#include <stdlib.h>

void
dump_json(struct buf *out, json_t *v)
{
	char *text = v ? json_dumps(v, JSON_COMPACT) : NULL;

	if (text)
		buf_add_str(out, text);
	else
		buf_no_memory(out);
	free(text);
	json_decref(v);
}
