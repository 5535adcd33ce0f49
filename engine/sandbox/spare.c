#include "engine/sandbox/spare.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/message.h"

struct spare {
	struct init_kind kind;
	pid_t spawner;
	int socket;
};

/* The child that becomes init's spawner. */
static int spawn(void *data, int socket, struct err *err)
{
	return init_spawn(data, socket, err);
}

int spare_start(const struct userns *userns, const struct init_kind *kind, struct spare **ret_spare,
		struct err *err)
{
	struct init_plan known = {.userns = userns, .kind = *kind};
	const int keep[] = {userns_user_fd(userns), userns_mount_fd(userns)};
	const struct child_job job = {spawn, &known, keep, ARRAY_SIZE(keep)};
	struct spare spare = {.kind = *kind};

	if (child_fork(&job, &spare.spawner, &spare.socket, err) < 0)
		return -1;
	*ret_spare = mem_new(sizeof spare);
	**ret_spare = spare;
	return 0;
}

/* Whether somebody still has the other end of the socket. */
static bool is_alive(const struct spare *spare)
{
	struct pollfd polled = {.fd = spare->socket, .events = POLLRDHUP};

	return poll(&polled, 1, 0) == 0;
}

bool spare_fits(const struct spare *spare, const struct init_kind *kind)
{
	return spare && spare->kind.inner_userns == kind->inner_userns &&
	       spare->kind.private_network == kind->private_network &&
	       spare->kind.stack == kind->stack && spare->kind.processes == kind->processes &&
	       is_alive(spare);
}

void spare_take(struct spare *spare, pid_t *ret_spawner, int *ret_socket)
{
	*ret_spawner = spare->spawner;
	*ret_socket = spare->socket;
	free(spare);
}

/* Waits a millisecond for the spawner to say who init is, which nobody else could reap. */
static void reap_init(struct spare *spare, struct loop *loop)
{
	struct message message;
	struct loop_child *init;

	fcntl(spare->socket, F_SETFL, 0);
	if (message_receive(spare->socket, &message, 0) != 1)
		return;
	fd_close(&message.fd);
	if (message.type != 'I')
		return;
	init = loop_child(loop, (pid_t)atoi(message.body), NULL, NULL);
	loop_child_forget(&init);
}

void spare_free(struct spare *spare, struct loop *loop)
{
	struct loop_child *spawner;

	if (!spare)
		return;
	reap_init(spare, loop);
	fd_close(&spare->socket);
	spawner = loop_child(loop, spare->spawner, NULL, NULL);
	loop_child_forget(&spawner);
	free(spare);
}
