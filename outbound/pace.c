#include "outbound/pace.h"

#define US_A_MS 1000
#define US_A_S  1000000

void
pace_init(struct pace *p, long long rate)
{
	*p = (struct pace){.gap = rate > 0 ? (US_A_S + rate - 1) / rate : 0};
}

int64_t
pace_wait(const struct pace *p, int64_t now)
{
	int64_t left = p->free_at - now * US_A_MS;

	return left > 0 ? (left + US_A_MS - 1) / US_A_MS : 0;
}

void
pace_sent(struct pace *p, int64_t now)
{
	/* What is late by no more than the clock's grain keeps its time. */
	if (p->free_at < (now - 1) * US_A_MS)
		p->free_at = now * US_A_MS;
	p->free_at += p->gap;
}

void
pace_failed(struct pace *p)
{
	p->failed++;
}

void
pace_answered(struct pace *p)
{
	p->failed = 0;
}

bool
pace_probes(const struct pace *p)
{
	return p->failed >= PACE_PROBE_AFTER;
}
