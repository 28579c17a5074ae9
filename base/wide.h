/*
 * Sixteen bytes looked at together, in the vectors that gcc and clang have for every
 * processor. A mask has all bits of a byte set where something holds of it.
 */
#ifndef BASE_WIDE_H
#define BASE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define WIDE 16 /* bytes */

typedef signed char wide __attribute__((vector_size(WIDE)));

static inline wide
wide_load(const char *p)
{
	wide x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static inline void
wide_store(char *p, wide x)
{
	memcpy(p, &x, sizeof(x));
}

/* Two halves as one. */
static inline wide
wide_of(uint64_t low, uint64_t high)
{
	const uint64_t halves[] = {low, high};
	wide x;

	memcpy(&x, halves, sizeof(x));
	return x;
}

/* The same byte sixteen times. */
static inline wide
wide_each(char byte)
{
	return (wide){0} + (signed char)byte;
}

/* One bit a byte, the first byte's lowest. */
static inline unsigned
wide_bits(wide mask)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)mask);
#else
	const uint64_t lowest = UINT64_C(0x0101010101010101);
	/* Moves bit 0 of byte i to bit 56 + i, and no two bits to one place. */
	const uint64_t gather = UINT64_C(0x0102040810204080);
	uint64_t halves[2];

	_Static_assert(
	    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "byte 0 is the lowest of a half");
	memcpy(halves, &mask, sizeof(halves));
	return (unsigned)((halves[0] & lowest) * gather >> 56 |
			  (halves[1] & lowest) * gather >> 56 << 8);
#endif
}

static inline bool
wide_any(wide mask)
{
	return wide_bits(mask) != 0;
}

#endif
