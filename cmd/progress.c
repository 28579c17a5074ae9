#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#define INTERVAL 250 /* ms between two redraws */

void
progress_init(struct progress *p, const struct clock *clock)
{
	*p = (struct progress){.clock = clock, .on = isatty(STDERR_FILENO) == 1};
}

void
progress_start(struct progress *p, uint64_t total)
{
	p->started = p->shown = clock_mono(p->clock);
	p->total = total;
}

void
progress_show(struct progress *p, const char *what, uint64_t count, uint64_t done)
{
	int64_t now, ms;
	double left = 0;

	if (!p->on || (now = clock_mono(p->clock)) - p->shown < INTERVAL)
		return;
	p->shown = now;
	ms = now - p->started;
	if (done > 0 && p->total > done)
		left = (double)ms / 1000.0 * (double)(p->total - done) / (double)done;
	fprintf(stderr, "\r\033[K%s: %llu (%.0f a second), %.0f %%, %.0f s left", what,
	    (unsigned long long)count, (double)count * 1000.0 / (double)(ms + 1),
	    p->total > 0 ? 100.0 * (double)done / (double)p->total : 0.0, left);
	fflush(stderr);
}

void
progress_end(struct progress *p)
{
	if (!p->on)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
