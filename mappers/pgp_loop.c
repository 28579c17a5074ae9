#include "mappers/pgp_loop.h"

#include <errno.h>
#include <poll.h>

#define STEP 100 /* ms between two looks whether it is to stop */

static gpgme_error_t
add_pipe(void *data, int fd, int dir, gpgme_io_cb_t call, void *arg, void **tag)
{
	struct pgp_loop *l = data;

	for (size_t i = 0; i < PGP_PIPES_MAX; i++) {
		if (l->pipes[i].fd >= 0)
			continue;
		l->pipes[i] = (struct pgp_pipe){fd, dir, call, arg};
		*tag = &l->pipes[i];
		return 0;
	}
	return gpgme_error(GPG_ERR_GENERAL);
}

static void
remove_pipe(void *tag)
{
	struct pgp_pipe *p = tag;

	p->fd = -1;
}

static void
take_event(void *data, gpgme_event_io_t type, void *what)
{
	struct pgp_loop *l = data;
	const struct gpgme_io_event_done_data *done = what;

	if (type != GPGME_EVENT_DONE)
		return;
	l->done = true;
	l->result = done->err != 0 ? done->err : done->op_err;
}

void
pgp_loop_init(struct pgp_loop *l, gpgme_ctx_t ctx)
{
	struct gpgme_io_cbs calls = {.add = add_pipe,
	    .add_priv = l,
	    .remove = remove_pipe,
	    .event = take_event,
	    .event_priv = l};

	for (size_t i = 0; i < PGP_PIPES_MAX; i++)
		l->pipes[i].fd = -1;
	l->done = false;
	gpgme_set_io_cbs(ctx, &calls);
}

/* A call may remove pipes, its own and others, and add some. */
static void
turn(struct pgp_loop *l)
{
	struct pollfd fds[PGP_PIPES_MAX];

	for (size_t i = 0; i < PGP_PIPES_MAX; i++)
		fds[i] = (struct pollfd){
		    l->pipes[i].fd, l->pipes[i].reads ? POLLIN : POLLOUT, 0};
	if (poll(fds, PGP_PIPES_MAX, STEP) <= 0)
		return;
	for (size_t i = 0; i < PGP_PIPES_MAX && !l->done; i++) {
		const struct pgp_pipe *p = &l->pipes[i];

		if (fds[i].revents != 0 && p->fd == fds[i].fd)
			p->call(p->arg, p->fd);
	}
}

gpgme_error_t
pgp_loop_run(struct pgp_loop *l, gpgme_ctx_t ctx, bool (*stop)(void *arg), void *arg)
{
	while (!l->done) {
		if (stop(arg)) {
			gpgme_cancel(ctx);
			return gpgme_error(GPG_ERR_CANCELED);
		}
		turn(l);
	}
	return l->result;
}
