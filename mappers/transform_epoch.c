#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "mappers/transform_list.h"

#define DIGITS_MAX 15
#define TIME_SIZE  32
#define FIRST      INT64_C(-62135596800) /* 0001-01-01, */
#define LAST       INT64_C(253402300799) /* and the last second of 9999 */

int
epoch_compile(struct kit *k, struct step *st, struct err *e)
{
	static const int64_t seconds = 1, milliseconds = 1000;

	(void)k;
	if (span_eq(st->args->text, SPAN_LIT("s")))
		st->data = &seconds;
	else if (span_eq(st->args->text, SPAN_LIT("ms")))
		st->data = &milliseconds;
	else
		return err_set(
		    e, ERR_CONFIG, "counts s (seconds) or ms (milliseconds) since 1970");
	return 0;
}

static bool
whole_number(struct span s, int64_t *out)
{
	bool minus = s.n > 0 && s.p[0] == '-';

	*out = 0;
	if (s.n == minus || s.n - minus > DIGITS_MAX)
		return false;
	for (size_t i = minus; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	*out = minus ? -*out : *out;
	return true;
}

/* A count is in UTC, and so is the time that it gives. */
enum problem_code
epoch_apply(const void *data, struct run *r, struct text *t)
{
	int64_t per = *(const int64_t *)data, count, seconds, day;
	char text[TIME_SIZE];
	int year, month, of_month, n;
	char *to;

	if (!whole_number(t->s, &count))
		return PROBLEM_NOT_DATETIME;
	seconds = count / per - (count % per < 0);
	if (seconds < FIRST || seconds > LAST)
		return PROBLEM_NOT_DATETIME;
	day = seconds / DAY_SECONDS - (seconds % DAY_SECONDS < 0);
	civil_from_days(day, &year, &month, &of_month);
	seconds -= day * DAY_SECONDS;
	n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", year, month,
	    of_month, (int)(seconds / 3600), (int)(seconds / 60 % 60),
	    (int)(seconds % 60));
	if (count % per != 0)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ".%03d",
		    (int)((count % per + per) % per));
	text[n++] = 'Z';
	if ((to = run_bytes(r, (size_t)n)) == NULL)
		return PROBLEM_LIMIT;
	memcpy(to, text, (size_t)n);
	*t = (struct text){.s = {to, (size_t)n}};
	return datetime_from_iso(r, NULL, DST_REJECT, t);
}
