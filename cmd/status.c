#include "cmd/status.h"

#include <stddef.h>

/* From the most to the least urgent. */
static const int order[] = {STATUS_BUG, STATUS_USAGE, STATUS_CONFIG, STATUS_PEER,
    STATUS_PERM, STATUS_IO, STATUS_API, STATUS_FILE_REFUSED, STATUS_HELD, STATUS_LATE,
    STATUS_SOME_LOST, STATUS_BUSY};

int
status_worse(int a, int b)
{
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return STATUS_OK;
}

bool
status_is_settled(int status)
{
	return status == STATUS_OK || status == STATUS_SOME_LOST ||
	       status == STATUS_HELD || status == STATUS_FILE_REFUSED;
}

const char *
status_words(int status)
{
	static const struct {
		int status;
		const char *words;
	} all[] = {{STATUS_OK, "all well"},
	    {STATUS_SOME_LOST, "rows rejected, or records refused or not delivered"},
	    {STATUS_HELD, "a file is held"},
	    {STATUS_LATE, "an expected file has not come, or is strange"},
	    {STATUS_USAGE, "the command line is wrong"},
	    {STATUS_FILE_REFUSED, "a file cannot be read"},
	    {STATUS_API, "the API is unavailable or takes nothing, or the time was over"},
	    {STATUS_BUG, "a bug in emrdrop"}, {STATUS_IO, "input, output or the ledger"},
	    {STATUS_BUSY, "another run was at work, or its delivery is unfinished"},
	    {STATUS_PEER, "host key or certificate"},
	    {STATUS_PERM, "login or permission refused"},
	    {STATUS_CONFIG, "mistakes in the configuration"}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].status == status)
			return all[i].words;
	return "an unknown status";
}
