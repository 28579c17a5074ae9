/*
 * Makes emrdrop.conf(5) and emrdrop-problems(7) of their prose and of the program's own
 * tables, so that an option with its default and its bounds, and a problem with its remedy,
 * are written down once:
 *
 *   conf-manual TEMPLATE PAGE [TEMPLATE PAGE]...
 *
 * A line of a template is mdoc, or one of these words:
 *
 *   @options SECTION   the options of this section, up to
 *   @end
 *   @more OPTION       what follows stands behind the table's words about that option
 *   @problems          all problems, by their codes
 *
 * A section without options, an option that is no more, and a table that all templates
 * pass over end it with 1, and with them the build.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/problem.h"
#include "cmd/app.h"
#include "cmd/feed.h"
#include "mappers/format.h"
#include "mappers/unpack.h"
#include "outbound/target_conf.h"
#include "pollers/source.h"

#define MORE_MAX 64 /* options of a section */

static const struct section {
	const char *name;
	const struct conf_option *options;
} sections[] = {
    {"state", state_options},
    {"log", log_options},
    {"run", run_options},
    {"trigger", trigger_options},
    {"alarms", alarms_options},
    {"metrics", metrics_options},
    {"feed", feed_options},
    {"source", source_options},
    {"unpack", unpack_options},
    {"csv", csv_options},
    {"hl7", hl7_options},
    {"target", target_options},
    {"expect", expect_options},
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* The prose of one section's options. */
struct more {
	const struct conf_option *of[MORE_MAX];
	char *text[MORE_MAX];
	size_t n;
};

struct manual {
	const char *path;
	FILE *in;
	unsigned line_number;
	char *line;
	size_t size;
	bool told[SECTIONS];
	bool told_problems;
	struct more more;
};

static _Noreturn void
fail(const struct manual *m, const char *what, const char *name)
{
	fprintf(stderr, "%s:%u: %s: %s\n", m->path, m->line_number, name, what);
	exit(EXIT_FAILURE);
}

/* The next line without its end; false behind the last one. */
static bool
next_line(struct manual *m)
{
	ssize_t n = getline(&m->line, &m->size, m->in);

	if (n < 0)
		return false;
	m->line_number++;
	if (n > 0 && m->line[n - 1] == '\n')
		m->line[n - 1] = '\0';
	return true;
}

/* What stands behind `word` on this line, or NULL if the line begins otherwise. */
static const char *
behind(const struct manual *m, const char *word)
{
	size_t n = strlen(word);

	return strncmp(m->line, word, n) == 0 ? m->line + n : NULL;
}

/* A text that is not mdoc, as mdoc: each sentence on a line of its own. */
static void
put_text(const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", stdout);
	for (; *s != '\0'; s++) {
		if (*s == '.' && s[1] == ' ' && isupper((unsigned char)s[2])) {
			puts(".");
			s++;
		} else {
			fputs(*s == '\\' ? "\\e" : (char[]){*s, '\0'}, stdout);
		}
	}
}

/* The largest unit that gives a whole number. */
static void
put_in_units(long long v, const char *const *names, const long long *units)
{
	size_t i = 0;

	while (units[i] > 1 && (v < units[i] || v % units[i] != 0))
		i++;
	printf("%lld%s", v / units[i], v == 0 ? "" : names[i]);
}

static void
put_number(enum conf_type type, long long v)
{
	static const char *const times[] = {"d", "h", "m", "s", "ms"};
	static const long long ms[] = {86400000, 3600000, 60000, 1000, 1};
	static const char *const sizes[] = {"G", "M", "K", ""};
	static const long long bytes[] = {1 << 30, 1 << 20, 1 << 10, 1};

	if (type == CONF_DURATION)
		put_in_units(v, times, ms);
	else if (type == CONF_SIZE)
		put_in_units(v, sizes, bytes);
	else
		printf("%lld", v);
}

static void
put_choices(const char *const *choices)
{
	for (size_t i = 0; choices[i] != NULL; i++)
		printf("%s%s",
		    i == 0                   ? ""
		    : choices[i + 1] == NULL ? " or "
					     : ", ",
		    choices[i]);
}

/* "(duration from 1s to 24h; default 1h)" */
static void
put_kind(const struct conf_option *o)
{
	static const char *const kinds[] = {[CONF_STRING] = "text",
	    [CONF_LIST] = "words",
	    [CONF_BOOL] = "yes/no",
	    [CONF_INT] = "number",
	    [CONF_SIZE] = "size",
	    [CONF_DURATION] = "duration",
	    [CONF_PERCENT] = "percent",
	    [CONF_SECRET] = "secret"};

	putchar('(');
	if (o->type == CONF_ENUM)
		put_choices(o->choices);
	else
		fputs(kinds[o->type], stdout);
	if (o->type != CONF_PERCENT && o->max > 0) {
		fputs(" from ", stdout);
		put_number(o->type, o->min);
		fputs(" to ", stdout);
		put_number(o->type, o->max);
	}
	if (o->required)
		fputs(", required", stdout);
	if (o->dflt != NULL) {
		fputs("; default ", stdout);
		put_text(o->dflt);
	}
	puts(")\n.br");
}

/* The table's words as a sentence, unless they begin with a word of the feed file. */
static void
put_help(const char *help)
{
	size_t word = strcspn(help, " ");
	bool plain = true;

	for (size_t i = 0; i < word; i++)
		plain &= isalpha((unsigned char)help[i]) != 0;
	if (plain) {
		putchar(toupper((unsigned char)*help));
		help++;
	}
	put_text(help);
	puts(".");
}

static void
put_options(const struct section *s, const struct more *more)
{
	puts(".Bl -tag -width Ds");
	for (const struct conf_option *o = s->options; o->name != NULL; o++) {
		printf(".It Cm %s\n", o->name);
		put_kind(o);
		put_help(o->help);
		for (size_t i = 0; i < more->n; i++)
			if (more->of[i] == o)
				fputs(more->text[i], stdout);
	}
	puts(".El");
}

/* The option of `@more NAME`, which is not spoken of yet. */
static const struct conf_option *
find_option(const struct manual *m, const struct section *s, const char *name)
{
	const struct conf_option *o = s->options;

	while (o->name != NULL && strcmp(o->name, name) != 0)
		o++;
	if (o->name == NULL)
		fail(m, "the program has no such option", name);
	for (size_t i = 0; i < m->more.n; i++)
		if (m->more.of[i] == o)
			fail(m, "@more stands here twice", name);
	if (m->more.n == MORE_MAX)
		fail(m, "raise MORE_MAX", name);
	return o;
}

/* Up to @end. */
static void
read_more(struct manual *m, const struct section *s)
{
	const char *name;
	FILE *text = NULL;
	size_t size;

	m->more.n = 0;
	while (next_line(m) && behind(m, "@end") == NULL) {
		if ((name = behind(m, "@more ")) == NULL) {
			if (text == NULL)
				fail(m, "stands before the first @more", m->line);
			fprintf(text, "%s\n", m->line);
			continue;
		}
		if (text != NULL)
			fclose(text);
		m->more.of[m->more.n] = find_option(m, s, name);
		text = open_memstream(&m->more.text[m->more.n++], &size);
		if (text == NULL)
			fail(m, "no memory", name);
	}
	if (text != NULL)
		fclose(text);
}

static void
make_section(struct manual *m, const char *name)
{
	size_t i = 0;

	while (i < SECTIONS && strcmp(sections[i].name, name) != 0)
		i++;
	if (i == SECTIONS || m->told[i])
		fail(m, "has no options, or has been told of", name);
	m->told[i] = true;
	read_more(m, &sections[i]);
	put_options(&sections[i], &m->more);
	while (m->more.n > 0)
		free(m->more.text[--m->more.n]);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(problem_name(*(const enum problem_code *)a),
	    problem_name(*(const enum problem_code *)b));
}

static void
make_problems(struct manual *m)
{
	enum problem_code codes[PROBLEM_CODE_COUNT - 1];

	m->told_problems = true;
	for (size_t i = 0; i < PROBLEM_CODE_COUNT - 1; i++)
		codes[i] = (enum problem_code)(i + 1);
	qsort(codes, PROBLEM_CODE_COUNT - 1, sizeof(codes[0]), by_name);
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < PROBLEM_CODE_COUNT - 1; i++) {
		printf(".It Cm %s\n", problem_name(codes[i]));
		put_text(problem_text(codes[i]));
		puts("\n.br");
		put_text(problem_remedy(codes[i]));
		putchar('\n');
	}
	puts(".El");
}

static void
make_page(struct manual *m, const char *from, const char *to)
{
	const char *name;

	m->path = from;
	m->line_number = 0;
	if ((m->in = fopen(from, "r")) == NULL)
		fail(m, "cannot be read", "the template");
	if (freopen(to, "w", stdout) == NULL)
		fail(m, "cannot be written", to);
	while (next_line(m)) {
		if ((name = behind(m, "@options ")) != NULL)
			make_section(m, name);
		else if (strcmp(m->line, "@problems") == 0)
			make_problems(m);
		else if (m->line[0] == '@')
			fail(m, "is no word of a template", m->line);
		else
			puts(m->line);
	}
	fclose(m->in);
	if (fflush(stdout) != 0)
		fail(m, "cannot be written", to);
}

int
main(int argc, char **argv)
{
	struct manual m = {.path = ""};

	if (argc < 3 || argc % 2 == 0)
		fail(&m, "TEMPLATE PAGE [TEMPLATE PAGE]...", "usage");
	for (int i = 1; i < argc; i += 2)
		make_page(&m, argv[i], argv[i + 1]);
	for (size_t i = 0; i < SECTIONS; i++)
		if (!m.told[i])
			fail(&m, "no template has these options", sections[i].name);
	if (!m.told_problems)
		fail(&m, "no template has them", "@problems");
	free(m.line);
	return EXIT_SUCCESS;
}
