/*
 * The receipt in words: what happened first, then the counts, then what is wrong and
 * what to do about it.
 */
#include "cmd/receipt.h"

#include <string.h>

#include "base/utf8.h"
#include "cmd/drift.h"
#include "cmd/text.h"

#define SHOWN 50 /* problems told one by one */
#define MARK  "\xef\xbb\xbf"

struct words {
	const struct receipt_facts *r;
	struct buf *out;
	const char *row, *rows;
};

#define N(v) (unsigned long long)(v)

/* Rows that a person has to look at: those not taken, and those with a refused record. */
static bool
some_lost(const struct file_entry *en)
{
	return en->rejected > 0 || en->refused > 0;
}

static void
say_lost(const struct words *w)
{
	const struct file_entry *en = w->r->entry;

	buf_add_str(w->out, "The file was taken, but for ");
	if (en->rejected > 0)
		buf_addf(
		    w->out, "%llu of its %llu %s", N(en->rejected), N(en->rows), w->rows);
	if (en->rejected > 0 && en->refused > 0)
		buf_add_str(w->out, ", and for ");
	if (en->refused > 0)
		buf_addf(w->out, "%llu %s that the receiving system refused",
		    N(en->refused), en->refused == 1 ? "record" : "records");
	buf_add_str(w->out, ".\n");
}

/* It came once more; newer files may have changed since what it says. */
static void
say_again(const struct words *w)
{
	const struct file_entry *en = w->r->entry;

	if (w->r->taken_at != 0) {
		buf_add_str(w->out, "This very file was taken already, on ");
		text_time(w->out, w->r->taken_at);
		buf_add_str(w->out, " (UTC). ");
	} else {
		buf_add_str(w->out, "What is in this file was taken already. ");
	}
	if (en->delivered == 0 && en->stale > 0)
		buf_add_str(w->out, "What newer files have changed since stays.\n");
	else if (en->delivered == 0)
		buf_add_str(
		    w->out, "Nothing has changed since: nothing had to be done.\n");
	else
		buf_addf(w->out,
		    "Newer files had changed some of it since; that was changed back, in %llu "
		    "%s.\n",
		    N(en->delivered), en->delivered == 1 ? "record" : "records");
}

static void
say_delivered(const struct words *w)
{
	const struct file_entry *en = w->r->entry;

	if (w->r->taken_at != 0) {
		say_again(w);
		if (!some_lost(en))
			return;
	}
	if (!some_lost(en) && w->r->problems->kinds > 0)
		buf_addf(w->out, "All %s were taken, but look at what is named below.\n",
		    w->rows);
	else if (!some_lost(en))
		buf_addf(w->out, "All is well: nothing of the file was refused.\n");
	else
		say_lost(w);
	if (en->stale > 0)
		buf_addf(w->out,
		    "%llu of its records %s older than what is known already, and changed nothing.\n",
		    N(en->stale), en->stale == 1 ? "is" : "are");
	if (w->r->rejects)
		buf_addf(w->out, "What was not taken is in the reject file, to be mended "
				 "and dropped again.\n");
}

/* A reason may be a sentence already. */
static void
say_reason(const struct words *w, const char *what)
{
	const char *reason = w->r->entry->reason;
	size_t n = strlen(reason);

	n -= n > 0 && reason[n - 1] == '.';
	buf_addf(w->out, "The file %s:\n%.*s.\n", what, (int)n, reason);
}

static void
say_verdict(const struct words *w)
{
	const struct file_entry *en = w->r->entry;

	switch (en->verdict) {
	case VERDICT_DELIVER:
		say_delivered(w);
		break;
	case VERDICT_DUPLICATE:
		say_again(w);
		break;
	case VERDICT_EMPTY:
		buf_addf(
		    w->out, "The file has no %s: nothing was taken from it.\n", w->rows);
		break;
	case VERDICT_HOLD:
		say_reason(w, "is held, and nothing of it was taken yet");
		break;
	case VERDICT_REFUSE:
		say_reason(w, "was refused, and nothing of it was taken");
		break;
	case VERDICT_DISCARD:
		buf_add_str(w->out, "Somebody at the receiving side decided that this "
				    "file is not to be taken: it was put away.\n");
		break;
	}
}

static void
say_file(const struct words *w)
{
	const struct file_entry *en = w->r->entry;
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&en->id, id);
	buf_addf(
	    w->out, "\nTHE FILE\n  number    %.8s (say this one if you call us)\n", id);
	buf_add_str(w->out, "  read      ");
	text_time(w->out, en->read_at);
	buf_addf(w->out, " (UTC)\n  size      %llu bytes\n", N(en->size));
	if (w->r->found_words[0] != '\0')
		buf_addf(w->out, "  found     %s\n", w->r->found_words);
	if (w->r->mended)
		buf_add_str(w->out, "  it is     a reject file that came back mended\n");
}

struct count {
	uint64_t n;
	const char *what;
};

/* The first is the sum of the others, of which those that are none are left out. */
static void
say_counts(const struct words *w, const struct count *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (i == 0 || c[i].n > 0)
			buf_addf(w->out, "  %s%10llu  %s\n", i == 0 ? "" : "  ",
			    N(c[i].n), c[i].what);
}

static void
say_books(const struct words *w)
{
	const struct file_entry *en = w->r->entry;
	bool sent = en->verdict == VERDICT_DELIVER || en->verdict == VERDICT_DUPLICATE;
	const struct count rows[] = {{en->rows, "in the file, of which"},
	    {en->mapped, sent ? "taken" : "could be taken"},
	    {en->filtered, "left out, as agreed"},
	    {en->rejected, sent ? "not taken" : "could not be taken"}};
	const struct count records[] = {
	    {en->records + en->removals, "made of what was taken, of which"},
	    {en->delivered, "delivered"}, {en->unchanged, "known already, unchanged"},
	    {en->duplicate, "twice in the file"},
	    {en->stale, "older than what is known already"},
	    {en->refused, "refused by the receiving system"}};

	/* A file that can't be read at all has none. */
	if (en->rows > 0 || sent) {
		buf_addf(w->out, "\n%s\n", w->r->messages ? "MESSAGES" : "ROWS");
		say_counts(w, rows, sizeof(rows) / sizeof(rows[0]));
	}
	if (!sent)
		return;
	buf_add_str(w->out, "\nRECORDS\n");
	say_counts(w, records, sizeof(records) / sizeof(records[0]));
	if (en->removals > 0)
		buf_addf(w->out,
		    "  %llu of them: gone from the file, so cancelled or deleted\n",
		    N(en->removals));
}

static void
say_column(const struct words *w, const struct problem *p)
{
	if (p->column.n == 0)
		return;
	buf_add_str(w->out, w->r->messages ? ", field " : ", column ");
	text_quote(w->out, p->column);
}

/* What, then what to do, each on its own line. */
static void
say_what(const struct words *w, const struct problem *p)
{
	buf_addf(w->out, ":\n      %s\n      %s\n", problem_text(p->code),
	    problem_remedy(p->code));
	if (p->detail.n > 0)
		buf_addf(w->out, "      (%.*s)\n", (int)p->detail.n, p->detail.p);
}

/* Old and new titles side by side. */
static void
say_header(const struct words *w)
{
	struct buf lines;
	struct err e;

	if (w->r->header == NULL)
		return;
	buf_init(&lines, w->out->max);
	w->out->failed |= drift_text(w->r->header, &lines, &e) != 0 || lines.failed;
	if (lines.n > 0) {
		buf_add_str(w->out, "\nCOLUMNS THAT CHANGED\n");
		buf_add_span(w->out, buf_span(&lines));
	}
	buf_release(&lines);
}

static void
say_kinds(
    const struct words *w, const char *title, const struct warnings *kinds, size_t n)
{
	if (n == 0)
		return;
	buf_addf(w->out, "\n%s\n", title);
	for (size_t i = 0; i < n; i++) {
		const struct problem *p = &kinds[i].first;

		if (kinds[i].n == 1)
			buf_add_str(w->out, "  once");
		else
			buf_addf(w->out, "  %llu times", N(kinds[i].n));
		if (p->row > 0)
			buf_addf(w->out, ", %sin %s %llu",
			    kinds[i].n == 1 ? "" : "first ", w->row, N(p->row));
		say_column(w, p);
		say_what(w, p);
	}
}

static void
say_problems(const struct words *w)
{
	const struct problems *p = w->r->problems;
	size_t n = p->n < SHOWN ? p->n : SHOWN;

	if (n == 0)
		return;
	buf_addf(w->out, "\nONE BY ONE%s\n", p->rejected > n ? " (the first ones)" : "");
	for (size_t i = 0; i < n; i++) {
		buf_addf(w->out, "  %s %llu", w->row, N(p->v[i].row));
		say_column(w, &p->v[i]);
		buf_addf(w->out, ": %s", problem_text(p->v[i].code));
		/* The known codes are the same in every row, and stand above. */
		if (p->v[i].code == PROBLEM_CSV_COLUMNS && p->v[i].detail.n > 0)
			buf_addf(
			    w->out, " (%.*s)", (int)p->v[i].detail.n, p->v[i].detail.p);
		buf_add_char(w->out, '\n');
	}
	if (p->rejected > n)
		buf_addf(w->out, "  and %llu more\n", N(p->rejected - n));
}

static void
advise_rejects(const struct words *w)
{
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&w->r->entry->id, id);
	buf_addf(w->out,
	    "  1. Open the file whose name ends with -%.8s.rejects.csv, beside this one.\n"
	    "     It has the rows that were not taken, as you sent them, and in front of each\n"
	    "     its number in your file, the column, what is wrong and what to do.\n"
	    "     In Excel use Data, From Text/CSV, and let all columns be text: a double click\n"
	    "     changes dates.\n"
	    "  2. Mend the cells. Leave the first line and the columns in front as they are: by\n"
	    "     them we know that only these rows are meant. Leave an apostrophe in front of a\n"
	    "     cell, too: it keeps Excel from running =1+1, or making 123 of 00123, and we\n"
	    "     take it off. Delete rows that you can't mend yet.\n",
	    id);
	if (w->r->entry->refused > 0)
		buf_add_str(w->out,
		    "     What the receiving system refused may be right as it is: ask there, with\n"
		    "     the number above and the row, before you change it.\n");
	buf_add_str(w->out,
	    "  3. Save it as \"CSV UTF-8\", and drop it where you drop your exports");
	if (w->r->pattern != NULL)
		buf_addf(w->out, ", under a name that fits %s.\n", w->r->pattern);
	else
		buf_add_str(w->out, ", under the name that it has.\n");
	buf_add_str(w->out,
	    "     It changes the rows that are in it, and nothing else.\n"
	    "  4. Correct the rows in your own system, too, or the next export "
	    "brings them again.\n");
}

static void
advise_delivered(const struct words *w)
{
	if (!some_lost(w->r->entry) && w->r->problems->kinds > 0)
		buf_addf(w->out,
		    "  Look at the %s named above. What is wrong, correct in the system that\n"
		    "  they come from: it comes right with the next export.\n",
		    w->rows);
	else if (!some_lost(w->r->entry))
		buf_add_str(
		    w->out, w->r->taken_at == 0
				? "  Nothing.\n"
				: "  Nothing, unless you meant to drop another file.\n");
	else if (w->r->rejects)
		advise_rejects(w);
	else
		buf_addf(w->out,
		    "  Correct these %s in the system that they come from, and send them "
		    "again in a new file.\n",
		    w->rows);
	if (w->r->apart)
		buf_add_str(w->out,
		    "  There is no reject file: the exports that are packed together in this file\n"
		    "  don't have the same columns, so their rows don't fit under one header. Dropped\n"
		    "  one by one, or with the same columns in the same order, they get one.\n");
	if (w->r->here && some_lost(w->r->entry) && !w->r->messages)
		buf_add_str(w->out,
		    "  There is no reject file: it would hold patients' data "
		    "on our side.\n");
}

/* Nobody can decide that it is taken as it is, if columns that every row needs are gone. */
static void
advise_held(const struct words *w)
{
	if (w->r->header != NULL && w->r->header->lacks)
		buf_add_str(w->out,
		    "  Give the columns the titles back that they had, and drop the export under a\n"
		    "  new name. If the new titles are to stay, tell the receiving side, which sees\n"
		    "  this too: once it knows them the file is read again, and a receipt then says\n"
		    "  what became of it.\n");
	else
		buf_add_str(w->out,
		    "  The receiving side sees this too, and decides whether it is taken\n"
		    "  all the same; a receipt then says what became of it.\n"
		    "  If you see what went wrong, don't wait: correct it in the export and\n"
		    "  drop that under a new name.\n");
	if (w->r->blocks)
		buf_add_str(
		    w->out, "  Files that you drop later wait until this is settled.\n");
}

static void
say_advice(const struct words *w)
{
	buf_add_str(w->out, "\nWHAT TO DO\n");
	switch (w->r->entry->verdict) {
	case VERDICT_DELIVER:
		advise_delivered(w);
		break;
	case VERDICT_HOLD:
		advise_held(w);
		break;
	case VERDICT_REFUSE:
		buf_add_str(w->out,
		    "  Correct the export, and drop it again under a new name. If columns are\n"
		    "  named above, their titles must stand in the first row, spelled as they\n"
		    "  are there. If you don't know how, ask the receiving side: they see this\n"
		    "  too.\n");
		break;
	case VERDICT_DISCARD:
		buf_add_str(w->out,
		    "  Nothing, unless you did not expect this: then ask the "
		    "receiving side.\n");
		break;
	case VERDICT_DUPLICATE:
	case VERDICT_EMPTY:
		buf_add_str(
		    w->out, "  Nothing, unless you meant to drop another file.\n");
		break;
	}
}

static void
say_all(const struct words *w)
{
	const struct problems *p = w->r->problems;
	const struct file_entry *en = w->r->entry;
	/* What is looked at here may be of a row that was not taken. */
	bool taken = en->verdict == VERDICT_DELIVER && en->rejected == 0;

	say_verdict(w);
	say_file(w);
	say_books(w);
	say_header(w);
	say_kinds(w, "NOT TAKEN, AND WHY", p->reasons, p->nreasons);
	say_kinds(w, taken ? "TAKEN, BUT LOOK AT IT" : "LOOK AT THIS AS WELL",
	    p->warnings, p->kinds);
	say_problems(w);
	say_advice(w);
}

void
receipt_text(const struct receipt_facts *r, struct buf *out)
{
	struct buf text;
	struct words w = {
	    r, &text, r->messages ? "message" : "row", r->messages ? "messages" : "rows"};

	buf_init(&text, out->max);
	say_all(&w);
	if (!utf8_ascii(buf_span(&text)))
		buf_add_str(out, MARK);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			buf_add_char(out, '\r');
		buf_add_char(out, text.p[i]);
	}
	out->failed |= text.failed;
	buf_release(&text);
}
