#include "cmd/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/input.h"
#include "mappers/unpack.h"

/* The first bytes say what it is. */
static int
begin(struct sample *s, struct span head, struct err *e)
{
	if (hl7_survey_is(head))
		s->survey = hl7_survey_new(e);
	else
		s->profile = profile_new(e);
	return s->survey == NULL && s->profile == NULL ? -1 : 0;
}

static int
take(struct sample *s, struct span bytes, struct err *e)
{
	if (s->survey == NULL && s->profile == NULL && begin(s, bytes, e) != 0)
		return -1;
	return s->survey != NULL ? hl7_survey_feed(s->survey, bytes, e)
				 : profile_feed(s->profile, bytes, e);
}

static int
finish(struct sample *s, struct err *e)
{
	if (s->survey == NULL && s->profile == NULL)
		return err_set(e, ERR_REFUSED, "the file is empty");
	return s->survey != NULL ? hl7_survey_end(s->survey, e)
				 : profile_end(s->profile, e);
}

/* Other exports are read as well, so that damage behind the first is found. */
static int
pump(struct sample *s, struct unpack *u, struct err *e)
{
	struct span bytes;
	int r;

	while ((r = unpack_next(u, &bytes, e)) > 0) {
		s->others |= r == UNPACK_EXPORT;
		if (r == UNPACK_BYTES && !s->others && take(s, bytes, e) != 0)
			return -1;
	}
	return r < 0 ? -1 : finish(s, e);
}

int
sample_read(struct sample *s, const struct app *app, const char *path, struct err *e)
{
	const struct unpack_env env = {.clock = app->clock};
	struct input in = {.fd = open(path, O_RDONLY | O_CLOEXEC), .path = path};
	struct conf_errors errors;
	struct unpack_conf conf;
	struct unpack *u = NULL;
	struct conf defaults;
	int rc = -1;

	if (in.fd < 0)
		return err_sys(e, ERR_IO, errno, "%s", path);
	conf_errors_init(&errors);
	conf_init(&defaults, &errors);
	if (conf_bind(&defaults, NULL, unpack_options, &conf) == 0)
		u = unpack_open(&conf, &env, (struct byte_source){input_read, &in}, e);
	if (u != NULL && (rc = pump(s, u, e)) == 0)
		snprintf(
		    s->unpacked, sizeof(s->unpacked), "%s", unpack_found(u, FOUND_KEYS));
	unpack_close(u);
	conf_release(&defaults);
	conf_errors_release(&errors);
	close(in.fd);
	return rc;
}

void
sample_release(struct sample *s)
{
	profile_free(s->profile);
	hl7_survey_free(s->survey);
}
