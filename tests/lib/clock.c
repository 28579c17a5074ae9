/*
 * To be preloaded: another time, for one program.
 *
 *   CLOCK_FILE=FILE     two numbers: seconds that its wall clock is ahead, and seconds
 *                       that have passed for its monotonic clock without it
 *
 * The file is read at each call, so that time may step while the program is at work, or
 * pass while it is stopped. Without the file both clocks are what they are. Only calls
 * that go through the dynamic linker are seen.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct shift {
	long long wall, mono; /* s */
};

static struct shift
read_shift(void)
{
	const char *path = getenv("CLOCK_FILE");
	struct shift s = {0, 0};
	char text[64] = "", *end;
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return s;
	if (read(fd, text, sizeof(text) - 1) > 0) {
		s.wall = strtoll(text, &end, 10);
		s.mono = strtoll(end, NULL, 10);
	}
	close(fd);
	return s;
}

int
clock_gettime(clockid_t id, struct timespec *out)
{
	__typeof__(&clock_gettime) real = (__typeof__(real))(uintptr_t)dlsym(
	    RTLD_NEXT, "clock_gettime");
	int rc = real(id, out);

	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		out->tv_sec += read_shift().wall;
	else if (rc == 0 && id != CLOCK_PROCESS_CPUTIME_ID &&
		 id != CLOCK_THREAD_CPUTIME_ID)
		out->tv_sec += read_shift().mono;
	return rc;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	out->tv_sec = ts.tv_sec;
	out->tv_usec = ts.tv_nsec / 1000;
	return 0;
}
