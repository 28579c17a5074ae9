#include "pollers/amqp_lib.h"

static const struct lib_call calls[] = {
#define AMQP_PLACE(name) {#name, offsetof(struct amqp_lib, name)},
    AMQP_CALLS(AMQP_PLACE)
#undef AMQP_PLACE
};

static const struct lib librabbitmq = {
    .soname = "librabbitmq.so.4", /* the same since librabbitmq 0.5 */
    .package = "librabbitmq4",
    .calls = calls,
    .n = sizeof(calls) / sizeof(calls[0]),
};

int
amqp_lib_load(struct amqp_lib *out, struct err *e)
{
	return lib_load(&librabbitmq, out, e);
}
