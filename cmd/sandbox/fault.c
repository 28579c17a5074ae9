#include "cmd/sandbox/fault.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 1000000000 /* of any number here */

struct fault {
	pthread_mutex_t lock;
	json_int_t latency, status_429, retry_after, status_500;
	json_int_t drop_after_commit, drop_every, cut_answer;
	bool refuse_batch;
	json_t *refuse, *later; /* objects used as sets: id -> true */
	json_int_t deliveries;  /* for drop_every */
};

struct number_row {
	const char *name;
	size_t offset;
};

static const struct number_row numbers[] = {
    {"latency", offsetof(struct fault, latency)},
    {"status-429", offsetof(struct fault, status_429)},
    {"retry-after", offsetof(struct fault, retry_after)},
    {"status-500", offsetof(struct fault, status_500)},
    {"drop-after-commit", offsetof(struct fault, drop_after_commit)},
    {"drop-every", offsetof(struct fault, drop_every)},
    {"cut-answer", offsetof(struct fault, cut_answer)},
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static json_int_t *
number_at(struct fault *f, const char *name)
{
	for (size_t i = 0; i < NUMBERS; i++)
		if (strcmp(numbers[i].name, name) == 0)
			return (json_int_t *)(void *)((char *)f + numbers[i].offset);
	return NULL;
}

static json_t **
list_at(struct fault *f, const char *name)
{
	if (strcmp(name, "refuse") == 0)
		return &f->refuse;
	return strcmp(name, "later") == 0 ? &f->later : NULL;
}

static json_t *
set_of_options(const struct id_list *ids)
{
	json_t *set = json_pack("{}");

	for (size_t i = 0; set && i < ids->n; i++)
		if (json_object_set_new(set, ids->v[i], json_true()) < 0) {
			json_decref(set);
			return NULL;
		}
	return set;
}

struct fault *
fault_new(const struct options *o, struct err *e)
{
	struct fault *f = calloc(1, sizeof(*f));

	if (!f) {
		err_nomem(e);
		return NULL;
	}
	pthread_mutex_init(&f->lock, NULL);
	f->latency = o->latency;
	f->status_429 = o->status_429;
	f->retry_after = o->retry_after;
	f->status_500 = o->status_500;
	f->drop_after_commit = o->drop_after_commit;
	f->drop_every = o->drop_every;
	f->cut_answer = o->cut_answer;
	f->refuse_batch = o->refuse_batch;
	f->refuse = set_of_options(&o->refuse);
	f->later = set_of_options(&o->later);
	if (f->refuse && f->later)
		return f;
	err_set(e, ERR_USAGE, "--refuse and --later take UTF-8 text");
	fault_free(f);
	return NULL;
}

void
fault_free(struct fault *f)
{
	if (!f)
		return;
	json_decref(f->refuse);
	json_decref(f->later);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static bool
count_down(json_int_t *n)
{
	if (*n <= 0)
		return false;
	--*n;
	return true;
}

void
fault_draw(struct fault *f, struct fault_plan *out)
{
	*out = (struct fault_plan){0};
	pthread_mutex_lock(&f->lock);
	if (count_down(&f->status_429)) {
		out->status = 429;
		out->retry_after = (long)f->retry_after;
	} else if (count_down(&f->status_500)) {
		out->status = 500;
	} else {
		f->deliveries++;
		out->drop = count_down(&f->drop_after_commit) ||
			    (f->drop_every > 0 && f->deliveries % f->drop_every == 0);
		out->cut = !out->drop && count_down(&f->cut_answer);
		out->refuse_batch = f->refuse_batch;
	}
	pthread_mutex_unlock(&f->lock);
}

long
fault_latency(struct fault *f)
{
	long ms;

	pthread_mutex_lock(&f->lock);
	ms = (long)f->latency;
	pthread_mutex_unlock(&f->lock);
	return ms;
}

enum fault_fate
fault_record(struct fault *f, const char *id)
{
	enum fault_fate fate = FAULT_NONE;

	pthread_mutex_lock(&f->lock);
	if (json_object_get(f->refuse, id))
		fate = FAULT_REFUSE;
	else if (json_object_get(f->later, id))
		fate = FAULT_LATER;
	pthread_mutex_unlock(&f->lock);
	return fate;
}

static bool
is_id_list(const json_t *v)
{
	size_t i;
	const json_t *id;

	json_array_foreach(v, i, id) if (!json_is_string(id)) return false;
	return json_is_array(v);
}

static int
check_setting(struct fault *f, const char *name, const json_t *v, struct err *e)
{
	json_int_t n = json_integer_value(v);

	if (number_at(f, name)) {
		if (json_is_integer(v) && n >= 0 && n <= COUNT_MAX)
			return 0;
		return err_set(e, ERR_USAGE, "%s takes a whole number from 0 to %d", name,
		    COUNT_MAX);
	}
	if (list_at(f, name))
		return is_id_list(v)
			   ? 0
			   : err_set(e, ERR_USAGE, "%s takes a list of ids", name);
	if (strcmp(name, "refuse-batch") == 0)
		return json_is_boolean(v)
			   ? 0
			   : err_set(e, ERR_USAGE, "%s takes true or false", name);
	return err_set(e, ERR_USAGE, "there is a name here that is no fault");
}

static int
apply_setting(struct fault *f, const char *name, const json_t *v)
{
	json_int_t *number = number_at(f, name);
	json_t **list = list_at(f, name);
	size_t i;
	const json_t *id;

	if (number) {
		*number = json_integer_value(v);
	} else if (list) {
		json_object_clear(*list);
		json_array_foreach(
		    v, i, id) if (json_object_set_new(*list, json_string_value(id),
				      json_true())) return -1;
	} else {
		f->refuse_batch = json_is_true(v);
	}
	return 0;
}

int
fault_set(struct fault *f, json_t *object, struct err *e)
{
	const char *name;
	json_t *v;
	int rc = 0;

	if (!json_is_object(object))
		return err_set(e, ERR_USAGE, "faults are one JSON object");
	json_object_foreach(
	    object, name, v) if (check_setting(f, name, v, e) < 0) return -1;
	pthread_mutex_lock(&f->lock);
	json_object_foreach(object, name, v) if (apply_setting(f, name, v) < 0)
	    rc = err_nomem(e);
	if (json_object_get(object, "drop-every"))
		f->deliveries = 0;
	pthread_mutex_unlock(&f->lock);
	return rc;
}

static json_t *
list_of_set(json_t *set)
{
	json_t *list = json_pack("[]");
	const char *id;
	json_t *v;

	json_object_foreach(set, id, v)
	    json_array_append_new(list, json_stringn(id, strlen(id)));
	return list;
}

json_t *
fault_get(struct fault *f)
{
	json_t *out = json_pack("{}");

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < NUMBERS; i++)
		json_object_set_new(
		    out, numbers[i].name, json_integer(*number_at(f, numbers[i].name)));
	json_object_set_new(out, "refuse-batch", json_boolean(f->refuse_batch));
	json_object_set_new(out, "refuse", list_of_set(f->refuse));
	json_object_set_new(out, "later", list_of_set(f->later));
	pthread_mutex_unlock(&f->lock);
	return out;
}
