/* The shapes of AWS's events, as its documentation has them. */
#include <string.h>

#include "base/crypto.h"
#include "pollers/event_impl.h"

#define PATH_MAX_BYTES 2048 /* a bucket's name and a key of 1,024 bytes, with room */
#define AT(...)        ((const char *const[]){__VA_ARGS__, NULL})

static bool
is_text(const json_t *o, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL && strcmp(s, value) == 0;
}

/* In place, as form data is: notifications of S3 have their keys so. */
static bool
decode_key(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++, to++) {
		*to = *s == '+' ? ' ' : *s;
		if (*s != '%')
			continue;
		if (hex_decode((struct span){s + 1, strnlen(s + 1, 2)}, to, 1) != 0 ||
		    *to == '\0')
			return false;
		s += 2;
	}
	*to = '\0';
	return true;
}

static int
add_object(
    const struct event_place *at, const char *bucket, const char *key, bool encoded)
{
	char path[PATH_MAX_BYTES];
	size_t n = bucket == NULL ? 0 : strlen(bucket);

	if (bucket == NULL || key == NULL)
		return event_fault(at, "it names no bucket and key");
	if (n + 1 + strlen(key) >= sizeof(path))
		return event_fault(at, "its key is too long");
	memcpy(path, bucket, n);
	path[n] = '/';
	memcpy(path + n + 1, key, strlen(key) + 1);
	if (encoded && !decode_key(path + n + 1))
		return event_fault(at, "its key is not encoded as S3 does");
	return event_hint_add(at, &(struct event_hint){.path = path});
}

/* What was made is looked at; what was removed, restored or tagged is not. */
static int
read_s3_record(const struct event_place *at, const json_t *o)
{
	const char *name = json_string_value(json_object_get(o, "eventName"));

	if (name == NULL)
		return event_fault(at, "it has no eventName");
	if (strncmp(name, "ObjectCreated:", 14) != 0 &&
	    strncmp(name, "s3:ObjectCreated:", 17) != 0)
		return 0;
	return add_object(at, event_text(o, AT("s3", "bucket", "name")),
	    event_text(o, AT("s3", "object", "key")), true);
}

static int
read_sqs_record(const struct event_place *at, const json_t *o)
{
	const char *id = json_string_value(json_object_get(o, "messageId"));
	const char *trace = event_text(
	    o, AT("messageAttributes", "traceparent", "stringValue"));
	struct event_place item;

	at->event->answered = true;
	if (id == NULL || id[0] == '\0')
		return event_fault(at, "a record has no messageId");
	if (event_item_add(at, id, &item) != 0 ||
	    event_nested(&item, json_object_get(o, "body")) != 0)
		return -1;
	if (trace == NULL || !event_traceparent_ok(span_of(trace)))
		return 0;
	at->event->items[item.item].traceparent = arena_str(&at->event->arena, trace);
	return at->event->items[item.item].traceparent == NULL ? -1 : 0;
}

static int
read_sns_record(const struct event_place *at, const json_t *o)
{
	return event_nested(at, json_object_get(json_object_get(o, "Sns"), "Message"));
}

static bool
is_records(const json_t *o)
{
	return json_is_array(json_object_get(o, "Records"));
}

static int
read_records(const struct event_place *at, const json_t *o)
{
	const json_t *all = json_object_get(o, "Records"), *one;
	size_t i;
	int rc = 0;

	json_array_foreach(all, i, one)
	{
		if (is_text(one, "eventSource", "aws:s3"))
			rc = read_s3_record(at, one);
		else if (is_text(one, "EventSource", "aws:sns"))
			rc = read_sns_record(at, one);
		else if (is_text(one, "eventSource", "aws:sqs") && at->nesting == 0)
			rc = read_sqs_record(at, one);
		else
			rc = event_fault(at, "a record is none of S3, SNS or SQS");
		if (rc != 0)
			return -1;
	}
	return 0;
}

static bool
is_sns(const json_t *o)
{
	return is_text(o, "Type", "Notification") &&
	       json_object_get(o, "Message") != NULL;
}

static int
read_sns(const struct event_place *at, const json_t *o)
{
	return event_nested(at, json_object_get(o, "Message"));
}

static bool
is_s3_bridge(const json_t *o)
{
	return is_text(o, "source", "aws.s3");
}

static int
read_s3_bridge(const struct event_place *at, const json_t *o)
{
	const json_t *d = json_object_get(o, "detail");

	if (!is_text(o, "detail-type", "Object Created"))
		return 0;
	return add_object(at, event_text(d, AT("bucket", "name")),
	    event_text(d, AT("object", "key")), false);
}

static bool
is_transfer_bridge(const json_t *o)
{
	return is_text(o, "source", "aws.transfer");
}

/* "SFTP Server File Upload Completed", and the same of FTPS, FTP and connectors. */
static int
read_transfer_bridge(const struct event_place *at, const json_t *o)
{
	const char *type = json_string_value(json_object_get(o, "detail-type"));
	const char *path = event_text(o, AT("detail", "file-path"));

	if (type == NULL || strstr(type, "File Upload Completed") == NULL)
		return 0;
	if (path == NULL)
		return event_fault(at, "it has no file-path");
	return event_hint_add(at, &(struct event_hint){.path = path});
}

static bool
is_transfer_step(const json_t *o)
{
	return json_is_object(json_object_get(o, "fileLocation"));
}

static int
read_transfer_step(const struct event_place *at, const json_t *o)
{
	const json_t *where = json_object_get(o, "fileLocation");
	const char *path = event_text(where, AT("path"));

	if (is_text(where, "domain", "EFS") && path != NULL)
		return add_object(at, event_text(where, AT("fileSystemId")),
		    path + strspn(path, "/"), false);
	return add_object(
	    at, event_text(where, AT("bucket")), event_text(where, AT("key")), false);
}

static bool
is_s3_test(const json_t *o)
{
	return is_text(o, "Event", "s3:TestEvent");
}

/* S3 tries out whether it may write to the queue: there is nothing to look at. */
static int
read_s3_test(const struct event_place *at, const json_t *o)
{
	(void)at;
	(void)o;
	return 0;
}

const struct event_shape event_records = {is_records, read_records};
const struct event_shape event_sns = {is_sns, read_sns};
const struct event_shape event_s3_bridge = {is_s3_bridge, read_s3_bridge};
const struct event_shape event_transfer_bridge = {
    is_transfer_bridge, read_transfer_bridge};
const struct event_shape event_transfer_step = {is_transfer_step, read_transfer_step};
const struct event_shape event_s3_test = {is_s3_test, read_s3_test};
