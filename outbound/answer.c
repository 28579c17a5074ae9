#include "outbound/answer.h"

#include <jansson.h>
#include <string.h>

/*
 * More values in the text than `max`? Counted before the parser sees it: a value
 * of two bytes costs jansson forty.
 */
static bool
too_many_values(struct span s, size_t max)
{
	size_t values = 1, i;
	bool quoted = false;

	for (i = 0; i < s.n && values <= max; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && (s.p[i] == ',' || s.p[i] == '[' || s.p[i] == '{'))
			values++;
	}
	return values > max;
}

/* Some frameworks put a byte order mark in front of what they write. */
static struct span
unmarked(struct span s)
{
	bool marked = s.n >= 3 && memcmp(s.p, "\xEF\xBB\xBF", 3) == 0;

	return marked ? (struct span){s.p + 3, s.n - 3} : s;
}

static char
first_char(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (strchr(" \t\r\n", s.p[i]) == NULL)
			return s.p[i];
	return '\0';
}

static json_t *
parse(struct span body, size_t n)
{
	if (too_many_values(body, ANSWER_VALUES_BASE + n * ANSWER_VALUES_RECORD))
		return NULL;
	return json_loadb(body.p, body.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

void
answer_code(struct record_result *result, struct span code)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t i;

	result->code[0] = '\0';
	if (code.n == 0 || code.n >= sizeof(result->code))
		return;
	for (i = 0; i < code.n; i++)
		if (code.p[i] == '\0' || strchr(allowed, code.p[i]) == NULL)
			return;
	memcpy(result->code, code.p, code.n);
	result->code[code.n] = '\0';
}

static void
set_code(struct record_result *result, const json_t *object)
{
	const json_t *code = json_object_get(object, "code");

	answer_code(
	    result, (struct span){json_string_value(code), json_string_length(code)});
}

/* The record's index, or n. Numbers are mostly dense, so that the first look finds it. */
static size_t
find(const struct batch_record *records, size_t n, uint64_t number)
{
	uint64_t guess = n > 0 ? number - records[0].n : 0;
	size_t i;

	if (guess < n && records[guess].n == number)
		return (size_t)guess;
	for (i = 0; i < n && records[i].n != number; i++)
		;
	return i;
}

/* One member of "results"; NULL, or what is wrong with it. */
static const char *
read_result(const json_t *item, const struct answer_scope *scope)
{
	const json_t *number = json_object_get(item, "n");
	const json_t *text = json_object_get(item, "status");
	struct span status = {json_string_value(text), json_string_length(text)};
	struct record_result *result;
	size_t i;

	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
	    status.p == NULL)
		return "an entry of results without n or status";
	i = find(scope->records, scope->n, (uint64_t)json_integer_value(number));
	if (i == scope->n)
		return "a result for a record that is not in the batch";
	result = &scope->results[i];
	if (result->taken != TAKEN)
		return "two results for one record";
	if (span_eq(status, SPAN_LIT("refused")))
		result->taken = TAKEN_REFUSED;
	else if (span_eq(status, SPAN_LIT("later")))
		result->taken = TAKEN_LATER;
	else
		return "a result whose status is neither refused nor later";
	set_code(result, item);
	return NULL;
}

static int
read_results(const json_t *list, const struct answer_scope *scope, struct err *e)
{
	const char *wrong = NULL;
	size_t i, named;

	if (!json_is_array(list))
		return err_set(e, ERR_API, "with results that are no list");
	named = json_array_size(list);
	for (i = 0; i < named && wrong == NULL; i++)
		wrong = read_result(json_array_get(list, i), scope);
	if (wrong != NULL)
		return err_set(e, ERR_API, "with %s", wrong);
	return (int)named;
}

bool
answer_is_page(struct span body)
{
	return first_char(unmarked(body)) == '<';
}

int
answer_read(struct span body, bool json, const struct answer_scope *scope, struct err *e)
{
	json_t *root, *list;
	char first;
	int named;

	body = unmarked(body);
	first = first_char(body);
	memset(scope->results, 0, scope->n * sizeof(scope->results[0]));
	if (first == '<')
		return err_set(e, ERR_API, "with a web page instead of an answer");
	if (first == '\0' || (!json && first != '{'))
		return 0;
	root = parse(body, scope->n);
	if (root == NULL)
		return err_set(e, ERR_API, "with a body that is no valid JSON, or cut");
	list = json_object_get(root, "results");
	named = list == NULL ? 0 : read_results(list, scope, e);
	json_decref(root);
	return named;
}

void
answer_refusal(struct span body, struct record_result *result)
{
	json_t *root = parse(unmarked(body), 1);

	*result = (struct record_result){.taken = TAKEN_REFUSED};
	if (root != NULL)
		set_code(result, root);
	json_decref(root);
}
