#include "cmd/receipt.h"

#include "base/crypto.h"
#include "base/json.h"
#include "cmd/drift.h"

static void
kinds_json(struct json *j, const char *key, const struct warnings *w, size_t n)
{
	jw_key(j, span_of(key));
	jw_array(j);
	for (size_t i = 0; i < n; i++)
		report_problem_json(j, &w[i].first, w[i].n);
	jw_array_end(j);
}

static void
counts_json(struct json *j, const struct file_entry *en)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {{"rows", en->rows}, {"mapped", en->mapped},
	    {"filtered", en->filtered}, {"rejected", en->rejected},
	    {"warnings", en->warnings}, {"records", en->records},
	    {"removals", en->removals}, {"delivered", en->delivered},
	    {"unchanged", en->unchanged}, {"duplicate", en->duplicate},
	    {"stale", en->stale}, {"refused", en->refused}};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		jw_put_uint(j, counts[i].name, counts[i].n);
}

static void
file_json(struct json *j, const struct receipt_facts *r)
{
	const struct file_entry *en = r->entry;
	char id[FILE_ID_HEX_SIZE], sha[2 * SHA256_SIZE + 1];

	digest_hex(&en->id, id);
	hex_encode(en->sha256, SHA256_SIZE, sha);
	jw_put_cstr(j, "schema", "emrdrop-receipt/1");
	jw_put_cstr(j, "feed", en->feed);
	jw_put_cstr(j, "file", id);
	jw_put_cstr(j, "sha256", sha);
	jw_put_uint(j, "bytes", en->size);
	jw_put_int(j, "read_ms", en->read_at);
	jw_put_cstr(j, "verdict", verdict_name(en->verdict));
	if (en->reason[0] != '\0')
		jw_put_cstr(j, "reason", en->reason);
	jw_put_cstr(j, "found", r->found);
	jw_put_cstr(j, "trace", r->trace);
	jw_put_cstr(j, "unit", r->messages ? "message" : "row");
	jw_put_bool(j, "mended", r->mended);
	if (r->taken_at != 0)
		jw_put_int(j, "taken_before_ms", r->taken_at);
	jw_put_bool(j, "reject_file", r->rejects);
}

void
receipt_json(const struct receipt_facts *r, struct buf *out)
{
	const struct problems *p = r->problems;
	struct json j;
	struct err e;

	jw_init(&j, out);
	jw_object(&j);
	file_json(&j, r);
	counts_json(&j, r->entry);
	kinds_json(&j, "reasons", p->reasons, p->nreasons);
	kinds_json(&j, "column_warnings", p->warnings, p->kinds);
	if (r->header != NULL && drift_json(r->header, &j, &e) != 0)
		out->failed = true;
	jw_key(&j, SPAN_LIT("problems"));
	jw_array(&j);
	for (size_t i = 0; i < p->n; i++)
		report_problem_json(&j, &p->v[i], 0);
	jw_array_end(&j);
	jw_put_uint(&j, "more_problems", p->rejected - p->n);
	jw_object_end(&j);
	buf_add_char(out, '\n');
}
