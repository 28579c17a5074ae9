/*
 * The bytes of an HL7 v2 file that a reader has at hand, and where its lines end: at CR or
 * LF, or at an FS with a VT behind it, since another block of MLLP begins there.
 */
#ifndef MAPPERS_HL7_WINDOW_H
#define MAPPERS_HL7_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

#define HL7_SLICE 65536 /* bytes taken in at a time, at most */

struct hl7_window {
	char *p;
	size_t cap;
	size_t longest; /* line that is looked into */
	size_t line;    /* the one to look at next begins here */
	size_t cr, lf;  /* there is no CR (LF, FS) from `line` to here */
	size_t fs;
	size_t end;
	size_t padding; /* bytes of nothing that were left out of it */
	bool skipping;  /* to the end of a line that is too long */
	bool ending;    /* nothing more comes */
};

/* `longest` in bytes. 0 or -1. */
int hl7_window_init(struct hl7_window *w, size_t longest, struct err *e);
void hl7_window_release(struct hl7_window *w);

/* Adds up to a slice; how many were added. 0: there is no room. */
size_t hl7_window_add(struct hl7_window *w, struct span bytes);

/* Bytes of the next line without its end, which is one byte; SIZE_MAX: it is not all there. */
size_t hl7_window_line(struct hl7_window *w);

/* What is at hand of the next line. */
static inline struct span
hl7_window_rest(const struct hl7_window *w)
{
	return (struct span){w->p + w->line, w->end - w->line};
}

/*
 * The bytes before `off` are needed no more. How far what is left was moved: as soon as
 * that is less than what it frees, as a window that is used from its front stays in the
 * processor's cache.
 */
size_t hl7_window_compact(struct hl7_window *w, size_t off);

#endif
