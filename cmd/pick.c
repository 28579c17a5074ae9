#include "cmd/pick.h"

#include <string.h>

struct pick {
	const char *feed, *id;
	size_t digits, n;
	struct file_entry *out;
};

static int
compare(void *arg, const struct file_entry *f)
{
	struct pick *p = arg;
	char id[FILE_ID_HEX_SIZE];

	digest_hex(&f->id, id);
	if (strncmp(id, p->id, p->digits) != 0 ||
	    (p->feed != NULL && strcmp(f->feed, p->feed) != 0))
		return 0;
	*p->out = *f;
	return ++p->n > 1;
}

int
pick_file(struct ledger *l, const char *feed, const char *id, struct file_entry *out,
    struct err *e)
{
	struct pick p = {.feed = feed, .id = id, .digits = strlen(id), .out = out};

	if (p.digits < PICK_DIGITS_MIN || p.digits >= FILE_ID_HEX_SIZE ||
	    strspn(id, "0123456789abcdef") != p.digits)
		return err_set(e, ERR_USAGE,
		    "a file is given by its id, or the first %d digits or more of it, as "
		    "`emrdrop files` shows them",
		    PICK_DIGITS_MIN);
	if (ledger_file_each(l, compare, &p, e) != 0)
		return -1;
	if (p.n == 1)
		return 0;
	return err_set(e, ERR_USAGE,
	    p.n == 0 ? "no file%s%s has an id that begins with %s"
		     : "more than one file%s%s has an id that begins with %s",
	    feed != NULL ? " of feed " : "", feed != NULL ? feed : "", id);
}

int
pick_in_drop(
    struct ledger *l, const struct file_entry *f, struct name_entry *name, struct err *e)
{
	int r = ledger_name_get(l, f->feed, f->name, name, e);

	return r == 1 ? digest_eq(&name->file, &f->id) : r;
}
