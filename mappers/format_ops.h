/*
 * What a backend of the facade does. One file and one line in the registry of
 * format.c add another.
 */
#ifndef MAPPERS_FORMAT_OPS_H
#define MAPPERS_FORMAT_OPS_H

#include "mappers/guide.h"
#include "mappers/map.h"
#include "mappers/rejects.h"

/* What a file is read with; valid until close. */
struct format_run {
	const struct mapper_sink *sink;
	struct mapper_counts *counts; /* the backend counts rows and their fates */
	uint64_t *last;               /* and tells the number of each one that it reads */
	int64_t now;
	const struct header_mark *before; /* the last good one; may be NULL */
	struct rejects_form *form;        /* for open_rejects */
};

struct format_receipts {
	bool (*wanted)(const void *self);
	const char *(*word)(enum receipt_code code);
	void (*open)(struct buf *out, int64_t now);
	void (*problem)(struct buf *out, const struct receipt *r, enum problem_code code);
	void (*close)(struct buf *out, uint64_t n);
};

/* What mappers/guide.h promises, of a format with columns. */
struct format_guide {
	int (*columns)(const void *self, struct guide *out, struct err *e);
	int (*example)(const void *self, struct guide *g, int64_t now, struct buf *out,
	    struct err *e);
	int (*try_row)(const void *self, const struct guide_cells *row,
	    const struct format_run *run, struct err *e);
};

struct format_ops {
	const char *name;

	/*
	 * *self is the backend's own; 0, or -1 and nothing to discard. Mistakes go to
	 * c->errors, all of them at once, with ERR_CONFIG. The conf outlives *self.
	 */
	int (*compile)(
	    void **self, struct conf *c, const struct mapper_conf *mc, struct err *e);
	void (*discard)(void *self);
	uint64_t (*fingerprint)(const void *self);
	const struct map *(*map)(const void *self);
	const struct missing *(*missing)(const void *self); /* NULL: no snapshots */

	/* Of snapshots: do rows tell when their file was made? May be NULL, as `made`. */
	bool (*made_known)(const void *self);

	/* How files are answered; NULL: they are not. */
	const struct format_receipts *receipts;

	/* NULL: its files have no columns. */
	const struct format_guide *guide;

	/* *file is the backend's own; 0, or -1 and nothing to close. */
	int (*open)(void **file, void *self, const struct format_run *run, struct err *e);
	/* Have its files reject files? NULL: no, and open_rejects is not called. */
	bool (*rejects)(const void *self);
	int (*open_rejects)(void **file, void *self, const struct format_run *run,
	    const struct rejects_sink *sink, struct err *e);
	int (*feed)(void *file, struct span bytes, struct err *e);
	int (*end)(void *file, struct err *e);
	const char *(*found)(void *file, enum found_form form);
	const struct made *(*made)(const void *file);
	/* The header's cells; NULL if there was none. Of a format with reject files. */
	const struct span *(*titles)(const void *file, size_t *n);
	/*
	 * After the end, or what ended it: moves what is known of the header; NULL: the
	 * format has none. -1 with ERR_HELD if columns look swapped.
	 */
	int (*header)(void *file, struct header_watch *out, struct err *e);
	void (*explain)(void *file, uint64_t row, struct json *explain);
	void (*fields)(
	    void *file, uint64_t row, const struct mapper_fields *to); /* may be NULL */
	void (*close)(void *file);
};

/* A feed's: the backend, and what it made. */
struct mapper {
	const struct format_ops *ops;
	void *self;
};

extern const struct format_ops format_csv;
extern const struct format_ops format_hl7;

#endif
