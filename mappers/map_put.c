#include "mappers/map_put.h"

#include <stdlib.h>

#include "mappers/transform_person.h"

/* Lists of objects go out without gaps: [2] alone is the first. */
static unsigned short
dense_index(struct making *m, const struct rule *ru)
{
	if (!ru->object)
		return 0;
	if (!m->object || m->group != ru->group)
		m->dense = 0;
	else if (m->index != ru->index)
		m->dense++;
	m->object = true;
	m->group = ru->group;
	m->index = ru->index;
	return m->dense;
}

static inline struct value *
add_value(struct making *m, unsigned short field, unsigned short index)
{
	struct value *v = &m->values[m->record->nvalues++];

	*v = (struct value){.field = field, .index = index, .kind = VALUE_TEXT};
	return v;
}

static void
put_values(struct binding *b, struct making *m)
{
	const struct rule *ru = b->rule;
	unsigned short index = b->texts.n > 0 ? dense_index(m, ru) : 0;

	for (size_t i = 0; i < b->texts.n; i++) {
		const struct text *t = &b->texts.v[i];
		unsigned short at = ru->list ? (unsigned short)i : index;
		struct value *v = add_value(m, ru->at, ru->aligned ? b->texts.at[i] : at);

		v->kind = t->null ? VALUE_NULL : VALUE_TEXT;
		v->name = ru->name;
		v->path = ru->place;
		v->text = t->s;
		if (ru->window)
			m->record->window = t->kind == TEXT_PLAIN ? TIME_NONE
								  : t->instant;
	}
}

/*
 * A member that comes again: another element of a list; of one text only the first
 * counts. A deletion counts where nothing else is said.
 */
static void
put_again(
    struct making *m, const struct hl7_member *member, struct value *last, bool list)
{
	struct value *v = last;

	if (member->null || (last->kind == VALUE_TEXT && !list))
		return;
	if (last->kind == VALUE_TEXT) {
		v = add_value(m, last->field, (unsigned short)(last->index + 1));
		v->path = last->path;
	}
	v->kind = VALUE_TEXT;
	v->text = member->text;
}

static void
put_member(struct making *m, const struct rule *ru, const struct hl7_member *member,
    unsigned short object)
{
	unsigned short field = ru->members[member->at];
	struct value *last = m->record->nvalues > 0 ? &m->values[m->record->nvalues - 1]
						    : NULL;
	bool list = ru->member_list[member->at];
	struct value *v;

	if (field == FIELD_NONE)
		return;
	if (last != NULL && last->field == field && (list || last->index == object)) {
		put_again(m, member, last, list);
		return;
	}
	v = add_value(m, field, list ? 0 : object);
	v->path = ru->member_paths[member->at];
	v->kind = member->null ? VALUE_NULL : VALUE_TEXT;
	v->text = member->text;
}

/* Did what was put behind `from` name the patient? */
bool
put_named(const struct making *m, size_t from)
{
	const struct field *fields = m->record->schema->fields;

	for (size_t i = from; i < m->record->nvalues; i++)
		if (m->values[i].field != FIELD_EXTRA &&
		    m->values[i].kind == VALUE_TEXT &&
		    fields[m->values[i].field].need == NEED_NAME)
			return true;
	return false;
}

static void
put_composite(struct binding *b, struct making *m)
{
	const struct rule *ru = b->rule;
	struct hl7_member members[HL7_MEMBERS_MAX];
	enum problem_code code;
	int n;

	for (unsigned short i = 0; i < b->texts.n; i++) {
		b->column = b->texts.columns[i];
		n = ru->person != NULL
			? person_split(ru->person, &b->run, b->texts.v[i].s, members)
			: hl7_type_split(
			      ru->type, &b->run, &b->texts.v[i], members, &code);
		if (n < 0)
			eval_problem(b, code, WEIGHT_WARNING);
		for (int k = 0; k < n; k++)
			put_member(m, ru, &members[k], b->texts.at[i]);
	}
}

/* "" was sent: the field is deleted, a list or an object with all that it has. */
static void
put_null(struct binding *b, struct making *m)
{
	const struct rule *ru = b->rule;

	if (ru->composite && ru->object) {
		add_value(m, ru->at, 0)->kind = VALUE_NULL_LIST;
		return;
	}
	for (size_t i = 0; i < HL7_MEMBERS_MAX && ru->composite; i++)
		if (ru->members[i] != FIELD_NONE)
			add_value(m, ru->members[i], 0)->kind = VALUE_NULL;
	if (!ru->composite) {
		struct value *v = add_value(m, ru->at, dense_index(m, ru));

		v->kind = VALUE_NULL;
		v->name = ru->name;
	}
}

static int
compare_objects(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	return x->index != y->index ? x->index - y->index : x->field - y->field;
}

/*
 * One list of objects, put down member by member: object by object instead. Where all of
 * one key is deleted, but not of another, the list is what is left.
 */
static size_t
arrange_list(struct value *v, size_t n)
{
	bool null = true, sorted = true;
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		null &= v[i].kind == VALUE_NULL || v[i].kind == VALUE_NULL_LIST;
		if (v[i].kind != VALUE_NULL_LIST)
			v[left++] = v[i];
	}
	if (null) {
		v[0].kind = VALUE_NULL_LIST;
		return 1;
	}
	for (size_t i = 1; i < left; i++)
		sorted &= compare_objects(&v[i - 1], &v[i]) <= 0;
	if (!sorted)
		qsort(v, left, sizeof(*v), compare_objects);
	return left;
}

static void
end_list(struct making *m)
{
	size_t n = m->record->nvalues - m->list_from;

	if (m->list != NULL && m->list_mixed && n > 0)
		m->record->nvalues = m->list_from +
				     arrange_list(&m->values[m->list_from], n);
	m->list = NULL;
}

/* Rules of one list stand together: where it ends its objects are put in order. */
static inline void
begin_rule(struct making *m, const struct rule *ru)
{
	if (m->list != NULL && m->list->group != ru->group)
		end_list(m);
	if (!ru->aligned && !(ru->composite && ru->object))
		return;
	if (m->list == NULL) {
		m->list_from = m->record->nvalues;
		m->list_mixed = ru->aligned;
	} else {
		m->list_mixed = true;
	}
	m->list = ru;
}

void
put_texts(struct binding *b, struct making *m)
{
	const struct text *t = &b->texts.v[0];

	switch (b->rule->role) {
	case ROLE_ID:
		m->record->id = b->texts.n > 0 ? t->s : (struct span){NULL, 0};
		break;
	case ROLE_EVENT:
		if (b->texts.n == 0)
			break;
		m->record->event_at = t->instant;
		m->record->event_latest = t->latest;
		m->record->event_at_text = t->s;
		break;
	case ROLE_FIELD:
		begin_rule(m, b->rule);
		if (b->texts.null && b->texts.n == 0)
			put_null(b, m);
		else if (b->rule->composite)
			put_composite(b, m);
		else
			put_values(b, m);
		break;
	}
}

void
put_nothing(struct binding *b, struct making *m)
{
	begin_rule(m, b->rule);
}

void
put_end(struct making *m)
{
	end_list(m);
}
