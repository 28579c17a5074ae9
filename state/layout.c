#include "state/layout.h"

#include <string.h>

#include "base/record.h"
#include "state/watch.h"

/* clang-format off */
#define UINT(n, s)	{.name = n, .kind = COLUMN_UINT, .size = s}
#define BOOL(n)		{.name = n, .kind = COLUMN_BOOL}
#define WORD(n, w)	{.name = n, .kind = COLUMN_WORD, .words = w}
#define IS(n, k)	{.name = n, .kind = COLUMN_##k}
#define IF(n, k, f)	{.name = n, .kind = COLUMN_##k, .flag = f}
#define END		{.name = NULL}

static const char *const states[] = {"seen", "done", "refused", "held", NULL};
static const char *const waits[] = {"time", "changes", "marker", "old_marker", NULL};
static const char *const verdicts[] = {"deliver", "duplicate", "empty", "hold", "refuse",
    "discard", NULL};
static const char *const modes[] = {"run", "again", "backfill", "retry", NULL};
static const char *const decisions[] = {"", "approve", "discard", "again", NULL};
static const char *const clocks[] = {"never", "mtime", "name", "column", NULL};
static const char *const types[] = {"", "patient", "appointment", "slot", "practitioner",
    "location", "coverage", "encounter", "observation", "retired", NULL};
static const char *const flags[] = {"removed", "doubt", "refused", "never", "merge",
    "old", NULL};
static const char *const weights[] = {"warning", "rejected", NULL};
static const char *const outcomes[] = {"open", "taken", "refused", "later", "touched",
    NULL};
/* enum sweep_phase. */
static const char *const sweeps[] = {"names", "runs", "files", "records", NULL};

static const struct column none[] = {END};
static const struct column number[] = {UINT("number", 4), END};
static const struct column digest[] = {IS("digest", DIGEST), END};
static const struct column scope[] = {IS("scope", SCOPE), END};
static const struct column text[] = {IS("name", TEXT), END};
static const struct column feed[] = {IS("feed", FEED), END};
static const struct column known_file[] = {IS("file", FILE), END};
static const struct column file[] = {IS("file", DIGEST), END};
static const struct column batch[] = {IS("scope", SCOPE), UINT("batch", 8), END};

static const struct column feed_value[] = {IS("scope", SCOPE_MAYBE), UINT("next_pass", 8),
    IS("last_look", TIME), IS("last_delivery", TIME), IS("last_error", TIME),
    UINT("last_exit", 4), IS("last_content", DIGEST), UINT("files", 8),
    UINT("delivered", 8), UINT("rejected", 8), UINT("refused", 8),
    {.name = "failing", .kind = COLUMN_TIME, .late = true}, IS("last_words", TEXT),
    IS("newest", EVENT),
    {.name = "old_markers", .kind = COLUMN_UINT, .size = 8, .late = true},
    IS("old_since", TIME), UINT("bad_names", 8),
    {.name = "waiting", .kind = COLUMN_UINT, .size = 8, .late = true},
    IS("waiting_since", TIME), WORD("waits_for", waits), END};

static const struct column name_value[] = {WORD("state", states), UINT("size", 8),
    IS("mtime", SECONDS), IS("seen", TIME), IS("settings", MARK), BOOL("blocks"),
    IS("file", FILE_MAYBE), END};

static const struct column settling_key[] = {IS("feed", DIGEST), IS("path", DIGEST), END};
static const struct column settling_value[] = {IS("name", NAMED), IS("to", NAMED),
    BOOL("remove"), UINT("size", 8), IS("mtime", SECONDS), END};

static const struct column file_value[] = {IS("feed", FEED), IS("name", NAMED),
    UINT("size", 8), IS("mtime", SECONDS), IS("sha256", SHA), IS("read", TIME),
    WORD("verdict", verdicts), IS("reason", TEXT), UINT("pass", 8), UINT("rows", 8),
    UINT("mapped", 8), UINT("filtered", 8), UINT("rejected", 8), UINT("warnings", 8),
    UINT("records", 8), UINT("delivered", 8), UINT("unchanged", 8), UINT("duplicate", 8),
    UINT("stale", 8), UINT("refused", 8), BOOL("closed"),
    {.name = "removals", .kind = COLUMN_UINT, .size = 8, .late = true},
    IS("path", NAMED), IS("made", EVENT), UINT("took", 8), IS("file_at", EVENT),
    BOOL("came_back"), {.name = "settings", .kind = COLUMN_MARK, .late = true}, END};

static const struct column record_key_columns[] = {IS("scope", SCOPE), WORD("type", types),
    IS("key", DIGEST), END};
static const struct column record_value[] = {
    {.name = "flags", .kind = COLUMN_FLAGS, .words = flags}, UINT("ordinal", 4),
    IS("at", EVENT), IS("window", WINDOW), IS("content", DIGEST),
    IF("refused_content", DIGEST, 4), IF("file", FILE, 16), IS("id", SEALED), END};

static const struct column pass_value[] = {UINT("number", 8), IS("feed", FEED),
    IS("file", FILE), IS("sha256", SHA), UINT("size", 8), IS("clock", TIME),
    IS("settings", MARK), IS("changes", SHA), UINT("batches", 8), BOOL("closing"),
    UINT("merged", 8),
    {.name = "mode", .kind = COLUMN_WORD, .words = modes, .late = true},
    IS("file_at", EVENT), {.name = "records", .kind = COLUMN_UINT, .size = 8, .late = true},
    UINT("removals", 8), UINT("unchanged", 8), UINT("duplicate", 8), UINT("stale", 8),
    UINT("refused", 8), UINT("left", 8), UINT("told", 8), END};

static const struct column intent_value[] = {IS("entries", ENTRIES), END};
static const struct column ack_value[] = {UINT("round", 2),
    {.name = "outcomes", .kind = COLUMN_OUTCOMES, .words = outcomes}, END};

static const struct column problem_key[] = {IS("file", FILE), UINT("number", 4), END};
static const struct column problem_value[] = {IS("code", TEXT), WORD("weight", weights),
    UINT("row", 8), IS("column", TEXT), IS("type", TEXT), IS("field", TEXT), END};

static const struct column run_key[] = {IS("run", ULID), IS("feed", FEED), END};
static const struct column run_value[] = {IS("report", JSON), END};

static const struct column audit_key[] = {UINT("number", 8), END};
static const struct column audit_value[] = {
    {.name = "line", .kind = COLUMN_JSON, .size = DIGEST_SIZE}, IS("link", DIGEST), END};
static const struct column audit_head[] = {UINT("number", 8), IS("link", DIGEST), END};

static const struct column decision_value[] = {WORD("decision", decisions),
    IS("feed", FEED), IS("file", FILE), END};
/* Of a feed that may never have run. */
static const struct column pause_value[] = {IS("since", TIME), IS("feed", TEXT), END};
static const struct column settings_value[] = {IS("settings", DIGEST), IS("feed", TEXT),
    END};
static const struct column arrivals_value[] = {IS("feed", TEXT), IS("since", TIME),
    IS("expect", DIGEST), {.name = "at", .kind = COLUMN_COUNTS, .size = ARRIVALS_MAX},
    {.name = "files", .kind = COLUMN_COUNTS, .size = ARRIVALS_MAX},
    {.name = "rows", .kind = COLUMN_COUNTS, .size = ARRIVALS_MAX}, END};
static const struct column troubles_value[] = {IS("feed", TEXT), IS("failed", TIME),
    IS("failed_mark", MARK), IS("login", TIME), IS("login_mark", MARK), IS("held", TIME),
    IS("held_mark", MARK), IS("refused", TIME), IS("refused_mark", MARK),
    IS("late", TIME), IS("late_mark", MARK), IS("strange", TIME),
    IS("strange_mark", MARK), IS("expiry", TIME), IS("expiry_mark", MARK), END};
static const struct column figures_value[] = {IS("feed", TEXT), UINT("runs", 8),
    UINT("failed", 8), UINT("files", 8), UINT("rows", 8), UINT("bytes", 8),
    UINT("delivered", 8), UINT("removals", 8), UINT("rejected", 8), UINT("refused", 8),
    UINT("requests", 8), UINT("retries", 8), UINT("total_ms", 8), UINT("last_ms", 8),
    IS("last_run", TIME), IS("last_success", TIME), UINT("last_exit", 4),
    IS("api_expires", TIME), IS("pgp_expires", TIME), IS("pgp_looked", TIME), END};
static const struct column login_value[] = {IS("feed", TEXT), IS("since", TIME),
    IS("credentials", DIGEST), {.name = "ended", .kind = COLUMN_TIME, .late = true}, END};

static const struct column snapshot_value[] = {WORD("clock", clocks), IS("at", EVENT),
    UINT("removals", 8), {.name = "rows", .kind = COLUMN_COUNTS, .size = 7 * 4}, END};

static const struct column feed_header[] = {IS("titles", TITLES), IS("profiles", PROFILES),
    END};
static const struct column file_header[] = {BOOL("lacks"), IS("before", TITLES),
    IS("before_profiles", PROFILES), IS("now", TITLES), IS("now_profiles", PROFILES), END};

static const struct column sweep_value[] = {IS("cutoff", TIME), IS("ended", TIME),
    IS("oldest", TIME), WORD("at", sweeps), IS("behind", BYTES), END};

const struct column entry_columns[] = {WORD("type", types), IS("key", DIGEST),
    IS("content", DIGEST), IS("at", EVENT), IS("window", WINDOW), BOOL("removed"),
    IS("id", SEALED), END};
/* clang-format on */

static const struct layout meta[] = {
    {"format", "format", none, number, true},
    {"id", "id", none, digest, true},
    {"check", "check", none, digest, true},
    {"ordinal", "ordinal", scope, number, false},
    {"scopes", "scopes", none, number, false},
    {"audit", "audit", none, audit_head, false},
    {"snapshot ", "snapshot", feed, snapshot_value, false},
    {"stamp", "stamp", scope, digest, false},
    {"sweep-scope ", "sweep-scope", scope, sweep_value, false},
    {"sweep-feed ", "sweep-feed", feed, sweep_value, false},
    {.word = NULL},
};
static const struct layout controls[] = {
    {"\1", "decision", digest, decision_value, false},
    {"\2", "pause", digest, pause_value, false},
    {"\3", "settings", digest, settings_value, false},
    {"\4", "arrivals", digest, arrivals_value, false},
    {"\5", "troubles", digest, troubles_value, false},
    {"\6", "figures", digest, figures_value, false},
    {"\7", "login", digest, login_value, false},
    {.word = NULL},
};
static const struct layout headers[] = {
    {"\1", "feed", feed, feed_header, false},
    {"\2", "file", known_file, file_header, false},
    {.word = NULL},
};
static const struct layout scopes = {.key = text, .value = number};
static const struct layout feeds = {.key = feed, .value = feed_value};
static const struct layout names = {.key = digest, .value = name_value};
static const struct layout settling = {.key = settling_key, .value = settling_value};
static const struct layout files = {.key = file, .value = file_value};
static const struct layout records = {.key = record_key_columns, .value = record_value};
static const struct layout passes = {.key = scope, .value = pass_value};
static const struct layout intents = {.key = batch, .value = intent_value};
static const struct layout acks = {.key = batch, .value = ack_value};
static const struct layout problems = {.key = problem_key, .value = problem_value};
static const struct layout runs = {.key = run_key, .value = run_value};
static const struct layout audit = {.key = audit_key, .value = audit_value};

static const struct layout *
find_word(const struct layout *l, struct span key)
{
	for (; l->word != NULL; l++) {
		size_t n = strlen(l->word);

		if (key.n >= n && memcmp(key.p, l->word, n) == 0 &&
		    (l->key[0].name != NULL || key.n == n))
			return l;
	}
	return NULL;
}

/* No default: the compiler says which table has no layout yet. */
const struct layout *
layout_find(enum table table, struct span key)
{
	switch (table) {
	case TABLE_META:
		return find_word(meta, key);
	case TABLE_SCOPES:
		return &scopes;
	case TABLE_FEEDS:
		return &feeds;
	case TABLE_NAMES:
		return &names;
	case TABLE_SETTLING:
		return &settling;
	case TABLE_FILES:
		return &files;
	case TABLE_RECORDS:
		return &records;
	case TABLE_PASSES:
		return &passes;
	case TABLE_INTENTS:
		return &intents;
	case TABLE_ACKS:
		return &acks;
	case TABLE_PROBLEMS:
		return &problems;
	case TABLE_RUNS:
		return &runs;
	case TABLE_AUDIT:
		return &audit;
	case TABLE_CONTROLS:
		return find_word(controls, key);
	case TABLE_HEADERS:
		return find_word(headers, key);
	case TABLE_COUNT:
		break;
	}
	return NULL;
}

struct span
run_next_file(struct span *report)
{
	static const char mark[] = "\"file\":\""; /* in a text a quote has a backslash */
	const char *at = memmem(report->p, report->n, mark, sizeof(mark) - 1);
	size_t left;

	if (at == NULL)
		return (struct span){NULL, 0};
	at += sizeof(mark) - 1;
	left = (size_t)(report->p + report->n - at);
	*report = (struct span){at, left};
	return (struct span){
	    at, left < 2 * (size_t)DIGEST_SIZE ? left : 2 * (size_t)DIGEST_SIZE};
}
