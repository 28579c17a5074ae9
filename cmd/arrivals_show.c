/*
 * What is said of arrivals.
 */
#include "cmd/arrivals.h"
#include "cmd/text.h"

static const char *const names[] = {[ARRIVAL_NONE] = "none",
    [ARRIVAL_IN_TIME] = "in_time",
    [ARRIVAL_LATE] = "late",
    [ARRIVAL_ASIDE] = "not_delivered",
    [ARRIVAL_STRANGE] = "strange"};

void
arrival_json(const struct arrival *a, struct json *j)
{
	const struct {
		const char *key;
		int64_t at;
	} times[] = {{"due_ms", a->due}, {"next_ms", a->next}, {"came_ms", a->came},
	    {"late_from_ms", a->late_from}};
	const struct {
		const char *key;
		uint64_t n;
	} numbers[] = {{"missed", a->missed}, {"wanted", a->wanted}, {"got", a->got},
	    {"held", a->held}, {"refused", a->refused}, {"min_rows", a->min_rows},
	    {"max_rows", a->max_rows}, {"usual_rows", a->usual}};

	jw_put_cstr(j, "state", names[a->state]);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		jw_put_int(j, times[i].key, times[i].at);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		jw_put_uint(j, numbers[i].key, numbers[i].n);
	if (a->rows != ARRIVAL_ROWS_UNKNOWN)
		jw_put_uint(j, "rows", a->rows);
	jw_put_bool(j, "unseen", a->unseen);
}

static void
put_time(struct buf *out, const char *before, int64_t at)
{
	buf_add_str(out, before);
	text_time(out, at);
}

void
arrival_text(const struct arrival *a, struct buf *out)
{
	buf_add_str(out, arrival_word(a->state));
	if (a->state == ARRIVAL_LATE) {
		put_time(out, ": due by ", a->late_from);
		if (a->missed > 1)
			buf_addf(
			    out, ", %llu times in a row", (unsigned long long)a->missed);
		if (a->wanted > 1)
			buf_addf(out, ", %llu of %u files came",
			    (unsigned long long)a->got, a->wanted);
		if (a->unseen)
			buf_add_str(out, "; no run has looked into the drop since");
	} else if (a->state == ARRIVAL_ASIDE) {
		buf_addf(out, ": it came, but %u held and %u cannot be read", a->held,
		    a->refused);
	} else if (a->state == ARRIVAL_STRANGE) {
		buf_addf(out, ": %u rows", a->rows);
		if (a->usual > 0)
			buf_addf(out, ", usually %llu", (unsigned long long)a->usual);
	}
	if (a->together > 1)
		buf_addf(out, "; last %u files read from ", a->together);
	else
		buf_add_str(out, "; last file read ");
	text_time(out, a->came);
	if (a->together > 1)
		buf_add_str(out, " on");
	if (a->next != 0)
		put_time(out, ", next due ", a->next);
}
