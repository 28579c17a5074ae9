#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mappers/map.h"
#include "tests/unit/hl7_rig.h"

#define HEAD(msh7, event) "MSH|^~\\&|S|F|R|RF|" msh7 "||" event "|C1|P|2.5.1\r"
#define ADT               HEAD("20260110093000-0600", "ADT^A08^ADT_A01")
#define SIU               HEAD("20260110093000-0600", "SIU^S12^SIU_S12")
#define ORU               HEAD("20260110093000-0600", "ORU^R01^ORU_R01")

#define PATIENT     "[patient]\nid = {PID-2}\n"
#define APPOINTMENT "[appointment]\nid = {SCH-1.1}\n"
#define OBSERVATION "[observation]\nid = {OBR-3}.{OBX-1}\n"

static const struct mapper_conf chicago = {.timezone = "America/Chicago"};
static const struct mapper_conf nowhere = {.timezone = NULL};

/* Not sent: no change. "": delete (2.4.3.1). */
static const struct rig_case nulls[] = {
    {PATIENT "birth_date = {PID-7}", ADT "PID||7||||||\r",
	"patch patient 7 {}\nmapped 1"},
    {PATIENT "birth_date = {PID-7}", ADT "PID||7\r", "patch patient 7 {}\nmapped 1"},
    {PATIENT "birth_date = {PID-7}", ADT "PID||7|||||\"\"\r",
	"patch patient 7 {\"birth_date\":null}\nmapped 1"},
    {PATIENT "deceased = {PID-30}", ADT "PID||7||||||||||||||||||||||||||||\"\"\r",
	"patch patient 7 {\"deceased\":null}\nmapped 1"},
    {PATIENT "name.family = {PID-5.1}\nname.suffix = {PID-5.4}",
	ADT "PID||7|||Lee^^^\"\"\r",
	"patch patient 7 {\"name\":{\"family\":\"Lee\",\"suffix\":null}}\nmapped 1"},
    {PATIENT "extra.b = {PID-30}\nextra.a = {PID-3}", ADT "PID||7|\"\"\r",
	"patch patient 7 {\"extra\":{\"a\":null}}\nmapped 1"},
    {PATIENT "gender = {PID-8 | code sex}\n[code sex]\nfemale = F",
	ADT "PID||7||||||\"\"\r", "patch patient 7 {\"gender\":null}\nmapped 1"},
    {PATIENT "gender = {PID-8} | code sex\n[code sex]\nfemale = F",
	ADT "PID||7||||||\"\"\r", "patch patient 7 {\"gender\":null}\nmapped 1"},
    /* CASES 21: the first component is deleted. */
    {PATIENT "phone.work = {PID-14}\nextra.use = {PID-14.2}",
	ADT "PID||7||||||||||||\"\"^BUSINESS\r",
	"patch patient 7 {\"phone\":{\"work\":null},\"extra\":{\"use\":\"BUSINESS\"}}\n"
	"mapped 1"},
    /* In a text of several it counts as empty. */
    {PATIENT "name.text = {PID-5.2?} {PID-5.1}", ADT "PID||7|||Lee^\"\"\r",
	"patch patient 7 {\"name\":{\"text\":\"Lee\"}}\nmapped 1"},
    {PATIENT "name.text = {PID-5.2} {PID-5.1}", ADT "PID||7|||Lee^\"\"\r",
	"patch patient 7 {}\nmapped 1"},
    /* Behind ?? unless nothing else has a value. */
    {PATIENT "email = {PID-13} ?? {PID-14}", ADT "PID||7|||||||||||\"\"|b\r",
	"patch patient 7 {\"email\":\"b\"}\nmapped 1"},
    {PATIENT "email = {PID-13} ?? {PID-14}", ADT "PID||7|||||||||||\"\"|\r",
	"patch patient 7 {\"email\":null}\nmapped 1"},
    {PATIENT "email = {PID-13} ?? {PID-14}", ADT "PID||7||||||||||||\"\"\r",
	"patch patient 7 {\"email\":null}\nmapped 1"},
    {PATIENT "email = {PID-13 ?? PID-14}", ADT "PID||7|||||||||||\"\"|b\r",
	"patch patient 7 {\"email\":\"b\"}\nmapped 1"},
    {PATIENT "email = {PID-13 ?? PID-14}", ADT "PID||7|||||||||||\"\"|\r",
	"patch patient 7 {\"email\":null}\nmapped 1"},
    /* A value that fails is one: it is left out, and told. */
    {PATIENT "birth_date = {PID-13} ?? {PID-14}", ADT "PID||7|||||||||||\"\"|b\r",
	"warn not_date PID-14 birth_date\npatch patient 7 {}\nmapped 1"},
    {PATIENT "email = {PID-13} ?? {PID-14 | email}", ADT "PID||7|||||||||||\"\"|b\r",
	"warn not_email PID-14 email\npatch patient 7 {}\nmapped 1"},
    {PATIENT "race = {PID-10[*]} | code sex\n[code sex]\nfemale = F",
	ADT "PID||7||||||||\"\"~b\r",
	"warn unknown_code PID-10 race[]\npatch patient 7 {}\nmapped 1"},
    /* What a record can't do without can't be deleted. */
    {PATIENT, ADT "PID||\"\"\r", "reject missing_id PID-2 id\nrejected 0"},
    {PATIENT "email = {PID-13} | required", ADT "PID||7|||||||||||\"\"\r",
	"reject missing_value PID-13 email\nrejected 0"},
    {APPOINTMENT "status = {SCH-2 | code s}\n[code s]\nbooked = B", SIU "SCH|5|\"\"\r",
	"reject missing_value SCH-2 status\nrejected 0"},
    {PATIENT "updated_at = {EVN-2}", ADT "EVN||\"\"\rPID||7\r",
	"patch patient 7 {}\nmapped 1"},
    {PATIENT "when = {PID-30} empty", ADT "PID||7|||||||||||||||||||||||||||\"\"\r",
	"patch patient 7 {}\nmapped 1"},
    {PATIENT "when = {PID-3} present", ADT "PID||7|\"\"\r", "filtered 0"},
};

static const struct rig_case lists[] = {
    {PATIENT "race = {PID-10[*]}", ADT "PID||7||||||||A^x~B\r",
	"patch patient 7 {\"race\":[\"A\",\"B\"]}\nmapped 1"},
    {PATIENT "race = {PID-10[*].2}", ADT "PID||7||||||||A^x~B~C^y\r",
	"patch patient 7 {\"race\":[\"x\",\"y\"]}\nmapped 1"},
    {PATIENT "race = {PID-10[*]}", ADT "PID||7\r", "patch patient 7 {}\nmapped 1"},
    {PATIENT "race = {PID-10[*]}", ADT "PID||7||||||||\"\"\r",
	"patch patient 7 {\"race\":null}\nmapped 1"},
    {PATIENT "race = {PID-10[*]}", ADT "PID||7||||||||A~\"\"~B\r",
	"patch patient 7 {\"race\":[\"A\",\"B\"]}\nmapped 1"},
    {PATIENT "race = [{PID-10[*]}, {PID-22[*]}, z]", ADT "PID||7||||||||A~B\r",
	"patch patient 7 {\"race\":[\"A\",\"B\",\"z\"]}\nmapped 1"},
    {PATIENT "race = {PID-22[*]} ?? {PID-10[*]}", ADT "PID||7||||||||A~B\r",
	"patch patient 7 {\"race\":[\"A\",\"B\"]}\nmapped 1"},
    {PATIENT "race = {PID-22[*] ?? PID-10[*] | lower}", ADT "PID||7||||||||A~B\r",
	"patch patient 7 {\"race\":[\"a\",\"b\"]}\nmapped 1"},
    {PATIENT "race = {PID-10[*] | code r}\n[code r]\nours = A",
	ADT "PID||7||||||||A~B~A\r",
	"warn unknown_code PID-10 race[]\n"
	"patch patient 7 {\"race\":[\"ours\",\"ours\"]}\nmapped 1"},
    {PATIENT "name.given = [{PID-5.2}, {PID-5.3}]", ADT "PID||7|||Lee^\"\"^B\r",
	"patch patient 7 {\"name\":{\"given\":[\"B\"]}}\nmapped 1"},
    {PATIENT "name.given = [{PID-5.2}, {PID-5.3}]", ADT "PID||7|||Lee^\"\"^\"\"\r",
	"patch patient 7 {\"name\":{\"given\":null}}\nmapped 1"},
    /* One text of many. */
    {APPOINTMENT "comment = {SCH/NTE[*]-3} | join \"\\n\"",
	SIU "SCH|5\rNTE|1||one\rNTE|2\rNTE|3||three\rPID|1\rNTE|1||not this\r",
	"patch appointment 5 {\"comment\":\"one\\nthree\"}\nmapped 1"},
    {APPOINTMENT "comment = {NTE[*]-3[*]} | join \", \" | upper",
	SIU "SCH|5\rNTE|1||a~b\rNTE|2||c\r",
	"patch appointment 5 {\"comment\":\"A, B, C\"}\nmapped 1"},
    {APPOINTMENT "comment = [{SCH-7.2}, {SCH-8.2}] | join -", SIU "SCH|5||||||^x|^y\r",
	"patch appointment 5 {\"comment\":\"x-y\"}\nmapped 1"},
    {APPOINTMENT "comment = {NTE[*]-3} | join \" \"", SIU "SCH|5\r",
	"patch appointment 5 {}\nmapped 1"},
    {APPOINTMENT "comment = {NTE[*]-3} | join \" \"", SIU "SCH|5\rNTE|1||\"\"\r",
	"patch appointment 5 {\"comment\":null}\nmapped 1"},
};

Test(hl7_map_values, nulls_and_lists)
{
	rig_check_all(nulls, COUNT(nulls), &nowhere);
	rig_check_all(lists, COUNT(lists), &nowhere);
}

#define NK1 "NK1|1|Doe^Jo|SPO||555^PRN^PH\rNK1|2|Roe^Al|CHD\rNK1|3||SIB||\"\"\r"

static const struct rig_case composites[] = {
    /* Among the elements of a list "" counts as empty; "given" stands once. */
    {PATIENT "name = {PID-5 | xpn}", ADT "PID||7|||Lee^Ann^B^Jr^Dr~Other^Name\r",
	"patch patient 7 {\"name\":{\"family\":\"Lee\",\"given\":[\"Ann\",\"B\"],"
	"\"prefix\":\"Dr\",\"suffix\":\"Jr\"}}\nmapped 1"},
    {PATIENT "name = {PID-5[7=L]} | xpn", ADT "PID||7|||A^^^^^^M~Lee^^^^^^L\r",
	"patch patient 7 {\"name\":{\"family\":\"Lee\"}}\nmapped 1"},
    {PATIENT "name = {PID-5 | xpn}", ADT "PID||7\r", "patch patient 7 {}\nmapped 1"},
    {PATIENT "name = {PID-5 | xpn}", ADT "PID||7|||\"\"\r",
	"patch patient 7 {\"name\":{\"family\":null,\"given\":null,\"prefix\":null,"
	"\"suffix\":null}}\nmapped 1"},
    {PATIENT "name = {PID-5 | xpn}", ADT "PID||7|||Lee^Ann^\"\"\r",
	"patch patient 7 {\"name\":{\"family\":\"Lee\",\"given\":[\"Ann\"]}}\nmapped 1"},
    {PATIENT "name = {PID-5 | xpn}", ADT "PID||7|||Lee^\"\"^B\r",
	"patch patient 7 {\"name\":{\"family\":\"Lee\",\"given\":[\"B\"]}}\nmapped 1"},
    {PATIENT "address = {PID-11 | xad}", ADT "PID||7|||||||||1 Main^\"\"^Town\r",
	"patch patient 7 {\"address\":{\"line\":[\"1 Main\"],\"city\":\"Town\"}}\nmapped 1"},
    {PATIENT "name = {PID-5 | xpn}", ADT "PID||7|||Lee^\"\"^\"\"\r",
	"patch patient 7 {\"name\":{\"family\":\"Lee\",\"given\":null}}\nmapped 1"},
    {PATIENT "address = {PID-11 | xad}",
	ADT "PID||7|||||||||1 Main^Apt 2^Town^IL^02155\r",
	"patch patient 7 {\"address\":{\"line\":[\"1 Main\",\"Apt 2\"],\"city\":\"Town\","
	"\"state\":\"IL\",\"postal_code\":\"02155\"}}\nmapped 1"},
    {PATIENT "identifier = {PID-3[*] | cx}", ADT "PID||7|1^^^A&1.2&ISO^MR~2^^^B~3\r",
	"patch patient 7 {\"identifier\":[{\"value\":\"1\",\"system\":\"1.2\",\"type\":"
	"\"MR\"},{\"value\":\"2\",\"system\":\"B\"},{\"value\":\"3\"}]}\nmapped 1"},
    {PATIENT "identifier = {PID-3[*] | cx}", ADT "PID||7|\"\"\r",
	"patch patient 7 {\"identifier\":null}\nmapped 1"},
    {PATIENT "identifier = {PID-3[*] | cx}", ADT "PID||7\r",
	"patch patient 7 {}\nmapped 1"},
    {PATIENT "telecom = [{PID-13[*] | xtn}, {PID-14[*] | xtn}]",
	ADT "PID||7|||||||||||1^PRN^PH~^NET^Internet^a@b.c|2^WPN^PH\r",
	"patch patient 7 {\"telecom\":[{\"system\":\"phone\",\"value\":\"1\",\"use\":"
	"\"home\"},{\"system\":\"email\",\"value\":\"a@b.c\"},{\"system\":\"phone\","
	"\"value\":\"2\",\"use\":\"work\"}]}\nmapped 1"},
    {PATIENT "previous_name = {PID-5[7=M][*] | xpn}",
	ADT "PID||7|||Lee^A^B^Jr^^^L~Doe^A^B^Jr^^^M~Roe^^^^^^M\r",
	"patch patient 7 {\"previous_name\":[{\"family\":\"Doe\",\"given\":\"A\"},"
	"{\"family\":\"Roe\"}]}\nmapped 1"},
    /* Objects by segment, their members aligned by it. */
    {PATIENT "contact[*].name = {NK1[*]-2 | xpn}\ncontact[*].relationship = {NK1[*]-3}\n"
	     "contact[*].phone = {NK1[*]-5 | xtn}",
	ADT "PID||7\r" NK1,
	"patch patient 7 {\"contact\":[{\"name\":\"Jo Doe\",\"relationship\":\"SPO\","
	"\"phone\":\"555\"},{\"name\":\"Al Roe\",\"relationship\":\"CHD\"},"
	"{\"relationship\":\"SIB\",\"phone\":null}]}\nmapped 1"},
    {PATIENT "contact[*].phone = {NK1[*]-5 | xtn}\ncontact[*].name = {NK1[*]-2 | xpn}\n"
	     "language = {PID-15}",
	ADT "PID||7|||||||||||||en\rNK1|1|Doe\rNK1|2|Roe||||\rNK1|3||||5\r",
	"patch patient 7 {\"language\":\"en\",\"contact\":[{\"name\":\"Doe\"},"
	"{\"name\":\"Roe\"},{\"phone\":\"5\"}]}\nmapped 1"},
    {PATIENT "contact[*].name = {NK1[*]-2 | xpn}", ADT "PID||7\rNK1|\"\"\r",
	"patch patient 7 {\"contact\":null}\nmapped 1"},
    {PATIENT "contact[*].name = {NK1[*]-2 | xpn}\ncontact[*].phone = {NK1[*]-5 | xtn}",
	ADT "PID||7\rNK1|\"\"\r", "patch patient 7 {\"contact\":null}\nmapped 1"},
    {PATIENT "contact[*].name = {NK1[*]-2 | xpn}", ADT "PID||7\r",
	"patch patient 7 {}\nmapped 1"},
    {APPOINTMENT "practitioner = {AIP[2!=D][*]-3 | xcn}\n"
		 "practitioner[*].role = {AIP[2!=D][*]-4}",
	SIU "SCH|5\rRGS|1\rAIP|1|D|9^Out|x\rAIP|2|A|1234567893^Doe^^^^^^^^^^^NPI\r"
	    "AIP|3|A|2^Roe^Al|assist\r",
	"patch appointment 5 {\"practitioner\":[{\"id\":\"1234567893\",\"npi\":"
	"\"1234567893\",\"display\":\"Doe\"},{\"id\":\"2\",\"display\":\"Al Roe\","
	"\"role\":\"assist\"}]}\nmapped 1"},
    {APPOINTMENT "practitioner = {AIP[*]-3 | xcn}\npractitioner[*].role = {AIP[*]-4}",
	SIU "SCH|5\rRGS|1\rAIP|1|A||lead\rAIP|2|A|2^Roe|\r",
	"patch appointment 5 {\"practitioner\":[{\"role\":\"lead\"},{\"id\":\"2\","
	"\"display\":\"Roe\"}]}\nmapped 1"},
    /* All of one key is null: with the other's values the list is theirs, else null. */
    {APPOINTMENT "practitioner = {AIP[*]-3 | xcn}\npractitioner[*].role = {AIP[*]-4}",
	SIU "SCH|5\rRGS|1\rAIP|1|A|\"\"|lead\rAIP|2|A||\"\"\r",
	"patch appointment 5 {\"practitioner\":[{\"role\":\"lead\"},{\"role\":null}]}\n"
	"mapped 1"},
    {APPOINTMENT "practitioner = {AIP[*]-3 | xcn}\npractitioner[*].role = {AIP[*]-4}",
	SIU "SCH|5\rRGS|1\rAIP|1|A|\"\"|\"\"\rAIP|2|A|\"\"|\"\"\r",
	"patch appointment 5 {\"practitioner\":null}\nmapped 1"},
    {"[coverage]\nid = {IN1-1}\nsubscriber.name = {IN1-16 | xpn}\n",
	ADT "PID||7\rIN1|1|||||||||||||||Doe^Jo\r",
	"patch coverage 1 {\"subscriber\":{\"name\":{\"family\":\"Doe\",\"given\":"
	"[\"Jo\"]}}}\nmapped 1"},
    /* Text has no parts: what was not escaped is text. */
    {PATIENT "language = {NTE[*]-3[*] | tx} | join \"/\"",
	ADT "PID||7\rNTE|1||a & b^c~d\\S\\\\T\\e^^\rNTE|2||\"\"^x\rNTE|3||&\rNTE|4||^f\r",
	"patch patient 7 {\"language\":\"a & b^c/d^&e/^f\"}\nmapped 1"},
    {PATIENT "language = {NTE-3 | tx}\nethnicity = {NTE-4 | tx}",
	ADT "PID||7\rNTE|||\"\"|\"\"^x\r",
	"patch patient 7 {\"language\":null,\"ethnicity\":null}\nmapped 1"},
    {PATIENT "language = {IN1-4.1 | tx}\nethnicity = {IN1-4[#2].2 ?? IN1-5.1 | tx}",
	ADT "PID||7\rIN1||||A & B^L^x~C^D & E\r",
	"patch patient 7 {\"language\":\"A & B\",\"ethnicity\":\"D & E\"}\nmapped 1"},
    {PATIENT "language = {IN1-4.1} | tx\nethnicity = {IN1-4.2} | tx | upper",
	ADT "PID||7\rIN1||||\"\"^A & b\r",
	"patch patient 7 {\"language\":null,\"ethnicity\":\"A & B\"}\nmapped 1"},
    /* A name of [fields] with a component is asked for its whole field in a test. */
    {"[fields]\nmrn = PID-3[5=MR].1\n[patient]\nid = {mrn}\n"
     "language = {MRG-1[4={mrn}].1}",
	ADT "PID|||1^^^X^PI~2^^^A^MR\rMRG|8^^^X~9^^^A\r",
	"patch patient 2 {\"language\":\"9\"}\nmapped 1"},
    /* On one text. */
    {"[patient]\nid = {PID-3[5=MR] | cx}\ngeneral_practitioner_id = {PD1-4 | xcn}\n",
	ADT "PID|||1^^^X^PI~2^^^A^MR\rPD1||||77^Doe\r",
	"patch patient 2^^^A {\"general_practitioner_id\":\"77\"}\nmapped 1"},
    {APPOINTMENT "location_id = {AIL-3 | pl}\ntype = {SCH-8 | cwe | lower}",
	SIU "SCH|5|||||||NEW^x\rRGS|1\rAIL|1|A|ICU^1^^MERCY\r",
	"patch appointment 5 {\"type\":\"new\",\"location_id\":\"MERCY/ICU/1\"}\nmapped 1"},
};

Test(hl7_map_values, composites)
{
	rig_check_all(composites, COUNT(composites), &nowhere);
}

#define PAIR                                                                           \
	"[fields]\nmrn = PID-3[5=MR], PID-3\n[patient]\nop = merge\nid = {mrn | cx}\n" \
	"retired_id = {MRG-1[4={mrn}] | cx}\n"

static const struct rig_case sections[] = {
    /* A record for each, in its group. */
    {OBSERVATION "each = OBX\npatient_id = {PID-3}\ncode = {OBX-3}\nvalue = {OBX-5}\n"
		 "note = {NTE[*]-3}",
	ORU
	"PID|||1\rOBR|1||f1\rNTE|1||no\rOBX|1||A||5\rNTE|1||a~b\rNTE|2||c\rOBX|2||B||6\r"
	"OBR|2||f2\rOBX|1||C||\"\"\rPID|||2\rOBR|1||f3\rOBX|1||D\r",
	"patch observation f1.1 {\"patient_id\":\"1\",\"code\":\"A\",\"value\":\"5\","
	"\"note\":[\"a\",\"c\"]}\n"
	"patch observation f1.2 {\"patient_id\":\"1\",\"code\":\"B\",\"value\":\"6\"}\n"
	"patch observation f2.1 {\"patient_id\":\"1\",\"code\":\"C\",\"value\":null}\n"
	"patch observation f3.1 {\"patient_id\":\"2\",\"code\":\"D\"}\nmapped 4"},
    {OBSERVATION "each = OBX[2!=\"\"]\nwhen = {OBX-5} present\nvalue = {OBX-5}",
	ORU "OBR|1||f\rOBX|1|NM|||1\rOBX|2||||2\rOBX|3|NM\rOBX|4|ST|||4\r",
	"patch observation f.1 {\"value\":\"1\"}\npatch observation f.4 {\"value\":\"4\"}\n"
	"mapped 2"},
    {OBSERVATION "each = OBX", ORU "OBR|1||f\r", "filtered 0"},
    {OBSERVATION "each = OBX\nvalue = {OBX-5}", ORU "OBR|1||f\rOBX|1|||1\rOBX||||2\r",
	"reject missing_id OBR-3 id\nrejected 0"},
    /* The same id twice: all the same, or one would take the other's place. */
    {OBSERVATION "each = OBX\nvalue = {OBX-5}",
	ORU "OBR|1||f\rOBX|1||||1\rOBX|2||||2\rOBX|1||||2\r",
	"reject same_id  id\nrejected 0"},
    {OBSERVATION "each = OBX\nvalue = {OBX-5}", ORU "OBR|1||f\rOBX|1||||1\rOBX|1||||1\r",
	"patch observation f.1 {\"value\":\"1\"}\n"
	"patch observation f.1 {\"value\":\"1\"}\nmapped 2"},
    /* A field that is null has every repetition null, whatever was asked of it. */
    {PATIENT "phone.mobile = {PID-13[3=CP].1}\nphone.home = {PID-13[3=PH].1}",
	ADT "PID||7|||||||||||\"\"\r",
	"patch patient 7 {\"phone\":{\"mobile\":null,\"home\":null}}\nmapped 1"},
    /* Events. */
    {APPOINTMENT "events = S12 S13", SIU "SCH|5\r", "patch appointment 5 {}\nmapped 1"},
    {APPOINTMENT "events = S13, s12", SIU "SCH|5\r", "patch appointment 5 {}\nmapped 1"},
    {APPOINTMENT "events = S13 S14", SIU "SCH|5\r",
	"warn hl7_event MSH-9.2 -\nfiltered 0"},
    {PATIENT "events = A31", HEAD("2026", "ADT") "EVN|A31\rPID||7\r",
	"patch patient 7 {}\nmapped 1"},
    {"[rows]\nwhen = {event} in A01, A08\n" PATIENT, ADT "PID||7\r",
	"patch patient 7 {}\nmapped 1"},
    {"[rows]\nwhen = {event} in A01, A04\n" PATIENT, ADT "PID||7\r", "filtered 0"},
    {PATIENT "events = A31\n" APPOINTMENT "events = A08", ADT "PID||7\rSCH|5\r",
	"patch appointment 5 {}\nmapped 1"},
    /* What creates must be whole; other events may say less. */
    {APPOINTMENT
	"creates = S12\nevents = S12 S14\npatient_id = {PID-2}\nstatus = booked\n"
	"start = {TQ1-7}",
	SIU "SCH|5\rPID||7\r", "reject missing_value TQ1-7 start\nrejected 0"},
    {APPOINTMENT
	"creates = S12\nevents = S12 S14\npatient_id = {PID-2}\nstatus = booked\n"
	"start = {TQ1-7}",
	HEAD("20260110", "SIU^S14") "SCH|5\rPID||7\r",
	"patch appointment 5 {\"status\":\"booked\",\"patient_id\":\"7\"}\nmapped 1"},
    {APPOINTMENT "creates = S12\npatient_id = {PID-2}\nstatus = {SCH-2}",
	SIU "SCH|5|cancelled\r", "reject missing_value PID-2 patient_id\nrejected 0"},
    {APPOINTMENT "creates = S12\npatient_id = {PID-2}\nstatus = {SCH-2}\nstart = {TQ1-7}",
	SIU "SCH|5|waitlist\rPID||7\r",
	"patch appointment 5 {\"status\":\"waitlist\",\"patient_id\":\"7\"}\nmapped 1"},
    {PATIENT "creates = A08\nname = {PID-5 | xpn}", ADT "PID||7\r",
	"reject missing_value PID-5 name\nrejected 0"},
    {PATIENT "creates = A08\nname = {PID-5 | xpn}", ADT "PID||7|||Lee\r",
	"patch patient 7 {\"name\":{\"family\":\"Lee\"}}\nmapped 1"},
    /* name.family or name.text is needed; a given name is neither. */
    {PATIENT "creates = A08\nname = {PID-5 | xpn}", ADT "PID||7|||^Ann\r",
	"reject missing_value PID-5 name\nrejected 0"},
    {PATIENT "op = put\nname = {PID-5 | xpn}", ADT "PID||7|||^Ann\r",
	"reject missing_value PID-5 name\nrejected 0"},
    {PATIENT "op = put\nname = {PID-5 | xpn}", ADT "PID||7|||Lee\r",
	"put patient 7 {\"name\":{\"family\":\"Lee\"}}\nmapped 1"},
    /* Deletions and merges; one patient's id under the same authority. */
    {PATIENT "op = delete\nupdated_at = {EVN-2}", ADT "EVN||20260110\rPID||7\r",
	"delete patient 7 @2026-01-10 {}\nmapped 1"},
    {PATIENT "unmerge = yes", ADT "PID||7\r", "patch patient 7 unmerge {}\nmapped 1"},
    {PATIENT "unmerge = no", ADT "PID||7\r", "patch patient 7 {}\nmapped 1"},
    {PAIR, ADT "PID|||90^^^B^PI~1^^^A^MR\rMRG|91^^^B~2^^^A\r",
	"merge patient 1^^^A {\"retired_id\":\"2^^^A\"}\nmapped 1"},
    {PAIR, ADT "PID|||1^^^A&1.2&ISO^MR\rMRG|91^^^A&1.3&ISO~2^^^a&1.2&iso\r",
	"merge patient 1^^^A {\"retired_id\":\"2^^^a\"}\nmapped 1"},
    {PAIR, ADT "PID|||1^^^A^MR\rMRG|2^^^B\r",
	"reject missing_value MRG-1 retired_id\nrejected 0"},
    {PAIR, ADT "PID|||1^^^A^MR\rMRG|1^^^A\r",
	"reject not_allowed MRG-1 retired_id\nrejected 0"},
    {PAIR "each = MRG", ADT "PID|||1\rMRG|2\rPID|||3\rMRG|4\r",
	"merge patient 1 {\"retired_id\":\"2\"}\nmerge patient 3 {\"retired_id\":\"4\"}\n"
	"mapped 2"},
};

Test(hl7_map_sections, all)
{
	rig_check_all(sections, COUNT(sections), &nowhere);
}

#define START APPOINTMENT "start = {TQ1-7} ?? {SCH-11.4} ?? {AIS-4} | agree"
#define STATUS                                                                      \
	APPOINTMENT "status = {SCH-2 | code a} ?? {event | code b} | agree ends\n"  \
		    "[code a]\nbooked = B\ncancelled = C\n[code b]\nbooked = S12\n" \
		    "noshow = S26\n[code ends]\nno = cancelled, noshow\nyes = booked"

static const struct rig_case agreements[] = {
    /* The same instant, whatever the offset. */
    {START, SIU "SCH|5||||||||||^^^202607011000\rTQ1|1||||||202607011100-0400\r",
	"patch appointment 5 {\"start\":\"2026-07-01T11:00:00-04:00\"}\nmapped 1"},
    {START, SIU "SCH|5||||||||||^^^202607011030\rTQ1|1||||||202607011000\r",
	"warn conflict SCH-11 start\n"
	"patch appointment 5 {\"start\":\"2026-07-01T10:00:00-05:00\"}\nmapped 1"},
    {START, SIU "SCH|5||||||||||^^^202607011000\rRGS|1\rAIS|1|A|x|202607011015\r",
	"warn conflict AIS-4 start\n"
	"patch appointment 5 {\"start\":\"2026-07-01T10:00:00-05:00\"}\nmapped 1"},
    {START, SIU "SCH|5\rRGS|1\rAIS|1|A|x|202607011015\r",
	"patch appointment 5 {\"start\":\"2026-07-01T10:15:00-05:00\"}\nmapped 1"},
    {START, SIU "SCH|5||||||||||^^^nonsense\rTQ1|1||||||202607011000\r",
	"patch appointment 5 {\"start\":\"2026-07-01T10:00:00-05:00\"}\nmapped 1"},
    {APPOINTMENT "room = {SCH-2} ?? {SCH-3} | agree", SIU "SCH|5|a|b\r",
	"warn conflict SCH-3 room\npatch appointment 5 {\"room\":\"a\"}\nmapped 1"},
    {APPOINTMENT "room = {SCH-2} ?? {SCH-3}", SIU "SCH|5|a|b\r",
	"patch appointment 5 {\"room\":\"a\"}\nmapped 1"},
    /* By a table: two ends agree; what the clinic wrote goes along. */
    {STATUS, HEAD("2026", "SIU^S26") "SCH|5|C\r",
	"patch appointment 5 {\"status\":\"cancelled\",\"status_raw\":\"C\"}\nmapped 1"},
    {STATUS, HEAD("2026", "SIU^S26") "SCH|5|B\r",
	"warn conflict MSH-9 status\n"
	"patch appointment 5 {\"status\":\"booked\",\"status_raw\":\"B\"}\nmapped 1"},
};

Test(hl7_map_values, agree)
{
	rig_check_all(agreements, COUNT(agreements), &chicago);
}

#define NO_ID "[patient]\n"

/* What a mistake says, and where. */
static const struct {
	const char *feed, *want;
} mistakes[] = {
    {NO_ID "email = {PID-13}", "id is not mapped; a record needs one"},
    {PATIENT "email = {foo}",
	"email: {foo} is neither a field, such as {PID-3}, nor a name in [fields]"},
    {"[fields]\nmrn = PID-3\n" PATIENT "email = {mrm}", "(did you mean mrn?)"},
    {"[fields]\nmrn = foo\n" PATIENT,
	"mrn: character 1: expected a reference, such as PID-3[5=MR]"},
    {"[fields]\nmrn = PID-3 PID-2\n" PATIENT, "mrn: character 7: expected a comma"},
    {PATIENT "email = {PID-13[4={mrn}]}", "{mrn} is neither a field"},
    {"[fields]\na = PID-3[4={b}]\nb = PID-2\n" PATIENT "email = {PID-13[4={a}]}",
	"{a} asks for another name itself"},
    {"[fields]\na = PID-3[5=MR & 4={b}]\nb = PID-2\n" PATIENT "email = {PID-13[4={a}]}",
	"{a} asks for another name itself"},
    {PATIENT "email = {PID-}", "email: character 6: expected a number from 1 to 999"},
    {PATIENT "email = {PID-13[*]}",
	"takes one value, not a list (join \"...\" makes one)"},
    {PATIENT "race = {PID-10[*]} x", "[*] stands alone, or in a list"},
    {PATIENT "name = {PID-5}",
	"name has parts: it takes a whole field and its type alone"},
    {PATIENT "name = {PID-5 | upper}", "name has parts"},
    {PATIENT "name = {PID-5 | cx}", "name can't be made of that type"},
    {PATIENT "name = {PID-5 | pl}", "name can't be made of that type"},
    {PATIENT "name = {PID-5 | xpn} ?? {PID-9 | cx}", "name can't be made of that type"},
    {PATIENT "name = {PID-5 | xpn}\nname.given = {PID-6}", "is mapped twice"},
    {PATIENT "email = {PID-13.4 | xtn}",
	"PID-13.4: a composite takes the whole field; leave out .4"},
    {PATIENT "language = {PID-15.1.2 | tx}", "leave out .1"},
    {PATIENT "language = {PID-15 | upper | tx}", "it comes first"},
    {PATIENT "name = {PID-5 | tx}", "has parts"},
    {PATIENT "email = {PID-13 | upper | xtn}", "xtn takes a whole field: it comes first"},
    {PATIENT "email = a {PID-13} | xtn", "a composite takes one field: {PID-5} | xpn"},
    {PATIENT "email = {PID-13 | join \" \"}", "join stands behind the braces"},
    {PATIENT "email = {PID-13[*]} | upper | join \" \"", "join stands first"},
    {PATIENT "email = {PID-13} | agree | upper", "agree stands last"},
    {PATIENT "email = {PID-13} | agree nothing", "there is no section [code nothing]"},
    {PATIENT "contact[*].name = {NK1-2 | xpn}", "takes a field with [*]"},
    {PATIENT "contact.name = {NK1-2 | xpn}", "say which one: contact[1].name"},
    {APPOINTMENT "op = merge", "only patients are merged"},
    {PATIENT "op = upsert", "is put, patch, delete or merge"},
    {PATIENT "op = merge", "retired_id is not mapped; a merge needs one"},
    {PATIENT "op = merge\nretired_id = {MRG-1}\nemail = {PID-13}",
	"email has no place in a merge: only id, updated_at and retired_id"},
    {PATIENT "op = delete\nemail = {PID-13}",
	"email has no place in a delete: only id, updated_at"},
    {PATIENT "events = A0", "\"A0\" is no trigger event, such as A08"},
    {PATIENT "each = nk1", "each: character 1: expected a segment's name, such as PID"},
    {PATIENT "each = NK1[*]", "expected a segment alone, or with a condition: OBX[11=F]"},
    {PATIENT "each = NK1-2", "expected a segment alone, or with a condition: OBX[11=F]"},
    {PATIENT "unmerge = maybe", "is yes or no, and of a patient that is patched or put"},
    {APPOINTMENT "unmerge = yes", "is yes or no, and of a patient"},
};

Test(hl7_map_config, mistakes)
{
	static const struct mapper_conf mc = {
	    .source = "northside", .format = "hl7", .hl7 = true};

	for (size_t i = 0; i < COUNT(mistakes); i++) {
		bool told = false;
		struct rig r;

		rig_compile(&r, mistakes[i].feed, &mc);
		cr_expect_null(r.map, "%s", mistakes[i].feed);
		for (size_t k = 0; k < r.errors.n; k++)
			told |= strstr(r.errors.text[k], mistakes[i].want) != NULL;
		cr_expect(told, "%s\nwant %s\ngot  %s", mistakes[i].feed,
		    mistakes[i].want, r.errors.n > 0 ? r.errors.text[0] : "");
		rig_close(&r);
	}
}

/* What is about messages is no key of a feed of rows. */
Test(hl7_map_config, rows_have_no_messages)
{
	static const char *const keys[] = {
	    "events = A08", "creates = A08", "unmerge = yes"};
	static const struct mapper_conf mc = {.source = "northside", .format = "csv"};

	for (size_t i = 0; i < COUNT(keys); i++) {
		char feed[128];
		struct rig r;

		snprintf(feed, sizeof(feed), "[patient]\nop = patch\nid = {MRN}\n%s\n",
		    keys[i]);
		rig_compile(&r, feed, &mc);
		cr_expect_null(r.map, "%s", feed);
		cr_assert_gt(r.errors.n, 0);
		cr_expect_not_null(
		    strstr(r.errors.text[0], "is for messages (format = hl7)"), "%s",
		    r.errors.text[0]);
		rig_close(&r);
	}
}
