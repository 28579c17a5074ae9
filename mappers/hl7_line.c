#include "mappers/hl7_line.h"

#include "mappers/filler.h"

#define ESCAPE_AT 6 /* in "MSH|^~\&" */

static bool
is_frame(char c)
{
	return c == HL7_VT || c == HL7_FS;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_mark(const char *p)
{
	return memcmp(p, HL7_MARK, HL7_MARK_SIZE) == 0;
}

/* Bytes in front of the segment, 0 if there is none more. */
static size_t
before(struct span s)
{
	if (s.n > 0 && (filler_is(s.p[0]) || is_frame(s.p[0]) || is_blank(s.p[0])))
		return 1;
	return s.n >= HL7_MARK_SIZE && is_mark(s.p) ? HL7_MARK_SIZE : 0;
}

/* The same behind it. */
static size_t
behind(struct span s)
{
	const char *end = s.p + s.n;

	if (s.n > 0 && (filler_is(end[-1]) || is_frame(end[-1]) || is_blank(end[-1])))
		return 1;
	return s.n >= HL7_MARK_SIZE && is_mark(end - HL7_MARK_SIZE) ? HL7_MARK_SIZE : 0;
}

struct span
hl7_line_strip(struct span line, bool *ended)
{
	size_t n;

	while ((n = before(line)) > 0)
		line = (struct span){line.p + n, line.n - n};
	while ((n = behind(line)) > 0) {
		*ended |= is_frame(line.p[line.n - 1]);
		line.n -= n;
	}
	return line;
}

bool
hl7_line_is_marked(struct span line)
{
	return behind(line) > 0 && !is_blank(line.p[line.n - 1]);
}

/* By its MSH-2: what escapes is rare, and the letters are not. */
size_t
hl7_line_inner(struct span line, const struct hl7_delimiters *d)
{
	const char escape = d->escape != '\0' ? d->escape : '\\', *end = line.p + line.n,
		   *at = line.p;
	struct hl7_delimiters its;
	struct span s;

	while ((at = memchr(at, escape, (size_t)(end - at))) != NULL) {
		if (at++ - line.p <= ESCAPE_AT)
			continue;
		s.p = at - 1 - ESCAPE_AT;
		s.n = (size_t)(end - s.p);
		if ((hl7_line_is(s, "MSH") || hl7_line_is(s, "FHS") ||
			hl7_line_is(s, "BHS")) &&
		    hl7_delimiters(s, &its))
			return (size_t)(s.p - line.p);
	}
	return line.n;
}

bool
hl7_line_has_msh(struct span line, char field)
{
	for (size_t i = 0; i + 3 < line.n; i++)
		if (span_same_nocase(line.p + i, "MSH", 3) &&
		    (line.p[i + 3] == '|' || line.p[i + 3] == field))
			return true;
	return false;
}
