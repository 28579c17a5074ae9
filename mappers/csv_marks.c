#include "mappers/csv_marks.h"

#include <string.h>

#include "mappers/ascii.h"

#define YEAR 4

/* Digits at the head of the text, which are taken off. */
static size_t
take_digits(struct span *s)
{
	size_t n = ascii_digits(*s);

	*s = (struct span){s->p + n, s->n - n};
	return n;
}

/* 03/05/2026, 2026-03-05, 5.3.26, with or without a time behind it; no telephone number. */
static bool
is_date(struct span s)
{
	size_t first = take_digits(&s), second, third;
	char sep = s.n > 0 ? s.p[0] : '\0';

	if (first == 0 || first > YEAR || sep == '\0' || strchr("/-.", sep) == NULL)
		return false;
	s = (struct span){s.p + 1, s.n - 1};
	second = take_digits(&s);
	if (second == 0 || second > 2 || s.n == 0 || s.p[0] != sep)
		return false;
	s = (struct span){s.p + 1, s.n - 1};
	third = take_digits(&s);
	return third > 0 && third <= YEAR && (s.n == 0 || s.p[0] == ' ' || s.p[0] == 'T');
}

static void
add_cell(struct column_profile *p, struct span s)
{
	size_t digits = 0, letters = 0;

	p->cells++;
	if (s.n == 0) {
		p->empty++;
		return;
	}
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		digits += ascii_digit((char)c);
		letters += (unsigned char)((c | 0x20) - 'a') < 26 || c >= 0x80;
	}
	p->length += (uint32_t)(s.n < UINT32_MAX - p->length ? s.n : 0);
	if (digits == 0)
		p->words++;
	else if (is_date(s))
		p->dates++;
	else if (letters == 0)
		p->numbers++;
}

void
marks_add(struct header_mark *h, const struct span *cells, size_t n)
{
	for (size_t i = 0; i < h->n && i < n; i++)
		add_cell(&h->v[i].profile, span_trim(cells[i]));
}
