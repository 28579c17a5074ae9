/*
 * Receipts: what became of a file, for the clinic, once in words for a person who works
 * with a spreadsheet and once as JSON. They hold no value of a patient's, and no name of a
 * file, which may tell of one: the receipt's own name begins with it.
 */
#ifndef CMD_RECEIPT_H
#define CMD_RECEIPT_H

#include "cmd/report.h"
#include "state/headers.h"

struct receipt_facts {
	const struct file_entry *entry; /* its counts are those of the file's end */
	const struct problems *problems;
	const struct file_header *header; /* where it is not as before; may be NULL */
	const char *found, *found_words;  /* how it was read; for programs, for people */
	const char *trace;                /* that the file was read in */
	int64_t taken_at;    /* ms: the very file was read then, and taken; 0: never */
	const char *pattern; /* which a reject file's name does not fit; NULL: it does */
	bool messages;       /* of HL7, not rows */
	bool mended;         /* it is a reject file that came back */
	bool blocks;         /* it is held, and later files wait for it */
	bool rejects;        /* a reject file goes with it */
	bool apart;          /* none does: its rows would not fit under one header */
	bool here;           /* it stays at the receiving side */
};

/* With CRLF; a byte order mark stands in front if it is not all ASCII. */
void receipt_text(const struct receipt_facts *r, struct buf *out);

/* One object, described in emrdrop(1). */
void receipt_json(const struct receipt_facts *r, struct buf *out);

#endif
