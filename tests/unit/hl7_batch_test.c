#include "mappers/hl7_batch.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MSH5  "MSH MSH MSH MSH MSH "
#define MSH20 MSH5 MSH5 MSH5 MSH5

enum {
	HEADERS = 1,
	TRAILERS = 2,
	UNTRAILED = 4,
	MISMATCH = 8,
};

/* Segments between blanks; "PID" is one where a message should begin. */
struct grammar {
	const char *segments;
	unsigned flags;
	const char *reason; /* of a mismatch */
};

static const struct grammar whole[] = {
    {"", 0, NULL},
    /* All four are optional. */
    {"MSH MSH", 0, NULL},
    {"FHS| BHS| MSH BTS|1 FTS|1", HEADERS | TRAILERS, NULL},
    {"BHS| MSH MSH BTS|2", HEADERS | TRAILERS, NULL},
    {"FHS| MSH MSH FTS|1", HEADERS | TRAILERS, NULL},
    {"FHS| FTS|0", HEADERS | TRAILERS, NULL},
    {"MSH MSH BTS|2", TRAILERS, NULL},
    {"MSH FTS|1", TRAILERS, NULL},
    {"BHS| BTS|0", HEADERS | TRAILERS, NULL},
    {"FHS| BHS| BTS|0 FTS|1", HEADERS | TRAILERS, NULL},
    /* FTS-1 counts batches, BTS-1 messages. */
    {"FHS| BHS| " MSH20 "BTS|20 FTS|1", HEADERS | TRAILERS, NULL},
    {"FHS| BHS| MSH BTS|1 BHS| MSH MSH BTS|2 FTS|2", HEADERS | TRAILERS, NULL},
    {"FHS| BHS| MSH BTS|1 MSH FTS|2", HEADERS | TRAILERS, NULL},
    {"FHS| MSH BTS|1 MSH MSH BTS|2 FTS|2", HEADERS | TRAILERS, NULL},
    /* Two files in one: each counts for itself. */
    {"FHS| BHS| MSH BTS|1 FTS|1 FHS| BHS| MSH BTS|1 FTS|1", HEADERS | TRAILERS, NULL},
    /* Counts need not be sent; what stands behind them is a comment. */
    {"FHS| BHS| MSH BTS FTS", HEADERS | TRAILERS, NULL},
    {"FHS| BHS| MSH BTS| FTS|", HEADERS | TRAILERS, NULL},
    {"BHS| MSH BTS|1|all", HEADERS | TRAILERS, NULL},
    {"BHS| MSH BTS||all", HEADERS | TRAILERS, NULL},
    {"BHS# MSH BTS#1#all", HEADERS | TRAILERS, NULL},
    /* Without trailers. */
    {"FHS| BHS| MSH", HEADERS | UNTRAILED, NULL},
    {"BHS| MSH", HEADERS | UNTRAILED, NULL},
    {"FHS| MSH", HEADERS | UNTRAILED, NULL},
    {"FHS| BHS| MSH BTS|1", HEADERS | TRAILERS | UNTRAILED, NULL},
    {"FHS| BHS| MSH FTS|1", HEADERS | TRAILERS | UNTRAILED, NULL},
    {"BHS| MSH BHS| MSH BTS|1", HEADERS | TRAILERS | UNTRAILED, NULL},
    {"FHS| BHS| MSH BTS|1 FHS| BHS| MSH BTS|1 FTS|1", HEADERS | TRAILERS | UNTRAILED,
	NULL},
};

static const struct grammar wrong[] = {
    {"BHS| " MSH20 "BTS|25", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 22 says 25 messages, but 20 are there"},
    {"FHS| BHS| " MSH20 "BTS|20 FTS|20", HEADERS | TRAILERS | MISMATCH,
	"FTS-1 in segment 24 says 20 batches, but 1 are there"},
    {"BHS| BTS|1", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 2 says 1 messages, but 0 are there"},
    {"BHS| MSH BTS|0", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 3 says 0 messages, but 1 are there"},
    {"FHS| MSH FTS|0", HEADERS | TRAILERS | MISMATCH,
	"FTS-1 in segment 3 says 0 batches, but 1 are there"},
    {"BHS| MSH BTS|one", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 3 is no number; 1 messages are there"},
    {"BHS| MSH BTS|-1", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 3 is no number; 1 messages are there"},
    {"BHS| MSH BTS|99999999999999999999999", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 3 is no number; 1 messages are there"},
    /* The count of one batch is not that of the next. */
    {"BHS| MSH BTS|1 BHS| MSH BTS|2", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 6 says 2 messages, but 1 are there"},
    /* The first is told. */
    {"FHS| BHS| MSH BTS|7 FTS|9", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 4 says 7 messages, but 1 are there"},
    {"BHS| MSH BTS|7 BHS| MSH BTS|1", HEADERS | TRAILERS | MISMATCH,
	"BTS-1 in segment 3 says 7 messages, but 1 are there"},
};

static void
tell(struct hl7_batch *b, struct span line, uint64_t segment)
{
	if (memcmp(line.p, "FHS", 3) == 0)
		hl7_batch_fhs(b);
	else if (memcmp(line.p, "BHS", 3) == 0)
		hl7_batch_bhs(b);
	else if (memcmp(line.p, "MSH", 3) == 0)
		hl7_batch_msh(b);
	else if (memcmp(line.p, "BTS", 3) == 0)
		hl7_batch_bts(b, line, segment);
	else
		hl7_batch_fts(b, line, segment);
}

static void
tell_all(struct hl7_batch *b, const char *segments)
{
	uint64_t segment = 0;
	size_t n;

	for (const char *p = segments; *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		tell(b, (struct span){p, n}, ++segment);
	}
	hl7_batch_end(b);
}

static void
check(const struct grammar *g)
{
	struct hl7_batch b = {.messages = 0};
	unsigned flags;

	tell_all(&b, g->segments);
	flags = (b.headers ? HEADERS : 0u) | (b.trailers ? TRAILERS : 0u) |
		(b.untrailed ? UNTRAILED : 0u) | (b.mismatch ? MISMATCH : 0u);
	cr_expect_eq(
	    flags, g->flags, "%s: flags %x, want %x", g->segments, flags, g->flags);
	if (g->reason != NULL)
		cr_expect_str_eq(b.reason, g->reason, "%s: %s", g->segments, b.reason);
}

Test(hl7_batch_grammar, whole)
{
	for (size_t i = 0; i < COUNT(whole); i++)
		check(&whole[i]);
}

Test(hl7_batch_grammar, counts_that_are_wrong)
{
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(&wrong[i]);
}

/* Where the last segment has no end: may the file have been cut? */
Test(hl7_batch_grammar, open_at_the_end)
{
	static const struct {
		const char *segments;
		bool open;
	} files[] = {
	    {"MSH", false},
	    {"FHS| MSH", true},
	    {"BHS| MSH", true},
	    {"FHS| BHS| MSH BTS|1", false},
	    {"FHS| BHS| MSH BTS|1 BHS| MSH", true},
	    {"FHS| MSH FTS|1", false},
	    {"FHS| MSH FTS|1 FHS| MSH", true},
	    {"BTS|0 FHS| MSH", true},
	    {"FHS| MSH FTS|1 FHS| BHS| MSH BTS|1", false},
	};

	for (size_t i = 0; i < COUNT(files); i++) {
		struct hl7_batch b = {.messages = 0};

		tell_all(&b, files[i].segments);
		cr_expect_eq(b.open, files[i].open, "%s", files[i].segments);
	}
}

/* Each step: what comes, and whether it spoils a batch ('-' for what is no stray). */
Test(hl7_batch_grammar, strays)
{
	static const struct {
		const char *segment;
		char spoils;
	} steps[] = {
	    {"PID", 'n'}, /* there is no batch */
	    {"FHS|", '-'},
	    {"PID", 'n'},
	    {"BHS|", '-'},
	    {"EVN", 'y'},
	    {"PID", 'n'}, /* spoilt already */
	    {"MSH", '-'},
	    {"PID", 'n'},
	    {"BTS|1", '-'},
	    {"PID", 'n'}, /* between batches */
	    {"BHS|", '-'},
	    {"MSH", '-'},
	    {"PID", 'n'},
	    {"BHS|", '-'},
	    {"PID", 'y'},
	    {"FTS|3", '-'},
	    {"PID", 'n'},
	};
	struct hl7_batch b = {.messages = 0};

	for (size_t i = 0; i < COUNT(steps); i++) {
		if (steps[i].spoils == '-')
			tell(&b, span_of(steps[i].segment), i + 1);
		else
			cr_expect_eq(
			    hl7_batch_stray(&b), steps[i].spoils == 'y', "step %zu", i);
	}
	cr_expect_not(b.mismatch, "%s", b.reason);
}

/* A batch is refused up to its end, and not beyond. */
Test(hl7_batch_grammar, refused_batches_end)
{
	static const char *const ends[] = {"BTS|1", "FTS|1", "BHS|", "FHS|"};

	for (size_t i = 0; i < COUNT(ends); i++) {
		struct hl7_batch b = {.messages = 0};

		hl7_batch_bhs(&b);
		cr_expect_not(b.refused);
		cr_expect(hl7_batch_stray(&b));
		cr_expect(b.refused);
		hl7_batch_msh(&b);
		cr_expect(b.refused);
		tell(&b, span_of(ends[i]), 4);
		cr_expect_not(b.refused, "%s", ends[i]);
	}
}
