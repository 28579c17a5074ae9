/* Which feeds a hint leads to. The feeds are read from files, as the program does. */
#include "cmd/trigger_route.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Names of feeds, their [source] beside the URL. "broken" has a mistake elsewhere. */
static const struct {
	const char *name, *source, *rest;
} feeds[] = {
    {"visits", "pattern = visits*.csv\nmarker = .done\nevent_path = b/in\n", ""},
    {"slots", "pattern = slots*.csv\nevent_path = /b/in/ other/x\n", ""},
    {"deep", "pattern = *\nevent_path = b/in/deep\n", ""},
    {"plain", "pattern = *.csv\n", ""},
    {"broken", "pattern = *.csv\nevent_path = c\n", "[csv]\nnonsense = 1\n"},
};

static void
write_feeds(const char *dir)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/feeds.d", dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < COUNT(feeds); i++) {
		snprintf(path, sizeof(path), "%s/feeds.d/%s.ini", dir, feeds[i].name);
		cr_assert_not_null(f = fopen(path, "w"));
		fprintf(f,
		    "[feed]\nsource = clinic\n[source]\nurl = file:///nowhere\n%s"
		    "[patient]\nop = patch\nid = {ID}\n[target]\n"
		    "url = https://api.example/\n%s",
		    feeds[i].source, feeds[i].rest);
		fclose(f);
		chmod(path, 0600);
	}
}

static void
remove_feeds(const char *dir)
{
	char path[512];

	for (size_t i = 0; i < COUNT(feeds); i++) {
		snprintf(path, sizeof(path), "%s/feeds.d/%s.ini", dir, feeds[i].name);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/feeds.d", dir);
	rmdir(path);
	rmdir(dir);
}

static int
note(void *arg, const struct route *to, const char *file)
{
	struct buf *out = arg;

	buf_addf(out, "%s:%s:%s ", to->feed, to->scope, file == NULL ? "-" : file);
	return 0;
}

static const struct {
	struct event_hint hint;
	const char *leads_to; /* a word of the fault behind ! */
} cases[] = {
    {{.feed = "plain"}, "plain:clinic:- "},
    {{.feed = "plain", .file = "a b.csv"}, "plain:clinic:a b.csv "},
    {{.feed = "plain", .file = "a.txt"}, "!pattern"},
    {{.feed = "plain", .file = "../a.csv"}, "!pattern"},
    {{.feed = "plain", .file = "a.csv.part"}, "!pattern"},
    {{.feed = "plain", .file = ""}, "!pattern"},
    {{.feed = "plain", .file = "a.csv\r"}, "!pattern"},
    {{.feed = "Plain"}, "!not configured"},
    {{.feed = ""}, "!not configured"},
    /* two feeds with one drop: each takes its own names */
    {{.path = "b/in/visits1.csv"}, "visits:clinic:visits1.csv "},
    {{.path = "/b/in/slots1.csv"}, "slots:clinic:slots1.csv "},
    {{.path = "other/x/slots1.csv"}, "slots:clinic:slots1.csv "},
    {{.path = "b/in/visits1.csv.done"}, "visits:clinic:visits1.csv "},
    {{.path = "b/in/other.csv.done"}, ""},
    {{.path = "b/in/readme.txt"}, ""},
    {{.path = "b/in/visits1.csv.part"}, ""},
    /* it is never taken, and a run says so */
    {{.path = "b/in/visits1.csv\r"}, "visits:clinic:- "},
    {{.path = "b/in/visits1.csv.done\r"}, "visits:clinic:- "},
    {{.path = "b/in/readme.txt\r"}, ""},
    /* the longest folder counts; what lies below a drop is not in it */
    {{.path = "b/in/deep/visits1.csv"}, "deep:clinic:visits1.csv "},
    {{.path = "b/in/done/visits1.csv"}, ""},
    {{.path = "b/in/"}, ""},
    {{.path = "b/in"}, "!event_path"},
    {{.path = "b/inside/visits1.csv"}, "!event_path"},
    {{.path = "B/in/visits1.csv"}, "!event_path"},
    {{.path = ""}, "!event_path"},
    /* its job is to tell what is wrong with it */
    {{.feed = "broken", .file = "a.txt"}, "broken:clinic:a.txt "},
    {{.path = "c/a.csv"}, "broken:clinic:a.csv "},
};

Test(trigger_route, where_hints_lead)
{
	char dir[] = "/tmp/emrdrop-route.XXXXXX";
	struct app app = {.clock = &clock_system};
	struct routes routes;
	struct err e = {.code = ERR_NONE};

	cr_assert_not_null(mkdtemp(dir));
	write_feeds(dir);
	app.config_dir = dir;
	cr_assert_eq(app_load(&app, &e), 0, "%s", e.msg);
	cr_assert_eq(routes_load(&routes, &app, &e), 0, "%s", e.msg);
	cr_assert_eq(routes.n, COUNT(feeds));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *want = cases[i].leads_to, *fault = NULL;
		struct buf got;
		int r;

		buf_init(&got, 4096);
		r = routes_follow(&routes, &cases[i].hint, note, &got, &fault);
		buf_add_char(&got, '\0');
		cr_expect_eq(r, want[0] == '!', "case %zu", i);
		if (want[0] == '!')
			cr_expect(fault != NULL && strstr(fault, want + 1) != NULL,
			    "case %zu: %s", i, fault);
		else
			cr_expect_str_eq(got.p, want, "case %zu: %s", i, got.p);
		buf_release(&got);
	}
	routes_release(&routes);
	app_release(&app);
	remove_feeds(dir);
}
