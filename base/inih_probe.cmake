# How the inih at hand is told to take a line of 64 KiB whole, and ';' within a value
# as it stands. Debian's has run-time globals for it; others are fixed when they are
# built, and most of those cut a line at 200 bytes and the value at " ;" without a
# word. Included from base/CMakeLists.txt, behind the library. Without the globals
# conf_read.c is compiled with EMRDROP_INIH_FIXED.

set(inih_probe_source [==[
#define INI_HANDLER_LINENO 1
#include <ini.h>
#include <string.h>

/* As in conf.h: CONF_LINE_MAX. */
enum { LINE_MAX_WANTED = 65536 };

struct probe {
	int line;
	int ok;
};

static char *
read_line(char *out, int size, void *stream)
{
	struct probe *p = stream;
	const size_t n = LINE_MAX_WANTED - 4;

	if (++p->line == 1 && size > 16)
		return memcpy(out, "[s]\n", 5);
	if (p->line != 2 || size < LINE_MAX_WANTED + 2)
		return NULL;
	memcpy(out, "k = ", 4);
	memset(out + 4, 'v', n);
	memcpy(out + 8, " ; : = ", 7);
	memcpy(out + 4 + n, "\n", 2);
	return out;
}

static int
take(void *user, const char *section, const char *name, const char *value, int line)
{
	struct probe *p = user;

	p->ok = line == 2 && strcmp(section, "s") == 0 && strcmp(name, "k") == 0 &&
	    strlen(value) == LINE_MAX_WANTED - 4 && memcmp(value + 4, " ; : = v", 8) == 0;
	return 1;
}

int
main(void)
{
	struct probe p = {0, 0};

#ifndef EMRDROP_INIH_FIXED
	ini_use_stack = 0;
	ini_allow_realloc = 0;
	ini_max_line = ini_initial_alloc = LINE_MAX_WANTED + 3;
	ini_allow_multiline = 0;
	ini_allow_inline_comments = 0;
	ini_allow_no_value = 0;
	ini_stop_on_first_error = 0;
#endif
	return ini_parse_stream(read_line, &p, take, &p) == 0 && p.ok ? 0 : 1;
}
]==])

function(inih_probe result definitions)
	try_run(run compile SOURCE_FROM_VAR probe.c inih_probe_source
		COMPILE_DEFINITIONS ${definitions}
		LINK_LIBRARIES PkgConfig::INIH
		NO_CACHE)
	if(compile AND "${run}" STREQUAL "0")
		set(${result} TRUE PARENT_SCOPE)
	else()
		set(${result} FALSE PARENT_SCOPE)
	endif()
endfunction()

inih_probe(inih_has_globals "")
if(NOT inih_has_globals)
	inih_probe(inih_fits -DEMRDROP_INIH_FIXED)
	if(NOT inih_fits)
		message(FATAL_ERROR "This inih ${INIH_VERSION} has no run-time settings "
			"(ini_max_line, ini_use_stack, ini_allow_inline_comments), and as it "
			"was built it cuts lines of 64 KiB or values at ' ;'. Use Debian's "
			"libinih-dev, or build inih with INI_MAX_LINE=65539 INI_USE_STACK=0 "
			"INI_INITIAL_ALLOC=65539 INI_ALLOW_MULTILINE=0 "
			"INI_ALLOW_INLINE_COMMENTS=0 INI_HANDLER_LINENO=1.")
	endif()
	set_source_files_properties(conf_read.c PROPERTIES
		COMPILE_DEFINITIONS EMRDROP_INIH_FIXED)
endif()
message(STATUS "inih ${INIH_VERSION}: run-time settings: ${inih_has_globals}")
