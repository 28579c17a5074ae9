#include "cmd/status.h"

#include <stddef.h>

/* From the most to the least urgent. */
static const int order[] = {STATUS_BUG, STATUS_USAGE, STATUS_CONFIG, STATUS_PEER,
    STATUS_PERM, STATUS_IO, STATUS_API, STATUS_FILE_REFUSED, STATUS_HELD,
    STATUS_SOME_LOST, STATUS_BUSY};

int
status_worse(int a, int b)
{
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return STATUS_OK;
}
