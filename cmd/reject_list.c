#include "cmd/reject_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "outbound/outbox.h"

#define PIECE     (256u << 10) /* bytes that are written at a time */
#define TITLE_MAX 200          /* bytes of a title: nobody reads more */
#define LINE_SIZE (TITLE_MAX + 64)
#define DAMAGED   "a list of rejects is damaged"
#define TOLD_MAX  20 /* problems of one row that are told */
#define CELL_MAX  8192

struct late {
	uint64_t row;
	enum problem_code code;
};

struct reject_list {
	struct outbox *outbox;
	struct late *late;
	size_t n, cap;
	struct buf frame, text;
	uint64_t early;
	struct err err; /* of an add */
};

struct reject_list *
reject_list_new(const char *dir, size_t memory, struct err *e)
{
	struct reject_list *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return err_nomem(e), NULL;
	buf_init(&l->frame, LINE_SIZE);
	buf_init(&l->text, PIECE + 2 * LINE_SIZE);
	if ((l->outbox = outbox_new(dir, memory, e)) == NULL) {
		reject_list_free(l);
		return NULL;
	}
	return l;
}

void
reject_list_free(struct reject_list *l)
{
	if (l == NULL)
		return;
	outbox_free(l->outbox);
	buf_release(&l->frame);
	buf_release(&l->text);
	free(l->late);
	free(l);
}

/* The title is for people: what would end the line is a blank. */
static void
add_line(struct buf *out, uint64_t row, enum problem_code code, struct span title)
{
	size_t start;

	if (title.n > TITLE_MAX)
		title.n = utf8_valid((struct span){title.p, TITLE_MAX});
	buf_addf(out, "%llu %s ", (unsigned long long)row, problem_name(code));
	start = out->n;
	buf_add_span(out, title);
	for (size_t i = start; i < out->n; i++)
		if ((unsigned char)out->p[i] < ' ')
			out->p[i] = ' ';
	buf_add_char(out, '\n');
}

void
reject_list_add(struct reject_list *l, const struct problem *p)
{
	if (p->weight != WEIGHT_REJECT || p->row == 0 || l->err.code != ERR_NONE)
		return;
	l->early++;
	buf_clear(&l->frame);
	add_line(&l->frame, p->row, p->code, p->column);
	if (buf_check(&l->frame, "a line of the list of rejects", &l->err) == 0)
		outbox_put(l->outbox, buf_span(&l->frame), &l->err);
}

void
reject_list_add_late(struct reject_list *l, uint64_t row, enum problem_code code)
{
	size_t cap = l->cap * 2 + 64;
	struct late *v;

	/* What stands in no row is a removal. */
	if (row == 0 || l->err.code != ERR_NONE)
		return;
	if (l->n == l->cap) {
		if ((v = reallocarray(l->late, cap, sizeof(*v))) == NULL) {
			err_nomem(&l->err);
			return;
		}
		l->late = v;
		l->cap = cap;
	}
	l->late[l->n++] = (struct late){row, code};
}

bool
reject_list_is_empty(const struct reject_list *l)
{
	return l->early == 0 && l->n == 0;
}

static int
compare(const void *a, const void *b)
{
	const struct late *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->code > y->code) - (x->code < y->code);
}

static int
flush(struct reject_list *l, struct answer *to, size_t more_than, struct err *e)
{
	if (buf_check(&l->text, "the list of rejects", e) != 0)
		return -1;
	if (l->text.n <= more_than)
		return 0;
	if (answer_add(to, buf_span(&l->text), e) != 0)
		return -1;
	buf_clear(&l->text);
	return 0;
}

/* The late ones before `row`; two records of a row may be refused for one reason. */
static int
write_late(
    struct reject_list *l, size_t *at, uint64_t row, struct answer *to, struct err *e)
{
	for (; *at < l->n && l->late[*at].row < row; ++*at) {
		if (*at > 0 && compare(&l->late[*at - 1], &l->late[*at]) == 0)
			continue;
		add_line(&l->text, l->late[*at].row, l->late[*at].code,
		    (struct span){NULL, 0});
		if (flush(l, to, PIECE, e) != 0)
			return -1;
	}
	return 0;
}

int
reject_list_write(struct reject_list *l, struct answer *to, struct err *e)
{
	size_t at = 0;
	int r;

	if (l->err.code != ERR_NONE) {
		*e = l->err;
		return -1;
	}
	if (l->n > 0)
		qsort(l->late, l->n, sizeof(*l->late), compare);
	if (outbox_seal(l->outbox, e) != 0)
		return -1;
	while ((r = outbox_next(l->outbox, &l->frame, e)) == 1) {
		buf_add_char(&l->frame, '\0');
		if (write_late(l, &at, strtoull(l->frame.p, NULL, 10), to, e) != 0)
			return -1;
		buf_add(&l->text, l->frame.p, l->frame.n - 1);
		if (flush(l, to, PIECE, e) != 0)
			return -1;
	}
	if (r < 0 || write_late(l, &at, UINT64_MAX, to, e) != 0)
		return -1;
	return flush(l, to, 0, e);
}

struct reject_reader {
	int fd;
	char piece[4096];
	size_t n, used; /* bytes of the piece */
	char line[LINE_SIZE];
	uint64_t row; /* of the line; 0: there is none any more */
	enum problem_code code;
	struct span title;
	struct buf column, problem, remedy;
};

/* 1, 0 at the end, -1. */
static int
next_char(struct reject_reader *r, char *out, struct err *e)
{
	ssize_t n;

	if (r->used == r->n) {
		do
			n = read(r->fd, r->piece, sizeof(r->piece));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return n == 0 ? 0
				      : err_sys(e, ERR_IO, errno, "a list of rejects");
		r->n = (size_t)n;
		r->used = 0;
	}
	*out = r->piece[r->used++];
	return 1;
}

/* A line without its end into r->line: 1, 0 at the end of the list, -1. */
static int
take_line(struct reject_reader *r, struct err *e)
{
	size_t n = 0;
	char c = '\0';
	int got;

	while ((got = next_char(r, &c, e)) == 1 && c != '\n' && n < LINE_SIZE - 1)
		r->line[n++] = c;
	r->line[n] = '\0';
	if (got == 1 && c == '\n')
		return 1;
	return got < 0 || (got == 0 && n == 0) ? got : err_set(e, ERR_IO, DAMAGED);
}

static int
next_line(struct reject_reader *r, struct err *e)
{
	char *name, *title;
	int got = take_line(r, e);

	r->row = 0;
	if (got <= 0)
		return got;
	r->row = strtoull(r->line, &name, 10);
	name += *name == ' ';
	title = strchr(name, ' ');
	if (r->row == 0 || title == NULL)
		return err_set(e, ERR_IO, DAMAGED);
	r->code = problem_by_name((struct span){name, (size_t)(title - name)});
	r->title = span_of(title + 1);
	return 0;
}

struct reject_reader *
reject_reader_new(int fd, struct err *e)
{
	struct reject_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e), NULL;
	r->fd = fd;
	buf_init(&r->column, CELL_MAX);
	buf_init(&r->problem, CELL_MAX);
	buf_init(&r->remedy, CELL_MAX);
	if (next_line(r, e) != 0) {
		reject_reader_free(r);
		return NULL;
	}
	return r;
}

void
reject_reader_free(struct reject_reader *r)
{
	if (r == NULL)
		return;
	buf_release(&r->column);
	buf_release(&r->problem);
	buf_release(&r->remedy);
	free(r);
}

static void
join(struct buf *out, const char *glue, struct span s)
{
	if (s.n == 0)
		return;
	if (out->n > 0)
		buf_add_str(out, glue);
	buf_add_span(out, s);
}

static void
tell(struct reject_reader *r, enum problem_code before)
{
	join(&r->column, ", ", r->title);
	if (r->code == before)
		return;
	join(&r->problem, " / ", span_of(problem_text(r->code)));
	buf_addf(&r->problem, " [%s]", problem_name(r->code));
	join(&r->remedy, " / ", span_of(problem_remedy(r->code)));
}

int
reject_reader_wanted(
    struct reject_reader *r, uint64_t row, struct reject *out, struct err *e)
{
	enum problem_code before = PROBLEM_NONE;

	if (r->row != row)
		return 0;
	buf_clear(&r->column);
	buf_clear(&r->problem);
	buf_clear(&r->remedy);
	for (unsigned n = 0; r->row == row; n++) {
		if (n < TOLD_MAX)
			tell(r, before);
		before = r->code;
		if (next_line(r, e) != 0)
			return -1;
	}
	out->column = buf_span(&r->column);
	out->problem = buf_span(&r->problem);
	out->remedy = buf_span(&r->remedy);
	return 1;
}

bool
reject_reader_at_end(const struct reject_reader *r)
{
	return r->row == 0;
}
