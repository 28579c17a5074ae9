#include "mappers/decode.h"

#include <string.h>
#include <strings.h>

#include "mappers/charset.h"

bool
decode_charset_known(const char *name)
{
	return utf16_by_name(name) != UTF16_NONE || charset_known(name);
}

/* What is UTF-16 is UTF-8 by the time that it has lines. */
const char *
decode_line_charset(const char *name)
{
	return utf16_by_name(name) != UTF16_NONE ? "utf-8" : name;
}

#define PIECE 4096 /* bytes of UTF-16 taken in at a time */

static int
pass_utf16(struct decoder *d, struct span bytes, struct err *e)
{
	char text[UTF16_ROOM(PIECE)];
	size_t n, size;

	for (; bytes.n > 0; bytes.p += n, bytes.n -= n) {
		n = bytes.n < PIECE ? bytes.n : PIECE;
		size = utf16_convert(&d->utf16, (struct span){bytes.p, n}, text);
		if (d->text(d->arg, (struct span){text, size}, e) != 0)
			return -1;
	}
	return 0;
}

static int
pass(struct decoder *d, struct span bytes, struct err *e)
{
	return d->utf16.order == UTF16_NONE ? d->text(d->arg, bytes, e)
					    : pass_utf16(d, bytes, e);
}

/*
 * A mark outweighs the name that was set, and a name what the bytes look like; but without a
 * NUL it is no UTF-16, which has one in each delimiter: a reject file that came back.
 */
static enum utf16_order
find_order(const struct decoder *d, struct span head, size_t *mark)
{
	const struct span utf8 = SPAN_LIT(UTF8_MARK);
	enum utf16_order order = utf16_mark(head, mark);

	if (order != UTF16_NONE ||
	    (head.n >= utf8.n && memcmp(head.p, utf8.p, utf8.n) == 0))
		return order;
	if (head.n > 0 && memchr(head.p, '\0', head.n) == NULL)
		return UTF16_NONE;
	order = utf16_by_name(d->charset);
	return order == UTF16_NONE && strcasecmp(d->charset, "auto") == 0
		   ? utf16_guess(head)
		   : order;
}

static int
sniff(struct decoder *d, struct err *e)
{
	struct span head = {d->head, d->n};
	size_t mark;

	d->sniffed = true;
	d->utf16.order = find_order(d, head, &mark);
	if (d->utf16.order != UTF16_NONE && d->text(d->arg, SPAN_LIT(UTF8_MARK), e) != 0)
		return -1;
	head.p += mark;
	head.n -= mark;
	return pass(d, head, e);
}

int
decoder_feed(struct decoder *d, struct span bytes, struct err *e)
{
	size_t n = UTF16_SNIFF - d->n;

	if (d->sniffed)
		return pass(d, bytes, e);
	if (n > bytes.n)
		n = bytes.n;
	if (n > 0)
		memcpy(d->head + d->n, bytes.p, n);
	d->n += n;
	if (d->n < UTF16_SNIFF)
		return 0;
	if (sniff(d, e) != 0)
		return -1;
	return pass(d, (struct span){bytes.p + n, bytes.n - n}, e);
}

int
decoder_end(struct decoder *d, struct err *e)
{
	char text[UTF16_ROOM(0)];

	if (!d->sniffed && sniff(d, e) != 0)
		return -1;
	return d->text(d->arg, (struct span){text, utf16_end(&d->utf16, text)}, e);
}

const char *
decoder_charset(const struct decoder *d)
{
	return d->utf16.order == UTF16_NONE ? NULL : utf16_name(d->utf16.order);
}
