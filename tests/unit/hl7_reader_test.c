#include "mappers/hl7_reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "mappers/filler.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LOG_MAX  (1 << 20)

#define M1 "MSH|^~\\&|1"
#define M2 "MSH|^~\\&|2"
#define M3 "MSH|^~\\&|3"
#define B  "BHS|^~\\&"
#define F  "FHS|^~\\&"

/*
 * Calls as text: "1@2[MSH..][PID..]\n" for message 1, whose first segment is the
 * file's second; "1@2!hl7_header\n" for one that can't be used; "+1@3\n" for a line
 * that is no segment.
 */
struct log {
	struct buf text;
	uint64_t stop; /* the sink ends the reading at this message */
};

static int
on_message(void *arg, const struct hl7_found *f, struct err *e)
{
	struct log *l = arg;

	if (f->number == l->stop)
		return err_set(e, ERR_API, "enough");
	buf_addf(&l->text, "%d@%d", (int)f->number, (int)f->segment);
	if (f->code != PROBLEM_NONE)
		buf_addf(&l->text, "!%s", problem_name(f->code));
	else
		cr_assert_not_null(f->message);
	for (size_t i = 0; f->code == PROBLEM_NONE && i < f->message->n; i++) {
		struct span s = f->message->segments[i].text;

		cr_expect_geq(s.p, f->bytes.p);
		cr_expect_leq(s.p + s.n, f->bytes.p + f->bytes.n);
		buf_addf(&l->text, "[%.*s]", (int)s.n, s.p);
	}
	buf_add_str(&l->text, f->cut ? " cut\n" : "\n");
	return 0;
}

static void
on_line(void *arg, uint64_t number, uint64_t segment)
{
	struct log *l = arg;

	buf_addf(&l->text, "+%d@%d\n", (int)number, (int)segment);
}

static struct hl7_reader *
open_reader(struct log *l, size_t max_message)
{
	struct hl7_reader_conf conf = {max_message};
	struct hl7_reader_sink sink = {on_message, on_line, l};
	struct err e = {0};
	struct hl7_reader *r = hl7_reader_new(&conf, &sink, &e);

	cr_assert_not_null(r, "%s", e.msg);
	return r;
}

/* In pieces of `piece` bytes, each in a block of its own. */
static int
read_all(struct hl7_reader *r, struct span in, size_t piece, struct err *e)
{
	int rc = 0;
	size_t n;

	for (size_t at = 0; at < in.n && rc == 0; at += n) {
		char *block;

		n = in.n - at < piece ? in.n - at : piece;
		block = malloc(n);
		cr_assert_not_null(block);
		memcpy(block, in.p + at, n);
		rc = hl7_reader_feed(r, (struct span){block, n}, e);
		free(block);
	}
	return rc == 0 ? hl7_reader_end(r, e) : rc;
}

struct file {
	struct span in;
	const char *want; /* the calls; then, if the reading ended well, the flags: */
	/* m: mark, u: unterminated, t: a trailer is missing, x: a count is wrong */
};

#define FILE(in, want) {SPAN_LIT(in), want}

static void
check(const struct file *f, size_t max_message, size_t piece)
{
	struct log l = {.stop = 0};
	struct hl7_reader *r;
	struct err e = {0};

	buf_init(&l.text, LOG_MAX);
	r = open_reader(&l, max_message);
	if (read_all(r, f->in, piece, &e) != 0) {
		cr_expect_eq(e.code, ERR_REFUSED, "%s", e.msg);
		buf_add_str(&l.text, "refused");
	} else {
		const struct hl7_batch *b = hl7_reader_batch(r);

		buf_addf(&l.text, "=%s%s%s%s", hl7_reader_mark(r) ? "m" : "",
		    hl7_reader_unterminated(r) ? "u" : "", b->untrailed ? "t" : "",
		    b->mismatch ? "x" : "");
	}
	buf_add_char(&l.text, '\0');
	cr_expect_str_eq(l.text.p, f->want, "%s\nby %zu bytes: want\n%s\ngot\n%s",
	    f->in.p, piece, f->want, l.text.p);
	buf_release(&l.text);
	hl7_reader_free(r);
}

/* The same bytes in any chunking give the same calls. */
static void
check_all(const struct file *files, size_t n, size_t max_message)
{
	for (size_t i = 0; i < n; i++) {
		check(&files[i], max_message, files[i].in.n + 1);
		check(&files[i], max_message, 1);
		check(&files[i], max_message, 7);
	}
}

/* v2.9.1 2.4.4: CR ends a segment; the rest is leniency. */
static const struct file lines[] = {
    FILE("", "="),
    FILE("\r\n\r\n\n", "="),
    FILE(M1 "\r", "1@1[" M1 "]\n="),
    FILE(M1 "\rPID|1\r", "1@1[" M1 "][PID|1]\n="),
    FILE(M1 "\nPID|1\n", "1@1[" M1 "][PID|1]\n="),
    FILE(M1 "\r\nPID|1\r\n", "1@1[" M1 "][PID|1]\n="),
    FILE(M1 "\rPID|1\nPV1|2\r\nZZ1\r", "1@1[" M1 "][PID|1][PV1|2][ZZ1]\n="),
    FILE(M1 "\n\rPID|1\r\rPV1|2\n\n\r\n \r", "1@1[" M1 "][PID|1][PV1|2]\n="),
    FILE("\r\n \n" M1 "\r", "1@1[" M1 "]\n="),
    FILE(M1 "\rPID|1\r" M2 "\rPID|2\r" M3 "\r",
	"1@1[" M1 "][PID|1]\n2@3[" M2 "][PID|2]\n3@5[" M3 "]\n="),
    FILE(M1 "\r\rPID|1\n\n" M2 "\r", "1@1[" M1 "][PID|1]\n2@3[" M2 "]\n="),
    /* Without a terminator at the end of the file. */
    FILE(M1 "\rPID|1", "1@1[" M1 "][PID|1] cut\n=u"),
    FILE(M1, "1@1[" M1 "] cut\n=u"),
    FILE(M1 "\r" M2, "1@1[" M1 "]\n2@2[" M2 "] cut\n=u"),
    FILE(M1 "\rPID|1\r ", "1@1[" M1 "][PID|1]\n="),
    FILE(M1 "\rPID|1\rPI", "+1@3\n1@1[" M1 "][PID|1] cut\n=u"),
    /* Lines that are no segments are left out. */
    FILE(M1 "\rNTE|1|two\nlines\nPV1|2\r", "+1@3\n1@1[" M1 "][NTE|1|two][PV1|2]\n="),
    /* Text behind a line break, which begins as a segment would. */
    FILE(M1 "\rNTE|1|two\nHPI: lines\nPID 1\nMRI-2\nPV1|2\nEVN\r",
	"+1@3\n+1@4\n+1@5\n1@1[" M1 "][NTE|1|two][PV1|2][EVN]\n="),
    FILE("MSH#*~!@#1\rPID#1\rPV1|1\rPV1#2\rBTS|1\r",
	"+1@3\n1@1[MSH#*~!@#1][PID#1][PV1#2]\n="),
    FILE("[SOM]\r" M1 "\rPID|1\r[EOM]\r", "+0@1\n+1@4\n1@2[" M1 "][PID|1]\n="),
    FILE(M1 "\rPID|1\rpv1|2\r1ZZ|\r" M2 "\r",
	"+1@3\n+1@4\n1@1[" M1 "][PID|1]\n2@5[" M2 "]\n="),
    FILE("some text\r\nand more\r\n", "+0@1\n+0@2\nrefused"),
    FILE("x", "+0@1\nrefused"),
};

Test(hl7_reader_files, lines)
{
	check_all(lines, COUNT(lines), 1 << 16);
}

static const struct file frames[] = {
    /* MLLP: VT before a message, FS and CR behind it. */
    FILE("\x0b" M1 "\rPID|1\r\x1c\r", "1@1[" M1 "][PID|1]\n="),
    FILE("\x0b" M1 "\rPID|1\r\x1c\r\x0b" M2 "\rPID|2\r\x1c\r",
	"1@1[" M1 "][PID|1]\n2@3[" M2 "][PID|2]\n="),
    FILE("\x0b" M1 "\rPID|1\x1c\r\x0b" M2 "\r\x1c\r",
	"1@1[" M1 "][PID|1]\n2@3[" M2 "]\n="),
    FILE("\x0b" M1 "\rPID|1\r\x1c\x0b" M2 "\r\x1c", "1@1[" M1 "][PID|1]\n2@3[" M2 "]\n="),
    FILE("\x0b" M1 "\rPID|1\x1c", "1@1[" M1 "][PID|1]\n="),
    FILE("\x0b\r" M1 "\r\x1c\r\n", "1@1[" M1 "]\n="),
    FILE("\x0b" M1 "\r\nPID|1\r\n\x1c\r\n", "1@1[" M1 "][PID|1]\n="),
    FILE("\x0b\x1c\r\x0b\x1c\r", "="),
    /* Blocks without a CR between them: FS ends a line where VT begins the next. */
    FILE("\x0b" M1 "\rPV1|1\x1c\x0b" M2 "\rPID|2\x1c\x0b" M3 "\x1c",
	"1@1[" M1 "][PV1|1]\n2@3[" M2 "][PID|2]\n3@5[" M3 "]\n="),
    FILE(M1 "\rPV1|1\x1c\x0bMSH|^~|2\rPID|2\r" M3 "\r",
	"1@1[" M1 "][PV1|1]\n2@3!hl7_header\n3@5[" M3 "]\n="),
    FILE(M1 "\rPV1|1\x1c" M2 "\r", "1@1[" M1 "][PV1|1]\n2@3[" M2 "]\n="),
    FILE(
	M1 "\rPV1|1\x1c \xef\xbb\xbf\x0b " M2 "\r", "1@1[" M1 "][PV1|1]\n2@3[" M2 "]\n="),
    FILE(M1 "\rPV1|1\x0b" M2 "\r", "1@1[" M1 "][PV1|1]\n2@3[" M2 "]\n="),
    /* Also if that has delimiters of its own, or none that can be used. */
    FILE(M1 "\rPV1|1\x1cMSH#!@%*#2\rPID#2\r",
	"1@1[" M1 "][PV1|1]\n2@3[MSH#!@%*#2][PID#2]\n="),
    FILE("MSH#!@%*#1\x1c" M2 "\x1c" M3 "\r",
	"1@1[MSH#!@%*#1]\n2@2[" M2 "]\n3@3[" M3 "]\n="),
    FILE(M1 "\rPV1|1\x1cMSH|^~|2\rPID|2\r", "1@1[" M1 "][PV1|1]\n2@3!hl7_header\n="),
    FILE(M1 "\rPV1|1\x1cMSH\r", "1@1[" M1 "][PV1|1]\n2@3!hl7_header\n="),
    /* In a field FS is a character. */
    FILE(M1 "\rPV1|1\x1c"
	    "2|3\r",
	"1@1[" M1 "][PV1|1\x1c"
	"2|3]\n="),
    /* A mark. */
    FILE("\xef\xbb\xbf" M1 "\r", "1@1[" M1 "]\n=m"),
    FILE("\xef\xbb\xbf\x0b" M1 "\r\x1c\r", "1@1[" M1 "]\n=m"),
    FILE("\xef\xbb\xbf", "=m"),
    FILE("\xef\xbb\xbfx\r" M1 "\r", "+0@1\n1@2[" M1 "]\n=m"),
    FILE("\xef\xbb", "+0@1\nrefused"),
    /* Files that were joined, each with its mark, its end of file, or what fills it up. */
    FILE("\xef\xbb\xbf" M1 "\r\xef\xbb\xbf" M2 "\r", "1@1[" M1 "]\n2@2[" M2 "]\n=m"),
    FILE(M1 "\rPID|1\r\x1a" M2 "\r\x1a", "1@1[" M1 "][PID|1]\n2@3[" M2 "]\n="),
    FILE(M1 "\rPID|1\r\0\0\0" M2 "\r\0\0", "1@1[" M1 "][PID|1]\n2@3[" M2 "]\n="),
    FILE(M1 "\r \t" M2 "\r PID|2 \r", "1@1[" M1 "]\n2@2[" M2 "][PID|2]\n="),
    FILE(F "\r" B "\r" M1 "\rBTS|1\rFTS|1\r\xef\xbb\xbf" F "\r" B "\r" M2
	   "\rBTS|1\rFTS|1\r",
	"1@3[" M1 "]\n2@8[" M2 "]\n="),
    FILE(M1 "\r\xef\xbb\xbf", "1@1[" M1 "]\n="),
    FILE(M1 "\0\xef\xbb\xbf\r\0\x1a\r\0 \0", "1@1[" M1 "]\n="),
    /* What fills up a file does not hide that it was cut. */
    FILE(M1 "\rPID|1\0\0", "1@1[" M1 "][PID|1] cut\n=u"),
    FILE(M1 "\rPID|1\x1a", "1@1[" M1 "][PID|1] cut\n=u"),
    FILE(M1 "\rPI\x1a", "+1@2\n1@1[" M1 "] cut\n=u"),
    FILE(M1 "\rPID|1\x1a" M2 "\r", "1@1[" M1 "][PID|1] cut\n2@3[" M2 "]\n="),
    FILE(M1 "\rPID|1\xef\xbb\xbf" M2 "\r", "1@1[" M1 "][PID|1] cut\n2@3[" M2 "]\n="),
    /* Within a line it is left as it is. */
    FILE(M1 "\rPID|1\x1a"
	    "2\r",
	"1@1[" M1 "][PID|1\x1a"
	"2]\n="),
    /* UTF-16, with a mark and without. */
    FILE("\xff\xfeM\0S\0H\0|\0", "refused"),
    FILE("\xfe\xff\0M\0S\0H\0|", "refused"),
    FILE("M\0S\0H\0|\0^\0~\0\\\0&\0\r\0", "refused"),
    FILE("\0M\0S\0H\0|\0^\0~\0\\\0&\0\r", "refused"),
    FILE("\xff\xfe", "refused"),
    /* What begins with bytes of nothing may hold nothing else. */
    FILE("\0\0" M1 "\r", "refused"),
};

Test(hl7_reader_files, frames_and_marks)
{
	check_all(frames, COUNT(frames), 1 << 16);
}

static const struct file strays[] = {
    /* Segments before any message are one row. */
    FILE("PID|1\rPV1|1\r" M1 "\r", "1@1!hl7_orphan\n2@3[" M1 "]\n="),
    FILE("PID|1\rxxx\rPV1|1\r" M1 "\r", "+1@2\n1@1!hl7_orphan\n2@4[" M1 "]\n="),
    FILE(F "\rEVN|1\rPID|1\r" M1 "\rFTS|1\r", "1@2!hl7_orphan\n2@4[" M1 "]\n="),
    FILE("PID|1\r", "1@1!hl7_orphan\nrefused"),
    FILE("PID|1\r" B "\r" M1 "\rBTS|1\r", "1@1!hl7_orphan\n2@3[" M1 "]\n="),
    FILE(B "\r" M1 "\rBTS|1\rPID|1\rPV1|1\r" B "\r" M2 "\rBTS|1\r",
	"1@2[" M1 "]\n2@4!hl7_orphan\n3@7[" M2 "]\n="),
    /* A header that can't be used takes its own segments along, and no others. */
    FILE(M1 "\rPID|1\rMSH|^~\\|2\rPID|2\rPV1|2\r" M3 "\rPID|3\r",
	"1@1[" M1 "][PID|1]\n2@3!hl7_header\n3@6[" M3 "][PID|3]\n="),
    FILE("MSH\rPID|1\r" M2 "\r", "1@1!hl7_header\n2@3[" M2 "]\n="),
    FILE("MSH|\r" M2 "\r", "1@1!hl7_header\n2@2[" M2 "]\n="),
    FILE("MSH|^^\\&|\r" M2 "\r", "1@1!hl7_header\n2@2[" M2 "]\n="),
    FILE("MSH|ABCD|\r" M2 "\r", "1@1!hl7_header\n2@2[" M2 "]\n="),
    FILE("MSH|^~\\|1\r", "1@1!hl7_header\n="),
    FILE("MSH|^~\\|1\rPID|1\rMSH|\rPID|2\r", "1@1!hl7_header\n2@3!hl7_header\n="),
    /* Each message has its own delimiters. */
    FILE(M1 "\rMSH#!@%*#2\rPID#1\r", "1@1[" M1 "]\n2@2[MSH#!@%*#2][PID#1]\n="),
};

Test(hl7_reader_files, strays_and_broken_headers)
{
	check_all(strays, COUNT(strays), 1 << 16);
}

static const struct file joined[] = {
    /* A header within a line: neither message is taken, whatever else stands there. */
    FILE(M1 "\rPID|1" M2 "\rPID|2\r" M3 "\r",
	"1@1!hl7_joined\n2@3!hl7_joined\n3@5[" M3 "]\n="),
    FILE(M1 "\rPID|1|MSH#^~\\&#2\rPID|2\r", "1@1!hl7_joined\n2@3!hl7_joined\n="),
    FILE(M1 M2 M3 "\r", "1@1!hl7_joined\n2@2!hl7_joined\n3@3!hl7_joined\n="),
    FILE("PID|1" M2 "\r" M3 "\r", "1@1!hl7_orphan\n2@2!hl7_joined\n3@3[" M3 "]\n="),
    FILE("MSH|^~\\|1\rPID|1" M2 "\r" M3 "\r",
	"1@1!hl7_header\n2@3!hl7_joined\n3@4[" M3 "]\n="),
    /* One behind something that is no segment does not go on with the message before. */
    FILE(M1 "\rPID|1\r?" M2 "\rPID|2\r" M3 "\r",
	"+1@3\n1@1[" M1 "][PID|1]\n2@4!hl7_joined\n3@6[" M3 "]\n="),
    FILE(M1 "\rPID|1\rmsh|^~\\&|2\rPID|2\r" M3 "\r",
	"1@1[" M1 "][PID|1]\n2@3!hl7_joined\n3@5[" M3 "]\n="),
    FILE(M1 "\r?MSH|^~|2\rPID|2\r", "1@1[" M1 "]\n2@2!hl7_joined\n="),
    FILE("MSH#^~\\&#1\r?MSH#2\rPID#2\r", "1@1[MSH#^~\\&#1]\n2@2!hl7_joined\n="),
    FILE(M1 "\rNTE|1|of\nan MSH and\rPID|1\r", "+1@3\n1@1[" M1 "][NTE|1|of][PID|1]\n="),
    FILE("?" M1 "\r" M2 "\r", "+0@1\n1@2!hl7_joined\n2@3[" M2 "]\n="),
    FILE("?" M1 "\r", "+0@1\n1@2!hl7_joined\nrefused"),
    FILE(M1 "\r" B "\r?" M2 "\rBTS|1\r", "+1@3\n1@1[" M1 "]\n2@4!hl7_joined\n="),
    /* Behind a trailer no message can have lost its end. */
    FILE(B "\r" M1 "\rBTS|1|x" M2 "\rPID|2\r", "1@2[" M1 "]\n2@4[" M2 "][PID|2]\n="),
    FILE(B "\r" M1 "\rBTS|1|x" B "\r" M2 "\rBTS|1\r", "1@2[" M1 "]\n2@5[" M2 "]\n="),
    FILE(M1 "\rPID|1" B "\r" M2 "\rBTS|1\r", "1@1!hl7_joined\n2@4[" M2 "]\n="),
    FILE(M1 "\r" B M2 "\rBTS|1\r", "1@1[" M1 "]\n2@3[" M2 "]\n="),
};

Test(hl7_reader_files, joined_without_an_end)
{
	check_all(joined, COUNT(joined), 1 << 16);
}

/* v2.9.1 2.9.3.1. */
static const struct file batches[] = {
    FILE(F "\r" B "\r" M1 "\rPID|1\r" M2 "\rBTS|2\rFTS|1\r",
	"1@3[" M1 "][PID|1]\n2@5[" M2 "]\n="),
    FILE(B "\rBTS|0\r", "="),
    FILE(F "\rFTS|0\r", "="),
    FILE(F "\r" B "\r" M1 "\r", "1@3[" M1 "]\n=t"),
    FILE(F "\r" B "\r" M1 "\rPID|1", "1@3[" M1 "][PID|1] cut\n=ut"),
    FILE(B "\r" M1 "\rBTS|1", "1@2[" M1 "]\n=u"),
    FILE(B "\r" M1 "\rBTS|2\r", "1@2[" M1 "]\n=x"),
    FILE(B "\r" M1 "\rPID|1\r" B "\r" M2 "\rBTS|1\r",
	"1@2[" M1 "][PID|1]\n2@5[" M2 "]\n=t"),
    /* BTS-1 counts broken messages, too. */
    FILE(B "\r" M1 "\rMSH|\rBTS|2\r", "1@2[" M1 "]\n2@3!hl7_header\n="),
    /* A batch that does not begin with a message costs each of its messages. */
    FILE(B "\rEVN|1\r" M1 "\rPID|1\r" M2 "\rBTS|2\r" B "\r" M3 "\rBTS|1\r",
	"1@3!hl7_batch\n2@5!hl7_batch\n3@8[" M3 "]\n="),
    FILE(B "\rPID|1\rPV1|1\r" M1 "\rBTS|1\r", "1@4!hl7_batch\n="),
    /* And is one row if it has none. */
    FILE(B "\rEVN|1\rPID|1\rBTS|0\r" B "\r" M1 "\rBTS|1\r",
	"1@2!hl7_batch\n2@6[" M1 "]\n="),
    FILE(B "\rPID|1\r", "1@2!hl7_batch\n=t"),
    FILE(B "\rPID|1\r" B "\r" M1 "\rBTS|1\r", "1@2!hl7_batch\n2@4[" M1 "]\n=t"),
    FILE(F "\r" B "\rPID|1\r" F "\r" M1 "\rFTS|1\r", "1@3!hl7_batch\n2@5[" M1 "]\n=t"),
    FILE(B "\rPID|1\rFTS|1\r" M1 "\r", "1@2!hl7_batch\n2@4[" M1 "]\n=t"),
    /* BHS within a message: it is torn, and what follows is no batch. */
    FILE(M1 "\r" B "\rPID|1\r" M2 "\r", "1@1!hl7_batch\n2@4!hl7_batch\n=t"),
    FILE(B "\r" M1 "\rPID|1\r" B "\rPV1|1\rBTS|0\r" M2 "\r",
	"1@2!hl7_batch\n2@5!hl7_batch\n3@7[" M2 "]\n=t"),
};

Test(hl7_reader_files, batches)
{
	check_all(batches, COUNT(batches), 1 << 16);
}

#define X20  "xxxxxxxxxxxxxxxxxxxx"
#define X80  X20 X20 X20 X20
#define LF20 "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
#define LF80 LF20 LF20 LF20 LF20

/* A message may have 40 bytes. */
static const struct file longs[] = {
    /* 40 with its ends, 38 without; 41 without. */
    FILE(
	M1 "\rPID|" X20 "xxxx\r" M2 "\r", "1@1[" M1 "][PID|" X20 "xxxx]\n2@3[" M2 "]\n="),
    FILE(M1 "\rPID|" X20 "xxxxxxx\r" M2 "\r", "1@1!limit\n2@3[" M2 "]\n="),
    FILE(M1 "\rPID|12345678\rPV1|1\rPV2|1\rZZ1|1\r" M2 "\rPID|2\r",
	"1@1!limit\n2@6[" M2 "][PID|2]\n="),
    /* A line that is too long by itself. */
    FILE(M1 "\rPID|" X80 "\rPV1|1\r" M2 "\r", "1@1!limit\n2@4[" M2 "]\n="),
    FILE(M1 "\r\nPID|" X80 "\r\nPV1|1\r\n" M2 "\r\n", "1@1!limit\n2@4[" M2 "]\n="),
    FILE(M1 X80 "\rPID|1\r" M2 "\r", "1@1!limit\n2@3[" M2 "]\n="),
    FILE(M1 X80 "\r" M2 X80 "\r" M3 "\r", "1@1!limit\n2@2!limit\n3@3[" M3 "]\n="),
    FILE(M1 "\r" X80 "\rPID|1\r" M2 "\r", "1@1!limit\n2@4[" M2 "]\n="),
    FILE(
	"\x0b" M1 "\rPID|" X80 "\r\x1c\r\x0b" M2 "\r\x1c\r", "1@1!limit\n2@3[" M2 "]\n="),
    /* Outside of messages it is nobody's. */
    FILE(X80 "\r" M1 "\r", "+0@1\n1@2[" M1 "]\n="),
    FILE(X80 X80 "\r" X80 "\r" M1 "\r", "+0@1\n+0@2\n1@3[" M1 "]\n="),
    /* At the end of the file. */
    FILE(M1 "\rPID|1\r" M2 X80, "1@1[" M1 "][PID|1]\n2@3!limit\n=u"),
    FILE(M1 "\rPID|" X80 X80, "1@1!limit\n=u"),
    FILE(M1 "\rPID|" X80 X80 "\n", "1@1!limit\n="),
    /* A long line counts as a segment of the file, wherever it stands. */
    FILE("MSH|^~\\|1\rPID|" X80 "\r" M2 "\r", "1@1!hl7_header\n2@3[" M2 "]\n="),
    FILE("PID|1\rPV1|" X80 "\r" M2 "\r", "1@1!hl7_orphan\n2@3[" M2 "]\n="),
    FILE(M1 "\rPID|" X80 "\rPV1|" X80 "\r" M2 "\r", "1@1!limit\n2@4[" M2 "]\n="),
    /* What is too long is the batch's header or trailer, not the message. */
    FILE(M1 "\r" B "|" X80 "\r" M2 "\rBTS|1\r", "1@1[" M1 "]\n2@3[" M2 "]\n="),
    FILE(B "\r" M1 "\rBTS|1|" X80 "\r" B "\r" M2 "\rBTS|1\r",
	"1@2[" M1 "]\n2@5[" M2 "]\n="),
    /* Lines that are no segments may take as much again, and no more. */
    FILE(M1 "\r" X20 "\r" X20 "\r" X20 "\r" M2 "\r",
	"+1@2\n+1@3\n+1@4\n1@1[" M1 "]\n2@5[" M2 "]\n="),
    FILE(M1 "\r" X20 "\r" X20 "\r" X20 "\r" X20 "\r" M2 "\r",
	"+1@2\n+1@3\n+1@4\n+1@5\n1@1!limit\n2@6[" M2 "]\n="),
    FILE(M1 "\r" LF80 LF80 M2 "\r", "1@1!limit\n2@2[" M2 "]\n="),
    /* And behind a BHS that may have torn the message they decide: it did not. */
    FILE(M1 "\r" B "\r" X20 "\r" X20 "\r" X20 "\r" X20 "\r" M2 "\rBTS|1\r",
	"+1@3\n+1@4\n+1@5\n1@1[" M1 "]\n+1@6\n2@7[" M2 "]\n="),
    FILE(M1 "\r" B "|" X80 X80 "\rPID|1\r" M2 "\rBTS|1\r",
	"1@1[" M1 "]\n2@4!hl7_batch\n="),
};

Test(hl7_reader_limits, too_long)
{
	check_all(longs, COUNT(longs), 40);
}

/* A file over many windows: messages of many sizes, and one that never ends. */
struct count {
	uint64_t messages, bad;
	size_t segments;
};

static int
count_message(void *arg, const struct hl7_found *f, struct err *e)
{
	struct count *c = arg;
	struct hl7_message *m = f->message;
	char want[32];

	(void)e;
	if (f->code != PROBLEM_NONE) {
		c->bad += f->code == PROBLEM_LIMIT;
		return 0;
	}
	c->messages++;
	c->segments += m->n;
	for (size_t i = 1; i < m->n; i++) {
		struct span got = hl7_field(m, i, 1);

		snprintf(want, sizeof(want), "%d.%zu", (int)f->number, i);
		cr_assert(span_eq(got, span_of(want)), "want %s, got %.*s", want,
		    (int)got.n, got.p);
	}
	return 0;
}

static void
no_line(void *arg, uint64_t number, uint64_t segment)
{
	(void)arg;
	cr_expect_fail("line %d of message %d", (int)segment, (int)number);
}

static size_t
add_messages(struct buf *b)
{
	size_t segments = 0;

	for (int i = 1; i <= 3000; i++) {
		buf_addf(b, M1 "\r");
		segments++;
		for (int k = 1; k <= i % 47; k++, segments++)
			buf_addf(b, "OBX|%d.%d|%s%s\r", i, k, i % 5 ? "" : X80,
			    i % 7 ? "" : X80 X80);
		if (i % 1000 == 0) {
			buf_addf(b, M1 "\r");
			i++;
			for (int k = 0; k < 3000; k++)
				buf_addf(b, "OBX|1|" X80 "\r\n");
		}
	}
	return segments;
}

Test(hl7_reader_pieces, long_file)
{
	static const size_t pieces[] = {8 << 20, 4096, 65536, 65537, 333, 7};
	struct hl7_reader_conf conf = {100000};
	struct buf in;
	size_t segments;

	buf_init(&in, 16 << 20);
	segments = add_messages(&in);
	cr_assert_not(in.failed);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct count c = {.messages = 0};
		struct hl7_reader_sink sink = {count_message, no_line, &c};
		struct err e = {0};
		struct hl7_reader *r = hl7_reader_new(&conf, &sink, &e);

		cr_assert_not_null(r);
		cr_expect_eq(read_all(r, buf_span(&in), pieces[i], &e), 0, "%s", e.msg);
		cr_expect_eq(c.bad, 3, "%d", (int)c.bad);
		cr_expect_eq(c.segments, segments, "%zu", c.segments);
		hl7_reader_free(r);
	}
	buf_release(&in);
}

/* More than any window holds, behind a message that nothing ends. */
Test(hl7_reader_pieces, nothing_but_noise)
{
	static const char *const noise[] = {"\n", "x\r", B X80 "\r", X80 X80};
	static const char *const want[] = {"1@1!limit", "1@1!limit", "1@1[", "1@1!limit"};

	for (size_t i = 0; i < COUNT(noise); i++) {
		struct log l = {.stop = 0};
		struct err e = {0};
		struct hl7_reader *r;
		struct buf in;

		buf_init(&in, 4 << 20);
		buf_init(&l.text, 64 << 20);
		buf_add_str(&in, M1 "\r");
		while (buf_span(&in).n < (1 << 20))
			buf_add_str(&in, noise[i]);
		r = open_reader(&l, 1000);
		cr_expect_eq(read_all(r, buf_span(&in), 65536, &e), 0, "%s", e.msg);
		buf_add_char(&l.text, '\0');
		cr_expect_not_null(strstr(l.text.p, want[i]), "%zu: %.400s", i, l.text.p);
		hl7_reader_free(r);
		buf_release(&l.text);
		buf_release(&in);
	}
}

/*
 * As much of nothing as no window holds: it belongs to no message, and hides none. But where
 * more of it ends a file than fills up a block, the file did not come whole.
 */
Test(hl7_reader_pieces, filled_up)
{
	static const size_t fill[] = {1, 511, 512, 513, 4096, 4097, 300000};

	for (size_t i = 0; i < COUNT(fill); i++) {
		struct file f = {.want = fill[i] <= FILLER_MAX
					     ? "1@1[" M1 "][PID|1]\n2@3[" M2 "]\n="
					     : "1@1[" M1 "][PID|1]\n2@3[" M2 "] cut\n=u"};
		struct buf in;

		buf_init(&in, 1 << 20);
		buf_add_str(&in, M1 "\rPID|1\r");
		for (size_t k = 0; k < fill[i]; k++)
			buf_add_char(&in, k % 3 == 0 ? '\x1a' : '\0');
		buf_add_str(&in, M2 "\r");
		for (size_t k = 0; k < fill[i]; k++)
			buf_add_char(&in, '\0');
		f.in = buf_span(&in);
		check(&f, 1000, in.n);
		check(&f, 1000, 7);
		check(&f, 1000, 1000);
		buf_release(&in);
	}
}

Test(hl7_reader_errors, the_sink_ends_it)
{
	static const char in[] = M1 "\r" M2 "\r" M3 "\r";

	for (uint64_t stop = 1; stop <= 3; stop++) {
		struct log l = {.stop = stop};
		struct err e = {0};
		struct hl7_reader *r;

		buf_init(&l.text, LOG_MAX);
		r = open_reader(&l, 4096);
		cr_expect_eq(read_all(r, (struct span){in, sizeof(in) - 1}, 5, &e), -1);
		cr_expect_eq(e.code, ERR_API);
		cr_expect_str_eq(e.msg, "enough");
		hl7_reader_free(r);
		buf_release(&l.text);
	}
}

Test(hl7_reader_errors, refusals_say_why)
{
	static const struct {
		struct span in;
		const char *want;
	} table[] = {{SPAN_LIT("\xff\xfeM\0"), "UTF-16"},
	    {SPAN_LIT("PID|1\r"), "no segment of the file is MSH, FHS or BHS"}};

	for (size_t i = 0; i < COUNT(table); i++) {
		struct log l = {.stop = 0};
		struct err e = {0};
		struct hl7_reader *r;

		buf_init(&l.text, LOG_MAX);
		r = open_reader(&l, 4096);
		cr_expect_eq(read_all(r, table[i].in, 1, &e), -1);
		cr_expect_eq(e.code, ERR_REFUSED);
		cr_expect_not_null(strstr(e.msg, table[i].want), "%s", e.msg);
		hl7_reader_free(r);
		buf_release(&l.text);
	}
}
