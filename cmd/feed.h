/*
 * A feed as it was configured: every section bound, its map compiled.
 */
#ifndef CMD_FEED_H
#define CMD_FEED_H

#include "cmd/app.h"
#include "cmd/expect.h"
#include "mappers/unpack.h"
#include "outbound/target.h"
#include "pollers/poller.h"
#include "state/files.h"

enum feed_contents { CONTENTS_CHANGES, CONTENTS_SNAPSHOT };

struct feed_conf {
	const char *name, *format, *timezone, *source, *extends;
	int contents;                     /* enum feed_contents */
	long long max_reject, max_remove; /* in 1/100 % */
};

struct feed {
	struct conf conf;
	struct conf_errors errors;
	struct conf_errors warnings; /* of what stands beside it, and stops nothing */
	struct feed_conf feed;
	struct source_conf source;
	struct unpack_conf unpack;
	struct target_conf target;
	struct expectation expect;
	struct mapper *mapper;
	char path[4096];
	char base[256];               /* the file's name without .ini */
	uint64_t fingerprint;         /* of every setting that shapes a batch */
	uint64_t verdict_fingerprint; /* and of those that decide what is held */
};

extern const struct conf_option feed_options[];

/* A keyed digest of all its settings, as they are written; of no secret. */
struct digest feed_settings(const struct feed *f, const struct site_keys *k);

/* Is there a feed file with this name, right or not, and of `source`, if that is not NULL? */
bool feed_exists(struct app *app, const char *name, const char *source);

/* Is it more than max_reject allows? Then a run holds the file, and `why` is the reason. */
bool feed_rejects_too_many(const struct feed *f, uint64_t rows, uint64_t rejected,
    char why[FILE_REASON_MAX + 1]);

/*
 * What to do with each feed: `e` is NULL, or says that its file has mistakes. Returns
 * an exit status.
 */
struct feed_visitor {
	int (*fn)(struct app *app, struct feed *f, struct err *e, void *arg);
	void *arg;
};

/*
 * Visits each feed named in `names` (all, if n is 0), and returns the gravest exit
 * status. A name without feed is ERR_CONFIG.
 */
int feed_each(
    struct app *app, char **names, size_t n, const struct feed_visitor *v, struct err *e);

/*
 * Visits one feed: of this name or, if there is a / in it, the feed file at that path,
 * which need not be one of CONFIG/feeds.d.
 */
int feed_one(struct app *app, char *name, const struct feed_visitor *v, struct err *e);

#endif
