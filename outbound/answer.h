/*
 * Reads what an API says about a batch it took: which records it refuses, and
 * which it wants later. The API's own message is never kept: it may quote the
 * record.
 */
#ifndef OUTBOUND_ANSWER_H
#define OUTBOUND_ANSWER_H

#include "outbound/target.h"

/* JSON values in an answer: what jansson allocates for stays bounded. */
#define ANSWER_VALUES_BASE   1024
#define ANSWER_VALUES_RECORD 32 /* more for each record of the batch */

/* Records that were sent, and what became of them; all borrowed. */
struct answer_scope {
	const struct batch_record *records;
	size_t n;
	struct record_result *results;
};

/*
 * Fills scope->results from the body of an answer. `json`: its content type announces
 * JSON. Returns the number of records that the body names; the others are TAKEN. -1
 * with ERR_API, the message a phrase to stand behind "answered HTTP 200": the body
 * makes no sense (bad JSON where JSON is announced or begun, a web page, a record that
 * was not sent, one named twice, an unknown status), and counts as no answer at all.
 */
int answer_read(
    struct span body, bool json, const struct answer_scope *scope, struct err *e);

/* Is it a page for people? */
bool answer_is_page(struct span body);

/* Copies an API's code if it is [a-z0-9_.-]{1,63}, else leaves it empty. */
void answer_code(struct record_result *result, struct span code);

/*
 * A record that stood alone is refused; the code is that of a lone JSON object, as an
 * API gives it with a 4xx.
 */
void answer_refusal(struct span body, struct record_result *result);

#endif
