#include "cmd/show.h"

static void
write_origin(struct json *j, const struct record *r)
{
	static const struct jw_ready origin = JW_READY("origin"), row = JW_READY("row"),
				     control = JW_READY("control_id");

	jw_key_ready(j, &origin);
	jw_object(j);
	jw_put_ready_uint(j, &row, r->row);
	if (r->control.n > 0)
		jw_put_ready(j, &control, r->control);
	jw_object_end(j);
}

void
show_record(struct json *j, struct span source, const struct record *r)
{
	static const struct jw_ready op = JW_READY("op"), type = JW_READY("type"),
				     from = JW_READY("source"), id = JW_READY("id"),
				     event = JW_READY("event"), at = JW_READY("event_at"),
				     data = JW_READY("data");

	jw_object(j);
	jw_put_ready(j, &op, span_of(record_op_name(r->op)));
	jw_put_ready(j, &type, span_of(r->schema->name));
	jw_put_ready(j, &from, source);
	jw_put_ready(j, &id, r->id);
	if (r->event.n > 0)
		jw_put_ready(j, &event, r->event);
	if (r->event_at_text.n > 0)
		jw_put_ready(j, &at, r->event_at_text);
	write_origin(j, r);
	if (r->op != OP_DELETE) {
		jw_key_ready(j, &data);
		record_write_data(r, j);
	}
	jw_object_end(j);
}
