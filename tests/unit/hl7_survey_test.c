/* What a file of messages tells before there is a feed for it. */
#include "mappers/hl7_survey.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define MSH(type) "MSH|^~\\&|A|B|||20260102||" type "|1|P|2.5\r"
#define PID(ids)  "PID|1||" ids "||Sample^Pat\r"

Test(hl7_survey, files)
{
	static const struct {
		const char *text;
		uint64_t messages, siu, adt, oru, other, bad;
		uint64_t identified;
		const char *authority; /* NULL: none is named */
	} files[] = {
	    {MSH("SIU^S12") PID("1^^^EHR^MR") MSH("ADT^A08") PID("2^^^EHR^MR"), 2, 1, 1,
		0, 0, 0, 2, "EHR"},
	    {MSH("ORU^R01") PID("1"), 1, 0, 0, 1, 0, 0, 0, NULL},
	    {MSH("ACK"), 1, 0, 0, 0, 1, 0, 0, NULL},
	    /* The record number's, not the first one's; its name, not its OID. */
	    {MSH("ADT^A01") PID("9^^^SSA^SS~1^^^MERCY&1.2.3&ISO^MR~7^^^LAB^PI"), 1, 0, 1,
		0, 0, 0, 1, "MERCY"},
	    /* The one that most messages have. */
	    {MSH("ADT^A01") PID("1^^^ODD^MR") MSH("ADT^A01") PID("1^^^EHR^MR")
		    MSH("ADT^A01") PID("2^^^EHR^MR"),
		3, 0, 3, 0, 0, 0, 3, "EHR"},
	    {MSH("ADT^A01") PID("1^^^ MERCY CLINIC ^MR"), 1, 0, 1, 0, 0, 0, 1,
		"MERCY CLINIC"},
	    /* Nothing that could not stand in a feed file as it is. */
	    {MSH("ADT^A01") PID("1^^^E H R;^MR"), 1, 0, 1, 0, 0, 0, 0, NULL},
	    {"MSH|^~\r", 1, 0, 0, 0, 0, 1, 0, NULL},
	};
	struct err e = {.code = ERR_NONE};

	for (size_t i = 0; i < COUNT(files); i++) {
		struct hl7_survey *s = hl7_survey_new(&e);
		const struct hl7_survey_found *f;

		cr_assert_not_null(s);
		for (const char *c = files[i].text; *c != '\0'; c++)
			cr_assert_eq(hl7_survey_feed(s, (struct span){c, 1}, &e), 0);
		cr_assert_eq(hl7_survey_end(s, &e), 0, "%zu: %s", i, e.msg);
		f = hl7_survey_found(s);
		cr_expect_eq(f->messages, files[i].messages, "%zu", i);
		cr_expect_eq(f->kind[SURVEY_SIU], files[i].siu, "%zu", i);
		cr_expect_eq(f->kind[SURVEY_ADT], files[i].adt, "%zu", i);
		cr_expect_eq(f->kind[SURVEY_ORU], files[i].oru, "%zu", i);
		cr_expect_eq(f->kind[SURVEY_OTHER], files[i].other, "%zu", i);
		cr_expect_eq(f->bad, files[i].bad, "%zu", i);
		cr_expect_eq(f->identified, files[i].identified, "%zu", i);
		cr_expect_eq(f->nauthorities > 0, files[i].authority != NULL, "%zu", i);
		if (files[i].authority != NULL)
			cr_expect_str_eq(f->authority[0].name, files[i].authority);
		hl7_survey_free(s);
	}
}

Test(hl7_survey, is)
{
	static const struct {
		const char *head;
		bool is;
	} heads[] = {
	    {MSH("ADT^A01"), true},
	    {"\xef\xbb\xbf\r\n\v" MSH("ADT^A01"), true},
	    {"FHS|^~\\&|A|B\r", true},
	    {"BHS|^~\\&|A|B\r", true},
	    {"MSHA,Last Name\n1,Sample\n", false},
	    {"MRN,Last Name\n", false},
	    {"MSH", false},
	    {"", false},
	};

	for (size_t i = 0; i < COUNT(heads); i++)
		cr_expect_eq(hl7_survey_is(span_of(heads[i].head)), heads[i].is, "%s",
		    heads[i].head);
}
