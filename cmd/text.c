#include "cmd/text.h"

#include <stdio.h>
#include <time.h>

#include "base/json.h"
#include "base/utf8.h"

void
text_quote(struct buf *out, struct span s)
{
	size_t start = out->n;
	struct json j;

	jw_init(&j, out);
	jw_string(&j, s);
	/* JSON has DEL and C1 as they are. */
	if (!out->failed)
		utf8_tame(out->p + start, out->n - start);
}

void
text_time(struct buf *out, int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	char text[32];
	struct tm tm;

	if (ms == 0) {
		buf_add_str(out, "never");
		return;
	}
	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm);
	buf_add_str(out, text);
}

void
text_audit_head(const struct audit_head *head, char out[AUDIT_HEAD_SIZE])
{
	char link[2 * DIGEST_SIZE + 1];

	digest_hex(&head->link, link);
	snprintf(out, AUDIT_HEAD_SIZE, "%llu-%s", (unsigned long long)head->number, link);
}

void
text_count(struct buf *out, uint64_t n, const char *unit)
{
	buf_addf(out, "%llu %s%s", (unsigned long long)n, unit, n == 1 ? "" : "s");
}

bool
text_told(const struct problem *problems, size_t i)
{
	const struct problem *p = &problems[i];

	for (const struct problem *q = problems; q < p; q++)
		if (q->code == p->code && span_eq(q->column, p->column) &&
		    span_eq(q->detail, p->detail))
			return true;
	return false;
}

void
text_ago(struct buf *out, int64_t now, int64_t ms)
{
	static const struct {
		int64_t s;
		const char *unit;
	} units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}};
	int64_t age = (now - ms) / 1000;

	if (ms == 0) {
		buf_add_str(out, "never");
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		/* Two days are told in hours: which of two nights it was matters. */
		if (age < units[i].s * (i == 0 ? 2 : 1))
			continue;
		buf_addf(
		    out, "%lld %s ago", (long long)(age / units[i].s), units[i].unit);
		return;
	}
	buf_add_str(out, "just now");
}
