/* How a file was read, for programs and for people. */
#ifndef MAPPERS_FOUND_H
#define MAPPERS_FOUND_H

struct reading;

enum found_form {
	FOUND_KEYS, /* "delimiter=, charset=windows-1252 header=4": programs may rely on it */
	FOUND_WORDS /* "cells separated by commas, in windows-1252, titles in row 4" */
};

/* Once the header was read. Valid until the next call, or reading_free. */
const char *reading_found(const struct reading *r, enum found_form form);

#endif
