#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/whole.h"
#include "cmd/commands.h"
#include "cmd/draft.h"
#include "cmd/sample.h"
#include "cmd/status.h"
#include "state/ledger.h"

#define OUT_MAX   (4u << 20)
#define PATH_SIZE 4096

static const char help[] =
    "emrdrop init [options] NAME SAMPLE\n\n"
    "Drafts a feed file from a sample export or HL7 file, CONFIG/feeds.d/NAME.ini. A file\n"
    "that is there is never written over. Columns are found by their titles and by what\n"
    "all rows hold: delimiter, header, date formats, phone numbers, codes. Above each line\n"
    "stands how sure it is. What says TODO is for you to fill in: `emrdrop check` refuses\n"
    "it until then. Columns that are not used are listed at the end.\n\n"
    "The draft has titles, and words of status and gender columns with few values; no\n"
    "other value of the sample. A first row that is not surely a header is data.\n\n"
    "  --dry-run     print the draft, write no file\n"
    "  --json        one JSON object on standard output, with the draft\n"
    "  --config DIR  folder with emrdrop.ini and feeds.d\n\n"
    "Exit status: 0 all well; 64 no name, or the feed is there already; 65 no sample\n"
    "that can be read; 74 a file cannot be opened or written\n\n"
    "Examples:\n"
    "  emrdrop init northside 'Appt Report 03052026.csv'\n"
    "  emrdrop init lakeside sample.hl7 --dry-run\n";

/* No secret stands in a feed file; whoever runs the job must be able to read it. */
#define FEED_MODE 0644

static void
refuse_link(const char *path, struct err *e)
{
	if (errno == EEXIST)
		err_set(e, ERR_USAGE,
		    "%s is there already, and stays as it is: take another name", path);
	else
		err_sys(e, ERR_IO, errno, "%s cannot be written", path);
}

/* Written aside, then linked: never half a file, never over another. */
static int
place(const char *path, struct span text, struct err *e)
{
	char aside[PATH_SIZE];
	int fd, rc = -1;

	snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
	fd = mkostemp(aside, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, ERR_IO, errno, "%s cannot be written", path);
	if (write_whole(fd, text) != 0 || fchmod(fd, FEED_MODE) != 0 || fsync(fd) != 0)
		err_sys(e, ERR_IO, errno, "%s cannot be written", path);
	else if (link(aside, path) != 0)
		refuse_link(path, e);
	else if (sync_folder_of(path) != 0)
		err_sys(e, ERR_IO, errno, "%s cannot be written", path);
	else
		rc = 0;
	unlink(aside);
	close(fd);
	return rc;
}

/* emrdrop.ini's [target] goes for every feed that has none. */
static bool
lacks_target(struct app *app)
{
	struct conf_section *s = conf_find(&app->conf, "target", "");

	return conf_get(s, "url") == NULL;
}

static int
make(struct app *app, struct buf *text, struct err *e)
{
	const struct draft_for of = {
	    app->args[0], app->args[1], lacks_target(app), clock_wall(app->clock)};
	struct sample s = {.profile = NULL};
	struct draft d;
	int rc = sample_read(&s, app, app->args[1], e);

	if (rc == 0 && s.survey != NULL && hl7_survey_found(s.survey)->messages == 0) {
		rc = err_set(e, ERR_REFUSED, "%s: no message is there to draft from",
		    app->args[1]);
	} else if (rc == 0 && s.survey != NULL) {
		draft_messages(text, hl7_survey_found(s.survey), &of);
	} else if (rc == 0) {
		draft_make(&d, s.profile);
		if (d.file.rows == 0)
			rc = err_set(e, ERR_REFUSED,
			    "%s: no row of data is there to draft from", app->args[1]);
		else
			draft_rows(text, &d, &of);
	}
	sample_release(&s);
	return rc == 0 ? buf_check(text, "the draft", e) : -1;
}

static unsigned
count_todo(struct span text)
{
	static const char mark[] = "= TODO\n";
	unsigned n = 0;

	for (size_t i = 0; i + sizeof(mark) - 1 <= text.n; i++)
		n += memcmp(text.p + i, mark, sizeof(mark) - 1) == 0;
	return n;
}

static int
tell(const struct app *app, const char *path, struct span text, struct err *e)
{
	struct buf out;
	struct json j;
	int rc;

	if (!app->json && app->dry_run)
		return print_out(text, e);
	buf_init(&out, 2 * OUT_MAX);
	if (app->json) {
		jw_init(&j, &out);
		jw_object(&j);
		jw_put_cstr(&j, "feed", app->args[0]);
		jw_put_cstr(&j, "path", app->dry_run ? NULL : path);
		jw_put_uint(&j, "todo", count_todo(text));
		jw_put_string(&j, "draft", text);
		jw_object_end(&j);
		buf_add_char(&out, '\n');
	} else {
		buf_addf(&out,
		    "%s is drafted. Fill in its %u lines that say TODO, look through the "
		    "rest, then:\n  emrdrop check %s\n",
		    path, count_todo(text), app->args[0]);
	}
	rc = print_buf(&out, "the draft", e);
	buf_release(&out);
	return rc;
}

static int
init(struct app *app, struct err *e)
{
	char folder[PATH_SIZE / 2], path[PATH_SIZE - 16];
	struct buf text;
	int rc = 0;

	if (!ledger_name_ok(app->args[0]))
		rc = err_set(e, ERR_USAGE,
		    "NAME is a feed's, and no path: a-z, 0-9, dot, dash and underscore, at most "
		    "64; the draft is feeds.d/NAME.ini in the folder of --config");
	snprintf(folder, sizeof(folder), "%s/feeds.d", app->config_dir);
	snprintf(path, sizeof(path), "%s/%s.ini", folder, app->args[0]);
	buf_init(&text, OUT_MAX);
	if (rc == 0)
		rc = make(app, &text, e);
	if (rc == 0 && !app->dry_run)
		rc = place(path, buf_span(&text), e);
	if (rc == 0)
		rc = tell(app, path, buf_span(&text), e);
	buf_release(&text);
	return rc == 0 ? STATUS_OK : err_exit(e->code);
}

const struct command command_init = {
    "init", "draft a feed file from a sample", help, OPT_DRY_RUN, 2, 2, true, init};
