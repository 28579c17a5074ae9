#include "outbound/backoff.h"

#include <criterion/criterion.h>

Test(backoff, waits)
{
	static const struct {
		unsigned failed;
		uint32_t random;
		int64_t retry_after, want;
	} rows[] = {
	    /* full jitter: from nothing to the limit */
	    {1, 0, 0, 0},
	    {1, UINT32_MAX, 0, 500},
	    {1, 0x80000000, 0, 250},
	    {2, UINT32_MAX, 0, 1000},
	    {3, UINT32_MAX, 0, 2000},
	    {6, UINT32_MAX, 0, 16000},
	    /* capped, also where a shift would overflow */
	    {7, UINT32_MAX, 0, 30000},
	    {8, UINT32_MAX, 0, 30000},
	    {100, UINT32_MAX, 0, 30000},
	    {UINT32_MAX, 0x80000000, 0, 15000},
	    /* the API's wish is the least, and is not capped */
	    {1, 0, 7000, 7000},
	    {6, UINT32_MAX, 7000, 16000},
	    {1, UINT32_MAX, 3600000, 3600000},
	    {1, UINT32_MAX, -5, 500},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(
		    backoff_wait(rows[i].failed, rows[i].random, rows[i].retry_after),
		    rows[i].want, "row %zu", i);
}
