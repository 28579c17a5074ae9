#include "state/store.h"

const char *
table_name(enum table table)
{
	static const char *const names[TABLE_COUNT] = {
	    [TABLE_META] = "meta",
	    [TABLE_SCOPES] = "scopes",
	    [TABLE_FEEDS] = "feeds",
	    [TABLE_NAMES] = "names",
	    [TABLE_SETTLING] = "settling",
	    [TABLE_FILES] = "files",
	    [TABLE_RECORDS] = "records",
	    [TABLE_PASSES] = "passes",
	    [TABLE_INTENTS] = "intents",
	    [TABLE_ACKS] = "acks",
	    [TABLE_PROBLEMS] = "problems",
	    [TABLE_RUNS] = "runs",
	    [TABLE_AUDIT] = "audit",
	    [TABLE_CONTROLS] = "controls",
	    [TABLE_HEADERS] = "headers",
	};

	return names[table];
}
