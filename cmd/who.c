#include "cmd/who.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_MAX 4096
#define NAME_CHARS                                                       \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"._-@:\\"

/* The environment is anybody's: only what may be a name gets into the trail. */
static void
take_name(const char *name, size_t n, char out[AUDIT_NAME_MAX + 1])
{
	out[0] = '\0';
	if (n > AUDIT_NAME_MAX || strspn(name, NAME_CHARS) < n)
		return;
	memcpy(out, name, n);
	out[n] = '\0';
}

void
who_unit(const char *cgroup, char out[AUDIT_NAME_MAX + 1])
{
	static const char suffix[] = ".service";
	const char *end, *slash;

	out[0] = '\0';
	for (const char *p = cgroup; (end = strstr(p, suffix)) != NULL; p = end) {
		slash = end;
		end += sizeof(suffix) - 1;
		while (slash > cgroup && slash[-1] != '/' && slash[-1] != '\n')
			slash--;
		if (*end == '/' || *end == '\n' || *end == '\0')
			take_name(slash, (size_t)(end - slash), out);
	}
}

static void
find_unit(char out[AUDIT_NAME_MAX + 1])
{
	char text[CGROUP_MAX];
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return;
	text[n] = '\0';
	who_unit(text, out);
}

void
who_runs(struct auditor *out)
{
	const char *sudo = getenv("SUDO_USER");

	out->uid = (unsigned)getuid();
	out->sudo[0] = out->unit[0] = '\0';
	if (sudo != NULL)
		take_name(sudo, strlen(sudo), out->sudo);
	find_unit(out->unit);
}
