#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/query.h"
#include "cmd/status.h"
#include "cmd/text.h"

static const char help[] =
    "emrdrop audit\n"
    "emrdrop audit verify [HEAD]\n\n"
    "The audit trail: a line for each act that changed what is delivered, and who did it.\n"
    "Without a word it is printed, one JSON object a line. Each line is chained to the one\n"
    "before it under a key of this site.\n\n"
    "  verify  checks the chain, and prints its head. HEAD is a head that was printed\n"
    "          before, or stands as \"audit\" in the report of a run: the trail must still\n"
    "          go through it, or its end was cut off and grew anew\n\n"
    "  --json        one JSON object on standard output\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all is whole; 74 it is not\n\n"
    "Examples:\n"
    "  emrdrop audit | tail\n"
    "  emrdrop audit verify 812-a71e5c4d28f9b0360c1d5e7f8a9b2c3d\n";

static int
print_line(void *arg, const struct audit_line *a)
{
	struct query *q = arg;

	if (q->app->json) {
		jw_raw(&q->json, a->json);
		return 0;
	}
	buf_add_span(&q->out, a->json);
	buf_add_char(&q->out, '\n');
	return 0;
}

static int
print(struct query *q)
{
	bool whole;
	int rc;

	if (q->app->json) {
		jw_object(&q->json);
		jw_key(&q->json, SPAN_LIT("lines"));
		jw_array(&q->json);
	}
	rc = ledger_audit_each(q->ledger, print_line, q, &whole, q->e);
	if (q->app->json) {
		jw_array_end(&q->json);
		jw_object_end(&q->json);
	}
	return rc;
}

struct checked {
	const char *head; /* that it must go through; NULL: none is given */
	bool met;
	uint64_t first_bad;
	struct audit_head last;
};

static int
check_line(void *arg, const struct audit_line *a)
{
	struct checked *c = arg;
	char text[AUDIT_HEAD_SIZE];

	c->last = (struct audit_head){a->number, a->link};
	if (!a->good && c->first_bad == 0)
		c->first_bad = a->number;
	text_audit_head(&c->last, text);
	c->met |= c->head != NULL && strcmp(c->head, text) == 0;
	return 0;
}

static int
judge(const struct checked *c, bool whole, struct err *e)
{
	if (c->first_bad != 0)
		return err_set(e, ERR_LEDGER,
		    "the audit trail is broken at line %llu: lines before it were taken out, "
		    "or it was made elsewhere",
		    (unsigned long long)c->first_bad);
	if (!whole)
		return err_set(e, ERR_LEDGER, "the end of the audit trail was cut off");
	if (c->head != NULL && !c->met)
		return err_set(e, ERR_LEDGER,
		    "the audit trail does not go through %s: its end was cut off, or the "
		    "ledger is an older one",
		    c->head);
	return 0;
}

static int
verify(struct query *q)
{
	struct checked c = {.head = q->app->nargs > 1 ? q->app->args[1] : NULL};
	char text[AUDIT_HEAD_SIZE];
	bool whole;

	if (ledger_audit_each(q->ledger, check_line, &c, &whole, q->e) != 0 ||
	    judge(&c, whole, q->e) != 0)
		return -1;
	text_audit_head(&c.last, text);
	if (q->app->json) {
		jw_object(&q->json);
		jw_put_uint(&q->json, "lines", c.last.number);
		jw_put_cstr(&q->json, "head", text);
		jw_object_end(&q->json);
		return 0;
	}
	buf_addf(&q->out, "%llu lines, whole; head %s\n",
	    (unsigned long long)c.last.number, text);
	return 0;
}

static int
audit(struct app *app, struct err *e)
{
	if (app->nargs == 0)
		return query_run(app, print, e);
	if (strcmp(app->args[0], "verify") == 0)
		return query_run(app, verify, e);
	err_set(e, ERR_USAGE, "`emrdrop audit` takes nothing, or verify and a head");
	return STATUS_USAGE;
}

const struct command command_audit = {
    "audit", "who did what, and whether that is all", help, 0, 0, 2, true, audit};
