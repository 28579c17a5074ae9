#include "outbound/lines.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>

struct api_lines {
	CURLM *multi;
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
		curl_multi_cleanup(l->multi);
	if (l->global)
		curl_global_cleanup();
	free(l);
}

void *
api_lines_multi(struct api_lines *l, struct err *e)
{
	if (!l->global)
		l->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	if (l->global && l->multi == NULL)
		l->multi = curl_multi_init();
	if (l->multi == NULL)
		err_nomem(e);
	return l->multi;
}
