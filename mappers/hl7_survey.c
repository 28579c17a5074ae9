#include "mappers/hl7_survey.h"

#include <stdlib.h>
#include <string.h>

#include "mappers/hl7_message.h"
#include "mappers/hl7_reader.h"

#define MAX_MESSAGE  (16 << 20)
#define PID          "PID"
#define PID_IDS      3
#define CX_AUTHORITY 4 /* PID-3.4.1 */
#define CX_TYPE      5
#define MSH_TYPE     9

struct hl7_survey {
	struct hl7_reader *reader;
	struct hl7_survey_found found;
};

bool
hl7_survey_is(struct span head)
{
	static const char *const starts[] = {"MSH", "FHS", "BHS"};

	/* A mark of UTF-8, MLLP's VT, blank lines. */
	while (head.n > 0 &&
	       ((unsigned char)head.p[0] <= ' ' || strchr("\xef\xbb\xbf", head.p[0])))
		head = (struct span){head.p + 1, head.n - 1};
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (head.n > 8 && memcmp(head.p, starts[i], 3) == 0 &&
		    hl7_line_is_segment((struct span){head.p, 8}))
			return true;
	return false;
}

static void
take_kind(struct hl7_survey_found *f, struct hl7_message *m)
{
	static const char *const names[] = {
	    [SURVEY_SIU] = "SIU", [SURVEY_ADT] = "ADT", [SURVEY_ORU] = "ORU"};
	struct span type = hl7_part(hl7_field(m, 0, MSH_TYPE), m->d.component, 1);
	unsigned kind = 0;

	while (kind < SURVEY_OTHER && !span_eq(type, span_of(names[kind])))
		kind++;
	f->kind[kind]++;
}

/* Of the repetition that is a medical record number; else of the first. */
static struct span
find_authority(struct hl7_message *m, size_t segment)
{
	struct span field = hl7_field(m, segment, PID_IDS), id, of = {NULL, 0};

	for (unsigned i = 1; (id = hl7_part(field, m->d.repetition, i)).n > 0; i++) {
		struct span type = hl7_part(id, m->d.component, CX_TYPE);
		struct span name = hl7_part(id, m->d.component, CX_AUTHORITY);

		name = hl7_part(name, m->d.subcomponent, 1);
		if (i == 1 || (span_eq(type, SPAN_LIT("MR")) && name.n > 0))
			of = name;
		if (span_eq(type, SPAN_LIT("MR")))
			break;
	}
	return of;
}

/* A name that can stand in a feed file as it is; without the blanks around it. */
static bool
is_name(struct span s)
{
	if (s.n == 0 || s.n > SURVEY_AUTHORITY_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~' || strchr("\"\\;#", s.p[i]) != NULL)
			return false;
	return true;
}

static void
take_authority(struct hl7_survey_found *f, struct span name)
{
	struct survey_authority *a = f->authority, more;
	unsigned i = 0;

	name = span_trim(name);
	if (!is_name(name))
		return;
	f->identified++;
	while (i < f->nauthorities && !span_eq(span_of(a[i].name), name))
		i++;
	if (i == SURVEY_AUTHORITIES)
		return;
	if (i == f->nauthorities) {
		memcpy(a[i].name, name.p, name.n);
		f->nauthorities++;
	}
	a[i].times++;
	if (a[i].times > a[0].times) {
		more = a[i];
		a[i] = a[0];
		a[0] = more;
	}
}

static int
on_message(void *arg, const struct hl7_found *found, struct err *e)
{
	struct hl7_survey *s = arg;
	struct hl7_message *m = found->message;

	(void)e;
	s->found.messages++;
	if (m == NULL || found->code != PROBLEM_NONE) {
		s->found.bad++;
		return 0;
	}
	take_kind(&s->found, m);
	for (size_t i = 0; i < m->n; i++) {
		if (m->segments[i].name != hl7_name(PID))
			continue;
		take_authority(&s->found, find_authority(m, i));
		break;
	}
	return 0;
}

static void
on_line(void *arg, uint64_t number, uint64_t segment)
{
	(void)arg;
	(void)number;
	(void)segment;
}

struct hl7_survey *
hl7_survey_new(struct err *e)
{
	const struct hl7_reader_conf conf = {MAX_MESSAGE};
	struct hl7_survey *s = calloc(1, sizeof(*s));
	struct hl7_reader_sink sink = {on_message, on_line, s};

	if (s == NULL)
		return err_nomem(e), NULL;
	if ((s->reader = hl7_reader_new(&conf, &sink, e)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

void
hl7_survey_free(struct hl7_survey *s)
{
	if (s == NULL)
		return;
	hl7_reader_free(s->reader);
	free(s);
}

int
hl7_survey_feed(struct hl7_survey *s, struct span bytes, struct err *e)
{
	return hl7_reader_feed(s->reader, bytes, e);
}

int
hl7_survey_end(struct hl7_survey *s, struct err *e)
{
	return hl7_reader_end(s->reader, e);
}

const struct hl7_survey_found *
hl7_survey_found(const struct hl7_survey *s)
{
	return &s->found;
}
