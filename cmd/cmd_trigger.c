#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/status.h"
#include "cmd/text.h"
#include "cmd/trigger.h"
#include "state/ledger.h"

static const char help[] =
    "emrdrop trigger [options]\n\n"
    "Runs a short job for each event: one a feed at a time, several feeds in parallel. An\n"
    "event names a feed, and perhaps a file; or is one of S3, SQS or AWS Transfer Family,\n"
    "and finds its feed by [source] event_path. It is answered when the ledger has what\n"
    "became of it. Events come by --amqp (with --drain or --wait), --event or --lambda.\n\n"
    "  --amqp URL    messages of the queue in [trigger]: amqps://user@host/vhost\n"
    "  --drain       end when the queue is empty\n"
    "  --wait        go on until SIGTERM, then wait for the jobs that run\n"
    "  --event -     one event on standard input; a batch of SQS is answered there\n"
    "  --lambda      invocations of an AWS Lambda function\n"
    "  --json        one JSON object on standard output at the end\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all answered; 3 some are dead letters; 64 usage; 74 broker or runtime\n"
    "lost; 76 certificate; 77 login; 78 configuration; of --event that of `emrdrop run`,\n"
    "75 if it is for later, 65 if it makes no sense, 0 if it is a batch that is answered\n\n"
    "Examples:\n"
    "  emrdrop trigger --amqp amqps://emrdrop@broker.example/prod --wait\n"
    "  emrdrop trigger --event - <event.json\n";

#define MAGIC_TMPFS   0x01021994
#define MAGIC_RAMFS   0x858458f6
#define MAGIC_OVERLAY 0x794c7630

static int
pick_source(const struct app *app, struct events_conf *c, struct err *e)
{
	int asked = (app->amqp != NULL) + (app->event != NULL) + app->lambda;

	if (asked != 1)
		return err_set(e, ERR_USAGE, "one of --amqp URL, --event - and --lambda");
	if (app->event != NULL && strcmp(app->event, "-") != 0)
		return err_set(
		    e, ERR_USAGE, "--event takes -, and the event on standard input");
	if (app->amqp != NULL ? app->drain == app->wait : app->drain || app->wait)
		return err_set(e, ERR_USAGE,
		    "--amqp needs one of --drain and --wait, the others none");
	c->kind = app->amqp != NULL    ? EVENTS_AMQP
		  : app->event != NULL ? EVENTS_STDIN
				       : EVENTS_LAMBDA;
	c->url = app->amqp;
	c->drain = app->drain;
	c->trigger = &app->trigger;
	return 0;
}

#define LASTING                                                                      \
	"a function's ledger must lie on a local disk that outlives its instances. " \
	"Lambda has none: /tmp goes with the instance, and EFS is a network file "   \
	"system. Run the image where there is such a disk, with --lambda or --amqp"

/* A ledger that is new with each instance would deliver everything again and again. */
static int
check_lasting(struct app *app, struct err *e)
{
	char *dir = realpath(app->state.dir, NULL);
	struct ledger *l;
	struct statfs fs;
	unsigned type = 0;
	bool temporary;

	if (dir == NULL || statfs(dir, &fs) != 0) {
		free(dir);
		return err_set(e, ERR_LEDGER,
		    "--lambda: there is no state folder %s: " LASTING, app->state.dir);
	}
	type = (unsigned)fs.f_type;
	temporary = strcmp(dir, "/tmp") == 0 || strncmp(dir, "/tmp/", 5) == 0 ||
		    type == MAGIC_TMPFS || type == MAGIC_RAMFS || type == MAGIC_OVERLAY;
	free(dir);
	if (temporary)
		return err_set(e, ERR_LEDGER,
		    "--lambda: the state folder %s does not last: " LASTING,
		    app->state.dir);
	/* Never a new one: that it is there shows that the disk was there before us. */
	if ((l = app_ledger(app, false, e)) == NULL)
		return err_prefix(
		    e, "--lambda wants the ledger that `emrdrop run` has made");
	app_ledger_close(app, l);
	return 0;
}

static int
exit_of(const struct events_conf *c, const struct trigger_sum *s)
{
	if (c->kind != EVENTS_STDIN)
		return s->dead > 0 ? STATUS_SOME_LOST : STATUS_OK;
	if (s->answered)
		return STATUS_OK;
	if (s->dead > 0)
		return status_worse(STATUS_FILE_REFUSED, s->exit);
	/* What another file came to is no answer to who has to ask again. */
	return s->later > 0 && status_is_settled(s->exit) ? STATUS_BUSY : s->exit;
}

static void
write_json(const struct app *app, const struct trigger_sum *s, bool reports, int exit,
    struct buf *out)
{
	struct json j;

	jw_init(&j, out);
	jw_object(&j);
	jw_put_cstr(&j, "run", app->run);
	jw_put_uint(&j, "messages", s->messages);
	jw_put_uint(&j, "done", s->done);
	jw_put_uint(&j, "later", s->later);
	jw_put_uint(&j, "dead", s->dead);
	jw_put_uint(&j, "jobs", s->jobs);
	if (reports) {
		jw_key(&j, SPAN_LIT("reports"));
		jw_array(&j);
		jw_raw(&j, buf_span(&s->reports));
		jw_array_end(&j);
	}
	jw_put_int(&j, "exit", exit);
	jw_object_end(&j);
}

static void
write_text(const struct trigger_sum *s, struct buf *out)
{
	text_count(out, s->messages, "message");
	buf_addf(out, ": %llu done, %llu for later, %llu dead; ",
	    (unsigned long long)s->done, (unsigned long long)s->later,
	    (unsigned long long)s->dead);
	text_count(out, s->jobs, "job");
}

/* The answer to a batch of SQS is what its caller reads: it stands alone, always. */
static int
print_sum(const struct app *app, const struct events_conf *c, const struct trigger_sum *s,
    int exit, struct err *e)
{
	struct buf out;
	int rc;

	buf_init(&out, 80u << 20);
	if (s->answered && c->kind == EVENTS_STDIN)
		buf_add_span(&out, buf_span(&s->answer));
	else if (app->json)
		write_json(app, s, c->kind == EVENTS_STDIN, exit, &out);
	else
		write_text(s, &out);
	buf_add_char(&out, '\n');
	rc = print_buf(&out, "the report", e);
	buf_release(&out);
	return rc;
}

static int
trigger(struct app *app, struct err *e)
{
	struct trigger_sum sum = {.exit = STATUS_OK};
	struct events_conf c = {.stop_fd = -1};
	int exit, rc = pick_source(app, &c, e);

	if (rc != 0)
		return err_exit(e->code);
	if (c.kind == EVENTS_LAMBDA)
		rc = check_lasting(app, e);
	if (rc == 0)
		rc = trigger_run(app, &c, c.kind == EVENTS_STDIN && app->json, &sum, e);
	else
		events_refuse(&c, e);
	exit = rc == 0 ? exit_of(&c, &sum) : err_exit(e->code);
	if (rc == 0 && print_sum(app, &c, &sum, exit, e) != 0)
		exit = err_exit(e->code);
	buf_release(&sum.answer);
	buf_release(&sum.reports);
	return exit;
}

const struct command command_trigger = {"trigger",
    "run jobs as a queue's messages ask for", help,
    OPT_AMQP | OPT_EVENT | OPT_LAMBDA | OPT_DRAIN | OPT_WAIT, 0, 0, true, trigger};
