#include "cmd/status.h"

#include <criterion/criterion.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What of two things that went wrong is told, whichever came first. */
Test(status, the_more_urgent_of_two)
{
	static const int urgent[] = {70, 64, 78, 76, 77, 74, 69, 65, 4, 5, 3, 75, 0};

	for (size_t i = 0; i < COUNT(urgent); i++) {
		for (size_t k = i; k < COUNT(urgent); k++) {
			cr_expect_eq(status_worse(urgent[i], urgent[k]), urgent[i],
			    "%d, %d", urgent[i], urgent[k]);
			cr_expect_eq(status_worse(urgent[k], urgent[i]), urgent[i],
			    "%d, %d", urgent[k], urgent[i]);
		}
	}
}

/* Nothing is left to do but for a person. */
Test(status, settled)
{
	static const int settled[] = {0, 3, 4, 65},
			 not[] = {5, 64, 69, 70, 74, 75, 76, 77, 78};

	for (size_t i = 0; i < COUNT(settled); i++)
		cr_expect(status_is_settled(settled[i]), "%d", settled[i]);
	for (size_t i = 0; i < COUNT(not); i++)
		cr_expect_not(status_is_settled(not[i]), "%d", not[i]);
}
