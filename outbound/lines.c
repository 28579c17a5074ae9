#include "outbound/lines.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/curl_lib.h"

struct api_lines {
	struct curl_lib curl;
	CURLM *multi;
	bool loaded;
	bool global; /* curl_global_cleanup is due */
};

struct api_lines *
api_lines_new(struct err *e)
{
	struct api_lines *l = calloc(1, sizeof(*l));

	if (l == NULL)
		err_nomem(e);
	return l;
}

void
api_lines_free(struct api_lines *l)
{
	if (l == NULL)
		return;
	if (l->multi != NULL)
		l->curl.curl_multi_cleanup(l->multi);
	if (l->global)
		l->curl.curl_global_cleanup();
	free(l);
}

int
api_lines_start(
    struct api_lines *l, const struct curl_lib **curl, void **multi, struct err *e)
{
	if (!l->loaded && curl_lib_load(&l->curl, e) < 0)
		return -1;
	l->loaded = true;
	if (!l->global)
		l->global = l->curl.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (l->global && l->multi == NULL)
		l->multi = l->curl.curl_multi_init();
	if (l->multi == NULL)
		return err_nomem(e);
	*curl = &l->curl;
	*multi = l->multi;
	return 0;
}
