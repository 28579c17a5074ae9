/*
 * Writes a made-up HL7 batch of new bookings (SIU^S12) to stdout: always the same bytes
 * for the same number of messages. FHS and BHS around all of it, segments end with CR,
 * about 770 bytes a message, and one patient for about every three of them. A third of
 * the messages has start and end in TQ1, the others in SCH-11, as older systems do.
 *
 *   hl7_generate [MESSAGES] >appointments.hl7
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MESSAGES 100000
/* Patients to draw from, a thousand messages: about 300 of them are drawn. */
#define PATIENTS_PER_1000 312
#define FIRST_DAY         20450 /* 2025-12-28, in days since 1970 */
#define DAYS              180
#define SENT_FIRST        INT64_C(1764568800) /* 2025-12-01T06:00:00 */
#define SENT_EVERY        3                   /* seconds */

static const char *const family[] = {"Testcase", "Sample-Oak", "Sample-Elm", "Fixture",
    "Placeholder", "O'Sample", "Mockingbird", "Samplewood", "de la Prueba", "Testwick",
    "Birch-Dummy", "Exampleton", "Alder-Mock", "Dummyfield", "Fakenham", "M\303\266ck",
    "van der Sample", "Ch\303\242teau-Test", "Madeupski", "Pretend-Ash", "Specimen"};
static const char *const given[] = {"Fern^Q", "Clover", "Zo\303\253", "Basil^T", "Rowan",
    "Sage^Mock", "Juniper", "Linden", "Iris", "Aster^B", "Hazel", "Thyme", "Laurel^Fir",
    "Sorrel", "Bryony", "Heath^J", "Maple", "Tansy", "Willow^R", "Yarrow", "Briar"};
static const char *const street[] = {"Placeholder Way", "Fixture Street", "Sample Avenue",
    "Testing Row", "Example Court", "Mock Lane", "Made-Up Boulevard"};
static const char *const city[] = {"Sampleton^IL^60699", "Mock Falls^IL^61299",
    "Testbury^MA^02155", "Fixture Harbor^NJ^07099", "Placeholder Heights^WI^53199"};
static const char *const language[] = {"eng", "eng", "spa"};
static const char *const kind[] = {"FU^Follow-up visit^L", "NP^New patient visit^L",
    "PHYS^Annual physical^L", "VACC^Vaccination^L"};
static const char *const reason[] = {"RECHECK^Blood pressure recheck^L",
    "KNEE^Knee pain\\T\\swelling^L", "RASH^Rash on the left arm^L",
    "REF^Referral to cardiology^L", "DIAB^Diabetes education^L",
    "PHYS^Annual physical, fasting^L"};
static const char *const note[] = {
    "Will bring the pictures; was told to come ten minutes early",
    "Fasting since midnight; the lab slip was sent by mail",
    "Says \"it is nothing\"; wants a second opinion, shoulder \\T\\ neck",
    "Bring readings of two weeks\\.br\\and the list of medication",
    "New patient, long visit; the old chart was asked for",
    "Consent form is at the desk; call if running late"};
static const char *const service[] = {
    "99213^Office visit^C4", "99203^Office visit, new^C4", "99395^Preventive visit^C4"};
static const char *const doctor[] = {"Specimen^Aster", "Fixture^Iris", "Mock^Linden",
    "Testwick^Hazel", "Sample^Rowan", "Dummyfield^Sage", "Exampleton^Laurel"};

struct visit {
	uint64_t number, hash;
	unsigned minutes, room, npi_body;
	const char *doctor;
	char start[16], end[16];
};

static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* The `slot`th small number out of one hash. */
static unsigned
part(uint64_t hash, unsigned slot, size_t below)
{
	return (unsigned)(mix(hash + slot) % below);
}

static const char *
drawn(uint64_t hash, unsigned slot, const char *const *list, size_t n)
{
	return list[part(hash, slot, n)];
}

#define DRAWN(hash, slot, list) drawn(hash, slot, list, COUNT(list))

/* The last digit of an NPI: Luhn over "80840" and the nine before, 24 for the former. */
static unsigned
npi_check(unsigned body)
{
	unsigned sum = 24;

	for (unsigned i = 0; i < 9; i++, body /= 10) {
		unsigned digit = body % 10 * (i % 2 == 0 ? 2 : 1);

		sum += digit / 10 + digit % 10;
	}
	return (10 - sum % 10) % 10;
}

static void
write_time(int64_t seconds, char *out, size_t n)
{
	struct civil c;

	civil_from_seconds(seconds, &c);
	snprintf(out, n, "%04u%02u%02u%02u%02u%02u", (unsigned)c.year % 10000,
	    (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100,
	    (unsigned)c.minute % 100, (unsigned)c.second % 100);
}

static void
draw_visit(uint64_t number, struct visit *v)
{
	uint64_t h = mix(number * 2);
	int64_t start = (FIRST_DAY + (int64_t)part(h, 1, DAYS)) * 86400;
	unsigned who = part(h, 2, 48);

	*v = (struct visit){.number = number, .hash = h};
	v->minutes = 15 + 15 * part(h, 3, 4);
	v->room = 1 + part(h, 4, 30);
	v->npi_body = 200000100 + who;
	v->doctor = doctor[who % COUNT(doctor)];
	start += (7 * 12 + part(h, 5, 10 * 12)) * 300;
	write_time(start, v->start, sizeof(v->start));
	write_time(start + v->minutes * 60, v->end, sizeof(v->end));
}

static void
write_schedule(const struct visit *v)
{
	uint64_t h = v->hash;
	bool tq1 = part(h, 11, 3) == 0;

	printf("SCH|%08" PRIu64 "^NORTHSIDE|F%08" PRIu64
	       "^NORTHSIDE||||NEW^New appointment^L|%s|%s|%u|MIN|",
	    10000000 + v->number, 70000000 + v->number, DRAWN(h, 12, reason),
	    DRAWN(h, 13, kind), v->minutes);
	if (!tq1)
		printf("^^%u^%s^%s", v->minutes, v->start, v->end);
	printf("|||||D%02u||||D%02u|||||Booked\r", part(h, 14, 9), part(h, 14, 9));
	if (tq1)
		printf("TQ1|1||||||%s|%s\r", v->start, v->end);
	printf("NTE|1||%s\r", DRAWN(h, 15, note));
}

static void
write_phones(uint64_t patient, uint64_t h)
{
	unsigned area = 200 + part(h, 3, 700);

	printf("^PRN^PH^^1^%u^55501%02u", area, part(h, 4, 100));
	if (part(h, 5, 100) < 60)
		printf("~^PRN^CP^^1^%u^55501%02u", area, part(h, 6, 100));
	if (part(h, 7, 100) < 80)
		printf("~^NET^Internet^p.%07" PRIu64 "@example.org", patient);
}

static void
write_patient(uint64_t patient)
{
	uint64_t h = mix(patient * 2 + 1);
	int year, month, day;

	civil_from_days((int64_t)part(h, 10, 33000) - 14000, &year, &month, &day);
	printf("PID|1||%08" PRIu64 "^^^NORTHSIDE^MR", 1000000 + patient);
	if (part(h, 11, 100) < 50)
		printf("~P%07" PRIu64 "^^^PORTAL^PI", patient);
	printf("||%s^%s||%04d%02d%02d|%c|||%u %s", DRAWN(h, 1, family),
	    DRAWN(h, 2, given), year, month, day, "FFMMOU"[part(h, 12, 6)],
	    1 + part(h, 13, 9000), DRAWN(h, 14, street));
	if (part(h, 15, 100) < 40)
		printf("^Apt %u", 1 + part(h, 16, 400));
	else
		putchar('^');
	printf("^%s^USA||", DRAWN(h, 17, city));
	write_phones(patient, h);
	printf("||%s|%c\r", DRAWN(h, 18, language), "SMDW"[part(h, 19, 4)]);
}

static void
write_resources(const struct visit *v)
{
	unsigned check = npi_check(v->npi_body);

	printf("PV1|1|O|MAIN^R%02u^^NORTHSIDE||||||||||||||||V%08" PRIu64 "\rRGS|1|A\r",
	    v->room, v->number);
	printf("AIS|1|A|%s|%s|||%u|MIN\r", DRAWN(v->hash, 21, service), v->start,
	    v->minutes);
	printf("AIL|1|A|MAIN^R%02u^^NORTHSIDE|EXAM\r", v->room);
	printf("AIP|1|A|%u%u^%s^^^Dr^^^NPI^L^^^NPI|ATT\r", v->npi_body, check, v->doctor);
}

static void
write_message(uint64_t number, uint64_t patients)
{
	struct visit v;
	char sent[16];

	write_time(SENT_FIRST + (int64_t)number * SENT_EVERY, sent, sizeof(sent));
	draw_visit(number, &v);
	printf("MSH|^~\\&|PRACTICE|NORTHSIDE|INTAKE|BETTERHEALTH|%s||SIU^S12^SIU_S12|"
	       "M%08" PRIu64 "|P|2.5|||AL|NE||UNICODE UTF-8\r",
	    sent, number);
	write_schedule(&v);
	write_patient(mix(number) % patients);
	write_resources(&v);
}

int
main(int argc, char **argv)
{
	uint64_t messages = argc == 2 ? strtoull(argv[1], NULL, 10) : MESSAGES;
	uint64_t patients = messages * PATIENTS_PER_1000 / 1000 + 1;
	static char buffer[1 << 20];
	char sent[16];

	if (messages == 0 || argc > 2) {
		fputs("usage: hl7_generate [MESSAGES]\n", stderr);
		return 64;
	}
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	write_time(SENT_FIRST, sent, sizeof(sent));
	printf("FHS|^~\\&|PRACTICE|NORTHSIDE|INTAKE|BETTERHEALTH|%s\r", sent);
	printf("BHS|^~\\&|PRACTICE|NORTHSIDE|INTAKE|BETTERHEALTH|%s\r", sent);
	for (uint64_t number = 1; number <= messages; number++)
		write_message(number, patients);
	printf("BTS|%" PRIu64 "\rFTS|1\r", messages);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 74;
}
