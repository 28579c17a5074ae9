#include "mappers/hl7_ack.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"

#define US          "emrdrop"
#define COLUMN_SIZE 64

static const struct hl7_delimiters usual = {'|', '^', '~', '\\', '&', '\0'};

static const struct hl7_delimiters *
delimiters(const struct hl7_message *m)
{
	return m == NULL ? &usual : &m->d;
}

/* Our own words, whatever the message's delimiters are: none is a letter or a digit. */
static void
add_text(struct buf *out, const struct hl7_delimiters *d, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == d->escape)
			buf_addf(out, "%cE%c", d->escape, d->escape);
		else if (*text == d->field)
			buf_addf(out, "%cF%c", d->escape, d->escape);
		else if (*text == d->component)
			buf_addf(out, "%cS%c", d->escape, d->escape);
		else if (*text == d->repetition)
			buf_addf(out, "%cR%c", d->escape, d->escape);
		else if (*text == d->subcomponent)
			buf_addf(out, "%cT%c", d->escape, d->escape);
		else
			buf_add_char(out, *text);
	}
}

/* DTM in UTC, to the second. */
static void
add_time(struct buf *out, const struct hl7_delimiters *d, int64_t now)
{
	struct civil c;

	civil_from_seconds(now / 1000, &c);
	buf_addf(out, "%04d%02d%02d%02d%02d%02d", c.year, c.month, c.day, c.hour,
	    c.minute, c.second);
	add_text(out, d, "+0000");
}

static void
add_delimiters(struct buf *out, const char *name, const struct hl7_delimiters *d)
{
	buf_add_str(out, name);
	buf_add_char(out, d->field);
	buf_add_char(out, d->component);
	buf_add_char(out, d->repetition);
	buf_add_char(out, d->escape);
	buf_add_char(out, d->subcomponent);
	if (d->truncation != '\0')
		buf_add_char(out, d->truncation);
}

/* The field as it was sent, or else `otherwise`, behind a separator. */
static void
add_field(struct buf *out, struct hl7_message *m, unsigned field, const char *otherwise)
{
	struct span s = {NULL, 0};

	if (m != NULL)
		s = hl7_field(m, 0, field);
	buf_add_char(out, delimiters(m)->field);
	if (s.n > 0)
		buf_add_span(out, s);
	else
		add_text(out, delimiters(m), otherwise);
}

bool
hl7_ack_is(struct hl7_message *m)
{
	return span_eq(hl7_leaf(&m->d, hl7_field(m, 0, 9)), SPAN_LIT("ACK"));
}

bool
hl7_ack_once(const struct hl7_message *m, struct span column)
{
	size_t n = 0;

	for (size_t i = 0; m != NULL && column.n > 3 && i < m->n; i++)
		n += m->segments[i].name == hl7_name(column.p);
	return n <= 1;
}

/* Sender and receiver change places (2.14.9.3 to 2.14.9.6). */
void
hl7_ack_before(struct buf *out, struct hl7_message *m, uint64_t number, int64_t now)
{
	static const unsigned turned[] = {5, 6, 3, 4};
	const struct hl7_delimiters *d = delimiters(m);

	add_delimiters(out, "MSH", d);
	for (size_t i = 0; i < sizeof(turned) / sizeof(turned[0]); i++)
		add_field(out, m, turned[i], "");
	buf_add_char(out, d->field);
	add_time(out, d, now);
	buf_add_char(out, d->field);
	buf_add_char(out, d->field);
	buf_add_str(out, "ACK");
	buf_add_char(out, d->component);
	if (m != NULL)
		buf_add_span(out, hl7_part(hl7_field(m, 0, 9), d->component, 2));
	buf_add_char(out, d->component);
	buf_add_str(out, "ACK");
	buf_add_char(out, d->field);
	/* MSH-10: unlike in any other file, and no more than 20 digits. */
	buf_addf(out, "%lld%06llu", (long long)now, (unsigned long long)number);
	add_field(out, m, 11, "P");
	add_field(out, m, 12, "2.5.1");
	buf_add_str(out, "\rMSA");
	buf_add_char(out, d->field);
}

void
hl7_ack_behind(struct buf *out, struct hl7_message *m)
{
	add_field(out, m, 10, "");
	buf_add_char(out, '\r');
}

/* Table 0357. */
static const char *
error_code(enum problem_code code)
{
	switch (code) {
	case PROBLEM_HL7_HEADER:
	case PROBLEM_HL7_BATCH:
	case PROBLEM_HL7_ORPHAN:
	case PROBLEM_HL7_CUT:
	case PROBLEM_HL7_JOINED:
		return "100";
	case PROBLEM_MISSING_ID:
	case PROBLEM_MISSING_VALUE:
		return "101";
	case PROBLEM_UNKNOWN_CODE:
	case PROBLEM_NOT_ALLOWED:
		return "103";
	case PROBLEM_TOO_LONG:
		return "104";
	case PROBLEM_RETIRED_ID:
		return "204";
	case PROBLEM_LIMIT:
	case PROBLEM_API_REFUSED:
		return "207";
	default:
		return "102";
	}
}

/* ERL: PID^1^7. What is told by the number of a segment is no place in a message. */
static void
add_place(struct buf *out, const struct hl7_delimiters *d, struct span column)
{
	if (column.n < 5 || column.p[3] != '-')
		return;
	buf_add(out, column.p, 3);
	buf_add_char(out, d->component);
	buf_add_char(out, '1');
	buf_add_char(out, d->component);
	buf_add(out, column.p + 4, column.n - 4);
}

static void
add_column(struct buf *out, const struct hl7_delimiters *d, struct span column)
{
	char text[COLUMN_SIZE];

	if (column.n == 0 || column.n >= sizeof(text))
		return;
	snprintf(text, sizeof(text), "%.*s: ", (int)column.n, column.p);
	add_text(out, d, text);
}

void
hl7_ack_error(struct buf *out, struct span header, const struct problem *p, bool once)
{
	struct hl7_delimiters d = usual;

	(void)hl7_delimiters(header, &d);
	buf_add_str(out, "ERR");
	buf_add_char(out, d.field);
	buf_add_char(out, d.field);
	if (once)
		add_place(out, &d, p->column);
	buf_add_char(out, d.field);
	buf_add_str(out, error_code(p->code));
	buf_addf(out, "%c%cHL70357%cE%c", d.component, d.component, d.field, d.field);
	add_text(out, &d, problem_name(p->code));
	buf_addf(out, "%c%c%c", d.field, d.field, d.field);
	if (!once)
		add_column(out, &d, p->column);
	add_text(out, &d, problem_text(p->code));
	buf_add_char(out, ' ');
	add_text(out, &d, problem_remedy(p->code));
	buf_add_char(out, '\r');
}

void
hl7_ack_open(struct buf *out, int64_t now)
{
	static const char *const names[] = {"FHS", "BHS"};

	for (size_t i = 0; i < 2; i++) {
		add_delimiters(out, names[i], &usual);
		buf_add_str(out, "|" US "||||");
		add_time(out, &usual, now);
		buf_add_char(out, '\r');
	}
}

void
hl7_ack_close(struct buf *out, uint64_t n)
{
	buf_add_str(out, "BTS|");
	buf_add_u64(out, n);
	buf_add_str(out, "\rFTS|1\r");
}

/* Table 0008. */
const char *
hl7_ack_word(enum receipt_code code)
{
	static const char *const words[] = {[RECEIPT_TAKEN] = "AA",
	    [RECEIPT_REJECTED] = "AE",
	    [RECEIPT_UNREADABLE] = "AR"};

	return words[code];
}

void
hl7_ack_problem(struct buf *out, const struct receipt *r, enum problem_code code)
{
	hl7_ack_error(out, r->before,
	    &(struct problem){.code = code, .weight = WEIGHT_REJECT, .row = r->row},
	    true);
}
