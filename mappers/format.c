#include "mappers/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "mappers/format_ops.h"

static const struct format_ops *const formats[] = {&format_csv, &format_hl7};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static const struct format_ops *
find_format(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

static void
unknown_format(struct conf *c, const char *name)
{
	const struct conf_entry *en = NULL;
	struct conf_section *feed = conf_find(c, "feed", NULL);
	char hint[NEAR_HINT_SIZE];
	struct near near;
	struct buf known;

	buf_init(&known, 256);
	near_start(&near, span_of(name));
	for (size_t i = 0; i < FORMATS; i++) {
		buf_addf(&known, "%s%s", i == 0 ? "" : ", ", formats[i]->name);
		near_try(&near, span_of(formats[i]->name));
	}
	if (feed != NULL)
		en = conf_get(feed, "format");
	conf_error_at(c->errors, feed, en, "\"%s\" is not a known format (known: %.*s)%s",
	    name, (int)known.n, known.p == NULL ? "" : known.p, near_hint(&near, hint));
	buf_release(&known);
}

struct mapper *
mapper_new(struct conf *c, const struct mapper_conf *mc, struct err *e)
{
	const struct format_ops *ops = find_format(mc->format);
	struct mapper *m;

	if (ops == NULL) {
		unknown_format(c, mc->format);
		err_set(e, ERR_CONFIG, "the feed's format is not known");
		return NULL;
	}
	if ((m = calloc(1, sizeof(*m))) == NULL) {
		err_nomem(e);
		return NULL;
	}
	m->ops = ops;
	if (ops->compile(&m->self, c, mc, e) != 0) {
		free(m);
		return NULL;
	}
	return m;
}

void
mapper_free(struct mapper *m)
{
	if (m == NULL)
		return;
	m->ops->discard(m->self);
	free(m);
}

uint64_t
mapper_fingerprint(const struct mapper *m)
{
	return m->ops->fingerprint(m->self);
}

bool
mapper_event_times(const struct mapper *m)
{
	return map_event_times(m->ops->map(m->self));
}

const struct missing *
mapper_missing(const struct mapper *m)
{
	return m->ops->missing == NULL ? NULL : m->ops->missing(m->self);
}

bool
mapper_made(const struct mapper *m)
{
	return m->ops->made_known != NULL && m->ops->made_known(m->self);
}

bool
mapper_receipts(const struct mapper *m)
{
	return m->ops->receipts != NULL && m->ops->receipts->wanted(m->self);
}

void
mapper_receipts_open(const struct mapper *m, int64_t now, struct buf *out)
{
	m->ops->receipts->open(out, now);
}

const char *
mapper_receipt_word(const struct mapper *m, enum receipt_code code)
{
	return m->ops->receipts->word(code);
}

void
mapper_receipt_problem(const struct mapper *m, const struct receipt *r,
    enum problem_code code, struct buf *out)
{
	m->ops->receipts->problem(out, r, code);
}

void
mapper_receipts_close(const struct mapper *m, uint64_t n, struct buf *out)
{
	m->ops->receipts->close(out, n);
}

bool
mapper_rejects(const struct mapper *m)
{
	return m->ops->rejects != NULL && m->ops->rejects(m->self);
}
