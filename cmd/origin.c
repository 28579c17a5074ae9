#include "cmd/origin.h"

#include <string.h>

#include "cmd/pick.h"
#include "pollers/order.h"

#define DIGITS 8    /* of a file's number, in the names of its answers */
#define SECOND 1000 /* ms: so many files may have one time */

/* Where the number stands; NULL: in no place. */
static const char *
find_number(const char *name)
{
	static const char digits[] = "0123456789abcdef";
	const char *end = strstr(name, ".rejects");

	for (; end != NULL; end = strstr(end + 1, ".rejects"))
		if (end - name > DIGITS && end[-DIGITS - 1] == '-' &&
		    strspn(end - DIGITS, digits) == DIGITS)
			return end - DIGITS;
	return NULL;
}

bool
origin_named(const char *name)
{
	return find_number(name) != NULL;
}

int
origin_take(struct intake *in, struct err *e)
{
	const struct changes_conf *conf = &in->conf;
	const char *number = find_number(in->file->name);
	char id[DIGITS + 1] = "";
	struct file_entry en;

	if (in->dated || conf->ledger == NULL || number == NULL)
		return 0;
	memcpy(id, number, DIGITS);
	if (pick_file(conf->ledger, conf->feed, id, &en, e) != 0)
		return e->code == ERR_USAGE ? 0 : -1; /* forgotten, or another's number */
	if (en.file_at != TIME_NONE)
		in->file_at = in->conf.file_at = en.file_at;
	return 0;
}

int64_t
file_time(const struct job *j, const char *name, int64_t mtime)
{
	int64_t at;

	return order_date(&j->feed->source, name, clock_wall(j->app->clock), &at) == 1
		   ? at
		   : mtime * 1000;
}

int64_t
origin_news_at(const struct job *j, int64_t at)
{
	int64_t newest = j->state.newest;

	return at <= newest && at > newest - SECOND ? newest + 1 : at;
}

/*
 * News counts for more than what was known before it, whatever time that was thought to
 * be of: `order` may have been another then, or the date in a name a slip.
 */
int64_t
origin_counts_as(const struct job *j, const struct intake *in)
{
	bool news = in->mode == PASS_RUN && !in->mended;

	return news && in->file_at < j->state.newest ? j->state.newest : in->file_at;
}
