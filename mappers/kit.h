/*
 * What a compiled map owns: memory, regular expressions, zones, code tables.
 */
#ifndef MAPPERS_KIT_H
#define MAPPERS_KIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/zone.h"
#include "mappers/codes.h"

struct kit {
	struct arena arena;
	struct owned_regexp *regexps;
	struct owned_zone *zones;
	struct code_table *codes;
	struct owned_rows *rows;
	const struct zone *zone;   /* the feed's; NULL: none set */
	bool hl7;                  /* values come out of messages */
	struct span source;        /* who assigns the ids */
	struct span authority;     /* of plain ids in messages; empty: none set */
	struct span duration_unit; /* of durations without one; empty: none set */
	enum dst_policy dst;       /* of the field that is being compiled */
};

void kit_release(struct kit *k);

/* A regular expression or zone that lives as long as the kit. NULL with *e. */
struct regexp *kit_regexp(struct kit *k, struct span pattern, struct err *e);
const struct zone *kit_zone(struct kit *k, struct span name, struct err *e);

/* The table of the program's own rows, made once; NULL with *e. */
const struct code_table *kit_rows(
    struct kit *k, const struct code_row *rows, size_t n, struct err *e);

/* A digest of the rules of all its zones. */
uint64_t kit_zones_fingerprint(const struct kit *k);

#endif
