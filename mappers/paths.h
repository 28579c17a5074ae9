/* Which fields of a record type a feed's map writes. */
#ifndef MAPPERS_PATHS_H
#define MAPPERS_PATHS_H

#include "base/record.h"
#include "base/schema.h"
#include "mappers/format.h"

/*
 * Tells the field of each rule that the sections of this type and operation have, `id`
 * first, as the schema writes it, "contact[].name", or "extra.name"; some more than once,
 * none if there is no such section. Paths live as long as the mapper.
 */
void mapper_paths(const struct mapper *m, enum record_type type, enum record_op op,
    void (*fn)(void *arg, const char *path), void *arg);

#endif
