/*
 * Any text as a feed file: it compiles, the same way each time, or each mistake says
 * where and why. What compiles is put to work on a file.
 *
 * An input begins with a letter that says which file that is, and one byte for the eye.
 */
#include <string.h>

#include "tests/fuzz/work.h"

#define HEAD 2

#define A_FILE(format, text) {format, text, sizeof(text) - 1}

static const struct {
	const char *format, *text;
	size_t n;
} files[] = {
    A_FILE("csv", "MRN,Name,DOB,Status,Start\n100,\"Test, Ann\",03/04/1980,Booked,"
		  "06/01/2025 10:00\n200,,45123,HOLD,\nMRN,Name,DOB,Status,Start\n"
		  ",Other,,\"x\ny\",\n1.2E+10,x,,,,\n\"open\n"),
    A_FILE("csv", "Report of March; all\n\nMRN;Name;DOB\n100;Test;1980-03-04\n200;B;\n"
		  "Total: 2;;\nPrinted by a sample\n"),
    A_FILE("csv", "MRN || Name||DOB\n100||\"a||b\"||1980-03-04\n2||\x1f||\nEnd||1\n"),
    A_FILE("csv", "MRN  Name      DOB\n100  Test      19800304\n20\n      x\nEND  3\n"),
    A_FILE("csv", "\xff\xfeM\0R\0N\0\t\0N\0a\0m\0e\0\n\0"
		  "1\0\t\0\xe9\0\n\0"
		  "2\0\t\0\x01\xd8\n\0"),
    A_FILE("csv", "sep=|\r\nMRN|Name\r\n1|Jos\xe9\r\n2|\x81\r\n"),
    A_FILE("hl7", "MSH|^~\\&|EHR|CLINIC|HUB|HUB|20250601080000-0500||ADT^A08|M1|P|2.5.1\r"
		  "PID|1||100^^^CLINIC^MR||Test^Ann||19800304|F\rPV1|1|I|W1^R2^B3\r"),
};

#define FILES (sizeof(files) / sizeof(files[0]))

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t which;

	if (size < HEAD)
		return 0;
	which = (unsigned)(data[0] - 'a') % FILES;
	fuzz_compile((struct span){(const char *)data + HEAD, size - HEAD},
	    files[which].format, (struct span){files[which].text, files[which].n});
	return 0;
}
