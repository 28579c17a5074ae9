/*
 * Codes of terminologies. What has their form but a wrong check digit is kept, with a
 * warning: there are real codes that fail theirs.
 */
#include <string.h>

#include "mappers/ascii.h"
#include "mappers/transform_list.h"

#define ICD10_MIN  3
#define ICD10_MAX  7 /* without the point, which stands behind the third character */
#define LOINC_MAX  7 /* digits before the hyphen */
#define SNOMED_MIN 6
#define SNOMED_MAX 18

/* Letter, digit, letter or digit, and up to four more of either. */
static bool
is_icd10(struct span s)
{
	for (size_t i = 2; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]))
			return false;
	return s.n >= ICD10_MIN && s.n <= ICD10_MAX && ascii_letter(s.p[0]) &&
	       ascii_digit(s.p[1]);
}

static char
capital(char c)
{
	return (char)(ascii_letter(c) ? c & ~0x20 : c);
}

/* "e119" -> "E11.9" */
enum problem_code
icd10_apply(const void *data, struct run *r, struct text *t)
{
	bool point = t->s.n > ICD10_MIN && t->s.p[ICD10_MIN] == '.';
	struct span s = t->s;
	char *to;

	(void)data;
	if (s.n > ICD10_MAX + 1 || (point && s.n == ICD10_MIN + 1))
		return PROBLEM_NOT_ICD10;
	if ((to = run_bytes(r, s.n + 1)) == NULL)
		return PROBLEM_LIMIT;
	for (size_t i = 0, n = 0; i < s.n; i++)
		if (!point || i != ICD10_MIN)
			to[n++] = capital(s.p[i]);
	s = (struct span){to, s.n - point};
	if (!is_icd10(s))
		return PROBLEM_NOT_ICD10;
	if (s.n > ICD10_MIN) {
		memmove(to + ICD10_MIN + 1, to + ICD10_MIN, s.n - ICD10_MIN);
		to[ICD10_MIN] = '.';
		s.n++;
	}
	*t = (struct text){.s = s};
	return PROBLEM_NONE;
}

/* Mod 10 (LOINC Users' Guide, appendix C): every other digit from the right is doubled. */
enum problem_code
loinc_apply(const void *data, struct run *r, struct text *t)
{
	size_t n = 0;
	unsigned sum = 0, d;

	(void)data;
	(void)r;
	while (n < t->s.n && ascii_digit(t->s.p[n]))
		n++;
	if (n == 0 || n > LOINC_MAX || t->s.n != n + 2 || t->s.p[n] != '-' ||
	    !ascii_digit(t->s.p[n + 1]))
		return PROBLEM_LOINC_CHECK;
	for (size_t i = 0; i < n; i++) {
		d = (unsigned)(t->s.p[n - 1 - i] - '0') * (i % 2 == 0 ? 2 : 1);
		sum += d > 9 ? d - 9 : d;
	}
	sum += (unsigned)(t->s.p[n + 1] - '0');
	t->kept = true;
	return sum % 10 == 0 ? PROBLEM_NONE : PROBLEM_LOINC_CHECK;
}

/* Verhoeff's multiplication in the dihedral group of the pentagon. */
static unsigned
dihedral(unsigned a, unsigned b)
{
	if (a < 5)
		return b < 5 ? (a + b) % 5 : 5 + (a + b) % 5;
	return b < 5 ? 5 + (a + 5 - b) % 5 : (a + 5 - b) % 5;
}

/* SNOMED CT Technical Implementation Guide 5.5: Verhoeff's check over all digits is 0. */
enum problem_code
snomed_apply(const void *data, struct run *r, struct text *t)
{
	/* The first permutation; each place from the right applies it once more. */
	static const unsigned char moved[] = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
	unsigned check = 0, d;

	(void)data;
	(void)r;
	if (t->s.n < SNOMED_MIN || t->s.n > SNOMED_MAX || t->s.p[0] == '0')
		return PROBLEM_SNOMED_CHECK;
	for (size_t i = 0; i < t->s.n; i++)
		if (!ascii_digit(t->s.p[i]))
			return PROBLEM_SNOMED_CHECK;
	for (size_t i = 0; i < t->s.n; i++) {
		d = (unsigned)(t->s.p[t->s.n - 1 - i] - '0');
		for (size_t k = 0; k < i % 8; k++)
			d = moved[d];
		check = dihedral(check, d);
	}
	t->kept = true;
	return check == 0 ? PROBLEM_NONE : PROBLEM_SNOMED_CHECK;
}
