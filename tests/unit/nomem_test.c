/*
 * Each allocation fails in turn, once or from then on, while a feed file is read, its map
 * compiled, and a file read by it: that is told as what it is, and never as a mistake in
 * the feed file, a row that is rejected, or fewer records.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mappers/format.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define CALLS_MAX 20000

/* Linked with --wrap: what our own libraries call comes here. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);
void *__wrap_realloc(void *p, size_t n);

static unsigned long calls, failing; /* the call that fails; 0: none */
static bool later_too;

static bool
fails(void)
{
	calls++;
	return failing > 0 && (later_too ? calls >= failing : calls == failing);
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t k, size_t n)
{
	return fails() ? NULL : __real_calloc(k, n);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

struct sample {
	struct mapper_conf conf;
	const char *feed, *file;
	uint64_t rows, records;
};

static const struct sample samples[] = {
    {{.source = "northside", .format = "csv", .timezone = "America/Chicago"},
	"[csv]\ndelimiter = auto\ncharset = auto\n"
	"[rows]\nwhen = {Status} not in SKIP, NONE\n"
	"[patient]\nop = patch\nid = {ID} | not_scientific\nname.family = {Last} | else {First}\n"
	"name.given = [{First}]\nbirth_date = {DOB} | date \"%m/%d/%Y\"\n"
	"[appointment]\nid = {Appt}\npatient_id = {ID}\n"
	"start = {Start} | datetime \"%m/%d/%Y %H:%M\"\nstatus = {Status} | code appointment-status\n"
	"[code appointment-status]\nbooked = Scheduled, Open\n",
	"ID,Last,First,DOB,Appt,Start,Status\r\n"
	"1,Testcase,\"Zo\xeb \"\"Z\"\"\",03/04/1980,A-1,11/02/2026 10:00,Scheduled\r\n"
	"2,Testcase,Ann,03/05/1980,A-2,11/03/2026 10:00,Open\r\n",
	2, 4},
    {{.source = "northside", .format = "hl7", .timezone = "America/Chicago"},
	"[feed]\nextends = hl7-siu.ini\n[hl7]\nack = batch\nauthority = CLINIC\n",
	"MSH|^~\\&|EHR|CLINIC|HUB|EMRDROP|20261101080000||SIU^S12|C-1|P|2.5.1\r"
	"SCH|A-1||||||||30|min|^^^202612010900||||||||||||||Booked\r"
	"PID|1||77^^^CLINIC^MR||Testcase^Ann\r",
	1, 2},
};

static int
take_record(void *arg, const struct record *r, struct err *e)
{
	(void)e;
	++*(uint64_t *)arg;
	return r->schema == NULL ? -1 : 0;
}

/* What is told of a file that is not read to its end does not count. */
static void
take_problem(void *arg, const struct problem *p)
{
	(void)arg;
	(void)p;
}

static int
take_receipt(void *arg, const struct receipt *r, struct err *e)
{
	(void)arg;
	(void)e;
	cr_expect_eq(r->code, RECEIPT_TAKEN, "%lu: receipt %d", failing, (int)r->code);
	return 0;
}

static int
read_file(const struct sample *s, struct mapper *m, struct err *e)
{
	uint64_t records = 0;
	struct mapper_sink sink = {.record = take_record,
	    .problem = take_problem,
	    .receipt = take_receipt,
	    .arg = &records};
	struct reading *r = mapper_open(m, &sink, 0, e);
	int rc = -1;

	if (r != NULL && reading_feed(r, span_of(s->file), e) == 0 &&
	    reading_end(r, e) == 0) {
		rc = 0;
		cr_expect_eq(reading_counts(r)->mapped, s->rows, "%lu: rows", failing);
		cr_expect_eq(records, s->records, "%lu: records", failing);
	}
	reading_free(r);
	return rc;
}

/* The feed file, the map, the file. */
static int
read_all(const struct sample *s, const char *path, struct err *e)
{
	struct conf_errors errors;
	struct mapper *m = NULL;
	struct conf conf = {0};
	int rc = -1;

	conf_errors_init(&errors);
	if (conf_load(&conf, path, "deploy/maps", &errors, e) == 0)
		m = mapper_new(&conf, &s->conf, e);
	if (m != NULL)
		rc = read_file(s, m, e);
	for (size_t i = 0; i < errors.n; i++)
		cr_expect(false, "%lu is called a mistake: %s", failing, errors.text[i]);
	mapper_free(m);
	conf_release(&conf);
	conf_errors_release(&errors);
	return rc;
}

/* false: it made fewer calls than that. */
static bool
try(const struct sample *s, const char *path, unsigned long n)
{
	struct err e = {.code = ERR_NONE};
	int rc;

	calls = 0;
	failing = n;
	rc = read_all(s, path, &e);
	cr_expect(rc == 0 || e.code == ERR_NOMEM, "%s, %lu%s: %s: %s", s->conf.format, n,
	    later_too ? " and on" : "", err_name(e.code), e.msg);
	return calls >= n;
}

static void
try_all(const struct sample *s)
{
	char path[] = "/tmp/nomem_test_XXXXXX";
	int fd = mkstemp(path);
	unsigned long n = 1;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, s->feed, strlen(s->feed)), (ssize_t)strlen(s->feed));
	close(fd);
	while (n < CALLS_MAX && try(s, path, n))
		n++;
	cr_expect(n > 40 && n < CALLS_MAX, "%lu: libraries are wrapped", n);
	unlink(path);
}

Test(nomem, once)
{
	for (size_t i = 0; i < COUNT(samples); i++)
		try_all(&samples[i]);
}

Test(nomem, from_then_on)
{
	later_too = true;
	for (size_t i = 0; i < COUNT(samples); i++)
		try_all(&samples[i]);
}
