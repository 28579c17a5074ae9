/*
 * Writes a made-up appointment export to stdout: always the same bytes for the same
 * number of rows. 20 columns, about 250 bytes a row, 8 % of the cells quoted, and one
 * patient for about every three rows.
 *
 *   generate ROWS >appointments.csv
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Patients to draw from, a thousand rows: about 300 of them are drawn. */
#define PATIENTS_PER_1000 312
#define FIRST_DAY         20450 /* 2025-12-28, in days since 1970 */
#define DAYS              180

static const char *const family[] = {"Testcase", "Sample-Oak", "Sample-Elm", "Fixture",
    "Placeholder", "O'Sample", "Mockingbird", "Samplewood", "de la Prueba", "Testwick",
    "Birch-Dummy", "Exampleton", "Alder-Mock", "Dummyfield", "Fakenham", "M\303\266ck",
    "van der Sample", "Ch\303\242teau-Test", "Madeupski", "Pretend-Ash", "Specimen"};
static const char *const given[] = {"Fern", "Clover", "Zo\303\253", "Basil", "Rowan",
    "Sage", "Juniper", "Linden", "Iris", "Aster", "Hazel", "Thyme", "Laurel", "Sorrel",
    "Bryony", "Heath", "Maple", "Tansy", "Willow", "Yarrow", "Briar"};
static const char *const street[] = {"Placeholder Way", "Fixture Street", "Sample Avenue",
    "Testing Row", "Example Court", "Mock Lane", "Made-Up Boulevard"};
static const char *const city[] = {"Sampleton,IL,60699", "Mock Falls,IL,61299",
    "Testbury,MA,02155", "Fixture Harbor,NJ,07099", "Placeholder Heights,WI,53199"};
static const char *const status[] = {"Scheduled", "Scheduled", "Scheduled", "Confirmed",
    "Confirmed", "PEN", "CHK", "N/S", "x", "CANC: <24h"};
static const char *const reason[] = {
    "\"Follow-up in three months, knee; will bring the pictures\"",
    "\"Annual physical, fasting; lab slip sent by mail\"",
    "\"Says \"\"it is nothing\"\"; second opinion, shoulder\"",
    "\"Blood pressure recheck\nbring readings, two weeks\"",
    "\"New patient visit, long; old chart was asked for\"",
    "\"Vaccine, flu and tetanus; consent form at the desk\"",
    "Rash on the left arm since the weekend - photo in chart",
    "Referral to cardiology - palpitations - family history",
    "Diabetes education and medication check with the nurse"};

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

static void
write_patient(uint64_t patient)
{
	uint64_t h = mix(patient * 2 + 1);
	const char *last = family[part(h, 1, COUNT(family))];
	const char *first = given[part(h, 2, COUNT(given))];
	unsigned area = 200 + part(h, 3, 700);
	unsigned home = part(h, 4, 100);
	int year, month, day;

	civil_from_days((int64_t)part(h, 5, 33000) - 14000, &year, &month, &day);
	printf("%08" PRIu64 ",%s,%s,%02d/%02d/%04d,%c,", 1000000 + patient, last, first,
	    month, day, year, "FFMMUX"[part(h, 6, 6)]);
	printf("(%u) 555-01%02u,", area, part(h, 7, 100));
	if (home < 55)
		printf("%u-555-01%02u", area, home);
	printf(",p.%07" PRIu64 "@example.org,", patient);
	if (part(h, 8, 100) < 92)
		printf("\"%u %s, Apt %u\",", 1 + part(h, 9, 9000),
		    street[part(h, 10, COUNT(street))], 1 + part(h, 11, 400));
	else
		printf(
		    "%u %s,", 1 + part(h, 9, 9000), street[part(h, 10, COUNT(street))]);
	printf("%s,", city[part(h, 12, COUNT(city))]);
}

static void
write_visit(uint64_t row)
{
	uint64_t h = mix(row * 2);
	unsigned slot = 7 * 12 + part(h, 21, 10 * 12);
	unsigned hour = slot / 12, minute = slot % 12 * 5;
	int64_t day = FIRST_DAY + part(h, 22, DAYS);
	int64_t modified = FIRST_DAY - 60 + part(h, 23, 59);
	int y, m, d, my, mm, md;

	civil_from_days(day, &y, &m, &d);
	civil_from_days(modified, &my, &mm, &md);
	printf("A-%08" PRIu64 ",%02d/%02d/%04d,%02u:%02u %s,%u,%s,%s,P%02u,", row, m, d,
	    y, hour % 12 == 0 ? 12 : hour % 12, minute, hour < 12 ? "AM" : "PM",
	    15 + 15 * part(h, 24, 4), status[part(h, 25, COUNT(status))],
	    reason[part(h, 26, COUNT(reason))], 1 + part(h, 27, 48));
	printf(
	    "%02d/%02d/%04d %02u:%02u\r\n", mm, md, my, part(h, 28, 24), part(h, 29, 60));
}

int
main(int argc, char **argv)
{
	uint64_t rows = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t patients = rows * PATIENTS_PER_1000 / 1000 + 1;
	static char buffer[1 << 20];

	if (rows == 0) {
		fputs("usage: generate ROWS\n", stderr);
		return 64;
	}
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	fputs(
	    "MRN,Last Name,First Name,DOB,Sex,Cell,Home Phone,Email,Street,City,State,ZIP,"
	    "Appt ID,Appt Date,Appt Time,Minutes,Status,Reason,Provider ID,Last Modified\r\n",
	    stdout);
	for (uint64_t row = 1; row <= rows; row++) {
		write_patient(mix(row) % patients);
		write_visit(row);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 74;
}
