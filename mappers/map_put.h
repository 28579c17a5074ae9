/* Values into the record that is being made (map_put.c). */
#ifndef MAPPERS_MAP_PUT_H
#define MAPPERS_MAP_PUT_H

#include "mappers/map_eval.h"

/* The record of a section while its rules are evaluated. */
struct making {
	struct record *record;
	struct value *values;
	const struct rule *nameless; /* a name rule that gave nothing */
	const struct rule *no_start;
	bool named;
	const struct rule *list;     /* of a list of objects that is being put, */
	size_t list_from;            /* its first value, */
	bool list_mixed;             /* and whether its members come rule by rule */
	unsigned short group, index; /* the object of a list at hand, as mapped */
	unsigned short dense;        /* and as it goes out: without gaps */
	bool object;
};

/* What the rule at hand gave, b->texts, becomes values of the record. */
void put_texts(struct binding *b, struct making *m);
/* It gave nothing: the same, where b->texts is not filled. */
void put_nothing(struct binding *b, struct making *m);
/* Is a name among the values from number `from` on? */
bool put_named(const struct making *m, size_t from);
/* After the last rule: objects in the order that records want. */
void put_end(struct making *m);

#endif
