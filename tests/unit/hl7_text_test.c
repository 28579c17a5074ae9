#include "mappers/hl7_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/hl7_rig.h"

#define USUAL "|^~\\&\0"

static struct hl7_charsets *
open_sets(const char *name)
{
	struct err e = {0};
	struct hl7_charsets *c = hl7_charsets_new(name, 4096, &e);

	cr_assert_not_null(c, "%s", e.msg);
	return c;
}

/* A message with these delimiters, this MSH-18 and, last of all, this text. */
static char text[1024];
static struct span leaf;

static bool
begin(struct hl7_charsets *c, const char *delimiters, const char *msh18, const char *raw)
{
	struct hl7_message m;
	size_t n = strlen(raw);
	bool good;
	char *to = text;

	to = stpcpy(stpcpy(to, "MSH"), delimiters);
	to = (char *)memset(to, delimiters[0], 16) + 16;
	to = stpcpy(to, msh18);
	to = stpcpy(to, "\rZZ1");
	*to++ = delimiters[0];
	leaf = (struct span){to, n};
	memcpy(to, raw, n + 1);
	cr_assert_lt((size_t)(to - text) + n, sizeof(text));
	rig_message(&m, text);
	good = hl7_charsets_begin(c, &m, span_of(text));
	hl7_message_release(&m);
	return good;
}

/* Decodes the text of the message at hand. */
static void
check(struct hl7_charsets *c, const char *delimiters, enum hl7_decoded want,
    const char *decoded)
{
	const char *s = delimiters;
	struct hl7_delimiters d = {s[0], s[1], s[2], s[3], s[4], s[5]};
	enum hl7_decoded rc;
	struct arena a;
	struct span out;

	arena_init(&a, 4096);
	rc = hl7_decode(c, &d, &a, leaf, &out);
	cr_expect_eq(rc, want, "%s: %d", leaf.p, (int)rc);
	cr_expect(span_eq(out, span_of(decoded)), "%s: want \"%s\", got \"%.*s\"", leaf.p,
	    decoded, (int)out.n, out.n > 0 ? out.p : "");
	arena_release(&a);
}

struct escape {
	const char *raw;
	enum hl7_decoded rc;
	const char *text;
};

/* v2.9.1 2.6.1, 2.6.4 to 2.6.8. */
static const struct escape usual[] = {
    {"", HL7_DECODED, ""},
    {"plain", HL7_DECODED, "plain"},
    {"a|b^c~d&e", HL7_DECODED, "a|b^c~d&e"},
    {"a\\F\\b", HL7_DECODED, "a|b"},
    {"a\\S\\b", HL7_DECODED, "a^b"},
    {"a\\T\\b", HL7_DECODED, "a&b"},
    {"a\\R\\b", HL7_DECODED, "a~b"},
    {"a\\E\\b", HL7_DECODED, "a\\b"},
    {"\\F\\", HL7_DECODED, "|"},
    {"\\F\\\\S\\\\T\\\\R\\\\E\\", HL7_DECODED, "|^&~\\"},
    /* Decoded once. */
    {"\\E\\F\\E\\", HL7_DECODED, "\\F\\"},
    {"\\E\\.br\\E\\", HL7_DECODED, "\\.br\\"},
    {"\\E\\X41\\E\\", HL7_DECODED, "\\X41\\"},
    /* Highlighting goes; commands that end a line end it, the others go. */
    {"\\H\\bold\\N\\ plain", HL7_DECODED, "bold plain"},
    {"one\\.br\\two", HL7_DECODED, "one\ntwo"},
    {"one\\.br\\\\.br\\two", HL7_DECODED, "one\n\ntwo"},
    {"one\\.sp\\two", HL7_DECODED, "one\ntwo"},
    {"one\\.ce\\two", HL7_DECODED, "one\ntwo"},
    {"\\.fi\\a\\.nf\\b\\.in+4\\c\\.ti-2\\d", HL7_DECODED, "abcd"},
    {"a\\.sk1\\b", HL7_DECODED, "a b"},
    /* Pairs of digits, each a byte. */
    {"\\X41\\", HL7_DECODED, "A"},
    {"\\X414243\\D", HL7_DECODED, "ABCD"},
    {"a\\X0D0A\\b", HL7_DECODED, "a\r\nb"},
    {"\\X6a\\\\X4B\\", HL7_DECODED, "jK"},
    {"\\X4\\", HL7_UNKNOWN, "\\X4\\"},
    {"\\X414\\", HL7_UNKNOWN, "\\X414\\"},
    {"\\X4G\\", HL7_UNKNOWN, "\\X4G\\"},
    {"\\X\\", HL7_UNKNOWN, "\\X\\"},
    /* What nobody knows is kept, and costs nothing else. */
    {"a\\Z99\\b", HL7_UNKNOWN, "a\\Z99\\b"},
    {"\\Q\\", HL7_UNKNOWN, "\\Q\\"},
    {"\\FF\\", HL7_UNKNOWN, "\\FF\\"},
    {"\\P\\", HL7_UNKNOWN, "\\P\\"},
    {"\\.xx\\", HL7_UNKNOWN, "\\.xx\\"},
    {"\\.\\", HL7_UNKNOWN, "\\.\\"},
    {"\\Z99\\\\T\\", HL7_UNKNOWN, "\\Z99\\&"},
    {"\\T\\\\Z99\\", HL7_UNKNOWN, "&\\Z99\\"},
    /* A lone one. */
    {"\\", HL7_UNKNOWN, "\\"},
    {"a\\", HL7_UNKNOWN, "a\\"},
    {"a\\b", HL7_UNKNOWN, "a\\b"},
    {"\\\\", HL7_UNKNOWN, "\\\\"},
    {"C:\\new dir\\x", HL7_UNKNOWN, "C:\\new dir\\x"},
    {"5 \\ 6 \\T\\ 7", HL7_UNKNOWN, "5 \\ 6 & 7"},
};

Test(hl7_text_escapes, usual_delimiters)
{
	struct hl7_charsets *c = open_sets("auto");

	for (size_t i = 0; i < COUNT(usual); i++) {
		begin(c, USUAL, "", usual[i].raw);
		check(c, USUAL, usual[i].rc, usual[i].text);
	}
	hl7_charsets_free(c);
}

static const struct escape odd[] = {
    {"a%F%b", HL7_DECODED, "a#b"},
    {"a%S%b", HL7_DECODED, "a!b"},
    {"a%R%b", HL7_DECODED, "a@b"},
    {"a%E%b", HL7_DECODED, "a%b"},
    {"a%T%b", HL7_DECODED, "a*b"},
    {"a%P%b", HL7_DECODED, "a$b"},
    {"a%.br%b", HL7_DECODED, "a\nb"},
    {"a%X41%b", HL7_DECODED, "aAb"},
    {"a\\F\\b", HL7_DECODED, "a\\F\\b"},
};

Test(hl7_text_escapes, other_delimiters)
{
	struct hl7_charsets *c = open_sets("auto");

	for (size_t i = 0; i < COUNT(odd); i++) {
		begin(c, "#!@%*$", "", odd[i].raw);
		check(c, "#!@%*$", odd[i].rc, odd[i].text);
	}
	begin(c, "|^~\\&#", "", "a\\P\\b");
	check(c, "|^~\\&#", HL7_DECODED, "a#b");
	hl7_charsets_free(c);
}

Test(hl7_text_escapes, nothing_to_do)
{
	struct hl7_delimiters d = {'|', '^', '~', '\\', '&', '\0'};
	struct hl7_charsets *c = open_sets("auto");
	struct span out;
	struct arena a;

	begin(c, USUAL, "", "a long one, a\\T\\b");
	arena_init(&a, 0);
	cr_expect_eq(hl7_decode(c, &d, &a, leaf, &out), HL7_NO_ROOM);
	cr_expect_eq(out.n, 0);
	leaf.n = 10;
	cr_expect_eq(hl7_decode(c, &d, &a, leaf, &out), HL7_DECODED);
	cr_expect_eq(out.p, leaf.p);
	cr_expect_eq(out.n, 10);
	arena_release(&a);
	hl7_charsets_free(c);
}

struct set {
	const char *feed; /* charset of the feed */
	const char *msh18;
	const char *bytes; /* in the message, and what is decoded, */
	bool good;         /* is it what MSH-18 says? */
	const char *name;
	const char *text; /* and what it means; NULL: no text */
};

/* Table 0211; MSH-18 empty is ASCII. */
static const struct set sets[] = {
    {"auto", "", "Jose", true, "utf-8", "Jose"},
    {"auto", "ASCII", "Jose", true, "utf-8", "Jose"},
    {"auto", "8859/1", "Jos\xe9", true, "iso-8859-1", "Jos\xc3\xa9"},
    {"auto", "8859/1", "Jose", true, "iso-8859-1", "Jose"},
    {"auto", "8859/2", "\xb1", true, "iso-8859-2", "\xc4\x85"},
    {"auto", "8859/5", "\xb0", true, "iso-8859-5", "\xd0\x90"},
    {"auto", "8859/7", "\xe1", true, "iso-8859-7", "\xce\xb1"},
    {"auto", "8859/9", "\xfd", true, "iso-8859-9", "\xc4\xb1"},
    {"auto", "8859/15", "\xa4", true, "iso-8859-15", "\xe2\x82\xac"},
    {"auto", "8859/1~UNICODE UTF-8", "Jos\xe9", true, "iso-8859-1", "Jos\xc3\xa9"},
    {"auto", "UNICODE UTF-8", "Jos\xc3\xa9", true, "utf-8", "Jos\xc3\xa9"},
    {"auto", "unicode utf-8", "Jos\xc3\xa9", true, "utf-8", "Jos\xc3\xa9"},
    {"auto", "UNICODE UTF-8~8859/1", "Jos\xc3\xa9", true, "utf-8", "Jos\xc3\xa9"},
    {"auto", "UNICODE UTF-8", "Jose", true, "utf-8", "Jose"},
    /* Bytes are not what MSH-18 says: UTF-8 if that fits, else windows-1252. */
    {"auto", "", "Jos\xc3\xa9", false, "utf-8", "Jos\xc3\xa9"},
    {"auto", "ASCII", "Jos\xc3\xa9", false, "utf-8", "Jos\xc3\xa9"},
    {"auto", "8859/1", "Jos\xc3\xa9", false, "utf-8", "Jos\xc3\xa9"},
    {"auto", "8859/1",
	"O\x92"
	"Brien",
	false, "windows-1252",
	"O\xe2\x80\x99"
	"Brien"},
    {"auto", "8859/2",
	"O\x92"
	"Brien",
	true, "iso-8859-2",
	"O\xc2\x92"
	"Brien"},
    {"auto", "", "\x93x\x94", false, "windows-1252", "\xe2\x80\x9cx\xe2\x80\x9d"},
    {"auto", "ASCII", "Jos\xe9", false, "windows-1252", "Jos\xc3\xa9"},
    {"auto", "UNICODE UTF-8", "Jos\xe9", false, "windows-1252", "Jos\xc3\xa9"},
    {"auto", "", "\xe9\x81", false, "windows-1252", NULL},
    {"auto", "8859/16", "Jos\xe9", false, "windows-1252", "Jos\xc3\xa9"},
    {"auto", "8859/", "Jos\xe9", false, "windows-1252", "Jos\xc3\xa9"},
    {"auto", "Latin1", "Jos\xe9", false, "windows-1252", "Jos\xc3\xa9"},
    /* There is no such part. */
    {"auto", "8859/12", "Jos\xe9", false, "windows-1252", "Jos\xc3\xa9"},
    /* The feed's own outweighs MSH-18. */
    {"windows-1252", "UNICODE UTF-8", "\x80", true, "windows-1252", "\xe2\x82\xac"},
    {"windows-1252", "8859/1", "Jos\xc3\xa9", true, "windows-1252",
	"Jos\xc3\x83\xc2\xa9"},
    {"windows-1252", "", "\x81", true, "windows-1252", NULL},
    {"iso-8859-15", "", "\xa4", true, "iso-8859-15", "\xe2\x82\xac"},
    {"utf-8", "8859/1", "Jos\xc3\xa9", true, "utf-8", "Jos\xc3\xa9"},
    {"UTF-8", "8859/1", "Jos\xe9", true, "utf-8", NULL},
};

static const char *
names_of(const struct hl7_charsets *c)
{
	static char names[64];

	hl7_charsets_names(c, ",", names, sizeof(names));
	return names;
}

static void
check_set(const struct set *s)
{
	struct hl7_charsets *c = open_sets(s->feed);

	cr_expect_eq(begin(c, USUAL, s->msh18, s->bytes), s->good, "%s, \"%s\": %s",
	    s->feed, s->msh18, s->bytes);
	cr_expect_str_eq(names_of(c), s->name, "%s, \"%s\": %s is %s", s->feed, s->msh18,
	    s->bytes, names_of(c));
	check(c, USUAL, s->text == NULL ? HL7_BAD_ENCODING : HL7_DECODED,
	    s->text == NULL ? "" : s->text);
	hl7_charsets_free(c);
}

Test(hl7_text_charsets, of_a_message)
{
	for (size_t i = 0; i < COUNT(sets); i++)
		check_set(&sets[i]);
}

/* Of a file: ASCII alone says nothing, each other set is told. */
Test(hl7_text_charsets, of_a_file)
{
	struct hl7_charsets *c = open_sets("auto");

	cr_expect_str_eq(names_of(c), "utf-8");
	begin(c, USUAL, "", "Jos\xe9");
	begin(c, USUAL, "", "Jose");
	cr_expect_str_eq(names_of(c), "windows-1252");
	begin(c, USUAL, "", "Jos\xc3\xa9");
	begin(c, USUAL, "8859/2", "Jos\xe9");
	begin(c, USUAL, "", "Jos\xe9");
	cr_expect_str_eq(names_of(c), "utf-8,iso-8859-2,windows-1252");
	hl7_charsets_free(c);
}

/* \X..\ is in the message's set (2.6.6); all else of these messages is ASCII. */
static const struct {
	const char *feed, *msh18, *raw, *text;
} hexes[] = {
    {"auto", "8859/1", "\\XC7\\\\XC3\\", "\xc3\x87\xc3\x83"},
    {"auto", "8859/1", "\\XC7C3\\", "\xc3\x87\xc3\x83"},
    {"auto", "8859/15", "\\XA4\\ 5\\T\\6", "\xe2\x82\xac 5&6"},
    {"auto", "UNICODE UTF-8", "\\XC3A9\\", "\xc3\xa9"},
    {"auto", "UNICODE UTF-8", "\\XC3\\\\XA9\\", "\xc3\xa9"},
    {"auto", "UNICODE UTF-8", "\\XE9\\", NULL},
    {"auto", "", "\\XC3A9\\", "\xc3\xa9"},
    {"windows-1252", "", "\\X93\\x\\X94\\", "\xe2\x80\x9cx\xe2\x80\x9d"},
    {"windows-1252", "8859/15", "\\XA4\\", "\xc2\xa4"},
};

Test(hl7_text_charsets, hex)
{
	for (size_t i = 0; i < COUNT(hexes); i++) {
		struct hl7_charsets *c = open_sets(hexes[i].feed);
		bool good = hexes[i].text != NULL;

		begin(c, USUAL, hexes[i].msh18, hexes[i].raw);
		check(c, USUAL, good ? HL7_DECODED : HL7_BAD_ENCODING,
		    good ? hexes[i].text : "");
		hl7_charsets_free(c);
	}
}

/* The mark outweighs MSH-18 and the feed's own. */
Test(hl7_text_charsets, mark)
{
	static const char *const feeds[] = {"auto", "windows-1252", "utf-8"};

	for (size_t i = 0; i < COUNT(feeds); i++) {
		struct hl7_charsets *c = open_sets(feeds[i]);

		hl7_charsets_mark(c);
		cr_expect(begin(c, USUAL, "8859/1", "Jos\xc3\xa9"), "%s", feeds[i]);
		cr_expect_str_eq(names_of(c), "utf-8");
		check(c, USUAL, HL7_DECODED, "Jos\xc3\xa9");
		begin(c, USUAL, "8859/1", "Jos\xe9");
		check(c, USUAL, HL7_BAD_ENCODING, "");
		hl7_charsets_free(c);
	}
}

/* Each message for itself: what one was read as is nothing to the next. */
Test(hl7_text_charsets, from_message_to_message)
{
	struct hl7_charsets *c = open_sets("auto");

	for (int i = 0; i < 3; i++) {
		cr_expect(begin(c, USUAL, "8859/1", "\xe9\\T\\"));
		check(c, USUAL, HL7_DECODED, "\xc3\xa9&");
		cr_expect_not(begin(c, USUAL, "", "\x80\\T\\"));
		check(c, USUAL, HL7_DECODED, "\xe2\x82\xac&");
		cr_expect(begin(c, USUAL, "UNICODE UTF-8", "\xc3\xa9\\T\\"));
		check(c, USUAL, HL7_DECODED, "\xc3\xa9&");
		cr_expect(begin(c, USUAL, "UNICODE UTF-8", "\xc3\xa9"));
		check(c, USUAL, HL7_DECODED, "\xc3\xa9");
		cr_expect(begin(c, USUAL, "", "x"));
	}
	cr_expect_str_eq(names_of(c), "utf-8,windows-1252,iso-8859-1");
	hl7_charsets_free(c);
}
