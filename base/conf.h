/*
 * Configuration: INI files read through inih into sections, and option tables
 * that bind a section to a struct. Every mistake is collected with file and line,
 * so that all are told at once.
 *
 * A struct conf owns all the text it hands out, until conf_release.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/span.h"

#define CONF_LINE_MAX    65536
#define CONF_SECTION_MAX 49 /* inih cuts longer names */
#define CONF_FILE_MAX    (4 << 20)
#define CONF_EXTENDS_MAX 8 /* depth */
#define CONF_ERRORS_MAX  200

struct conf_entry {
	struct span key;
	struct span value;
	const char *file;
	unsigned line;
	bool used; /* set by whoever understood it; the rest are unknown keys */
};

/* "[code appointment-status]" has name "code" and label "appointment-status". */
struct conf_section {
	struct span name;
	struct span label;
	const char *file;
	unsigned line;
	struct conf_entry *entries;
	size_t n, cap;
	bool used;
};

struct conf_errors {
	struct arena arena;
	const char
	    *text[CONF_ERRORS_MAX]; /* "FILE:LINE: [section] key: reason", by line */
	const char *file[CONF_ERRORS_MAX]; /* or NULL */
	unsigned line[CONF_ERRORS_MAX];
	size_t n; /* may exceed CONF_ERRORS_MAX */
};

struct conf {
	struct arena arena;
	struct conf_section *sections;
	size_t n, cap;
	const char *path;
	struct conf_errors *errors; /* borrowed */
};

/*
 * Reads `path` and what it extends ([feed] extends = a.ini b.ini, relative to the
 * file's folder, then to `maps_dir`, which may be NULL): key by key, later wins,
 * "key =" unsets; [code ...] tables are added to. Mistakes go to `errors`, which
 * must outlive the conf. Returns 0 even if there were mistakes; -1 with *e only if
 * the file can't be read at all, is group- or world-writable, or memory ran out.
 */
int conf_load(struct conf *c, const char *path, const char *maps_dir,
    struct conf_errors *errors, struct err *e);
void conf_release(struct conf *c);

/* A configuration without a file: every option has its default. */
void conf_init(struct conf *c, struct conf_errors *errors);

/*
 * Adds the sections and keys of `defaults` that `c` does not have, but for the
 * sections named in `but` (NULL-terminated). The text stays that of `defaults`,
 * which must outlive c.
 */
int conf_defaults(
    struct conf *c, const struct conf *defaults, const char *const *but, struct err *e);

void conf_errors_init(struct conf_errors *errs);
void conf_errors_release(struct conf_errors *errs);

/* A mistake at an entry, or a section's own line; if it says TODO, only the first. */
void conf_error_at(struct conf_errors *errs, const struct conf_section *s,
    const struct conf_entry *en, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool conf_is_todo(struct span value); /* is TODO its first word? */

/* The section [name] or [name label]; NULL if there is none. label "" is no label. */
struct conf_section *conf_find(struct conf *c, const char *name, const char *label);
/* The same, made without entries if there is none; NULL: no memory. */
struct conf_section *conf_section(struct conf *c, const char *name);
struct conf_entry *conf_get(const struct conf_section *s, const char *key); /* or NULL */

enum conf_type {
	CONF_STRING, /* const char *; outer quotes taken off */
	CONF_LIST,   /* struct conf_list: words and "quoted words", by blanks or commas */
	CONF_BOOL,   /* bool: yes no true false on off */
	CONF_INT,    /* long long */
	CONF_SIZE,   /* long long bytes: 16M, 64K, 1G */
	CONF_DURATION, /* long long ms: 500ms 10s 5m 2h 400d; a bare 0 */
	CONF_PERCENT,  /* long long, in 1/100 %: "10 %" or "2.5%" */
	CONF_ENUM,     /* int: index into choices */
	CONF_SECRET    /* struct conf_secret: where a secret is, never the secret */
};

struct conf_list {
	const char **v;
	size_t n;
};

struct conf_option {
	const char *name;
	enum conf_type type;
	size_t offset;    /* into the struct that the section binds to */
	const char *dflt; /* as it would stand in the file; NULL: none */
	bool required;
	long long min, max;         /* numbers; both 0: no bounds */
	const char *const *choices; /* CONF_ENUM, NULL-terminated */
	const char *help;           /* one line for the manual */
};

/*
 * Sets every option of `table` (ended by name NULL) in *out: defaults first, then
 * what section `s` (may be NULL) has. Unknown keys are errors that name the nearest
 * option. Text set in *out belongs to the conf. Returns the number of mistakes.
 */
int conf_bind(
    struct conf *c, struct conf_section *s, const struct conf_option *table, void *out);

/*
 * The same for one entry whose key is no option's, and whose value is of this type and
 * not empty. 0, or -1 with the mistake told.
 */
int conf_bind_entry(struct conf *c, const struct conf_section *s, struct conf_entry *en,
    enum conf_type type, void *out);

/* Sections and keys nobody has used become errors with the nearest known name. */
void conf_check_unused(struct conf *c, const char *const *known_sections);

/*
 * Splits a value into words at blanks and commas; "quoted words" may hold either,
 * "" inside quotes is a quote. -1 with *e on an open quote.
 */
int conf_words(struct arena *a, struct span value, struct conf_list *out, struct err *e);

#endif
