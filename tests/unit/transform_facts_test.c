/* Transforms that know facts: places, languages, terminologies, yes and no. */
#include <criterion/criterion.h>

#include "tests/unit/transform_rig.h"

TestSuite(transform_facts, .init = rig_setup, .fini = rig_teardown);

static const struct row places[] = {
    {"state", "TX", "TX", PROBLEM_NONE},
    {"state", "tx", "TX", PROBLEM_NONE},
    {"state", "Texas", "TX", PROBLEM_NONE},
    {"state", "NORTH CAROLINA", "NC", PROBLEM_NONE},
    {"state", "D.C.", "DC", PROBLEM_NONE},
    {"state", "Washington, D.C.", "DC", PROBLEM_NONE},
    {"state", "Washington", "WA", PROBLEM_NONE},
    {"state", "Puerto Rico", "PR", PROBLEM_NONE},
    {"state", "XX", NULL, PROBLEM_NOT_STATE},
    {"state", "Ontario", NULL, PROBLEM_NOT_STATE},
    {"state", ".", NULL, PROBLEM_NOT_STATE},
    {"state", "A name that is longer than any state of the union has ever had, by far",
	NULL, PROBLEM_NOT_STATE},
    {"zip", "02155", "02155", PROBLEM_NONE},
    {"zip", "02155-1234", "02155-1234", PROBLEM_NONE},
    {"zip", "021551234", "02155-1234", PROBLEM_NONE},
    {"zip", "02155 - 1234", "02155-1234", PROBLEM_NONE},
    {"zip", "02155-", "02155", PROBLEM_NONE},
    {"zip", "2155", NULL, PROBLEM_LOST_ZERO},
    {"zip", "601", NULL, PROBLEM_LOST_ZERO},
    {"zip", "21551234", NULL, PROBLEM_LOST_ZERO},
    {"zip", "2155-1234", NULL, PROBLEM_LOST_ZERO},
    {"pad 5 | zip", "2155", "02155", PROBLEM_NONE},
    {"zip", "21", NULL, PROBLEM_NOT_ZIP},
    {"zip", "123456", NULL, PROBLEM_NOT_ZIP},
    {"zip", "02155-123", NULL, PROBLEM_NOT_ZIP},
    {"zip", "02155 1234", NULL, PROBLEM_NOT_ZIP},
    {"zip", "02155-12a4", NULL, PROBLEM_NOT_ZIP},
    {"zip", "K1A 0B1", NULL, PROBLEM_NOT_ZIP},
    {"zip", "N/A", NULL, PROBLEM_NOT_ZIP},
    {"country", "US", "US", PROBLEM_NONE},
    {"country", "usa", "US", PROBLEM_NONE},
    {"country", "U.S.A.", "US", PROBLEM_NONE},
    {"country", "United States of America", "US", PROBLEM_NONE},
    {"country", "Mexico", "MX", PROBLEM_NONE},
    {"country", "DEU", "DE", PROBLEM_NONE},
    {"country", "C\xc3\x94TE D'IVOIRE", "CI", PROBLEM_NONE},
    {"country", "St. Lucia", "LC", PROBLEM_NONE},
    {"country", "South Korea", "KR", PROBLEM_NONE},
    {"country", "UK", "GB", PROBLEM_NONE},
    {"country", "Georgia", "GE", PROBLEM_NONE},
    {"country", "Korea", NULL, PROBLEM_NOT_COUNTRY},
    {"country", "ZZ", NULL, PROBLEM_NOT_COUNTRY},
    {"language", "en", "en", PROBLEM_NONE},
    {"language", "ENG", "en", PROBLEM_NONE},
    {"language", "Spanish", "es", PROBLEM_NONE},
    {"language", "Haitian Creole", "ht", PROBLEM_NONE},
    {"language", "Farsi", "fa", PROBLEM_NONE},
    {"language", "ger", "de", PROBLEM_NONE},
    {"language", "deu", "de", PROBLEM_NONE},
    {"language", "American Sign Language", "ase", PROBLEM_NONE},
    {"language", "Cantonese", "yue", PROBLEM_NONE},
    {"language", "en-us", "en-US", PROBLEM_NONE},
    {"language", "en_US", "en-US", PROBLEM_NONE},
    {"language", "spa-419", "es-419", PROBLEM_NONE},
    {"language", "ZH-hant-tw", "zh-Hant-TW", PROBLEM_NONE},
    {"language", "zh-HANS", "zh-Hans", PROBLEM_NONE},
    {"language", "en-", NULL, PROBLEM_NOT_LANGUAGE},
    {"language", "en-USA", NULL, PROBLEM_NOT_LANGUAGE},
    {"language", "en-US-x", NULL, PROBLEM_NOT_LANGUAGE},
    {"language", "en-US-GB", NULL, PROBLEM_NOT_LANGUAGE},
    {"language", "xx-US", NULL, PROBLEM_NOT_LANGUAGE},
    {"language", "Klingon", NULL, PROBLEM_NOT_LANGUAGE},
};

Test(transform_facts, places_and_languages)
{
	for (size_t i = 0; i < COUNT(places); i++)
		check(&places[i]);
}

/*
 * LOINC: 58410-2 (complete blood count), 2345-7 (glucose), 8480-6 (systolic pressure).
 * SNOMED CT: 76164006 of the implementation guide; 22298006 is a heart attack,
 * 900000000000207008 the core module.
 */
static const struct row terms[] = {
    {"icd10", "E119", "E11.9", PROBLEM_NONE},
    {"icd10", "e11.9", "E11.9", PROBLEM_NONE},
    {"icd10", "I10", "I10", PROBLEM_NONE},
    {"icd10", "S72001A", "S72.001A", PROBLEM_NONE},
    {"icd10", "s72.001a", "S72.001A", PROBLEM_NONE},
    {"icd10", "C7A.00", "C7A.00", PROBLEM_NONE},
    {"icd10", "U07.1", "U07.1", PROBLEM_NONE},
    {"icd10", "I1", NULL, PROBLEM_NOT_ICD10},
    {"icd10", "I10.", NULL, PROBLEM_NOT_ICD10},
    {"icd10", "250.00", NULL, PROBLEM_NOT_ICD10},
    {"icd10", "E11.9 Diabetes", NULL, PROBLEM_NOT_ICD10},
    {"icd10", "E1.19", NULL, PROBLEM_NOT_ICD10},
    {"icd10", "E11..9", NULL, PROBLEM_NOT_ICD10},
    {"icd10", "S72.0011A", NULL, PROBLEM_NOT_ICD10},
    {"icd10", "S720011AB", NULL, PROBLEM_NOT_ICD10},
    {"loinc", "58410-2", "58410-2", PROBLEM_NONE},
    {"loinc", "2345-7", "2345-7", PROBLEM_NONE},
    {"loinc", "8480-6", "8480-6", PROBLEM_NONE},
    {"loinc", "58410-3", "58410-3", PROBLEM_LOINC_CHECK},
    {"loinc", "85410-2", "85410-2", PROBLEM_LOINC_CHECK},
    {"loinc", "58410", NULL, PROBLEM_LOINC_CHECK},
    {"loinc", "58410-", NULL, PROBLEM_LOINC_CHECK},
    {"loinc", "-2", NULL, PROBLEM_LOINC_CHECK},
    {"loinc", "12345678-1", NULL, PROBLEM_LOINC_CHECK},
    {"loinc", "GLUCOSE", NULL, PROBLEM_LOINC_CHECK},
    {"snomed", "76164006", "76164006", PROBLEM_NONE},
    {"snomed", "22298006", "22298006", PROBLEM_NONE},
    {"snomed", "900000000000207008", "900000000000207008", PROBLEM_NONE},
    {"snomed", "76164007", "76164007", PROBLEM_SNOMED_CHECK},
    {"snomed", "71664006", "71664006", PROBLEM_SNOMED_CHECK},
    {"snomed", "900000000000207000", "900000000000207000", PROBLEM_SNOMED_CHECK},
    {"snomed", "12345", NULL, PROBLEM_SNOMED_CHECK},
    {"snomed", "076164006", NULL, PROBLEM_SNOMED_CHECK},
    {"snomed", "9.00000E+17", NULL, PROBLEM_SNOMED_CHECK},
    {"snomed", "1234567890123456789", NULL, PROBLEM_SNOMED_CHECK},
};

Test(transform_facts, terminologies)
{
	for (size_t i = 0; i < COUNT(terms); i++)
		check(&terms[i]);
}

static const struct row answers[] = {
    {"bool", "Yes", "true", PROBLEM_NONE},
    {"bool", "y", "true", PROBLEM_NONE},
    {"bool", "1", "true", PROBLEM_NONE},
    {"bool", "X", "true", PROBLEM_NONE},
    {"bool", "TRUE", "true", PROBLEM_NONE},
    {"bool", "no", "false", PROBLEM_NONE},
    {"bool", "N", "false", PROBLEM_NONE},
    {"bool", "0", "false", PROBLEM_NONE},
    {"bool", "False", "false", PROBLEM_NONE},
    {"bool", "", "", PROBLEM_NONE},
    {"bool", "2", NULL, PROBLEM_NOT_BOOL},
    {"bool", "maybe", NULL, PROBLEM_NOT_BOOL},
    {"bool \"S\xc3\xad, Si\" No", "s\xc3\xad", "true", PROBLEM_NONE},
    {"bool \"S\xc3\xad, Si\" No", "NO", "false", PROBLEM_NONE},
    {"bool \"S\xc3\xad, Si\" No", "yes", NULL, PROBLEM_NOT_BOOL},
    {"bool DECEASED", "Deceased", "true", PROBLEM_NONE},
    {"bool DECEASED", "N", NULL, PROBLEM_NOT_BOOL},
};

Test(transform_facts, yes_and_no)
{
	for (size_t i = 0; i < COUNT(answers); i++)
		check(&answers[i]);
}

static const struct mistake mistakes[] = {
    {"bool a b c", "character 7: bool: takes 0 to 2 arguments, not 3"},
    {"bool Y \"N, y\"", "character 7: bool: \"y\" can't be both yes and no"},
    {"bool \"\"", "character 7: bool: a list of words is empty"},
    {"bool \"a,,b\"", "character 7: bool: character 3: expected a value"},
    {"state US", "character 7: state: takes no argument"},
    {"zip US", "character 7: zip: takes no argument"},
    {"contry", "character 7: contry: no such transform (did you mean country?)"},
    {"langauge", "character 7: langauge: no such transform (did you mean language?)"},
    {"icd9", "character 7: icd9: "},
    {"snowmed", "character 7: snowmed: no such transform (did you mean snomed?)"},
    {"lookup doctors", "character 7: lookup: there is no section [lookup doctors]"},
};

Test(transform_facts, mistakes)
{
	for (size_t i = 0; i < COUNT(mistakes); i++)
		check_mistake(&mistakes[i]);
}
