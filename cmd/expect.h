/*
 * When files are due, and how large they are: the [expect] of a feed.
 */
#ifndef CMD_EXPECT_H
#define CMD_EXPECT_H

#include "base/conf.h"
#include "base/crypto.h"

#define EXPECT_TIMES_MAX 8 /* files due on one day */

/* As it is written. */
struct expect_conf {
	const char *days, *by, *timezone, *min_rows, *max_rows;
	struct conf_list holidays;
	long long grace; /* ms */
};

/* As it is understood; its memory is the conf's. Weekdays count from Sunday, 0. */
struct expectation {
	unsigned days; /* bit n: something is due on weekday n; 0: nothing is expected */
	struct {
		unsigned n;
		unsigned short minute[EXPECT_TIMES_MAX]; /* of the day, rising */
	} by[7];
	int64_t grace; /* ms */
	const char *timezone;
	int64_t *holidays; /* days since 1970, rising */
	size_t nholidays;
	uint64_t min_rows[7], max_rows[7]; /* 0: any number */
};

extern const struct conf_option expect_options[];

/*
 * conf_bind for [expect], `s` (may be NULL), and what it means. Mistakes go to the
 * conf's errors. `timezone` is the feed's own, or NULL. Files of holidays are read.
 */
void expect_bind(struct conf *c, struct conf_section *s, const char *timezone,
    struct expectation *out);

/* Of what is expected: with another, what was due before is nobody's business any more. */
struct digest expect_digest(const struct expectation *x, const struct site_keys *k);

#endif
