/*
 * What the libraries cost alone.
 *
 *   floor csv FILE                     libcsv over a local file, empty callbacks
 *   floor post URL CA BYTES BATCHES    that many bytes in that many POSTs, one connection
 */
#include <csv.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK (256 * 1024)

static void
on_cell(void *cell, size_t n, void *arg)
{
	(void)cell;
	(void)n;
	(void)arg;
}

static void
on_row(int end, void *arg)
{
	(void)end;
	(*(unsigned long *)arg)++;
}

static int
parse(const char *path)
{
	static char chunk[CHUNK];
	unsigned long rows = 0;
	struct csv_parser p;
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL ||
	    csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
		return 74;
	csv_set_blk_size(&p, 64 * 1024);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		if (csv_parse(&p, chunk, n, on_cell, on_row, &rows) != n)
			return 65;
	csv_fini(&p, on_cell, on_row, &rows);
	csv_free(&p);
	fclose(f);
	printf("%lu\n", rows);
	return 0;
}

static size_t
discard(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

/* A body that the receiver takes for a batch without records, blown up by blanks. */
static char *
make_body(size_t n)
{
	static const char head[] =
	    "{\"schema\":\"emrdrop/1\",\"feed\":\"floor\",\"file\":{},"
	    "\"pass\":1,\"batch\":\"0\",\"records\":[";
	char *body = malloc(n + sizeof(head) + 2);

	if (body == NULL)
		return NULL;
	memset(body, ' ', n + sizeof(head) + 2);
	memcpy(body, head, sizeof(head) - 1);
	memcpy(body + n - 2, "]}", 3);
	return body;
}

static int
post_all(CURL *h, const char *body, size_t n, unsigned long batches)
{
	struct curl_slist *headers;
	char key[64];
	long status;
	CURLcode rc;

	for (unsigned long i = 0; i < batches; i++) {
		snprintf(key, sizeof(key), "Idempotency-Key: %032lx", i);
		headers = curl_slist_append(NULL, key);
		headers = curl_slist_append(headers, "Content-Type: application/json");
		headers = curl_slist_append(headers, "Expect:");
		curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)n);
		rc = curl_easy_perform(h);
		curl_slist_free_all(headers);
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
		if (rc != CURLE_OK || status / 100 != 2) {
			fprintf(stderr, "floor: %s, status %ld\n", curl_easy_strerror(rc),
			    status);
			return 69;
		}
	}
	return 0;
}

static int
post(char **argv)
{
	unsigned long long bytes = strtoull(argv[4], NULL, 10);
	unsigned long batches = strtoul(argv[5], NULL, 10);
	size_t n = batches == 0 ? 0 : (size_t)(bytes / batches);
	CURL *h = curl_easy_init();
	char *body = make_body(n < 1024 ? 1024 : n);
	const char *token = getenv("BENCH_TOKEN");
	int rc;

	if (h == NULL || body == NULL)
		return 74;
	curl_easy_setopt(h, CURLOPT_URL, argv[2]);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_CAINFO, argv[3]);
	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, discard);
	if (token != NULL) {
		curl_easy_setopt(h, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER, token);
	}
	rc = post_all(h, body, strlen(body), batches);
	curl_easy_cleanup(h);
	free(body);
	return rc;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "csv") == 0)
		return parse(argv[2]);
	if (argc == 6 && strcmp(argv[1], "post") == 0)
		return post(argv);
	fputs("usage: floor csv FILE | floor post URL CA BYTES BATCHES\n", stderr);
	return 64;
}
