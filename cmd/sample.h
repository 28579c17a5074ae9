/*
 * A local file that is looked at before there is a feed for it: unpacked as a run does,
 * and read as rows or as messages, whichever it holds.
 */
#ifndef CMD_SAMPLE_H
#define CMD_SAMPLE_H

#include "cmd/app.h"
#include "mappers/hl7_survey.h"
#include "mappers/profile.h"

/* Zeroed before; one of the two is set. */
struct sample {
	struct profile *profile;
	struct hl7_survey *survey;
	char unpacked[128]; /* "unpacked=gzip", or "" */
	bool others;        /* exports behind the first, which were not looked at */
};

/*
 * Reads all of it. ERR_IO if it can't be read, ERR_REFUSED if it is damaged, encrypted
 * or no text. To be released all the same.
 */
int sample_read(struct sample *s, const struct app *app, const char *path, struct err *e);
void sample_release(struct sample *s);

#endif
