/* Who acts, and which name a file had before it was put away. */
#include "cmd/who.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include "cmd/job_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(who, the_unit_of_a_control_group)
{
	static const struct {
		const char *cgroup, *unit;
	} cases[] = {
	    {"0::/system.slice/emrdrop@north.service\n", "emrdrop@north.service"},
	    {"0::/user.slice/user-0.slice/session-1.scope\n", ""},
	    {"12:pids:/system.slice/cron.service\n0::/system.slice/cron.service\n",
		"cron.service"},
	    {"0::/system.slice/docker.service/payload\n", "docker.service"},
	    {"0::/a.service/b.service\n", "b.service"},
	    {"0::/odd name.service\n", ""},
	    {"0::/x.services\n", ""},
	    {"", ""},
	};
	char unit[AUDIT_NAME_MAX + 1];

	for (size_t i = 0; i < COUNT(cases); i++) {
		who_unit(cases[i].cgroup, unit);
		cr_expect_str_eq(unit, cases[i].unit, "%zu: %s", i, unit);
	}
}

Test(who, the_environment_is_anybodys)
{
	static const struct {
		const char *env, *sudo;
	} cases[] = {{"ann", "ann"}, {"a b", ""}, {"x\n", ""}, {"\"}", ""}, {"", ""},
	    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""}};
	struct auditor a = {.uid = 1};

	for (size_t i = 0; i < COUNT(cases); i++) {
		setenv("SUDO_USER", cases[i].env, 1);
		who_runs(&a);
		cr_expect_str_eq(a.sudo, cases[i].sudo, "%zu", i);
		cr_expect_eq(a.uid, getuid());
	}
}

Test(who, names_out_of_the_archive)
{
	static const struct {
		const char *put_away, *name;
	} cases[] = {{"20261120T193002Z-1a2b3c4d-visits 1.csv", "visits 1.csv"},
	    {"20261120T193002Z-7-1a2b3c4d-visits.csv", "visits.csv"},
	    {"20261120T193002Z-12345678-visits.csv", "visits.csv"},
	    {"20261120T193002Z-1a2b3c4d-", "20261120T193002Z-1a2b3c4d-"},
	    {"20261120-visits.csv", "20261120-visits.csv"},
	    {"20261120T193002Z-visits.csv", "20261120T193002Z-visits.csv"},
	    {"visits.csv", "visits.csv"}, {"", ""}};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_str_eq(settle_name(cases[i].put_away), cases[i].name);
}
