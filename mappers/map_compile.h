/*
 * The map compiler from inside: what its files share. For map_compile.c, map_ref.c,
 * map_section.c, map_missing.c, map_made.c, map_key.c, map_composite.c and map_rule.c
 * alone.
 */
#ifndef MAPPERS_MAP_COMPILE_H
#define MAPPERS_MAP_COMPILE_H

#include "mappers/map_impl.h"

struct compiler {
	struct map *map;
	struct conf *conf;
	struct conf_section *columns; /* [columns] or [fields], or NULL */
	bool hl7, snapshot;
	const struct section *section; /* at hand */
	struct span word;              /* what # stands for in it; empty: for itself */
	struct column_list **group;    /* where columns with a # are noted, or NULL */
	bool required;                 /* by a transform in braces of the value at hand */
	bool nomem;
	uint64_t hash;
};

/* Notes a mistake, or that memory ran out. */
void compiler_fail(struct compiler *c, const struct conf_section *s,
    const struct conf_entry *en, const struct err *why);

/* Gives a reference its slot; a short name in [fields] becomes what it stands for. */
int compile_ref(struct compiler *c, struct ref *r, struct err *e);

/* Is a misspelt short name taken for a title, when all has its slots? */
void check_columns(struct compiler *c);

/* Gives references their slots and transforms their data. */
int compile_expr(struct compiler *c, struct expr *x, struct err *e);
struct condition *compile_condition(
    struct compiler *c, struct conf_section *s, struct conf_entry *en);

/* The key of a section that is near in spelling, or NULL. */
const char *section_key_near(struct span key);

/* What a rule is about: a field, the parts of one, extra.NAME (map_key.c). */
int resolve_key(struct compiler *c, const struct schema *s, struct span key,
    struct rule *ru, struct err *e);

/* A field's place in the JSON, taken apart once; NULL: no memory. */
const struct record_path *rule_place(struct compiler *c, int at);

/* Its value (map_rule.c): set_role before, check_codes after. */
void set_role(struct rule *ru, const struct section *sec);
int compile_value(struct compiler *c, struct rule *ru, struct span value, struct err *e);
void check_codes(struct compiler *c, struct rule *ru);

/* Of a rule that fills several fields: which ones (map_composite.c). */
int take_composite(struct compiler *c, struct rule *ru, struct err *e);

/* What becomes of records that are missing, once the section has its rules (map_missing.c). */
void compile_missing(struct compiler *c, struct section *out, struct conf_section *s);

/* When a snapshot was made: snapshot_at of [rows] (map_made.c). */
void compile_made(struct compiler *c, struct conf_section *s, struct conf_entry *en);

/* Of messages, when all rules are there: rule->asks. -1: no memory. */
int compile_asks(struct compiler *c, struct section *sec);

/*
 * Groups of columns (map_each.c). What `each` says of a section that columns are in
 * groups for; false: there is none.
 */
struct words {
	const struct span *v;
	size_t n;
};

bool group_words(struct compiler *c, struct conf_section *s, struct words *out);

/* Of "contact[1..3].name" 1 and 3, and its text with `n` for them; false: no range. */
bool key_range(struct span key, long *from, long *to);
struct span key_in_range(struct compiler *c, struct span key, long n);

/* A column, if the reference is of a group, in the list that is being made. */
int note_column(struct compiler *c, const struct ref *r, struct err *e);

/* When all rules are there: which columns an object of a range needs. -1: no memory. */
int share_columns(struct compiler *c, struct section *sec, struct conf_section *s);

/* The rules of a record type's section (map_section.c). */
void compile_rules(struct compiler *c, struct section *out, struct conf_section *s);

#endif
