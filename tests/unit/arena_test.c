#include "base/arena.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

Test(arena, gives_zeroed_aligned_bytes)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 1; i < 200; i++) {
		char *text = arena_bytes(&a, i % 7 + 1);
		unsigned char *p = arena_alloc(&a, i);

		cr_assert_not_null(text);
		cr_assert_not_null(p);
		memset(text, 'x', i % 7 + 1);
		cr_expect_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t k = 0; k < i; k++)
			cr_expect_eq(p[k], 0);
		memset(p, 0xff, i);
	}
	arena_clear(&a);
	for (size_t k = 0; k < 100; k++)
		cr_expect_eq(*(unsigned char *)arena_alloc(&a, 1), 0);
	arena_release(&a);
}

Test(arena, copies_end_with_nul)
{
	struct span copy;
	struct arena a;
	char *s;

	arena_init(&a, 1 << 20);
	copy = arena_span(&a, SPAN_LIT("a\0b"));
	cr_expect_eq(copy.n, 3);
	cr_expect_arr_eq(copy.p, "a\0b", 4);
	copy = arena_span(&a, (struct span){NULL, 0});
	cr_expect_not_null(copy.p);
	cr_expect_str_eq(copy.p, "");
	s = arena_str(&a, "name");
	cr_expect_str_eq(s, "name");
	arena_release(&a);
	cr_expect_null(a.head);
	cr_expect_eq(a.total, 0);
	cr_expect_eq(a.max, 1 << 20);
}

Test(arena, is_full_at_its_cap)
{
	struct arena a;

	arena_init(&a, 100);
	cr_expect_not_null(arena_bytes(&a, 60));
	cr_expect_not_null(arena_bytes(&a, 40));
	cr_expect_null(arena_bytes(&a, 1));
	cr_expect_null(arena_alloc(&a, 1));
	cr_expect_null(arena_span(&a, SPAN_LIT("")).p);
	cr_expect_null(arena_str(&a, "x"));
	cr_expect_leq(a.total, 100);
	arena_release(&a);

	arena_init(&a, 40000);
	cr_expect_not_null(arena_alloc(&a, 16000));
	cr_expect_not_null(arena_alloc(&a, 16000));
	cr_expect_null(arena_alloc(&a, 16000));
	cr_expect_not_null(arena_alloc(&a, 5000));
	cr_expect_null(arena_alloc(&a, SIZE_MAX));
	cr_expect_null(arena_bytes(&a, SIZE_MAX - 8));
	cr_expect_leq(a.total, 40000);
	arena_release(&a);
}

Test(arena, clear_keeps_memory_from_growing)
{
	struct arena a;
	size_t once = 0;

	arena_init(&a, 64 << 20);
	for (int turn = 0; turn < 100; turn++) {
		for (int i = 0; i < 50; i++)
			cr_assert_not_null(arena_alloc(&a, 1000));
		arena_clear(&a);
		once = turn == 0 ? a.total : once;
		cr_expect_leq(a.total, once);
	}
	arena_release(&a);
	arena_release(&a);
	a = (struct arena){.max = 0};
	arena_clear(&a);
	arena_release(&a);
	cr_expect_null(arena_bytes(&a, 1));
}

/* What fits into a new arena fits into a cleared one: no row depends on the last. */
Test(arena, what_came_before_takes_no_room)
{
	struct arena a;

	arena_init(&a, 100);
	cr_expect_not_null(arena_bytes(&a, 60));
	cr_expect_not_null(arena_bytes(&a, 40));
	arena_clear(&a);
	cr_expect_not_null(arena_bytes(&a, 100));
	arena_release(&a);
	arena_init(&a, 1 << 20);
	cr_expect_not_null(arena_bytes(&a, 500000));
	arena_clear(&a);
	cr_expect_not_null(arena_bytes(&a, 600000));
	arena_release(&a);
}
